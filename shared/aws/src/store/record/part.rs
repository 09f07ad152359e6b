//! The smaller parts of a head, as they are kept.

use domain::{
    name::{AlarmArn, Person, PhaseName},
    rollout,
    target::Floor,
    time::Timestamp,
    traffic::Epoch,
};
use serde::{Deserialize, Serialize};

use super::{
    spelling::{Permille, Spelt},
    word::{AlarmState, Carrier, HookState, Kind, Otherwise, Severity},
};

/// See [`rollout::Origin`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Origin {
    Fresh,
    Retry(u64),
    Superseded(u64),
}

impl From<rollout::Origin> for Origin {
    fn from(origin: rollout::Origin) -> Self {
        match origin {
            rollout::Origin::Fresh => Self::Fresh,
            rollout::Origin::Retry(number) => Self::Retry(number),
            rollout::Origin::Superseded(number) => Self::Superseded(number),
        }
    }
}

impl From<Origin> for rollout::Origin {
    fn from(record: Origin) -> Self {
        match record {
            Origin::Fresh => Self::Fresh,
            Origin::Retry(number) => Self::Retry(number),
            Origin::Superseded(number) => Self::Superseded(number),
        }
    }
}

/// See [`rollout::Intent`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Intent {
    epoch: u64,
    kind: Kind,
    deadline: Spelt<Timestamp>,
    retakes: u32,
}

impl From<rollout::Intent> for Intent {
    fn from(intent: rollout::Intent) -> Self {
        Self {
            epoch: intent.epoch.0,
            kind: intent.kind.into(),
            deadline: Spelt(intent.deadline),
            retakes: intent.retakes,
        }
    }
}

impl From<Intent> for rollout::Intent {
    fn from(record: Intent) -> Self {
        Self {
            epoch: Epoch(record.epoch),
            kind: record.kind.into(),
            deadline: record.deadline.0,
            retakes: record.retakes,
        }
    }
}

/// See [`rollout::RouteState`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteState {
    acknowledged: Option<u64>,
    effective: Option<Spelt<Timestamp>>,
    drift: Option<Permille>,
    base: Option<Permille>,
    floor: Permille,
    floor_carrier: Carrier,
}

impl From<rollout::RouteState> for RouteState {
    fn from(state: rollout::RouteState) -> Self {
        Self {
            acknowledged: state.acknowledged.map(|epoch| epoch.0),
            effective: state.effective.map(Spelt),
            drift: state.drift.map(Permille),
            base: state.base.map(Permille),
            floor: Permille(state.floor.weight),
            floor_carrier: state.floor.carrier.into(),
        }
    }
}

impl From<RouteState> for rollout::RouteState {
    fn from(record: RouteState) -> Self {
        Self {
            acknowledged: record.acknowledged.map(Epoch),
            effective: record.effective.map(|at| at.0),
            drift: record.drift.map(|weight| weight.0),
            base: record.base.map(|weight| weight.0),
            floor: Floor {
                weight: record.floor.0,
                carrier: record.floor_carrier.into(),
            },
        }
    }
}

/// See [`rollout::IncidentSource`] and [`rollout::Incident`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Incident {
    source: Source,
    severity: Severity,
    opened: Spelt<Timestamp>,
    state: IncidentState,
}

/// See [`rollout::IncidentSource`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Source {
    Alarm(Spelt<AlarmArn>),
    Condition(String),
}

/// See [`rollout::IncidentState`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum IncidentState {
    Open {
        due: Option<Spelt<Timestamp>>,
        otherwise: Otherwise,
    },
    Accepted(Spelt<Person>),
    /// Since version 2.
    AcceptedUntil {
        by: Spelt<Person>,
        until: Spelt<Timestamp>,
    },
}

impl From<(rollout::IncidentSource, rollout::Incident)> for Incident {
    fn from((source, incident): (rollout::IncidentSource, rollout::Incident)) -> Self {
        Self {
            source: source.into(),
            severity: incident.severity.into(),
            opened: Spelt(incident.opened),
            state: match incident.state {
                rollout::IncidentState::Open { due, otherwise } => IncidentState::Open {
                    due: due.map(Spelt),
                    otherwise: otherwise.into(),
                },
                rollout::IncidentState::Accepted { by, until: None } => {
                    IncidentState::Accepted(Spelt(by))
                }
                rollout::IncidentState::Accepted {
                    by,
                    until: Some(until),
                } => IncidentState::AcceptedUntil {
                    by: Spelt(by),
                    until: Spelt(until),
                },
            },
        }
    }
}

impl From<Incident> for (rollout::IncidentSource, rollout::Incident) {
    fn from(record: Incident) -> Self {
        let state = match record.state {
            IncidentState::Open { due, otherwise } => rollout::IncidentState::Open {
                due: due.map(|due| due.0),
                otherwise: otherwise.into(),
            },
            IncidentState::Accepted(by) => rollout::IncidentState::Accepted {
                by: by.0,
                until: None,
            },
            IncidentState::AcceptedUntil { by, until } => rollout::IncidentState::Accepted {
                by: by.0,
                until: Some(until.0),
            },
        };
        let incident = rollout::Incident {
            severity: record.severity.into(),
            opened: record.opened.0,
            state,
        };
        (record.source.into(), incident)
    }
}

