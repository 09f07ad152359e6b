//! What a gate asks for: time, evidence, limits and the calendar.

use domain::{
    event::{Command, Event},
    judge::Role,
    plan::{
        Plan,
        gate::{GateLimits, Otherwise},
    },
};
use expect_test::expect;

use crate::{
    plans::{HOUR, few_errors, only_at_night, plan},
    story::{
        Do, Measure, Story, asked, at, check_after, finding, pause, resume, roll_back, start_of,
        to_first_bake,
    },
};

fn promote() -> Do {
    asked(Command::Promote)
}

fn measured(measure: Measure) -> Do {
    Do::Measured(measure)
}

fn limited(then: Otherwise) -> Plan {
    let mut plan = plan();
    plan.phases[0].limits = GateLimits {
        failures: Some(3),
        consecutive_failures: Some(1),
        errors: Some(1),
        then,
        passes: 2,
    };
    plan
}

#[test]
fn no_data_is_never_a_pass() {
    let steps = [
        ("1:10", measured(Measure::NoData)),
        ("1:10", Do::Tick),
        ("1:11", measured(Measure::Broken)),
        ("1:11", Do::Tick),
        ("1:12", measured(Measure::Poor)),
        ("1:12", Do::Tick),
    ];
    check_after(
        plan(),
        &to_first_bake()[..2],
        &steps,
        &expect![[r#"
            1:12  tidegate: phase canary has lasted long enough and its gate lacks evidence (error_rate < 0.1%: fail (0.5%, 600 samples))
            = baking at 5%, waits for evidence: error_rate < 0.1%: fail (0.5%, 600 samples)
        "#]],
    );
}

#[test]
fn evidence_that_is_old_does_not_count() {
    let steps = [
        ("0:50", measured(Measure::Good)),
        ("1:10", Do::Tick),
        ("1:11", measured(Measure::Good)),
        ("1:11", Do::Tick),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: could not be measured for a while: error_rate < 0.1%
            1:11  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:11  tidegate: phase half entered [5% → 50%]
            = shifting at 50%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_window_that_began_before_the_weights_were_in_effect_does_not_count() {
    let mut plan = plan();
    plan.phases[0].bake = domain::time::SignedDuration::ZERO;
    let steps = [
        ("0:04", measured(Measure::Good)),
        ("0:04", Do::Tick),
        ("0:05", measured(Measure::Good)),
        ("0:05", Do::Tick),
    ];
    check_after(
        plan,
        &to_first_bake()[..2],
        &steps,
        &expect![[r#"
        0:05  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        0:05  tidegate: phase half entered [5% → 50%]
        = shifting at 50%, waits for weights to be written and read back, tried again in 10s
    "#]],
    );
}

#[test]
fn a_measurement_of_another_epoch_does_not_count() {
    let mut plan = plan();
    plan.phases[0].bake = domain::time::SignedDuration::ZERO;
    let old = |condition: &domain::plan::gate::Condition| Event::Measured {
        epoch: domain::traffic::Epoch(1),
        findings: vec![finding(condition, Role::Require, Measure::Good, at("0:30"))],
    };
    let steps = [("0:30", Do::Event(old(&few_errors()))), ("0:30", Do::Tick)];
    check_after(
        plan,
        &to_first_bake()[..2],
        &steps,
        &expect![[r#"
            0:30  tidegate: could not be measured for a while: error_rate < 0.1%
            = baking at 5%, waits for the first measurements
        "#]],
    );
}

#[test]
fn a_clock_that_is_ahead_gives_no_evidence_that_lasts() {
    let finding = finding(&few_errors(), Role::Require, Measure::Good, at("9:00"));
    let ahead = Do::Event(Event::Measured {
        epoch: domain::traffic::Epoch(2),
        findings: vec![finding],
    });
    let steps = [
        ("0:06", ahead),
        ("1:10", measured(Measure::Poor)),
        ("1:10", Do::Tick),
    ];
    check_after(
        plan(),
        &to_first_bake()[..2],
        &steps,
        &expect![[r#"
        = baking at 5%, waits for evidence: error_rate < 0.1%: fail (0.5%, 600 samples)
    "#]],
    );
}

#[test]
fn a_requirement_that_stands_twice_is_measured_once_for_both() {
    let mut plan = plan();
    plan.phases[0].require.push(few_errors());
    check_after(
        plan,
        &to_first_bake(),
        &[("1:10", Do::Sweep)],
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples)) (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: phase half entered [5% → 50%]
            1:10  tidegate: the weights of phase half are in effect from 2026-03-03T01:11:00Z
            = baking at 50%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn several_passes_in_a_row_are_needed_if_the_plan_says_so() {
    let steps = [
        ("1:10", measured(Measure::Good)),
        ("1:11", measured(Measure::Poor)),
        ("1:12", measured(Measure::Good)),
        ("1:12", measured(Measure::Good)),
        ("1:12", Do::Tick),
        ("1:13", measured(Measure::Good)),
        ("1:13", Do::Tick),
    ];
    let plan = limited(Otherwise::Hold);
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
        1:13  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:13  tidegate: phase half entered [5% → 50%]
        = shifting at 50%, waits for weights to be written and read back, tried again in 10s
    "#]],
    );
}

#[test]
fn a_gate_fails_when_a_limit_is_passed_and_a_retry_counts_anew() {
    let steps = [
        ("0:20", measured(Measure::Poor)),
        ("0:20", measured(Measure::Poor)),
        ("0:21", measured(Measure::Poor)),
        ("0:22", measured(Measure::Poor)),
        ("1:10", Do::Sweep),
        ("1:11", asked(Command::Retry)),
        ("1:11", asked(Command::Retry)),
        ("1:12", Do::Sweep),
        ("1:13", Do::Sweep),
    ];
    let plan = limited(Otherwise::Hold);
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
        0:21  tidegate: the gate failed: error_rate < 0.1% failed 2 times in a row; holding for a person (error_rate < 0.1%: fail (0.5%, 600 samples))
        1:11  ann: trying again what failed
        1:11  refused: nothing has failed that could be tried again
        1:13  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:13  tidegate: phase half entered [5% → 50%]
        1:13  tidegate: the weights of phase half are in effect from 2026-03-03T01:14:00Z
        = baking at 50%, waits for time at these weights, over in 1h 1m
    "#]],
    );
}

#[test]
fn a_retry_does_not_count_the_last_measurement_again() {
    let steps = [
        ("0:20", measured(Measure::Poor)),
        ("0:21", measured(Measure::Poor)),
        ("0:21", asked(Command::Retry)),
        ("0:21", measured(Measure::Poor)),
        ("0:22", measured(Measure::Poor)),
        ("0:23", measured(Measure::Poor)),
    ];
    check_after(
        limited(Otherwise::Hold),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:21  tidegate: the gate failed: error_rate < 0.1% failed 2 times in a row; holding for a person (error_rate < 0.1%: fail (0.5%, 600 samples))
            0:21  ann: trying again what failed
            0:23  tidegate: the gate failed: error_rate < 0.1% failed 2 times in a row; holding for a person (error_rate < 0.1%: fail (0.5%, 600 samples))
            = baking at 5% [the gate failed], waits for a person: the gate failed
        "#]],
    );
}

/// A story in its first bake.
fn baking() -> Story {
    let mut story = Story::begin(start_of(plan()));
    for (time, what) in to_first_bake() {
        story.step(time, &what);
    }
    story
}

#[test]
fn what_is_measured_while_weights_are_being_changed_counts_for_nothing() {
    let mut story = baking();
    story.rollout.intent = Story::begin(start_of(plan())).rollout.intent;
    let before = story.rollout.clone();
    story.step("0:20", &measured(Measure::Bad));
    assert_eq!(story.rollout.status, before.status);
    assert_eq!(story.rollout.gate, before.gate);
}

#[test]
fn a_window_counts_when_it_is_over() {
    for (time, failures) in [("0:19", 0), ("0:20", 1)] {
        let mut story = baking();
        let finding = finding(&few_errors(), Role::Require, Measure::Poor, at("0:22"));
        assert_eq!(finding.window.to, at("0:20"));
        let event = Event::Measured {
            epoch: story.rollout.epoch,
            findings: vec![finding],
        };
        story.step(time, &Do::Event(event));
        let gate = story.rollout.gate.unwrap();
        assert_eq!(gate.tallies[0].failures, failures, "at {time}");
    }
}

#[test]
fn each_limit_is_a_limit_of_its_own() {
    let scattered = [
        ("0:20", measured(Measure::Poor)),
        ("0:21", measured(Measure::Good)),
        ("0:22", measured(Measure::Poor)),
        ("0:23", measured(Measure::Good)),
        ("0:24", measured(Measure::Poor)),
        ("0:25", measured(Measure::Good)),
        ("0:26", measured(Measure::Poor)),
    ];
    let plan = limited(Otherwise::Rollback);
    check_after(
        plan.clone(),
        &to_first_bake(),
        &scattered,
        &expect![[r#"
            0:26  tidegate: the gate failed: error_rate < 0.1% failed 4 times; rolling back (error_rate < 0.1%: fail (0.5%, 600 samples))
            0:26  tidegate: rolling back: error_rate < 0.1% failed 4 times; it had begun by 2026-03-03T00:24:00Z [5% → 0%] (error_rate < 0.1%: fail (0.5%, 600 samples))
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
    let broken = [
        ("0:20", measured(Measure::Broken)),
        ("0:21", measured(Measure::Broken)),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &broken,
        &expect![[r#"
            0:21  tidegate: the gate failed: error_rate < 0.1% could not be measured 2 times in a row; rolling back (error_rate < 0.1%: error: throttled)
            0:21  tidegate: rolling back: error_rate < 0.1% could not be measured 2 times in a row; it had begun by 2026-03-03T00:19:00Z [5% → 0%] (error_rate < 0.1%: error: throttled)
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn no_verdict_until_the_phase_is_overdue_asks_a_person_and_never_advances() {
    let mut plan = plan();
    plan.phases[0].within = Some(HOUR * 4);
    let steps = [
        ("4:01", measured(Measure::NoData)),
        ("4:02", Do::Tick),
        ("4:03", Do::Sweep),
        ("4:04", resume()),
        ("4:04", measured(Measure::NoData)),
        ("8:04", Do::Tick),
        ("8:05", roll_back()),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            4:02  tidegate: phase canary is overdue: it should take at most 4h; a person decides
            4:04  ann: resumed: fine
            8:04  tidegate: phase canary is overdue: it should take at most 4h; a person decides
            8:04  tidegate: could not be measured for a while: error_rate < 0.1%
            8:05  ann: rolling back: it smells [5% → 0%]
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_promotion_skips_the_rest_of_the_bake_but_not_the_gate() {
    let steps = [
        ("0:20", promote()),
        ("0:20", promote()),
        ("0:21", measured(Measure::Poor)),
        ("0:21", Do::Tick),
        ("0:22", Do::Sweep),
        ("0:22", Do::Tick),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
        0:20  ann: the rest of the bake of phase canary skipped
        0:22  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        0:22  tidegate: phase half entered [5% → 50%]
        0:22  tidegate: the weights of phase half are in effect from 2026-03-03T00:23:00Z
        = baking at 50%, waits for time at these weights, over in 1h 1m
    "#]],
    );
}

#[test]
fn a_promotion_before_the_weights_are_in_effect_is_refused() {
    let steps = [("0:00", promote()), ("0:01", Do::Tick), ("0:01", promote())];
    check_after(
        plan(),
        &to_first_bake()[..1],
        &steps,
        &expect![[r#"
        0:00  refused: `promote` is not possible while the rollout is entering
        0:01  tidegate: phase canary entered [0% → 5%]
        0:01  refused: `promote` is not possible while the rollout is shifting
        = shifting at 5%, waits for weights to be written and read back, tried again in 10s
    "#]],
    );
}

#[test]
fn a_full_promotion_goes_past_every_gate_to_the_last_phase() {
    let full = || {
        asked(Command::PromoteFull {
            reason: "hotfix".to_owned(),
        })
    };
    let steps = [
        ("0:20", pause()),
        ("0:20", full()),
        ("0:20", full()),
        ("0:20", Do::Reached),
        ("0:21", full()),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
        0:20  ann: paused: a look
        0:20  ann: promoted past every gate: hotfix
        0:20  tidegate: phase all entered [5% → 100%]
        0:20  refused: weights are being changed at this moment; ask again in a few seconds
        0:20  tidegate: the weights of phase all are in effect from 2026-03-03T00:21:00Z
        0:21  refused: `promote --full` is not possible while the rollout is baking
        = baking at 100%, waits for time at these weights, over in 1h
    "#]],
    );
}

#[test]
fn the_calendar_stops_a_raise_until_it_opens_or_is_overridden() {
    let mut plan = plan();
    plan.calendar = only_at_night();
    let until = |until| {
        asked(Command::OverrideCalendar {
            until: at(until),
            reason: "agreed".to_owned(),
        })
    };
    let steps = [
        ("1:10", Do::Sweep),
        ("1:10", until("1:00")),
        ("1:11", until("1:20")),
        ("1:11", until("1:20")),
        ("1:20", Do::Sweep),
        ("20:00", Do::Sweep),
    ];
    check_after(
        plan.clone(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: phase half waits for the calendar to open at 2026-03-03T20:00:00Z
            1:10  refused: 2026-03-03T01:00:00Z is past
            1:11  ann: calendar overridden until 2026-03-03T01:20:00Z: agreed
            20:00 tidegate: phase half entered [5% → 50%]
            20:00 tidegate: the weights of phase half are in effect from 2026-03-03T20:01:00Z
            = baking at 50%, waits for time at these weights, over in 1h 1m
        "#]],
    );
    let overridden = [("1:10", until("1:20")), ("1:19", Do::Sweep)];
    check_after(
        plan,
        &to_first_bake(),
        &overridden,
        &expect![[r#"
        1:10  ann: calendar overridden until 2026-03-03T01:20:00Z: agreed
        1:19  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:19  tidegate: phase half entered [5% → 50%]
        1:19  tidegate: the weights of phase half are in effect from 2026-03-03T01:20:00Z
        = baking at 50%, waits for time at these weights, over in 1h 1m
    "#]],
    );
}

#[test]
fn the_calendar_does_not_stop_what_raises_nothing() {
    let mut plan = plan();
    plan.calendar = only_at_night();
    let steps = [
        (
            "0:20",
            asked(Command::PromoteFull {
                reason: "hotfix".to_owned(),
            }),
        ),
        ("0:20", Do::Reached),
        ("2:30", Do::Sweep),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
        0:20  ann: promoted past every gate: hotfix
        0:20  tidegate: phase all entered [5% → 100%]
        0:20  tidegate: the weights of phase all are in effect from 2026-03-03T00:21:00Z
        2:30  tidegate: the gate of phase all passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        2:30  tidegate: making the canary the new stable
        2:30  tidegate: completed
        = completed at 100%, waits for nothing: the rollout has ended
    "#]],
    );
}

#[test]
fn evidence_that_turns_while_the_calendar_is_shut_is_seen() {
    let mut plan = plan();
    plan.calendar = only_at_night();
    let steps = [
        ("1:10", Do::Sweep),
        ("20:00", measured(Measure::Poor)),
        ("20:00", Do::Tick),
        ("20:01", Do::Sweep),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: phase half waits for the calendar to open at 2026-03-03T20:00:00Z
            20:00 tidegate: phase canary has lasted long enough and its gate lacks evidence (error_rate < 0.1%: fail (0.5%, 600 samples))
            20:01 tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            20:01 tidegate: phase half entered [5% → 50%]
            20:01 tidegate: the weights of phase half are in effect from 2026-03-03T20:02:00Z
            = baking at 50%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn doubt_between_two_passes_begins_the_row_anew() {
    let steps = [
        ("1:10", measured(Measure::Good)),
        ("1:11", measured(Measure::NoData)),
        ("1:12", measured(Measure::Good)),
        ("1:12", Do::Tick),
    ];
    let plan = limited(Otherwise::Hold);
    check_after(
        plan,
        &to_first_bake()[..2],
        &steps,
        &expect![[r#"
        = baking at 5%, waits for evidence: error_rate < 0.1%: pass (0.05%, 600 samples)
    "#]],
    );
}

#[test]
fn a_pass_from_before_the_weights_were_in_effect_is_none_however_it_came_there() {
    let mut story = Story::begin(start_of(plan()));
    for (time, what) in to_first_bake() {
        story.step(time, &what);
    }
    story.step("1:10", &measured(Measure::Good));
    if let Some(gate) = &mut story.rollout.gate {
        gate.since = at("1:08");
        gate.promoted = Some(domain::name::Person::new("ann"));
    }
    story.step("1:10", &Do::Tick);
    assert_eq!(story.rollout.status.name(), "baking");
}
