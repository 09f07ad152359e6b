//! The start: alarms that are red or cannot be read, an override, taking over from another rollout.

use domain::{
    decide::Start,
    event::{AlarmReading, AlarmState},
    plan::{
        Plan,
        severity::{InsufficientData, Severity},
    },
    rollout::Origin,
    traffic::{Epoch, Weights},
};
use expect_test::expect;

use crate::{
    plans::{alarm, dns, guard, in_place, plan, route, weight},
    story::{Do, check_start, critical, ok, reading, start_of},
};

/// A start at which the plan's alarm reads so.
fn reads(plan: Plan, reading: AlarmReading) -> Start {
    let mut start = start_of(plan);
    start.alarms.insert(alarm("errors"), reading);
    start
}

fn although(mut start: Start) -> Start {
    start.override_reason = Some("known and harmless".to_owned());
    start
}

fn denied() -> AlarmReading {
    AlarmReading::Unreadable("denied".to_owned())
}

#[test]
fn a_red_alarm_blocks_the_start() {
    let start = reads(plan(), reading(AlarmState::Alarm, "-1"));
    check_start(
        start,
        &[],
        &expect!["not started: alarm errors is in ALARM; start with a reason to override"],
    );
}

#[test]
fn an_alarm_that_cannot_be_read_blocks_the_start() {
    check_start(
        reads(plan(), denied()),
        &[],
        &expect![
            "not started: alarm errors could not be read (denied); start with a reason to override"
        ],
    );
}

#[test]
fn an_alarm_that_was_not_read_blocks_the_start() {
    let mut start = start_of(plan());
    start.alarms.clear();
    check_start(
        start,
        &[],
        &expect!["not started: alarm errors was not read; start with a reason to override"],
    );
}

