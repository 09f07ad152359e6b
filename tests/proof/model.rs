//! The protocol, walked exhaustively: every interleaving of workers, crashes, repeated events and late writes.
//!
//! The transitions are production's: [`domain::decide::decide`] and [`engine::converge::Converge`]. The model
//! adds only what surrounds them: a store with conditional commits, a target with its fence, workers that can
//! die at any step, and writes that land now, later, more than once, or never, even after their sender is gone.
//! Events come any number of times, in any order; deadlines pass whenever they can.

mod check;
mod event;
mod faithful;
mod heads;
mod mutant;
mod plan;
#[cfg(feature = "prove")]
mod prove;
mod route;
mod state;
mod target;
mod worker;

use std::sync::Arc;

use domain::{
    decide::{Start, begin},
    event::AlarmState,
    rollout::Rollout,
    traffic::{Epoch, Weight, Weights},
};
use stateright::{Model, Property};

use heads::{Broken, HeadId, Heads};
use mutant::Mutant;
use plan::{Ending, alarm};
use route::Routes;
use state::{RED, Witness};
use target::{Fence, Flights, Target, outlasts};
use worker::{Fate, Job, Worker};

/// The protocol under one kind of fence.
#[derive(Debug, Clone)]
pub(crate) struct Protocol {
    pub(crate) fence: Fence,
    pub(crate) workers: usize,
    pub(crate) phases: usize,
    pub(crate) ending: Ending,
    pub(crate) hands: Hands,
    pub(crate) outages: Outages,
    pub(crate) mutant: Mutant,
    pub(crate) heads: Arc<Heads>,
    pub(crate) routes: Arc<Routes>,
}

/// Whether something can still come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Coming {
    Any,
    Never,
}

/// A lease, which only a broken protocol has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Lease {
    Free,
    Held,
}

/// Whether the store answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Store {
    Up,
    Down,
}

/// Whether the store fails for a while, any number of times; then the gate is closed without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Outages {
    Never,
    AnyTime,
}

/// What somebody else does to the route, besides us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Hands {
    /// Nothing.
    None,
    /// Once, somebody closes or opens it; people let a held rollout go on.
    One,
}

/// The most workers at a time.
const WORKERS_MAX: usize = 3;

/// The world and its workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) head: HeadId,
    pub(crate) target: Target,
    /// Calls that were sent and may still land.
    pub(crate) flights: Flights,
    pub(crate) workers: [Option<Worker>; WORKERS_MAX],
    pub(crate) alarm: AlarmState,
    pub(crate) store: Store,
    /// Whether the alarm's event can still come.
    pub(crate) event: Coming,
    /// Who may decide, where only one may.
    pub(crate) lease: Lease,
    /// Whether somebody else may still lend a hand.
    pub(crate) hand: Hands,
    /// Whether somebody else has closed the route and nobody has let it go on.
    pub(crate) closed: bool,
    pub(crate) witness: Witness,
    pub(crate) broken: Broken,
}

/// What can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Action {
    /// An idle worker is woken.
    Wake(Job),
    /// A worker does its next step; a write that it sends has this fate.
    Step(usize, Fate),
    /// A worker dies.
    Crash(usize),
    /// A call that was sent lands.
    Land(target::Flight),
    /// The alarm goes off.
    GoesRed,
    /// The open change's deadline passes.
    DeadlinePasses,
    /// The time passes in which a late write could still land where the last writer wins.
    BoundPasses,
    /// The provider has put the route's weights into effect.
    InSync,
    /// Somebody else gives the canary this weight.
    Hand(Weight),
    /// The alarm's event is lost, with every copy of it.
    EventLost,
    /// The store stops answering.
    StoreFails,
    /// It answers again.
    StoreHeals,
}

