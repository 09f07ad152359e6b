//! What people are told once when a rollout stands still and nobody has decided that it should.

use super::Turn;
use crate::{
    judge::{Finding, Verdict},
    ledger::{Actor, Fact, Stall},
    plan::gate::Condition,
    rollout::{Next, Notice, Status, Tally},
    time::{SignedDuration, earlier, later},
    waiting::{self, FRESH_FOR, Waiting},
};

/// How long after its time a gate may lack evidence before people are told: measurements come late by a few minutes.
const EVIDENCE_BORNE: SignedDuration = SignedDuration::from_mins(10);

/// After so many measurements in a row that could not be made people are told: one that fails is not worth a word.
const ERRORS_BORNE: u32 = 5;

/// Tells what has begun to hold the rollout back, and what does not any more.
pub(super) fn tell(turn: &mut Turn) {
    if turn.next.intent.is_some() {
        return;
    }
    unmeasured(turn);
    gate_waits(turn);
    calendar_shut(turn);
}

/// Conditions that nobody could measure for a while: nothing advances, and nothing they would find sends traffic back.
fn unmeasured(turn: &mut Turn) {
    let conditions: Vec<String> = required(turn)
        .filter(|(_, tally)| is_unmeasured(turn, tally))
        .map(|(condition, _)| condition.to_string())
        .collect();
    if conditions.is_empty() {
        if turn.next.notices.remove(&Notice::Unmeasured) {
            turn.say(Actor::Plan, Fact::Stalled(Stall::MeasuredAgain));
        }
    } else if turn.next.notices.insert(Notice::Unmeasured) {
        turn.say(Actor::Plan, Fact::Stalled(Stall::Unmeasured { conditions }));
    }
}

fn required(turn: &Turn) -> impl Iterator<Item = (&Condition, &Tally)> {
    let tallies = turn.next.gate.iter().flat_map(|gate| &gate.tallies);
    turn.next.required().iter().zip(tallies)
}

/// Whether the last measurements could not be made, or nobody has measured for long.
fn is_unmeasured(turn: &Turn, tally: &Tally) -> bool {
    let since = turn.next.gate.as_ref().map_or(turn.now, |gate| gate.since);
    let newest = tally.last.as_ref().map(|finding| finding.window.to);
    let silent = turn.now
        > later(
            newest.unwrap_or(since).max(since),
            FRESH_FOR.saturating_mul(2),
        );
    let failing = tally
        .last
        .as_ref()
        .is_some_and(|finding| matches!(finding.verdict, Verdict::Error(_)));
    silent || (failing && tally.errors >= ERRORS_BORNE)
}

/// The phase, or the watch, has lasted long enough, and its evidence is not there. Passes that are only too few yet come
/// by themselves, and whoever cut the time short looks anyway.
fn gate_waits(turn: &mut Turn) {
    let Some(lacking) = lacking(turn) else {
        return;
    };
    let Some(phase) = turn.next.current_phase().map(|phase| phase.name.clone()) else {
        return;
    };
    if !turn.next.notices.contains(&Notice::Unmeasured)
        && turn.next.notices.insert(Notice::GateWaits)
    {
        turn.say_on(
            Actor::Plan,
            Fact::Stalled(Stall::NoEvidence { phase }),
            lacking,
        );
    }
}

fn lacking(turn: &Turn) -> Option<Vec<Finding>> {
    if !matches!(turn.next.status, Status::Baking | Status::Watching) {
        return None;
    }
    let patient = earlier(turn.now, EVIDENCE_BORNE);
    let cut_short = turn.next.gate.as_ref()?.promoted.is_some();
    if cut_short || !waiting::has_baked(&turn.next, patient) {
        return None;
    }
    match waiting::of(&turn.next, turn.now) {
        Waiting::Evidence { lacking } => {
            let doubted = |finding: &Finding| finding.verdict != Verdict::Pass;
            lacking.iter().any(doubted).then_some(lacking)
        }
        Waiting::Nothing
        | Waiting::Write { .. }
        | Waiting::Effect { .. }
        | Waiting::Bake { .. }
        | Waiting::Checklist { .. }
        | Waiting::Approval { .. }
        | Waiting::Calendar(_)
        | Waiting::Hook { .. }
        | Waiting::Person { .. }
        | Waiting::Incident { .. }
        | Waiting::Drift { .. }
        | Waiting::Alarm { .. }
        | Waiting::Finish
        | Waiting::Guard { .. }
        | Waiting::Sweep => None,
    }
}

/// Everything is there for the next phase, and the calendar does not let weights be raised.
fn calendar_shut(turn: &mut Turn) {
    let Status::Entering(Next::Phase(next)) = turn.next.status else {
        return;
    };
    let phase = turn
        .next
        .plan
        .phases
        .get(next)
        .map(|phase| phase.name.clone());
    let (Some(phase), Waiting::Calendar(shut)) = (phase, waiting::of(&turn.next, turn.now)) else {
        return;
    };
    if turn.next.notices.insert(Notice::CalendarShut) {
        turn.say(Actor::Plan, Fact::Stalled(Stall::Calendar { phase, shut }));
    }
}
