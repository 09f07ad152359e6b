//! The metrics port, and what a metric reads as that no scenario speaks of: what the plan calls healthy.

use domain::{
    judge::{Query, Reading},
    plan::{
        Plan,
        gate::{Condition, Limit, Op},
        metric::CloudWatchMetric,
    },
    quantity::Dimension,
    time::since,
};
use engine::ports::Metrics;

use super::{World, histogram::as_f64};
use crate::scenario::MetricScript;

/// A value that every condition of the plan is content with, the same on both sides.
pub(super) fn healthy(plan: &Plan, query: &Query, metric: &CloudWatchMetric) -> MetricScript {
    let mut bounds = Bounds::default();
    let concerned = |condition: &&Condition| condition.metric == query.metric;
    let require = plan.phases.iter().flat_map(|phase| &phase.require);
    let require = require.chain(plan.watch.iter().flat_map(|watch| &watch.require));
    for condition in require.filter(concerned) {
        bounds.keep(condition);
    }
    let breaches = plan.phases.iter().flat_map(|phase| &phase.rollback);
    let breaches = breaches
        .chain(plan.watch.iter().flat_map(|watch| &watch.rollback))
        .chain(plan.incidents.iter().map(|rule| &rule.condition));
    for condition in breaches.filter(concerned) {
        bounds.avoid(condition);
    }
    let minutes = since(query.window.to, query.window.from).as_secs().max(60) / 60;
    let mut value = bounds.inside(metric.dimension);
    if metric.statistic == "Sum" {
        value /= as_f64(minutes.unsigned_abs());
    }
    MetricScript {
        canary: Some(value),
        stable: Some(value),
        noise: 0.0,
        drift: None,
    }
}

#[derive(Debug, Default)]
struct Bounds {
    least: Option<f64>,
    most: Option<f64>,
    exactly: Option<f64>,
}

impl Bounds {
    /// The condition shall hold.
    fn keep(&mut self, condition: &Condition) {
        let Limit::Fixed(limit) = condition.limit else {
            return;
        };
        let limit = as_units(limit.micros);
        match condition.op {
            Op::Less | Op::AtMost => self.below(limit),
            Op::More | Op::AtLeast => self.above(limit),
            Op::Equal => self.exactly = Some(limit),
            Op::NotEqual => {}
        }
    }

    /// The condition shall not hold.
    fn avoid(&mut self, condition: &Condition) {
        let Limit::Fixed(limit) = condition.limit else {
            return;
        };
        let limit = as_units(limit.micros);
        match condition.op {
            Op::Less | Op::AtMost => self.above(limit),
            Op::More | Op::AtLeast => self.below(limit),
            Op::NotEqual => self.exactly = Some(limit),
            Op::Equal => {}
        }
    }

    fn below(&mut self, limit: f64) {
        self.most = Some(self.most.map_or(limit, |most| most.min(limit)));
    }

    fn above(&mut self, limit: f64) {
        self.least = Some(self.least.map_or(limit, |least| least.max(limit)));
    }

    fn inside(&self, dimension: Dimension) -> f64 {
        match (self.exactly, self.least, self.most) {
            (Some(exactly), ..) => exactly,
            (None, Some(least), Some(most)) => f64::midpoint(least, most),
            // Nothing is more than all of it.
            (None, Some(least), None) if dimension == Dimension::Ratio => f64::midpoint(least, 1.0),
            (None, Some(least), None) => least * 2.0 + 1.0,
            (None, None, Some(most)) => most / 2.0,
            (None, None, None) if dimension == Dimension::Ratio => 0.5,
            (None, None, None) => 1.0,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "limits in plans have few digits"
)]
fn as_units(micros: i64) -> f64 {
    micros as f64 / 1e6
}

impl Metrics for World {
    async fn read(&self, plan: &Plan, queries: &[Query]) -> Vec<Reading> {
        let asked = self.now();
        let answers = self
            .look(
                "metrics.read",
                |trouble| trouble,
                |state, now| {
                    let answer = |query| state.provider.answer(plan, &state.scenario, query, now);
                    let answers: Vec<Reading> = queries.iter().map(answer).collect();
                    state.provider.last = Some((asked, queries.to_vec(), answers.clone()));
                    Ok(answers)
                },
            )
            .await;
        answers.unwrap_or_else(|trouble| vec![Reading::Failed(trouble.what); queries.len()])
    }
}
