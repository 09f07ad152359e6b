//! The protocol, walked exhaustively: every interleaving of workers, crashes, repeated events and late writes.
//!
//! The transitions are production's: [`domain::decide::decide`] and [`engine::converge::Converge`]. The model
//! adds only what surrounds them: a store with conditional commits, a target with its fence, workers that can
//! die at any step, and writes that land now, later, or never, even after their sender is gone.

mod check;
mod plan;
mod target;
mod view;
mod worker;

use std::sync::Arc;

use domain::{
    decide::{Start, begin},
    event::{AlarmReading, AlarmState},
    ledger::Chain,
    rollout::Rollout,
    time::{SignedDuration, Timestamp, later},
    traffic::{Epoch, Weight, Weights},
};
use engine::ports::Write;
use stateright::{Model, Property};

use plan::{alarm, route};
use target::{Fence, Target};
use worker::{Fate, Job, Worker};

/// How much of everything a walk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    /// Deliveries of the alarm's event, once it is red.
    pub(crate) alarms: u8,
    /// A person's rollbacks.
    pub(crate) rollbacks: u8,
    /// A person's approvals.
    pub(crate) approvals: u8,
    /// A person's resumes.
    pub(crate) resumes: u8,
    /// Deadlines that pass while a change is open.
    pub(crate) deadlines: u8,
    /// Times that somebody else closes the route.
    pub(crate) hands: u8,
}

/// The protocol under one kind of fence.
#[derive(Debug, Clone)]
pub(crate) struct Protocol {
    pub(crate) fence: Fence,
    pub(crate) workers: usize,
    pub(crate) phases: usize,
    pub(crate) left: Left,
}

/// The world and its workers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) now: Timestamp,
    pub(crate) head: Arc<Rollout>,
    pub(crate) target: Target,
    /// Writes that were sent and have not landed.
    pub(crate) flights: Vec<Write>,
    pub(crate) workers: Vec<Option<Worker>>,
    pub(crate) alarm: AlarmState,
    pub(crate) left: Left,
    pub(crate) seen: Seen,
}

/// What was seen on the way that no state shows by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a note of its own")]
pub(crate) struct Seen {
    /// A commit raised a weight after a rollback was committed.
    raised_after_rollback: bool,
    /// A rollback was undone by a commit.
    rollback_undone: bool,
    /// An epoch went back, or weights or the intent changed without a new one.
    epoch_broken: bool,
    /// A commit raised weights that nobody may raise there.
    unapproved: bool,
    /// An intent was closed although the route was not read as its goal.
    acknowledged_falsely: bool,
    /// Somebody else closed the route.
    closed_by_hand: bool,
    /// A write landed after its sender had stopped waiting for it.
    landed_late: bool,
}

impl State {
    pub(crate) fn alarm_reading(&self) -> AlarmReading {
        AlarmReading::State {
            state: self.alarm,
            since: match self.alarm {
                AlarmState::Ok | AlarmState::InsufficientData => plan::began(),
                AlarmState::Alarm => later(plan::began(), SignedDuration::from_secs(1)),
            },
            reason: String::new(),
        }
    }

    /// A commit whose condition held: what it must not do is noted.
    pub(crate) fn commit(&mut self, mut next: Rollout) {
        next.chain = Chain::default();
        let before = &self.head;
        let raised = next.desired.raises_over(&before.desired);
        self.seen.raised_after_rollback |= before.status.is_rollback() && raised;
        self.seen.rollback_undone |= before.status.is_rollback() && !next.status.is_rollback();
        self.seen.epoch_broken |= next.epoch < before.epoch
            || (next.epoch == before.epoch && next.desired != before.desired);
        self.seen.unapproved |= raised && self.lacks_approval(&next);
        let closed = before.intent.is_some() && next.intent.is_none();
        self.seen.acknowledged_falsely |= closed
            && !next.status.is_rollback()
            && next.status.is_phased()
            && self.never_reached(&next);
        self.head = Arc::new(next);
    }

    /// Whether weights rise into the last phase without the approval that it needs.
    fn lacks_approval(&self, next: &Rollout) -> bool {
        let last = next.plan.phases.len() - 1;
        let entering = next.phase == Some(last) && self.head.phase != Some(last);
        let approved = self
            .head
            .gate
            .as_ref()
            .is_some_and(|gate| !gate.approvals.is_empty());
        entering && !approved
    }

    /// Whether the route is not, and nobody else can have made it other than, what was acknowledged.
    fn never_reached(&self, next: &Rollout) -> bool {
        !self.seen.landed_late
            && !self.seen.closed_by_hand
            && self.target.served() != next.desired.get(&route())
    }

    pub(crate) fn land(&mut self, write: &Write) {
        self.target.land(write);
        self.forget_dead();
    }

    pub(crate) fn wander(&mut self, write: Write) {
        if !self.flights.contains(&write) {
            self.flights.push(write);
        }
        self.forget_dead();
    }

