//! What follows from somebody asking for something.

mod approval;
mod risk;
mod weights;

use super::{Refusal, Turn, incident, rollback};
use crate::{
    event::{Command, Sight},
    ledger::{Actor, Fact},
    name::Person,
    rollout::{Cause, Hold, HookState, IncidentState, IntentKind, Status, Tally},
    time::{Timestamp, later},
    traffic::Weight,
};

/// Somebody asks for something.
pub(super) fn asked(turn: &mut Turn, by: &Person, command: &Command) -> Result<(), Refusal> {
    let verb = command.verb();
    // Whoever comes by Slack, by link or by AWS is one person.
    let by = &turn.next.plan.person(by);
    match command {
        Command::Rollback { reason } => roll_back(turn, by, reason_of(reason, verb)?),
        Command::Abort { reason } => abort(turn, by, reason_of(reason, verb)?),
        Command::Finish => finish(turn, by),
        Command::Retry => retry(turn, by),
        Command::Pause { reason } => pause(forward(turn, verb)?, by, reason_of(reason, verb)?),
        Command::Resume { reason } => weights::resume(forward(turn, verb)?, by, reason),
        Command::Promote => promote(forward(turn, verb)?, by),
        Command::PromoteFull { reason } => {
            weights::promote_full(forward(turn, verb)?, by, reason_of(reason, verb)?)
        }
        Command::SetWeight { weights, reason } => {
            weights::set_weight(forward(turn, verb)?, by, weights, reason_of(reason, verb)?)
        }
        Command::Approve { phase } => approval::approve(forward(turn, verb)?, by, phase),
        Command::Reject { phase, reason } => {
            approval::reject(forward(turn, verb)?, by, phase, reason_of(reason, verb)?)
        }
        Command::Check { phase, item } => approval::check(forward(turn, verb)?, by, phase, item),
        Command::OverrideCalendar { until, reason } => {
            override_calendar(forward(turn, verb)?, by, *until, reason_of(reason, verb)?)
        }
        Command::Accept {
            incident,
            until,
            reason,
        } => {
            let reason = reason_of(reason, verb)?;
            risk::accept(forward(turn, verb)?, by, incident, *until, reason)
        }
        Command::Supersede { by: number } => supersede(forward(turn, verb)?, by, *number),
    }
}

/// Somebody decides on what they were shown: it counts while that is so, and what makes things safer always does.
pub(super) fn answered(
    turn: &mut Turn,
    by: &Person,
    command: &Command,
    shown: &Sight,
) -> Result<(), Refusal> {
    let now = Sight::of(&turn.next);
    if shown.plan != now.plan {
        return Err(Refusal::OtherPlan);
    }
    if *shown != now && !command.is_safe_any_time() {
        return Err(Refusal::MovedOn {
            status: turn.next.status.clone(),
            phase: now.phase.filter(|_| turn.next.status.is_forward()),
        });
    }
    asked(turn, by, command)
}

fn reason_of(reason: &str, verb: &'static str) -> Result<String, Refusal> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::NoReason { verb });
    }
    Ok(reason.to_owned())
}

fn not_now(turn: &Turn, verb: &'static str) -> Refusal {
    Refusal::NotNow {
        verb,
        status: turn.next.status.clone(),
    }
}

/// The turn, if the rollout is on its way forward.
fn forward<'a>(turn: &'a mut Turn, verb: &'static str) -> Result<&'a mut Turn, Refusal> {
    if turn.next.status.is_forward() {
        Ok(turn)
    } else if turn.next.status.is_active() {
        Err(not_now(turn, verb))
    } else {
        Err(Refusal::Ended {
            status: turn.next.status.clone(),
        })
    }
}

fn roll_back(turn: &mut Turn, by: &Person, reason: String) -> Result<(), Refusal> {
    let actor = Actor::Person(by.clone());
    let cause = Cause::Person(by.clone(), reason);
    match turn.next.status {
        Status::Completed { at } => {
            let until = later(at, turn.next.plan.fast_track);
            if turn.now >= until {
                return Err(Refusal::FastTrackOver(until));
            }
            rollback::begin_rollback(turn, actor, cause, Vec::new());
            Ok(())
        }
        Status::Superseded { .. } => Err(Refusal::Ended {
            status: turn.next.status.clone(),
        }),
        // Asked for already: the answer is the same.
        Status::RollingBack { .. } | Status::Guarding { .. } | Status::RolledBack { .. } => Ok(()),
        Status::Starting
        | Status::Entering(_)
        | Status::Shifting
        | Status::Baking
        | Status::AwaitingApproval
        | Status::Watching
        | Status::AwaitingFinish
        | Status::Finishing => {
            rollback::roll_back(turn, actor, cause, Vec::new());
            Ok(())
        }
    }
}

fn abort(turn: &mut Turn, by: &Person, reason: String) -> Result<(), Refusal> {
    if turn.next.status.is_rollback() {
        return Ok(());
    }
    forward(turn, "abort")?;
    let cause = Cause::Aborted(by.clone(), reason);
    rollback::roll_back(turn, Actor::Person(by.clone()), cause, Vec::new());
    Ok(())
}

