//! The plans in the tree: each can be used as it is, and the schema beside them is the language's.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::{env, fs};

use domain::{plan::Plan, time::Spell};
use expect_test::{Expect, expect};
use plan::{Color, Problem};

const PLANS: &str = "../infra/plans";

/// What a plan says, in short, after what is wrong with it or dangerous about it.
fn check(name: &str, expected: &Expect) {
    let text = fs::read_to_string(format!("{PLANS}/{name}")).unwrap_or_default();
    let shown = |problems: &[Problem]| plan::render(problems, name, &text, Color::Never);
    let said = match plan::parse(&text) {
        Ok(checked) => format!("{}{}", shown(&checked.warnings), outline(&checked.plan)),
        Err(problems) => shown(&problems),
    };
    expected.assert_eq(&said);
}

fn outline(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for phase in &plan.phases {
        let gates = format!(
            "{} to require, {} to roll back, {} to tick",
            phase.require.len(),
            phase.rollback.len(),
            phase.checklist.len(),
        );
        lines.push(format!(
            "{} {} for {}: {gates}",
            phase.name,
            phase.weights,
            Spell(phase.bake)
        ));
    }
    if let Some(watch) = &plan.watch {
        lines.push(format!(
            "watched for {}: {} to require",
            Spell(watch.lasts),
            watch.require.len()
        ));
    }
    for rule in &plan.incidents {
        lines.push(format!("{}: {}", rule.severity, rule.condition));
    }
    lines.join("\n")
}

