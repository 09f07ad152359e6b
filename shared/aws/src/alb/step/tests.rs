//! Stories of what follows from what was seen.

use engine::ports::FenceToken;
use expect_test::{Expect, expect};

use super::*;

fn route(mode: AlbMode) -> AlbRoute {
    AlbRoute {
        base: AlbBase::Rule("base".to_owned()),
        mode,
        stable: "old".to_owned(),
        canary: "new".to_owned(),
    }
}

const OWNED: AlbMode = AlbMode::Owned { priority: 10 };

fn weight(permille: u16) -> Weight {
    Weight::from_permille(permille).unwrap()
}

fn at(permille: u16) -> Forward {
    Forward::to_both(&route(OWNED), weight(permille), None)
}

fn own(permille: u16, label: Labelled) -> Own {
    Own {
        arn: "own".to_owned(),
        forward: Some(at(permille)),
        label,
        guard_tags: 1,
    }
}

fn stable() -> Base {
    Base::Forwards(Forward::to_one("old"))
}

fn show(step: &Step) -> String {
    match step {
        Step::Nothing => "nothing".to_owned(),
        Step::Create => "create".to_owned(),
        Step::Label { own } => format!("label {}", own.arn),
        Step::Delete { arn } => format!("delete {arn}"),
        Step::Refuse(why) => format!("refuse: {why}"),
        Step::Modify {
            what,
            change,
            only_if,
        } => {
            let what = match what {
                What::Own(arn) => arn,
                What::Base => "base",
            };
            let only_if = match only_if {
                OnlyIf::Anything => "",
                OnlyIf::Unchanged(_) => ", if unchanged",
            };
            format!("{change:?} {what}{only_if}")
        }
    }
}

const GOALS: [Goal; 5] = [
    Goal::Prepared,
    Goal::Weight(Weight::ZERO),
    Goal::Weight(Weight::FULL),
    Goal::Restored,
    Goal::Finished,
];

/// The next step from a sight for each goal.
fn check(mode: AlbMode, base: Base, own: Option<Own>, expected: &Expect) {
    let sight = Sight { base, own };
    assert_eq!(Sight::parse(&sight.token()), Some(sight.clone()));
    let steps = GOALS.map(|goal| format!("{goal:?}: {}\n", show(&sight.step(&route(mode), goal))));
    expected.assert_eq(&steps.concat());
}

