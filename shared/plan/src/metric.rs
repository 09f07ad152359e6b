//! Metrics: what can be measured.

use std::collections::BTreeMap;

use domain::{
    name::RouteName,
    plan::metric::{Absent, AlbMeasure, CloudWatchMetric, Metric, Source},
    quantity::Dimension,
    time::SignedDuration,
};
use serde_json::{Value, json};

use crate::{
    decode::{At, Leaf, Named},
    leaf::{Text, Whole, spell},
    node::Scalar,
    number::Decimal,
    problem::{Code, Fault, Report, nearest, quote},
    record::{record, words},
};

/// `CloudWatch` takes 30 dimensions for a metric.
const DIMENSIONS_MAX: usize = 30;

record! {
    /// Something that can be measured on canary and stable.
    MetricText as "a metric", one of ["alb", "cloudwatch"] {
        /// The route whose target groups are measured.
        optional alb: RouteName,
        /// What is made of the load balancer's raw numbers: `5xx_ratio`, `4xx_ratio`, `success_ratio`, `requests`, or `latency_p95` with any percentile.
        optional measure: AlbMeasure,
        /// Any other CloudWatch metric.
        optional cloudwatch: CloudWatchText,
        /// The least requests in a window; with fewer, a measurement says nothing. Without it, 100 for a ratio and ten times what lies above a percentile.
        optional min_requests: Whole<0, 1_000_000_000>,
        /// The least data points in a window; with fewer, a measurement says nothing.
        optional min_points: Whole<0, 1440>,
        /// How far back one measurement looks, in whole minutes.
        default("5m") window: SignedDuration,
    }
}

record! {
    /// A CloudWatch metric.
    CloudWatchText as "a `cloudwatch` metric" {
        /// The namespace, such as `AWS/RDS`.
        required namespace: Text<255>,
        /// The metric's name.
        required name: Text<255>,
        /// The statistic, as CloudWatch calls it: `Sum`, `Average`, `Maximum`, `p95`.
        required stat: Stat,
        /// What its values are a number of.
        default("count") unit: Unit,
        /// Dimensions that select the canary's series.
        optional canary: Named<DimensionName, Text<1024>, 0, DIMENSIONS_MAX>,
        /// Dimensions that select stable's series, for conditions with `x stable`.
        optional stable: Named<DimensionName, Text<1024>, 0, DIMENSIONS_MAX>,
        /// What it means that there are no data points: `unknown`, or `zero` for a metric that is only published when something happens.
        optional absent: Absent,
    }
}

words! { Absent, "what absent data points mean" { "unknown" = Self::Unknown, "zero" = Self::Zero, } }

/// What a metric's values are a number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    dimension: Dimension,
    micros: i64,
}

impl Unit {
    const fn new(dimension: Dimension, micros: i64) -> Self {
        Self { dimension, micros }
    }
}

words! { Unit, "a unit" {
    "count" = Self::new(Dimension::Count, 1_000_000),
    "percent" = Self::new(Dimension::Ratio, 10_000),
    "ratio" = Self::new(Dimension::Ratio, 1_000_000),
    "us" = Self::new(Dimension::Time, 1),
    "ms" = Self::new(Dimension::Time, 1_000),
    "s" = Self::new(Dimension::Time, 1_000_000),
    "m" = Self::new(Dimension::Time, 60_000_000),
    "bytes" = Self::new(Dimension::Data, 1_000_000),
    "KiB" = Self::new(Dimension::Data, 1_000_000 << 10),
    "MiB" = Self::new(Dimension::Data, 1_000_000 << 20),
    "GiB" = Self::new(Dimension::Data, 1_000_000 << 30),
} }

/// The name of a `CloudWatch` dimension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DimensionName(String);

impl Leaf for DimensionName {
    const EXPECTED: &'static str = "a dimension's name, such as TargetGroup";
    const EXAMPLE: &'static str = "TargetGroup";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        Text::<255>::read(scalar).map(|text| Self(text.0))
    }

    fn schema() -> Value {
        <Text<255> as Leaf>::schema()
    }
}

