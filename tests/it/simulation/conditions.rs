//! Every condition of every plan of the tree, broken in every phase that it stands in: none is deaf.
//!
//! The plans are run with their time compressed: bakes and windows of minutes, everything else as written.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for the facts it is about"
)]

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    ledger::{Entry, Fact},
    plan::{
        Plan,
        calendar::Calendar,
        gate::{Condition, Limit, Op},
        metric::{AlbMeasure, Metric, Source},
        phase::Phase,
        severity::Severity,
    },
    quantity::Quantity,
    time::SignedDuration,
    traffic::Weight,
};
use sim::{
    Scenario, Simulation,
    scenario::{Ailment, AlarmRule, Happening, Malady, Sides, Step, When},
};

const BAKE: SignedDuration = SignedDuration::from_mins(12);
const WINDOW: SignedDuration = SignedDuration::from_mins(3);
/// Longer than any phase may take.
const LONG: SignedDuration = SignedDuration::from_hours(3);
/// A latency that grows to so many times the wrong one in that time is wrong within three minutes.
const DRIFT: f64 = 60.0;

/// The plan with its time compressed, always open, and patient with its gates.
fn compressed(name: &str) -> Plan {
    let mut plan = Plan::clone(&super::plan(name));
    plan.calendar = Calendar::default();
    for metric in plan.metrics.values_mut() {
        metric.window = WINDOW;
    }
    for phase in &mut plan.phases {
        phase.bake = BAKE;
        phase.within = Some(SignedDuration::from_hours(2));
        phase.limits.failures = None;
        phase.limits.consecutive_failures = None;
    }
    if let Some(watch) = &mut plan.watch {
        watch.lasts = BAKE;
    }
    plan
}

/// A healthy world with requests enough for every window, and alarms that keep out of it.
fn world(plan: &Plan) -> Scenario {
    let mut scenario = Scenario::default();
    scenario.traffic.rate = 60_000.0;
    for side in [&mut scenario.stable, &mut scenario.canary] {
        (side.p50, side.p99) = (0.08, 0.3);
    }
    scenario.lasts = SignedDuration::from_hours(12);
    scenario.patience = SignedDuration::from_hours(3);
    for guard in &plan.alarms {
        let name = domain::rollout::alarm_name(&guard.arn).to_owned();
        let quiet = AlarmRule {
            errors: None,
            ..AlarmRule::default()
        };
        scenario.alarms.insert(name, quiet);
    }
    scenario
}

/// What stable reads as, for each condition that compares with it.
fn stable_values(plan: &Plan) -> BTreeMap<String, Quantity> {
    let mut simulation = Simulation::new(Arc::new(plan.clone()), world(plan), 1);
    let mut values = BTreeMap::new();
    while let Some(frame) = simulation.step() {
        for finding in frame.findings {
            if let Some(stable) = finding.stable {
                values.insert(finding.condition.to_string(), stable);
            }
        }
    }
    let summary = simulation.summary();
    assert_eq!(
        summary.outcome.to_string(),
        "completed",
        "{}",
        told(&summary.ledger)
    );
    values
}

/// Whether a condition is broken by holding or by not holding.
#[derive(Clone, Copy)]
enum Broken {
    Holds,
    HoldsNot,
}

/// A value a little on the wrong side, as a number of base units.
fn wrong(condition: &Condition, broken: Broken, stable: Option<Quantity>) -> f64 {
    let limit = match condition.limit {
        Limit::Fixed(limit) => limit,
        Limit::Stable { factor_milli } => match stable {
            Some(stable) => {
                let micros = stable.micros * i64::from(factor_milli) / 1000;
                Quantity::new(micros, stable.dimension)
            }
            None => panic!("{condition} was never compared with stable"),
        },
    };
    #[expect(clippy::cast_precision_loss, reason = "limits are small")]
    let limit = limit.micros as f64 / 1e6;
    let below = match (condition.op, broken) {
        (Op::Less | Op::AtMost, Broken::Holds) | (Op::More | Op::AtLeast, Broken::HoldsNot) => true,
        (Op::Less | Op::AtMost, Broken::HoldsNot)
        | (Op::More | Op::AtLeast, Broken::Holds)
        | (Op::Equal | Op::NotEqual, _) => false,
    };
    if below {
        limit * 0.85 - 0.002
    } else {
        limit * 1.15 + 0.002
    }
}