fn pause(turn: &mut Turn, by: &Person, reason: String) -> Result<(), Refusal> {
    if turn.next.status == Status::Finishing {
        return Err(not_now(turn, "pause"));
    }
    if turn.next.holds.insert(Hold::Paused) {
        turn.say(Actor::Person(by.clone()), Fact::Paused { reason });
    }
    Ok(())
}

fn promote(turn: &mut Turn, by: &Person) -> Result<(), Refusal> {
    let refusal = not_now(turn, "promote");
    let name = turn.next.current_phase().map(|phase| phase.name.clone());
    let in_bake = matches!(turn.next.status, Status::Baking | Status::Watching);
    let (Some(gate), Some(phase), true) = (&mut turn.next.gate, name, in_bake) else {
        return Err(refusal);
    };
    if gate.promoted.is_none() {
        gate.promoted = Some(by.clone());
        turn.say(Actor::Person(by.clone()), Fact::Promoted { phase });
    }
    Ok(())
}

fn retry(turn: &mut Turn, by: &Person) -> Result<(), Refusal> {
    if let Status::RolledBack { .. } = turn.next.status {
        return Err(Refusal::StartsAnew);
    }
    forward(turn, "retry")?;
    let mut found = false;
    for run in turn.next.hooks.values_mut() {
        if run.state == HookState::Failed {
            run.state = HookState::Due;
            run.failures = 0;
            found = true;
        }
    }
    found |= turn.next.holds.remove(&Hold::HookFailed);
    if turn.next.holds.remove(&Hold::GateFailed) {
        forget_tallies(turn);
        found = true;
    }
    if !found {
        return Err(Refusal::NothingFailed);
    }
    turn.say(Actor::Person(by.clone()), Fact::Retried);
    Ok(())
}

/// Starts counting anew; what was measured before does not count for or against.
fn forget_tallies(turn: &mut Turn) {
    if let Some(gate) = &mut turn.next.gate {
        for tally in &mut gate.tallies {
            let last = tally.last.take();
            *tally = Tally {
                last,
                ..Tally::default()
            };
        }
    }
}

fn override_calendar(
    turn: &mut Turn,
    by: &Person,
    until: Timestamp,
    reason: String,
) -> Result<(), Refusal> {
    if until <= turn.now {
        return Err(Refusal::Past(until));
    }
    if turn.next.calendar_override != Some(until) {
        turn.next.calendar_override = Some(until);
        let fact = Fact::CalendarOverridden { until, reason };
        turn.say(Actor::Person(by.clone()), fact);
    }
    Ok(())
}

fn supersede(turn: &mut Turn, by: &Person, number: u64) -> Result<(), Refusal> {
    if turn.next.intent.is_some() {
        return Err(Refusal::InFlight);
    }
    turn.next.status = Status::Superseded { by: number };
    turn.next.gate = None;
    turn.next.shown = None;
    turn.say(Actor::Person(by.clone()), Fact::Superseded { by: number });
    Ok(())
}

fn finish(turn: &mut Turn, by: &Person) -> Result<(), Refusal> {
    match turn.next.status {
        Status::AwaitingFinish => {}
        Status::Finishing | Status::Completed { .. } => return Ok(()),
        Status::Starting
        | Status::Entering(_)
        | Status::Shifting
        | Status::Baking
        | Status::AwaitingApproval
        | Status::Watching
        | Status::RollingBack { .. }
        | Status::Guarding { .. }
        | Status::RolledBack { .. }
        | Status::Superseded { .. } => return Err(not_now(turn, "finish")),
    }
    for (route, state) in &turn.next.routes {
        if state.base != Some(Weight::FULL) {
            let base = state.base;
            return Err(Refusal::NotTheNewStable {
                route: route.clone(),
                base,
            });
        }
    }
    turn.next.status = Status::Finishing;
    // A route that a hand had closed is the canary's too, now that its base is.
    turn.next.desired = turn.next.plan.all_at(Weight::FULL);
    turn.open_intent(IntentKind::Finish);
    turn.say(
        Actor::Person(by.clone()),
        Fact::FinishBegan { finished: None },
    );
    Ok(())
}

/// Open incidents are taken note of by a person, who lets the rollout go on.
fn accept_incidents(turn: &mut Turn, by: &Person) {
    let open: Vec<_> = turn
        .next
        .holding_incidents()
        .map(|(source, _)| source.clone())
        .collect();
    for source in open {
        if incident::is_over(&turn.next, &source) {
            // What comes after its recovery is new, and nobody has accepted it.
            turn.next.incidents.remove(&source);
        } else if let Some(incident) = turn.next.incidents.get_mut(&source) {
            incident.state = IncidentState::Accepted {
                by: by.clone(),
                until: None,
            };
        }
        let fact = Fact::IncidentAccepted {
            source,
            terms: None,
        };
        turn.say(Actor::Person(by.clone()), fact);
    }
}
