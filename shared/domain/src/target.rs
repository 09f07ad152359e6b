//! What a route is wanted to be, and what it was seen to be.

use crate::{
    time::SignedDuration,
    traffic::{Epoch, Weight},
};

/// What a route is wanted to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Goal {
    /// Everything on stable, and whatever carries the canary's weight in place.
    Prepared,
    /// The canary at this weight.
    Weight(Weight),
    /// Everything on stable, and nothing in place that could carry weight.
    Restored,
    /// Everything on the canary as the new stable, and nothing of ours in place.
    Finished,
}

impl Goal {
    /// The canary's share once the goal is reached.
    #[must_use]
    pub const fn weight(self) -> Weight {
        match self {
            Self::Prepared | Self::Restored => Weight::ZERO,
            Self::Weight(weight) => weight,
            Self::Finished => Weight::FULL,
        }
    }
}

/// What a route was seen to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    /// The canary's share, as configured.
    pub weight: Weight,
    /// The canary's share that would be left without what is ours: the same where nothing is.
    pub base: Weight,
    /// Whether what carries the canary's weight is there.
    pub carrier: Carrier,
    /// Whether something is left that must go before the route is as it was, or finished.
    pub leftover: Leftover,
    /// The epoch that the target itself carries, where it carries one.
    pub epoch: Option<Epoch>,
    /// Whether the target has put its configuration into effect.
    pub propagation: Propagation,
    /// How long after that a change may still be on its way to the last client.
    pub settle: SignedDuration,
}

/// Whether what carries the canary's weight is there: the owned rule, the fencing record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carrier {
    /// It must be made, at weight 0, before weight can be given.
    Missing,
    /// It is there, or none is needed.
    Ready,
}

/// Whether something of ours, or of the canary's, is left in the route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leftover {
    /// Nothing.
    None,
    /// Something: an owned rule, or a canary target group that sticky clients could still be sent to.
    Some,
}

/// Whether a target has put its configuration into effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Propagation {
    /// It says that it is still doing so.
    Pending,
    /// It is in effect, as far as the target can say.
    Done,
}

impl Seen {
    /// Whether the goal is reached by the decision of this epoch or a newer one.
    ///
    /// A target that carries its epoch and is right by an older decision's doing still takes what was sent for
    /// that decision: it is written once more, so that its fence moves on.
    #[must_use]
    pub fn reaches(&self, goal: Goal, epoch: Epoch) -> bool {
        self.meets(goal) && self.epoch.is_none_or(|own| own >= epoch)
    }

    /// Whether the route is as the goal wants it, whoever did that.
    #[must_use]
    pub fn meets(&self, goal: Goal) -> bool {
        let carried = match goal {
            Goal::Prepared => self.carrier == Carrier::Ready,
            Goal::Weight(weight) => weight == Weight::ZERO || self.carrier == Carrier::Ready,
            Goal::Restored | Goal::Finished => self.leftover == Leftover::None,
        };
        carried && self.weight == goal.weight()
    }
}
