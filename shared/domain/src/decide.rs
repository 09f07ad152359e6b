//! The state machine: what follows from an event.
//!
//! [`decide`] is total and deterministic. Every (status, event) pair is a move, a reason to stay, or a
//! typed [`Refusal`] of something a person asked for. Only a [`Event::Tick`] and a person's own words raise
//! a weight: what alarms, metrics, hooks and routes report can stop a rollout or send it back, and what
//! they report is looked at again before anything advances.

mod asked;
mod begin;
mod hook;
mod incident;
mod measured;
mod nudge;
mod observed;
mod refusal;
mod rollback;
mod stall;
mod tick;

pub use begin::{Start, begin};
pub(crate) use incident::lets_advance;
pub use refusal::Refusal;

use crate::{
    event::Event,
    judge::Finding,
    ledger::{Actor, Draft, Entry, Fact},
    plan::route::{Fence, Route},
    rollout::{INTENT_LASTS, Intent, IntentKind, LATE_WRITE_BOUND, Rollout, RouteState},
    time::{Timestamp, later},
    traffic::Weights,
    waiting::{self, Waiting},
};

/// What to commit, and what is waited for then.
#[must_use = "commit the decision before performing its effects"]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decision {
    /// The rollout as it should be; equal to what it was if nothing is to be committed.
    pub next: Rollout,
    /// What to append to the ledger.
    pub entries: Vec<Entry>,
    /// What is being waited for.
    pub waiting: Waiting,
}

impl Decision {
    /// Whether there is anything to commit.
    #[must_use]
    pub fn changes(&self, before: &Rollout) -> bool {
        self.next.revision != before.revision
    }
}

/// What follows from an event at `now`.
pub fn decide(rollout: &Rollout, event: &Event, now: Timestamp) -> Result<Decision, Refusal> {
    let mut turn = Turn::of(rollout, now);
    match event {
        Event::Tick => tick::tick(&mut turn),
        Event::Overran { epoch } => tick::overran(&mut turn, *epoch),
        Event::Obstructed { epoch, routes } => tick::obstructed(&mut turn, *epoch, routes),
        Event::AlarmChanged(change) => incident::alarm_changed(&mut turn, change),
        Event::AlarmsRead(readings) => incident::alarms_read(&mut turn, readings),
        Event::Measured { epoch, findings } => measured::measured(&mut turn, *epoch, findings),
        Event::Observed {
            epoch,
            read_at,
            routes,
        } => observed::observed(&mut turn, *epoch, *read_at, routes),
        Event::HookFinished { hook, run, outcome } => {
            hook::finished(&mut turn, *hook, *run, outcome);
        }
        Event::Asked { by, command } => asked::asked(&mut turn, by, command)?,
        Event::Answered { by, command, shown } => {
            asked::answered(&mut turn, by, command, shown)?;
        }
    }
    Ok(turn.end(rollout))
}

/// A decision in the making.
struct Turn {
    next: Rollout,
    entries: Vec<Entry>,
    /// The desired weights as of the last entry.
    said: Weights,
    now: Timestamp,
}

impl Turn {
    fn of(rollout: &Rollout, now: Timestamp) -> Self {
        Self {
            next: rollout.clone(),
            entries: Vec::new(),
            said: rollout.desired.clone(),
            now,
        }
    }

    fn end(mut self, before: &Rollout) -> Decision {
        if self.next != *before {
            self.next.revision = before.revision.saturating_add(1);
        }
        let waiting = waiting::of(&self.next, self.now);
        Decision {
            next: self.next,
            entries: self.entries,
            waiting,
        }
    }

    fn say(&mut self, actor: Actor, fact: Fact) {
        self.say_on(actor, fact, Vec::new());
    }

    fn say_on(&mut self, actor: Actor, fact: Fact, evidence: Vec<Finding>) {
        let after = self.next.desired.clone();
        let before = std::mem::replace(&mut self.said, after.clone());
        let draft = Draft {
            epoch: self.next.epoch,
            actor,
            fact,
            evidence,
            before,
            after,
        };
        self.entries.push(self.next.chain.append(draft, self.now));
    }

    /// Writes the note ahead of a traffic change: a new epoch, and nothing acknowledged in it yet.
    fn open_intent(&mut self, kind: IntentKind) {
        let next = &mut self.next;
        next.epoch = next.epoch.next();
        next.obstacles.clear();
        let deadline = later(self.now, INTENT_LASTS);
        next.intent = Some(Intent {
            epoch: next.epoch,
            kind,
            deadline,
            retakes: 0,
        });
        if next
            .plan
            .routes
            .values()
            .any(|route| late_writes(route, kind))
        {
            next.late_until = next.late_until.max(later(deadline, LATE_WRITE_BOUND));
        }
        next.routes = next
            .plan
            .routes
            .keys()
            .map(|route| {
                let floor = next.floor(route);
                let state = RouteState {
                    floor,
                    ..RouteState::default()
                };
                (route.clone(), state)
            })
            .collect();
    }
}

/// Whether a late write of this kind can hurt.
///
/// To finish an ALB route is to modify the team's own rule, and a Route 53 record that is finished has no
/// fencing record any more: there the last writer wins.
fn late_writes(route: &Route, kind: IntentKind) -> bool {
    match route {
        Route::Alb(_) | Route::Route53(_) => {
            kind == IntentKind::Finish || route.fence() == Fence::LastWriterWins
        }
        Route::LambdaAlias(_) => route.fence() == Fence::LastWriterWins,
    }
}
