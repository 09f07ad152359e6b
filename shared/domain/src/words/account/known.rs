//! What is known of each fact: phase, traffic, who, why, how long.

use super::{Scene, about, names, start::started};
use crate::{
    ledger::{Actor, Fact, Shown, Stall},
    name::{Person, PhaseName},
    plan::{gate::Condition, severity::Severity},
    rollout::{Cause, IncidentSource},
    time::{SignedDuration, Timestamp, later, since},
    words::language::{Label, Planned, Unwell, Value},
};

type Known = Vec<(Label, Value)>;

/// What is known of an entry, in the order in which it is read.
pub(in crate::words) fn known(scene: &Scene<'_>) -> Known {
    match scene.fact() {
        Fact::Started { origin, plan } => return started(scene, *origin, plan),
        Fact::RollbackBegan { cause, begun } => return rollback_began(scene, cause, *begun),
        Fact::Completed { finished } => return completed(scene, finished.as_deref()),
        Fact::AlarmsOverridden { .. }
        | Fact::Prepared
        | Fact::PhaseEntered { .. }
        | Fact::InEffect { .. }
        | Fact::GatePassed { .. }
        | Fact::Stalled(_)
        | Fact::GateFailed { .. }
        | Fact::ApprovalAsked { .. }
        | Fact::Approved { .. }
        | Fact::Rejected { .. }
        | Fact::ApprovalExpired { .. }
        | Fact::Checked { .. }
        | Fact::Overdue { .. }
        | Fact::HookSucceeded { .. }
        | Fact::HookFailed { .. }
        | Fact::IncidentOpened { .. }
        | Fact::IncidentOverdue { .. }
        | Fact::Escalated { .. }
        | Fact::Reminded { .. }
        | Fact::IncidentAccepted { .. }
        | Fact::RiskOver { .. }
        | Fact::IncidentRecovered { .. }
        | Fact::AlarmSilent { .. }
        | Fact::AlarmSpoke { .. }
        | Fact::Paused { .. }
        | Fact::Resumed { .. }
        | Fact::Promoted { .. }
        | Fact::PromotedFull { .. }
        | Fact::WeightSet { .. }
        | Fact::CalendarOverridden { .. }
        | Fact::TrafficRestored { .. }
        | Fact::RollbackConfirmed
        | Fact::RollbackLate { .. }
        | Fact::ChangeStuck { .. }
        | Fact::RouteObstructed { .. }
        | Fact::DriftFound { .. }
        | Fact::DriftGone { .. }
        | Fact::HandClosed { .. }
        | Fact::LateWriteUndone { .. }
        | Fact::WatchBegan { .. }
        | Fact::FinishAwaited { .. }
        | Fact::FinishBegan { .. }
        | Fact::Superseded { .. }
        | Fact::Retried => {}
    }
    let mut known = phase_and_traffic(scene);
    known.extend(by(scene));
    known.extend(details(scene));
    known
}

/// What a fact has of its own.
fn details(scene: &Scene<'_>) -> Known {
    match scene.fact() {
        Fact::AlarmsOverridden { reason, .. } => {
            let alarms = (Label::Alarms, Value::Unwell(unwell(scene)));
            vec![alarms, because(reason)]
        }
        Fact::PhaseEntered { phase, finished } => after(scene, phase, finished.as_deref()),
        Fact::WatchBegan { finished, .. }
        | Fact::FinishAwaited { finished }
        | Fact::FinishBegan { finished } => over(scene, finished.as_deref()),
        Fact::InEffect { since, .. } => vec![(Label::InEffectFrom, Value::Time(*since))],
        Fact::GatePassed { phase, shown } => before(scene, phase, shown.as_deref()),
        Fact::ApprovalAsked { phase, .. } | Fact::Approved { phase, .. } => {
            let shown = so_far(scene, phase);
            before(scene, phase, shown.as_ref())
        }
        Fact::Stalled(stall) => stalled(scene, stall),
        Fact::Overdue { phase, .. } => {
            let shown = so_far(scene, phase);
            over(scene, shown.as_ref())
        }
        Fact::IncidentOpened {
            severity,
            begun,
            due,
            ..
        } => incident(*severity, *begun, *due),
        Fact::HookFailed { why, .. } | Fact::RouteObstructed { why, .. } => said(why),
        Fact::Rejected { reason, .. }
        | Fact::Paused { reason }
        | Fact::Resumed { reason }
        | Fact::PromotedFull { reason }
        | Fact::WeightSet { reason }
        | Fact::CalendarOverridden { reason, .. } => vec![because(reason)],
        Fact::IncidentAccepted { terms, .. } => {
            let terms = terms.iter();
            terms.map(|terms| because(&terms.reason)).collect()
        }
        Fact::Escalated { tell, due, .. } => escalated(tell, *due),
        Fact::Reminded { due, .. } => decide_by(*due).into_iter().collect(),
        Fact::TrafficRestored { .. } | Fact::RollbackConfirmed | Fact::RollbackLate { .. } => {
            cause_of(scene)
        }
        Fact::Started { .. }
        | Fact::Prepared
        | Fact::GateFailed { .. }
        | Fact::ApprovalExpired { .. }
        | Fact::Checked { .. }
        | Fact::HookSucceeded { .. }
        | Fact::IncidentOverdue { .. }
        | Fact::RiskOver { .. }
        | Fact::IncidentRecovered { .. }
        | Fact::AlarmSilent { .. }
        | Fact::AlarmSpoke { .. }
        | Fact::Promoted { .. }
        | Fact::RollbackBegan { .. }
        | Fact::ChangeStuck { .. }
        | Fact::DriftFound { .. }
        | Fact::DriftGone { .. }
        | Fact::HandClosed { .. }
        | Fact::LateWriteUndone { .. }
        | Fact::Completed { .. }
        | Fact::Superseded { .. }
        | Fact::Retried => Vec::new(),
    }
}

