//! What the metrics of a random plan measure, what they read while all is well, and conditions around that.

use super::chance::Chance;

/// How a service does while all is well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usual {
    /// Requests a minute on each route.
    pub(super) rate: f64,
    /// The share that fails.
    pub(super) errors: f64,
    /// The median latency in seconds.
    pub(super) p50: f64,
    /// The 99th percentile.
    pub(super) p99: f64,
    /// The canary's share of the first phase that has any.
    pub(super) first_share: f64,
}

/// What a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Errors,
    Success,
    Latency(u16),
    Requests,
    /// A length of time that is reported each minute.
    Gauge,
    /// How often something happens.
    Tally,
    /// How often something happens that never should; there is no data while it does not.
    Never,
}

/// A metric of the plan.
#[derive(Debug, Clone)]
pub(super) struct Metric {
    pub(super) name: String,
    /// The load balancer's route that it is measured on, if it is one.
    pub(super) route: Option<&'static str>,
    pub(super) measure: Measure,
    /// In minutes.
    pub(super) window: u64,
    /// What it reads each minute while all is well; in base units.
    pub(super) value: f64,
    /// The statistic, where it is no load balancer's.
    pub(super) stat: &'static str,
}

/// What a condition is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It shall hold.
    Keep,
    /// It shall not.
    Avoid,
}

/// A condition as it is written, and what breaks it.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) text: String,
    pub(super) metric: Metric,
    /// The limit each minute, in base units; none where it is stable's.
    pub(super) limit: Option<f64>,
}

/// How many standard deviations a percentile of a normal distribution is above its median.
fn deviations(permille: u16) -> f64 {
    match permille {
        500 => 0.0,
        950 => 1.645,
        _ => 2.326,
    }
}

impl Usual {
    pub(super) fn latency(&self, permille: u16) -> f64 {
        let spread = (self.p99 / self.p50).ln() / deviations(990);
        self.p50 * (spread * deviations(permille)).exp()
    }

    /// What chance does to a share that is measured on so few requests.
    fn noise(&self, share: f64, minutes: f64) -> f64 {
        let requests = (self.rate * self.first_share * minutes).max(1.0);
        (share * (1.0 - share) / requests).sqrt() + 1.0 / requests
    }
}

impl Metric {
    /// A random condition on it with which all is well while all is well.
    pub(super) fn condition(&self, chance: &mut Chance, usual: &Usual, purpose: Purpose) -> Drawn {
        let lasting = purpose == Purpose::Avoid && chance.happens(60);
        let lasting = lasting.then(|| chance.among(1, 3));
        let slack = match purpose {
            Purpose::Keep => chance.real(1.2, 2.5),
            Purpose::Avoid => chance.real(1.8, 4.0),
        };
        let (above, below) = match purpose {
            Purpose::Keep => ("<", ">"),
            Purpose::Avoid => (">", "<"),
        };
        let minutes = minutes(lasting.map_or(self.window, |_| 1));
        let to_stable = purpose == Purpose::Avoid && chance.happens(15);
        let (op, limit, written) = match self.measure {
            Measure::Errors | Measure::Success => {
                let bad = usual.errors + 5.0 * usual.noise(usual.errors, minutes);
                let bad = (bad * slack).min(0.6);
                if self.measure == Measure::Errors {
                    (above, bad, format!("{:.3}%", bad * 100.0))
                } else {
                    (below, 1.0 - bad, format!("{:.3}%", 100.0 - bad * 100.0))
                }
            }
            Measure::Latency(permille) => {
                let slow = usual.latency(permille) * (slack + 0.3);
                (above, slow, format!("{}ms", milli(slow)))
            }
            Measure::Requests => {
                let few = usual.rate * usual.first_share * minutes / (4.0 * slack);
                (below, few, format!("{}", few.floor().max(1.0)))
            }
            Measure::Gauge => {
                let much = self.value * (slack + 0.1);
                (above, much, format!("{}ms", milli(much)))
            }
            Measure::Tally => {
                let many = self.value * minutes * (slack + 0.1);
                (above, many / minutes, format!("{many:.2}"))
            }
            Measure::Never => {
                let op = if purpose == Purpose::Keep { "==" } else { ">" };
                (op, 0.0, "0".to_owned())
            }
        };
        let stable = matches!(self.measure, Measure::Latency(_) | Measure::Gauge) && to_stable;
        let written = if stable {
            format!("{:.2} x stable", slack + 0.3)
        } else {
            written
        };
        let lasting = lasting.map_or(String::new(), |minutes| format!(" for {minutes}m"));
        Drawn {
            text: format!("{} {op} {written}{lasting}", self.name),
            metric: self.clone(),
            limit: (!stable).then_some(limit),
        }
    }

    /// How the plan declares it.
    pub(super) fn declaration(&self, min: Option<u64>) -> String {
        let name = &self.name;
        let window = self.window;
        if let Some(route) = self.route {
            let measure = match self.measure {
                Measure::Errors => "5xx_ratio".to_owned(),
                Measure::Success => "success_ratio".to_owned(),
                Measure::Latency(permille) => format!("latency_p{}", permille / 10),
                Measure::Requests | Measure::Gauge | Measure::Tally | Measure::Never => {
                    "requests".to_owned()
                }
            };
            let min = min.map_or(String::new(), |min| format!(", min_requests: {min}"));
            return format!(
                "  {name}: {{ alb: {route}, measure: {measure}, window: {window}m{min} }}\n"
            );
        }
        let rest = match self.measure {
            Measure::Gauge => "unit: s, canary: { Side: new }, stable: { Side: old }",
            Measure::Never => "absent: zero",
            Measure::Errors
            | Measure::Success
            | Measure::Latency(_)
            | Measure::Requests
            | Measure::Tally => "unit: count",
        };
        let stat = self.stat;
        format!(
            "  {name}: {{ cloudwatch: {{ namespace: Shop, name: {name}, stat: {stat}, {rest} }}, window: {window}m }}\n"
        )
    }
}

fn milli(seconds: f64) -> String {
    format!("{:.0}", (seconds * 1000.0).max(1.0))
}

pub(super) fn minutes(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few minutes")]
    let minutes = count as f64;
    minutes
}
