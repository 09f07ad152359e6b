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
        canary 5% for 1d: 4 to require, 2 to roll back, 6 to tick
        early-adopters 25% for 2d: 8 to require, 2 to roll back, 4 to tick
        general 50% for 3d: 6 to require, 2 to roll back, 6 to tick
        complete 100% for 1h: 3 to require, 2 to roll back, 0 to tick
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