/// What makes a metric read as this.
fn ailment(plan: &Plan, condition: &Condition, value: f64) -> Happening {
    let metric = &plan.metrics[&condition.metric];
    let malady = |ailment, size| {
        Happening::Malady(Malady {
            ailment,
            sides: Sides::Canary,
            route: None,
            size,
            lasts: LONG,
        })
    };
    match &metric.source {
        Source::Alb { measure, .. } => match measure {
            AlbMeasure::ServerErrorRatio => malady(Ailment::ErrorSpike, value),
            AlbMeasure::SuccessRatio => malady(Ailment::ErrorSpike, 1.0 - value),
            AlbMeasure::Latency { permille } => {
                malady(Ailment::LatencyDrift, DRIFT * value / healthy(*permille))
            }
            AlbMeasure::ClientErrorRatio | AlbMeasure::Requests => {
                malady(Ailment::TrafficDrop, 0.999)
            }
        },
        Source::CloudWatch(_) => Happening::DataMismatch {
            metric: condition.metric.to_string(),
            value: value / points(metric, condition),
            lasts: LONG,
        },
    }
}

/// How many data points a sum is made of; one for everything else.
fn points(metric: &Metric, condition: &Condition) -> f64 {
    match &metric.source {
        Source::CloudWatch(source) if source.statistic == "Sum" && condition.lasting.is_none() => {
            #[expect(clippy::cast_precision_loss, reason = "a few minutes")]
            let minutes = WINDOW.as_mins() as f64;
            minutes
        }
        Source::CloudWatch(_) | Source::Alb { .. } => 1.0,
    }
}

/// The latency of [`world`] at a percentile, in seconds, roughly.
fn healthy(permille: u16) -> f64 {
    match permille {
        0..=500 => 0.08,
        501..=900 => 0.17,
        901..=950 => 0.2,
        951..=990 => 0.3,
        _ => 0.46,
    }
}

/// The ledger of a run in which this happens so long after a phase's weights are in effect.
fn run(plan: &Plan, anchor: &str, what: Happening) -> Vec<Entry> {
    let mut scenario = world(plan);
    let at = When {
        anchor: Some(anchor.to_owned()),
        after: SignedDuration::from_mins(6),
    };
    scenario.timeline.push(Step { at, what });
    let mut simulation = Simulation::new(Arc::new(plan.clone()), scenario, 1);
    simulation.run();
    simulation.summary().ledger
}

fn told(entries: &[Entry]) -> String {
    let lines: Vec<String> = entries
        .iter()
        .map(|entry| format!("{}: {}", entry.at, entry.fact))
        .collect();
    lines.join("\n")
}

fn phase_of(entries: &[Entry], until: impl Fn(&Fact) -> bool) -> Option<String> {
    let end = entries.iter().position(|entry| until(&entry.fact))?;
    entries[..end]
        .iter()
        .rev()
        .find_map(|entry| match &entry.fact {
            Fact::PhaseEntered { phase, .. } => Some(phase.to_string()),
            _ => None,
        })
}

/// Breaks each rollback condition of a phase: traffic goes back from that phase because of its metric.
fn rollback_conditions(plan: &Plan, stable: &BTreeMap<String, Quantity>, phase: &Phase) -> usize {
    for condition in &phase.rollback {
        let value = wrong(
            condition,
            Broken::Holds,
            stable.get(&condition.to_string()).copied(),
        );
        let entries = run(plan, phase.name.as_str(), ailment(plan, condition, value));
        let from = phase_of(&entries, |fact| matches!(fact, Fact::RollbackBegan { .. }));
        let told = told(&entries);
        assert_eq!(
            from.as_deref(),
            Some(phase.name.as_str()),
            "{condition} in {}\n{told}",
            phase.name
        );
        assert!(
            told.contains(condition.metric.as_str()),
            "{condition}\n{told}"
        );
    }
    phase.rollback.len()
}