    fn forget_dead(&mut self) {
        let target = &self.target;
        self.flights.retain(|write| !target.is_dead(write));
    }

    fn is_confirmed(&self) -> bool {
        matches!(self.head.status, domain::rollout::Status::RolledBack { .. })
    }
}

/// What can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Action {
    /// An idle worker is woken.
    Wake(usize, Job),
    /// A worker does its next step; a write that it sends has this fate.
    Step(usize, Fate),
    /// A worker dies.
    Crash(usize),
    /// A write that was sent lands.
    Land(usize),
    /// The alarm goes off.
    GoesRed,
    /// The open change's deadline passes.
    DeadlinePasses,
    /// Nothing is on its way any more, and the time in which it could have been passes.
    BoundPasses,
    /// Somebody else closes the route.
    Hand,
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.begin()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (index, worker) in state.workers.iter().enumerate() {
            match worker {
                None => wakes(index, state, actions),
                Some(worker) => {
                    actions.push(Action::Step(index, Fate::Lands));
                    if worker.is_about_to_write() {
                        actions.push(Action::Step(index, Fate::Wanders));
                    }
                    actions.push(Action::Crash(index));
                }
            }
        }
        actions.extend((0..state.flights.len()).map(Action::Land));
        if state.alarm != AlarmState::Alarm && state.head.status.is_forward() {
            actions.push(Action::GoesRed);
        }
        if state.left.deadlines > 0 && state.head.intent.is_some() {
            actions.push(Action::DeadlinePasses);
        }
        if state.flights.is_empty()
            && state.now < state.head.late_until
            && state.head.intent.is_none()
        {
            actions.push(Action::BoundPasses);
        }
        if state.left.hands > 0 && state.target.served() > Weight::ZERO {
            actions.push(Action::Hand);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Wake(index, job) => {
                spend(&mut state.left, job);
                state.workers[index] = Some(Worker::new(job, &state));
            }
            Action::Step(index, fate) => {
                let worker = state.workers[index].take()?;
                state.workers[index] = worker.step(&mut state, fate);
            }
            Action::Crash(index) => state.workers[index] = None,
            Action::Land(index) => {
                let write = state.flights.remove(index);
                state.seen.landed_late = true;
                state.land(&write);
            }
            Action::GoesRed => state.alarm = AlarmState::Alarm,
            Action::DeadlinePasses => {
                state.left.deadlines -= 1;
                let deadline = state.head.intent?.deadline;
                state.now = later(deadline, SignedDuration::from_secs(1)).max(state.now);
            }
            Action::BoundPasses => state.now = state.head.late_until,
            Action::Hand => {
                state.left.hands -= 1;
                state.seen.closed_by_hand = true;
                state.target.weight = Weight::ZERO;
                state.target.mark += 1;
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        check::properties()
    }
}

fn spend(left: &mut Left, job: Job) {
    match job {
        Job::Alarm => left.alarms -= 1,
        Job::Rollback => left.rollbacks -= 1,
        Job::Approval => left.approvals -= 1,
        Job::Resume => left.resumes -= 1,
        Job::Sweep => {}
    }
}

impl Protocol {
    fn begin(&self) -> State {
        let plan = plan::plan(self.fence, self.phases);
        let now = plan::began();
        let start = Start {
            id: plan::rollout_id(),
            plan,
            by: plan::person(),
            origin: domain::rollout::Origin::Fresh,
            from: Weights::default(),
            epoch: Epoch::default(),
            alarms: [(alarm(), plan::well())].into(),
            override_reason: None,
        };
        let mut head = begin(start, now).expect("the plan is sound").next;
        head.chain = Chain::default();
        State {
            now,
            head: Arc::new(head),
            target: Target::new(self.fence),
            flights: Vec::new(),
            workers: vec![None; self.workers],
            alarm: AlarmState::Ok,
            left: self.left,
            seen: Seen::default(),
        }
    }
}

fn wakes(index: usize, state: &State, actions: &mut Vec<Action>) {
    // Idle workers are alike: only the first is woken.
    if state.workers[..index].iter().any(Option::is_none) {
        return;
    }
    if state.head.status.is_active() {
        actions.push(Action::Wake(index, Job::Sweep));
    }
    if state.left.alarms > 0 && state.alarm == AlarmState::Alarm {
        actions.push(Action::Wake(index, Job::Alarm));
    }
    if !state.head.status.is_forward() {
        return;
    }
    if state.left.rollbacks > 0 {
        actions.push(Action::Wake(index, Job::Rollback));
    }
    if state.left.approvals > 0 && state.head.status == domain::rollout::Status::AwaitingApproval {
        actions.push(Action::Wake(index, Job::Approval));
    }
    if state.left.resumes > 0 && !state.head.holds.is_empty() {
        actions.push(Action::Wake(index, Job::Resume));
    }
}
