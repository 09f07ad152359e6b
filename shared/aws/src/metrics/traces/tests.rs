//! Lines over time, from what `CloudWatch` answers.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::{collections::BTreeMap, fmt::Write as _};

use domain::time::{SignedDuration, later};
use expect_test::{Expect, expect};

use super::*;

const PLAN: &str = "
service: shop
routes:
  web:
    alb:
      rule: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/web/50dc/f2f7/9683
      stable: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/aaaa
      canary: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/new/bbbb
      priority: 10
metrics:
  errors: { alb: web, measure: 5xx_ratio }
  fine:   { alb: web, measure: success_ratio }
  p95:    { alb: web, measure: latency_p95 }
  rate:   { alb: web, measure: requests }
  lost:   { cloudwatch: { namespace: Shop, name: Lost, stat: Sum, absent: zero } }
  cpu:    { cloudwatch: { namespace: Shop, name: Cpu, stat: Average, unit: percent } }
phases:
  - { name: all, weight: 100%, bake: 10m, require: [ \"errors < 1%\" ] }
";

fn noon() -> Timestamp {
    Timestamp::from_second(1_795_608_000).unwrap()
}

fn minute(at: i64) -> Timestamp {
    later(noon(), SignedDuration::from_mins(at))
}

/// What a metric's lines are for four minutes, of series by their names and statistics.
fn check(metric: &str, table: &[(&str, &[(i64, f64)])], expected: &Expect) {
    let plan = plan::parse(PLAN).unwrap().plan;
    let span = Window {
        from: noon(),
        to: minute(4),
    };
    let metric = MetricName::new(metric).unwrap();
    let asked = lines(&plan, &[metric], span, 60, Some("eu-west-1"));
    let recipes = asked.iter().map(|line| line.recipe.as_ref().unwrap());
    let fetches = recipes.flat_map(|recipe| recipe.needs().map(|(fetch, _)| fetch.clone()));
    let answers: Answers = fetches
        .map(|fetch| {
            assert_eq!(fetch.grain.period(), 60);
            let name = format!("{} {}", fetch.series.name, fetch.series.statistic);
            let values = table.iter().find(|(found, _)| *found == name);
            let values = values.map_or(&[][..], |(_, values)| values);
            let points = values.iter().map(|(at, value)| (minute(*at), *value));
            (fetch, Ok(points.collect()))
        })
        .collect();
    let mut said = String::new();
    for trace in traced(asked, &answers, 60) {
        let points = trace.points.unwrap();
        let points: Vec<String> = points
            .iter()
            .map(|(at, value)| {
                let minutes = at.duration_since(noon()).as_mins();
                format!("{minutes}: {value}")
            })
            .collect();
        writeln!(said, "{:?} {}", trace.side, points.join(", ")).unwrap();
    }
    expected.assert_eq(&said);
}

#[test]
fn a_share_has_a_point_wherever_there_was_traffic() {
    let table: [(&str, &[(i64, f64)]); 3] = [
        ("RequestCount Sum", &[(0, 200.0), (1, 100.0), (3, 50.0)]),
        ("HTTPCode_Target_5XX_Count Sum", &[(1, 1.0)]),
        ("TargetConnectionErrorCount Sum", &[(2, 3.0)]),
    ];
    check(
        "errors",
        &table,
        &expect![[r#"
        Canary 0: 0, 1: 0.01, 2: 1, 3: 0
        Stable 0: 0, 1: 0.01, 2: 1, 3: 0
    "#]],
    );
    check(
        "fine",
        &table,
        &expect![[r#"
        Canary 0: 1, 1: 0.99, 2: 0, 3: 1
        Stable 0: 1, 1: 0.99, 2: 0, 3: 1
    "#]],
    );
    check(
        "rate",
        &table,
        &expect![[r#"
        Canary 0: 200, 1: 100, 3: 50
        Stable 0: 200, 1: 100, 3: 50
    "#]],
    );
}

#[test]
fn a_latency_is_in_seconds_and_other_metrics_in_their_unit() {
    check(
        "p95",
        &[("TargetResponseTime p95", &[(1, 0.25), (2, 0.5)])],
        &expect![[r#"
            Canary 1: 0.25, 2: 0.5
            Stable 1: 0.25, 2: 0.5
        "#]],
    );
    check(
        "cpu",
        &[("Cpu Average", &[(1, 50.0)])],
        &expect![[r#"
        Canary 1: 0.5
    "#]],
    );
    check(
        "lost",
        &[("Lost Sum", &[(2, 4.0)])],
        &expect![[r#"
        Canary 0: 0, 1: 0, 2: 4, 3: 0
    "#]],
    );
}

#[test]
fn a_number_that_is_none_spoils_its_line() {
    let plan = plan::parse(PLAN).unwrap().plan;
    let span = Window {
        from: noon(),
        to: minute(4),
    };
    let metrics = [
        MetricName::new("p95").unwrap(),
        MetricName::new("none").unwrap(),
    ];
    let asked = lines(&plan, &metrics, span, 60, Some("eu-west-1"));
    let why: Vec<String> = traced(asked, &BTreeMap::new(), 60)
        .into_iter()
        .map(|trace| trace.points.unwrap_err())
        .collect();
    assert_eq!(
        why,
        [
            "TargetResponseTime was not asked for",
            "TargetResponseTime was not asked for",
            "there is no metric none"
        ]
    );
}

#[test]
fn a_long_time_has_longer_steps() {
    let check = |hours: i64, expected: (i64, i64)| {
        let from = minute(7);
        let to = later(from, SignedDuration::from_hours(hours));
        let (window, step) = stepped(Window { from, to });
        let points = window.to.duration_since(window.from).as_secs() / step;
        assert_eq!((step, points), expected, "{hours} hours");
        assert_eq!(window.from.as_second() % step, 0);
        assert!(window.to >= to);
    };
    check(1, (60, 60));
    check(3, (60, 180));
    check(4, (300, 49));
    check(24, (900, 97));
    check(24 * 14, (10_800, 113));
    check(24 * 400, (86_400, 200));
}
