//! Alarms and incidents: what a breach of each severity does.

use std::collections::BTreeMap;

use super::{Turn, rollback};
use crate::{
    event::{AlarmChange, AlarmReading, AlarmState},
    judge::Finding,
    ledger::{Actor, Fact, Mute},
    name::AlarmArn,
    plan::{
        gate::Otherwise,
        severity::{AlarmGuard, Deadline, InsufficientData, Severity},
    },
    rollout::{
        AlarmSeen, Cause, Incident, IncidentSource, IncidentState, Rollout, SILENCE_BORNE, Silence,
    },
    time::{Timestamp, later},
};

impl AlarmSeen {
    /// What a reading says. One that could not be read has not said anything yet: whatever it says next is new.
    #[must_use]
    pub fn of(reading: &AlarmReading) -> Self {
        match reading {
            AlarmReading::State { state, since, .. } => Self {
                state: Some(*state),
                since: *since,
                silence: Silence::None,
            },
            AlarmReading::Unreadable(_) => Self {
                state: None,
                since: Timestamp::MIN,
                silence: Silence::None,
            },
        }
    }
}

/// What a guard's state means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Well,
    Red,
    Unknown,
}

pub(super) fn meaning(guard: &AlarmGuard, state: AlarmState) -> Meaning {
    match state {
        AlarmState::Ok => Meaning::Well,
        AlarmState::Alarm => Meaning::Red,
        AlarmState::InsufficientData => match guard.insufficient_data {
            InsufficientData::Ignore => Meaning::Well,
            InsufficientData::Alarm => Meaning::Red,
            InsufficientData::Hold => Meaning::Unknown,
        },
    }
}

/// Whether a guard with this last known state lets weights rise.
pub(crate) fn lets_advance(guard: &AlarmGuard, seen: Option<&AlarmSeen>) -> bool {
    let Some(state) = seen.and_then(|seen| seen.state) else {
        return false;
    };
    match meaning(guard, state) {
        // A red alarm has opened an incident, which holds until a person accepts it.
        Meaning::Well | Meaning::Red => true,
        Meaning::Unknown => false,
    }
}

/// An alarm says that its state changed; an older word than the last one heard changes nothing.
pub(super) fn alarm_changed(turn: &mut Turn, change: &AlarmChange) {
    heard(turn, &change.arn, change.state, change.at);
}

/// The alarms' states were read.
pub(super) fn alarms_read(turn: &mut Turn, readings: &BTreeMap<AlarmArn, AlarmReading>) {
    for (arn, reading) in readings {
        match reading {
            AlarmReading::State { state, since, .. } => heard(turn, arn, *state, *since),
            AlarmReading::Unreadable(_) => unreadable(turn, arn),
        }
    }
}

fn unreadable(turn: &mut Turn, arn: &AlarmArn) {
    if turn.next.status.is_forward()
        && let Some(seen) = turn.next.alarms.get_mut(arn)
    {
        // The time stays: what was last heard is still the newest word of the alarm itself.
        seen.state = None;
        listen(turn, arn);
    }
}

/// Tells people of a guarding alarm that has said nothing for a while, and when it does again.
fn listen(turn: &mut Turn, arn: &AlarmArn) {
    let now = turn.now;
    let Some(guard) = turn.next.plan.alarms.iter().find(|guard| guard.arn == *arn) else {
        return;
    };
    let speaks = lets_advance(guard, turn.next.alarms.get(arn));
    let Some(seen) = turn.next.alarms.get_mut(arn) else {
        return;
    };
    let source = IncidentSource::Alarm(arn.clone());
    let fact = match (speaks, seen.silence) {
        (true, Silence::None) | (false, Silence::Told) => return,
        (true, Silence::Since(_)) => {
            seen.silence = Silence::None;
            return;
        }
        (false, Silence::None) => {
            seen.silence = Silence::Since(now);
            return;
        }
        (false, Silence::Since(began)) if now < later(began, SILENCE_BORNE) => return,
        (false, Silence::Since(_)) => {
            seen.silence = Silence::Told;
            let why = match seen.state {
                Some(_) => Mute::NoData,
                None => Mute::Unreadable,
            };
            Fact::AlarmSilent { source, why }
        }
        (true, Silence::Told) => {
            seen.silence = Silence::None;
            Fact::AlarmSpoke { source }
        }
    };
    turn.say(Actor::Plan, fact);
}

fn heard(turn: &mut Turn, arn: &AlarmArn, state: AlarmState, since: Timestamp) {
    if !turn.next.status.is_forward() {
        return;
    }
    let Some(guard) = turn
        .next
        .plan
        .alarms
        .iter()
        .find(|guard| guard.arn == *arn)
        .cloned()
    else {
        return;
    };
    if let Some(seen) = turn.next.alarms.get(arn)
        && seen.since > since
    {
        return;
    }
    let seen = AlarmSeen {
        state: Some(state),
        since,
        silence: turn
            .next
            .alarms
            .get(arn)
            .map_or(Silence::None, |seen| seen.silence),
    };
    turn.next.alarms.insert(arn.clone(), seen);
    listen(turn, arn);
    let source = IncidentSource::Alarm(arn.clone());
    match meaning(&guard, state) {
        Meaning::Red => breach(turn, source, guard.severity, Vec::new()),
        Meaning::Well => recovered(turn, &source),
        Meaning::Unknown => {}
    }
}

