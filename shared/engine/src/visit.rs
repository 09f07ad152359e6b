//! A visit: whatever a rollout needs now, in one go. The sweep makes one to every active rollout each minute.

use std::collections::BTreeMap;

use domain::{
    event::{Event, HookOutcome},
    judge::{Finding, Query, Readings, Role, judge, queries},
    name::{AlarmArn, EventKey, RouteName},
    plan::gate::Condition,
    rollout::{HookKey, HookMoment, Rollout, Status},
    target::Seen,
    time::Timestamp,
};
use futures_util::future::join_all;

use crate::{
    deliver::{deliver, load},
    ports::{Alarms as _, Clock as _, Hooks as _, Metrics as _, Ports, RouteRef, Router as _},
    pursue::pursue,
    trouble::{EngineError, Trouble},
};

/// The most hooks that one visit runs; the next visit runs the next.
const HOOKS_MAX: usize = 8;

/// Looks after a rollout: what is open is seen through, what is so is looked at, what is due is done.
///
/// Everything that can stop or send back a rollout is looked at before anything advances, and before a
/// change that does not get through: a load balancer that takes no writes must not hide a red alarm.
pub async fn visit<P: Ports>(
    ports: &P,
    rollout: Rollout,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    if rollout.status.is_rollback() {
        return visit_back(ports, rollout, deadline).await;
    }
    if !rollout.status.is_active() {
        return Ok(rollout);
    }
    let mut rollout = poll_alarms(ports, rollout, deadline).await?;
    if rollout.intent.is_some() {
        rollout = deliver(ports, rollout, &Event::Tick, None, deadline).await?;
    }
    rollout = pursue(ports, rollout, deadline).await?;
    rollout = observe(ports, rollout, deadline).await?;
    rollout = measure(ports, rollout, deadline).await?;
    rollout = pursue(ports, rollout, deadline).await?;
    rollout = deliver(ports, rollout, &Event::Tick, None, deadline).await?;
    rollout = pursue(ports, rollout, deadline).await?;
    rollout = run_hooks(ports, rollout, deadline).await?;
    // A hook that fails may have sent traffic back.
    pursue(ports, rollout, deadline).await
}

/// Looks after a rollback: traffic first, then whether it is guarded for long enough, then hooks.
async fn visit_back<P: Ports>(
    ports: &P,
    rollout: Rollout,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    let id = rollout.id.clone();
    let pursued = pursue(ports, rollout, deadline).await;
    let rollout = match pursued {
        Ok(rollout) => rollout,
        Err(error) => {
            // That it takes too long is said even so.
            let rollout = load(ports, &id, deadline).await?;
            deliver(ports, rollout, &Event::Tick, None, deadline).await?;
            return Err(error);
        }
    };
    let rollout = run_hooks(ports, rollout, deadline).await?;
    let rollout = observe(ports, rollout, deadline).await?;
    pursue(ports, rollout, deadline).await
}

/// Reads every route. One that cannot be read is left out: a change to it will not be acknowledged.
async fn observe<P: Ports>(
    ports: &P,
    rollout: Rollout,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    if !rollout.status.is_active() {
        return Ok(rollout);
    }
    let read_at = ports.clock().now();
    let reads = join_all(rollout.plan.routes.iter().map(|(name, route)| {
        let route = RouteRef::of(&rollout, name, route);
        async move { (name.clone(), ports.router().read(route).await) }
    }))
    .await;
    let routes: BTreeMap<RouteName, Seen> = reads
        .into_iter()
        .filter_map(|(name, target)| Some((name, target.ok()?.seen)))
        .collect();
    let observed = Event::Observed {
        epoch: rollout.epoch,
        read_at,
        routes,
    };
    deliver(ports, rollout, &observed, None, deadline).await
}

/// Reads the guarding alarms, so that neither a lost event nor a queue that stands still hides one.
async fn poll_alarms<P: Ports>(
    ports: &P,
    rollout: Rollout,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    if !rollout.status.is_forward() || rollout.plan.alarms.is_empty() {
        return Ok(rollout);
    }
    let arns: Vec<AlarmArn> = rollout
        .plan
        .alarms
        .iter()
        .map(|guard| guard.arn.clone())
        .collect();
    let readings = ports.alarms().read(&arns).await;
    let read = Event::AlarmsRead(arns.into_iter().zip(readings).collect());
    deliver(ports, rollout, &read, None, deadline).await
}

