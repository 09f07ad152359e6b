//! The steps of a convergence: each call in its order, and no write that a newer decision should have stopped.

// Under `cfg(test)` the lints know that everything in here is a test.
#![cfg(test)]
#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes them when it updates a text"
)]

mod sample;

use std::{collections::VecDeque, fmt::Write as _};

use domain::{
    target::{Carrier, Floor, Goal, Leftover, Propagation, Seen},
    time::{SignedDuration, Timestamp, later},
    traffic::{Epoch, Weight},
};
use engine::{
    converge::{Call, Converge, Outcome, WRITES_MAX},
    ports::{FenceToken, Target},
    trouble::{Trouble, WriteError},
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use sample::{NOW, head};

fn deadline() -> Timestamp {
    later(NOW, SignedDuration::from_secs(10))
}

fn percent(percent: u16) -> Weight {
    Weight::from_permille(percent * 10).unwrap()
}

/// What the world answers to the next call.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// The route's weight, whether its carrier is there, and its fence.
    Target(u16, Carrier, &'static str),
    /// The head has an intent of this epoch, and so many seconds have passed.
    Head(u64, i64),
    /// The head has that epoch but nothing is to be changed.
    Closed(u64),
    NoHead,
    Written,
    Fenced,
    Trouble,
}

fn trouble() -> Trouble {
    Trouble::passing("timed out")
}

fn target(weight: u16, carrier: Carrier, fence: &str) -> Target {
    let weight = percent(weight);
    Target {
        seen: Seen {
            weight,
            base: weight,
            carrier,
            leftover: Leftover::Some,
            epoch: None,
            propagation: Propagation::Done,
            settle: SignedDuration::ZERO,
        },
        fence: FenceToken(fence.to_owned()),
    }
}

/// Gives the next answer if it is one to this call.
fn give(convergence: &mut Converge, call: &Call, answer: &Answer) -> bool {
    match (call, answer) {
        (Call::ReadTarget, Answer::Target(weight, carrier, fence)) => {
            convergence.on_target(Ok(target(*weight, *carrier, fence)));
        }
        (Call::ReadTarget, Answer::Trouble) => convergence.on_target(Err(trouble())),
        (Call::ReadHead, Head(epoch, secs)) => {
            let now = later(NOW, SignedDuration::from_secs(*secs));
            convergence.on_head(Ok(Some(&head(*epoch))), now);
        }
        (Call::ReadHead, Closed(epoch)) => {
            let mut head = head(*epoch);
            head.intent = None;
            convergence.on_head(Ok(Some(&head)), NOW);
        }
        (Call::ReadHead, NoHead) => convergence.on_head(Ok(None), NOW),
        (Call::ReadHead, Answer::Trouble) => convergence.on_head(Err(trouble()), NOW),
        (Call::Write(_), Written) => convergence.on_written(Ok(())),
        (Call::Write(_), Fenced) => convergence.on_written(Err(WriteError::Fenced)),
        (Call::Write(_), Answer::Trouble) => {
            convergence.on_written(Err(WriteError::Trouble(trouble())));
        }
        _ => return false,
    }
    true
}

fn name(call: &Call) -> String {
    match call {
        Call::ReadTarget => "read target".to_owned(),
        Call::ReadHead => "read head".to_owned(),
        Call::Write(write) => format!(
            "write {:?} in epoch {} with fence {}",
            write.goal, write.epoch, write.fence.0
        ),
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Reached(seen) => format!("reached {}", seen.weight),
        Outcome::Closed(seen) => format!("closed at {}", seen.weight),
        Outcome::Overtaken => "overtaken".to_owned(),
        Outcome::Failed(why) => format!("failed: {why}"),
    }
}

/// Converges to a quarter in epoch 5 over these answers, and tells the calls.
#[track_caller]
fn check(answers: &[Answer], expected: &Expect) {
    check_to(Goal::Weight(percent(25)), answers, expected);
}

#[track_caller]
fn check_to(goal: Goal, answers: &[Answer], expected: &Expect) {
    let mut convergence = Converge::new(goal, Floor::NONE, Epoch(5), deadline());
    let mut told = String::new();
    let mut answers: VecDeque<&Answer> = answers.iter().collect();
    loop {
        match convergence.next() {
            Ok(call) => {
                writeln!(told, "{}", name(&call)).unwrap();
                let answer = answers.pop_front().unwrap();
                assert!(give(&mut convergence, &call, answer), "{call:?} {answer:?}");
            }
            Err(end) => {
                writeln!(told, "= {}", outcome(&end)).unwrap();
                break;
            }
        }
    }
    assert!(answers.is_empty(), "{answers:?}");
    expected.assert_eq(&told);
}

use Answer::{Closed, Fenced, Head, NoHead, Target as Found, Written};
use Carrier::{Missing, Ready};

#[test]
fn what_is_already_as_wanted_is_not_written() {
    check(
        &[Found(25, Ready, "a")],
        &expect![[r#"
        read target
        = reached 25%
    "#]],
    );
}

#[test]
fn the_target_is_read_before_the_head_and_both_before_the_write_and_the_target_after_it() {
    let answers = [
        Found(5, Ready, "a"),
        Head(5, 0),
        Written,
        Found(25, Ready, "b"),
    ];
    check(
        &answers,
        &expect![[r#"
        read target
        read head
        write Weight(Weight(250)) in epoch 5 with fence a
        read target
        = reached 25%
    "#]],
    );
}

#[test]
fn what_carries_weight_is_made_before_weight_is_given() {
    let answers = [
        Found(0, Missing, "a"),
        Head(5, 0),
        Written,
        Found(0, Ready, "b"),
        Head(5, 1),
        Written,
        Found(25, Ready, "c"),
    ];
    check(
        &answers,
        &expect![[r#"
        read target
        read head
        write Prepared in epoch 5 with fence a
        read target
        read head
        write Weight(Weight(250)) in epoch 5 with fence b
        read target
        = reached 25%
    "#]],
    );
}

#[test]
fn nothing_is_written_for_a_decision_that_is_not_the_newest() {
    for overtaken in [Head(6, 0), Head(4, 0), Closed(5), NoHead] {
        check(
            &[Found(5, Ready, "a"), overtaken],
            &expect![[r#"
                read target
                read head
                = overtaken
            "#]],
        );
    }
}

#[test]
fn nothing_is_written_once_the_deadline_has_come() {
    let in_time = [Found(5, Ready, "a"), Head(5, 9), Answer::Trouble];
    check(
        &[&in_time[..], &[Found(5, Ready, "a"), Head(5, 10)]].concat(),
        &expect![[r#"
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            read head
            = overtaken
        "#]],
    );
}

#[test]
fn a_decision_that_comes_between_two_writes_stops_the_second() {
    let answers = [
        Found(0, Missing, "a"),
        Head(5, 0),
        Written,
        Found(0, Ready, "b"),
        Head(6, 1),
    ];
    check(
        &answers,
        &expect![[r#"
        read target
        read head
        write Prepared in epoch 5 with fence a
        read target
        read head
        = overtaken
    "#]],
    );
}

#[test]
fn a_read_that_fails_ends_it_without_a_write() {
    check(
        &[Answer::Trouble],
        &expect![[r#"
        read target
        = failed: timed out
    "#]],
    );
    check(
        &[Found(5, Ready, "a"), Answer::Trouble],
        &expect![[r#"
        read target
        read head
        = failed: timed out
    "#]],
    );
}

#[test]
fn a_lost_answer_is_looked_after_and_not_repeated_blindly() {
    let answers = [
        Found(5, Ready, "a"),
        Head(5, 0),
        Answer::Trouble,
        Found(25, Ready, "b"),
    ];
    check(
        &answers,
        &expect![[r#"
        read target
        read head
        write Weight(Weight(250)) in epoch 5 with fence a
        read target
        = reached 25%
    "#]],
    );
}

#[test]
fn a_write_that_the_fence_refused_begins_again_with_the_new_fence() {
    let answers = [
        Found(5, Ready, "a"),
        Head(5, 0),
        Fenced,
        Found(5, Ready, "b"),
        Head(5, 1),
        Written,
        Found(25, Ready, "c"),
    ];
    check(
        &answers,
        &expect![[r#"
        read target
        read head
        write Weight(Weight(250)) in epoch 5 with fence a
        read target
        read head
        write Weight(Weight(250)) in epoch 5 with fence b
        read target
        = reached 25%
    "#]],
    );
}

#[test]
fn a_target_that_does_not_take_it_is_given_up_after_a_few_writes() {
    for (answer, expected) in [
        (
            Written,
            expect![[r#"
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            = failed: it was read back differently
        "#]],
        ),
        (
            Fenced,
            expect![[r#"
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            = failed: the target refused the write: it has changed since it was read
        "#]],
        ),
        (
            Answer::Trouble,
            expect![[r#"
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            read head
            write Weight(Weight(250)) in epoch 5 with fence a
            read target
            = failed: timed out
        "#]],
        ),
    ] {
        let once = [Found(5, Ready, "a"), Head(5, 0), answer];
        let mut answers = once.repeat(4);
        answers.push(Found(5, Ready, "a"));
        check(&answers, &expected);
    }
}

#[test]
fn everything_goes_back_without_a_carrier() {
    let answers = [Found(25, Missing, "a"), Head(5, 0), Fenced, Answer::Trouble];
    check_to(
        Goal::Restored,
        &answers,
        &expect![[r#"
        read target
        read head
        write Restored in epoch 5 with fence a
        read target
        = failed: timed out
    "#]],
    );
}

fn some_answer() -> impl Strategy<Value = Answer> {
    let fences = prop::sample::select(vec!["a", "b", "c"]);
    let carriers = prop::sample::select(vec![Ready, Missing]);
    prop_oneof![
        4 => (0..6_u16, carriers, fences).prop_map(|(weight, carrier, fence)| {
            Found(weight * 5, carrier, fence)
        }),
        6 => (4..7_u64, 0..12_i64).prop_map(|(epoch, secs)| Head(epoch.min(5), secs)),
        1 => Just(Head(6, 0)),
        1 => Just(Closed(5)),
        1 => Just(NoHead),
        4 => Just(Written),
        1 => Just(Fenced),
        1 => Just(Answer::Trouble),
    ]
}

/// A target that carries nothing is never made to carry something only to be closed.
#[test]
fn to_close_a_route_nothing_is_prepared() {
    check_to(
        Goal::Weight(Weight::ZERO),
        &[
            Found(5, Missing, "r1"),
            Head(5, 1),
            Written,
            Found(0, Missing, "r2"),
        ],
        &expect![[r#"
            read target
            read head
            write Weight(Weight(0)) in epoch 5 with fence r1
            read target
            = reached 0%
        "#]],
    );
}

proptest! {
    #[test]
    fn a_write_always_follows_a_target_and_then_a_head_of_its_own_epoch_before_its_deadline(
        answers in prop::collection::vec(some_answer(), 0..200)
    ) {
        let goal = Goal::Weight(percent(25));
        let mut convergence = Converge::new(goal, Floor::NONE, Epoch(5), deadline());
        let mut calls: Vec<(Call, Answer)> = Vec::new();
        for answer in answers {
            let Ok(call) = convergence.next() else { break };
            if give(&mut convergence, &call, &answer) {
                calls.push((call, answer));
            }
        }
        let mut writes = 0;
        for (index, (call, _)) in calls.iter().enumerate() {
            let Call::Write(write) = call else { continue };
            writes += 1;
            prop_assert!(index >= 2);
            prop_assert!(matches!(calls[index - 1].1, Head(5, secs) if secs < 10));
            let is_shown = matches!(calls[index - 2].1, Found(_, _, fence) if write.fence.0 == fence);
            prop_assert!(is_shown && write.epoch == Epoch(5) && write.deadline == deadline());
            let read_back = calls.get(index + 1).map(|(next, _)| next == &Call::ReadTarget);
            prop_assert!(read_back.unwrap_or(true));
        }
        prop_assert!(writes <= WRITES_MAX);
        if convergence.next() == Err(Outcome::Overtaken) {
            let last = calls.last().map(|(call, _)| call);
            prop_assert_eq!(last, Some(&Call::ReadHead));
        }
    }
}

/// A route that is right, but by the doing of an older decision: what was sent for that one would still land.
#[test]
fn a_right_weight_of_an_older_epoch_is_written_once_more() {
    let of_epoch = |epoch: u64| {
        let mut target = target(5, Ready, "r1");
        target.seen.epoch = Some(Epoch(epoch));
        target
    };
    let goal = Goal::Weight(percent(5));
    let mut older = Converge::new(goal, Floor::NONE, Epoch(3), deadline());
    older.on_target(Ok(of_epoch(2)));
    assert_eq!(older.next(), Ok(Call::ReadHead));

    let mut own = Converge::new(goal, Floor::NONE, Epoch(3), deadline());
    own.on_target(Ok(of_epoch(3)));
    assert_eq!(own.next(), Err(Outcome::Reached(of_epoch(3).seen)));
}

/// What a hand, or a gate closed without the store, has left: it is told, and not written over.
#[test]
fn a_route_that_somebody_has_closed_is_not_raised_again() {
    let floor = Floor {
        weight: percent(5),
        carrier: Ready,
    };
    let end = |weight, carrier, own: u64| {
        let mut target = target(weight, carrier, "r1");
        target.seen.epoch = Some(Epoch(own));
        let goal = Goal::Weight(percent(25));
        let mut convergence = Converge::new(goal, floor, Epoch(5), deadline());
        convergence.on_target(Ok(target));
        match convergence.next() {
            Ok(call) => name(&call),
            Err(end) => outcome(&end),
        }
    };
    let ends = [
        end(5, Ready, 4),
        end(4, Ready, 4),
        end(5, Missing, 4),
        end(5, Ready, 6),
        end(25, Ready, 6),
    ];
    expect!["read head | closed at 4% | closed at 5% | closed at 5% | reached 25%"]
        .assert_eq(&ends.join(" | "));
}
