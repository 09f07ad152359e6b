//! What `CloudWatch` has: a data point a minute, a minute or two late, the newest one partial.
//!
//! An ALB's metrics exist only where there was traffic, and a count of errors only where there was one
//! (`CloudWatch` metrics of ALB). Requests that found no target are in no target group's metrics.

use domain::{
    judge::{Query, Reading, Side, Window},
    plan::{
        Plan,
        metric::{Absent, AlbMeasure, CloudWatchMetric, Source},
    },
    quantity::{Dimension, Quantity},
    time::{SignedDuration, Timestamp, earlier, later, since},
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{
    histogram::{Histogram, as_f64},
    traffic::{Minute, SideMinute},
};
use crate::scenario::{MetricScript, Scenario};

/// Data of a minute begins to show so long after the minute has ended.
const FIRST_SHOWS: SignedDuration = SignedDuration::from_secs(10);

/// A minute's requests and when they are all in the metrics.
#[derive(Debug)]
struct Record {
    from: Timestamp,
    minute: Minute,
    complete: Timestamp,
}

/// A value that a metric has for some time, whatever its script says.
#[derive(Debug)]
struct Mismatch {
    metric: String,
    value: f64,
    window: Window,
}

/// The provider of metrics.
#[derive(Debug)]
pub(crate) struct Provider {
    start: Timestamp,
    seed: u64,
    records: Vec<Record>,
    mismatches: Vec<Mismatch>,
    /// Until when answers are partial.
    pub(crate) down: Option<Timestamp>,
    /// The last questions that were asked and their answers.
    pub(crate) last: Option<(Timestamp, Vec<Query>, Vec<Reading>)>,
}

/// Sums over a window.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) requests: u64,
    pub(super) server_errors: u64,
    client_errors: u64,
    pub(super) latency: Histogram,
}

impl Sums {
    /// Adds a side's minute, as much of it as shows.
    fn add(&mut self, side: &SideMinute, shows: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count"
        )]
        let part = |count: u64| (as_f64(count) * shows) as u64;
        self.requests += part(side.requests);
        self.server_errors += part(side.server_errors);
        self.client_errors += part(side.client_errors);
        self.latency.add(&side.latency);
    }
}

impl Record {
    /// How much of it shows: nothing, a part, or all of it.
    fn shows(&self, now: Timestamp) -> f64 {
        if now >= self.complete {
            return 1.0;
        }
        let first = later(self.from, SignedDuration::from_mins(1));
        let first = later(first, FIRST_SHOWS);
        let whole = since(self.complete, first).as_secs_f64().max(1.0);
        since(now, first).as_secs_f64() / whole
    }
}

impl Provider {
    pub(super) fn new(start: Timestamp, seed: u64) -> Self {
        Self {
            start,
            seed,
            records: Vec::new(),
            mismatches: Vec::new(),
            down: None,
            last: None,
        }
    }

    /// A minute has ended; its data will be complete then.
    pub(crate) fn record(&mut self, from: Timestamp, minute: Minute, complete: Timestamp) {
        self.records.push(Record {
            from,
            minute,
            complete,
        });
    }

    /// A metric has this value for some time.
    pub(crate) fn mismatch(
        &mut self,
        metric: String,
        value: f64,
        from: Timestamp,
        lasts: SignedDuration,
    ) {
        let to = later(from, lasts);
        self.mismatches.push(Mismatch {
            metric,
            value,
            window: Window { from, to },
        });
    }

    /// The records of a window's minutes, with where each begins.
    fn within(&self, window: Window) -> impl Iterator<Item = (Timestamp, &Record)> {
        let minutes = |at: Timestamp| {
            let minutes = at
                .as_second()
                .saturating_sub(self.start.as_second())
                .div_euclid(60);
            usize::try_from(minutes)
                .unwrap_or(0)
                .min(self.records.len())
        };
        let (from, to) = (minutes(window.from), minutes(window.to));
        let records = self.records.get(from..to).unwrap_or(&[]).iter();
        records.map(|record| (record.from, record))
    }

    /// The minutes that are complete, newest first.
    pub(super) fn newest(&self, now: Timestamp) -> impl Iterator<Item = &Minute> {
        let complete = self.records.iter().rev();
        complete
            .filter(move |record| record.complete <= now)
            .map(|record| &record.minute)
    }

    fn sums(&self, query: &Query, route: &domain::name::RouteName, now: Timestamp) -> Sums {
        let mut sums = Sums::default();
        for (_, record) in self.within(query.window) {
            let shows = record.shows(now);
            if let (Some([canary, stable]), true) = (record.minute.sides.get(route), shows > 0.0) {
                let side = match query.side {
                    Side::Canary => canary,
                    Side::Stable => stable,
                };
                sums.add(side, shows);
            }
        }
        sums
    }