impl Action {
    /// Whether it happens only if a person wants it to.
    pub(crate) const fn is_by_people(self) -> bool {
        matches!(
            self,
            Self::Hand(_) | Self::Wake(Job::Rollback | Job::Approval(_) | Job::Resume | Job::Close)
        )
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.begin()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let back = self.heads.about(state.head).back;
        for (index, worker) in state.workers.iter().enumerate() {
            if let Some(worker) = worker {
                let writes = worker.is_about_to_write(self);
                if writes {
                    actions.push(Action::Step(index, Fate::Wanders));
                }
                if !writes || back {
                    actions.push(Action::Step(index, Fate::Lands));
                }
                actions.push(Action::Crash(index));
            }
        }
        let busy = state.workers.iter().flatten().count();
        if busy < self.workers {
            self.wakes(state, actions);
        }
        actions.extend(state.flights.iter().map(Action::Land));
        self.fates(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        match action {
            Action::Wake(job) => {
                let idle = state.workers.iter().position(Option::is_none)?;
                // A worker that was woken and has not begun is as good as one that is woken later.
                state.workers[idle] = Worker::new(job).step(self, &mut state, Fate::Lands);
            }
            Action::Step(index, fate) => {
                let worker = state.workers[index].take()?;
                state.workers[index] = worker.step(self, &mut state, fate);
            }
            Action::Crash(index) => state.workers[index] = None,
            Action::Land(flight) => state.land(self, flight),
            Action::GoesRed => state.alarm = RED,
            Action::DeadlinePasses if self.mutant == Mutant::ShortGuard => {
                self.pass(&mut state, Heads::settled);
            }
            Action::DeadlinePasses => self.pass(&mut state, Heads::expired),
            Action::BoundPasses => {
                self.pass(&mut state, Heads::settled);
                state.flights.keep(|flight| outlasts(self.fence, flight));
            }
            Action::InSync => {
                state.target.pending = false;
                state.look(self);
            }
            Action::Hand(weight) => self.hand(&mut state, weight),
            Action::EventLost => state.event = Coming::Never,
            Action::StoreFails => state.store = Store::Down,
            Action::StoreHeals => state.store = Store::Up,
        }
        state.forget(self);
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        check::properties()
    }
}

impl Protocol {
    pub(crate) fn new(fence: Fence, workers: usize, phases: usize) -> Self {
        Self {
            fence,
            workers,
            phases,
            ending: Ending::Finish,
            hands: Hands::None,
            outages: Outages::Never,
            mutant: Mutant::None,
            heads: Arc::default(),
            routes: Arc::default(),
        }
    }

    /// The head of a rollout that has just begun.
    pub(crate) fn first_head(&self) -> Rollout {
        let start = Start {
            id: plan::rollout_id(),
            plan: plan::plan(self.fence, self.phases, self.ending),
            by: plan::person(),
            origin: domain::rollout::Origin::Fresh,
            from: Weights::default(),
            epoch: Epoch::default(),
            alarms: [(alarm(), plan::well())].into(),
            override_reason: None,
        };
        begin(start, plan::began()).expect("the plan is sound").next
    }

    fn begin(&self) -> State {
        let mut state = State {
            head: self.heads.intern(&self.first_head(), plan::began()),
            target: Target::new(self.fence),
            flights: Flights::default(),
            workers: [None; WORKERS_MAX],
            alarm: AlarmState::Ok,
            store: Store::Up,
            event: Coming::Any,
            lease: Lease::Free,
            hand: self.hands,
            closed: false,
            witness: Witness::Nothing,
            broken: Broken::default(),
        };
        state.look(self);
        state
    }

    fn wakes(&self, state: &State, actions: &mut Vec<Action>) {
        let about = self.heads.about(state.head);
        if state.store == Store::Down {
            if about.forward && state.served(self) > Weight::ZERO {
                actions.push(Action::Wake(Job::Close));
            }
            return;
        }
        if about.back && about.active && self.mutant != Mutant::NoSweep {
            actions.push(Action::Wake(Job::SweepBack));
        }
        if !about.forward {
            return;
        }
        actions.extend([Job::Sweep, Job::Rollback].map(Action::Wake));
        if state.alarm == RED && state.event == Coming::Any {
            actions.push(Action::Wake(Job::Alarm));
        }
        if let (true, Some(phase)) = (about.awaits_approval, about.phase) {
            actions.push(Action::Wake(Job::Approval(phase)));
        }
        if about.held {
            actions.push(Action::Wake(Job::Resume));
        }
    }

    /// What happens by itself, or by others.
    fn fates(&self, state: &State, actions: &mut Vec<Action>) {
        let about = self.heads.about(state.head);
        if state.alarm != RED && about.forward {
            actions.push(Action::GoesRed);
        }
        if about.intent.is_some_and(|intent| !intent.expired) {
            actions.push(Action::DeadlinePasses);
        }
        if about.late {
            actions.push(Action::BoundPasses);
        }
        if state.target.pending {
            actions.push(Action::InSync);
        }
        if self.outages == Outages::AnyTime && about.active {
            actions.push(match state.store {
                Store::Up => Action::StoreFails,
                Store::Down => Action::StoreHeals,
            });
        }
        if self.mutant == Mutant::AlarmByEvent && state.alarm == RED && state.event == Coming::Any {
            actions.push(Action::EventLost);
        }
        if state.hand == Hands::One && about.active {
            let served = state.served(self);
            let hands = [Weight::ZERO, Weight::FULL].into_iter();
            actions.extend(hands.filter(|weight| *weight != served).map(Action::Hand));
        }
    }

    /// So much time passes that heads are as this makes them.
    fn pass(&self, state: &mut State, time: fn(&Heads, HeadId) -> HeadId) {
        state.head = time(&self.heads, state.head);
        for worker in &mut state.workers {
            *worker = worker.and_then(|worker| worker.deadline_passed(self, time));
        }
    }

    fn hand(&self, state: &mut State, weight: Weight) {
        state.hand = Hands::None;
        let mark = state.target.by_hand(self.fence, weight);
        state.note_closed(self, target::By::Hand);
        state.marked(self, mark);
        state.look(self);
    }
}