impl From<rollout::IncidentSource> for Source {
    fn from(source: rollout::IncidentSource) -> Self {
        match source {
            rollout::IncidentSource::Alarm(arn) => Self::Alarm(Spelt(arn)),
            rollout::IncidentSource::Condition(condition) => Self::Condition(condition),
        }
    }
}

impl From<Source> for rollout::IncidentSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Alarm(arn) => Self::Alarm(arn.0),
            Source::Condition(condition) => Self::Condition(condition),
        }
    }
}

/// See [`rollout::Question`] and [`rollout::Nudge`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nudge {
    question: Question,
    since: Spelt<Timestamp>,
    level: usize,
    told: Spelt<Timestamp>,
}

/// See [`rollout::Question`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Question {
    Incident(Source),
    Overdue(Spelt<PhaseName>),
}

impl From<(rollout::Question, rollout::Nudge)> for Nudge {
    fn from((question, nudge): (rollout::Question, rollout::Nudge)) -> Self {
        Self {
            question: match question {
                rollout::Question::Incident(source) => Question::Incident(source.into()),
                rollout::Question::Overdue(phase) => Question::Overdue(Spelt(phase)),
            },
            since: Spelt(nudge.since),
            level: nudge.level,
            told: Spelt(nudge.told),
        }
    }
}

impl From<Nudge> for (rollout::Question, rollout::Nudge) {
    fn from(record: Nudge) -> Self {
        let question = match record.question {
            Question::Incident(source) => rollout::Question::Incident(source.into()),
            Question::Overdue(phase) => rollout::Question::Overdue(phase.0),
        };
        let nudge = rollout::Nudge {
            since: record.since.0,
            level: record.level,
            told: record.told.0,
        };
        (question, nudge)
    }
}

/// See [`rollout::AlarmSeen`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlarmSeen {
    state: Option<AlarmState>,
    since: Spelt<Timestamp>,
    #[serde(default)]
    silence: Silence,
}

/// See [`rollout::Silence`].
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Silence {
    #[default]
    None,
    Since(Spelt<Timestamp>),
    Told,
}

impl From<rollout::Silence> for Silence {
    fn from(silence: rollout::Silence) -> Self {
        match silence {
            rollout::Silence::None => Self::None,
            rollout::Silence::Since(at) => Self::Since(Spelt(at)),
            rollout::Silence::Told => Self::Told,
        }
    }
}

impl From<Silence> for rollout::Silence {
    fn from(record: Silence) -> Self {
        match record {
            Silence::None => Self::None,
            Silence::Since(at) => Self::Since(at.0),
            Silence::Told => Self::Told,
        }
    }
}

impl From<rollout::AlarmSeen> for AlarmSeen {
    fn from(seen: rollout::AlarmSeen) -> Self {
        Self {
            state: seen.state.map(Into::into),
            since: Spelt(seen.since),
            silence: seen.silence.into(),
        }
    }
}

impl From<AlarmSeen> for rollout::AlarmSeen {
    fn from(record: AlarmSeen) -> Self {
        Self {
            state: record.state.map(Into::into),
            since: record.since.0,
            silence: record.silence.into(),
        }
    }
}

/// See [`rollout::HookKey`] and [`rollout::HookRun`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hook {
    moment: Moment,
    index: usize,
    runs: u32,
    failures: u32,
    /// Since version 2.
    #[serde(default)]
    since: Option<Spelt<Timestamp>>,
    state: HookState,
}

/// See [`rollout::HookMoment`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Moment {
    After(usize),
    Before(usize),
    Drain,
    Rollback,
}

impl From<(rollout::HookKey, rollout::HookRun)> for Hook {
    fn from((key, run): (rollout::HookKey, rollout::HookRun)) -> Self {
        Self {
            moment: match key.moment {
                rollout::HookMoment::After(phase) => Moment::After(phase),
                rollout::HookMoment::Before(phase) => Moment::Before(phase),
                rollout::HookMoment::Drain => Moment::Drain,
                rollout::HookMoment::Rollback => Moment::Rollback,
            },
            index: key.index,
            runs: run.runs,
            failures: run.failures,
            since: run.since.map(Spelt),
            state: run.state.into(),
        }
    }
}

impl From<Hook> for (rollout::HookKey, rollout::HookRun) {
    fn from(record: Hook) -> Self {
        let moment = match record.moment {
            Moment::After(phase) => rollout::HookMoment::After(phase),
            Moment::Before(phase) => rollout::HookMoment::Before(phase),
            Moment::Drain => rollout::HookMoment::Drain,
            Moment::Rollback => rollout::HookMoment::Rollback,
        };
        let key = rollout::HookKey {
            moment,
            index: record.index,
        };
        let run = rollout::HookRun {
            runs: record.runs,
            failures: record.failures,
            since: record.since.map(|since| since.0),
            state: record.state.into(),
        };
        (key, run)
    }
}
