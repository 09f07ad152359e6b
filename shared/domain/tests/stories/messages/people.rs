//! What people are asked, and what they say.

use domain::{
    event::{AlarmReading, AlarmState, Command},
    plan::{Finish, Plan, gate::Otherwise},
};
use expect_test::expect_file;

use super::{check, check_start};
use crate::{
    plans::{HOUR, approval, checklist, only_at_night, plan, route, weight},
    story::{
        Do, approve, asked, at, pause, reject, resume, set_weight, start_of, tick_off,
        to_first_bake,
    },
};

fn approved_by(needed: u32, otherwise: Otherwise) -> Plan {
    let mut plan = plan();
    plan.phases[0].approval = Some(approval(needed, otherwise));
    plan
}

#[test]
fn an_approval_is_asked_with_the_evidence_and_the_commands() {
    let steps = [("1:10", Do::Sweep), ("1:20", approve("ann", "canary"))];
    check(
        approved_by(2, Otherwise::Rollback),
        &to_first_bake(),
        &steps,
        &expect_file!["approval.txt"],
    );
}

fn asked_at_1_10() -> Vec<(&'static str, Do)> {
    let mut steps = to_first_bake();
    steps.push(("1:10", Do::Sweep));
    steps
}

#[test]
fn a_rejection_holds_or_sends_back() {
    let steps = [("1:20", reject("ann", "canary"))];
    check(
        approved_by(1, Otherwise::Hold),
        &asked_at_1_10(),
        &steps,
        &expect_file!["rejected.txt"],
    );
    check(
        approved_by(1, Otherwise::Rollback),
        &asked_at_1_10(),
        &steps,
        &expect_file!["rejected-back.txt"],
    );
}

#[test]
fn an_approval_that_nobody_gives_expires() {
    let steps = [("3:11", Do::Tick)];
    check(
        approved_by(1, Otherwise::Hold),
        &asked_at_1_10(),
        &steps,
        &expect_file!["expired.txt"],
    );
    check(
        approved_by(1, Otherwise::Rollback),
        &asked_at_1_10(),
        &steps,
        &expect_file!["expired-back.txt"],
    );
}

#[test]
fn a_checklist_is_confirmed_item_by_item() {
    let mut plan = plan();
    plan.phases[0].checklist = checklist(&["backup", "team-told"]);
    let steps = [("1:10", Do::Sweep), ("1:20", tick_off("canary", "backup"))];
    check(
        plan,
        &to_first_bake(),
        &steps,
        &expect_file!["checklist.txt"],
    );
}

#[test]
fn what_people_command_is_told_with_their_name_and_reason() {
    let steps = [
        ("0:20", pause()),
        ("0:25", resume()),
        ("0:30", asked(Command::Promote)),
        ("0:31", set_weight(20)),
    ];
    check(
        plan(),
        &to_first_bake(),
        &steps,
        &expect_file!["commands.txt"],
    );
}

#[test]
fn gates_that_are_skipped_and_a_calendar_that_is_overridden_are_told() {
    let mut plan = plan();
    plan.calendar = only_at_night();
    let reason = || "INC-17".to_owned();
    let steps = [
        ("1:10", Do::Sweep),
        (
            "1:20",
            asked(Command::OverrideCalendar {
                until: at("4:00"),
                reason: reason(),
            }),
        ),
        ("1:30", asked(Command::PromoteFull { reason: reason() })),
    ];
    check(plan, &to_first_bake(), &steps, &expect_file!["skipped.txt"]);
}

#[test]
fn a_start_in_spite_of_red_alarms_says_which() {
    let mut start = start_of(plan());
    let red = AlarmReading::State {
        state: AlarmState::Alarm,
        since: at("0:00"),
        reason: String::new(),
    };
    for reading in start.alarms.values_mut() {
        *reading = red.clone();
    }
    start.override_reason = Some("known flapping alarm".to_owned());
    check_start(start, &expect_file!["start-red.txt"]);
}

#[test]
fn another_rollout_takes_over() {
    check(
        plan(),
        &to_first_bake(),
        &[("0:20", asked(Command::Supersede { by: 2 }))],
        &expect_file!["superseded.txt"],
    );
}

#[test]
fn the_switch_is_left_to_the_team() {
    let mut plan = plan();
    plan.phases = plan.phases.split_off(2);
    plan.finish = Finish::Manual;
    let steps = [
        ("1:10", Do::Sweep),
        ("73:20", Do::Base(100)),
        ("73:21", asked(Command::Finish)),
        ("73:22", Do::Reached),
    ];
    // How long the team took is no part of how long the phase was held.
    check(plan, &to_first_bake(), &steps, &expect_file!["switch.txt"]);
}

#[test]
fn routes_with_weights_of_their_own_are_told_one_by_one() {
    let mut plan = plan();
    plan.routes.insert(route("public"), crate::plans::dns());
    for (phase, percent) in plan.phases.iter_mut().zip([0, 5, 100]) {
        phase.weights.set(route("public"), weight(percent));
    }
    check(
        plan,
        &[("0:00", Do::Reached)],
        &[("0:01", Do::Sweep)],
        &expect_file!["routes.txt"],
    );
}

#[test]
fn a_phase_that_is_overdue_asks_for_a_person() {
    let mut plan = plan();
    plan.phases[0].checklist = checklist(&["backup"]);
    plan.phases[0].within = Some(HOUR * 2);
    let steps = [
        ("2:02", Do::Sweep),
        (
            "2:03",
            asked(Command::Resume {
                reason: "wait".to_owned(),
            }),
        ),
    ];
    check(plan, &to_first_bake(), &steps, &expect_file!["overdue.txt"]);
}
