//! A moment and a run, made by hand, for tests of how they look.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    decide::{Start, begin},
    judge::{Doubt, Finding, Role, Side, Verdict, Window},
    ledger::Entry,
    name::{Person, RolloutId},
    plan::Plan,
    quantity::{Dimension, Quantity},
    rollout::{Gate, Origin, Rollout, Status},
    time::{SignedDuration, Timestamp, earlier, later},
    traffic::{Epoch, Weight, Weights},
    waiting,
};
use sim::{Frame, Outcome, Point, RouteFrame, SideFrame, Summary};

const PLAN: &str = include_str!("../../infra/plans/lightning-talk-circle.yaml");

/// The plan of every sample.
pub(crate) fn plan() -> Arc<Plan> {
    Arc::new(plan::parse(PLAN).expect("the plan is good").plan)
}

fn start() -> Timestamp {
    "2026-01-13T01:00:00Z".parse().expect("an instant")
}

fn begun() -> (Rollout, Vec<Entry>) {
    let plan = plan();
    let started = begin(
        Start {
            id: RolloutId {
                service: plan.service.clone(),
                number: 1,
            },
            alarms: plan
                .alarms
                .iter()
                .map(|guard| {
                    let reading = domain::event::AlarmReading::State {
                        state: domain::event::AlarmState::Ok,
                        since: start(),
                        reason: String::new(),
                    };
                    (guard.arn.clone(), reading)
                })
                .collect(),
            plan,
            by: Person::new("kim@example.com"),
            origin: Origin::Fresh,
            from: Weights::default(),
            epoch: Epoch(0),
            override_reason: None,
        },
        start(),
    )
    .expect("it begins");
    (started.next, started.entries)
}

/// Half of a phase's bake is over, and one condition has failed.
pub(crate) fn frame() -> Frame {
    let (mut rollout, entries) = begun();
    let now = later(start(), SignedDuration::from_hours(50));
    let since = earlier(now, SignedDuration::from_hours(25));
    let quarter = Weight::from_permille(250).expect("a weight");
    rollout.status = Status::Baking;
    rollout.phase = Some(2);
    rollout.intent = None;
    rollout.desired = rollout.plan.all_at(quarter);
    rollout.gate = Some(Gate {
        since,
        tallies: Vec::new(),
        promoted: None,
        checked: BTreeMap::new(),
        approvals: std::collections::BTreeSet::new(),
        asked: None,
        overdue: Some(later(since, SignedDuration::from_hours(72))),
    });
    let routes = rollout
        .plan
        .routes
        .keys()
        .map(|route| {
            let shares = RouteFrame {
                configured: quarter,
                realised: Weight::from_permille(243).expect("a weight"),
            };
            (route.clone(), shares)
        })
        .collect();
    Frame {
        now,
        waiting: waiting::of(&rollout, now),
        entries,
        routes,
        sides: BTreeMap::new(),
        alarms: BTreeMap::new(),
        findings: findings(&rollout, now),
        rollout,
    }
}

fn findings(rollout: &Rollout, now: Timestamp) -> Vec<Finding> {
    let phase = rollout.current_phase().expect("a phase");
    let finding = |condition: &domain::plan::gate::Condition, role, verdict, micros| {
        let dimension = rollout.plan.metrics[&condition.metric].dimension();
        Finding {
            condition: condition.clone(),
            role,
            verdict,
            current: Some(Quantity::new(micros, dimension)),
            stable: None,
            samples: 12_345,
            window: Window::newest(SignedDuration::from_mins(5), now),
        }
    };
    let mut all: Vec<Finding> = phase
        .require
        .iter()
        .map(|condition| finding(condition, Role::Require, Verdict::Pass, 200))
        .collect();
    all[0].verdict = Verdict::Fail;
    all[0].current = Some(Quantity::new(4_200, Dimension::Ratio));
    all[2].current = None;
    all[2].verdict = Verdict::Inconclusive(Doubt::TooFew {
        have: 12,
        need: 200,
    });
    all.extend(rollout.plan.incidents.iter().map(|rule| {
        finding(
            &rule.condition,
            Role::Incident(rule.severity),
            Verdict::Pass,
            0,
        )
    }));
    all
}

/// A run in which the canary turns bad at a quarter.
pub(crate) fn summary() -> Summary {
    let (rollout, ledger) = begun();
    let plan = plan();
    let minutes: u16 = 1_500;
    let bad = 1_200..1_208;
    let series = (0..minutes)
        .map(|minute| {
            let permille = match minute {
                0..3 | 1_208.. => 0,
                3..700 => 50,
                _ => 250,
            };
            point(&plan, minute, permille, bad.contains(&minute))
        })
        .collect();
    Summary {
        outcome: Outcome::RolledBack,
        started: start(),
        ended: later(start(), SignedDuration::from_mins(i64::from(minutes))),
        trouble_began: Some(later(start(), SignedDuration::from_mins(1_200))),
        detected: Some(SignedDuration::from_secs(185)),
        restored: Some(SignedDuration::from_secs(64)),
        requests: 1_234_567,
        canary_requests: 45_678,
        canary_failures: 312,
        calls: BTreeMap::new(),
        rollout: Some(rollout),
        ledger,
        series,
    }
}

fn point(plan: &Plan, minute: u16, permille: u16, bad: bool) -> Point {
    let weight = Weight::from_permille(permille).expect("a weight");
    let wave = u64::from(minute % 17);
    let side = |side, share: u64, errors: u64, slow: i64| SideFrame {
        side,
        requests: 1_200 * share / 1_000,
        errors,
        unseen: 0,
        client_errors: 0,
        p50: None,
        p95: (share > 0).then(|| SignedDuration::from_millis(310 + slow)),
        p99: None,
    };
    let slow = i64::from(minute % 23);
    let canary = u64::from(permille);
    let sides = [
        side(
            Side::Canary,
            canary,
            if bad { 24 } else { wave / 16 },
            slow * 2,
        ),
        side(Side::Stable, 1_000 - canary, wave / 12, slow),
    ];
    let routes = plan.routes.keys();
    Point {
        at: later(start(), SignedDuration::from_mins(i64::from(minute) + 1)),
        routes: routes
            .clone()
            .map(|route| {
                let shares = RouteFrame {
                    configured: weight,
                    realised: weight,
                };
                (route.clone(), shares)
            })
            .collect(),
        sides: routes.map(|route| (route.clone(), sides)).collect(),
    }
}
