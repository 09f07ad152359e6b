//! What is read of a load balancer and of other metrics, and what is no evidence.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::fmt::Write as _;

use aws_sdk_cloudwatch::{
    operation::get_metric_data::GetMetricDataOutput,
    types::{MessageData, MetricDataResult, StatusCode},
};
use domain::{
    judge::{Side, Window},
    name::MetricName,
    time::{SignedDuration, later},
};
use expect_test::{Expect, expect};
use plan::Color;
use serde_json::json;

use super::*;
use crate::script::{Answer, Script, run};

const PLAN: &str = "
service: shop
routes:
  web:
    alb:
      rule: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/web/50dc/f2f7/9683
      stable: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/aaaa
      canary: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/new/bbbb
      priority: 10
  fn: { lambda_alias: { function: shop, alias: live, stable: 1, canary: 2 } }
metrics:
  errors:   { alb: web, measure: 5xx_ratio }
  refused:  { alb: web, measure: 4xx_ratio }
  fine:     { alb: web, measure: success_ratio }
  p95:      { alb: web, measure: latency_p95 }
  p999:     { alb: web, measure: latency_p99.9, window: 10m }
  requests: { alb: web, measure: requests }
  orders:   { cloudwatch: { namespace: Shop, name: Orders, stat: Sum, canary: { Side: new } } }
  lost:     { cloudwatch: { namespace: Shop, name: Lost, stat: Sum, absent: zero } }
  cpu:      { cloudwatch: { namespace: Shop, name: Cpu, stat: Average, unit: percent, canary: { Side: new }, stable: { Side: old } } }
  rare:     { cloudwatch: { namespace: Shop, name: Rare, stat: Average, absent: zero } }
  peak:     { cloudwatch: { namespace: Shop, name: Wait, stat: Maximum, unit: ms } }
