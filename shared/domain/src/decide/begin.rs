//! The beginning of a rollout.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Decision, Refusal, Turn,
    incident::{Meaning, meaning},
};
use crate::{
    event::{AlarmReading, AlarmState},
    ledger::{Actor, Chain, Fact},
    name::{AlarmArn, Person, RolloutId},
    plan::{Plan, severity::InsufficientData},
    rollout::{
        AlarmSeen, Incident, IncidentSource, IncidentState, IntentKind, Origin, Rollout, Status,
        alarm_name,
    },
    time::Timestamp,
    traffic::{Epoch, Weight, Weights},
};

/// What is needed to begin.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Start {
    /// The new rollout's name.
    pub id: RolloutId,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// Who asks.
    pub by: Person,
    /// What it follows.
    pub origin: Origin,
    /// The routes' weights now: zero, unless another rollout is superseded.
    pub from: Weights,
    /// The newest epoch of the service so far.
    pub epoch: Epoch,
    /// The guarding alarms as they were just read.
    pub alarms: BTreeMap<AlarmArn, AlarmReading>,
    /// Why to start although alarms are not as they should be.
    pub override_reason: Option<String>,
}

/// Begins a rollout: its routes are to be prepared, at the weights they have.
pub fn begin(start: Start, now: Timestamp) -> Result<Decision, Refusal> {
    if let Err(unsound) = start.plan.check() {
        let all: Vec<String> = unsound.iter().map(ToString::to_string).collect();
        return Err(Refusal::UnsoundPlan(all.join("; ")));
    }
    let unwell = unwell(&start.plan, &start.alarms);
    let overridden = start
        .override_reason
        .as_deref()
        .map(str::trim)
        .filter(|reason| !reason.is_empty())
        .map(str::to_owned);
    if !unwell.is_empty() && overridden.is_none() {
        return Err(Refusal::AlarmsNotWell(unwell.join(", ")));
    }
    let by = Actor::Person(start.by.clone());
    let mut desired = start.plan.all_at(Weight::ZERO);
    for (route, weight) in start.from.iter() {
        if start.plan.routes.contains_key(route) {
            desired.set(route.clone(), weight);
        }
    }
    let kind = if desired.is_closed() {
        IntentKind::Prepare
    } else {
        IntentKind::Shift
    };
    let origin = start.origin;
    let plan = start.plan.hash.to_string();
    let before = new_rollout(start, desired, now);
    let mut turn = Turn::of(&before, now);
    turn.open_intent(kind);
    turn.say(by.clone(), Fact::Started { origin, plan });
    if let (false, Some(reason)) = (unwell.is_empty(), overridden) {
        turn.say(
            by,
            Fact::AlarmsOverridden {
                alarms: unwell.join(", "),
                reason,
            },
        );
        accept_red(&mut turn);
    }
    Ok(turn.end(&before))
}

/// What is red at the start was overridden by a person: it counts again once it has recovered.
fn accept_red(turn: &mut Turn) {
    let by = turn.next.started_by.clone();
    for guard in &turn.next.plan.alarms {
        let seen = turn.next.alarms.get(&guard.arn).and_then(|seen| seen.state);
        let red = seen.is_some_and(|state| meaning(guard, state) == Meaning::Red);
        if red {
            let incident = Incident {
                severity: guard.severity,
                opened: turn.now,
                state: IncidentState::Accepted {
                    by: by.clone(),
                    until: None,
                },
            };
            let source = IncidentSource::Alarm(guard.arn.clone());
            turn.next.breached.insert(source.clone());
            turn.next.incidents.insert(source, incident);
        }
    }
}

fn new_rollout(start: Start, desired: Weights, now: Timestamp) -> Rollout {
    Rollout {
        alarms: start
            .alarms
            .into_iter()
            .map(|(arn, reading)| (arn, AlarmSeen::of(&reading)))
            .collect(),
        chain: Chain::of(&start.id),
        id: start.id,
        plan: start.plan,
        started_by: start.by,
        started_at: now,
        origin: start.origin,
        revision: 0,
        epoch: start.epoch,
        status: Status::Starting,
        phase: None,
        desired,
        intent: None,
        late_until: now,
        routes: BTreeMap::new(),
        obstacles: BTreeMap::new(),
        gate: None,
        shown: None,
        holds: BTreeSet::new(),
        incidents: BTreeMap::new(),
        breached: BTreeSet::new(),
        nudges: BTreeMap::new(),
        hooks: BTreeMap::new(),
        notices: BTreeSet::new(),
        calendar_override: None,
    }
}

/// What is wrong with the alarms, each in words.
fn unwell(plan: &Plan, readings: &BTreeMap<AlarmArn, AlarmReading>) -> Vec<String> {
    plan.alarms
        .iter()
        .filter_map(|guard| {
            let name = alarm_name(&guard.arn);
            match readings.get(&guard.arn) {
                None => Some(format!("alarm {name} was not read")),
                Some(AlarmReading::Unreadable(why)) => {
                    Some(format!("alarm {name} could not be read ({why})"))
                }
                Some(AlarmReading::State { state, .. }) => match state {
                    AlarmState::Ok => None,
                    AlarmState::Alarm => Some(format!("alarm {name} is in ALARM")),
                    AlarmState::InsufficientData => match guard.insufficient_data {
                        InsufficientData::Ignore => None,
                        InsufficientData::Hold | InsufficientData::Alarm => {
                            Some(format!("alarm {name} has no data"))
                        }
                    },
                },
            }
        })
        .collect()
}
