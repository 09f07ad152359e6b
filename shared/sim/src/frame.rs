//! What can be seen of a simulation: a frame a minute, and a summary at the end.

use std::{collections::BTreeMap, fmt};

use domain::{
    event::AlarmState,
    judge::{Finding, Side},
    ledger::Entry,
    name::{AlarmArn, RouteName},
    rollout::Rollout,
    time::{SignedDuration, Timestamp},
    traffic::Weight,
    waiting::Waiting,
};

/// The world after one more virtual minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The end of the minute.
    pub now: Timestamp,
    /// The rollout's head.
    pub rollout: Rollout,
    /// What it waits for.
    pub waiting: Waiting,
    /// What came into its ledger since the last frame.
    pub entries: Vec<Entry>,
    /// The routes' weights.
    pub routes: BTreeMap<RouteName, RouteFrame>,
    /// What clients saw in this minute: the canary first, then stable.
    pub sides: BTreeMap<RouteName, [SideFrame; 2]>,
    /// The alarms' states.
    pub alarms: BTreeMap<AlarmArn, AlarmState>,
    /// The newest measurement of every condition of where the rollout stands.
    pub findings: Vec<Finding>,
}

/// A route's weight in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteFrame {
    /// The canary's share as the target is configured.
    pub configured: Weight,
    /// The canary's share of the requests that came.
    pub realised: Weight,
}

/// What clients of one side of a route saw in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SideFrame {
    /// Which side.
    pub side: Side,
    /// Requests that were sent to it.
    pub requests: u64,
    /// Requests that it, or the load balancer before it, did not answer.
    pub errors: u64,
    /// Of those, the ones that no target was found for: no target group's metric shows them.
    pub unseen: u64,
    /// Requests that were answered with a 4xx.
    pub client_errors: u64,
    /// The median latency; none without requests.
    pub p50: Option<SignedDuration>,
    /// The 95th percentile.
    pub p95: Option<SignedDuration>,
    /// The 99th percentile.
    pub p99: Option<SignedDuration>,
}

/// A minute of the whole run, for a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The end of the minute, or of the last of several.
    pub at: Timestamp,
    /// The routes' weights.
    pub routes: BTreeMap<RouteName, RouteFrame>,
    /// What clients saw: the canary first, then stable.
    pub sides: BTreeMap<RouteName, [SideFrame; 2]>,
}

/// How a simulation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The canary is the new stable.
    Completed,
    /// Traffic is back on stable.
    RolledBack,
    /// It waits for a person, and nobody in the scenario comes any more.
    Held,
    /// The scenario's time was over before the rollout was.
    TimedOut,
    /// It did not start, and why.
    Refused(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => write!(f, "completed"),
            Self::RolledBack => write!(f, "rolled back"),
            Self::Held => write!(f, "held"),
            Self::TimedOut => write!(f, "not over when the scenario was"),
            Self::Refused(why) => write!(f, "not started: {why}"),
        }
    }
}

/// A whole run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How it ended.
    pub outcome: Outcome,
    /// When the simulation began.
    pub started: Timestamp,
    /// When it ended, or where it is now.
    pub ended: Timestamp,
    /// When the scenario's first trouble began, if one has.
    pub trouble_began: Option<Timestamp>,
    /// From then until the rollout first held, opened an incident or went back.
    pub detected: Option<SignedDuration>,
    /// From the decision to go back until the weights were read back as they should be.
    pub restored: Option<SignedDuration>,
    /// All requests.
    pub requests: u64,
    /// Those that the canary was to answer.
    pub canary_requests: u64,
    /// Those that failed because it was the canary: beyond what stable would have failed.
    pub canary_failures: u64,
    /// How often each port was called.
    pub calls: BTreeMap<&'static str, u64>,
    /// The rollout as it is at the end; none if it did not start.
    pub rollout: Option<Rollout>,
    /// Its whole ledger.
    pub ledger: Vec<Entry>,
    /// The run, thinned out to at most [`POINTS_MAX`] points.
    pub series: Vec<Point>,
}

/// The most points of a summary's series: as many as a wide chart has pixels.
pub const POINTS_MAX: usize = 2_000;