fn phase_and_traffic(scene: &Scene<'_>) -> Known {
    let mut known = Known::new();
    let current = scene.rollout.current_phase().map(|phase| &phase.name);
    if let Some(phase) = about(scene.fact()).phase.or(current) {
        known.push((Label::Phase, place(scene, phase)));
    }
    known.push((Label::Traffic, traffic(scene)));
    known
}

fn place(scene: &Scene<'_>, name: &PhaseName) -> Value {
    let (name, number, of) = scene.place(name);
    Value::Phase { name, number, of }
}

fn traffic(scene: &Scene<'_>) -> Value {
    Value::Traffic {
        before: scene.entry.before.clone(),
        after: scene.entry.after.clone(),
    }
}

fn by(scene: &Scene<'_>) -> Option<(Label, Value)> {
    match &scene.entry.actor {
        Actor::Person(person) => Some((Label::By, Value::Text(person.to_string()))),
        Actor::Alarm(_) | Actor::Plan | Actor::Stranger => None,
    }
}

fn because(reason: &str) -> (Label, Value) {
    (Label::Reason, Value::Text(written(reason)))
}

fn said(why: &str) -> Known {
    vec![(Label::Said, Value::Text(written(why)))]
}

/// Somebody's own words on one line.
fn written(words: &str) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    if words.is_empty() {
        "-".to_owned()
    } else {
        words.join(" ")
    }
}

fn conditions(conditions: &[Condition]) -> Value {
    names(conditions.iter().map(Condition::to_string))
}

/// A phase that begins, and what the one before it has shown.
fn after(scene: &Scene<'_>, phase: &PhaseName, finished: Option<&Shown>) -> Known {
    let mut known = entered(scene, phase);
    known.extend(over(scene, finished));
    known
}

/// What a phase has shown, and the one that comes next.
fn before(scene: &Scene<'_>, phase: &PhaseName, shown: Option<&Shown>) -> Known {
    let mut known = over(scene, shown);
    known.extend(upcoming(scene, phase));
    known
}

fn entered(scene: &Scene<'_>, name: &PhaseName) -> Known {
    let Some((_, phase)) = scene.phase(name) else {
        return Known::new();
    };
    let mut known = Known::new();
    if !phase.require.is_empty() {
        known.push((Label::Requires, conditions(&phase.require)));
    }
    if !phase.rollback.is_empty() {
        known.push((Label::SendsBack, conditions(&phase.rollback)));
    }
    known
}

/// What a phase that is over, or about to be, has to show beside its measurements.
fn over(scene: &Scene<'_>, shown: Option<&Shown>) -> Known {
    let Some(shown) = shown else {
        return Known::new();
    };
    let mut known = vec![held(scene, shown)];
    if !shown.approvals.is_empty() {
        let by = shown.approvals.iter().map(Person::to_string);
        known.push((Label::ApprovedBy, Value::List(by.collect())));
    }
    if !shown.checked.is_empty() {
        let items = shown.checked.iter();
        let items = items.map(|(item, by)| (item.to_string(), by.clone()));
        known.push((Label::Confirmed, Value::Confirmed(items.collect())));
    }
    known
}

/// How long a phase was held, or the watch lasted if there was one before the end.
fn held(scene: &Scene<'_>, shown: &Shown) -> (Label, Value) {
    let watch = scene.rollout.plan.watch.as_ref();
    let watch = watch.filter(|_| scene.is_end_of_watch());
    let bake = scene.phase(&shown.phase).map(|(_, phase)| phase.bake);
    let label = match (watch, about(scene.fact()).phase) {
        (Some(_), _) => Label::Watched,
        (None, Some(phase)) if *phase == shown.phase => Label::Held,
        (None, _) => Label::ResultOf(shown.phase.clone()),
    };
    let held = Value::Held {
        lasted: since(shown.until, shown.since),
        least: watch
            .map(|watch| watch.lasts)
            .or(bake)
            .unwrap_or(SignedDuration::ZERO),
    };
    (label, held)
}

/// What the phase has shown so far, if its weights are still in effect.
fn so_far(scene: &Scene<'_>, phase: &PhaseName) -> Option<Shown> {
    let gate = scene.rollout.gate.as_ref()?;
    Some(Shown::of(phase, gate, scene.now()))
}

