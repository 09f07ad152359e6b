//! What happens after each fact, and who may do something about it.

use super::{Scene, groups};
use crate::{
    ledger::{AfterFailure, Fact, Stall},
    name::PhaseName,
    plan::{gate::Otherwise, phase::Phase, severity::Severity},
    rollout::{Cause, Rollout, Status},
    time::{Timestamp, later},
    waiting::{self, Waiting},
    words::language::{After, Step},
};

/// What happens next.
pub(in crate::words) fn next(scene: &Scene<'_>) -> Vec<Step> {
    let rollout = scene.rollout;
    match scene.fact() {
        Fact::Started { .. } => {
            let within = rollout.plan.rollback.within;
            vec![Step::FirstPhase, Step::IfTrouble { within }]
        }
        Fact::PhaseEntered { phase, .. } => entered(scene, phase),
        Fact::InEffect { phase, since } => in_effect(scene, phase, *since),
        Fact::GatePassed { phase, .. } => passed(scene, phase),
        Fact::IncidentOpened {
            severity: Severity::Low,
            ..
        } => vec![Step::NothingHeld],
        Fact::IncidentOpened { due, otherwise, .. }
        | Fact::Escalated { due, otherwise, .. }
        | Fact::Reminded { due, otherwise, .. } => decide(*due, *otherwise),
        Fact::HookFailed {
            then: AfterFailure::TriedAgain,
            ..
        } => vec![Step::HookAgain],
        Fact::FinishBegan { .. } => vec![Step::Switch],
        Fact::PromotedFull { .. } => begins(scene),
        Fact::RollbackBegan { .. } => back(scene),
        Fact::TrafficRestored { .. } => guarded(scene),
        Fact::RollbackConfirmed => confirmed(scene),
        Fact::RollbackLate { .. } => vec![Step::RollbackLate, Step::CloseByHand],
        Fact::RouteObstructed { .. } => vec![Step::Mend],
        Fact::ChangeStuck { .. } => vec![Step::TriedAgain],
        Fact::Stalled(Stall::Unmeasured { .. }) => vec![Step::Unwatched],
        Fact::LateWriteUndone { .. } => vec![Step::Back { by: back_by(scene) }],
        Fact::WatchBegan { lasts, .. } => vec![Step::Watch {
            until: later(scene.now(), *lasts),
            then: rollout.plan.finish,
        }],
        Fact::Completed { .. } => {
            let until = later(scene.now(), rollout.plan.fast_track);
            vec![Step::StillBack { until }, Step::RemoveOld]
        }
        Fact::Superseded { by } => vec![Step::GoesOnIn(*by)],
        Fact::AlarmsOverridden { .. }
        | Fact::Prepared
        | Fact::Stalled(Stall::NoEvidence { .. } | Stall::MeasuredAgain | Stall::Calendar { .. })
        | Fact::GateFailed { .. }
        | Fact::ApprovalAsked { .. }
        | Fact::Approved { .. }
        | Fact::Rejected { .. }
        | Fact::ApprovalExpired { .. }
        | Fact::Checked { .. }
        | Fact::Overdue { .. }
        | Fact::HookSucceeded { .. }
        | Fact::HookFailed { .. }
        | Fact::IncidentOverdue { .. }
        | Fact::IncidentAccepted { .. }
        | Fact::RiskOver { .. }
        | Fact::IncidentRecovered { .. }
        | Fact::AlarmSilent { .. }
        | Fact::AlarmSpoke { .. }
        | Fact::Paused { .. }
        | Fact::Resumed { .. }
        | Fact::Promoted { .. }
        | Fact::WeightSet { .. }
        | Fact::CalendarOverridden { .. }
        | Fact::DriftFound { .. }
        | Fact::DriftGone { .. }
        | Fact::HandClosed { .. }
        | Fact::FinishAwaited { .. }
        | Fact::Retried => waits(scene),
    }
}

fn decide(due: Option<Timestamp>, otherwise: Otherwise) -> Vec<Step> {
    vec![Step::Decide { due, otherwise }]
}