/// A statistic, as `GetMetricData` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stat(String);

const STATS: [&str; 6] = ["Sum", "Average", "Minimum", "Maximum", "SampleCount", "IQM"];

impl Leaf for Stat {
    const EXPECTED: &'static str =
        "a statistic: Sum, Average, Minimum, Maximum, SampleCount, IQM, or one such as p95 or tm90";
    const EXAMPLE: &'static str = "Average";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.text.as_str();
        let ranked = ["p", "tm", "wm", "tc", "ts"]
            .into_iter()
            .filter_map(|prefix| text.strip_prefix(prefix))
            .filter_map(Decimal::parse)
            .any(|rank| (1..=100_000_000).contains(&rank.micros()));
        if ranked || STATS.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        let mend = match nearest(text, STATS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write one of them, as CloudWatch spells it".to_owned(),
        };
        Err(Fault::new(
            Code::UnknownWord,
            format!("{} is no statistic", quote(text)),
            Self::EXPECTED,
            mend,
        ))
    }

    fn schema() -> Value {
        json!({
            "type": "string",
            "pattern": "^(Sum|Average|Minimum|Maximum|SampleCount|IQM|(p|tm|wm|tc|ts)[0-9]{1,3}(\\.[0-9]+)?)$",
        })
    }
}

const MEASURES: [&str; 9] = [
    "5xx_ratio",
    "4xx_ratio",
    "success_ratio",
    "latency_p50",
    "latency_p90",
    "latency_p95",
    "latency_p99",
    "latency_p99.9",
    "requests",
];

impl Leaf for AlbMeasure {
    const EXPECTED: &'static str = "a measure: 5xx_ratio, 4xx_ratio, success_ratio, requests, or a latency such as latency_p95";
    const EXAMPLE: &'static str = "5xx_ratio";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.text.as_str();
        match text {
            "5xx_ratio" => return Ok(Self::ServerErrorRatio),
            "4xx_ratio" => return Ok(Self::ClientErrorRatio),
            "success_ratio" => return Ok(Self::SuccessRatio),
            "requests" => return Ok(Self::Requests),
            _ => {}
        }
        let percentile = text
            .strip_prefix("latency_p")
            .and_then(Decimal::parse)
            .map(Decimal::micros)
            .filter(|micros| micros % 100_000 == 0 && (100_000..100_000_000).contains(micros))
            .and_then(|micros| u16::try_from(micros / 100_000).ok());
        if let Some(permille) = percentile {
            return Ok(Self::Latency { permille });
        }
        let mend = match nearest(text, MEASURES) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write one of them; a percentile is from p0.1 to p99.9".to_owned(),
        };
        Err(Fault::new(
            Code::BadMeasure,
            format!("{} is no measure", quote(text)),
            Self::EXPECTED,
            mend,
        ))
    }

    fn schema() -> Value {
        json!({
            "type": "string",
            "pattern": "^(5xx_ratio|4xx_ratio|success_ratio|requests|latency_p[0-9]{1,2}(\\.[0-9])?)$",
            "examples": MEASURES,
        })
    }
}

/// How many requests a percentile needs to say anything: ten that lie above it.
pub(crate) fn requests_for(measure: AlbMeasure) -> u64 {
    match measure {
        AlbMeasure::Latency { permille } => {
            let above = u64::from(1000_u16.saturating_sub(permille)).max(1);
            10_000_u64.div_ceil(above)
        }
        AlbMeasure::ServerErrorRatio | AlbMeasure::ClientErrorRatio | AlbMeasure::SuccessRatio => {
            100
        }
        AlbMeasure::Requests => 0,
    }
}

