//! A route as its provider keeps it, with the fence that each kind of route has.
//!
//! Fences that a target compares (a rule's ARN, the value of a record, a revision id) are never used twice, so
//! all that matters of one that was read is whether it is still the target's own.

use domain::{
    plan::route::{AlbBase, AlbMode, AlbRoute, LambdaAliasRoute, RecordType, Route, Route53Route},
    target::{Carrier, Goal, Leftover, Propagation},
    time::SignedDuration,
    traffic::Weight,
};

use super::event::Sight;

/// How a target keeps an old write from hurting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fence {
    /// A rule of our own: a write names the rule, and a rollback deletes it.
    OwnedRule,
    /// A record that carries the epoch: replaced in the same batch as the weights, and gone with the last.
    Epoch,
    /// A revision id that a write must name.
    Revision,
    /// None: the last writer wins.
    LastWriterWins,
}

impl Fence {
    pub(crate) const ALL: [Self; 4] = [
        Self::OwnedRule,
        Self::Epoch,
        Self::Revision,
        Self::LastWriterWins,
    ];

    /// Whether a target itself tells of which decision it is.
    pub(crate) const fn carries_epoch(self) -> bool {
        match self {
            Self::Epoch | Self::Revision => true,
            Self::OwnedRule | Self::LastWriterWins => false,
        }
    }

    /// A route of the plan that has this fence.
    pub(crate) fn route(self) -> Route {
        let text = str::to_owned;
        match self {
            Self::OwnedRule | Self::LastWriterWins => Route::Alb(AlbRoute {
                base: AlbBase::Rule(text("rule")),
                mode: if self == Self::OwnedRule {
                    AlbMode::Owned { priority: 1 }
                } else {
                    AlbMode::InPlace
                },
                stable: text("stable"),
                canary: text("canary"),
            }),
            Self::Epoch => Route::Route53(Route53Route {
                zone: text("zone"),
                name: text("name"),
                types: [RecordType::A].into(),
                stable: text("stable"),
                canary: text("canary"),
                ttl: SignedDuration::ZERO,
            }),
            Self::Revision => Route::LambdaAlias(LambdaAliasRoute {
                function: text("function"),
                alias: text("alias"),
                stable: text("1"),
                canary: text("2"),
            }),
        }
    }
}

/// The one call that a write makes of a goal, chosen by what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Op {
    /// Makes what carries the canary's weight, at none, if there is none: `CreateRule`, or a batch that creates
    /// the record.
    Create,
    /// Gives the canary this weight: `ModifyRule` of a rule, a batch that replaces the record, `UpdateAlias`.
    Set(Weight),
    /// Takes away what carries the weight: `DeleteRule`, or a batch that deletes the record and sets weights.
    Remove(Weight),
    /// Sets what serves without anything of ours: the base rule, or weights without a record. Unfenced.
    Base(Weight),
}

impl Op {
    /// Whether it is refused once the target's fence has moved on.
    fn is_fenced(self, fence: Fence) -> bool {
        match (fence, self) {
            (Fence::LastWriterWins, _) | (_, Self::Create | Self::Base(_)) => false,
            (Fence::OwnedRule | Fence::Epoch | Fence::Revision, Self::Set(_) | Self::Remove(_)) => {
                true
            }
        }
    }

    /// Whether it can raise the canary's weight however late it lands.
    fn raises_late(self, fence: Fence) -> bool {
        match self {
            Self::Create | Self::Remove(_) => false,
            Self::Set(weight) => fence == Fence::LastWriterWins && weight > Weight::ZERO,
            Self::Base(weight) => weight > Weight::ZERO,
        }
    }
}

/// A call that was sent. Once sent it may land at any later time, never, or more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Flight {
    pub(crate) op: Op,
    /// How many epochs newer than the newest it is; everything older is one older.
    pub(crate) newer: i8,
    pub(crate) by: By,
}

/// Who makes a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum By {
    /// Who follows a decision.
    Worker,
    /// Who closes the gate without the store.
    Close,
    /// Somebody else.
    Hand,
}