phases:
  - { name: all, weight: 100%, bake: 10m, require: [ \"errors < 1%\" ] }
";

const NOON: i64 = 1_795_608_000;

fn plan() -> Plan {
    match plan::parse(PLAN) {
        Ok(checked) => checked.plan,
        Err(problems) => panic!("{}", plan::render(&problems, "plan", PLAN, Color::Never)),
    }
}

fn minute(at: i64) -> Timestamp {
    Timestamp::from_second(NOON + at * 60).unwrap()
}

/// The minutes from `from` to `to` after noon.
fn query(metric: &str, side: Side, from: i64, to: i64) -> Query {
    Query {
        metric: MetricName::new(metric).unwrap(),
        side,
        window: Window {
            from: minute(from),
            to: minute(to),
        },
    }
}

/// A metric's statistic, and its values: the minute after noon that each begins at.
type Table<'a> = &'a [(&'a str, &'a [(i64, f64)])];

fn result(id: &str, values: &[(i64, f64)]) -> MetricDataResult {
    let times = values.iter().map(|(at, _)| date_time(minute(*at)));
    MetricDataResult::builder()
        .id(id)
        .status_code(StatusCode::Complete)
        .set_timestamps(Some(times.collect()))
        .set_values(Some(values.iter().map(|(_, value)| *value).collect()))
        .build()
}

fn answered(call: Call, page: impl Fn(&str, &str) -> Option<MetricDataResult>) -> Answers {
    let queries = call.queries();
    let results = queries.iter().filter_map(|query| {
        let stat = query.metric_stat()?;
        let name = stat.metric()?.metric_name()?;
        page(query.id()?, &format!("{name} {}", stat.stat()?))
    });
    let page = GetMetricDataOutput::builder()
        .set_metric_data_results(Some(results.collect()))
        .build();
    let mut pages = Pages::default();
    pages.turn(page);
    pages.close(call, None)
}

fn read_with(
    queries: &[Query],
    page: impl Fn(&str, &str) -> Option<MetricDataResult>,
) -> Vec<Reading> {
    let plan = plan();
    let recipes: Vec<_> = queries
        .iter()
        .map(|query| Recipe::of(&plan, query, Some("eu-west-1")))
        .collect();
    let needs = recipes.iter().flatten().flat_map(Recipe::needs);
    let answers: Answers = calls(needs)
        .into_iter()
        .flat_map(|call| answered(call, &page))
        .collect();
    recipes
        .into_iter()
        .map(|recipe| recipe.map_or_else(Reading::Failed, |recipe| recipe.reading(&answers)))
        .collect()
}

fn show(reading: &Reading) -> String {
    match reading {
        Reading::Ratio { part, whole } => format!("{part} of {whole}"),
        Reading::Value { value, samples } => format!("{value} of {samples}"),
        Reading::Absent => "absent".to_owned(),
        Reading::Failed(why) => format!("failed: {why}"),
    }
}

/// What a metric of the canary reads as, from noon to five past.
fn check(metric: &str, table: Table<'_>, expected: &Expect) {
    let query = query(metric, Side::Canary, 0, 5);
    let readings = read_with(&[query], |id, name| {
        let row = table.iter().find(|(found, _)| *found == name);
        Some(result(id, row.map_or(&[][..], |(_, values)| values)))
    });
    expected.assert_eq(&show(&readings[0]));
}

#[test]
fn a_share_is_made_of_sums() {
    let traffic: (&str, &[(i64, f64)]) = ("RequestCount Sum", &[(0, 400.0), (1, 0.0), (4, 600.0)]);
    let errors: (&str, &[(i64, f64)]) = ("HTTPCode_Target_5XX_Count Sum", &[(0, 3.0), (4, 4.0)]);
    let broken: (&str, &[(i64, f64)]) = ("TargetConnectionErrorCount Sum", &[(1, 5.0)]);
    check("errors", &[traffic, errors, broken], &expect!["12 of 1000"]);
    check("fine", &[traffic, errors, broken], &expect!["988 of 1000"]);
    check("refused", &[traffic, errors], &expect!["0 of 1000"]);
    check("requests", &[traffic], &expect!["1000 of 1000"]);
}

#[test]
fn what_lies_outside_of_the_window_is_not_counted() {
    let traffic: (&str, &[(i64, f64)]) = (
        "RequestCount Sum",
        &[(-1, 100.0), (0, 10.0), (4, 20.0), (5, 100.0)],
    );
    check("requests", &[traffic], &expect!["30 of 30"]);
}

#[test]
fn no_errors_are_zero_and_no_requests_are_nothing() {
    check(
        "errors",
        &[("RequestCount Sum", &[(2, 50.0)])],
        &expect!["0 of 50"],
    );
    check("errors", &[], &expect!["absent"]);
    check("fine", &[], &expect!["absent"]);
    check(
        "requests",
        &[("RequestCount Sum", &[(2, 0.0)])],
        &expect!["absent"],
    );
    check("p95", &[], &expect!["absent"]);
}

#[test]
fn a_side_that_nobody_can_connect_to_has_errors() {
    let broken: (&str, &[(i64, f64)]) = ("TargetConnectionErrorCount Sum", &[(1, 40.0)]);
    check("errors", &[broken], &expect!["40 of 40"]);
    check("fine", &[broken], &expect!["0 of 40"]);
    check(
        "errors",
        &[broken, ("RequestCount Sum", &[(1, 10.0)])],
        &expect!["40 of 40"],
    );
}

#[test]
fn a_percentile_is_asked_for_as_a_whole() {
    let traffic: (&str, &[(i64, f64)]) = ("RequestCount Sum", &[(0, 100.0), (3, 50.0)]);
    let time: (&str, &[(i64, f64)]) = ("TargetResponseTime p95", &[(0, 0.4321)]);
    check("p95", &[traffic, time], &expect!["432.1ms of 150"]);
    check("p95", &[time], &expect!["absent"]);
    check("p95", &[traffic], &expect!["absent"]);
    let other: (&str, &[(i64, f64)]) = ("TargetResponseTime p95", &[(1, 0.4)]);
    check(
        "p95",
        &[traffic, other],
        &expect![
            "failed: TargetResponseTime was answered for a period from 2026-11-25T12:01:00Z, not for the one from 2026-11-25T12:00:00Z to 2026-11-25T12:05:00Z"
        ],
    );
}

#[test]
fn another_metric_is_read_in_its_own_unit() {
    check(
        "orders",
        &[("Orders Sum", &[(0, 2.0), (1, 3.5)])],
        &expect!["5.5 of 2"],
    );
    check("orders", &[], &expect!["absent"]);
    check("lost", &[], &expect!["0 of 1"]);
    check("lost", &[("Lost Sum", &[(3, 7.0)])], &expect!["7 of 1"]);
    check(
        "peak",
        &[("Wait Maximum", &[(0, 20.0), (1, 1500.0), (2, 3.0)])],
        &expect!["1.5s of 3"],
    );
    let minutes: (&str, &[(i64, f64)]) = ("Cpu SampleCount", &[(0, 12.0), (4, 12.0)]);
    check(
        "cpu",
        &[minutes, ("Cpu Average", &[(0, 61.5)])],
        &expect!["61.5% of 2"],
    );
    // There is data, but the statistic cannot be had of it.
    check("cpu", &[minutes], &expect!["absent"]);
    check("rare", &[], &expect!["0 of 1"]);
    let minutes: (&str, &[(i64, f64)]) = ("Rare SampleCount", &[(0, 12.0)]);
    check("rare", &[minutes], &expect!["absent"]);
}

#[test]
fn a_number_that_is_none_is_no_evidence() {
    let bad = |value| -> Vec<(i64, f64)> { vec![(0, 5.0), (1, value)] };
    check(
        "requests",
        &[("RequestCount Sum", &bad(f64::NAN))],
        &expect!["failed: RequestCount is NaN at 2026-11-25T12:01:00Z"],
    );
    check(
        "errors",
        &[("RequestCount Sum", &bad(f64::INFINITY))],
        &expect!["failed: RequestCount is inf at 2026-11-25T12:01:00Z"],
    );
    check(
        "errors",
        &[("HTTPCode_Target_5XX_Count Sum", &bad(-9.0))],
        &expect!["failed: HTTPCode_Target_5XX_Count is -4e0, no count"],
    );
    check(
        "requests",
        &[("RequestCount Sum", &bad(1e300))],
        &expect!["failed: RequestCount is 1e300, no count"],
    );
    check(
        "orders",
        &[("Orders Sum", &bad(1e300))],
        &expect!["failed: the value 1e300 cannot be used"],
    );
    check(
        "orders",
        &[("Orders Sum", &bad(f64::NEG_INFINITY))],
        &expect!["failed: Orders is -inf at 2026-11-25T12:01:00Z"],
    );
}

#[test]
fn what_is_not_complete_is_no_evidence() {
    let check = |status: Option<StatusCode>, said: Option<&str>, expected: Expect| {
        let readings = read_with(&[query("requests", Side::Canary, 0, 5)], |id, _| {
            let mut result = result(id, &[(0, 5.0)]);
            result.status_code = status.clone();
            result.messages =
                said.map(|said| vec![MessageData::builder().code("Code").value(said).build()]);
            Some(result)
        });
        expected.assert_eq(&show(&readings[0]));
    };
    check(
        Some(StatusCode::PartialData),
        None,
        expect!["failed: GetMetricData: RequestCount: PartialData: the data is not complete"],
    );
    check(
        Some(StatusCode::InternalError),
        Some("try again"),
        expect![
            "failed: GetMetricData: RequestCount: InternalError: the data is not complete (Code: try again)"
        ],
    );
    check(
        Some(StatusCode::Forbidden),
        None,
        expect![
            "failed: GetMetricData: RequestCount: Forbidden: the function's role lacks cloudwatch:GetMetricData, or the metric is another account's"
        ],
    );
    check(
        Some(StatusCode::from("Later")),
        None,
        expect!["failed: GetMetricData: RequestCount: Later: the data is not complete"],
    );
    check(
        None,
        None,
        expect!["failed: GetMetricData: RequestCount: without a status"],
    );
    let readings = read_with(&[query("requests", Side::Canary, 0, 5)], |_, _| None);
    expect!["failed: GetMetricData did not answer for RequestCount"].assert_eq(&show(&readings[0]));
    let readings = read_with(&[query("requests", Side::Canary, 0, 5)], |id, _| {
        let mut result = result(id, &[(0, 5.0)]);
        result.values = Some(vec![5.0, 6.0]);
        Some(result)
    });
    expect![
        "failed: GetMetricData: RequestCount: an answer whose times and values do not fit together"
    ]
    .assert_eq(&show(&readings[0]));
}

#[test]
fn a_question_that_cannot_be_asked_says_why() {
    let mut plan = plan();
    let check = |plan: &Plan, query: Query, region, expected: Expect| {
        let why = Recipe::of(plan, &query, region).map(|_| ()).unwrap_err();
        expected.assert_eq(&why);
    };
    let errors = query("errors", Side::Canary, 0, 5);
    check(
        &plan,
        query("none", Side::Canary, 0, 5),
        None,
        expect!["there is no metric none"],
    );
    check(
        &plan,
        query("orders", Side::Stable, 0, 5),
        None,
        expect!["the metric orders has no dimensions for stable"],
    );
    check(
        &plan,
        errors.clone(),
        Some("us-east-1"),
        expect![
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/web/50dc/f2f7/9683 is in eu-west-1, and metrics are read in us-east-1"
        ],
    );
    let alias = plan.routes.iter().find(|(name, _)| name.as_str() == "fn");
    let alias = alias.unwrap().1.clone();
    let web = plan.routes.keys().find(|name| name.as_str() == "web");
    let web = web.unwrap().clone();
    plan.routes.insert(web.clone(), alias);
    check(
        &plan,
        errors.clone(),
        None,
        expect!["the route web is no load balancer"],
    );
    plan.routes.remove(&web);
    check(&plan, errors, None, expect!["there is no route web"]);
}

/// The calls for questions: how long each looks, and what it asks for.
fn asked(queries: &[Query]) -> String {
    let plan = plan();
    let recipes: Vec<_> = queries
        .iter()
        .map(|query| Recipe::of(&plan, query, None).unwrap())
        .collect();
    let mut text = String::new();
    for call in calls(recipes.iter().flat_map(Recipe::needs)) {
        let from = (call.window.from.as_second() - NOON) / 60;
        let to = (call.window.to.as_second() - NOON) / 60;
        writeln!(text, "{from} to {to}:").unwrap();
        for fetch in call.fetches {
            let series = fetch.series;
            let last = series
                .dimensions
                .into_values()
                .next_back()
                .unwrap_or_default();
            let period = fetch.grain.period();
            writeln!(
                text,
                "  {} {} {period} s {last}",
                series.name, series.statistic
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn one_visit_is_one_call_and_asks_for_nothing_twice() {
    let mut queries = Vec::new();
    for metric in ["errors", "fine", "p95", "requests"] {
        queries.push(query(metric, Side::Canary, 0, 5));
        // The newest two minutes, one by one: `for 2m`.
        queries.push(query(metric, Side::Canary, 3, 4));
        queries.push(query(metric, Side::Canary, 4, 5));
    }
    queries.push(query("errors", Side::Stable, 0, 5));
    expect![[r#"
        0 to 5:
          HTTPCode_Target_5XX_Count Sum 60 s targetgroup/new/bbbb
          HTTPCode_Target_5XX_Count Sum 60 s targetgroup/old/aaaa
          RequestCount Sum 60 s targetgroup/new/bbbb
          RequestCount Sum 60 s targetgroup/old/aaaa
          TargetConnectionErrorCount Sum 60 s targetgroup/new/bbbb
          TargetConnectionErrorCount Sum 60 s targetgroup/old/aaaa
          TargetResponseTime p95 60 s targetgroup/new/bbbb
          TargetResponseTime p95 300 s targetgroup/new/bbbb
    "#]]
    .assert_eq(&asked(&queries));
}

#[test]
fn windows_of_other_lengths_have_calls_of_their_own() {
    let queries = [
        query("p95", Side::Canary, 5, 10),
        query("p999", Side::Canary, 0, 10),
        query("errors", Side::Canary, 2, 10),
    ];
    expect![[r#"
        0 to 10:
          HTTPCode_Target_5XX_Count Sum 60 s targetgroup/new/bbbb
          RequestCount Sum 60 s targetgroup/new/bbbb
          TargetConnectionErrorCount Sum 60 s targetgroup/new/bbbb
          TargetResponseTime p99.9 600 s targetgroup/new/bbbb
        5 to 10:
          TargetResponseTime p95 300 s targetgroup/new/bbbb
    "#]]
    .assert_eq(&asked(&queries));
    let minutes = [
        query("p95", Side::Canary, 5, 10),
        query("errors", Side::Canary, 2, 10),
    ];
    expect![[r#"
        2 to 10:
          HTTPCode_Target_5XX_Count Sum 60 s targetgroup/new/bbbb
          RequestCount Sum 60 s targetgroup/new/bbbb
          TargetConnectionErrorCount Sum 60 s targetgroup/new/bbbb
        5 to 10:
          TargetResponseTime p95 300 s targetgroup/new/bbbb
    "#]]
    .assert_eq(&asked(&minutes));
}

#[test]
fn a_call_has_at_most_500_queries() {
    let needs: Vec<(series::Fetch, Window)> = (0..1001)
        .map(|at| {
            let series = series::Series {
                namespace: "Shop".to_owned(),
                name: format!("m{at:04}"),
                dimensions: std::collections::BTreeMap::new(),
                statistic: "Sum".to_owned(),
            };
            let window = Window {
                from: minute(0),
                to: later(minute(0), SignedDuration::from_mins(5)),
            };
            (
                series::Fetch {
                    series,
                    grain: series::Grain::Minute,
                },
                window,
            )
        })
        .collect();
    let calls = calls(needs.iter().map(|(fetch, window)| (fetch, *window)));
    let sizes: Vec<usize> = calls.iter().map(|call| call.fetches.len()).collect();
    assert_eq!(sizes, [500, 500, 1]);
}

fn page(values: &[(i64, f64)], status: &str, next: Option<&str>) -> Answer {
    let times: Vec<_> = values
        .iter()
        .map(|(at, _)| json!({ "$at": NOON + at * 60 }))
        .collect();
    let values: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    let result = json!({ "Id": "q0", "StatusCode": status, "Timestamps": times, "Values": values });
    Answer::Cbor(
        200,
        json!({ "MetricDataResults": [result], "NextToken": next }),
    )
}

fn read(answers: impl IntoIterator<Item = Answer>) -> (String, Vec<crate::script::Asked>) {
    let script = Script::new(answers);
    let metrics = Metrics::new(Client::new(&script.config()));
    let queries = [query("requests", Side::Canary, 0, 5)];
    let readings = run(ports::Metrics::read(&metrics, &plan(), &queries));
    (show(&readings[0]), script.asked())
}

#[test]
fn pages_are_turned_to_the_end() {
    let (reading, asked) = read([
        page(&[(0, 10.0), (1, 20.0)], "PartialData", Some("page-two")),
        page(&[(2, 30.0)], "Complete", None),
    ]);
    assert_eq!(reading, "60 of 60");
    let tokens: Vec<bool> = asked.iter().map(|asked| asked.says("page-two")).collect();
    assert_eq!(tokens, [false, true]);
}

#[test]
fn a_page_that_does_not_come_spoils_all() {
    let (reading, _) = read([
        page(&[(0, 10.0)], "PartialData", Some("page-two")),
        Answer::Refusal,
    ]);
    expect!["failed: GetMetricData could not be sent"].assert_eq(&reading);
    let endless = (0..PAGES_MAX).map(|_| page(&[(0, 1.0)], "Complete", Some("more")));
    let (reading, _) = read(endless);
    expect!["failed: GetMetricData was not complete after 40 pages"].assert_eq(&reading);
}

#[test]
fn a_right_that_is_missing_is_named() {
    let denied = json!({ "__type": "com.amazonaws.cloudwatch#AccessDenied", "message": "User is not authorized" });
    let (reading, asked) = read([Answer::Cbor(403, denied)]);
    expect!["failed: GetMetricData: AccessDenied User is not authorized; the function's role lacks cloudwatch:GetMetricData"].assert_eq(&reading);
    assert_eq!(asked.len(), 1);
}