impl MetricText {
    /// The metric, if it is whole.
    pub(crate) fn metric(&self, report: &mut Report) -> Option<Metric> {
        let window = self.window(report);
        if let Some(route) = &self.alb {
            let source = self.alb_source(route, report);
            let min = self.min_requests.as_ref().map(|min| min.value.0);
            let (source, default) = source?;
            return Some(Metric {
                source,
                window: window?,
                min_requests: min.unwrap_or(default),
            });
        }
        let cloudwatch = self.cloudwatch.as_ref()?;
        refuse(
            self.measure.as_ref().map(|at| &at.heading),
            "measure",
            "alb",
            report,
        );
        refuse(
            self.min_requests.as_ref().map(|at| &at.heading),
            "min_requests",
            "alb",
            report,
        );
        let metric = cloudwatch.value.metric()?;
        // A series without points is evidence where absence means zero.
        let default = match metric.absent {
            Absent::Unknown => 1,
            Absent::Zero => 0,
        };
        Some(Metric {
            min_requests: self.min_points.as_ref().map_or(default, |min| min.value.0),
            window: window?,
            source: Source::CloudWatch(Box::new(metric)),
        })
    }

    fn alb_source(&self, route: &At<RouteName>, report: &mut Report) -> Option<(Source, u64)> {
        refuse(
            self.min_points.as_ref().map(|at| &at.heading),
            "min_points",
            "cloudwatch",
            report,
        );
        let Some(measure) = &self.measure else {
            let (parent, _) = route.place.path.rsplit_once('.').unwrap_or_default();
            if !report.mentions(&format!("{parent}.measure")) {
                let fault = Fault::new(
                    Code::MissingKey,
                    "`measure` is missing",
                    AlbMeasure::EXPECTED,
                    "add `measure: 5xx_ratio`",
                );
                report.error(&route.heading, fault);
            }
            return None;
        };
        let source = Source::Alb {
            route: route.value.clone(),
            measure: measure.value,
        };
        Some((source, requests_for(measure.value)))
    }

    fn window(&self, report: &mut Report) -> Option<SignedDuration> {
        let window = self.window.as_ref()?;
        let (least, most) = (SignedDuration::from_mins(1), SignedDuration::from_hours(24));
        let whole = window.value.as_secs() % 60 == 0 && window.value.subsec_nanos() == 0;
        if whole && (least..=most).contains(&window.value) {
            return Some(window.value);
        }
        let fault = Fault::new(
            Code::OutOfRange,
            format!("{} is no window", quote(&spell(window.value))),
            "whole minutes from 1m to 24h, because CloudWatch keeps one value a minute",
            "write `5m`",
        );
        report.error(&window.place, fault);
        None
    }
}

impl CloudWatchText {
    fn metric(&self) -> Option<CloudWatchMetric> {
        let unit = self.unit.as_ref()?.value;
        Some(CloudWatchMetric {
            namespace: self.namespace.as_ref()?.value.0.clone(),
            name: self.name.as_ref()?.value.0.clone(),
            statistic: self.stat.as_ref()?.value.0.clone(),
            dimension: unit.dimension,
            micros_in_unit: unit.micros,
            canary: self
                .canary
                .as_ref()
                .map(|at| dimensions(&at.value))
                .unwrap_or_default(),
            stable: self.stable.as_ref().map(|at| dimensions(&at.value)),
            absent: self
                .absent
                .as_ref()
                .map_or(Absent::Unknown, |absent| absent.value),
        })
    }
}

fn dimensions(
    named: &Named<DimensionName, Text<1024>, 0, DIMENSIONS_MAX>,
) -> BTreeMap<String, String> {
    named
        .0
        .iter()
        .filter_map(|(name, value)| Some((name.value.0.clone(), value.as_ref()?.value.0.clone())))
        .collect()
}

/// Refuses a key that means nothing beside the ones that are there.
fn refuse(place: Option<&crate::problem::Place>, key: &str, with: &str, report: &mut Report) {
    if let Some(place) = place {
        let fault = Fault::new(
            Code::MisplacedKey,
            format!("`{key}` means nothing here"),
            format!("`{key}` only beside `{with}`"),
            format!("delete `{key}`"),
        );
        report.error(place, fault);
    }
}