/// A source breaches: critical goes back, everything else becomes an incident, once.
pub(super) fn breach(
    turn: &mut Turn,
    source: IncidentSource,
    severity: Severity,
    evidence: Vec<Finding>,
) {
    let actor = match &source {
        IncidentSource::Alarm(arn) => Actor::Alarm(arn.clone()),
        IncidentSource::Condition(_) => Actor::Plan,
    };
    let deadline = match severity {
        Severity::Critical => {
            let incident = turn.next.incidents.get(&source);
            let accepted = incident
                .is_some_and(|incident| matches!(incident.state, IncidentState::Accepted { .. }));
            if !accepted {
                let cause = match source {
                    IncidentSource::Alarm(arn) => Cause::Alarm(arn),
                    IncidentSource::Condition(text) => Cause::Condition(text),
                };
                rollback::roll_back(turn, actor, cause, evidence);
            }
            return;
        }
        Severity::High => Some(turn.next.plan.severities.high),
        Severity::Medium => Some(turn.next.plan.severities.medium),
        Severity::Low => None,
    };
    if turn.next.incidents.contains_key(&source) {
        return;
    }
    let due = deadline.map(|Deadline { within, .. }| later(turn.now, within));
    let otherwise = deadline.map_or(Otherwise::Hold, |deadline| deadline.otherwise);
    let begun = begun(turn, &source, &evidence);
    let fact = Fact::IncidentOpened {
        source: source.clone(),
        severity,
        begun,
        due,
        otherwise,
    };
    let incident = Incident {
        severity,
        opened: turn.now,
        state: IncidentState::Open { due, otherwise },
    };
    turn.next.breached.insert(source.clone());
    turn.next.incidents.insert(source, incident);
    turn.say_on(actor, fact, evidence);
}

/// When a breach had begun at the latest: when its alarm changed, by its own clock, or when the window ended in which
/// its condition was measured.
pub(super) fn begun(
    turn: &Turn,
    source: &IncidentSource,
    evidence: &[Finding],
) -> Option<Timestamp> {
    let at = match source {
        IncidentSource::Alarm(arn) => turn.next.alarms.get(arn)?.since,
        IncidentSource::Condition(_) => evidence.first()?.window.to,
    };
    // A clock that is ahead says nothing.
    (at <= turn.now).then_some(at)
}

/// Whether the last word of an incident's source is that all is well.
pub(super) fn is_over(rollout: &Rollout, source: &IncidentSource) -> bool {
    let IncidentSource::Alarm(arn) = source else {
        return false;
    };
    let guard = rollout.plan.alarms.iter().find(|guard| guard.arn == *arn);
    let state = rollout.alarms.get(arn).and_then(|seen| seen.state);
    guard
        .zip(state)
        .is_some_and(|(guard, state)| meaning(guard, state) == Meaning::Well)
}

/// A source is as it should be: what a person accepted, or nobody need decide, is over.
pub(super) fn recovered(turn: &mut Turn, source: &IncidentSource) {
    let over = turn.next.incidents.get(source).is_some_and(|incident| {
        incident.severity == Severity::Low
            || matches!(incident.state, IncidentState::Accepted { .. })
    });
    if over {
        turn.next.incidents.remove(source);
        let fact = Fact::IncidentRecovered {
            source: source.clone(),
        };
        turn.say(Actor::Plan, fact);
    }
}

/// What was accepted for a while is as new when that is over: an alarm that is still red breaches again now, a
/// condition when it is next measured.
pub(super) fn acceptance_over(turn: &mut Turn) {
    let now = turn.now;
    let over: Vec<IncidentSource> = turn
        .next
        .incidents
        .iter()
        .filter_map(|(source, incident)| match incident.state {
            IncidentState::Accepted {
                until: Some(until), ..
            } if until <= now => Some(source.clone()),
            IncidentState::Accepted { .. } | IncidentState::Open { .. } => None,
        })
        .collect();
    for source in over {
        turn.next.incidents.remove(&source);
        let fact = Fact::RiskOver {
            source: source.clone(),
        };
        turn.say(Actor::Plan, fact);
        if let Some(severity) = red_alarm(&turn.next, &source) {
            breach(turn, source, severity, Vec::new());
        }
    }
}

/// How bad an incident's alarm is, if it is red as far as anybody knows.
fn red_alarm(rollout: &Rollout, source: &IncidentSource) -> Option<Severity> {
    let IncidentSource::Alarm(arn) = source else {
        return None;
    };
    let guard = rollout.plan.alarms.iter().find(|guard| guard.arn == *arn)?;
    let state = rollout.alarms.get(arn)?.state?;
    (meaning(guard, state) == Meaning::Red).then_some(guard.severity)
}
