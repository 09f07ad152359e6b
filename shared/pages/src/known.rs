//! What is known of a rollout and of a link when a page is made.

use domain::{
    judge::{COMPLETE_AFTER, Window},
    ledger::Line,
    name::MetricName,
    quantity::Dimension,
    rollout::Rollout,
    time::{SignedDuration, Timestamp, earlier, minute_of},
    words::Tone,
};
use token::{answer::Settled, code::TRIES};

pub use domain::judge::Side;

/// What is known when a page is made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Known {
    /// The link's rollout, if there still is one.
    pub rollout: Option<Rollout>,
    /// Its ledger, from its first entry.
    pub ledger: Vec<Told>,
    /// What has become of the link.
    pub record: Record,
    /// What was measured over the phase.
    pub trends: Vec<Trend>,
}

/// An entry of the ledger, and what people were told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The entry.
    pub line: Line,
    /// How loud and in which words, in the plan's language; nothing of what only fills in the ledger.
    pub message: Option<(Tone, String)>,
}

/// What has become of a link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// How many codes were tried.
    pub tries: u32,
    /// What became of the last answer, if one was given.
    pub settled: Option<Settled>,
}

impl Record {
    /// How many codes may still be tried.
    #[must_use]
    pub const fn left(&self) -> u32 {
        TRIES.saturating_sub(self.tries)
    }
}

/// A metric over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// The metric of the plan.
    pub metric: MetricName,
    /// What its values are a number of; they are in the base unit.
    pub dimension: Dimension,
    /// The canary's values; nothing if they could not be read.
    pub canary: Option<Vec<(Timestamp, f64)>>,
    /// Stable's, where the metric has some.
    pub stable: Option<Vec<(Timestamp, f64)>>,
}

/// As many metrics as have a chart.
const CHARTS_MAX: usize = 8;

/// The longest time that charts show.
const SPAN_MAX: SignedDuration = SignedDuration::from_hours(24 * 14);

/// The shortest: fewer points are no line.
const SPAN_MIN: SignedDuration = SignedDuration::from_mins(10);

/// The time whose measurements the pages of a rollout show: the phase that it is in, or what came before its end.
#[must_use]
pub fn span(rollout: &Rollout, now: Timestamp) -> Window {
    let to = minute_of(earlier(now, COMPLETE_AFTER));
    let since = match &rollout.gate {
        Some(gate) => gate.since,
        None => rollout.started_at,
    };
    let from = since.min(earlier(to, SPAN_MIN));
    Window {
        from: minute_of(from.max(earlier(to, SPAN_MAX))),
        to,
    }
}

/// The metrics that have a chart: those that the phase asks for.
#[must_use]
pub fn charted(rollout: &Rollout) -> Vec<MetricName> {
    let mut found: Vec<MetricName> = Vec::new();
    let conditions = rollout.required().iter();
    for condition in conditions.chain(rollout.rollback_conditions()) {
        if !found.contains(&condition.metric) {
            found.push(condition.metric.clone());
        }
    }
    found.truncate(CHARTS_MAX);
    found
}
