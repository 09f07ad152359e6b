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

/// The least that a route is while nobody but us changes it: what it was when it was last as decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Floor {
    /// The canary's share.
    pub weight: Weight,
    /// Whether what carries it was there.
    pub carrier: Carrier,
}

impl Default for Floor {
    fn default() -> Self {
        Self::NONE
    }
}

impl Floor {
    /// Anything may be.
    pub const NONE: Self = Self {
        weight: Weight::ZERO,
        carrier: Carrier::Missing,
    };
}

impl Seen {
    /// Whether the goal is reached by the decision of this epoch or a newer one.
    ///
    /// A target that carries its epoch and is right by an older decision's doing still takes what was sent for
    /// that decision: it is written once more, so that its fence moves on. What is prepared carries the very
    /// epoch: from there on, a newer one is somebody else's.
    #[must_use]
    pub fn reaches(&self, goal: Goal, epoch: Epoch) -> bool {
        let own = self.epoch.unwrap_or(epoch);
        let ours = match goal {
            Goal::Prepared => own == epoch,
            Goal::Weight(_) | Goal::Restored | Goal::Finished => own >= epoch,
        };
        ours && self.meets(goal)
    }

    /// Whether somebody else has closed the route while the decision of this epoch was to raise it.
    ///
    /// It is lower than it was before, what carries the weight is gone, or it carries an epoch that we have
    /// not given out: the gate was closed without the store.
    #[must_use]
    pub fn is_closed_under(&self, goal: Goal, floor: Floor, epoch: Epoch) -> bool {
        let newer = self.epoch.is_some_and(|own| own > epoch);
        let gone = self.carrier < floor.carrier;
        match goal {
            Goal::Prepared | Goal::Restored => false,
            Goal::Weight(weight) => newer || gone || self.weight < floor.weight.min(weight),
            // To finish takes away what carries the weight.
            Goal::Finished => newer || self.weight < floor.weight,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(percent: u16) -> Weight {
        Weight::from_permille(percent * 10).unwrap()
    }

    /// Whether a route read like this was closed by somebody, under epoch 5 and with 20 % carried before.
    fn closed(goal: Goal, weight: u16, carrier: Carrier, own: Option<u64>) -> bool {
        let seen = Seen {
            weight: percent(weight),
            base: Weight::ZERO,
            carrier,
            leftover: Leftover::Some,
            epoch: own.map(Epoch),
            propagation: Propagation::Done,
            settle: SignedDuration::ZERO,
        };
        let floor = Floor {
            weight: percent(20),
            carrier: Carrier::Ready,
        };
        seen.is_closed_under(goal, floor, Epoch(5))
    }

    #[test]
    fn a_route_is_closed_by_what_no_change_of_ours_makes_of_it() {
        use Carrier::{Missing, Ready};
        let raise = Goal::Weight(percent(50));
        assert!(!closed(raise, 20, Ready, None), "it is not raised yet");
        assert!(!closed(raise, 20, Ready, Some(4)), "its decision is older");
        assert!(
            !closed(raise, 20, Ready, Some(5)),
            "its decision is this one"
        );
        assert!(
            closed(raise, 20, Ready, Some(6)),
            "nobody was given epoch 6"
        );
        assert!(closed(raise, 19, Ready, None), "it was higher before");
        assert!(closed(raise, 20, Missing, None), "what carried it is gone");
        let lower = Goal::Weight(percent(10));
        assert!(!closed(lower, 10, Ready, None), "that was the goal");
        assert!(closed(lower, 9, Ready, None), "nobody wanted that");
        assert!(
            !closed(Goal::Finished, 20, Missing, Some(5)),
            "to finish takes it away"
        );
        assert!(closed(Goal::Finished, 19, Missing, Some(5)));
        assert!(closed(Goal::Finished, 20, Ready, Some(6)));
        assert!(
            !closed(Goal::Restored, 0, Missing, Some(6)),
            "a rollback closes it anyway"
        );
        assert!(!closed(Goal::Prepared, 0, Missing, Some(6)));
    }

    #[test]
    fn what_is_prepared_carries_the_very_epoch_and_everything_else_a_newer_one_too() {
        let seen = |own| Seen {
            weight: Weight::ZERO,
            base: Weight::ZERO,
            carrier: Carrier::Ready,
            leftover: Leftover::None,
            epoch: Some(Epoch(own)),
            propagation: Propagation::Done,
            settle: SignedDuration::ZERO,
        };
        let reaches = |goal| [4, 5, 6].map(|own| seen(own).reaches(goal, Epoch(5)));
        assert_eq!(reaches(Goal::Prepared), [false, true, false]);
        assert_eq!(reaches(Goal::Restored), [false, true, true]);
    }
}
