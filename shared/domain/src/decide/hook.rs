//! What follows from a hook having been run.

use super::{Turn, rollback};
use crate::{
    event::HookOutcome,
    ledger::{Actor, AfterFailure, Fact},
    plan::{gate::Otherwise, hook::HookFailure},
    rollout::{Cause, Hold, HookKey, HookMoment, HookState},
};

/// A hook ended, or has not yet.
pub(super) fn finished(turn: &mut Turn, key: HookKey, outcome: &HookOutcome) {
    if turn.next.hook_due() != Some(key) {
        return;
    }
    let Some((name, attempts, on_failure)) = turn
        .next
        .hook(key)
        .map(|(name, hook)| (name.to_string(), hook.attempts, hook.on_failure))
    else {
        return;
    };
    let Some(run) = turn.next.hooks.get_mut(&key) else {
        return;
    };
    match outcome {
        HookOutcome::Running => {}
        HookOutcome::Succeeded => {
            run.state = HookState::Done;
            turn.say(Actor::Plan, Fact::HookSucceeded { hook: name });
        }
        HookOutcome::Failed(why) => {
            run.failures = run.failures.saturating_add(1);
            let failures = run.failures;
            // After a rollback nothing is left to hold or to send back: a failure is told, and that is all.
            let then = match on_failure {
                _ if failures < attempts => AfterFailure::TriedAgain,
                _ if key.moment == HookMoment::Rollback => AfterFailure::Ignored,
                HookFailure::Ignore => AfterFailure::Ignored,
                HookFailure::Gate(otherwise) => AfterFailure::Then(otherwise),
            };
            run.state = match then {
                AfterFailure::TriedAgain => HookState::Due,
                AfterFailure::Ignored => HookState::Done,
                AfterFailure::Then(_) => HookState::Failed,
            };
            failed(turn, name, why, failures, then);
        }
    }
}

fn failed(turn: &mut Turn, hook: String, why: &str, failures: u32, then: AfterFailure) {
    let cause = format!("hook {hook} failed: {why}");
    let fact = Fact::HookFailed {
        hook,
        why: why.to_owned(),
        failures,
        then,
    };
    match then {
        AfterFailure::TriedAgain | AfterFailure::Ignored => turn.say(Actor::Plan, fact),
        AfterFailure::Then(Otherwise::Hold) => {
            turn.next.holds.insert(Hold::HookFailed);
            turn.say(Actor::Plan, fact);
        }
        AfterFailure::Then(Otherwise::Rollback) => {
            turn.say(Actor::Plan, fact);
            rollback::roll_back(turn, Actor::Plan, Cause::HookFailed(cause), Vec::new());
        }
    }
}
