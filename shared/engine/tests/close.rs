//! The steps of closing a route without the store.

// Under `cfg(test)` the lints know that everything in here is a test.
#![cfg(test)]

use domain::{
    target::{Carrier, Leftover, Propagation, Seen},
    time::{SignedDuration, Timestamp, later},
    traffic::{Epoch, Weight},
};
use engine::{
    close::{Call, Closing},
    ports::{FenceToken, Target},
    trouble::{Trouble, WriteError},
};
use expect_test::{Expect, expect};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// What the world answers to the next call.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// A route without an epoch of its own, at this percentage.
    Plain(u16),
    /// One that carries this epoch.
    Carries(u16, u64),
    Trouble,
    Written,
    Fenced,
    /// As [`Answer::Plain`], but the time is up.
    Late(u16),
}

fn target(percent: u16, epoch: Option<u64>) -> Target {
    let weight = Weight::from_permille(percent * 10).unwrap();
    Target {
        seen: Seen {
            weight,
            base: weight,
            carrier: Carrier::Ready,
            leftover: if percent == 0 {
                Leftover::None
            } else {
                Leftover::Some
            },
            epoch: epoch.map(Epoch),
            propagation: Propagation::Done,
            settle: SignedDuration::ZERO,
        },
        fence: FenceToken(String::new()),
    }
}

#[track_caller]
fn check(answers: &[Answer], expected: &Expect) {
    let deadline = later(NOW, SignedDuration::from_secs(8));
    let mut closing = Closing::until(deadline);
    let mut told = Vec::new();
    for answer in answers {
        match closing.next() {
            Ok(Call::ReadTarget) => told.push("read".to_owned()),
            Ok(Call::Write(write)) => {
                told.push(format!("write {:?} in epoch {}", write.goal, write.epoch));
            }
            Err(end) => panic!("it has ended: {end:?}"),
        }
        match answer {
            Answer::Plain(percent) => closing.on_target(Ok(target(*percent, None)), NOW),
            Answer::Carries(percent, epoch) => {
                closing.on_target(Ok(target(*percent, Some(*epoch))), NOW);
            }
            Answer::Late(percent) => closing.on_target(Ok(target(*percent, None)), deadline),
            Answer::Trouble => closing.on_target(Err(Trouble::passing("timed out")), NOW),
            Answer::Written => closing.on_written(Ok(())),
            Answer::Fenced => closing.on_written(Err(WriteError::Fenced)),
        }
    }
    told.push(match closing.next() {
        Ok(call) => format!("then {call:?}"),
        Err(Ok(())) => "closed".to_owned(),
        Err(Err(why)) => format!("not closed: {why}"),
    });
    expected.assert_eq(&told.join(" | "));
}

#[test]
fn what_is_closed_is_left_alone() {
    check(&[Answer::Plain(0)], &expect!["read | closed"]);
}

#[test]
fn a_route_is_closed_and_read_back() {
    check(
        &[Answer::Plain(20), Answer::Written, Answer::Plain(0)],
        &expect!["read | write Restored in epoch 1048576 | read | closed"],
    );
}

#[test]
fn a_route_that_carries_an_epoch_is_closed_under_one_that_no_decision_has() {
    check(
        &[
            Answer::Carries(0, 7),
            Answer::Written,
            Answer::Carries(0, 1_048_583),
        ],
        &expect!["read | write Restored in epoch 1048583 | read | closed"],
    );
}

#[test]
fn another_writer_is_quicker_once() {
    check(
        &[
            Answer::Plain(20),
            Answer::Fenced,
            Answer::Plain(30),
            Answer::Written,
            Answer::Plain(0),
        ],
        &expect![
            "read | write Restored in epoch 1048576 | read | write Restored in epoch 1048576 | read | closed"
        ],
    );
}

#[test]
fn a_route_that_cannot_be_read_is_read_again_and_then_given_up() {
    check(
        &[Answer::Trouble, Answer::Trouble, Answer::Plain(0)],
        &expect!["read | read | read | closed"],
    );
    check(
        &[Answer::Trouble; 6],
        &expect!["read | read | read | read | read | read | not closed: timed out"],
    );
}

#[test]
fn nothing_is_sent_when_its_time_is_up() {
    check(
        &[Answer::Late(20)],
        &expect!["read | not closed: its time was up"],
    );
}
