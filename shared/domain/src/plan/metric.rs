//! Metrics: what can be measured, of which side, and how much of it is enough.

use std::collections::BTreeMap;

use crate::{name::RouteName, quantity::Dimension, time::SignedDuration};

/// Something that can be measured on one or both sides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Metric {
    /// Where it comes from.
    pub source: Source,
    /// How far back one measurement looks, in whole minutes.
    pub window: SignedDuration,
    /// The least number of requests (or data points, for a metric without requests) in a window;
    /// with fewer the measurement is inconclusive.
    pub min_requests: u64,
}

/// Where a metric comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// Raw sums and percentiles of an ALB's target groups (namespace `AWS/ApplicationELB`).
    Alb {
        /// The route whose target groups are measured.
        route: RouteName,
        /// What is made of the sums.
        measure: AlbMeasure,
    },
    /// Any other `CloudWatch` metric.
    CloudWatch(Box<CloudWatchMetric>),
}

/// What is made of an ALB's raw numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlbMeasure {
    /// Target 5xx answers and connection errors, by requests.
    ServerErrorRatio,
    /// Target 4xx answers, by requests.
    ClientErrorRatio,
    /// Requests that were not server errors, by requests.
    SuccessRatio,
    /// Target response time at a percentile, in tenths of a percent (p95 = 950).
    Latency {
        /// The percentile in tenths of a percent.
        permille: u16,
    },
    /// Requests in the window.
    Requests,
}

impl AlbMeasure {
    /// What the measure is a number of.
    #[must_use]
    pub const fn dimension(self) -> Dimension {
        match self {
            Self::ServerErrorRatio | Self::ClientErrorRatio | Self::SuccessRatio => {
                Dimension::Ratio
            }
            Self::Latency { .. } => Dimension::Time,
            Self::Requests => Dimension::Count,
        }
    }
}

/// A `CloudWatch` metric, on the canary and perhaps on stable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CloudWatchMetric {
    /// The namespace.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// The statistic, as `GetMetricData` takes it: `Sum`, `Average`, `Maximum`, `p95`, …
    pub statistic: String,
    /// What its values are a number of.
    pub dimension: Dimension,
    /// Millionths of the base unit in one unit of its values: 1000 for milliseconds, 10000 for percent.
    pub micros_in_unit: i64,
    /// Dimensions that select the canary's series.
    pub canary: BTreeMap<String, String>,
    /// Dimensions that select stable's series, if there is one to compare with.
    pub stable: Option<BTreeMap<String, String>>,
    /// What an absent data point means.
    pub absent: Absent,
}

/// What it means that a `CloudWatch` metric has no data points in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Absent {
    /// Nothing is known: inconclusive.
    Unknown,
    /// The metric is only published when something happens, so none means zero.
    Zero,
}

impl Metric {
    /// What its values are a number of.
    #[must_use]
    pub fn dimension(&self) -> Dimension {
        match &self.source {
            Source::Alb { measure, .. } => measure.dimension(),
            Source::CloudWatch(metric) => metric.dimension,
        }
    }

    /// Whether stable can be measured in the same way, to compare with.
    #[must_use]
    pub fn has_stable(&self) -> bool {
        match &self.source {
            Source::Alb { .. } => true,
            Source::CloudWatch(metric) => metric.stable.is_some(),
        }
    }
}
