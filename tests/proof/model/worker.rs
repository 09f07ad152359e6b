//! A worker: one invocation of a function, step by step. It can die between any two of them.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use domain::{
    decide::decide, event::Event, rollout::Rollout, target::Seen, time::Timestamp, traffic::Epoch,
};
use engine::converge::{Call, Converge, Outcome};

use super::{
    State,
    plan::{alarm, alarm_change, asked_approval, asked_resume, asked_rollback, route},
};

/// What woke it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Job {
    /// The alarm's event.
    Alarm,
    /// A person's rollback.
    Rollback,
    /// A person's approval.
    Approval,
    /// A person lets the rollout go on.
    Resume,
    /// The sweep.
    Sweep,
}

/// What it has still to do, in the order of `engine::visit` and `engine::hear`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Todo {
    /// Bring an event to the rollout.
    Deliver(Event),
    /// Say that an intent ran over.
    Overran(Epoch),
    /// Say what the routes were read as.
    Report(Epoch, Seen),
    /// Read the alarms' states.
    PollAlarms,
    /// A tick, but only while a change is open.
    TickIfOpen,
    /// Read the routes.
    Observe,
    /// See the open change through.
    Pursue,
}

/// A worker at work.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Worker {
    pub(crate) job: Job,
    pub(crate) todo: VecDeque<Todo>,
    /// The head as it last read it.
    pub(crate) head: Arc<Rollout>,
    pub(crate) converge: Option<Converge>,
}

/// What becomes of a write that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fate {
    /// It lands before its sender goes on.
    Lands,
    /// Its sender hears nothing; it lands at any later time, or never.
    Wanders,
}

impl Worker {
    pub(crate) fn new(job: Job, state: &State) -> Self {
        let todo = match job {
            Job::Alarm => vec![
                Todo::Deliver(Event::AlarmChanged(alarm_change())),
                Todo::Pursue,
            ],
            Job::Rollback => vec![Todo::Deliver(asked_rollback()), Todo::Pursue],
            Job::Approval => {
                let phase = state.head.current_phase().map(|phase| phase.name.clone());
                phase
                    .map(|phase| Todo::Deliver(asked_approval(&phase)))
                    .into_iter()
                    .collect()
            }
            Job::Resume => vec![Todo::Deliver(asked_resume()), Todo::Pursue],
            Job::Sweep if state.head.status.is_rollback() => {
                vec![Todo::Pursue, Todo::Observe, Todo::Pursue]
            }
            Job::Sweep => vec![
                Todo::PollAlarms,
                Todo::TickIfOpen,
                Todo::Pursue,
                Todo::Observe,
                Todo::Deliver(Event::Tick),
                Todo::Pursue,
            ],
        };
        Self {
            job,
            todo: todo.into(),
            head: Arc::clone(&state.head),
            converge: None,
        }
    }

    /// Whether the next step sends a write, whose fate is a choice.
    pub(crate) fn is_about_to_write(&self) -> bool {
        self.converge
            .as_ref()
            .is_some_and(|converge| matches!(converge.next(), Ok(Call::Write(_))))
    }

    /// One step: everything up to and with the next commit, lost race, or call to a route.
    ///
    /// What is only looked at in between needs no step of its own: whatever changes there could as well have
    /// changed after, because only the commit that follows has an effect, and it is conditional on the head.
    /// `None` when the worker is done.
    pub(crate) fn step(mut self, state: &mut State, fate: Fate) -> Option<Self> {
        if let Some(converge) = self.converge.take() {
            self.converge_step(converge, state, fate);
            return Some(self);
        }
        loop {
            let event = match self.todo.pop_front()? {
                Todo::Deliver(event) => event,
                Todo::Overran(epoch) => Event::Overran { epoch },
                Todo::Report(epoch, seen) => {
                    let routes = BTreeMap::from([(route(), seen)]);
                    Event::Observed { epoch, routes }
                }
                Todo::PollAlarms => {
                    Event::AlarmsRead(BTreeMap::from([(alarm(), state.alarm_reading())]))
                }
                Todo::TickIfOpen if self.head.intent.is_some() => Event::Tick,
                Todo::Observe if self.head.status.is_active() && self.head.intent.is_none() => {
                    let routes = BTreeMap::from([(route(), state.target.read().seen)]);
                    let epoch = self.head.epoch;
                    Event::Observed { epoch, routes }
                }
                Todo::TickIfOpen | Todo::Observe => continue,
                Todo::Pursue => {
                    if let Some(converge) = self.pursue(state.now) {
                        self.converge_step(converge, state, fate);
                        return Some(self);
                    }
                    continue;
                }
            };
            match self.deliver(state, event) {
                Delivered::Nothing => {}
                Delivered::Changed => return Some(self),
                Delivered::Refused => return None,
            }
        }
    }

    /// The convergence to go on with, if the open intent is still in time.
    fn pursue(&mut self, now: Timestamp) -> Option<Converge> {
        let intent = self.head.intent?;
        self.todo.push_front(Todo::Pursue);
        if now > intent.deadline {
            self.todo.push_front(Todo::Overran(intent.epoch));
            return None;
        }
        let goal = self.head.goal(&route());
        Some(Converge::new(goal, intent.epoch, intent.deadline))
    }

    /// Decides on the head as it was read and commits, or reads it again if it has moved.
    fn deliver(&mut self, state: &mut State, event: Event) -> Delivered {
        let Ok(decision) = decide(&self.head, &event, state.now) else {
            return Delivered::Refused;
        };
        if !decision.changes(&self.head) {
            return Delivered::Nothing;
        }
        if self.head.revision == state.head.revision {
            state.commit(decision.next);
            self.head = Arc::clone(&state.head);
        } else {
            self.head = Arc::clone(&state.head);
            self.todo.push_front(Todo::Deliver(event));
        }
        Delivered::Changed
    }

    fn converge_step(&mut self, mut converge: Converge, state: &mut State, fate: Fate) {
        match converge.next() {
            Ok(Call::ReadTarget) => converge.on_target(Ok(state.target.read())),
            Ok(Call::ReadHead) => converge.on_head(Ok(Some(&state.head)), state.now),
            Ok(Call::Write(write)) => {
                match fate {
                    Fate::Lands => state.land(&write),
                    Fate::Wanders => state.wander(write),
                }
                converge.on_written(Ok(()));
            }
            Err(_) => {}
        }
        match converge.next() {
            Ok(_) => self.converge = Some(converge),
            Err(Outcome::Reached(seen)) => {
                let epoch = self
                    .head
                    .intent
                    .map_or(self.head.epoch, |intent| intent.epoch);
                self.todo.push_front(Todo::Report(epoch, seen));
            }
            Err(Outcome::Overtaken | Outcome::Failed(_)) => self.head = state.head.clone(),
        }
    }
}

/// What came of an event.
enum Delivered {
    /// There was nothing to commit.
    Nothing,
    /// It was committed, or the head had moved and was read again.
    Changed,
    /// It was refused: a person asked for something that makes no sense.
    Refused,
}