/// The phase that comes after one, and when it can begin at the earliest.
fn upcoming(scene: &Scene<'_>, name: &PhaseName) -> Option<(Label, Value)> {
    let next = scene.phase_after(name)?;
    let planned = Planned {
        phase: next.clone(),
        from: None,
    };
    Some((
        Label::NextPhase(next.name.clone()),
        Value::Planned(Box::new(planned)),
    ))
}

fn incident(severity: Severity, begun: Option<Timestamp>, due: Option<Timestamp>) -> Known {
    let mut known = vec![(Label::Severity, Value::Severity(severity))];
    known.extend(detected(begun));
    known.extend(decide_by(due));
    known
}

fn stalled(scene: &Scene<'_>, stall: &Stall) -> Known {
    match stall {
        Stall::NoEvidence { phase } => {
            let shown = so_far(scene, phase);
            over(scene, shown.as_ref())
        }
        Stall::Unmeasured { conditions } => {
            vec![(Label::Unmeasured, names(conditions.iter().cloned()))]
        }
        Stall::Calendar { phase, .. } => entered(scene, phase),
        Stall::MeasuredAgain => Known::new(),
    }
}

fn escalated(tell: &str, due: Option<Timestamp>) -> Known {
    let told = (Label::Told, Value::Text(tell.to_owned()));
    std::iter::once(told).chain(decide_by(due)).collect()
}

fn decide_by(due: Option<Timestamp>) -> Option<(Label, Value)> {
    due.map(|due| (Label::DecideBy, Value::Time(due)))
}

/// When an alarm went off, by its own clock, or when the window ended in which a condition was measured.
fn detected(begun: Option<Timestamp>) -> Option<(Label, Value)> {
    begun.map(|at| (Label::Detected, Value::Time(at)))
}

fn rollback_began(scene: &Scene<'_>, cause: &Cause, begun: Option<Timestamp>) -> Known {
    let mut known = vec![
        (
            Label::Service,
            Value::Text(scene.rollout.plan.service.to_string()),
        ),
        (Label::Cause, Value::Cause(cause.clone())),
    ];
    if let Cause::Person(_, reason) | Cause::Aborted(_, reason) = cause {
        known.push(because(reason));
    }
    known.extend(detected(begun));
    known.push((Label::Decided, Value::Time(scene.now())));
    known.extend(by(scene));
    known.extend(phase_and_traffic(scene));
    if !scene.entry.before.is_closed() {
        known.push((Label::Affected, Value::Share(scene.entry.before.clone())));
    }
    let within = scene.rollout.plan.rollback.within;
    known.push((Label::BackBy, Value::Time(later(scene.now(), within))));
    known
}

/// Why a rollback that has begun was decided.
fn cause_of(scene: &Scene<'_>) -> Known {
    let cause = scene.rollout.status.cause().into_iter();
    cause
        .map(|cause| (Label::Cause, Value::Cause(cause.clone())))
        .collect()
}

fn completed(scene: &Scene<'_>, finished: Option<&Shown>) -> Known {
    let rollout = scene.rollout;
    let plan = &rollout.plan;
    let lasted = since(scene.now(), rollout.started_at);
    let mut known = vec![
        (Label::Service, Value::Text(plan.service.to_string())),
        (Label::CompletedAt, Value::Time(scene.now())),
        (Label::Duration, Value::Span(lasted)),
        (
            Label::StartedBy,
            Value::Text(rollout.started_by.to_string()),
        ),
        (
            Label::Phases,
            names(plan.phases.iter().map(|phase| phase.name.to_string())),
        ),
        (Label::Traffic, traffic(scene)),
    ];
    known.extend(over(scene, finished));
    let open: Vec<IncidentSource> = rollout.incidents.keys().cloned().collect();
    let closed = rollout.breached.iter().cloned();
    let closed = closed.filter(|source| !open.contains(source)).collect();
    known.push((Label::ClosedIncidents, Value::Sources(closed)));
    known.push((Label::OpenIncidents, Value::Sources(open)));
    known
}

/// The alarms that were not as they should be at the start.
fn unwell(scene: &Scene<'_>) -> Vec<(String, Unwell)> {
    use crate::{event::AlarmState, plan::severity::InsufficientData};
    let rollout = scene.rollout;
    let how = |guard: &crate::plan::severity::AlarmGuard| {
        let Some(seen) = rollout.alarms.get(&guard.arn) else {
            return Some(Unwell::NotRead);
        };
        match (seen.state, guard.insufficient_data) {
            (None, _) => Some(Unwell::Unreadable),
            (Some(AlarmState::Ok), _)
            | (Some(AlarmState::InsufficientData), InsufficientData::Ignore) => None,
            (Some(AlarmState::Alarm), _) => Some(Unwell::Red),
            (
                Some(AlarmState::InsufficientData),
                InsufficientData::Hold | InsufficientData::Alarm,
            ) => Some(Unwell::NoData),
        }
    };
    let alarms = rollout.plan.alarms.iter();
    alarms
        .filter_map(|guard| {
            let name = crate::rollout::alarm_name(&guard.arn).to_owned();
            Some((name, how(guard)?))
        })
        .collect()
}
