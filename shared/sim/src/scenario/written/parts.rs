//! The parts of a scenario that stay the same while it runs.

use super::{
    AlarmRule, Amount, BTreeMap, Deserialize, Deserializer, Drift, Fault, Habit, Health, HookEnd,
    Instant, MetricScript, Network, Number, People, Scenario, Share, Span, StateText, Step,
    Traffic, de,
};
use domain::{event::AlarmState, time::SignedDuration};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioText {
    start: Option<Instant>,
    lasts: Option<Span>,
    patience: Option<Span>,
    #[serde(default)]
    traffic: TrafficText,
    #[serde(default)]
    stable: HealthText,
    #[serde(default)]
    canary: HealthText,
    #[serde(default)]
    timeline: Vec<Step>,
    #[serde(default)]
    people: PeopleText,
    #[serde(default)]
    metrics: BTreeMap<String, MetricScript>,
    #[serde(default)]
    alarms: BTreeMap<String, AlarmRule>,
    #[serde(default)]
    hooks: BTreeMap<String, Vec<HookEnd>>,
    #[serde(default)]
    network: NetworkText,
    #[serde(default)]
    faults: Vec<Fault>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct TrafficText {
    rate: Option<Number>,
    swing: Option<Share>,
    peak: Option<ClockTime>,
    #[serde(default)]
    routes: BTreeMap<String, Number>,
    sticky: Option<Span>,
    resolvers: Option<u32>,
}

/// A time of the day, `12:00`.
struct ClockTime(SignedDuration);

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts = text.split_once(':').and_then(|(hours, minutes)| {
            let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
            let valid = (0..24).contains(&hours) && (0..60).contains(&minutes);
            valid.then(|| SignedDuration::from_mins(hours * 60 + minutes))
        });
        parts
            .map(Self)
            .ok_or_else(|| de::Error::custom(format!("`{text}` is not a time such as 12:00")))
    }
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct HealthText {
    errors: Option<Share>,
    client_errors: Option<Share>,
    p50: Option<Span>,
    p99: Option<Span>,
}

impl HealthText {
    fn over(self, base: Health) -> Health {
        let seconds = |span: Option<Span>, base: f64| {
            span.map_or(base, |Span(span)| span.as_secs_f64().max(0.001))
        };
        let p50 = seconds(self.p50, base.p50);
        Health {
            errors: self.errors.map_or(base.errors, |Share(share)| share),
            client_errors: self
                .client_errors
                .map_or(base.client_errors, |Share(share)| share),
            p50,
            p99: seconds(self.p99, base.p99).max(p50),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PeopleText {
    approve: Option<Habit>,
    checklist: Option<Habit>,
    finish: Option<Habit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DriftText {
    to: Amount,
    from: Span,
    r#for: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricText {
    canary: Amount,
    stable: Option<Amount>,
    noise: Option<Share>,
    drift: Option<DriftText>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum MetricOrAbsent {
    Word(String),
    Values(MetricText),
}

impl<'de> Deserialize<'de> for MetricScript {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = "a metric is `absent`, or { canary, stable, noise, drift: { to, from, for } }";
        let text = MetricOrAbsent::deserialize(deserializer)
            .map_err(|error| de::Error::custom(format!("{wrong}: {error}")))?;
        match text {
            MetricOrAbsent::Word(word) if word == "absent" => Ok(Self {
                canary: None,
                stable: None,
                noise: 0.0,
                drift: None,
            }),
            MetricOrAbsent::Word(_) => Err(de::Error::custom(wrong)),
            MetricOrAbsent::Values(text) => Ok(Self {
                canary: Some(text.canary.0),
                stable: Some(text.stable.unwrap_or(text.canary).0),
                noise: text.noise.map_or(0.0, |Share(noise)| noise),
                drift: text.drift.map(|drift| Drift {
                    to: drift.to.0,
                    from: drift.from.0,
                    lasts: drift.r#for.0,
                }),
            }),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlarmText {
    starts: Option<StateText>,
    errors: Option<Share>,
    p95: Option<Span>,
    points: Option<usize>,
    of: Option<usize>,
    min_requests: Option<u64>,
}

impl<'de> Deserialize<'de> for AlarmRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = AlarmText::deserialize(deserializer)?;
        let default = Self::default();
        let of = text.of.unwrap_or(default.of);
        let points = text.points.unwrap_or(default.points.min(of));
        if points == 0 || points > of || of > 60 {
            return Err(de::Error::custom(
                "an alarm looks at 1 to 60 data points (`of`), of which `points` breach",
            ));
        }
        Ok(Self {
            starts: text.starts.map_or(AlarmState::Ok, AlarmState::from),
            errors: text.errors.map(|Share(share)| share),
            p95: text.p95.map(|Span(span)| span.as_secs_f64()),
            points,
            of,
            min_requests: text.min_requests.unwrap_or(default.min_requests),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct NetworkText {
    faults: Option<Share>,
    alarms_lost: Option<Share>,
    alarms_doubled: Option<Share>,
    alarm_delay: Option<Span>,
    index_lag: Option<Span>,
    propagation: Option<Span>,
    insync: Option<Span>,
    metrics_delay: Option<Span>,
}

impl From<NetworkText> for Network {
    fn from(text: NetworkText) -> Self {
        let base = Self::default();
        let span = |span: Option<Span>, base| span.map_or(base, |Span(span)| span);
        let share = |share: Option<Share>, base| share.map_or(base, |Share(share)| share);
        Self {
            faults: share(text.faults, base.faults),
            alarms_lost: share(text.alarms_lost, base.alarms_lost),
            alarms_doubled: share(text.alarms_doubled, base.alarms_doubled),
            alarm_delay: span(text.alarm_delay, base.alarm_delay),
            index_lag: span(text.index_lag, base.index_lag),
            propagation: span(text.propagation, base.propagation),
            insync: span(text.insync, base.insync),
            metrics_delay: span(text.metrics_delay, base.metrics_delay),
        }
    }
}

impl From<TrafficText> for Traffic {
    fn from(text: TrafficText) -> Self {
        let base = Self::default();
        Self {
            rate: text.rate.map_or(base.rate, |Number(rate)| rate),
            swing: text.swing.map_or(base.swing, |Share(swing)| swing),
            peak: text.peak.map_or(base.peak, |ClockTime(peak)| peak),
            routes: text
                .routes
                .into_iter()
                .map(|(route, Number(rate))| (route, rate))
                .collect(),
            sticky: text.sticky.map(|Span(sticky)| sticky),
            resolvers: text.resolvers.unwrap_or(base.resolvers).clamp(1, 1_000),
        }
    }
}

impl From<ScenarioText> for Scenario {
    fn from(text: ScenarioText) -> Self {
        let base = Self::default();
        let stable = text.stable.over(Health::default());
        Self {
            start: text.start.map_or(base.start, |Instant(start)| start),
            lasts: text.lasts.map_or(base.lasts, |Span(lasts)| lasts),
            patience: text
                .patience
                .map_or(base.patience, |Span(patience)| patience),
            traffic: text.traffic.into(),
            stable,
            canary: text.canary.over(stable),
            timeline: text.timeline,
            people: People {
                approve: text.people.approve.unwrap_or(base.people.approve),
                checklist: text.people.checklist.unwrap_or(base.people.checklist),
                finish: text.people.finish.unwrap_or(base.people.finish),
            },
            metrics: text.metrics,
            alarms: text.alarms,
            hooks: text.hooks,
            network: text.network.into(),
            faults: text.faults,
        }
    }
}
