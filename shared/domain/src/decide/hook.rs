//! What follows from a hook having been run.

use super::{Turn, rollback};
use crate::{
    event::HookOutcome,
    ledger::{Actor, AfterFailure, Fact},
    plan::{gate::Otherwise, hook::HookFailure},
    rollout::{Cause, Hold, HookKey, HookMoment, HookState},
};

/// How often setting the drain is tried.
const DRAIN_ATTEMPTS: u32 = 3;

/// A run of a hook ended, or has not yet. Two visitors may look after one run; its end counts once.
pub(super) fn finished(turn: &mut Turn, key: HookKey, number: u32, outcome: &HookOutcome) {
    let current = turn.next.hooks.get(&key).map(|run| run.runs);
    if turn.next.hook_due() != Some(key) || current != Some(number) {
        return;
    }
    let Some((name, attempts, on_failure)) = described(turn, key) else {
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
            run.runs = run.runs.saturating_add(1);
            run.failures = run.failures.saturating_add(1);
            let failures = run.failures;
            let then = match on_failure {
                _ if failures < attempts => AfterFailure::TriedAgain,
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

/// A hook's name, how often it is tried, and what its failure does.
///
/// After a rollback nothing is left to hold or to send back: a failure is told, and that is all.
fn described(turn: &Turn, key: HookKey) -> Option<(String, u32, HookFailure)> {
    let name = turn.next.hook_name(key)?;
    match key.moment {
        HookMoment::Drain => Some((name, DRAIN_ATTEMPTS, HookFailure::Ignore)),
        HookMoment::Rollback => {
            let (_, hook) = turn.next.hook(key)?;
            Some((name, hook.attempts, HookFailure::Ignore))
        }
        HookMoment::After(_) | HookMoment::Before(_) => {
            let (_, hook) = turn.next.hook(key)?;
            Some((name, hook.attempts, hook.on_failure))
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
