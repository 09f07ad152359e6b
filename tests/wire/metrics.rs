//! Metrics as they are put are metrics as they are read: sums, percentiles, and what is absent.
//!
//! The emulator counts periods from the hour and AWS from the beginning that is asked for, so the windows here begin
//! at a multiple of their length, where both are the same.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use aws::metrics::Metrics;
use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, MetricDatum},
};
use domain::{
    judge::{Query, Reading, Side, Window},
    name::MetricName,
    plan::Plan,
    time::{SignedDuration, Timestamp, earlier, later},
};
use engine::ports::Metrics as _;
use expect_test::{Expect, expect};

use crate::bed::Bed;

/// A plan whose load balancer and namespace nobody else's test has.
fn plan(test: &str) -> Plan {
    let place = "arn:aws:elasticloadbalancing:us-east-1:000000000000";
    let yaml = format!(
        "
service: shop
routes:
  web:
    alb:
      rule: {place}:listener-rule/app/{test}/1/2/3
      stable: {place}:targetgroup/{test}-old/1
      canary: {place}:targetgroup/{test}-new/2
      priority: 10
metrics:
  errors:   {{ alb: web, measure: 5xx_ratio }}
  refused:  {{ alb: web, measure: 4xx_ratio }}
  fine:     {{ alb: web, measure: success_ratio }}
  p95:      {{ alb: web, measure: latency_p95 }}
  requests: {{ alb: web, measure: requests }}
  orders:   {{ cloudwatch: {{ namespace: {test}, name: Orders, stat: Sum }} }}
  lost:     {{ cloudwatch: {{ namespace: {test}, name: Lost, stat: Sum, absent: zero }} }}
  cpu:      {{ cloudwatch: {{ namespace: {test}, name: Cpu, stat: Average, unit: percent, canary: {{ Side: new }}, stable: {{ Side: old }} }} }}
  wait:     {{ cloudwatch: {{ namespace: {test}, name: Wait, stat: Maximum, unit: ms }} }}
phases:
  - {{ name: all, weight: 100%, bake: 10m, require: [ \"errors < 1%\" ] }}
"
    );
    match plan::parse(&yaml) {
        Ok(checked) => checked.plan,
        Err(problems) => panic!(
            "{}",
            plan::render(&problems, "plan", &yaml, plan::Color::Never)
        ),
    }
}

/// Five minutes that ended some time ago.
fn window() -> Window {
    let ago = earlier(Timestamp::now(), SignedDuration::from_mins(15)).as_second();
    let from = Timestamp::from_second(ago / 300 * 300).expect("now is within time");
    let to = later(from, SignedDuration::from_mins(5));
    Window { from, to }
}

/// Values of a metric in a minute of the window.
struct Put<'a> {
    namespace: &'a str,
    name: &'a str,
    dimensions: &'a [(&'a str, &'a str)],
    minute: i64,
    values: &'a [f64],
}

async fn put(bed: &Bed, window: Window, put: Put<'_>) {
    let dimensions = put.dimensions.iter();
    let dimensions = dimensions
        .map(|(name, value)| Dimension::builder().name(*name).value(*value).build())
        .collect();
    let at = window.from.as_second() + put.minute * 60 + 7;
    let datum = MetricDatum::builder()
        .metric_name(put.name)
        .set_dimensions(Some(dimensions))
        .timestamp(DateTime::from_secs(at))
        .set_values(Some(put.values.to_vec()))
        .build();
    let client = bed.clients().cloudwatch;
    let put = client.put_metric_data().namespace(put.namespace);
    put.metric_data(datum).send().await.expect("data is taken");
}

/// Values of a side of the test's load balancer in a minute.
type Served<'a> = (Side, &'a str, i64, &'a [f64]);

async fn serve(bed: &Bed, window: Window, test: &str, served: &[Served<'_>]) {
    let balancer = format!("app/{test}/1");
    for (side, name, minute, values) in served {
        let group = match side {
            Side::Canary => format!("targetgroup/{test}-new/2"),
            Side::Stable => format!("targetgroup/{test}-old/1"),
        };
        let served = Put {
            namespace: "AWS/ApplicationELB",
            name,
            dimensions: &[("LoadBalancer", &balancer), ("TargetGroup", &group)],
            minute: *minute,
            values,
        };
        put(bed, window, served).await;
    }
}

/// What metrics of a side read as, one a line.
async fn check(
    bed: &Bed,
    plan: &Plan,
    window: Window,
    questions: &[(&str, Side)],
    expected: Expect,
) {
    let queries: Vec<Query> = questions
        .iter()
        .map(|(metric, side)| Query {
            metric: MetricName::new(metric).expect("a name"),
            side: *side,
            window,
        })
        .collect();
    let metrics = Metrics::new(bed.clients().cloudwatch);
    let readings = metrics.read(plan, &queries).await;
    let lines: Vec<String> = queries.iter().zip(&readings).map(line).collect();
    expected.assert_eq(&lines.join("\n"));
}

fn line((query, reading): (&Query, &Reading)) -> String {
    let reading = match reading {
        Reading::Ratio { part, whole } => format!("{part} of {whole}"),
        Reading::Value { value, samples } => format!("{value} of {samples}"),
        Reading::Absent => "absent".to_owned(),
        Reading::Failed(why) => format!("failed: {why}"),
    };
    format!("{} on {:?}: {reading}", query.metric, query.side)
}

#[test]
fn each_side_of_a_load_balancer_is_read_by_itself() {
    let bed = Bed::shared();
    let (test, window) = ("sides", window());
    let times: Vec<f64> = (1..=100)
        .map(|hundredth| f64::from(hundredth) / 100.0)
        .collect();
    let (canary, stable) = (Side::Canary, Side::Stable);
    let served: [Served<'_>; 10] = [
        (canary, "RequestCount", 0, &[300.0, 100.0]),
        (canary, "RequestCount", 4, &[600.0]),
        // The minutes beside the window.
        (canary, "RequestCount", -1, &[5000.0]),
        (canary, "RequestCount", 5, &[5000.0]),
        (canary, "HTTPCode_Target_5XX_Count", 4, &[3.0]),
        (canary, "TargetConnectionErrorCount", 0, &[2.0]),
        (stable, "RequestCount", 2, &[9000.0]),
        (stable, "HTTPCode_Target_4XX_Count", 2, &[9.0]),
        (canary, "TargetResponseTime", 1, &times[..50]),
        (canary, "TargetResponseTime", 3, &times[50..]),
    ];
    bed.run(async {
        serve(bed, window, test, &served).await;
        check(
            bed,
            &plan(test),
            window,
            &[
                ("errors", canary),
                ("errors", stable),
                ("fine", canary),
                ("refused", canary),
                ("refused", stable),
                ("requests", canary),
                ("p95", canary),
                ("p95", stable),
            ],
            expect![[r#"
                errors on Canary: 5 of 1000
                errors on Stable: 0 of 9000
                fine on Canary: 995 of 1000
                refused on Canary: 0 of 1000
                refused on Stable: 9 of 9000
                requests on Canary: 1000 of 1000
                p95 on Canary: 950.5ms of 1000
                p95 on Stable: absent"#]],
        )
        .await;
    });
}

#[test]
fn other_metrics_are_read_in_their_own_units() {
    let bed = Bed::shared();
    let (test, window) = ("others", window());
    bed.run(async {
        let plain = |name, minute, values| Put {
            namespace: test,
            name,
            dimensions: &[],
            minute,
            values,
        };
        put(bed, window, plain("Orders", 0, &[2.0, 3.0])).await;
        put(bed, window, plain("Orders", 3, &[0.5])).await;
        put(bed, window, plain("Wait", 1, &[20.0, 1500.0])).await;
        let cpu = |minute, values| Put {
            namespace: test,
            name: "Cpu",
            dimensions: &[("Side", "new")],
            minute,
            values,
        };
        // Four values make the average, not the two minutes.
        put(bed, window, cpu(0, &[10.0])).await;
        put(bed, window, cpu(2, &[50.0, 50.0, 50.0])).await;
        check(
            bed,
            &plan(test),
            window,
            &[
                ("orders", Side::Canary),
                ("lost", Side::Canary),
                ("cpu", Side::Canary),
                ("cpu", Side::Stable),
                ("wait", Side::Canary),
                ("wait", Side::Stable),
            ],
            expect![[r#"
                orders on Canary: 5.5 of 2
                lost on Canary: 0 of 1
                cpu on Canary: 40% of 2
                cpu on Stable: absent
                wait on Canary: 1.5s of 1
                wait on Stable: failed: the metric wait has no dimensions for stable"#]],
        )
        .await;
    });
}

#[test]
fn without_traffic_nothing_is_known() {
    let bed = Bed::shared();
    bed.run(check(
        bed,
        &plan("silent"),
        window(),
        &[
            ("errors", Side::Canary),
            ("fine", Side::Canary),
            ("requests", Side::Canary),
            ("p95", Side::Canary),
            ("orders", Side::Canary),
        ],
        expect![[r#"
            errors on Canary: absent
            fine on Canary: absent
            requests on Canary: absent
            p95 on Canary: absent
            orders on Canary: absent"#]],
    ));
}