/// Breaks each requirement of a phase: the rollout never goes on from it.
fn requirements(plan: &Plan, stable: &BTreeMap<String, Quantity>, phase: &Phase) -> usize {
    for condition in &phase.require {
        let value = wrong(
            condition,
            Broken::HoldsNot,
            stable.get(&condition.to_string()).copied(),
        );
        let entries = run(plan, phase.name.as_str(), ailment(plan, condition, value));
        let last = phase_of(&entries, |fact| {
            matches!(
                fact,
                Fact::Overdue { .. } | Fact::RollbackBegan { .. } | Fact::GateFailed { .. }
            )
        });
        let told = told(&entries);
        assert_eq!(
            last.as_deref(),
            Some(phase.name.as_str()),
            "{condition} in {}\n{told}",
            phase.name
        );
    }
    phase.require.len()
}

/// The first phase in which what a condition measures carries traffic.
fn first_measured(plan: &Plan, condition: &Condition) -> String {
    let measured = |phase: &&Phase| match &plan.metrics[&condition.metric].source {
        Source::Alb { route, .. } => phase.weights.get(route) > Weight::ZERO,
        Source::CloudWatch(_) => !phase.weights.is_closed(),
    };
    let phase = plan.phases.iter().find(measured);
    phase.map_or(String::new(), |phase| phase.name.to_string())
}

/// Breaks each incident rule, with nothing else in the plan that could speak first.
fn incident_rules(plan: &Plan, stable: &BTreeMap<String, Quantity>) -> usize {
    for rule in &plan.incidents {
        let mut alone = plan.clone();
        alone.incidents = vec![rule.clone()];
        for phase in &mut alone.phases {
            phase.rollback.clear();
        }
        let text = rule.condition.to_string();
        let value = wrong(&rule.condition, Broken::Holds, stable.get(&text).copied());
        let anchor = first_measured(&alone, &rule.condition);
        let entries = run(&alone, &anchor, ailment(&alone, &rule.condition, value));
        let heard = entries.iter().any(|entry| match &entry.fact {
            Fact::IncidentOpened {
                source, severity, ..
            } => *severity == rule.severity && source.to_string() == text,
            Fact::RollbackBegan { cause, .. } => {
                rule.severity == Severity::Critical && cause.to_string().contains(&text)
            }
            _ => false,
        });
        assert!(heard, "{} {text}\n{}", rule.severity, told(&entries));
    }
    plan.incidents.len()
}

#[track_caller]
fn check(name: &str, expected: [usize; 3]) {
    let plan = compressed(name);
    let stable = stable_values(&plan);
    let phases = || {
        plan.phases
            .iter()
            .filter(|phase| !phase.weights.is_closed())
    };
    let found = [
        phases()
            .map(|phase| rollback_conditions(&plan, &stable, phase))
            .sum(),
        phases()
            .map(|phase| requirements(&plan, &stable, phase))
            .sum(),
        incident_rules(&plan, &stable),
    ];
    assert_eq!(
        found, expected,
        "rollback conditions, requirements and incident rules of {name}"
    );
}

#[test]
fn every_condition_of_the_lightning_talk_plan_is_heard() {
    check("lightning-talk-circle.yaml", [8, 21, 6]);
}

#[test]
fn every_condition_of_triptrip_is_heard() {
    check("triptrip.yaml", [0, 19, 7]);
}

#[test]
fn every_condition_of_triptrip_by_rings_is_heard() {
    check("triptrip-rings.yaml", [0, 17, 2]);
}

#[test]
fn every_condition_of_a_hotfix_is_heard() {
    check("triptrip-hotfix.yaml", [0, 6, 2]);
}

#[test]
fn every_condition_of_triptrip_by_regions_is_heard() {
    check("triptrip-regions.yaml", [0, 11, 10]);
}

#[test]
fn every_condition_of_property_sync_is_heard() {
    check("property-sync.yaml", [11, 9, 26]);
}
