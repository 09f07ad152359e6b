//! What was really so: the value of a metric in a window, from the requests that clients really sent.
//!
//! Written without the judge and without the provider of metrics: it knows every minute's counts and what a
//! scenario's scripts say. What it cannot know exactly (a percentile over several minutes, a value with
//! noise) it knows within bounds, and says so.

use domain::{
    name::RouteName,
    plan::{
        gate::{Condition, Limit, Op},
        metric::{Absent, AlbMeasure, CloudWatchMetric, Metric, Source},
    },
    time::{SignedDuration, Timestamp, later, minute_of},
};
use sim::{SideFrame, scenario::Happening};

use super::run::Run;

/// What the truth says of a condition in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// It is too near its limit to say.
    Unclear,
    /// There is too little to say anything by.
    Unknown,
}

/// Which side is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Canary,
    Stable,
}

/// A value within bounds, and how many requests or data points it is made of.
#[derive(Debug, Clone, Copy)]
struct Value {
    least: f64,
    most: f64,
    samples: u64,
}

/// Within these a number is another after it was rounded to millionths.
const ROUNDING: f64 = 1.5e-6;

/// How much wider than the one before a bucket of a latency's histogram is: what lies in it is not known better.
const BUCKET: f64 = 1.08;

/// A window of whole minutes: from inclusive to exclusive, counted from the run's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Run {
    /// The minute of the run that an instant lies in.
    pub(super) fn minute(&self, at: Timestamp) -> i64 {
        let since = at.as_second().saturating_sub(self.started.as_second());
        since.div_euclid(60)
    }

    /// When a minute of the run begins.
    pub(super) fn begin(&self, minute: i64) -> Timestamp {
        later(self.started, SignedDuration::from_mins(minute))
    }

    /// How far back a condition looks, in minutes.
    pub(super) fn reach(&self, condition: &Condition) -> i64 {
        let metric = self.plan.metrics.get(&condition.metric);
        let window = metric.map_or(SignedDuration::ZERO, |metric| metric.window);
        let length = condition.lasting.unwrap_or(window);
        (length.as_secs().saturating_add(59) / 60).max(1)
    }

    /// What the truth says of a condition in the window that ends with the beginning of a minute.
    pub(super) fn says(&self, condition: &Condition, end: i64) -> Word {
        let Some(metric) = self.plan.metrics.get(&condition.metric) else {
            return Word::Unknown;
        };
        let from = end - self.reach(condition);
        let spans: Vec<Span> = match condition.lasting {
            Some(_) => (from..end)
                .map(|from| Span { from, to: from + 1 })
                .collect(),
            None => vec![Span { from, to: end }],
        };
        let mut samples = [0_u64, 0];
        let mut word = Word::Holds;
        for span in spans {
            let Some(canary) = self.value(metric, condition, Side::Canary, span) else {
                return Word::Unknown;
            };
            samples[0] += canary.samples;
            let held = match condition.limit {
                Limit::Fixed(limit) => {
                    let limit = micros(limit.micros);
                    compare(condition.op, canary, (limit, limit))
                }
                Limit::Stable { factor_milli } => {
                    let Some(stable) = self.value(metric, condition, Side::Stable, span) else {
                        return Word::Unknown;
                    };
                    samples[1] += stable.samples;
                    let factor = f64::from(factor_milli) / 1000.0;
                    let limit = (stable.least * factor, stable.most * factor);
                    compare(condition.op, canary, limit)
                }
            };
            word = match (word, held) {
                (Word::Fails, _) | (_, Word::Fails) => Word::Fails,
                (Word::Unclear, _) | (_, Word::Unclear) => Word::Unclear,
                (word, _) => word,
            };
        }
        let compared = matches!(condition.limit, Limit::Stable { .. });
        let few = |samples: u64| samples < metric.min_requests;
        if few(samples[0]) || (compared && few(samples[1])) {
            return Word::Unknown;
        }
        word
    }

    fn value(
        &self,
        metric: &Metric,
        condition: &Condition,
        side: Side,
        span: Span,
    ) -> Option<Value> {
        match &metric.source {
            Source::Alb { route, measure } => self.of_requests(*measure, route, side, span),
            Source::CloudWatch(source) => {
                self.of_script(source, condition.metric.as_str(), side, span)
            }
        }
    }

    /// The minutes of a span as clients of a route saw them on one side.
    fn frames(&self, route: &RouteName, side: Side, span: Span) -> Vec<SideFrame> {
        let at = |minute: i64| usize::try_from(minute.max(0)).unwrap_or(usize::MAX);
        let last = self.minutes.len();
        let minutes = at(span.from).min(last)..at(span.to).min(last);
        let minutes = self.minutes.get(minutes).unwrap_or(&[]);
        let sides = minutes.iter().filter_map(|minute| minute.sides.get(route));
        sides
            .map(|[canary, stable]| match side {
                Side::Canary => *canary,
                Side::Stable => *stable,
            })
            .collect()
    }

    fn of_requests(
        &self,
        measure: AlbMeasure,
        route: &RouteName,
        side: Side,
        span: Span,
    ) -> Option<Value> {
        let frames = self.frames(route, side, span);
        // Requests that found no target are in no target group's numbers.
        let seen = |frame: &SideFrame| frame.requests - frame.unseen;
        let requests: u64 = frames.iter().map(seen).sum();
        if requests == 0 {
            return None;
        }
        let share = |part: u64| {
            let share = as_f64(part) / as_f64(requests);
            let exact = part == 0 || part == requests;
            let margin = if exact { 0.0 } else { ROUNDING };
            Some(Value {
                least: share - margin,
                most: share + margin,
                samples: requests,
            })
        };
        let failed: u64 = frames.iter().map(|frame| frame.errors - frame.unseen).sum();
        match measure {
            AlbMeasure::ServerErrorRatio => share(failed),
            AlbMeasure::ClientErrorRatio => {
                share(frames.iter().map(|frame| frame.client_errors).sum())
            }
            AlbMeasure::SuccessRatio => share(requests - failed),
            AlbMeasure::Requests => Some(Value {
                least: as_f64(requests),
                most: as_f64(requests),
                samples: requests,
            }),
            AlbMeasure::Latency { permille } => latency(&frames, permille, requests),
        }
    }

    /// The value that a scenario's script gives a metric which is not measured from requests.
    fn of_script(
        &self,
        source: &CloudWatchMetric,
        name: &str,
        side: Side,
        span: Span,
    ) -> Option<Value> {
        let over = i64::try_from(self.minutes.len()).unwrap_or(i64::MAX);
        let points: Vec<(f64, f64)> = (span.from.max(0)..span.to.min(over))
            .filter_map(|minute| self.point(name, side, minute))
            .collect();
        if points.is_empty() {
            return (source.absent == Absent::Zero).then_some(Value {
                least: 0.0,
                most: 0.0,
                samples: 1,
            });
        }
        let count = as_f64(points.len() as u64);
        let of_all = |of: fn(&(f64, f64)) -> f64| {
            let values = points.iter().map(of);
            match source.statistic.as_str() {
                "Sum" => values.sum::<f64>(),
                "Maximum" => values.fold(f64::MIN, f64::max),
                "Minimum" => values.fold(f64::MAX, f64::min),
                _ => values.sum::<f64>() / count,
            }
        };
        let (least, most) = (of_all(|point| point.0), of_all(|point| point.1));
        let margin = if least.fract() == 0.0 && most.to_bits() == least.to_bits() {
            0.0
        } else {
            ROUNDING
        };
        Some(Value {
            least: least - margin,
            most: most + margin,
            samples: points.len() as u64,
        })
    }

    /// The least and the most that a data point of a minute can be.
    fn point(&self, name: &str, side: Side, minute: i64) -> Option<(f64, f64)> {
        let script = self.scenario.metrics.get(name)?;
        let at = self.begin(minute);
        if side == Side::Stable {
            return script.stable.map(|value| around(value, script.noise));
        }
        let mismatch = self.happened.iter().find_map(|(when, what)| match what {
            Happening::DataMismatch {
                metric,
                value,
                lasts,
            } if metric == name => {
                let from = minute_of(*when);
                (from <= at && at < later(from, *lasts)).then_some(*value)
            }
            Happening::DataMismatch { .. }
            | Happening::Malady(_)
            | Happening::Alarm { .. }
            | Happening::Hand { .. }
            | Happening::Person { .. }
            | Happening::StoreOutage(_)
            | Happening::MetricsOutage(_) => None,
        });
        if let Some(value) = mismatch {
            return Some((value, value));
        }
        let mut value = script.canary?;
        if let Some(drift) = script.drift {
            let gone = (minute * 60 - drift.from.as_secs()).max(0);
            let whole = drift.lasts.as_secs().max(1);
            value += (drift.to - value) * (as_real(gone) / as_real(whole)).min(1.0);
        }
        Some(around(value, script.noise))
    }
}

