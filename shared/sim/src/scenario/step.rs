//! Steps of a scenario's timeline: what happens when.

use domain::{event::AlarmState, judge::Side, time::SignedDuration, traffic::Weight};

use super::word::When;

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When.
    pub at: When,
    /// What.
    pub what: Happening,
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// Requests do badly, or do not come.
    Malady(Malady),
    /// A metric that is not measured from requests reads as this on the canary.
    DataMismatch {
        /// The metric, as the plan calls it.
        metric: String,
        /// Its value in base units.
        value: f64,
        /// How long.
        lasts: SignedDuration,
    },
    /// An alarm changes its state and keeps it until the next such step.
    Alarm {
        /// The alarm's name.
        name: String,
        /// Its state.
        state: AlarmState,
    },
    /// Somebody writes a weight himself.
    Hand {
        /// The route, as the plan calls it.
        route: String,
        /// The canary's share.
        weight: Weight,
    },
    /// A person asks for something.
    Person {
        /// Who.
        who: String,
        /// For what.
        says: Says,
    },
    /// The store does not answer.
    StoreOutage(SignedDuration),
    /// The metric provider does not answer completely.
    MetricsOutage(SignedDuration),
}

/// What a person asks for; the phase it is about is the one that the rollout is in then.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "they are the commands of `domain::event::Command`"
)]
pub enum Says {
    Approve,
    Reject(String),
    Check(String),
    Pause(String),
    Resume(String),
    Promote,
    PromoteFull(String),
    Rollback(String),
    Abort(String),
    Retry,
    Finish,
    SetWeight(Option<String>, Weight, String),
    OverrideCalendar(SignedDuration, String),
    Accept(String, SignedDuration, String),
}

/// Requests that do badly, or do not come.
#[derive(Debug, Clone, PartialEq)]
pub struct Malady {
    /// What is the matter.
    pub ailment: Ailment,
    /// On which side.
    pub sides: Sides,
    /// On which route; all if none is named.
    pub route: Option<String>,
    /// How bad it is: a share of the requests, or a factor of the latency.
    pub size: f64,
    /// How long it lasts.
    pub lasts: SignedDuration,
}

/// What can be the matter with requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ailment {
    /// A share of the requests fails.
    ErrorSpike,
    /// The latency grows evenly to so many times what it was.
    LatencyDrift,
    /// Failures creep up to a share of the requests, and the latency with them.
    SlowLeak,
    /// Every target is unhealthy; the load balancer sends to them all the same, and every answer is a 5xx
    /// (ALB fails open).
    Outage,
    /// There is no target: the load balancer answers 503, which no target group's metric shows.
    EmptyTargets,
    /// A share of the requests does not come, on either side.
    TrafficDrop,
}

/// Which sides something befalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sides {
    /// The canary alone.
    #[default]
    Canary,
    /// Stable alone.
    Stable,
    /// Both.
    Both,
}

impl Sides {
    /// Whether a side is among them.
    #[must_use]
    pub fn has(self, side: Side) -> bool {
        match self {
            Self::Canary => side == Side::Canary,
            Self::Stable => side == Side::Stable,
            Self::Both => true,
        }
    }
}

impl Happening {
    /// Whether it is trouble that a rollout should find.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        match self {
            Self::Malady(_) | Self::DataMismatch { .. } => true,
            Self::Alarm { state, .. } => *state == AlarmState::Alarm,
            Self::Hand { .. }
            | Self::Person { .. }
            | Self::StoreOutage(_)
            | Self::MetricsOutage(_) => false,
        }
    }
}
