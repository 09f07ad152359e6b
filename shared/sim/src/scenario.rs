//! Scenarios: what the world does to a rollout.
//!
//! A scenario is a small YAML file; everything in it may be left out, and an empty file is a healthy world.
//!
//! ```yaml
//! start: 2026-01-13T01:00:00Z   # when the rollout is started
//! lasts: 60d                    # the simulation gives up after this
//! patience: 12h                 # a rollout that waits so long for a person who never comes is held
//! traffic:
//!   rate: 1200                  # requests a minute on each route, on the average of a day
//!   swing: 40%                  # how much more there is at the peak, and less half a day later
//!   peak: 12:00                 # when that is, UTC
//!   routes: { apex: 300 }       # routes with another rate
//!   sticky: 30m                 # how long a load balancer's cookie keeps a client on its side
//!   resolvers: 24               # how many resolvers with caches of their own ask for a name
//! stable: { errors: 0.02%, client_errors: 1%, p50: 120ms, p99: 450ms }
//! canary: { errors: 0.02% }     # as stable where nothing is said
//! timeline:                     # a moment is 3h after the start, or early+30m after the weights of phase
//!                               # `early` are in effect; `watch+1h` and `rollback+10s` count likewise
//!   - { at: early+2h, error_spike: { size: 8%, for: 30m } }            # side: canary, stable or both; route
//!   - { at: 3h, latency_drift: { size: 3, for: 2h } }                  # grows to 3 times the latency
//!   - { at: 3h, slow_leak: { size: 6%, for: 12h } }                    # errors and latency creep up
//!   - { at: 3h, outage: { side: canary, for: 10m } }                   # every answer is a 5xx
//!   - { at: 3h, empty_targets: { side: canary, for: 10m } }            # 503, and no metric of its own
//!   - { at: 3h, traffic_drop: { size: 99%, for: 6h } }                 # nearly nobody comes
//!   - { at: 3h, data_mismatch: { metric: mismatches, value: 3, for: 1h } }
//!   - { at: 3h, alarm: { name: new-5xx-critical, state: ALARM } }      # until the next such step
//!   - { at: 3h, hand: { route: web, weight: 0% } }                     # somebody writes a weight himself
//!   - { at: 3h, person: { who: kim, do: pause, reason: lunch } }       # approve, reject, pause, resume, …
//!   - { at: 3h, store_outage: { for: 2m } }
//!   - { at: 3h, metrics_outage: { for: 20m } }
//! people:
//!   approve: 10m                # after being asked; or never, or refuse
//!   checklist: 5m               # after the weights are in effect; or never
//!   finish: 30m                 # when the team's own tooling makes the canary the new stable; or never
//! metrics:                      # what is not said reads as the plan calls healthy
//!   sync_time: { canary: 1.1s, stable: 1s, noise: 5%, drift: { to: 4s, from: 3h, for: 2h } }
//!   complaints: absent
//! alarms:                       # by name; one whose name has 5xx follows the canary's errors, others are OK
//!   new-5xx-critical: { errors: 5%, points: 2, of: 3, min_requests: 20 }
//!   queue-depth: { starts: INSUFFICIENT_DATA }
//! hooks:
//!   freeze-writes: [failed, succeeded]     # also: running; what is not said succeeds
//! network:
//!   faults: 0.5%                # of all calls meet a time-out, a throttle, a crash or a late landing
//!   alarms_lost: 2%             # alarm events that never come
//!   alarms_doubled: 10%
//!   alarm_delay: 20s            # the longest that one is under way, so that order is lost
//!   index_lag: 3s               # how far behind the list of active rollouts may be
//!   propagation: 30s            # the longest until a load balancer's nodes have a change
//!   insync: 60s                 # the longest until a zone's servers have one
//!   metrics_delay: 2m           # the longest until a minute's data is complete
//! faults:                       # at calls by number, or by name and how many-th
//!   - { call: router.write, nth: 2, kind: crash-after }
//!   - { number: 120, kind: late-landing, delay: 2m }
//! ```

mod check;
mod step;
mod word;
mod written;

use std::collections::BTreeMap;

use domain::{
    event::AlarmState,
    time::{SignedDuration, Timestamp},
};

