//! What a target was seen to be: whether that is what is wanted, and whose doing it is.

use domain::{
    target::{Carrier, Goal, Leftover, Seen},
    traffic::{Epoch, Weight},
};

use crate::{plans::weight, story::seen};

#[test]
fn a_goal_is_reached_by_its_own_decision_or_a_newer_one_and_not_by_an_older() {
    let goal = Goal::Weight(weight(5));
    let of = |epoch: Option<u64>| Seen {
        epoch: epoch.map(Epoch),
        ..seen(5)
    };
    let reaches = [None, Some(6), Some(7), Some(8)].map(|own| of(own).reaches(goal, Epoch(7)));
    assert_eq!(reaches, [true, false, true, true]);
    assert!(!seen(6).reaches(goal, Epoch(7)));
}

#[test]
fn weight_needs_a_rule_that_carries_it_and_none_needs_none() {
    let bare = |percent| Seen {
        carrier: Carrier::Missing,
        ..seen(percent)
    };
    assert!(bare(0).meets(Goal::Weight(Weight::ZERO)));
    assert!(!bare(5).meets(Goal::Weight(weight(5))));
    assert!(seen(5).meets(Goal::Weight(weight(5))));
    assert!(!bare(0).meets(Goal::Prepared));
    assert!(seen(0).meets(Goal::Prepared));
}

#[test]
fn what_is_left_over_is_not_restored() {
    let left = Seen {
        leftover: Leftover::Some,
        ..seen(0)
    };
    assert!(seen(0).meets(Goal::Restored));
    assert!(!left.meets(Goal::Restored));
}
