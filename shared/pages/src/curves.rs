//! Weights and measurements as lines over time.

use std::collections::BTreeMap;

use domain::{
    judge::Window,
    ledger::Line,
    plan::{gate::Limit, people::Locale},
    quantity::{Dimension, Quantity},
    rollout::Rollout,
    time::{Timestamp, since},
};
use jiff::tz::TimeZone;
use maud::{Markup, PreEscaped, html};

use crate::{
    chart::{CANARY, Chart, ROUTES, STABLE, Series, Size},
    known::Trend,
};

/// Lines over the same time.
pub(crate) struct Curves<'a> {
    pub(crate) zone: &'a TimeZone,
    pub(crate) locale: Locale,
    pub(crate) window: Window,
}

/// Steps of one route, or of several that went together.
pub(crate) struct Steps {
    pub(crate) routes: Vec<String>,
    /// From when on which share, in percent.
    pub(crate) shares: Vec<(Timestamp, f64)>,
}

/// The canary's share of each route as it was decided; routes that went together are one line.
pub(crate) fn steps<'a>(ledger: impl IntoIterator<Item = &'a Line>) -> Vec<Steps> {
    let mut all: BTreeMap<String, Vec<(Timestamp, f64)>> = BTreeMap::new();
    for line in ledger {
        let Ok(at) = line.at.parse() else { continue };
        for (route, share) in shares(line) {
            let steps = all.entry(route).or_default();
            if steps
                .last()
                .is_none_or(|(_, last)| (last - share).abs() > 0.001)
            {
                steps.push((at, share));
            }
        }
    }
    let mut together: Vec<Steps> = Vec::new();
    for (route, shares) in all {
        match together.iter_mut().find(|steps| steps.shares == shares) {
            Some(steps) => steps.routes.push(route),
            None => together.push(Steps {
                routes: vec![route],
                shares,
            }),
        }
    }
    together
}

/// `web=10% apex=2.5%`, as a line of the ledger has it.
fn shares(line: &Line) -> impl Iterator<Item = (String, f64)> {
    line.after.split(' ').filter_map(|part| {
        let (route, share) = part.split_once('=')?;
        let share = share.strip_suffix('%')?.parse().ok()?;
        Some((route.to_owned(), share))
    })
}

impl Curves<'_> {
    /// The shares over time.
    pub(crate) fn weights(&self, steps: &[Steps], label: &str) -> Markup {
        let series = steps
            .iter()
            .zip(ROUTES.iter().cycle())
            .map(|(steps, color)| Series {
                color: *color,
                width: 2,
                points: self.corners(&steps.shares),
            })
            .collect();
        self.figure(label, series, 105.0, Vec::new(), |value| {
            format!("{value:.0}%")
        })
    }

    /// Both sides of a metric over time.
    pub(crate) fn trend(&self, trend: &Trend, rollout: &Rollout, label: &str) -> Markup {
        let limits = limits(trend, rollout);
        let line = |points: &Option<Vec<(Timestamp, f64)>>, color| {
            points.as_ref().map(|points| Series {
                color,
                width: 2,
                points: points
                    .iter()
                    .map(|(at, value)| (self.hours(*at), Some(*value)))
                    .collect(),
            })
        };
        let series: Vec<Series> = [line(&trend.stable, STABLE), line(&trend.canary, CANARY)]
            .into_iter()
            .flatten()
            .collect();
        let values = series.iter().flat_map(|series| &series.points);
        let highest = values.filter_map(|(_, value)| *value).fold(0.0, f64::max);
        let lowest_limit = limits.iter().copied().fold(f64::INFINITY, f64::min);
        let top = match (highest, lowest_limit) {
            (highest, limit) if limit.is_finite() => highest.max(limit) * 1.15,
            (highest, _) if highest > 0.0 => highest * 1.15,
            _ => 1.0,
        };
        self.figure(label, series, top, limits, written(trend.dimension))
    }

    fn figure(
        &self,
        label: &str,
        series: Vec<Series>,
        top: f64,
        limits: Vec<f64>,
        written: fn(f64) -> String,
    ) -> Markup {
        let chart = Chart {
            from: self.window.from,
            length: self.hours(self.window.to).max(0.1),
            top: if top > 0.0 { top } else { 1.0 },
            zone: self.zone,
            locale: self.locale,
            series,
            limits,
            marks: Vec::new(),
            label: written,
        };
        html! {
            figure class="wide" role="img" aria-label=(label) { (PreEscaped(chart.svg(Size::Wide))) }
            figure class="narrow" role="img" aria-label=(label) { (PreEscaped(chart.svg(Size::Narrow))) }
        }
    }

    fn hours(&self, at: Timestamp) -> f64 {
        since(at, self.window.from).as_secs_f64() / 3600.0
    }

    /// The corners of a line that goes in steps.
    fn corners(&self, shares: &[(Timestamp, f64)]) -> Vec<(f64, Option<f64>)> {
        let mut corners = Vec::new();
        let mut before = None;
        for (at, share) in shares {
            let at = self.hours(*at);
            if let Some(before) = before {
                corners.push((at, Some(before)));
            }
            corners.push((at, Some(*share)));
            before = Some(*share);
        }
        corners.push((self.hours(self.window.to), before));
        corners
    }
}

/// The fixed limits of the plan on a metric, where the rollout stands.
pub(crate) fn limits(trend: &Trend, rollout: &Rollout) -> Vec<f64> {
    let conditions = rollout.required().iter();
    let conditions = conditions.chain(rollout.rollback_conditions());
    conditions
        .filter(|condition| condition.metric == trend.metric)
        .filter_map(|condition| match condition.limit {
            Limit::Fixed(limit) => Some(base_units(limit)),
            Limit::Stable { .. } => None,
        })
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a chart has fewer pixels than a float has digits"
)]
fn base_units(quantity: Quantity) -> f64 {
    quantity.micros as f64 / 1e6
}

/// How a value of a dimension is written.
pub(crate) fn written(dimension: Dimension) -> fn(f64) -> String {
    fn of(value: f64, dimension: Dimension) -> String {
        Quantity::measured(value, dimension).map_or_else(String::new, |value| value.to_string())
    }
    match dimension {
        Dimension::Ratio => |value| of(value, Dimension::Ratio),
        Dimension::Time => |value| of(value, Dimension::Time),
        Dimension::Count => |value| of(value, Dimension::Count),
        Dimension::Data => |value| of(value, Dimension::Data),
    }
}
