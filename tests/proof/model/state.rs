//! What happens to the world: commits, calls that are sent and land, and what is noted of them.

use domain::{event::AlarmState, target::Propagation, traffic::Weight};

use super::{
    Outages, Protocol, State,
    event::{Age, Sight},
    heads::{Broken, Commit},
    target::{By, Fence, Flight, Mark, Op, aged, outlives},
    worker::Fate,
};

/// Whether the weights that are read like this are in effect.
fn in_effect(sight: Sight) -> bool {
    sight.propagation == Propagation::Done
}

/// How far the newest decision has come, as the target itself knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Witness {
    /// It was never as decided.
    Nothing,
    /// It was as decided.
    Reached,
    /// It was as decided, and in effect.
    InEffect,
}

impl State {
    /// A commit whose condition held: what it must not do is noted.
    pub(crate) fn commit(&mut self, protocol: &Protocol, commit: Commit) {
        let before = protocol.heads.about(self.head);
        let next = protocol.heads.about(commit.next);
        self.broken = self.broken.and(commit.broken);
        if commit.acknowledges && commit.epochs == 0 && self.witness == Witness::Nothing {
            self.broken = self.broken.and(Broken::UNSEEN);
        }
        if next.bakes && !before.bakes && !before.enters && self.witness != Witness::InEffect {
            self.broken = self.broken.and(Broken::BAKED_EARLY);
        }
        self.closed &= !commit.resumes && !next.back;
        let undone = Broken::ROLLBACK_UNDONE.when(before.back && !next.back);
        self.broken = self.broken.and(undone);
        protocol.heads.note(self.head, commit.next);
        self.head = protocol.mutant.keeps(&protocol.heads, commit.next);
        if commit.epochs > 0 {
            self.witness = Witness::Nothing;
            self.target.newer = aged(self.target.newer, commit.epochs);
            self.flights.age(commit.epochs);
        }
        for worker in self.workers.iter_mut().flatten() {
            worker.overtake(protocol, commit.epochs);
        }
        self.look(protocol);
    }

    /// Forgets what nothing depends on any more, so that states that behave alike are one.
    pub(crate) fn forget(&mut self, protocol: &Protocol) {
        let about = protocol.heads.about(self.head);
        if about.intent.is_none() && !about.shifts {
            self.witness = Witness::InEffect;
        }
        if about.back {
            // Late, these can only help a rollback.
            self.flights.keep(|flight| match flight.op {
                Op::Set(weight) | Op::Base(weight) => weight > Weight::ZERO,
                Op::Create | Op::Remove(_) => true,
            });
        }
        if protocol.outages == Outages::AnyTime && about.phase.is_some() {
            // A limit of this walk: one that lands after the gate was closed without the store makes the rule
            // again that was taken away, and while the first weight is being given that is all that told.
            self.flights.keep(|flight| flight.op != Op::Create);
        }
        // Workers are alike: their order does not matter.
        self.workers.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// What the target has come to, for the promise that nothing is acknowledged which was not so.
    pub(crate) fn look(&mut self, protocol: &Protocol) {
        let sight = self.target.sight(protocol.fence);
        if sight.seen().meets(protocol.heads.about(self.head).goal) {
            self.witness = self.witness.max(if in_effect(sight) {
                Witness::InEffect
            } else {
                Witness::Reached
            });
        }
    }

    /// A call is sent by somebody who read this fence.
    pub(crate) fn send(&mut self, protocol: &Protocol, mut flight: Flight, fence: Age, fate: Fate) {
        let dead = fence == Age::Older && !outlives(protocol.fence, flight);
        if !protocol.fence.carries_epoch() {
            flight.newer = -1;
        }
        match fate {
            _ if dead => {}
            Fate::Lands => self.land(protocol, flight),
            Fate::Wanders => self.flights.add(flight),
        }
    }

    pub(crate) fn land(&mut self, protocol: &Protocol, flight: Flight) {
        let before = self.served(protocol);
        let mark = self.target.land(protocol.fence, flight);
        self.marked(protocol, mark);
        let after = self.served(protocol);
        if after < before && flight.by == By::Close {
            self.note_closed(protocol, flight.by);
        }
        // What nobody can see any more cannot be respected.
        self.closed &= after <= before;
        self.look(protocol);
    }

    pub(crate) fn marked(&mut self, protocol: &Protocol, mark: Mark) {
        if mark == Mark::Moved {
            self.flights.keep(|flight| outlives(protocol.fence, flight));
            for worker in self.workers.iter_mut().flatten() {
                worker.fence_moved();
            }
        }
    }

    /// What is read of the route now.
    pub(crate) fn sight(&self, protocol: &Protocol) -> Sight {
        let sight = self.target.sight(protocol.fence);
        protocol.mutant.sees(sight)
    }

    /// The canary's weight was made lower than we had made it. What is not there while a change is being made
    /// could also not be there yet, unless the gate was closed in a way that tells.
    pub(crate) fn note_closed(&mut self, protocol: &Protocol, by: By) {
        let about = protocol.heads.about(self.head);
        let known = match about.intent {
            Some(_) => about.floor.weight.min(about.desired),
            None => about.desired,
        };
        let tells = by == By::Close && protocol.fence != Fence::LastWriterWins;
        self.closed |= about.forward && (tells || self.served(protocol) < known);
    }

    pub(crate) fn served(&self, protocol: &Protocol) -> Weight {
        self.target.served(protocol.fence)
    }
}

/// The state that an alarm is read in once it is red.
pub(crate) const RED: AlarmState = AlarmState::Alarm;
