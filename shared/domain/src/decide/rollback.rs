//! Going back: a decision that every forward status accepts.

use super::{Turn, incident};
use crate::{
    judge::Finding,
    ledger::{Actor, Fact},
    plan::route::Route,
    rollout::{Cause, HookKey, HookMoment, HookRun, HookState, IncidentSource, IntentKind, Status},
    time::{Timestamp, since},
    traffic::Weight,
};

/// Decides that traffic goes back; once it is decided, no other decision undoes it.
pub(super) fn roll_back(turn: &mut Turn, actor: Actor, cause: Cause, evidence: Vec<Finding>) {
    if !turn.next.status.is_forward() {
        return;
    }
    begin_rollback(turn, actor, cause, evidence);
}

/// The same from a completed rollout, within its fast-track time.
pub(super) fn begin_rollback(turn: &mut Turn, actor: Actor, cause: Cause, evidence: Vec<Finding>) {
    let begun = begun(turn, &cause, &evidence);
    turn.next.desired = turn.next.plan.all_at(Weight::ZERO);
    turn.open_intent(IntentKind::Rollback);
    turn.next.status = Status::RollingBack {
        cause: cause.clone(),
        began: turn.now,
    };
    turn.next.gate = None;
    turn.next.shown = None;
    turn.next.holds.clear();
    turn.next.incidents.clear();
    turn.next.hooks.clear();
    turn.next.notices.clear();
    turn.say_on(actor, Fact::RollbackBegan { cause, begun }, evidence);
}

/// When what leads to a rollback had begun, as far as its source says.
fn begun(turn: &Turn, cause: &Cause, evidence: &[Finding]) -> Option<Timestamp> {
    match cause {
        Cause::Alarm(arn) => incident::begun(turn, &IncidentSource::Alarm(arn.clone()), evidence),
        Cause::Condition(text) | Cause::GateFailed(text) => {
            incident::begun(turn, &IncidentSource::Condition(text.clone()), evidence)
        }
        Cause::Person(..)
        | Cause::Aborted(..)
        | Cause::IncidentOverdue(_)
        | Cause::NotApproved(_)
        | Cause::HookFailed(_) => None,
    }
}

/// Every route was read back on stable.
pub(super) fn restored(turn: &mut Turn, cause: Cause, began: Timestamp) {
    turn.next.intent = None;
    if turn.next.hooks.is_empty() {
        let hooks = if cause.is_trouble() {
            turn.next.plan.rollback.hooks.len()
        } else {
            0
        };
        queue_hooks(turn, hooks);
    }
    turn.next.status = Status::Guarding {
        cause,
        restored: turn.now,
    };
    let took = since(turn.now, began);
    turn.say(Actor::Plan, Fact::TrafficRestored { took });
}

/// Queues the drain, which is set in any case, and the first so many hooks of the rollback.
fn queue_hooks(turn: &mut Turn, hooks: usize) {
    let plan = &turn.next.plan;
    let drained = plan
        .routes
        .values()
        .enumerate()
        .filter_map(|(index, route)| {
            let drains = plan.rollback.drain.is_some() && matches!(route, Route::Alb(_));
            drains.then_some((HookMoment::Drain, index))
        });
    let hooks = (0..hooks).map(|index| (HookMoment::Rollback, index));
    let due: Vec<HookKey> = drained
        .chain(hooks)
        .map(|(moment, index)| HookKey { moment, index })
        .collect();
    for key in due {
        turn.next.hooks.insert(key, HookRun::DUE);
    }
}

/// Ends the rollback if nothing can disturb it any more; called with routes that were read as restored, then or
/// later.
///
/// What was read before the last late write could land says nothing of what has landed since.
pub(super) fn confirm(turn: &mut Turn, read_at: Timestamp) {
    let Status::Guarding { cause, restored } = &turn.next.status else {
        return;
    };
    let now = turn.now;
    let settled = turn
        .next
        .routes
        .values()
        .all(|route| route.effective.is_some_and(|at| at <= now));
    let hooks_over = turn
        .next
        .hooks
        .values()
        .all(|run| run.state != HookState::Due);
    if settled && hooks_over && read_at >= turn.next.late_until {
        turn.next.status = Status::RolledBack {
            cause: cause.clone(),
            restored: *restored,
        };
        turn.say(Actor::Plan, Fact::RollbackConfirmed);
    }
}
