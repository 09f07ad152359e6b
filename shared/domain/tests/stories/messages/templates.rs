//! The four that a team writes by hand today: start, phase change with results, rollback, completion.

use domain::{
    event::{AlarmState, Command},
    name::Person,
    plan::{
        Plan,
        calendar::{Calendar, Day, Freeze},
        gate::{Op, Otherwise},
        hook::HookFailure,
        people::{Channel, ChannelKind},
        rollback::RollbackPolicy,
        severity::Severity,
    },
    rollout::Origin,
    time::SignedDuration,
    traffic::Weights,
};
use expect_test::expect_file;
use jiff::tz::TimeZone;

use super::{check, check_start};
use crate::{
    plans::{
        HOUR, MINUTE, approval, checklist, dns, errors, guard, hook, plan, route, watch, weight,
    },
    story::{Do, approve, asked, critical, roll_back, start_of, tick_off, to_first_bake},
};

/// What a team's plan has, in Tokyo.
fn team() -> Plan {
    let mut plan = plan();
    plan.calendar.zone = TimeZone::get("Asia/Tokyo").unwrap();
    plan.phases[0].within = Some(HOUR * 8);
    plan.phases[0].approval = Some(approval(1, Otherwise::Rollback));
    plan.phases[0].checklist = checklist(&["backup"]);
    plan.watch = Some(watch());
    let purge = hook(&mut plan, "purge-cache", HookFailure::Ignore);
    plan.rollback.hooks = vec![purge];
    plan.rollback.drain = Some(MINUTE);
    plan.notify.channels = vec![Channel::new(ChannelKind::Slack, "#releases")];
    plan
}

/// To the approval of the first phase.
fn to_approval() -> Vec<(&'static str, Do)> {
    let mut steps = to_first_bake();
    steps.extend([("0:30", tick_off("canary", "backup")), ("1:10", Do::Sweep)]);
    steps
}

#[test]
fn the_start_says_what_is_coming() {
    check_start(start_of(team()), &expect_file!["start.txt"]);
}

#[test]
fn a_start_after_another_says_which_and_what_the_calendar_makes_it_wait_for() {
    let mut plan = plan();
    plan.calendar = Calendar {
        freezes: vec![Freeze {
            name: "spring-sale".to_owned(),
            from: day(3, 3),
            to: day(3, 5),
        }],
        ..Calendar::default()
    };
    plan.routes.insert(route("apex"), dns());
    for (phase, percent) in plan.phases.iter_mut().zip([0, 100, 100]) {
        phase.weights.set(route("apex"), weight(percent));
    }
    let mut start = start_of(plan);
    start.origin = Origin::Superseded(6);
    start.from = Weights::all([&route("web")], weight(5));
    check_start(start, &expect_file!["start-instead.txt"]);
    let mut start = start_of(super::super::plans::plan());
    start.origin = Origin::Retry(6);
    start.by = Person::new("arn:aws:iam::111122223333:role/ci");
    check_start(start, &expect_file!["start-again.txt"]);
}

#[test]
fn a_start_names_no_more_than_a_person_reads() {
    let mut plan = team();
    plan.alarms = (0..10)
        .map(|number| guard(&format!("errors-{number}"), Severity::Critical))
        .collect();
    for phase in &mut plan.phases {
        let limits = (1..10).map(|percent| errors(Op::More, percent * 10_000));
        phase.rollback = limits.collect();
    }
    for number in 0..8 {
        let name = route(&format!("route-{number}"));
        plan.routes.insert(name.clone(), dns());
        for phase in &mut plan.phases {
            phase
                .weights
                .set(name.clone(), phase.weights.get(&route("web")));
        }
    }
    for people in plan.groups.values_mut() {
        *people = (0..9).map(|n| Person::new(&format!("p{n}"))).collect();
    }
    check_start(start_of(plan), &expect_file!["start-many.txt"]);
}

fn day(month: i8, day: i8) -> Day {
    Day {
        year: Some(2026),
        month,
        day,
    }
}

#[test]
fn a_phase_begins_and_comes_into_effect() {
    check(
        team(),
        &[],
        &[("0:00", Do::Reached), ("0:01", Do::Sweep)],
        &expect_file!["phase-begins.txt"],
    );
}

#[test]
fn a_phase_change_says_what_the_finished_phase_has_shown() {
    let steps = [("1:20", approve("ann", "canary")), ("1:21", Do::Sweep)];
    check(
        team(),
        &to_approval(),
        &steps,
        &expect_file!["phase-change.txt"],
    );
}

#[test]
fn a_gate_that_needs_nobody_passes_and_the_next_phase_begins() {
    check(
        plan(),
        &to_first_bake(),
        &[("1:10", Do::Sweep)],
        &expect_file!["gate-passed.txt"],
    );
}

#[test]
fn a_rollback_is_told_until_it_is_sure() {
    let steps = [
        ("0:20", critical("0:19")),
        ("0:20:02", Do::Reached),
        ("0:21", Do::Hook(domain::event::HookOutcome::Succeeded)),
        ("0:21", Do::Hook(domain::event::HookOutcome::Succeeded)),
        ("0:22", Do::Reached),
    ];
    check(
        team(),
        &to_first_bake(),
        &steps,
        &expect_file!["rollback.txt"],
    );
}

#[test]
fn a_rollback_that_a_person_asks_for_has_its_reason() {
    check(
        plan(),
        &to_first_bake(),
        &[("0:20", roll_back())],
        &expect_file!["rollback-by-hand.txt"],
    );
}

#[test]
fn a_change_of_mind_is_no_trouble() {
    let abort = asked(Command::Abort {
        reason: "not today".to_owned(),
    });
    let steps = [
        ("0:20", abort),
        ("0:20:02", Do::Reached),
        ("0:22", Do::Reached),
    ];
    let plan = Plan {
        rollback: RollbackPolicy::default(),
        ..team()
    };
    check(plan, &to_first_bake(), &steps, &expect_file!["abort.txt"]);
}

#[test]
fn a_completion_says_what_was_and_what_remains_to_be_done() {
    let mut plan = team();
    plan.phases = plan.phases.split_off(2);
    plan.fast_track = SignedDuration::from_hours(24);
    plan.alarms.push(guard("slow", Severity::Low));
    let steps = [
        ("0:30", Do::Alarm("slow", AlarmState::Alarm, "0:29")),
        ("0:40", Do::Alarm("slow", AlarmState::Ok, "0:39")),
        ("1:10", Do::Sweep),
        ("1:20", Do::Sweep),
        ("2:20", Do::Sweep),
        ("2:21", Do::Reached),
    ];
    check(
        plan,
        &to_first_bake(),
        &steps,
        &expect_file!["completion.txt"],
    );
}