#[test]
fn the_lightning_talk_plan() {
    check(
        "lightning-talk-circle.yaml",
        &expect![[r#"
            prepare 0% for 0s: 0 to require, 0 to roll back, 5 to tick
            canary 5% for 1d: 4 to require, 2 to roll back, 3 to tick
            early-adopters 25% for 2d: 8 to require, 2 to roll back, 4 to tick
            general 50% for 3d: 6 to require, 2 to roll back, 8 to tick
            complete 100% for 1h: 3 to require, 2 to roll back, 3 to tick
            watched for 1d: 4 to require
            critical: severe_bugs > 0
            critical: data_mismatches > 0
            medium: database_cpu > 80% for 10m
            medium: cache_hits < 80% for 10m
            medium: websocket_drops > 20
            medium: external_api_errors > 20"#]],
    );
}

#[test]
fn the_property_sync_plan() {
    check(
        "property-sync.yaml",
        &expect![[r#"
        shadow 0% for 7d: 4 to require, 3 to roll back, 31 to tick
        small 10% for 3d: 3 to require, 3 to roll back, 2 to tick
        medium 50% for 3d: 5 to require, 5 to roll back, 1 to tick
        large 100% for 4h: 1 to require, 3 to roll back, 1 to tick
        watched for 7d: 8 to require
        critical: error_rate > 10%
        critical: records_lost > 0
        high: error_rate > 5%
        high: sync_time >= 3 x stable
        high: cpu > 95% for 5m
        high: memory > 95% for 5m
        high: disk > 95% for 5m
        high: severe_reports >= 2
        high: sync_success < 95%
        medium: error_rate > 2%
        medium: sync_time >= 2 x stable
        medium: cpu > 85% for 5m
        medium: memory > 85% for 5m
        medium: disk > 85% for 5m
        medium: reports >= 1
        medium: mismatches >= 1
        medium: sync_success < 98%
        medium: sync_time > 10m
        medium: api_usage > 95%
        medium: network > 90% for 5m
        low: sync_time > 5m
        low: cpu > 70% for 15m
        low: memory > 70% for 15m
        low: disk > 70% for 15m
        low: network > 70% for 15m
        low: api_usage > 80%"#]],
    );
}

#[test]
fn the_triptrip_plan() {
    check(
        "triptrip.yaml",
        &expect![[r#"
        warning[too-little-traffic]: incidents.critical[1]: `p99` will have about 240 requests in its window of 2m in `one-percent`
          --> triptrip.yaml:66:8
           |
        66 |     - "p99 > 2000ms for 3m"
           |        ^^^ expected at least 1000, or the measurement says nothing
           |
           = help: make the window longer, the weight higher, or measure a lower percentile

        pre-release 0% for 30m: 2 to require, 0 to roll back, 8 to tick
        one-percent 1% for 2m: 1 to require, 0 to roll back, 0 to tick
        five-percent 5% for 5m: 3 to require, 0 to roll back, 0 to tick
        quarter 25% for 10m: 6 to require, 0 to roll back, 0 to tick
        half 50% for 15m: 6 to require, 0 to roll back, 0 to tick
        everyone 100% for 5m: 3 to require, 0 to roll back, 0 to tick
        watched for 2h: 3 to require
        critical: error_rate > 5% for 2m
        critical: p99 > 2s for 3m
        critical: pod_restarts > 3 for 5m
        critical: health_check_failures > 5 for 1m
        high: data_mismatches > 0
        high: bookings < 0.8 x stable
        high: user_reports > 10"#]],
    );
}

#[test]
fn the_triptrip_hotfix_plan() {
    check(
        "triptrip-hotfix.yaml",
        &expect![[r#"
        pre-release 0% for 0s: 0 to require, 0 to roll back, 6 to tick
        five-percent 5% for 5m: 2 to require, 0 to roll back, 0 to tick
        half 50% for 5m: 2 to require, 0 to roll back, 0 to tick
        everyone 100% for 5m: 2 to require, 0 to roll back, 1 to tick
        watched for 30m: 2 to require
        critical: error_rate > 5% for 2m
        critical: p99 > 2s for 3m"#]],
    );
}

#[test]
fn the_triptrip_rings_plan() {
    check(
        "triptrip-rings.yaml",
        &expect![[r#"
        ring-0-internal beta 0%, internal 100%, public 0% for 1d: 1 to require, 0 to roll back, 2 to tick
        ring-1-beta beta 100%, internal 100%, public 0% for 3d: 2 to require, 0 to roll back, 1 to tick
        ring-2-early-adopters beta 100%, internal 100%, public 5% for 3d: 3 to require, 0 to roll back, 0 to tick
        ring-3-quarter beta 100%, internal 100%, public 25% for 1d: 3 to require, 0 to roll back, 0 to tick
        ring-3-half beta 100%, internal 100%, public 50% for 1d: 3 to require, 0 to roll back, 0 to tick
        ring-3-three-quarters beta 100%, internal 100%, public 75% for 1d: 3 to require, 0 to roll back, 0 to tick
        ring-3-everyone 100% for 1h: 2 to require, 0 to roll back, 0 to tick
        watched for 1d: 3 to require
        critical: ring_errors > 5% for 10m
        critical: critical_bugs > 0"#]],
    );
}

#[test]
fn the_triptrip_regions_plan() {
    check(
        "triptrip-regions.yaml",
        &expect![[r#"
        japan ireland 0%, oregon 0%, seoul 0%, singapore 0%, tokyo 100% for 7d: 3 to require, 0 to roll back, 2 to tick
        asia ireland 0%, oregon 0%, seoul 100%, singapore 100%, tokyo 100% for 7d: 4 to require, 0 to roll back, 1 to tick
        world 100% for 1d: 4 to require, 0 to roll back, 1 to tick
        watched for 1d: 0 to require
        critical: tokyo_errors > 5% for 2m
        critical: tokyo_p99 > 2s for 3m
        critical: singapore_errors > 5% for 2m
        critical: singapore_p99 > 2s for 3m
        critical: seoul_errors > 5% for 2m
        critical: seoul_p99 > 2s for 3m
        critical: oregon_errors > 5% for 2m
        critical: oregon_p99 > 2s for 3m
        critical: ireland_errors > 5% for 2m
        critical: ireland_p99 > 2s for 3m"#]],
    );
}

#[test]
fn the_kept_schema_is_the_language_s() {
    let path = format!("{PLANS}/plan.schema.json");
    let fresh = format!("{:#}\n", plan::schema());
    if env::var_os("UPDATE_SCHEMA").is_some() {
        assert!(fs::write(&path, &fresh).is_ok(), "cannot write {path}");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == fresh,
        "infra/plans/plan.schema.json has drifted; refresh it: UPDATE_SCHEMA=1 cargo test -p tests schema"
    );
}
