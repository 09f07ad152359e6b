//! Broken plans, and the exact text that a person gets for each.
//!
//! Read the texts aloud when you change one: they are all that someone has who is stuck.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

mod anything;
mod meaning;
mod numbers;
mod shape;
mod values;
mod warnings;
mod yaml;

use expect_test::Expect;
use plan::{Code, Color};

/// A plan in which nothing is wrong or dangerous, to be broken in one place.
const SOUND: &str = r#"
    service: booking
    routes:
      web:
        alb:
          rule: arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener-rule/app/w/1/2/3
          stable: arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/old/4
          canary: arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/new/5
          priority: 10
      dns: { route53: { zone: Z1, name: example.com, types: [A], stable: old, canary: new } }
    metrics:
      errors: { alb: web, measure: 5xx_ratio }
      p95: { alb: web, measure: latency_p95 }
      queue: { cloudwatch: { namespace: Jobs, name: Queue, stat: Maximum } }
    phases:
      - name: half
        weight: 50%
        bake: 1h
        require: ["errors < 1%", "queue < 100"]
        rollback: ["errors > 5% for 2m", "p95 > 1s"]
        approval: { from: [leads], expires: 1d }
      - name: all
        weight: 100%
        bake: 1h
        rollback: ["errors > 5%"]
    groups:
      leads: [aiko@example.com, ben@example.com]
"#;

/// The text with its lines moved to the left margin.
fn dedent(text: &str) -> String {
    let text = text.trim_matches('\n');
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let least = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(indent)
        .min();
    let lines = text
        .lines()
        .map(|line| line.get(least.unwrap_or(0)..).unwrap_or_default());
    let mut text: String = lines.flat_map(|line| [line, "\n"]).collect();
    text.truncate(text.trim_end().len() + 1);
    text
}

/// What a person gets for a plan.
fn check(text: &str, expected: &Expect) {
    let text = dedent(text);
    let problems = match plan::parse(&text) {
        Ok(checked) => checked.warnings,
        Err(problems) => problems.to_vec(),
    };
    expected.assert_eq(&plan::render(&problems, "plan.yaml", &text, Color::Never));
}

/// What a person gets for the sound plan with one thing in another's place.
#[track_caller]
fn check_with(there: &str, instead: &str, expected: &Expect) {
    assert!(SOUND.contains(there), "`{there}` is not in the sound plan");
    check(&SOUND.replacen(there, instead, 1), expected);
}

/// What a person gets for the sound plan with something added at its end.
fn check_adding(part: &str, expected: &Expect) {
    check(
        &format!("{}\n{}", dedent(SOUND).trim_end(), dedent(part)),
        expected,
    );
}

#[test]
fn the_sound_plan_is_sound() {
    check(SOUND, &expect_test::expect![[""]]);
}

#[test]
fn every_code_has_a_plan_that_gets_it() {
    let sources = [
        include_str!("broken_plans/meaning.rs"),
        include_str!("broken_plans/numbers.rs"),
        include_str!("broken_plans/shape.rs"),
        include_str!("broken_plans/values.rs"),
        include_str!("broken_plans/warnings.rs"),
        include_str!("broken_plans/yaml.rs"),
    ];
    let shown = |code: &Code| {
        sources
            .iter()
            .any(|source| source.contains(&format!("[{code}]")))
    };
    // What parts would not fit together is found before this last check, so no text gets it.
    let missing: Vec<&Code> = Code::ALL
        .iter()
        .filter(|code| **code != Code::Unsound && !shown(code))
        .collect();
    assert_eq!(missing, Vec::<&Code>::new());
}
