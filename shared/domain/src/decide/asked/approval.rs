//! Approving, rejecting, and confirming items of a checklist.

use crate::{
    decide::{Refusal, Turn, rollback},
    ledger::{Actor, Fact},
    name::{ItemName, Person, PhaseName},
    plan::gate::{Approval, FourEyes, Otherwise},
    rollout::{Cause, Hold, Status},
};

fn same_phase(turn: &Turn, asked: &PhaseName) -> Result<(), Refusal> {
    match turn.next.current_phase() {
        Some(phase) if phase.name == *asked => Ok(()),
        other => Err(Refusal::OtherPhase {
            asked: asked.clone(),
            current: other.map(|phase| phase.name.clone()),
        }),
    }
}

/// The approval that is being asked for, if this person may give it.
fn may_decide(
    turn: &Turn,
    by: &Person,
    asked: &PhaseName,
    verb: &'static str,
) -> Result<Approval, Refusal> {
    same_phase(turn, asked)?;
    let approval = turn
        .next
        .current_phase()
        .and_then(|phase| phase.approval.clone());
    let (Status::AwaitingApproval, Some(approval)) = (&turn.next.status, approval) else {
        return Err(Refusal::NotNow {
            verb,
            status: turn.next.status.clone(),
        });
    };
    let plan = &turn.next.plan;
    if approval.from.iter().any(|group| plan.is_in(group, by)) {
        return Ok(approval);
    }
    let groups: Vec<String> = approval.from.iter().map(ToString::to_string).collect();
    Err(Refusal::NotAnApprover {
        who: by.clone(),
        may: groups.join(", "),
    })
}

pub(super) fn approve(turn: &mut Turn, by: &Person, phase: &PhaseName) -> Result<(), Refusal> {
    let approval = may_decide(turn, by, phase, "approve")?;
    let starter = turn.next.plan.person(&turn.next.started_by);
    if approval.four_eyes == FourEyes::Required && starter == *by {
        return Err(Refusal::OwnRollout { who: by.clone() });
    }
    let Some(gate) = &mut turn.next.gate else {
        return Ok(());
    };
    if gate.approvals.insert(by.clone()) {
        let have = u32::try_from(gate.approvals.len()).unwrap_or(u32::MAX);
        let fact = Fact::Approved {
            phase: phase.clone(),
            have,
            needed: approval.needed,
        };
        turn.say(Actor::Person(by.clone()), fact);
    }
    Ok(())
}

pub(super) fn reject(
    turn: &mut Turn,
    by: &Person,
    phase: &PhaseName,
    reason: String,
) -> Result<(), Refusal> {
    let approval = may_decide(turn, by, phase, "reject")?;
    if turn.next.holds.contains(&Hold::Rejected) {
        return Ok(());
    }
    let actor = Actor::Person(by.clone());
    let why = format!("{by} did not agree to go on from {phase}: {reason}");
    let fact = Fact::Rejected {
        phase: phase.clone(),
        reason,
    };
    turn.say(actor.clone(), fact);
    match approval.otherwise {
        Otherwise::Hold => {
            turn.next.holds.insert(Hold::Rejected);
        }
        Otherwise::Rollback => {
            rollback::roll_back(turn, actor, Cause::NotApproved(why), Vec::new());
        }
    }
    Ok(())
}

pub(super) fn check(
    turn: &mut Turn,
    by: &Person,
    phase: &PhaseName,
    item: &ItemName,
) -> Result<(), Refusal> {
    same_phase(turn, phase)?;
    let known = turn
        .next
        .current_phase()
        .is_some_and(|phase| phase.checklist.iter().any(|known| known.name == *item));
    if !known {
        return Err(Refusal::UnknownItem(item.clone()));
    }
    let status = turn.next.status.clone();
    let Some(gate) = &mut turn.next.gate else {
        return Err(Refusal::NotNow {
            verb: "check",
            status,
        });
    };
    if !gate.checked.contains_key(item) {
        gate.checked.insert(item.clone(), by.clone());
        let fact = Fact::Checked { item: item.clone() };
        turn.say(Actor::Person(by.clone()), fact);
    }
    Ok(())
}