pub use step::{Ailment, Happening, Malady, Says, Sides, Step};
pub use word::{Amount, Share, When};

use crate::faults::Fault;

/// What the world does to a rollout; by default nothing that could trouble it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// When the rollout is started.
    pub start: Timestamp,
    /// The simulation gives up after this.
    pub lasts: SignedDuration,
    /// A rollout that waits so long for a person who never comes is held.
    pub patience: SignedDuration,
    /// The requests.
    pub traffic: Traffic,
    /// How stable does.
    pub stable: Health,
    /// How the canary does.
    pub canary: Health,
    /// What happens when.
    pub timeline: Vec<Step>,
    /// What people do unasked.
    pub people: People,
    /// The plan's metrics that are not measured from requests, by name.
    pub metrics: BTreeMap<String, MetricScript>,
    /// The plan's alarms, by name.
    pub alarms: BTreeMap<String, AlarmRule>,
    /// How each try of a hook ends, by the hook's name; succeeded after the last.
    pub hooks: BTreeMap<String, Vec<HookEnd>>,
    /// What the network does.
    pub network: Network,
    /// Faults at calls that are named.
    pub faults: Vec<Fault>,
}

/// The requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// Requests a minute on each route, on the average of a day.
    pub rate: f64,
    /// How much more there is at the peak, as a share of the average.
    pub swing: f64,
    /// When the peak is, after midnight UTC.
    pub peak: SignedDuration,
    /// Routes with another rate.
    pub routes: BTreeMap<String, f64>,
    /// How long a load balancer's cookie keeps a client on its side, if it is given one.
    pub sticky: Option<SignedDuration>,
    /// How many resolvers with caches of their own ask for a name.
    pub resolvers: u32,
}

/// How a side does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Health {
    /// The share of requests that are answered with a 5xx.
    pub errors: f64,
    /// The share of requests that are answered with a 4xx.
    pub client_errors: f64,
    /// The median latency in seconds.
    pub p50: f64,
    /// The 99th percentile in seconds.
    pub p99: f64,
}

/// When somebody does something unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// So long after it could be done.
    After(SignedDuration),
    /// Never.
    Never,
    /// It is refused, ten minutes after it was asked for.
    Refuse,
}

/// What people do unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People {
    /// Approve.
    pub approve: Habit,
    /// Confirm the checklist's items.
    pub checklist: Habit,
    /// Make the canary the new stable with the team's own tooling, and say so.
    pub finish: Habit,
}

/// What a metric that is not measured from requests reads as, a data point each minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricScript {
    /// The canary's value in base units; none is absent.
    pub canary: Option<f64>,
    /// Stable's; the canary's if nothing is said.
    pub stable: Option<f64>,
    /// How far a data point strays, as a share of the value.
    pub noise: f64,
    /// Where the canary's value goes.
    pub drift: Option<Drift>,
}

/// A value that changes evenly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// The value at its end, in base units.
    pub to: f64,
    /// When it begins, after the scenario has.
    pub from: SignedDuration,
    /// How long it takes.
    pub lasts: SignedDuration,
}

/// What an alarm watches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlarmRule {
    /// The state it begins in.
    pub starts: AlarmState,
    /// Breaching when more of the canary's requests than this share are 5xx.
    pub errors: Option<f64>,
    /// Breaching when the canary's 95th percentile is above this, in seconds.
    pub p95: Option<f64>,
    /// In `ALARM` when so many data points breach,
    pub points: usize,
    /// … of so many.
    pub of: usize,
    /// A minute with fewer requests does not breach.
    pub min_requests: u64,
}

/// How one look at a hook ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookEnd {
    /// It did what it should.
    Succeeded,
    /// It did not.
    Failed,
    /// It is still at work.
    Running,
}

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// The share of calls that meet a fault.
    pub faults: f64,
    /// The share of alarm events that never come.
    pub alarms_lost: f64,
    /// The share of alarm events that come twice.
    pub alarms_doubled: f64,
    /// The longest that an alarm event is under way.
    pub alarm_delay: SignedDuration,
    /// How far behind the list of active rollouts may be.
    pub index_lag: SignedDuration,
    /// The longest until a load balancer's nodes have a change.
    pub propagation: SignedDuration,
    /// The longest until a zone's servers have a change.
    pub insync: SignedDuration,
    /// The longest until a minute's data is complete.
    pub metrics_delay: SignedDuration,
}

