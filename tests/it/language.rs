//! What is written in a plan, and the types it becomes.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use domain::plan::Plan;
use expect_test::{Expect, expect};

/// A plan that says little, to which a part is added.
const LITTLE: &str = "\
service: booking
routes:
  web: { lambda_alias: { function: booking, alias: live, stable: 41, canary: 42 } }
phases: [{ name: all, weight: 100%, bake: 1h }]
";

/// Reads the plan with a part added, and shows what has become of it.
fn check(part: &str, show: impl Fn(&Plan) -> String, expected: &Expect) {
    check_whole(&format!("{LITTLE}{part}"), show, expected);
}

/// Reads a whole plan, and shows what has become of it.
fn check_whole(text: &str, show: impl Fn(&Plan) -> String, expected: &Expect) {
    let shown = match plan::parse(text) {
        Ok(checked) => show(&checked.plan),
        Err(problems) => problems.to_string(),
    };
    expected.assert_eq(&shown);
}

fn lines<T: std::fmt::Debug>(items: impl IntoIterator<Item = T>) -> String {
    let lines: Vec<String> = items
        .into_iter()
        .map(|item| format!("{item:?}\n"))
        .collect();
    lines.concat()
}

#[test]
fn routes() {
    let text = r#"
service: booking
routes:
  rule: { alb: { rule: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/w/1/2/3", stable: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/1", canary: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/b/1", priority: 7 } }
  default: { alb: { listener: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/w/1/2", stable: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/1", canary: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/b/1", mode: in_place } }
  dns: { route53: { zone: /hostedzone/Z1, name: 発表.com., types: [AAAA, A], stable: Legacy, canary: New } }
  alias: { lambda_alias: { function: "arn:aws:lambda:eu-west-1:123456789012:function:f", alias: live, stable: 41, canary: 42 } }
phases: [{ name: all, weight: 100%, bake: 1h }]
"#;
    check_whole(
        text,
        |plan| lines(&plan.routes),
        &expect![[r#"
        (alias, LambdaAlias(LambdaAliasRoute { function: "arn:aws:lambda:eu-west-1:123456789012:function:f", alias: "live", stable: "41", canary: "42" }))
        (default, Alb(AlbRoute { base: Default("arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/w/1/2"), mode: InPlace, stable: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/1", canary: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/b/1" }))
        (dns, Route53(Route53Route { zone: "Z1", name: "xn--6wym69a.com", types: {A, Aaaa}, stable: "Legacy", canary: "New", ttl: 1m }))
        (rule, Alb(AlbRoute { base: Rule("arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/w/1/2/3"), mode: Owned { priority: 7 }, stable: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/1", canary: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/b/1" }))
    "#]],
    );
}

#[test]
fn metrics() {
    let text = r#"
service: booking
routes:
  web: { alb: { rule: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/w/1/2/3", stable: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/1", canary: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/b/1", priority: 7 } }
metrics:
  errors:       { alb: web, measure: 5xx_ratio, min_requests: 200 }
  availability: { alb: web, measure: success_ratio }
  p99_9:        { alb: web, measure: latency_p99.9, window: 1h }
  complaints:   { cloudwatch: { namespace: Support, name: Complaints, stat: Sum } }
  memory:
    cloudwatch: { namespace: A, name: B, stat: tm90, unit: MiB, canary: { Side: new }, stable: { Side: old }, absent: zero }
    min_points: 3
phases: [{ name: all, weight: 100%, bake: 1h }]
"#;
    check_whole(
        text,
        |plan| lines(&plan.metrics),
        &expect![[r#"
        (availability, Metric { source: Alb { route: web, measure: SuccessRatio }, window: 5m, min_requests: 100 })
        (complaints, Metric { source: CloudWatch(CloudWatchMetric { namespace: "Support", name: "Complaints", statistic: "Sum", dimension: Count, micros_in_unit: 1000000, canary: {}, stable: None, absent: Unknown }), window: 5m, min_requests: 1 })
        (errors, Metric { source: Alb { route: web, measure: ServerErrorRatio }, window: 5m, min_requests: 200 })
        (memory, Metric { source: CloudWatch(CloudWatchMetric { namespace: "A", name: "B", statistic: "tm90", dimension: Data, micros_in_unit: 1048576000000, canary: {"Side": "new"}, stable: Some({"Side": "old"}), absent: Zero }), window: 5m, min_requests: 3 })
        (p99_9, Metric { source: Alb { route: web, measure: Latency { permille: 999 } }, window: 1h, min_requests: 10000 })
    "#]],
    );
}

#[test]
fn weights_of_routes_that_are_not_named_stay() {
    let text = "
service: booking
routes:
  a: { lambda_alias: { function: a, alias: live, stable: 1, canary: 2 } }
  b: { lambda_alias: { function: b, alias: live, stable: 1, canary: 2 } }
phases:
  - { name: one, weights: { a: 12.5% }, bake: 1h30m }
  - { name: two, weights: { b: 50% }, bake: 2d12h }
  - { name: all, weight: 100%, bake: 90s }
";
    let show = |plan: &Plan| {
        lines(
            plan.phases
                .iter()
                .map(|phase| (phase.weights.to_string(), phase.bake)),
        )
    };
    check_whole(
        text,
        show,
        &expect![[r#"
        ("a 12.5%, b 0%", 1h 30m)
        ("a 12.5%, b 50%", 60h)
        ("100%", 1m 30s)
    "#]],
    );
}

#[test]
fn gates() {
    let text = r#"
service: booking
routes: { web: { lambda_alias: { function: booking, alias: live, stable: 41, canary: 42 } } }
metrics:
  errors: { cloudwatch: { namespace: A, name: B, stat: Average, unit: percent, canary: { S: new }, stable: { S: old } } }
phases:
  - name: all
    weight: 100%
    bake: 1h
    within: 2h
    require: ["errors < 0.1%", "errors <= 1.1 x stable for 5m"]
    limits: { failures: 3, consecutive_failures: 2, errors: 4, passes: 2, then: rollback }
    approval: { from: [leads], needed: 2, expires: 1d, otherwise: rollback }
    checklist: [the backup is done, { name: told, text: everyone knows }]
    before: [page]
hooks: { page: { webhook: "https://example.com/x", timeout: 30s, attempts: 3, on_failure: ignore } }
groups: { leads: [aiko, ben] }
"#;
    let show = |plan: &Plan| lines(&plan.phases) + &lines(&plan.hooks);
    check_whole(
        text,
        show,
        &expect![[r#"
            Phase { name: all, weights: Weights({web: Weight(1000)}), bake: 1h, within: Some(2h), require: [Condition { metric: errors, op: Less, limit: Fixed(Quantity { micros: 1000, dimension: Ratio }), lasting: None }, Condition { metric: errors, op: AtMost, limit: Stable { factor_milli: 1100 }, lasting: Some(5m) }], rollback: [], limits: GateLimits { failures: Some(3), consecutive_failures: Some(2), errors: Some(4), then: Rollback, passes: 2 }, approval: Some(Approval { from: [leads], needed: 2, expires: Some(24h), otherwise: Rollback, four_eyes: Required }), checklist: [ChecklistItem { name: the-backup-is-done, text: "the backup is done" }, ChecklistItem { name: told, text: "everyone knows" }], before: [page], after: [] }
            (page, Hook { run: Webhook("https://example.com/x"), timeout: 30s, attempts: 3, on_failure: Ignore })
        "#]],
    );
}

#[test]
fn what_is_said_about_the_whole_rollout() {
    let both = |plan: &Plan| format!("{:?}\n{:?}\n", plan.watch, plan.rollback);
    check(
        "watch: 24h\nrollback: { within: 3m, drain: 0s }\n",
        both,
        &expect![[r#"
            Some(Watch { lasts: 24h, require: [], rollback: [] })
            RollbackPolicy { within: 3m, drain: Some(0s), hooks: [] }
        "#]],
    );
    let severities = |plan: &Plan| format!("{:?}\n", plan.severities);
    check(
        "severities: { high: { within: 2h, otherwise: hold } }\n",
        severities,
        &expect![[r#"
            SeverityPolicy { high: Deadline { within: 2h, otherwise: Hold, remind: None }, medium: Deadline { within: 24h, otherwise: Hold, remind: None } }
        "#]],
    );
    let end = |plan: &Plan| {
        format!(
            "{:?} {:?} {:?}\n",
            plan.finish, plan.fast_track, plan.locale
        )
    };
    check(
        "",
        end,
        &expect![[r#"
        Auto 24h En
    "#]],
    );
    check(
        "finish: manual\nfast_track: 1w\nlocale: ja\n",
        end,
        &expect![[r#"
        Manual 168h Ja
    "#]],
    );
}

#[test]
fn the_calendar_and_who_is_told() {
    let calendar = |plan: &Plan| lines(&plan.calendar.only_in) + &lines(&plan.calendar.freezes);
    check(
        "calendar: { zone: Asia/Tokyo, only_in: [{ days: [tue], from: \"10:00\", to: \"14:00\" }], freeze: [{ name: year-end, from: 12-28, to: 01-03 }, { name: once, from: 2027-04-29, to: 2027-05-05 }] }\n",
        calendar,
        &expect![[r#"
            Window { days: [Tuesday], opens: 10:00:00, shuts: 14:00:00 }
            Freeze { name: "year-end", from: Day { year: None, month: 12, day: 28 }, to: Day { year: None, month: 1, day: 3 } }
            Freeze { name: "once", from: Day { year: Some(2027), month: 4, day: 29 }, to: Day { year: Some(2027), month: 5, day: 5 } }
        "#]],
    );
    check(
        "notify: [{ slack: \"#x\", from: critical }, { sns: \"arn:aws:sns:eu-west-1:123456789012:t\" }, { sms: \"+819012345678\", hours: \"22:00-07:00\" }, { amazon_q: \"arn:aws:sns:eu-west-1:123456789012:q\", silent_until: 2027-01-04T09:00:00+09:00 }]\n",
        |plan| lines(&plan.notify.channels),
        &expect![[r##"
            Channel { kind: Slack, to: "#x", from: Critical, hours: None, silent_until: None }
            Channel { kind: Sns, to: "arn:aws:sns:eu-west-1:123456789012:t", from: Low, hours: None, silent_until: None }
            Channel { kind: Sms, to: "+819012345678", from: Low, hours: Some(Hours { from: 22:00:00, to: 07:00:00 }), silent_until: None }
            Channel { kind: AmazonQ, to: "arn:aws:sns:eu-west-1:123456789012:q", from: Low, hours: None, silent_until: Some(2027-01-04T00:00:00Z) }
        "##]],
    );
}

#[test]
fn json_is_a_plan_too() {
    let text = r#"{"service":"booking","routes":{"web":{"lambda_alias":{"function":"booking","alias":"live","stable":41,"canary":42}}},"phases":[{"name":"all","weight":"100%","bake":"1h"}]}"#;
    check_whole(
        text,
        |plan| format!("{:?}", plan.service),
        &expect![["booking"]],
    );
}
