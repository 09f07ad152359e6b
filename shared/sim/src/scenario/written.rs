//! A scenario as it is written, and how it becomes one.

use std::collections::BTreeMap;

use domain::{event::AlarmState, time::SignedDuration};
use serde::{Deserialize, Deserializer, de};

use super::{
    Ailment, AlarmRule, Drift, Habit, Happening, Health, HookEnd, Malady, MetricScript, Network,
    People, Says, Scenario, ScenarioError, Sides, Step, Traffic,
    word::{Amount, Instant, Number, Percent, Share, Span, When, parse_span},
};
use crate::faults::{Fault, FaultAt, FaultKind};

/// The longest text that is read as a scenario.
const BYTES_MAX: usize = 64 * 1024;

/// How bad something is, in words that fit its kind: a share or a factor.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MaladyText<T> {
    #[serde(default)]
    side: Sides,
    route: Option<String>,
    size: T,
    r#for: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutageText {
    #[serde(default)]
    side: Sides,
    route: Option<String>,
    r#for: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MismatchText {
    metric: String,
    value: Amount,
    r#for: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlarmStepText {
    name: String,
    state: StateText,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum StateText {
    Ok,
    Alarm,
    InsufficientData,
}

impl From<StateText> for AlarmState {
    fn from(text: StateText) -> Self {
        match text {
            StateText::Ok => Self::Ok,
            StateText::Alarm => Self::Alarm,
            StateText::InsufficientData => Self::InsufficientData,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandText {
    route: String,
    weight: Percent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonText {
    who: String,
    r#do: Verb,
    reason: Option<String>,
    item: Option<String>,
    route: Option<String>,
    weight: Option<Percent>,
    r#for: Option<Span>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Verb {
    Approve,
    Reject,
    Check,
    Pause,
    Resume,
    Promote,
    PromoteFull,
    Rollback,
    Abort,
    Retry,
    Finish,
    SetWeight,
    OverrideCalendar,
    Accept,
}

impl PersonText {
    fn happening(self) -> Result<Happening, String> {
        let reason = self.reason.unwrap_or_default();
        let says = match self.r#do {
            Verb::Approve => Says::Approve,
            Verb::Reject => Says::Reject(reason),
            Verb::Check => Says::Check(self.item.ok_or("`check` needs an `item`")?),
            Verb::Pause => Says::Pause(reason),
            Verb::Resume => Says::Resume(reason),
            Verb::Promote => Says::Promote,
            Verb::PromoteFull => Says::PromoteFull(reason),
            Verb::Rollback => Says::Rollback(reason),
            Verb::Abort => Says::Abort(reason),
            Verb::Retry => Says::Retry,
            Verb::Finish => Says::Finish,
            Verb::SetWeight => {
                let Percent(weight) = self.weight.ok_or("`set-weight` needs a `weight`")?;
                Says::SetWeight(self.route, weight, reason)
            }
            Verb::OverrideCalendar => {
                let Span(lasts) = self
                    .r#for
                    .ok_or("`override-calendar` needs `for`, how long it holds")?;
                Says::OverrideCalendar(lasts, reason)
            }
            Verb::Accept => {
                let incident = self.item.ok_or("`accept` needs an `item`, the incident")?;
                let Span(lasts) = self
                    .r#for
                    .ok_or("`accept` needs `for`, how long it holds")?;
                Says::Accept(incident, lasts, reason)
            }
        };
        Ok(Happening::Person {
            who: self.who,
            says,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LastsText {
    r#for: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    at: When,
    error_spike: Option<MaladyText<Share>>,
    latency_drift: Option<MaladyText<Number>>,
    slow_leak: Option<MaladyText<Share>>,
    outage: Option<OutageText>,
    empty_targets: Option<OutageText>,
    traffic_drop: Option<MaladyText<Share>>,
    data_mismatch: Option<MismatchText>,
    alarm: Option<AlarmStepText>,
    hand: Option<HandText>,
    person: Option<PersonText>,
    store_outage: Option<LastsText>,
    metrics_outage: Option<LastsText>,
}

fn malady(
    ailment: Ailment,
    sides: Sides,
    route: Option<String>,
    size: f64,
    Span(lasts): Span,
) -> Happening {
    Happening::Malady(Malady {
        ailment,
        sides,
        route,
        size,
        lasts,
    })
}

fn sized(ailment: Ailment, text: MaladyText<Share>) -> Happening {
    malady(ailment, text.side, text.route, text.size.0, text.r#for)
}

fn whole(ailment: Ailment, text: OutageText) -> Happening {
    malady(ailment, text.side, text.route, 1.0, text.r#for)
}

impl StepText {
    fn step(self) -> Result<Step, String> {
        let drift = self.latency_drift.map(|text| {
            let size = text.size.0.max(1.0);
            malady(
                Ailment::LatencyDrift,
                text.side,
                text.route,
                size,
                text.r#for,
            )
        });
        let drop = self.traffic_drop.map(|text| {
            malady(
                Ailment::TrafficDrop,
                Sides::Both,
                text.route,
                text.size.0,
                text.r#for,
            )
        });
        let person = self.person.map(PersonText::happening).transpose()?;
        let found: Vec<Happening> = [
            self.error_spike
                .map(|text| sized(Ailment::ErrorSpike, text)),
            drift,
            self.slow_leak.map(|text| sized(Ailment::SlowLeak, text)),
            self.outage.map(|text| whole(Ailment::Outage, text)),
            self.empty_targets
                .map(|text| whole(Ailment::EmptyTargets, text)),
            drop,
            self.data_mismatch.map(|text| Happening::DataMismatch {
                metric: text.metric,
                value: text.value.0,
                lasts: text.r#for.0,
            }),
            self.alarm.map(|text| Happening::Alarm {
                name: text.name,
                state: text.state.into(),
            }),
            self.hand.map(|text| Happening::Hand {
                route: text.route,
                weight: text.weight.0,
            }),
            person,
            self.store_outage
                .map(|text| Happening::StoreOutage(text.r#for.0)),
            self.metrics_outage
                .map(|text| Happening::MetricsOutage(text.r#for.0)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(what), None) => Ok(Step { at: self.at, what }),
            (None, _) => {
                Err("a step says what happens: error_spike, alarm, hand, person, …".into())
            }
            (Some(_), Some(_)) => Err("two things happen in one step; make two of it".into()),
        }
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = StepText::deserialize(deserializer)?;
        text.step().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Habit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "never" => Ok(Self::Never),
            "refuse" => Ok(Self::Refuse),
            text => parse_span(text).map_or_else(
                |_| {
                    let wrong =
                        "is not a habit; write a length of time such as 10m, or never, or refuse";
                    Err(de::Error::custom(format!("`{text}` {wrong}")))
                },
                |Span(after)| Ok(Self::After(after)),
            ),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultText {
    number: Option<u64>,
    call: Option<String>,
    nth: Option<u64>,
    kind: FaultKindText,
    delay: Option<Span>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum FaultKindText {
    TimeoutBefore,
    TimeoutAfter,
    Throttle,
    CrashAfter,
    LateLanding,
    CrashLateLanding,
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = FaultText::deserialize(deserializer)?;
        let delay = text
            .delay
            .map_or(SignedDuration::from_mins(1), |Span(delay)| delay);
        let kind = match text.kind {
            FaultKindText::TimeoutBefore => FaultKind::TimeoutBefore,
            FaultKindText::TimeoutAfter => FaultKind::TimeoutAfter,
            FaultKindText::Throttle => FaultKind::Throttle,
            FaultKindText::CrashAfter => FaultKind::CrashAfter,
            FaultKindText::LateLanding => FaultKind::LateLanding(delay),
            FaultKindText::CrashLateLanding => FaultKind::CrashLateLanding(delay),
        };
        let at = match (text.number, text.call) {
            (Some(number), None) => FaultAt::Number(number),
            (None, Some(call)) => FaultAt::Nth {
                call,
                nth: text.nth.unwrap_or(1),
            },
            (Some(_), Some(_)) | (None, None) => {
                return Err(de::Error::custom(
                    "a fault is at a `number`, or at a `call` and its `nth`",
                ));
            }
        };
        Ok(Self { at, kind })
    }
}

mod parts;

impl Scenario {
    /// Reads a scenario file.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        if text.len() > BYTES_MAX {
            return Err(ScenarioError {
                line: 1,
                column: 1,
                message: format!("a scenario has at most {BYTES_MAX} bytes"),
            });
        }
        if is_blank(text) {
            return Ok(Self::default());
        }
        let read: Result<parts::ScenarioText, _> = serde_saphyr::from_str(text);
        match read {
            Ok(text) => Ok(text.into()),
            Err(error) => {
                let place = error.location();
                Err(ScenarioError {
                    line: place.as_ref().map_or(1, serde_saphyr::Location::line),
                    column: place.as_ref().map_or(1, serde_saphyr::Location::column),
                    message: plain(&error.to_string()),
                })
            }
        }
    }
}

/// The words alone: the place is given beside them, and whoever shows it has the text.
fn plain(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let words = first.strip_prefix("error: ").unwrap_or(first);
    let after_place = words
        .strip_prefix("line ")
        .and_then(|rest| rest.split_once(": "));
    after_place.map_or(words, |(_, words)| words).to_owned()
}

fn is_blank(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .all(|line| line.is_empty() || line.starts_with('#'))
}
