//! What people are told once when a rollout stands still and nobody has decided that it should.

use expect_test::expect;

use crate::{
    plans::{only_at_night, plan},
    story::{Do, Measure, check_after, to_first_bake},
};

const fn measured(measure: Measure) -> Do {
    Do::Measured(measure)
}

#[test]
fn what_cannot_be_measured_is_told_once_and_again_when_it_is() {
    let mut steps = Vec::new();
    for time in ["0:40", "0:41", "0:42", "0:43"] {
        steps.extend([(time, measured(Measure::Broken)), (time, Do::Tick)]);
    }
    let four = steps.clone();
    check_after(
        plan(),
        &to_first_bake()[..2],
        &four,
        &expect![[r#"
        = baking at 5%, waits for time at these weights, over in 19m
    "#]],
    );
    for time in ["0:44", "0:45"] {
        steps.extend([(time, measured(Measure::Broken)), (time, Do::Tick)]);
    }
    steps.extend([("0:46", measured(Measure::Poor)), ("0:46", Do::Tick)]);
    check_after(
        plan(),
        &to_first_bake()[..2],
        &steps,
        &expect![[r#"
        0:44  tidegate: could not be measured for a while: error_rate < 0.1%
        0:46  tidegate: every condition is measured again
        = baking at 5%, waits for time at these weights, over in 16m
    "#]],
    );
}

#[test]
fn that_nobody_has_looked_for_long_is_told_by_whoever_comes_next() {
    let steps = [
        ("0:10", measured(Measure::Good)),
        ("0:10", Do::Tick),
        ("0:28", Do::Tick),
        ("0:31", Do::Tick),
        ("0:32", Do::Tick),
        ("0:33", measured(Measure::Good)),
        ("0:33", Do::Tick),
    ];
    check_after(
        plan(),
        &to_first_bake()[..2],
        &steps,
        &expect![[r#"
        0:31  tidegate: could not be measured for a while: error_rate < 0.1%
        0:33  tidegate: every condition is measured again
        = baking at 5%, waits for time at these weights, over in 29m
    "#]],
    );
}

#[test]
fn a_gate_that_lacks_evidence_after_its_time_is_told_once_a_phase() {
    let mut steps = Vec::new();
    for time in ["0:50", "1:02", "1:11", "1:12", "1:13"] {
        steps.extend([(time, measured(Measure::NoData)), (time, Do::Tick)]);
    }
    steps.extend([("1:14", measured(Measure::Good)), ("1:14", Do::Tick)]);
    check_after(
        plan(),
        &to_first_bake()[..2],
        &steps,
        &expect![[r#"
            1:12  tidegate: phase canary has lasted long enough and its gate lacks evidence (error_rate < 0.1%: inconclusive: no data)
            1:14  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:14  tidegate: phase half entered [5% → 50%]
            = shifting at 50%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_pass_that_is_only_the_first_of_several_is_not_told() {
    let mut plan = plan();
    plan.phases[0].limits.passes = 30;
    let steps = [("1:30", measured(Measure::Good)), ("1:30", Do::Tick)];
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
fn who_cut_the_time_short_is_not_told_that_evidence_is_lacking() {
    let steps = [
        ("0:20", crate::story::asked(domain::event::Command::Promote)),
        ("0:21", measured(Measure::NoData)),
        ("0:21", Do::Tick),
    ];
    check_after(
        plan(),
        &to_first_bake()[..2],
        &steps,
        &expect![[r#"
        0:20  ann: the rest of the bake of phase canary skipped
        = baking at 5%, waits for evidence: error_rate < 0.1%: inconclusive: no data
    "#]],
    );
}

#[test]
fn a_calendar_that_is_shut_is_told_once() {
    let mut plan = plan();
    plan.calendar = only_at_night();
    let mut steps = Vec::new();
    for time in ["1:10", "1:11", "2:00"] {
        steps.extend([(time, measured(Measure::Good)), (time, Do::Tick)]);
    }
    check_after(
        plan,
        &to_first_bake()[..2],
        &steps,
        &expect![[r#"
        1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:10  tidegate: phase half waits for the calendar to open at 2026-03-03T20:00:00Z
        = entering at 5%, waits for the calendar to open, in 18h
    "#]],
    );
}