#[test]
fn an_alarm_without_data_blocks_the_start_unless_the_plan_ignores_it() {
    let start = reads(plan(), reading(AlarmState::InsufficientData, "-1"));
    check_start(
        start,
        &[],
        &expect!["not started: alarm errors has no data; start with a reason to override"],
    );
    let mut plan = plan();
    plan.alarms[0].insufficient_data = InsufficientData::Ignore;
    let start = reads(plan, reading(AlarmState::InsufficientData, "-1"));
    check_start(
        start,
        &[],
        &expect![[r#"
            0:00  ann: rollout started, plan 0707070707070707070707070707070707070707070707070707070707070707
            = starting at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_blank_reason_overrides_nothing() {
    let mut start = reads(plan(), denied());
    start.override_reason = Some("  ".to_owned());
    check_start(
        start,
        &[],
        &expect![
            "not started: alarm errors could not be read (denied); start with a reason to override"
        ],
    );
}

#[test]
fn a_plan_that_does_not_hold_together_is_refused() {
    let mut plan = plan();
    plan.phases[2].weights = Weights::all([&route("web")], weight(90));
    plan.phases[0].before = vec![domain::name::HookName::new("none").unwrap()];
    check_start(
        start_of(plan),
        &[],
        &expect![
            "the plan is not sound: the last phase must bring every route to 100%, `web` stays at 90%; there is no hook `none`"
        ],
    );
}

#[test]
fn a_red_alarm_that_was_overridden_counts_again_once_it_has_recovered() {
    let start = although(reads(plan(), reading(AlarmState::Alarm, "-1")));
    let steps = [
        ("0:00", Do::Reached),
        ("0:01", Do::Sweep),
        ("0:01", critical("-1")),
        ("0:02", Do::Read("errors", reading(AlarmState::Alarm, "-1"))),
        ("0:03", Do::Read("errors", ok("0:03"))),
        ("0:09", critical("0:09")),
    ];
    check_start(
        start,
        &steps,
        &expect![[r#"
            0:00  ann: rollout started, plan 0707070707070707070707070707070707070707070707070707070707070707
            0:00  ann: started although alarm errors is in ALARM: known and harmless
            0:00  tidegate: every route is ready
            0:01  tidegate: phase canary entered [0% → 5%]
            0:01  tidegate: the weights of phase canary are in effect from 2026-03-03T00:02:00Z
            0:03  tidegate: alarm errors is as it should be again
            0:09  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:09:00Z [5% → 0%]
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn an_alarm_that_could_not_be_read_at_the_start_is_heard_however_old_its_state_is() {
    let start = although(reads(plan(), denied()));
    let steps = [
        ("0:00", Do::Reached),
        ("0:01", Do::Sweep),
        ("0:02", Do::Read("errors", reading(AlarmState::Alarm, "-1"))),
    ];
    check_start(
        start,
        &steps,
        &expect![[r#"
            0:00  ann: rollout started, plan 0707070707070707070707070707070707070707070707070707070707070707
            0:00  ann: started although alarm errors could not be read (denied): known and harmless
            0:00  tidegate: every route is ready
            0:02  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-02T23:00:00Z
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn an_alarm_that_could_not_be_read_at_the_start_lets_go_on_once_it_is_read() {
    let start = although(reads(plan(), denied()));
    let steps = [
        ("0:00", Do::Reached),
        ("0:01", Do::Sweep),
        ("0:02", Do::Read("errors", ok("-1"))),
        ("0:02", Do::Tick),
    ];
    check_start(
        start,
        &steps,
        &expect![[r#"
            0:00  ann: rollout started, plan 0707070707070707070707070707070707070707070707070707070707070707
            0:00  ann: started although alarm errors could not be read (denied): known and harmless
            0:00  tidegate: every route is ready
            0:02  tidegate: phase canary entered [0% → 5%]
            = shifting at 5%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_high_alarm_that_is_red_and_overridden_holds_nothing() {
    let mut plan = plan();
    plan.alarms = vec![guard("errors", Severity::High)];
    let start = although(reads(plan, reading(AlarmState::Alarm, "-1")));
    let steps = [("0:00", Do::Reached), ("0:01", Do::Sweep)];
    check_start(
        start,
        &steps,
        &expect![[r#"
            0:00  ann: rollout started, plan 0707070707070707070707070707070707070707070707070707070707070707
            0:00  ann: started although alarm errors is in ALARM: known and harmless
            0:00  tidegate: every route is ready
            0:01  tidegate: phase canary entered [0% → 5%]
            0:01  tidegate: the weights of phase canary are in effect from 2026-03-03T00:02:00Z
            = baking at 5%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn a_rollout_that_takes_over_begins_at_the_weights_that_are() {
    let mut plan = plan();
    plan.routes.insert(route("apex"), dns());
    plan.phases[0].weights.set(route("apex"), weight(5));
    plan.phases[1].weights.set(route("apex"), weight(50));
    plan.phases[2].weights.set(route("apex"), weight(100));
    let mut start = start_of(plan);
    start.origin = Origin::Superseded(3);
    start.from = [(route("web"), weight(25)), (route("gone"), weight(0))]
        .into_iter()
        .collect();
    start.epoch = Epoch(41);
    let steps = [("0:00", Do::Reached), ("0:01", Do::Sweep)];
    check_start(
        start,
        &steps,
        &expect![[r#"
            0:00  ann: rollout started (instead of #3, from its weights), plan 0707070707070707070707070707070707070707070707070707070707070707
            0:00  tidegate: every route is ready
            0:01  tidegate: phase canary entered [apex 0%, web 25% → 5%]
            0:01  tidegate: the weights of phase canary are in effect from 2026-03-03T00:02:00Z
            = baking at 5%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn a_rollout_that_takes_over_is_guarded_by_alarms_before_its_first_phase() {
    let mut plan = plan();
    plan.routes.insert(route("web"), in_place());
    let mut start = start_of(plan);
    start.from = Weights::all([&route("web")], weight(25));
    start.epoch = Epoch(41);
    let steps = [("0:00", Do::Reached), ("0:00", critical("0:00"))];
    check_start(
        start,
        &steps,
        &expect![[r#"
            0:00  ann: rollout started, plan 0707070707070707070707070707070707070707070707070707070707070707
            0:00  tidegate: every route is ready
            0:00  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:00:00Z [25% → 0%]
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}
