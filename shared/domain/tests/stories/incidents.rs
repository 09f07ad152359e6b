//! Alarms and conditions of each severity.

use domain::{
    event::{AlarmReading, AlarmState},
    plan::{
        Plan,
        gate::{Op, Otherwise},
        severity::{Deadline, IncidentRule, InsufficientData, Severity},
    },
};
use expect_test::expect;

use crate::{
    plans::{HOUR, errors, guard, plan},
    story::{Do, Measure, check_after, critical, ok, pause, reading, resume, to_first_bake},
};

fn guarded_by(severity: Severity) -> Plan {
    let mut plan = plan();
    plan.alarms = vec![guard("errors", severity)];
    plan
}

/// More than a quarter of a percent of errors is an incident of this severity.
fn watched_for(severity: Severity) -> Plan {
    let mut plan = plan();
    plan.incidents = vec![IncidentRule {
        severity,
        condition: errors(Op::More, 2_500),
    }];
    plan
}

fn without_data(since: &'static str) -> Do {
    Do::Alarm("errors", AlarmState::InsufficientData, since)
}

fn well(since: &'static str) -> Do {
    Do::Alarm("errors", AlarmState::Ok, since)
}

#[test]
fn a_critical_alarm_sends_traffic_back_at_once() {
    let steps = [
        ("0:20", critical("0:19")),
        ("0:20", critical("0:19")),
        ("0:20", Do::Reached),
        ("0:21", Do::Reached),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:19:00Z [5% → 0%]
            0:20  tidegate: all traffic is back on stable, 0s after the decision
            0:21  tidegate: the rollback is confirmed: no late write can disturb it
            = rolled back at 0%, waits for nothing: the rollout has ended
        "#]],
    );
}

#[test]
fn a_critical_alarm_that_is_read_in_a_sweep_does_the_same() {
    let red = Do::Read("errors", reading(AlarmState::Alarm, "0:19"));
    check_after(
        plan(),
        &to_first_bake(),
        &[("0:20", red)],
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:19:00Z [5% → 0%]
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn an_older_word_of_an_alarm_than_the_last_heard_changes_nothing() {
    let steps = [("0:20", well("0:19")), ("0:21", critical("0:18"))];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
                = baking at 5%, waits for time at these weights, over in 41m
        "#]],
    );
}

#[test]
fn an_alarm_that_the_plan_does_not_know_changes_nothing() {
    let other = Do::Alarm("other", AlarmState::Alarm, "0:19");
    check_after(
        plan(),
        &to_first_bake(),
        &[("0:20", other)],
        &expect![[r#"
                = baking at 5%, waits for time at these weights, over in 42m
        "#]],
    );
}

#[test]
fn a_high_alarm_holds_and_traffic_goes_back_at_its_deadline() {
    let steps = [
        ("0:20", critical("0:19")),
        ("0:20", critical("0:19")),
        ("1:10", Do::Sweep),
        ("1:20", Do::Sweep),
    ];
    let plan = guarded_by(Severity::High);
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            1:20  tidegate: nobody decided in time on alarm errors; rolling back
            1:20  tidegate: rolling back: nobody decided in time on: alarm errors [5% → 0%]
            1:20  tidegate: all traffic is back on stable, 0s after the decision
            = guarding at 0%, waits for the time in which a late write could land to pass, in 1m
        "#]],
    );
}

#[test]
fn a_high_alarm_that_is_well_again_is_still_for_a_person_to_decide() {
    let steps = [
        ("0:20", critical("0:19")),
        ("0:30", well("0:30")),
        ("1:10", Do::Sweep),
    ];
    let plan = guarded_by(Severity::High);
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            = baking at 5%, waits for a person to decide on alarm errors; without an answer in 10m traffic goes back
        "#]],
    );
}

#[test]
fn a_person_accepts_a_high_alarm_and_it_is_told_again_only_after_it_has_recovered() {
    let steps = [
        ("0:20", critical("0:19")),
        ("0:25", resume()),
        (
            "0:30",
            Do::Read("errors", reading(AlarmState::Alarm, "0:19")),
        ),
        ("1:10", Do::Sweep),
        ("1:11", well("1:11")),
        ("1:12", critical("1:12")),
    ];
    let plan = guarded_by(Severity::High);
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:25  ann: alarm errors accepted
            0:25  ann: resumed: fine
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: phase half entered [5% → 50%]
            1:10  tidegate: the weights of phase half are in effect from 2026-03-03T01:11:00Z
            1:11  tidegate: alarm errors is as it should be again
            1:12  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T01:12:00Z; holding, traffic goes back at 2026-03-03T02:12:00Z unless a person decides
            = baking at 50%, waits for a person to decide on alarm errors; without an answer in 1h traffic goes back
        "#]],
    );
}