/// A percentile of several minutes lies between the least and the greatest of the minutes' own.
fn latency(frames: &[SideFrame], permille: u16, requests: u64) -> Option<Value> {
    let of = |frame: &SideFrame| match permille {
        500 => frame.p50,
        950 => frame.p95,
        _ => frame.p99,
    };
    let seconds: Vec<f64> = frames
        .iter()
        .filter_map(of)
        .map(|value| value.as_secs_f64())
        .collect();
    let least = seconds.iter().copied().reduce(f64::min)?;
    let most = seconds.iter().copied().reduce(f64::max)?;
    let widen = if seconds.len() > 1 { BUCKET } else { 1.0 };
    Some(Value {
        least: least / widen - ROUNDING,
        most: most * widen + ROUNDING,
        samples: requests,
    })
}

fn around(value: f64, noise: f64) -> (f64, f64) {
    (value * (1.0 - noise), value * (1.0 + noise))
}

/// Whether a value within bounds stands so to a limit within bounds.
fn compare(op: Op, value: Value, limit: (f64, f64)) -> Word {
    let (below, at_most) = (value.most < limit.0, value.most <= limit.0);
    let (above, at_least) = (value.least > limit.1, value.least >= limit.1);
    let same = at_most && at_least;
    let (holds, fails) = match op {
        Op::Less => (below, at_least),
        Op::AtMost => (at_most, above),
        Op::More => (above, at_most),
        Op::AtLeast => (at_least, below),
        Op::Equal => (same, below || above),
        Op::NotEqual => (below || above, same),
    };
    match (holds, fails) {
        (true, _) => Word::Holds,
        (false, true) => Word::Fails,
        (false, false) => Word::Unclear,
    }
}

fn micros(micros: i64) -> f64 {
    as_real(micros) / 1e6
}

fn as_f64(count: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts are far below 2 to the 52nd"
    )]
    let real = count as f64;
    real
}

fn as_real(count: i64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "limits and seconds have few digits"
    )]
    let real = count as f64;
    real
}
