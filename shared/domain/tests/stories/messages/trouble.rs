//! What breaches, what fails, and what is not known.

use domain::{
    event::{AlarmReading, AlarmState},
    judge::{Doubt, Finding, Role, Verdict, Window},
    ledger::{Actor, Chain, Draft, Fact},
    plan::{
        Plan,
        gate::{Condition, Limit, Op, Otherwise},
        severity::{IncidentRule, Severity},
    },
    quantity::{Dimension, Quantity},
    time::SignedDuration,
    traffic::Weights,
};
use expect_test::expect_file;

use super::{check, told};
use crate::{
    escalation::{accept, escalating},
    plans::{errors, guard, plan, route, weight},
    story::{Do, Measure, Story, at, critical, resume, start_of, to_first_bake},
};

fn with_alarm(severity: Severity) -> Plan {
    let mut plan = plan();
    plan.alarms = vec![guard("errors", severity)];
    plan
}

#[test]
fn an_incident_says_by_when_somebody_should_decide() {
    let red = |since| Do::Alarm("errors", AlarmState::Alarm, since);
    let well = |since| Do::Alarm("errors", AlarmState::Ok, since);
    let steps = [
        ("0:20", red("0:19")),
        ("0:30", resume()),
        ("0:40", well("0:40")),
    ];
    check(
        with_alarm(Severity::High),
        &to_first_bake(),
        &steps,
        &expect_file!["incident-high.txt"],
    );
    let steps = [("0:20", red("0:19")), ("24:20", Do::Tick)];
    check(
        with_alarm(Severity::Medium),
        &to_first_bake(),
        &steps,
        &expect_file!["incident-medium.txt"],
    );
    let steps = [("0:20", red("0:19"))];
    check(
        with_alarm(Severity::Low),
        &to_first_bake(),
        &steps,
        &expect_file!["incident-low.txt"],
    );
}

#[test]
fn who_does_not_decide_is_reminded_and_then_others_are_told() {
    let mut steps = vec![("0:20", critical("0:19"))];
    steps.extend(["0:20", "0:35", "0:55"].map(|time| (time, Do::Tick)));
    check(
        escalating(Severity::High),
        &to_first_bake(),
        &steps,
        &expect_file!["escalation.txt"],
    );
    let mut plan = escalating(Severity::High);
    plan.phases[0].within = Some(SignedDuration::from_hours(2));
    let steps = ["2:14", "2:16"].map(|time| (time, Do::Tick));
    check(
        plan,
        &to_first_bake(),
        &steps,
        &expect_file!["escalation-overdue.txt"],
    );
}

#[test]
fn a_risk_is_borne_until_a_time() {
    let steps = [
        ("0:20", critical("0:19")),
        ("0:21", accept("errors", "0:50")),
        ("0:50", Do::Tick),
    ];
    check(
        with_alarm(Severity::High),
        &to_first_bake(),
        &steps,
        &expect_file!["risk.txt"],
    );
}

#[test]
fn an_incident_that_nobody_decides_on_sends_traffic_back() {
    let mut plan = plan();
    plan.incidents = vec![IncidentRule {
        severity: Severity::High,
        condition: errors(Op::More, 2_500),
    }];
    let steps = [("0:20", Do::Measured(Measure::Bad)), ("0:21", Do::Tick)];
    let mut kind = plan.clone();
    for phase in &mut kind.phases {
        phase.rollback.clear();
    }
    let mut late = steps.to_vec();
    late.push(("1:21", Do::Tick));
    check(
        kind,
        &to_first_bake(),
        &late,
        &expect_file!["incident-back.txt"],
    );
}

#[test]
fn an_alarm_that_says_nothing_stops_the_advance() {
    let unreadable = || Do::Read("errors", AlarmReading::Unreadable("denied".to_owned()));
    let steps = [
        ("0:20", unreadable()),
        ("0:26", unreadable()),
        ("0:30", Do::Alarm("errors", AlarmState::Ok, "0:30")),
    ];
    check(
        plan(),
        &to_first_bake(),
        &steps,
        &expect_file!["alarm-unreadable.txt"],
    );
    let silent = |since| Do::Alarm("errors", AlarmState::InsufficientData, since);
    let steps = [("0:20", silent("0:20")), ("0:26", silent("0:26"))];
    check(
        plan(),
        &to_first_bake(),
        &steps,
        &expect_file!["alarm-silent.txt"],
    );
}

