//! What the functions say about themselves: logs as lines of JSON, and metrics as lines that CloudWatch reads.
//!
//! A metric is a line of the log in the embedded metric format: it costs no call and cannot fail an invocation.

use std::{
    error::Error,
    io::{self, Write},
};

use domain::time::Timestamp;
use serde_json::{Map, Value, json};
use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::filter_fn, layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Where every metric is.
pub const NAMESPACE: &str = "Tidegate";

/// Crates that may say more than `info`: the libraries below them say what they sign and send.
const OURS: [&str; 6] = ["advance", "alarm", "aws", "control", "engine", "notify"];

/// Starts the log. `RUST_LOG` says how much of our own is written; others are heard from `info` upwards only.
pub fn start_log() {
    let asked = EnvFilter::try_from_default_env();
    let filter = asked.unwrap_or_else(|_| EnvFilter::new("info"));
    let of_ours = filter_fn(|metadata| {
        let name = metadata.target().split("::").next().unwrap_or_default();
        OURS.contains(&name) || *metadata.level() <= Level::INFO
    });
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(io::stderr)
        .with_filter(of_ours);
    // A second start, in a test, leaves the first.
    let _started = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init();
}

/// An error and what caused it, in one line.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Some errors repeat their source's words.
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

/// What a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Time.
    Milliseconds,
    /// Time.
    Seconds,
    /// A share.
    Percent,
    /// A number that counts nothing.
    None,
}

impl Unit {
    const fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
            Self::Percent => "Percent",
            Self::None => "None",
        }
    }
}

/// A value of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// The value.
    pub value: f64,
}

impl Metric {
    /// So many things.
    #[must_use]
    pub fn count(name: &'static str, count: usize) -> Self {
        Self {
            name,
            unit: Unit::Count,
            value: f64::from(u32::try_from(count).unwrap_or(u32::MAX)),
        }
    }
}

/// Metrics of one thing at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// When.
    pub at: Timestamp,
    /// Of what: pairs of a dimension and its value; none for the deployment as a whole.
    pub of: Vec<(&'static str, String)>,
    /// What was measured.
    pub metrics: Vec<Metric>,
    /// What stands beside them, to be searched for and not to be counted.
    pub beside: Vec<(&'static str, String)>,
}

impl Measured {
    /// The line (CloudWatch, "Specification: Embedded metric format").
    #[must_use]
    pub fn line(&self) -> String {
        let dimensions: Vec<&str> = self.of.iter().map(|(name, _)| *name).collect();
        let definitions: Vec<Value> = self
            .metrics
            .iter()
            .map(|metric| json!({ "Name": metric.name, "Unit": metric.unit.name() }))
            .collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": self.at.as_millisecond(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [dimensions],
                    "Metrics": definitions,
                }],
            }),
        );
        for (name, value) in self.of.iter().chain(&self.beside) {
            line.insert((*name).to_owned(), Value::from(value.as_str()));
        }
        for metric in &self.metrics {
            line.insert(metric.name.to_owned(), Value::from(metric.value));
        }
        Value::Object(line).to_string()
    }
}

/// Where metrics go.
pub trait Gauges {
    /// Notes metrics.
    fn note(&self, measured: &Measured);
}

/// Standard output, where Lambda takes it to CloudWatch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stdout;

impl Gauges for Stdout {
    fn note(&self, measured: &Measured) {
        // A log that cannot be written must not stop what is logged.
        let _written = writeln!(io::stdout().lock(), "{}", measured.line());
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use engine::trouble::{EngineError, Trouble};

    #[test]
    fn a_line_of_metrics_is_in_the_embedded_format() {
        let measured = Measured {
            at: Timestamp::from_millisecond(1_768_298_400_123).unwrap(),
            of: vec![("Service", "shop".to_owned()), ("Route", "web".to_owned())],
            metrics: vec![Metric {
                name: "CanaryWeight",
                unit: Unit::Percent,
                value: 2.5,
            }],
            beside: vec![("rollout", "shop#7".to_owned())],
        };
        expect![[r#"{"CanaryWeight":2.5,"Route":"web","Service":"shop","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service","Route"]],"Metrics":[{"Name":"CanaryWeight","Unit":"Percent"}],"Namespace":"Tidegate"}],"Timestamp":1768298400123},"rollout":"shop#7"}"#]].assert_eq(&measured.line());
    }

    #[test]
    fn a_metric_of_nothing_has_an_empty_set_of_dimensions() {
        let measured = Measured {
            at: Timestamp::UNIX_EPOCH,
            of: Vec::new(),
            metrics: vec![Metric::count("Sweeps", 1)],
            beside: Vec::new(),
        };
        expect![[r#"{"Sweeps":1.0,"_aws":{"CloudWatchMetrics":[{"Dimensions":[[]],"Metrics":[{"Name":"Sweeps","Unit":"Count"}],"Namespace":"Tidegate"}],"Timestamp":0}}"#]].assert_eq(&measured.line());
    }

    #[test]
    fn an_error_is_said_with_its_causes() {
        let error = EngineError::Store(Trouble::passing("GetItem was not answered in time"));
        expect!["the store could not be used: GetItem was not answered in time"]
            .assert_eq(&chain(&error));
    }
}
