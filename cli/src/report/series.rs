//! What a run's numbers are as lines.

use domain::{
    ledger::Fact,
    name::RouteName,
    plan::{
        Plan,
        gate::{Condition, Limit, Op},
        metric::{AlbMeasure, Source},
    },
    time::Timestamp,
};
use sim::{Point, SideFrame, Summary};

use super::chart::{BACK, CANARY, Chart, ROUTES, STABLE, Series, Size, TROUBLE};

/// Both sides of a route, or of all together.
const CANARY_SIDE: usize = 0;
const STABLE_SIDE: usize = 1;

/// The charts of a run in one size.
pub(super) struct Charts<'a> {
    pub(super) plan: &'a Plan,
    pub(super) summary: &'a Summary,
    pub(super) size: Size,
}

/// What a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawn {
    Weights,
    Errors,
    Latency,
}

impl Charts<'_> {
    /// A chart as an `<svg>` element.
    pub(super) fn svg(&self, what: Drawn) -> String {
        match what {
            Drawn::Weights => self.weights(),
            Drawn::Errors => self.errors(),
            Drawn::Latency => self.latency(),
        }
    }

    /// The canary's share of each route: as configured, and thinner as clients saw it.
    fn weights(&self) -> String {
        let mut series = Vec::new();
        for (route, color) in self.plan.routes.keys().zip(ROUTES.iter().cycle()) {
            series.push(Series {
                color: STABLE,
                width: 1,
                points: self.line(|point| Some(realised(point, route))),
            });
            series.push(Series {
                color: *color,
                width: 2,
                points: self.steps(|point| configured(point, route)),
            });
        }
        self.chart(series, 100.0, Vec::new(), |value| format!("{value:.0}%"))
    }

    /// Failed requests by requests, of both sides.
    fn errors(&self) -> String {
        let limits = self.limits(|measure| measure == AlbMeasure::ServerErrorRatio, 100.0);
        let series = self.sides(error_percent);
        let top = top(&series, &limits, 0.2);
        self.chart(series, top, limits, |value| trimmed(value, "%"))
    }

    /// The 95th percentile of the latency, of both sides.
    fn latency(&self) -> String {
        let p95 = |measure| measure == AlbMeasure::Latency { permille: 950 };
        let limits = self.limits(p95, 1000.0);
        let series = self.sides(p95_millis);
        let top = top(&series, &limits, 100.0);
        self.chart(series, top, limits, |value| trimmed(value, " ms"))
    }

    fn sides(&self, value: impl Fn(&Point, usize) -> Option<f64>) -> Vec<Series> {
        [(STABLE_SIDE, STABLE), (CANARY_SIDE, CANARY)]
            .into_iter()
            .map(|(side, color)| Series {
                color,
                width: 2,
                points: self.line(|point| value(point, side)),
            })
            .collect()
    }

    fn chart(
        &self,
        series: Vec<Series>,
        top: f64,
        limits: Vec<f64>,
        label: fn(f64) -> String,
    ) -> String {
        Chart {
            from: self.summary.started,
            length: self.hours(self.summary.ended).max(1.0),
            top,
            zone: &self.plan.calendar.zone,
            series,
            limits,
            marks: self.marks(),
            label,
        }
        .svg(self.size)
    }

    fn hours(&self, at: Timestamp) -> f64 {
        at.duration_since(self.summary.started).as_secs_f64() / 3600.0
    }

    /// When trouble began, and when traffic was sent back.
    fn marks(&self) -> Vec<(f64, plotters::style::RGBColor)> {
        let trouble = self
            .summary
            .trouble_began
            .map(|at| (self.hours(at), TROUBLE));
        let back = self
            .summary
            .ledger
            .iter()
            .find(|entry| matches!(entry.fact, Fact::RollbackBegan { .. }))
            .map(|entry| (self.hours(entry.at), BACK));
        trouble.into_iter().chain(back).collect()
    }

    /// One value of each of so many stretches of time: the highest, so that no peak is lost.
    fn line(&self, value: impl Fn(&Point) -> Option<f64>) -> Vec<(f64, Option<f64>)> {
        let series = &self.summary.series;
        let length = series.len().div_ceil(self.size.points()).max(1);
        series
            .chunks(length)
            .filter_map(|chunk| {
                let at = self.hours(chunk.last()?.at);
                let highest = chunk.iter().filter_map(&value).fold(None, |most, one| {
                    Some(most.map_or(one, |most: f64| most.max(one)))
                });
                Some((at, highest))
            })
            .collect()
    }

    /// The corners of a line that goes in steps.
    fn steps(&self, value: impl Fn(&Point) -> f64) -> Vec<(f64, Option<f64>)> {
        let mut corners: Vec<(f64, Option<f64>)> = Vec::new();
        let mut before = None;
        for point in &self.summary.series {
            let (at, now) = (self.hours(point.at), Some(value(point)));
            if before != now {
                corners.push((at, before.or(now)));
                corners.push((at, now));
                before = now;
            }
        }
        corners.push((self.hours(self.summary.ended), before));
        corners
    }

    /// Fixed limits that send traffic back, or at least hold it.
    fn limits(&self, about: impl Fn(AlbMeasure) -> bool, scale: f64) -> Vec<f64> {
        let is_about = |condition: &&Condition| {
            let metric = self.plan.metrics.get(&condition.metric);
            matches!(
                metric.map(|metric| &metric.source),
                Some(Source::Alb { measure, .. }) if about(*measure)
            ) && matches!(condition.op, Op::More | Op::AtLeast | Op::Less | Op::AtMost)
        };
        let mut found: Vec<i64> = self
            .plan
            .conditions()
            .filter(is_about)
            .filter_map(|condition| match condition.limit {
                Limit::Fixed(limit) => Some(limit.micros),
                Limit::Stable { .. } => None,
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
            .into_iter()
            .map(|micros| as_float(micros) / 1e6 * scale)
            .collect()
    }
}

fn configured(point: &Point, route: &RouteName) -> f64 {
    let shares = point.routes.get(route);
    shares.map_or(0.0, |shares| f64::from(shares.configured.permille()) / 10.0)
}

fn realised(point: &Point, route: &RouteName) -> f64 {
    let shares = point.routes.get(route);
    shares.map_or(0.0, |shares| f64::from(shares.realised.permille()) / 10.0)
}

fn side(point: &Point, side: usize) -> impl Iterator<Item = &SideFrame> {
    point
        .sides
        .values()
        .filter_map(move |sides| sides.get(side))
}

fn error_percent(point: &Point, of: usize) -> Option<f64> {
    let requests: u64 = side(point, of).map(|side| side.requests).sum();
    let errors: u64 = side(point, of).map(|side| side.errors).sum();
    // A handful of requests makes a rate that means nothing.
    (requests >= 20).then(|| as_float(errors) * 100.0 / as_float(requests))
}

fn p95_millis(point: &Point, of: usize) -> Option<f64> {
    let slowest = side(point, of).filter_map(|side| side.p95).max()?;
    Some(slowest.as_secs_f64() * 1000.0)
}

/// The height of a chart: what was measured and what is not to be passed, with some air.
fn top(series: &[Series], limits: &[f64], least: f64) -> f64 {
    let values = series.iter().flat_map(|series| &series.points);
    let highest = values.filter_map(|(_, value)| *value).fold(least, f64::max);
    let lowest_limit = limits.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = if lowest_limit.is_finite() {
        highest.max(lowest_limit)
    } else {
        highest
    };
    highest * 1.1
}

fn trimmed(value: f64, unit: &str) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a chart has fewer pixels than a float has digits"
)]
fn as_float(count: impl TryInto<i64>) -> f64 {
    count.try_into().unwrap_or(i64::MAX) as f64
}
