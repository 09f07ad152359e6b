//! What follows from a hook having been run.

use super::{Turn, rollback};
use crate::{
    event::HookOutcome,
    ledger::{Actor, AfterFailure, Fact},
    plan::{gate::Otherwise, hook::HookFailure},
    rollout::{Cause, Hold, HookKey, HookMoment, HookState},
    time::{SignedDuration, Spell, later},
};

/// How often setting the drain is tried.
const DRAIN_ATTEMPTS: u32 = 3;

/// Setting the drain is one call, which is never "running".
const DRAIN_TIMEOUT: SignedDuration = SignedDuration::ZERO;

/// What matters of a hook when one of its runs ends.
struct Described {
    name: String,
    attempts: u32,
    timeout: SignedDuration,
    on_failure: HookFailure,
}

/// A run of a hook ended, or has not yet. Two visitors may look after one run; its end counts once.
pub(super) fn finished(turn: &mut Turn, key: HookKey, number: u32, outcome: &HookOutcome) {
    let current = turn.next.hooks.get(&key).map(|run| run.runs);
    if turn.next.hook_due() != Some(key) || current != Some(number) {
        return;
    }
    let Some(hook) = described(turn, key) else {
        return;
    };
    let Some(run) = turn.next.hooks.get_mut(&key) else {
        return;
    };
    match outcome {
        HookOutcome::Running => {
            let since = *run.since.get_or_insert(turn.now);
            if turn.now > later(since, hook.timeout) {
                let why = format!("it is still running after {}", Spell(hook.timeout));
                failed(turn, key, hook, &why);
            }
        }
        HookOutcome::Succeeded => {
            run.state = HookState::Done;
            turn.say(Actor::Plan, Fact::HookSucceeded { hook: hook.name });
        }
        HookOutcome::Failed(why) => failed(turn, key, hook, why),
    }
}

/// Looks a hook up in the plan.
///
/// After a rollback nothing is left to hold or to send back: a failure is told, and that is all.
fn described(turn: &Turn, key: HookKey) -> Option<Described> {
    let name = turn.next.hook_name(key)?;
    if key.moment == HookMoment::Drain {
        return Some(Described {
            name,
            attempts: DRAIN_ATTEMPTS,
            timeout: DRAIN_TIMEOUT,
            on_failure: HookFailure::Ignore,
        });
    }
    let (_, hook) = turn.next.hook(key)?;
    Some(Described {
        name,
        attempts: hook.attempts,
        timeout: hook.timeout,
        on_failure: match key.moment {
            HookMoment::Drain | HookMoment::Rollback => HookFailure::Ignore,
            HookMoment::After(_) | HookMoment::Before(_) => hook.on_failure,
        },
    })
}

/// A run has failed: it is tried again, or the plan says what follows.
fn failed(turn: &mut Turn, key: HookKey, hook: Described, why: &str) {
    let Some(run) = turn.next.hooks.get_mut(&key) else {
        return;
    };
    run.runs = run.runs.saturating_add(1);
    run.failures = run.failures.saturating_add(1);
    run.since = None;
    let failures = run.failures;
    let then = match hook.on_failure {
        _ if failures < hook.attempts => AfterFailure::TriedAgain,
        HookFailure::Ignore => AfterFailure::Ignored,
        HookFailure::Gate(otherwise) => AfterFailure::Then(otherwise),
    };
    run.state = match then {
        AfterFailure::TriedAgain => HookState::Due,
        AfterFailure::Ignored => HookState::Done,
        AfterFailure::Then(_) => HookState::Failed,
    };
    tell(turn, hook.name, why, failures, then);
}

fn tell(turn: &mut Turn, hook: String, why: &str, failures: u32, then: AfterFailure) {
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