/// What the rollout waits for now.
fn waits(scene: &Scene<'_>) -> Vec<Step> {
    let rollout = scene.rollout;
    let waiting = waiting::of(rollout, scene.now());
    if waiting == Waiting::Nothing {
        return Vec::new();
    }
    if matches!(rollout.status, Status::RollingBack { .. }) {
        return vec![Step::GoesBack];
    }
    // Weights are being set, and nothing goes on when they are.
    let then = rollout
        .holds
        .first()
        .filter(|_| matches!(waiting, Waiting::Write { .. }))
        .map(|hold| Step::Wait(Waiting::Person { hold: *hold }));
    std::iter::once(Step::Wait(waiting)).chain(then).collect()
}

fn entered(scene: &Scene<'_>, name: &PhaseName) -> Vec<Step> {
    let Some((_, phase)) = scene.phase(name) else {
        return waits(scene);
    };
    vec![
        Step::SetThenHold {
            bake: phase.bake,
            until: later(scene.now(), phase.bake),
        },
        Step::Then(after(scene, phase)),
    ]
}

fn in_effect(scene: &Scene<'_>, name: &PhaseName, since: Timestamp) -> Vec<Step> {
    let Some((_, phase)) = scene.phase(name) else {
        return waits(scene);
    };
    let hold = Step::Hold {
        until: later(since, phase.bake),
        overdue: phase.within.map(|within| later(since, within)),
    };
    vec![hold, Step::Then(after(scene, phase))]
}

/// What comes at once has a message of its own.
fn passed(scene: &Scene<'_>, name: &PhaseName) -> Vec<Step> {
    match scene.rollout.current_phase() {
        Some(phase) if phase.name != *name => begins(scene),
        Some(_) | None => waits(scene),
    }
}

/// The phase that the rollout is in has just begun.
fn begins(scene: &Scene<'_>) -> Vec<Step> {
    let phase = scene.rollout.current_phase();
    phase
        .map(|phase| Step::Begins(phase.name.clone()))
        .into_iter()
        .collect()
}

/// What comes after a phase.
fn after(scene: &Scene<'_>, phase: &Phase) -> After {
    let plan = &scene.rollout.plan;
    if let Some(approval) = &phase.approval {
        return After::Approval(approval.needed, groups(scene.rollout, approval));
    }
    match (scene.phase_after(&phase.name), &plan.watch) {
        (Some(next), _) => After::Phase(next.name.clone()),
        (None, Some(watch)) => After::Watch(watch.lasts),
        (None, None) => After::Finish,
    }
}

fn back_by(scene: &Scene<'_>) -> Timestamp {
    later(scene.now(), scene.rollout.plan.rollback.within)
}

fn back(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = vec![Step::Back { by: back_by(scene) }];
    let hooks = rollback_hooks(scene.rollout);
    if !hooks.is_empty() {
        steps.push(Step::HooksThen(hooks));
    }
    steps.push(Step::CloseByHand);
    steps
}

/// The hooks of the plan that run after a rollback for trouble.
fn rollback_hooks(rollout: &Rollout) -> Vec<String> {
    let hooks = rollout.plan.rollback.hooks.iter();
    hooks
        .filter(|_| is_for_trouble(&rollout.status))
        .map(ToString::to_string)
        .collect()
}

/// Whether traffic goes, or went, back because something is wrong, and not because of a change of mind.
fn is_for_trouble(status: &Status) -> bool {
    status.cause().is_some_and(Cause::is_trouble)
}

fn confirmed(scene: &Scene<'_>) -> Vec<Step> {
    let cause = is_for_trouble(&scene.rollout.status).then_some(Step::FindCause);
    cause.into_iter().chain([Step::Retry]).collect()
}

/// Hooks run first, if there are any; the guard goes on in any case.
fn guarded(scene: &Scene<'_>) -> Vec<Step> {
    let rollout = scene.rollout;
    let due = rollout
        .hooks
        .keys()
        .filter_map(|key| rollout.hook_name(*key));
    let due: Vec<String> = due.collect();
    let mut steps = Vec::new();
    if !due.is_empty() {
        steps.push(Step::HooksThen(due));
    }
    let until = rollout
        .routes
        .values()
        .filter_map(|route| route.effective)
        .fold(rollout.late_until, std::cmp::max);
    steps.push(Step::Wait(Waiting::Guard { until }));
    steps
}