#[test]
fn a_gate_that_fails_too_often_holds_or_sends_back() {
    for (then, expected) in [
        (Otherwise::Hold, expect_file!["gate-failed.txt"]),
        (Otherwise::Rollback, expect_file!["gate-failed-back.txt"]),
    ] {
        let mut plan = plan();
        plan.phases[0].limits.failures = Some(1);
        plan.phases[0].limits.then = then;
        let poor = || Do::Measured(Measure::Poor);
        let steps = [("0:20", poor()), ("0:21", poor())];
        check(plan, &to_first_bake(), &steps, &expected);
    }
}

#[test]
fn a_condition_that_is_breached_sends_traffic_back() {
    let steps = [("0:20", Do::Measured(Measure::Bad))];
    check(
        plan(),
        &to_first_bake(),
        &steps,
        &expect_file!["breach.txt"],
    );
}

/// A finding of a comparison with stable.
fn compared(verdict: Verdict, current: Option<i64>) -> Finding {
    let mut condition: Condition = errors(Op::AtMost, 0);
    condition.limit = Limit::Stable {
        factor_milli: 1_100,
    };
    condition.lasting = Some(SignedDuration::from_mins(2));
    let quantity = |micros| Quantity::new(micros, Dimension::Ratio);
    Finding {
        condition,
        role: Role::Require,
        verdict,
        current: current.map(quantity),
        stable: current.map(|_| quantity(400)),
        samples: 1_234,
        window: Window::newest(SignedDuration::from_mins(2), at("1:00")),
    }
}

#[test]
fn a_measurement_says_what_is_missing() {
    let story = Story::begin(start_of(plan()));
    let verdicts = [
        (Verdict::Pass, Some(300)),
        (Verdict::Fail, Some(42_000)),
        (Verdict::Inconclusive(Doubt::TooSoon), None),
        (Verdict::Inconclusive(Doubt::NoData), None),
        (
            Verdict::Inconclusive(Doubt::TooFew {
                have: 12,
                need: 200,
            }),
            Some(300),
        ),
        (Verdict::Inconclusive(Doubt::NoStable), None),
        (
            Verdict::Inconclusive(Doubt::TooFewStable { have: 3, need: 200 }),
            Some(300),
        ),
        (Verdict::Error("Throttling".to_owned()), None),
    ];
    let weights = Weights::all([&route("web")], weight(5));
    let draft = Draft {
        epoch: story.rollout.epoch,
        actor: Actor::Plan,
        fact: Fact::GatePassed {
            phase: crate::plans::phase_name("canary"),
            shown: None,
        },
        evidence: verdicts
            .into_iter()
            .map(|(verdict, current)| compared(verdict, current))
            .collect(),
        before: weights.clone(),
        after: weights,
    };
    let entry = Chain::default().append(draft, at("1:00"));
    expect_file!["measurements.txt"].assert_eq(&told(&[(story.rollout, entry)]));
}

/// Everything that people are told of a rollout that stands still without anybody's decision.
#[test]
fn what_stalls_is_told() {
    let mut steps = Vec::new();
    for time in ["0:40", "0:41", "0:42", "0:43", "0:44", "0:45"] {
        steps.extend([(time, Do::Measured(Measure::Broken)), (time, Do::Tick)]);
    }
    steps.extend([
        ("0:50", Do::Measured(Measure::Good)),
        ("0:50", Do::Tick),
        ("1:12", Do::Measured(Measure::NoData)),
        ("1:12", Do::Tick),
    ]);
    check(
        plan(),
        &to_first_bake()[..2],
        &steps,
        &expect_file!["stalls.txt"],
    );
}
