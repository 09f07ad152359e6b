//! What a person asks for that may raise weights: resume, promote --full, set-weight.

use std::collections::BTreeSet;

use super::{accept_incidents, forget_tallies, not_now};
use crate::{
    decide::{Refusal, Turn, tick},
    ledger::{Actor, Fact},
    name::Person,
    rollout::{Hold, HookState, IntentKind, Status},
    time::later,
    traffic::Weights,
};

/// Lets a held rollout go on. Where weights are not the phase's, they are set to the phase's again.
pub(super) fn resume(turn: &mut Turn, by: &Person, reason: &str) -> Result<(), Refusal> {
    let drifted = turn.next.routes.values().any(|route| route.drift.is_some());
    let held = !turn.next.holds.is_empty() || turn.next.holding_incidents().next().is_some();
    if !held && !drifted {
        return Err(Refusal::NothingHeld);
    }
    let weights = turn.next.current_phase().map(|phase| &phase.weights);
    let astray = drifted || weights.is_some_and(|weights| *weights != turn.next.desired);
    if astray && turn.next.intent.is_some() {
        return Err(Refusal::InFlight);
    }
    accept_incidents(turn, by);
    let was = std::mem::take(&mut turn.next.holds);
    if was.contains(&Hold::HookFailed) {
        for run in turn.next.hooks.values_mut() {
            if run.state == HookState::Failed {
                run.state = HookState::Done;
            }
        }
    }
    if was.contains(&Hold::GateFailed) {
        forget_tallies(turn);
    }
    ask_anew(turn, &was);
    let reason = match reason.trim() {
        "" => "no reason given".to_owned(),
        reason => reason.to_owned(),
    };
    reassert(turn, drifted);
    turn.say(Actor::Person(by.clone()), Fact::Resumed { reason });
    Ok(())
}

/// Deadlines that have passed begin anew when a person lets the rollout go on; the others stay.
fn ask_anew(turn: &mut Turn, was: &BTreeSet<Hold>) {
    let now = turn.now;
    let within = turn.next.current_phase().and_then(|phase| phase.within);
    let Some(gate) = &mut turn.next.gate else {
        return;
    };
    let rejected = was.contains(&Hold::Rejected);
    if rejected {
        gate.approvals.clear();
    }
    if rejected || was.contains(&Hold::ApprovalExpired) {
        gate.asked = gate.asked.map(|_| now);
    }
    if was.contains(&Hold::Overdue) {
        gate.overdue = within.map(|within| later(now, within));
    }
}

/// Sets the phase's weights again, if the world's are others.
fn reassert(turn: &mut Turn, drifted: bool) {
    if turn.next.intent.is_some() {
        return;
    }
    let weights = turn.next.current_phase().map(|phase| phase.weights.clone());
    let wanted = weights.unwrap_or_else(|| turn.next.desired.clone());
    if wanted == turn.next.desired && !drifted {
        return;
    }
    turn.next.desired = wanted;
    turn.open_intent(IntentKind::Shift);
    if turn.next.phase.is_some() {
        tick::leave_gate(turn);
    }
}

/// Goes to the last phase's weights now.
pub(super) fn promote_full(turn: &mut Turn, by: &Person, reason: String) -> Result<(), Refusal> {
    if turn.next.intent.is_some() {
        return Err(Refusal::InFlight);
    }
    let Some(last) = turn.next.plan.phases.len().checked_sub(1) else {
        return Err(not_now(turn, "promote --full"));
    };
    if !turn.next.status.is_phased() || turn.next.phase == Some(last) {
        return Err(not_now(turn, "promote --full"));
    }
    accept_incidents(turn, by);
    turn.next.holds.clear();
    turn.next.hooks.clear();
    turn.say(Actor::Person(by.clone()), Fact::PromotedFull { reason });
    tick::enter_phase(turn, last);
    Ok(())
}

/// Sets weights by hand; nothing advances from there until a person resumes.
pub(super) fn set_weight(
    turn: &mut Turn,
    by: &Person,
    weights: &Weights,
    reason: String,
) -> Result<(), Refusal> {
    if turn.next.intent.is_some() {
        return Err(Refusal::InFlight);
    }
    let phased = turn.next.status.is_phased() || turn.next.status == Status::Watching;
    if !phased || turn.next.phase.is_none() {
        return Err(not_now(turn, "set-weight"));
    }
    let mut desired = turn.next.desired.clone();
    for (name, weight) in weights.iter() {
        let Some(route) = turn.next.plan.routes.get(name) else {
            return Err(Refusal::UnknownRoute(name.clone()));
        };
        let (below, above) = route.nearest(weight);
        if (below, above) != (weight, weight) {
            return Err(Refusal::Inexpressible {
                route: name.clone(),
                wanted: weight,
                below,
                above,
            });
        }
        desired.set(name.clone(), weight);
    }
    turn.next.desired = desired;
    tick::leave_gate(turn);
    turn.next.holds.insert(Hold::WeightSet);
    turn.open_intent(IntentKind::Shift);
    turn.say(Actor::Person(by.clone()), Fact::WeightSet { reason });
    Ok(())
}