#[test]
fn before_the_start_a_rule_is_made_and_nothing_is_to_be_undone() {
    check(
        OWNED,
        stable(),
        None,
        &expect![[r"
        Prepared: create
        Weight(Weight(0)): nothing
        Weight(Weight(1000)): create
        Restored: nothing
        Finished: Finish base, if unchanged
    "]],
    );
}

#[test]
fn a_rule_of_ours_is_weighed_and_goes_when_the_base_is_right() {
    check(
        OWNED,
        stable(),
        Some(own(250, Labelled::Rightly)),
        &expect![[r"
            Prepared: Weigh(Weight(0)) own
            Weight(Weight(0)): Weigh(Weight(0)) own
            Weight(Weight(1000)): Weigh(Weight(1000)) own, if unchanged
            Restored: delete own
            Finished: Finish base, if unchanged
        "]],
    );
}

#[test]
fn a_rule_of_a_superseded_rollout_is_labelled_before_it_gets_more() {
    check(
        OWNED,
        stable(),
        Some(own(250, Labelled::AsBefore)),
        &expect![[r"
            Prepared: label own
            Weight(Weight(0)): Weigh(Weight(0)) own
            Weight(Weight(1000)): label own
            Restored: delete own
            Finished: Finish base, if unchanged
        "]],
    );
}

#[test]
fn a_base_on_the_canary_goes_back_before_the_rule_that_hides_it() {
    let flipped = Base::Forwards(Forward::to_one("new"));
    check(
        OWNED,
        flipped.clone(),
        Some(own(1000, Labelled::Rightly)),
        &expect![[r"
            Prepared: Weigh(Weight(0)) own
            Weight(Weight(0)): Weigh(Weight(0)) own
            Weight(Weight(1000)): Weigh(Weight(1000)) own
            Restored: Close base
            Finished: delete own
        "]],
    );
    check(
        OWNED,
        flipped,
        None,
        &expect![[r"
        Prepared: create
        Weight(Weight(0)): Close base
        Weight(Weight(1000)): create
        Restored: Close base
        Finished: nothing
    "]],
    );
}

#[test]
fn without_the_base_nothing_is_raised_and_stable_is_served_from_ours() {
    check(
        OWNED,
        Base::Gone,
        Some(own(250, Labelled::Rightly)),
        &expect![[r"
            Prepared: Weigh(Weight(0)) own
            Weight(Weight(0)): Weigh(Weight(0)) own
            Weight(Weight(1000)): refuse: the base rule base is gone, there is no way back to it
            Restored: Close own
            Finished: refuse: the base rule base is gone, the canary cannot take it over
        "]],
    );
    let mut closed = own(0, Labelled::Rightly);
    closed.forward = Some(Forward::to_one("old"));
    check(
        OWNED,
        Base::Gone,
        Some(closed),
        &expect![[r"
        Prepared: Weigh(Weight(0)) own
        Weight(Weight(0)): Weigh(Weight(0)) own
        Weight(Weight(1000)): refuse: the base rule base is gone, there is no way back to it
        Restored: refuse: the base rule base is gone: own serves stable in its stead and is not deleted
        Finished: refuse: the base rule base is gone, the canary cannot take it over
    "]],
    );
}

#[test]
fn in_place_it_is_always_the_base() {
    check(
        AlbMode::InPlace,
        Base::Forwards(at(250)),
        None,
        &expect![[r"
            Prepared: Weigh(Weight(0)) base
            Weight(Weight(0)): Weigh(Weight(0)) base
            Weight(Weight(1000)): Weigh(Weight(1000)) base, if unchanged
            Restored: Close base
            Finished: Finish base, if unchanged
        "]],
    );
}

#[test]
fn a_fence_that_nobody_made_is_none() {
    assert_eq!(Sight::parse(&FenceToken("arn:rule".to_owned())), None);
    assert_eq!(Sight::parse(&FenceToken(String::new())), None);
}

/// What the engine is told of a sight.
fn tell(mode: AlbMode, base: Base, own: Option<Own>) -> String {
    let seen = Sight { base, own }.seen(&route(mode), SignedDuration::ZERO);
    let Seen {
        weight,
        base,
        carrier,
        leftover,
        ..
    } = seen;
    format!("{weight}, base {base}, carrier {carrier:?}, leftover {leftover:?}")
}

#[test]
fn what_is_seen_of_an_owned_rule() {
    let tell = |base, own| tell(OWNED, base, own);
    let none = tell(stable(), None);
    expect!["0%, base 0%, carrier Missing, leftover None"].assert_eq(&none);
    let ours = tell(stable(), Some(own(250, Labelled::Rightly)));
    expect!["25%, base 0%, carrier Ready, leftover Some"].assert_eq(&ours);
    let before = tell(stable(), Some(own(250, Labelled::AsBefore)));
    expect!["25%, base 0%, carrier Missing, leftover Some"].assert_eq(&before);
    let mut answers = own(0, Labelled::Rightly);
    answers.forward = None;
    expect!["0%, base 0%, carrier Ready, leftover Some"].assert_eq(&tell(stable(), Some(answers)));
    // Another target group in our rule carries nothing of this route's.
    let mut strange = own(0, Labelled::Rightly);
    strange.forward = Some(Forward::to_one("third"));
    expect!["0%, base 0%, carrier Missing, leftover Some"]
        .assert_eq(&tell(stable(), Some(strange)));
    let finished = tell(Base::Forwards(Forward::to_one("new")), None);
    expect!["100%, base 100%, carrier Missing, leftover None"].assert_eq(&finished);
}

#[test]
fn what_is_seen_in_place() {
    let tell = |forward| tell(AlbMode::InPlace, Base::of(forward), None);
    let alone = tell(Some(Forward::to_one("old")));
    expect!["0%, base 0%, carrier Ready, leftover None"].assert_eq(&alone);
    expect!["0%, base 0%, carrier Ready, leftover Some"].assert_eq(&tell(Some(at(0))));
    expect!["5%, base 5%, carrier Ready, leftover Some"].assert_eq(&tell(Some(at(50))));
    expect!["100%, base 100%, carrier Ready, leftover Some"].assert_eq(&tell(Some(at(1000))));
    let canary = tell(Some(Forward::to_one("new")));
    expect!["100%, base 100%, carrier Ready, leftover None"].assert_eq(&canary);
    expect!["0%, base 0%, carrier Ready, leftover None"].assert_eq(&tell(None));
}

#[test]
fn what_somebody_else_has_listed_is_neither_dropped_nor_in_the_way_of_a_rollback() {
    let mut third = at(500);
    third = third.with("third", 1000);
    let apply = |change: Change| {
        let route = route(AlbMode::InPlace);
        change
            .apply(&route, &What::Base, Some(&third))
            .map(|forward| forward.lists("third"))
    };
    let refused =
        "the base rule base forwards to a target group that is neither stable nor canary: third";
    assert_eq!(apply(Change::Weigh(Weight::FULL)), Err(refused.to_owned()));
    assert_eq!(apply(Change::Finish), Err(refused.to_owned()));
    assert_eq!(apply(Change::Close), Ok(true));
}
