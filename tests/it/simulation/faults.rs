//! Every fault at every call of a rollback: it ends rolled back all the same.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    ledger::{Chain, Fact, Line, verify},
    name::RouteName,
    plan::Plan,
    time::{SignedDuration, earlier, later},
    traffic::Weight,
};
use sim::{Fault, FaultKind, Outcome, Scenario, Simulation};

/// A rule of our own, records, and a rule of the team's: one of each kind of fence at a load balancer and in DNS.
const PLAN: &str = "
service: shop
routes:
  web:
    alb:
      rule: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee
      stable: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/73e2d6bc24d8a067
      canary: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/new/2453ed029918f21f
      priority: 10
  api:
    alb:
      rule: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/1111b2d02a6cabee
      stable: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old-api/73e2d6bc24d8a067
      canary: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/new-api/2453ed029918f21f
      mode: in_place
  apex: { route53: { zone: Z08345672JV6K3EXAMPLE, name: shop.example, types: [A], stable: Old, canary: New, ttl: 60s } }
metrics:
  errors: { alb: web, measure: 5xx_ratio, min_requests: 50 }
alarms:
  - { arn: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-5xx', severity: critical }
phases:
  - { name: canary, weight: 20%, bake: 2h, within: 12h, require: ['errors < 5%'] }
  - { name: all, weight: 100%, bake: 1h, require: ['errors < 5%'] }
";

const SCENARIO: &str = "
traffic: { rate: 600 }
timeline: [ { at: canary+5m, error_spike: { size: 30%, for: 3h } } ]
";

pub(super) fn plan() -> Arc<Plan> {
    match plan::parse(PLAN) {
        Ok(checked) => Arc::new(checked.plan),
        Err(problems) => panic!("{problems:?}"),
    }
}

fn simulate(plan: &Arc<Plan>, faults: Vec<Fault>) -> Simulation {
    let mut scenario = Scenario::parse(SCENARIO).unwrap_or_default();
    scenario.faults = faults;
    play(plan, scenario, 7)
}

pub(super) fn play(plan: &Arc<Plan>, scenario: Scenario, seed: u64) -> Simulation {
    let mut simulation = Simulation::new(Arc::clone(plan), scenario, seed);
    simulation.world().keep_heads();
    simulation.run();
    simulation
}

/// What must hold of every run that was rolled back.
#[track_caller]
pub(super) fn check(simulation: &Simulation, what: &str) {
    let summary = simulation.summary();
    let said: Vec<String> = summary
        .ledger
        .iter()
        .map(|entry| entry.fact.to_string())
        .collect();
    assert_eq!(summary.outcome, Outcome::RolledBack, "{what}: {said:#?}");
    let lines: Vec<Line> = summary
        .ledger
        .iter()
        .map(domain::ledger::Entry::line)
        .collect();
    let end = summary.rollout.map(|rollout| {
        let start = Chain::of(&rollout.id);
        (verify(start, &lines, None), rollout.chain)
    });
    assert!(
        end.is_some_and(|(end, head)| end == Ok(head)),
        "{what}: the ledger does not verify"
    );
    for route in ["web", "api", "apex"] {
        let name = RouteName::new(route).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            simulation.world().configured(&name),
            Some(Weight::ZERO),
            "{what}: {route}"
        );
    }
    let heads = simulation.world().heads();
    let decided = heads.iter().position(|(_, head)| head.status.is_rollback());
    for (_, head) in heads.iter().skip(decided.unwrap_or(0)) {
        assert!(
            head.desired.is_closed(),
            "{what}: a weight was raised again"
        );
        assert!(head.status.is_rollback(), "{what}: {}", head.status);
    }
}

#[test]
fn every_fault_at_every_call_of_a_rollback_ends_rolled_back() {
    let plan = plan();
    let well = simulate(&plan, Vec::new());
    check(&well, "without a fault");
    let ledger = well.summary().ledger;
    let at = |wanted: fn(&Fact) -> bool| {
        ledger
            .iter()
            .find(|entry| wanted(&entry.fact))
            .map(|entry| entry.at)
    };
    let began = at(|fact| matches!(fact, Fact::RollbackBegan { .. }));
    let restored = at(|fact| matches!(fact, Fact::TrafficRestored { .. }));
    let (Some(began), Some(restored)) = (began, restored) else {
        panic!("it was not rolled back");
    };
    let second = SignedDuration::from_secs(1);
    let (from, to) = (earlier(began, second), later(restored, second));
    let calls: Vec<_> = well
        .world()
        .calls()
        .into_iter()
        .filter(|call| from <= call.at && call.at <= to)
        .collect();
    let names: BTreeSet<&str> = calls.iter().map(|call| call.call).collect();
    for needed in ["store.commit", "store.load", "router.read", "router.write"] {
        assert!(names.contains(needed), "{names:?}");
    }
    let late = SignedDuration::from_secs(100);
    for call in &calls {
        for kind in [
            FaultKind::TimeoutBefore,
            FaultKind::TimeoutAfter,
            FaultKind::Throttle,
            FaultKind::CrashAfter,
            FaultKind::LateLanding(late),
            FaultKind::CrashLateLanding(late),
        ] {
            let what = format!(
                "{kind:?} at call {} ({} by {})",
                call.number, call.call, call.by
            );
            check(
                &simulate(&plan, vec![Fault::at_number(call.number, kind)]),
                &what,
            );
        }
    }
}

#[test]
fn a_late_raise_in_place_is_put_right_while_the_rollback_is_guarded() {
    let plan = plan();
    let well = simulate(&plan, Vec::new());
    // The write that gives the canary its weight in place lands minutes later, after the rollback.
    let calls = well.world().calls();
    let ledger = well.summary().ledger;
    let began = ledger
        .iter()
        .find(|entry| matches!(entry.fact, Fact::RollbackBegan { .. }));
    let began = began.map(|entry| entry.at);
    let raises = calls
        .iter()
        .filter(|call| call.call == "router.write" && Some(call.at) < began);
    let mut landed = false;
    for call in raises {
        let delay = SignedDuration::from_mins(12);
        let simulation = simulate(
            &plan,
            vec![Fault::at_number(call.number, FaultKind::LateLanding(delay))],
        );
        check(
            &simulation,
            &format!("late landing of call {}", call.number),
        );
        landed |= simulation.summary().ledger.iter().any(|entry| {
            matches!(
                entry.fact,
                Fact::LateWriteUndone { .. } | Fact::DriftFound { .. } | Fact::HandClosed { .. }
            )
        });
    }
    assert!(landed, "no late write was seen at all");
}
