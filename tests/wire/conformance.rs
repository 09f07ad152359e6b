//! AWS says what the box says: the stories of `tests/conformance`, told to the adapters in front of emulated services.

#[path = "../conformance/mod.rs"]
mod stories;

use std::sync::Arc;

use aws::{client::connections, ports::Aws};
use domain::plan::Plan;
use stories::router::Kind;

use crate::{
    alb::bench::{Bench, host},
    alias::Function,
    bed::Bed,
    store::stand::Stand,
    zone::Zone,
};

const ALARM: &str = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:shop-broken";

fn plan(service: &str, route: &str) -> Arc<Plan> {
    let text = format!(
        "service: {service}\nroutes:\n  {route}\nalarms: [ {{ arn: '{ALARM}', severity: critical }} ]\n\
         phases: [ {{ name: all, weight: 100%, bake: 5m }} ]\n"
    );
    match plan::parse(&text) {
        Ok(checked) => Arc::new(checked.plan),
        Err(problems) => panic!("{problems:?}"),
    }
}

fn ports(bed: &Bed, table: &str) -> Aws {
    Aws::new(&bed.clients(), table.to_owned(), connections().0, None)
}

async fn check(bed: &Bed, route: &str, kind: Kind) {
    stories::router::hold(&ports(bed, "none"), plan("shop", route), kind).await;
}

#[test]
fn a_rule_of_ours() {
    let bed = Bed::shared();
    bed.run(async {
        let bench = Bench::new(bed.clients().balancers, "conform-owned").await;
        let rule = bench.rule(100, vec![host("owned.example")]).await;
        let (stable, canary) = (&bench.stable, &bench.canary);
        let route = format!(
            "owned: {{ alb: {{ rule: '{rule}', stable: '{stable}', canary: '{canary}', priority: 10 }} }}"
        );
        check(bed, &route, stories::router::owned()).await;
    });
}

#[test]
fn the_teams_rule() {
    let bed = Bed::shared();
    bed.run(async {
        let bench = Bench::new(bed.clients().balancers, "conform-place").await;
        let rule = bench.rule(100, vec![host("place.example")]).await;
        let (stable, canary) = (&bench.stable, &bench.canary);
        let route = format!(
            "in-place: {{ alb: {{ rule: '{rule}', stable: '{stable}', canary: '{canary}', mode: in_place }} }}"
        );
        check(bed, &route, stories::router::in_place()).await;
    });
}

#[test]
fn weighted_records() {
    let bed = Bed::shared();
    bed.run(async {
        let zone = Zone::new(bed, "conform.example").await;
        let records = zone.records();
        let (id, name) = (&records.zone, &records.name);
        let route = format!(
            "records: {{ route53: {{ zone: {id}, name: {name}, types: [A], stable: Legacy, canary: New, ttl: 60s }} }}"
        );
        check(bed, &route, stories::router::records()).await;
    });
}

#[test]
fn an_alias() {
    let bed = Bed::shared();
    bed.run(async {
        let _function = Function::new(bed, "conform").await;
        let route =
            "alias: { lambda_alias: { function: conform, alias: live, stable: 1, canary: 2 } }";
        check(bed, route, stories::router::alias()).await;
    });
}

#[test]
fn the_store() {
    let bed = Bed::shared();
    bed.run(async {
        let stand = Stand::new("conformance").await;
        let route =
            "alias: { lambda_alias: { function: stored, alias: live, stable: 1, canary: 2 } }";
        let ports = ports(bed, &stand.table);
        let (shop, other) = (plan("shop", route), plan("other", route));
        stories::store::hold(&ports, &shop, &other).await;
    });
}