/// Calls under way, in order and each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Flights([Option<Flight>; 12]);

impl Flights {
    pub(crate) fn iter(self) -> impl Iterator<Item = Flight> {
        self.0.into_iter().flatten()
    }

    pub(crate) fn add(&mut self, flight: Flight) {
        if !self.iter().any(|other| other == flight) {
            *self = self.iter().chain([flight]).collect();
        }
    }

    pub(crate) fn keep(&mut self, kept: impl Fn(Flight) -> bool) {
        *self = self.iter().filter(|flight| kept(*flight)).collect();
    }

    /// A newer decision was made.
    pub(crate) fn age(&mut self, epochs: u8) {
        *self = self
            .iter()
            .map(|flight| Flight {
                newer: aged(flight.newer, epochs),
                ..flight
            })
            .collect();
    }
}

impl FromIterator<Flight> for Flights {
    fn from_iter<I: IntoIterator<Item = Flight>>(flights: I) -> Self {
        let mut all: Vec<Flight> = flights.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        let mut slots = [None; 12];
        for (index, flight) in all.into_iter().enumerate() {
            *slots
                .get_mut(index)
                .expect("there are only so many kinds of calls") = Some(flight);
        }
        Self(slots)
    }
}

/// The distance of an epoch that no decision will have for a long time: the gate was closed without the store.
pub(crate) const LEAPT: i8 = 3;

/// An epoch's distance after so many newer ones: whatever is older is one older.
pub(crate) fn aged(newer: i8, epochs: u8) -> i8 {
    if newer == LEAPT && epochs <= LEAPT.unsigned_abs() {
        return LEAPT;
    }
    newer.saturating_sub_unsigned(epochs).max(-1)
}

/// What the provider keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Target {
    /// The canary's weight; for an owned rule, the rule's.
    pub(crate) weight: Weight,
    /// Whether what carries the weight is there.
    pub(crate) carrier: Carrier,
    /// The canary's share of the base rule.
    pub(crate) base: Weight,
    /// How many epochs newer than the newest the one that it carries is.
    pub(crate) newer: i8,
    /// Whether the last change is still being put into effect.
    pub(crate) pending: bool,
    /// Whether the canary's weight was last written by somebody else.
    pub(crate) foreign: bool,
}

/// Whether the target's fence is another after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Same,
    Moved,
}

impl Target {
    pub(crate) const fn new(fence: Fence) -> Self {
        Self {
            weight: Weight::ZERO,
            carrier: match fence {
                Fence::OwnedRule | Fence::Epoch => Carrier::Missing,
                Fence::Revision | Fence::LastWriterWins => Carrier::Ready,
            },
            base: Weight::ZERO,
            newer: -1,
            pending: false,
            foreign: false,
        }
    }

    /// The canary's share of the traffic.
    pub(crate) fn served(self, fence: Fence) -> Weight {
        match (fence, self.carrier) {
            (Fence::OwnedRule, Carrier::Missing) => self.base,
            (Fence::OwnedRule | Fence::Epoch | Fence::Revision | Fence::LastWriterWins, _) => {
                self.weight
            }
        }
    }

    pub(crate) fn sight(self, fence: Fence) -> Sight {
        let carried = self.carrier == Carrier::Ready;
        let (leftover, newer) = match fence {
            Fence::OwnedRule => (carried, None),
            Fence::Epoch => (carried, carried.then_some(self.newer)),
            Fence::Revision => (false, Some(self.newer)),
            Fence::LastWriterWins => (false, None),
        };
        let served = self.served(fence);
        Sight {
            weight: served,
            base: if fence == Fence::OwnedRule {
                self.base
            } else {
                served
            },
            carrier: self.carrier,
            leftover: if leftover {
                Leftover::Some
            } else {
                Leftover::None
            },
            newer,
            propagation: if self.pending {
                Propagation::Pending
            } else {
                Propagation::Done
            },
        }
    }

