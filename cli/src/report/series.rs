//! What a run's numbers are as lines.

use domain::{
    ledger::Fact,
    name::RouteName,
    plan::{
        Plan,
        gate::{Condition, Limit, Op},
        metric::{AlbMeasure, Source},
        people::Locale,
    },
    time::{SignedDuration, Timestamp, earlier, later},
};
use pages::chart::{BACK, CANARY, Chart, RGBColor, ROUTES, STABLE, Series, Size, TROUBLE};
use sim::{Point, SideFrame, Summary};

/// Both sides of a route, or of all together.
const CANARY_SIDE: usize = 0;
const STABLE_SIDE: usize = 1;

/// The charts of a run in one size.
pub(super) struct Charts<'a> {
    pub(super) plan: &'a Plan,
    pub(super) summary: &'a Summary,
    pub(super) span: Span,
    pub(super) size: Size,
}

/// From when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Span {
    /// The whole run.
    pub(super) fn whole(summary: &Summary) -> Self {
        Self {
            from: summary.started,
            to: summary.ended,
        }
    }

    /// The minutes around a rollback, from before its trouble: where all that matters happened.
    pub(super) fn of_rollback(summary: &Summary) -> Option<Self> {
        let around = SignedDuration::from_mins(15);
        let back = rollback(summary)?;
        let trouble = summary.trouble_began.unwrap_or(back).min(back);
        // Trouble that was long borne would make the rollback itself too small to see.
        let from = earlier(
            trouble.max(earlier(back, SignedDuration::from_hours(6))),
            around,
        );
        Some(Self {
            from: from.max(summary.started),
            to: later(back, around).min(summary.ended),
        })
    }
}

fn rollback(summary: &Summary) -> Option<Timestamp> {
    let mut ledger = summary.ledger.iter();
    let entry = ledger.find(|entry| matches!(entry.fact, Fact::RollbackBegan { .. }))?;
    Some(entry.at)
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
        let mut series: Vec<Series> = self
            .plan
            .routes
            .keys()
            .map(|route| Series {
                color: STABLE,
                width: 1,
                points: self.line(|point| Some(realised(point, route))),
            })
            .collect();
        let together = together(self.plan, self.summary);
        for (routes, color) in together.iter().zip(ROUTES.iter().cycle()) {
            let Some(route) = routes.first() else {
                continue;
            };
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
            from: self.span.from,
            length: self.hours(self.span.to).max(0.1),
            top,
            zone: &self.plan.calendar.zone,
            locale: Locale::En,
            series,
            limits,
            marks: self.marks(),
            label,
        }
        .svg(self.size)
    }

    fn hours(&self, at: Timestamp) -> f64 {
        at.duration_since(self.span.from).as_secs_f64() / 3600.0
    }

    fn points(&self) -> &[Point] {
        let all = &self.summary.series;
        let from = all.partition_point(|point| point.at < self.span.from);
        let to = all.partition_point(|point| point.at <= self.span.to);
        all.get(from..to).unwrap_or_default()
    }

    /// When trouble began, and when traffic was sent back.
    fn marks(&self) -> Vec<(f64, RGBColor)> {
        let trouble = self.summary.trouble_began.map(|at| (at, TROUBLE));
        let back = rollback(self.summary).map(|at| (at, BACK));
        let marks = trouble.into_iter().chain(back);
        marks
            .filter(|(at, _)| self.span.from <= *at && *at <= self.span.to)
            .map(|(at, color)| (self.hours(at), color))
            .collect()
    }

    /// One value of each of so many stretches of time: the highest, so that no peak is lost.
    fn line(&self, value: impl Fn(&Point) -> Option<f64>) -> Vec<(f64, Option<f64>)> {
        let series = self.points();
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
        for point in self.points() {
            let (at, now) = (self.hours(point.at), Some(value(point)));
            if before != now {
                corners.push((at, before.or(now)));
                corners.push((at, now));
                before = now;
            }
        }
        corners.push((self.hours(self.span.to), before));
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

/// The routes in groups: those whose weights were the same all the time are one line.
pub(super) fn together<'a>(plan: &'a Plan, summary: &Summary) -> Vec<Vec<&'a RouteName>> {
    let mut groups: Vec<Vec<&RouteName>> = Vec::new();
    for route in plan.routes.keys() {
        let same = |group: &&mut Vec<&RouteName>| {
            group.first().is_some_and(|other| {
                let weight =
                    |point: &Point, route| point.routes.get(route).map(|shares| shares.configured);
                let mut points = summary.series.iter();
                points.all(|point| weight(point, route) == weight(point, other))
            })
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(route),
            None => groups.push(vec![route]),
        }
    }
    groups
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
