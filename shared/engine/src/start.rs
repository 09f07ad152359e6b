//! The start of a rollout: the alarms are read, the service is claimed, the routes are prepared.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    decide::{Decision, Refusal, Start, begin, decide},
    event::{AlarmReading, Command, Event},
    name::{AlarmArn, EventKey, Person, RolloutId, RouteName},
    plan::Plan,
    rollout::{Origin, Rollout, Status},
    time::Timestamp,
    traffic::{Epoch, Weight, Weights},
};

use crate::{
    deliver::{Pauses, again, is_done, load},
    ports::{Alarms as _, Change, Clock as _, Commit, Ports, Store as _},
    pursue::pursue,
    trouble::{CommitError, EngineError},
    visit::visit,
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRequest {
    /// The plan to run.
    pub plan: Arc<Plan>,
    /// Who asks.
    pub by: Person,
    /// What makes the request one request.
    pub key: EventKey,
    /// What becomes of an active rollout of the service.
    pub active: IfActive,
    /// Why to start although alarms are not as they should be.
    pub override_reason: Option<String>,
}

/// What becomes of an active rollout of the same service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IfActive {
    /// The start is refused.
    Refuse,
    /// The new rollout takes over the routes at their current weights.
    Supersede,
}

/// Starts a rollout; returns its head once its routes are ready and the first phase has been looked at.
pub async fn start<P: Ports>(
    ports: &P,
    request: &StartRequest,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    let id = claim(ports, request, deadline).await?;
    let rollout = load(ports, &id, deadline).await?;
    let rollout = pursue(ports, rollout, deadline).await?;
    visit(ports, rollout, deadline).await
}

/// Commits the beginning; the same request again finds what it began.
async fn claim<P: Ports>(
    ports: &P,
    request: &StartRequest,
    deadline: Timestamp,
) -> Result<RolloutId, EngineError> {
    let alarms = read_alarms(ports, &request.plan).await;
    let mut pauses = Pauses::until(deadline);
    loop {
        let newest = match ports.store().newest(&request.plan.service).await {
            Ok(newest) => newest,
            Err(trouble) => {
                again(ports, &mut pauses, trouble).await?;
                continue;
            }
        };
        let prepared = prepare(request, newest.as_ref(), &alarms, ports.clock().now());
        let (id, commit) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                // It may be refused because the same request has begun the rollout before.
                return match (
                    is_done(ports, Some(&request.key), &mut pauses).await?,
                    newest,
                ) {
                    (true, Some(begun)) => Ok(begun.id),
                    (true, None) | (false, _) => Err(error),
                };
            }
        };
        match ports.store().commit(&commit).await {
            Ok(()) => return Ok(id),
            // Another start was quicker, or this one was made before: the newest tells.
            Err(CommitError::Moved | CommitError::Duplicate) => {
                if !pauses.wait(ports).await {
                    return Err(EngineError::Contended);
                }
            }
            Err(CommitError::Taken(by)) => return Err(EngineError::Taken(by)),
            Err(CommitError::Trouble(trouble)) => again(ports, &mut pauses, trouble).await?,
        }
        if let (Ok(true), Ok(Some(newest))) = (
            ports.store().is_done(&request.key).await,
            ports.store().newest(&request.plan.service).await,
        ) {
            return Ok(newest.id);
        }
    }
}

async fn read_alarms<P: Ports>(ports: &P, plan: &Plan) -> BTreeMap<AlarmArn, AlarmReading> {
    let arns: Vec<AlarmArn> = plan.alarms.iter().map(|guard| guard.arn.clone()).collect();
    if arns.is_empty() {
        return BTreeMap::new();
    }
    let readings = ports.alarms().read(&arns).await;
    arns.into_iter().zip(readings).collect()
}

/// The transaction that starts a rollout after the service's newest.
fn prepare(
    request: &StartRequest,
    newest: Option<&Rollout>,
    alarms: &BTreeMap<AlarmArn, AlarmReading>,
    now: Timestamp,
) -> Result<(RolloutId, Commit), EngineError> {
    let number = newest.map_or(1, |newest| newest.id.number.saturating_add(1));
    let mut changes = Vec::new();
    let mut origin = Origin::Fresh;
    let mut from = Weights::default();
    let mut epoch = newest.map_or(Epoch::default(), |newest| newest.epoch);
    match newest {
        Some(active) if active.status.is_active() => match request.active {
            IfActive::Refuse => return Err(EngineError::Taken(active.id.clone())),
            IfActive::Supersede => {
                let superseded = supersede(active, request, number, now)?;
                origin = Origin::Superseded(active.id.number);
                from = superseded.next.desired.clone();
                epoch = superseded.next.epoch;
                changes.push(change(Some(active.revision), superseded));
            }
        },
        Some(ended) => {
            let again = matches!(ended.status, Status::RolledBack { .. });
            if again && ended.plan.hash == request.plan.hash {
                origin = Origin::Retry(ended.id.number);
            }
        }
        None => {}
    }
    let id = RolloutId {
        service: request.plan.service.clone(),
        number,
    };
    let start = Start {
        id: id.clone(),
        plan: Arc::clone(&request.plan),
        by: request.by.clone(),
        origin,
        from,
        epoch,
        alarms: alarms.clone(),
        override_reason: request.override_reason.clone(),
    };
    let begun = begin(start, now).map_err(EngineError::Refused)?;
    changes.push(change(None, begun));
    let key = Some(request.key.clone());
    Ok((id, Commit { changes, key }))
}

fn supersede(
    active: &Rollout,
    request: &StartRequest,
    number: u64,
    now: Timestamp,
) -> Result<Decision, EngineError> {
    if let Some(route) = left_behind(active, &request.plan) {
        return Err(EngineError::Refused(Refusal::RouteLeftBehind(route)));
    }
    let asked = Event::Asked {
        by: request.by.clone(),
        command: Command::Supersede { by: number },
    };
    decide(active, &asked, now).map_err(EngineError::Refused)
}

/// A route that carries weight and that the new plan does not take over as it is.
fn left_behind(active: &Rollout, plan: &Plan) -> Option<RouteName> {
    let carrying = active
        .desired
        .iter()
        .filter(|(_, weight)| *weight > Weight::ZERO);
    carrying
        .map(|(route, _)| route)
        .find(|route| plan.routes.get(*route) != active.plan.routes.get(*route))
        .cloned()
}

fn change(expected: Option<u64>, decision: Decision) -> Change {
    Change {
        expected,
        next: decision.next,
        entries: decision.entries,
    }
}
