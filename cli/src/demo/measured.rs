//! What was measured in the box since a phase took effect, for the charts of a page.

use std::collections::BTreeMap;

use domain::{
    judge::Side,
    name::{MetricName, RouteName},
    plan::metric::{AlbMeasure, Metric, Source},
    quantity::Quantity,
    rollout::Rollout,
    time::{SignedDuration, Timestamp},
};
use pages::{Trend, charted, span};
use sim::{Frame, SideFrame};

/// As many points as a line of a chart has.
const POINTS_MAX: usize = 240;

/// The minutes of a phase.
#[derive(Debug, Default)]
pub(super) struct Measured {
    since: Option<Timestamp>,
    minutes: Vec<Minute>,
}

#[derive(Debug)]
struct Minute {
    at: Timestamp,
    sides: BTreeMap<RouteName, [SideFrame; 2]>,
    /// What conditions were found to be: the canary's value and stable's.
    values: BTreeMap<MetricName, [Option<Quantity>; 2]>,
}

impl Measured {
    /// Adds a minute; another phase begins anew.
    pub(super) fn add(&mut self, frame: &Frame) {
        let since = frame.rollout.gate.as_ref().map(|gate| gate.since);
        if since.is_some() && since != self.since {
            self.since = since;
            self.minutes.clear();
        }
        let findings = frame.findings.iter();
        let values = findings.map(|finding| {
            let both = [finding.current, finding.stable];
            (finding.condition.metric.clone(), both)
        });
        self.minutes.push(Minute {
            at: frame.now,
            sides: frame.sides.clone(),
            values: values.collect(),
        });
    }

    /// The lines that a page of the rollout shows.
    pub(super) fn trends(&self, rollout: &Rollout, now: Timestamp) -> Vec<Trend> {
        let window = span(rollout, now);
        let from = self.minutes.partition_point(|at| at.at < window.from);
        let to = self.minutes.partition_point(|at| at.at <= window.to);
        let minutes = self.minutes.get(from..to).unwrap_or_default();
        let length = minutes.len().div_ceil(POINTS_MAX).max(1);
        let trend = |name: MetricName| {
            let metric = rollout.plan.metrics.get(&name)?;
            let line = |side| {
                let stretches = minutes.chunks(length);
                let points = stretches.filter_map(|stretch| {
                    let at = stretch.last()?.at;
                    Some((at, value(&name, metric, side, stretch)?))
                });
                Some(points.collect())
            };
            Some(Trend {
                dimension: metric.dimension(),
                canary: line(Side::Canary),
                stable: line(Side::Stable).filter(|_| metric.has_stable()),
                metric: name.clone(),
            })
        };
        charted(rollout).into_iter().filter_map(trend).collect()
    }
}

/// A metric's value over some minutes, in its base unit.
fn value(name: &MetricName, metric: &Metric, of: Side, minutes: &[Minute]) -> Option<f64> {
    let (route, measure) = match &metric.source {
        Source::Alb { route, measure } => (route, *measure),
        Source::CloudWatch(_) => {
            let found = minutes.iter().rev().find_map(|minute| {
                let [canary, stable] = minute.values.get(name)?;
                match of {
                    Side::Canary => *canary,
                    Side::Stable => *stable,
                }
            });
            return found.map(|found| float(found.micros) / 1e6);
        }
    };
    let sides = || {
        minutes
            .iter()
            .filter_map(|minute| minute.sides.get(route)?.iter().find(|side| side.side == of))
    };
    let sum = |count: fn(&SideFrame) -> u64| float(sides().map(count).sum::<u64>());
    let requests = sum(|side| side.requests);
    let share = |part: f64| (requests > 0.0).then(|| part / requests);
    // No target group's metric shows what no target was found for.
    let failed = |side: &SideFrame| side.errors.saturating_sub(side.unseen);
    match measure {
        AlbMeasure::ServerErrorRatio => share(sum(failed)),
        AlbMeasure::ClientErrorRatio => share(sum(|side| side.client_errors)),
        AlbMeasure::SuccessRatio => share(requests - sum(failed)),
        AlbMeasure::Requests => Some(requests),
        AlbMeasure::Latency { permille } => {
            let latency = |side: &SideFrame| match permille {
                500 => side.p50,
                950 => side.p95,
                990 => side.p99,
                _ => None,
            };
            let slowest = sides().filter_map(latency).max();
            slowest.as_ref().map(SignedDuration::as_secs_f64)
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a chart has fewer pixels than a float has digits"
)]
fn float(count: impl TryInto<i64>) -> f64 {
    count.try_into().unwrap_or(i64::MAX) as f64
}