/// Every condition that matters where the rollout stands, with what it is for.
fn conditions(rollout: &Rollout) -> Vec<(&Condition, Role)> {
    let require = rollout
        .required()
        .iter()
        .map(|condition| (condition, Role::Require));
    let rollback = rollout
        .rollback_conditions()
        .iter()
        .map(|condition| (condition, Role::Rollback));
    let incidents = rollout
        .plan
        .incidents
        .iter()
        .map(|rule| (&rule.condition, Role::Incident(rule.severity)));
    rollback.chain(incidents).chain(require).collect()
}

/// Measures and judges the conditions of where the rollout stands.
async fn measure<P: Ports>(
    ports: &P,
    rollout: Rollout,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    let Some(since) = rollout.gate.as_ref().map(|gate| gate.since) else {
        return Ok(rollout);
    };
    let now = ports.clock().now();
    let conditions = conditions(&rollout);
    let mut questions: Vec<Query> = conditions
        .iter()
        .filter_map(|(condition, _)| {
            let metric = rollout.plan.metrics.get(&condition.metric)?;
            Some(queries(condition, metric, now))
        })
        .flatten()
        .collect();
    questions.sort_unstable();
    questions.dedup();
    if questions.is_empty() {
        return Ok(rollout);
    }
    let answers = ports.metrics().read(&rollout.plan, &questions).await;
    let readings: Readings = questions.into_iter().zip(answers).collect();
    let findings: Vec<Finding> = conditions
        .into_iter()
        .filter_map(|(condition, role)| {
            let metric = rollout.plan.metrics.get(&condition.metric)?;
            Some(judge(condition, role, metric, &readings, since, now))
        })
        .collect();
    let measured = Event::Measured {
        epoch: rollout.epoch,
        findings,
    };
    deliver(ports, rollout, &measured, None, deadline).await
}

/// Runs the hooks that are due, one after the other, and lets the rollout go on after each.
async fn run_hooks<P: Ports>(
    ports: &P,
    mut rollout: Rollout,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    for _ in 0..HOOKS_MAX {
        let Some(key) = rollout.hook_due() else {
            break;
        };
        let run = rollout.hooks.get(&key).map_or(0, |run| run.runs);
        let outcome = match key.moment {
            HookMoment::Drain => drain(ports, &rollout, key).await,
            HookMoment::After(_) | HookMoment::Before(_) | HookMoment::Rollback => {
                run_hook(ports, &rollout, key, run).await
            }
        };
        let Some(outcome) = outcome else {
            break;
        };
        let over = outcome != HookOutcome::Succeeded;
        let finished = Event::HookFinished {
            hook: key,
            run,
            outcome,
        };
        rollout = deliver(ports, rollout, &finished, None, deadline).await?;
        // Whether that was the last before the next phase, the decision knows.
        if matches!(rollout.status, Status::Entering(_)) {
            rollout = deliver(ports, rollout, &Event::Tick, None, deadline).await?;
            rollout = pursue(ports, rollout, deadline).await?;
        }
        if over {
            break;
        }
    }
    Ok(rollout)
}

async fn run_hook<P: Ports>(
    ports: &P,
    rollout: &Rollout,
    key: HookKey,
    run: u32,
) -> Option<HookOutcome> {
    let (name, hook) = rollout.hook(key)?;
    let run = EventKey::new(&format!(
        "{}/{:?}/{}/{run}",
        rollout.id, key.moment, key.index
    ));
    Some(ports.hooks().run(name, hook, &run).await)
}

async fn drain<P: Ports>(ports: &P, rollout: &Rollout, key: HookKey) -> Option<HookOutcome> {
    let delay = rollout.plan.rollback.drain?;
    let (name, route) = rollout.plan.routes.iter().nth(key.index)?;
    let route = RouteRef::of(rollout, name, route);
    Some(match ports.router().set_drain(route, delay).await {
        Ok(()) => HookOutcome::Succeeded,
        Err(Trouble { what, .. }) => HookOutcome::Failed(what),
    })
}