#[test]
fn accepting_an_alarm_that_has_recovered_does_not_accept_its_next_breach() {
    let steps = [
        ("0:20", critical("0:19")),
        ("0:21", well("0:21")),
        ("0:25", resume()),
        ("0:26", critical("0:26")),
    ];
    let plan = guarded_by(Severity::High);
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:25  ann: alarm errors accepted
            0:25  ann: resumed: fine
            0:26  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:26:00Z; holding, traffic goes back at 2026-03-03T01:26:00Z unless a person decides
            = baking at 5%, waits for a person to decide on alarm errors; without an answer in 1h traffic goes back
        "#]],
    );
}

#[test]
fn a_medium_alarm_holds_and_asks_again_every_day() {
    let steps = [
        ("0:20", critical("0:19")),
        ("1:10", Do::Sweep),
        ("24:20", Do::Sweep),
        ("24:21", Do::Sweep),
        ("48:20", Do::Sweep),
        ("48:21", resume()),
        ("48:22", Do::Sweep),
    ];
    let plan = guarded_by(Severity::Medium);
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: medium incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, a person should decide by 2026-03-04T00:20:00Z
            24:20 tidegate: nobody decided in time on alarm errors; holding for a person
            48:20 tidegate: nobody decided in time on alarm errors; holding for a person
            48:21 ann: alarm errors accepted
            48:21 ann: resumed: fine
            48:22 tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            48:22 tidegate: phase half entered [5% → 50%]
            48:22 tidegate: the weights of phase half are in effect from 2026-03-05T00:23:00Z
            = baking at 50%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn a_low_alarm_is_told_and_holds_nothing() {
    let steps = [
        ("0:20", critical("0:19")),
        ("0:30", critical("0:19")),
        ("0:40", well("0:40")),
        ("0:50", critical("0:50")),
        ("1:10", Do::Sweep),
    ];
    let plan = guarded_by(Severity::Low);
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: low incident: alarm errors; it had begun by 2026-03-03T00:19:00Z
            0:40  tidegate: alarm errors is as it should be again
            0:50  alarm errors: low incident: alarm errors; it had begun by 2026-03-03T00:50:00Z
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: phase half entered [5% → 50%]
            1:10  tidegate: the weights of phase half are in effect from 2026-03-03T01:11:00Z
            = baking at 50%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn an_alarm_without_data_holds_the_advance_but_does_not_send_traffic_back() {
    let steps = [
        ("0:20", without_data("0:19")),
        ("1:10", Do::Sweep),
        ("1:11", Do::Read("errors", ok("1:11"))),
        ("1:11", Do::Sweep),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps[..2],
        &expect![[r#"
                = baking at 5%, waits for alarm errors to be readable and to have data
        "#]],
    );
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:11  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:11  tidegate: phase half entered [5% → 50%]
            1:11  tidegate: the weights of phase half are in effect from 2026-03-03T01:12:00Z
            = baking at 50%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn an_alarm_without_data_is_as_good_as_well_or_as_red_if_the_plan_says_so() {
    let steps = [("0:20", without_data("0:19")), ("1:10", Do::Sweep)];
    let mut plan = plan();
    plan.alarms[0].insufficient_data = InsufficientData::Ignore;
    check_after(
        plan.clone(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: phase half entered [5% → 50%]
            1:10  tidegate: the weights of phase half are in effect from 2026-03-03T01:11:00Z
            = baking at 50%, waits for time at these weights, over in 1h 1m
        "#]],
    );
    plan.alarms[0].insufficient_data = InsufficientData::Alarm;
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:19:00Z [5% → 0%]
            1:10  tidegate: all traffic is back on stable, 50m after the decision
            = guarding at 0%, waits for the time in which a late write could land to pass, in 1m
        "#]],
    );
}

#[test]
fn a_condition_opens_an_incident_once_and_a_critical_one_sends_traffic_back() {
    let steps = [
        ("0:20", Do::Measured(Measure::Bad)),
        ("0:21", Do::Measured(Measure::Bad)),
        ("0:22", resume()),
        ("0:23", Do::Measured(Measure::Bad)),
        ("0:24", Do::Measured(Measure::Good)),
        ("0:25", Do::Measured(Measure::Bad)),
    ];
    let mut high = watched_for(Severity::High);
    high.phases[0].rollback.clear();
    check_after(
        high,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  tidegate: high incident: error_rate > 0.25%; it had begun by 2026-03-03T00:18:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides (error_rate > 0.25%: fail (5%, 600 samples))
            0:22  ann: error_rate > 0.25% accepted
            0:22  ann: resumed: fine
            0:24  tidegate: error_rate > 0.25% is as it should be again
            0:25  tidegate: high incident: error_rate > 0.25%; it had begun by 2026-03-03T00:23:00Z; holding, traffic goes back at 2026-03-03T01:25:00Z unless a person decides (error_rate > 0.25%: fail (5%, 600 samples))
            = baking at 5%, waits for a person to decide on error_rate > 0.25%; without an answer in 1h traffic goes back
        "#]],
    );
    let mut critical = watched_for(Severity::Critical);
    critical.phases[0].rollback.clear();
    check_after(
        critical,
        &to_first_bake(),
        &steps[..1],
        &expect![[r#"
            0:20  tidegate: rolling back: error_rate > 0.25%; it had begun by 2026-03-03T00:18:00Z [5% → 0%] (error_rate > 0.25%: fail (5%, 600 samples))
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_critical_condition_is_not_hidden_by_the_same_one_of_less() {
    let mut plan = watched_for(Severity::Low);
    let condition = plan.incidents[0].condition.clone();
    plan.incidents.push(IncidentRule {
        severity: Severity::Critical,
        condition,
    });
    plan.phases[0].rollback.clear();
    let steps = [("0:20", Do::Measured(Measure::Bad))];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  tidegate: low incident: error_rate > 0.25%; it had begun by 2026-03-03T00:18:00Z (error_rate > 0.25%: fail (5%, 600 samples))
            0:20  tidegate: rolling back: error_rate > 0.25%; it had begun by 2026-03-03T00:18:00Z [5% → 0%] (error_rate > 0.25%: fail (5%, 600 samples))
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn the_incident_that_is_due_first_is_waited_for_first() {
    let mut plan = guarded_by(Severity::Medium);
    plan.alarms.push(guard("latency", Severity::High));
    let steps = [
        ("0:20", critical("0:19")),
        ("0:21", Do::Alarm("latency", AlarmState::Alarm, "0:21")),
        ("0:22", pause()),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: medium incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, a person should decide by 2026-03-04T00:20:00Z
            0:21  alarm latency: high incident: alarm latency; it had begun by 2026-03-03T00:21:00Z; holding, traffic goes back at 2026-03-03T01:21:00Z unless a person decides
            0:22  ann: paused: a look
            = baking at 5% [it is paused], waits for a person to decide on alarm latency; without an answer in 59m traffic goes back
        "#]],
    );
}

#[test]
fn a_person_is_asked_again_after_as_long_as_the_severity_says() {
    let asked_again = |severity| {
        let mut plan = guarded_by(severity);
        let deadline = |hours| Deadline {
            within: HOUR * hours,
            otherwise: Otherwise::Hold,
            remind: None,
        };
        plan.severities.high = deadline(2);
        plan.severities.medium = deadline(3);
        plan
    };
    let steps = [
        ("0:20", critical("0:19")),
        ("2:20", Do::Tick),
        ("3:20", Do::Tick),
    ];
    check_after(
        asked_again(Severity::High),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, a person should decide by 2026-03-03T02:20:00Z
            2:20  tidegate: nobody decided in time on alarm errors; holding for a person
            2:20  tidegate: could not be measured for a while: error_rate < 0.1%
            = baking at 5%, waits for a person to decide on alarm errors; without an answer in 1h it goes on holding
        "#]],
    );
    check_after(
        asked_again(Severity::Medium),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: medium incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, a person should decide by 2026-03-03T03:20:00Z
            2:20  tidegate: could not be measured for a while: error_rate < 0.1%
            3:20  tidegate: nobody decided in time on alarm errors; holding for a person
            = baking at 5%, waits for a person to decide on alarm errors; without an answer in 3h it goes on holding
        "#]],
    );
}

#[test]
fn an_alarm_that_says_nothing_for_five_minutes_is_told_once_and_again_when_it_speaks() {
    let silent = |since| Do::Read("errors", reading(AlarmState::InsufficientData, since));
    let unreadable = || Do::Read("errors", AlarmReading::Unreadable("throttled".to_owned()));
    let well = |since| Do::Read("errors", reading(AlarmState::Ok, since));
    let steps = [
        // A call that fails once is not worth a word.
        ("0:20", unreadable()),
        ("0:21", well("0:10")),
        ("0:25", unreadable()),
        ("0:29", unreadable()),
        ("0:30", unreadable()),
        ("0:31", unreadable()),
        ("0:32", well("0:10")),
        ("0:33", silent("0:32")),
        ("0:38", silent("0:32")),
        ("0:40", well("0:39")),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
        0:30  tidegate: alarm errors cannot be read; nothing advances until it has a state
        0:32  tidegate: alarm errors has a state again
        0:38  tidegate: alarm errors has no data; nothing advances until it has a state
        0:40  tidegate: alarm errors has a state again
        = baking at 5%, waits for time at these weights, over in 22m
    "#]],
    );
}