    /// The call that brings a target which was read like this a step nearer to a goal, if there is one.
    pub(crate) fn op(fence: Fence, goal: Goal, carrier: Carrier, base: Weight) -> Option<Op> {
        let ours = carrier == Carrier::Ready;
        let last = goal.weight();
        match (fence, goal) {
            (Fence::Revision | Fence::LastWriterWins, _) => Some(Op::Set(last)),
            (Fence::OwnedRule, Goal::Restored | Goal::Finished) if base != last => {
                Some(Op::Base(last))
            }
            (Fence::OwnedRule, Goal::Restored | Goal::Finished) => ours.then_some(Op::Remove(last)),
            (Fence::Epoch, Goal::Restored | Goal::Finished) if ours => Some(Op::Remove(last)),
            (Fence::Epoch, Goal::Restored | Goal::Finished) => Some(Op::Base(last)),
            (Fence::OwnedRule | Fence::Epoch, Goal::Prepared | Goal::Weight(_)) if ours => {
                Some(Op::Set(last))
            }
            (Fence::OwnedRule | Fence::Epoch, Goal::Prepared | Goal::Weight(_)) => Some(Op::Create),
        }
    }

    /// What a route that was read like this would be read as if it were its goal.
    pub(crate) fn reached(read: Sight, goal: Goal) -> Sight {
        let last = matches!(goal, Goal::Restored | Goal::Finished);
        Sight {
            weight: goal.weight(),
            carrier: if last { read.carrier } else { Carrier::Ready },
            leftover: Leftover::None,
            newer: read.newer.map(|_| 0),
            ..read
        }
    }

    /// A call lands, if the target takes it.
    pub(crate) fn land(&mut self, fence: Fence, flight: Flight) -> Mark {
        let before = *self;
        match flight.op {
            Op::Create if self.carrier == Carrier::Ready => return Mark::Same,
            Op::Create => {
                (self.carrier, self.weight, self.newer) =
                    (Carrier::Ready, Weight::ZERO, flight.newer);
            }
            Op::Set(weight) => (self.weight, self.newer) = (weight, flight.newer),
            Op::Remove(weight) => {
                (self.carrier, self.newer) = (Carrier::Missing, -1);
                self.weight = if fence == Fence::OwnedRule {
                    Weight::ZERO
                } else {
                    weight
                };
            }
            Op::Base(weight) if fence == Fence::OwnedRule => self.base = weight,
            Op::Base(weight) => self.weight = weight,
        }
        if !fence.carries_epoch() {
            self.newer = -1;
        }
        self.pending = fence == Fence::Epoch;
        self.foreign &= before.served(fence) == self.served(fence);
        match (fence, flight.op) {
            (Fence::Epoch | Fence::Revision, Op::Set(_) | Op::Remove(_))
            | (Fence::OwnedRule, Op::Remove(_)) => Mark::Moved,
            (Fence::LastWriterWins, _) | (_, Op::Create | Op::Base(_) | Op::Set(_)) => Mark::Same,
        }
    }

    /// Somebody else gives the canary this weight; of fences he knows nothing.
    pub(crate) fn by_hand(&mut self, fence: Fence, weight: Weight) -> Mark {
        match (fence, self.carrier) {
            (Fence::OwnedRule, Carrier::Missing) => self.base = weight,
            (Fence::OwnedRule | Fence::Epoch | Fence::Revision | Fence::LastWriterWins, _) => {
                self.weight = weight;
            }
        }
        self.foreign = true;
        self.pending = fence == Fence::Epoch;
        match fence {
            Fence::Revision => Mark::Moved,
            Fence::OwnedRule | Fence::Epoch | Fence::LastWriterWins => Mark::Same,
        }
    }
}

/// What is under way that the target could still take, after its fence has moved.
pub(crate) fn outlives(fence: Fence, flight: Flight) -> bool {
    !flight.op.is_fenced(fence)
}

/// What is under way once every request that was signed before is refused. What cannot raise anything is
/// allowed to be later still.
pub(crate) fn outlasts(fence: Fence, flight: Flight) -> bool {
    !flight.op.raises_late(fence)
}