/// What is wrong with a scenario's text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ScenarioError {
    /// Counts from 1.
    pub line: u64,
    /// Counts from 1.
    pub column: u64,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            // Tuesday 2026-01-13T01:00:00Z: ten in the morning in Tokyo.
            start: Timestamp::from_second(1_768_266_000).unwrap_or(Timestamp::UNIX_EPOCH),
            lasts: SignedDuration::from_hours(24 * 60),
            patience: SignedDuration::from_hours(12),
            traffic: Traffic::default(),
            stable: Health::default(),
            canary: Health::default(),
            timeline: Vec::new(),
            people: People::default(),
            metrics: BTreeMap::new(),
            alarms: BTreeMap::new(),
            hooks: BTreeMap::new(),
            network: Network::default(),
            faults: Vec::new(),
        }
    }
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            rate: 1_200.0,
            swing: 0.4,
            peak: SignedDuration::from_hours(12),
            routes: BTreeMap::new(),
            sticky: None,
            resolvers: 24,
        }
    }
}

impl Default for Health {
    fn default() -> Self {
        Self {
            errors: 0.000_2,
            client_errors: 0.01,
            p50: 0.12,
            p99: 0.45,
        }
    }
}

impl Default for People {
    fn default() -> Self {
        Self {
            approve: Habit::After(SignedDuration::from_mins(10)),
            checklist: Habit::After(SignedDuration::from_mins(5)),
            finish: Habit::After(SignedDuration::from_mins(30)),
        }
    }
}

impl Default for AlarmRule {
    fn default() -> Self {
        Self {
            starts: AlarmState::Ok,
            errors: None,
            p95: None,
            points: 2,
            of: 3,
            min_requests: 20,
        }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self {
            faults: 0.0,
            alarms_lost: 0.02,
            alarms_doubled: 0.1,
            alarm_delay: SignedDuration::from_secs(20),
            index_lag: SignedDuration::from_secs(3),
            propagation: SignedDuration::from_secs(30),
            insync: SignedDuration::from_secs(60),
            metrics_delay: SignedDuration::from_secs(120),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &Expect) {
        let said = match Scenario::parse(text) {
            Ok(_) => "fine".to_owned(),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&said);
    }

    /// The documentation's example is read as it stands.
    #[test]
    fn the_documented_example_is_a_scenario() {
        let text = include_str!("scenario.rs");
        let lines = text.lines().skip_while(|line| *line != "//! ```yaml");
        let lines = lines.skip(1).take_while(|line| *line != "//! ```");
        let lines: Vec<&str> = lines.filter_map(|line| line.strip_prefix("//! ")).collect();
        let example = lines.join("\n");
        check(&example, &expect!["fine"]);
        assert_eq!(Scenario::parse("# nothing\n"), Ok(Scenario::default()));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        check(
            "trafic: { rate: 3 }",
            &expect![
                "1:1: unknown field `trafic`, expected one of start, lasts, patience, traffic, stable, canary, timeline, people, metrics, alarms, hooks, network, faults"
            ],
        );
        check(
            "stable: { errors: 0.1 }",
            &expect!["1:19: `0.1` is not a share; write a percentage from 0% to 100%"],
        );
        check(
            "people:\n  approve: soon",
            &expect![
                "2:12: `soon` is not a habit; write a length of time such as 10m, or never, or refuse"
            ],
        );
        check(
            "timeline:\n  - { at: 3h }",
            &expect!["2:5: a step says what happens: error_spike, alarm, hand, person, …"],
        );
        check(
            "timeline:\n  - { at: 3h, outage: { for: 3 weeks } }",
            &expect![
                "2:30: `3 weeks` is not a length of time; write one such as 250ms, 30m or 1h30m"
            ],
        );
        check(
            "metrics: { m: gone }",
            &expect![
                "1:15: a metric is `absent`, or { canary, stable, noise, drift: { to, from, for } }"
            ],
        );
        check(
            "faults: [ { kind: throttle } ]",
            &expect!["1:11: a fault is at a `number`, or at a `call` and its `nth`"],
        );
    }
}
