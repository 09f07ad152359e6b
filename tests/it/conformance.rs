//! The box says what AWS says.

#[path = "../conformance/mod.rs"]
mod stories;

use std::sync::Arc;

use domain::{plan::Plan, time::SignedDuration};
use sim::{Scenario, World};
use stories::router::Kind;

const ROUTES: &str = "
routes:
  owned:
    alb:
      rule: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee
      stable: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/73e2d6bc24d8a067
      canary: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/new/2453ed029918f21f
      priority: 10
  in-place:
    alb:
      rule: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/0683b2d02a6cabee
      stable: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old2/73e2d6bc24d8a067
      canary: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/new2/2453ed029918f21f
      mode: in_place
  records: { route53: { zone: Z08345672JV6K3EXAMPLE, name: shop.example, types: [A], stable: Old, canary: New, ttl: 60s } }
  alias: { lambda_alias: { function: shop-work, alias: live, stable: 1, canary: 2 } }
alarms:
  - { arn: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-broken', severity: critical }
phases: [ { name: all, weight: 100%, bake: 5m } ]
";

const CALL: SignedDuration = SignedDuration::from_mins(5);

fn plan(service: &str) -> Arc<Plan> {
    match plan::parse(&format!("service: {service}\n{ROUTES}")) {
        Ok(checked) => Arc::new(checked.plan),
        Err(problems) => panic!("{problems:?}"),
    }
}

/// A world, without the lag of its index.
fn world() -> World {
    let mut scenario = Scenario::default();
    scenario.network.index_lag = SignedDuration::ZERO;
    World::new(plan("shop"), scenario, 1)
}

#[track_caller]
fn check(kind: Kind) {
    let world = world();
    let ports = world.clone();
    let held = world.invoke("story", CALL, async move {
        stories::router::hold(&ports, plan("shop"), kind).await;
    });
    assert_eq!(held, Some(()), "its time was up");
}

#[test]
fn a_rule_of_ours() {
    check(stories::router::owned());
}

#[test]
fn the_teams_rule() {
    check(stories::router::in_place());
}

#[test]
fn weighted_records() {
    check(stories::router::records());
}

#[test]
fn an_alias() {
    check(stories::router::alias());
}

#[test]
fn the_store() {
    let world = world();
    let ports = world.clone();
    let held = world.invoke("story", CALL, async move {
        stories::store::hold(&ports, &plan("shop"), &plan("other")).await;
    });
    assert_eq!(held, Some(()), "its time was up");
}
