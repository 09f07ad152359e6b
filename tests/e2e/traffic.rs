//! What the load balancer does and reports: weights, targets, metrics and alarms.

use std::time::{Duration, Instant, SystemTime};

use aws::client::Clients;
use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, MetricDatum, StateValue},
};
use aws_sdk_elasticloadbalancingv2::types::{Rule, TargetDescription, TargetGroupTuple};

use crate::bed::Bed;

/// Between two looks at the weights: what a measured time may be too long by.
const LOOK: Duration = Duration::from_millis(50);

/// A route of a plan, as Terraform made it.
pub(crate) struct Side {
    bed: &'static Bed,
    /// The listener's ARN, of both rules.
    listener: String,
    pub(crate) stable: String,
    pub(crate) canary: String,
}

impl Side {
    /// The route whose base rule this is.
    pub(crate) fn new(bed: &'static Bed, rule: &str, stable: &str, canary: &str) -> Self {
        let (listener, _) = rule.rsplit_once('/').expect("an ARN of a rule");
        Self {
            bed,
            listener: listener.replace("listener-rule", "listener"),
            stable: stable.to_owned(),
            canary: canary.to_owned(),
        }
    }

    /// Gives both sides a target. The emulator takes every target for healthy.
    pub(crate) fn register(&self) {
        self.bed.run(async {
            let balancers = self.bed.clients().balancers;
            for group in [&self.stable, &self.canary] {
                balancers
                    .register_targets()
                    .target_group_arn(group)
                    .targets(
                        TargetDescription::builder()
                            .id("10.0.0.7")
                            .port(8080)
                            .build(),
                    )
                    .send()
                    .await
                    .expect("RegisterTargets");
            }
        });
    }

    /// What the canary has of a thousand requests; nothing while there is no rule for it.
    pub(crate) fn weight(&self) -> Option<i32> {
        let clients = self.bed.clients();
        self.bed.run(self.weight_now(&clients))
    }

    async fn weight_now(&self, clients: &Clients) -> Option<i32> {
        let rules = clients
            .balancers
            .describe_rules()
            .listener_arn(&self.listener)
            .send()
            .await
            .expect("DescribeRules");
        let weights = |rule: &Rule| -> Option<i32> {
            let groups = rule.actions().first()?.forward_config()?.target_groups();
            let weight = |group: &str| {
                let found = groups
                    .iter()
                    .find(|one| one.target_group_arn() == Some(group));
                found.and_then(TargetGroupTuple::weight)
            };
            let (stable, canary) = (weight(&self.stable)?, weight(&self.canary)?);
            Some(1000 * canary / (stable + canary).max(1))
        };
        rules.rules().iter().find_map(weights)
    }

    /// Waits until the canary has this weight.
    pub(crate) fn until(&self, within: Duration, wanted: Option<i32>) {
        let began = Instant::now();
        let clients = self.bed.clients();
        self.bed.run(async {
            loop {
                let weight = self.weight_now(&clients).await;
                if weight == wanted {
                    return;
                }
                assert!(
                    began.elapsed() < within,
                    "the weight is {weight:?}, and not {wanted:?} within {within:?}"
                );
                tokio::time::sleep(LOOK).await;
            }
        });
    }

    /// What a load balancer would report of a minute in which everything was well, on both sides.
    pub(crate) fn report_good_minute(&self) {
        let now = SystemTime::now();
        for group in [&self.stable, &self.canary] {
            self.report(group, "RequestCount", now, 1_000.0, 1.0);
            self.report(group, "HTTPCode_Target_2XX_Count", now, 1_000.0, 1.0);
            self.report(group, "TargetResponseTime", now, 0.05, 1_000.0);
        }
    }

    /// Three minutes in which the canary was slow, which is what its alarm waits for.
    pub(crate) fn report_slow_canary(&self) {
        for minute in [2, 1, 0] {
            let then = SystemTime::now() - Duration::from_secs(60 * minute);
            self.report(&self.canary, "TargetResponseTime", then, 4.0, 1_000.0);
        }
    }

    fn report(&self, group: &str, metric: &str, at: SystemTime, value: f64, times: f64) {
        let tail = |arn: &str, kind: &str| -> String {
            arn.rsplit_once(kind)
                .map_or_else(String::new, |(_, tail)| tail.to_owned())
        };
        let listener = tail(&self.listener, ":listener/");
        let (balancer, _) = listener.rsplit_once('/').expect("an ARN of a listener");
        let dimension =
            |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
        let datum = MetricDatum::builder()
            .metric_name(metric)
            .timestamp(DateTime::from(at))
            .values(value)
            .counts(times)
            .dimensions(dimension("LoadBalancer", balancer))
            .dimensions(dimension(
                "TargetGroup",
                &format!("targetgroup/{}", tail(group, ":targetgroup/")),
            ))
            .build();
        self.bed.run(async {
            let cloudwatch = self.bed.clients().cloudwatch;
            cloudwatch
                .put_metric_data()
                .namespace("AWS/ApplicationELB")
                .metric_data(datum)
                .send()
                .await
                .expect("PutMetricData");
        });
    }
}

/// Puts an alarm into a state, as a drill does.
pub(crate) fn set_alarm(bed: &Bed, arn: &str, state: StateValue) {
    let (_, name) = arn.rsplit_once(":alarm:").expect("an ARN of an alarm");
    bed.run(async {
        bed.clients()
            .cloudwatch
            .set_alarm_state()
            .alarm_name(name)
            .state_value(state)
            .state_reason("the end-to-end test")
            .send()
            .await
            .expect("SetAlarmState");
    });
}