    /// The answer to a question.
    pub(super) fn answer(
        &self,
        plan: &Plan,
        scenario: &Scenario,
        query: &Query,
        now: Timestamp,
    ) -> Reading {
        if self.down.is_some_and(|until| now < until) {
            return Reading::Failed("PartialData: the request was not answered completely".into());
        }
        let Some(metric) = plan.metrics.get(&query.metric) else {
            return Reading::Failed(format!("there is no metric {}", query.metric));
        };
        match &metric.source {
            Source::Alb { route, measure } => {
                let sums = self.sums(query, route, now);
                alb_reading(*measure, &sums)
            }
            Source::CloudWatch(custom) => {
                let script = scenario.metrics.get(query.metric.as_str()).copied();
                let script = script.unwrap_or_else(|| super::metrics::healthy(plan, query, custom));
                self.custom(custom, &script, query, now)
            }
        }
    }

    fn custom(
        &self,
        metric: &CloudWatchMetric,
        script: &MetricScript,
        query: &Query,
        now: Timestamp,
    ) -> Reading {
        let points: Vec<f64> = self
            .within(query.window)
            .filter(|(_, record)| record.complete <= now)
            .filter_map(|(minute, _)| self.point(script, query, minute))
            .collect();
        if points.is_empty() {
            let zero = metric.absent == Absent::Zero;
            return if zero && query.window.to <= earlier(now, SignedDuration::from_mins(1)) {
                value(0.0, metric.dimension, 1)
            } else {
                Reading::Absent
            };
        }
        let count = points.len();
        let sum: f64 = points.iter().sum();
        let result = match metric.statistic.as_str() {
            "Sum" => sum,
            "SampleCount" => as_f64(count as u64),
            "Maximum" => points.iter().copied().fold(f64::MIN, f64::max),
            "Minimum" => points.iter().copied().fold(f64::MAX, f64::min),
            _ => sum / as_f64(count as u64),
        };
        value(result, metric.dimension, count as u64)
    }

    /// A custom metric's data point of a minute.
    fn point(&self, script: &MetricScript, query: &Query, minute: Timestamp) -> Option<f64> {
        let canary = query.side == Side::Canary;
        let mismatch = self.mismatches.iter().find(|mismatch| {
            canary
                && mismatch.metric == query.metric.as_str()
                && mismatch.window.from <= minute
                && minute < mismatch.window.to
        });
        if let Some(mismatch) = mismatch {
            return Some(mismatch.value);
        }
        let mut point = if canary { script.canary } else { script.stable }?;
        if let (Some(drift), true) = (script.drift, canary) {
            let elapsed = since(minute, later(self.start, drift.from)).as_secs_f64();
            let progress = (elapsed / drift.lasts.as_secs_f64().max(1.0)).min(1.0);
            point += (drift.to - point) * progress;
        }
        if script.noise > 0.0 {
            // Whoever asks, and however often, gets the same.
            let words = query.metric.as_str().bytes().map(u64::from);
            let mixed = words.fold(self.seed, |mixed, byte| {
                mixed.wrapping_mul(31).wrapping_add(byte)
            });
            let mut rng = ChaCha8Rng::seed_from_u64(mixed);
            let side = u64::from(!canary);
            rng.set_stream(minute.as_second().unsigned_abs() * 2 + side);
            point *= 1.0 + script.noise * rng.random_range(-1.0..=1.0);
        }
        Some(point)
    }
}

fn value(value: f64, dimension: Dimension, samples: u64) -> Reading {
    Quantity::measured(value, dimension)
        .map_or(Reading::Absent, |value| Reading::Value { value, samples })
}

fn alb_reading(measure: AlbMeasure, sums: &Sums) -> Reading {
    if sums.requests == 0 {
        return Reading::Absent;
    }
    let ratio = |part| Reading::Ratio {
        part,
        whole: sums.requests,
    };
    match measure {
        AlbMeasure::ServerErrorRatio => ratio(sums.server_errors),
        AlbMeasure::ClientErrorRatio => ratio(sums.client_errors),
        AlbMeasure::SuccessRatio => ratio(sums.requests.saturating_sub(sums.server_errors)),
        AlbMeasure::Latency { permille } => match sums.latency.percentile(permille) {
            Some(seconds) => value(seconds, Dimension::Time, sums.requests),
            None => Reading::Absent,
        },
        AlbMeasure::Requests => value(as_f64(sums.requests), Dimension::Count, sums.requests),
    }
}
