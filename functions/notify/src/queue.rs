//! What is sent now on a lane, what waits, and what is given up: decided from the slips alone.

use aws::{
    outlets::Unsent,
    store::outbox::{Slip, State},
};
use domain::{
    time::{SignedDuration, Timestamp, later, since},
    words::{Phrase, Tone},
};
use engine::trouble::Chance;

use crate::{news::News, route::outlet};

/// How long a message that is being sent is left alone: longer than any worker lives.
const TAKEN_FOR: SignedDuration = SignedDuration::from_mins(1);
/// How long after a first failure it is tried again; twice as long after each one more.
const FIRST_AGAIN: SignedDuration = SignedDuration::from_secs(30);
/// The longest time between two tries.
const LAST_AGAIN: SignedDuration = SignedDuration::from_mins(15);
/// How often a message is tried: with the times between them, for an hour and a half.
pub(crate) const ATTEMPTS_MAX: u32 = 10;
/// How long the same words are not said twice.
const SAME_FOR: SignedDuration = SignedDuration::from_mins(5);
/// How many lost messages are named.
const NAMED_MAX: usize = 3;

/// What a lane does now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    /// The messages that are sent now, by their entries' numbers, in this order.
    pub(crate) send: Vec<u64>,
    /// The message that was brought waits until then, behind others.
    pub(crate) waits: Option<Timestamp>,
}

/// What a lane with these slips does now that a message is brought, or that it is looked at again.
///
/// A message is never sent before one that is still to be sent: the lane is told in the ledger's order.
pub(crate) fn turn(slips: &[Slip], brought: Option<u64>, now: Timestamp) -> Turn {
    let known = |seq| slips.iter().any(|slip| slip.seq == seq);
    let mut open: Vec<(u64, Option<Timestamp>)> = slips
        .iter()
        .filter_map(|slip| Some((slip.seq, Some(slip.state.due()?))))
        .collect();
    let new = brought.filter(|seq| !known(*seq));
    open.extend(new.map(|seq| (seq, None)));
    open.sort_unstable();
    let blocked = open
        .iter()
        .position(|(_, due)| due.is_some_and(|due| now < due));
    let until = blocked
        .and_then(|at| open.get(at))
        .and_then(|(_, due)| *due);
    let free = open.iter().take(blocked.unwrap_or(open.len()));
    let send: Vec<u64> = free.map(|(seq, _)| *seq).collect();
    let waits = until.filter(|_| new.is_some_and(|seq| !send.contains(&seq)));
    Turn { send, waits }
}

/// A slip for a message that nobody has tried yet.
pub(crate) fn fresh(news: &News, lane: &str, state: State, now: Timestamp) -> Slip {
    Slip {
        seq: news.seq,
        lane: lane.to_owned(),
        state,
        attempts: 0,
        title: news.message.title.clone(),
        at: now,
        posted: None,
        revision: 1,
    }
}

/// The slip of a message that is taken to be sent now.
pub(crate) fn taken(before: Option<&Slip>, news: &News, lane: &str, now: Timestamp) -> Slip {
    let state = State::Taken(later(now, TAKEN_FOR));
    match before {
        None => Slip {
            attempts: 1,
            ..fresh(news, lane, state, now)
        },
        Some(slip) => Slip {
            state,
            attempts: slip.attempts.saturating_add(1),
            ..next(slip, now)
        },
    }
}

/// The slip's next revision.
pub(crate) fn next(slip: &Slip, now: Timestamp) -> Slip {
    Slip {
        at: now,
        revision: slip.revision.saturating_add(1),
        ..slip.clone()
    }
}

/// How far a message is that was not sent.
pub(crate) fn after(unsent: &Unsent, attempts: u32, now: Timestamp) -> State {
    match unsent.trouble.chance {
        Chance::Lasting => State::Failed,
        Chance::Passing if attempts >= ATTEMPTS_MAX => State::Failed,
        Chance::Passing => {
            let again_in = unsent.again_in.unwrap_or_default().max(backoff(attempts));
            State::Waiting(later(now, again_in))
        }
    }
}

fn backoff(attempts: u32) -> SignedDuration {
    let doubled = 2_i32.saturating_pow(attempts.saturating_sub(1));
    FIRST_AGAIN
        .checked_mul(doubled)
        .unwrap_or(LAST_AGAIN)
        .min(LAST_AGAIN)
}

/// Whether a lane has said the same a moment ago, and nothing else since. What asks somebody for something, or says
/// that something is wrong, is said however often.
pub(crate) fn repeats(slips: &[Slip], news: &News) -> bool {
    let quiet = match news.message.tone {
        Tone::Note | Tone::Good => true,
        Tone::Ask | Tone::Bad => false,
    };
    let mut said = slips
        .iter()
        .filter(|slip| 0 < slip.seq && slip.seq < news.seq);
    let last = said.rfind(|slip| slip.state != State::Folded);
    quiet
        && last.is_some_and(|slip| {
            slip.state == State::Sent
                && slip.title == news.message.title
                && since(news.at, slip.at) < SAME_FOR
        })
}

/// What a lane kept to itself since it last said something.
pub(crate) fn kept(slips: &[Slip], news: &News) -> Option<String> {
    let before = slips
        .iter()
        .rev()
        .filter(|slip| 0 < slip.seq && slip.seq < news.seq);
    let folded: Vec<&Slip> = before
        .take_while(|slip| slip.state == State::Folded)
        .collect();
    let first = folded.first()?;
    Some(news.say(&Phrase::Again {
        times: folded.len(),
        title: &first.title,
    }))
}

/// What was given up and nobody was told of, an outlet a sentence.
pub(crate) fn lost(slips: &[Slip], news: &News) -> Vec<String> {
    let lost = || slips.iter().filter(|slip| slip.state == State::Failed);
    let mut outlets: Vec<&str> = lost().map(|slip| outlet(&slip.lane)).collect();
    outlets.sort_unstable();
    outlets.dedup();
    let say = |name: &str| {
        let of = || lost().filter(|slip| outlet(&slip.lane) == name);
        let mut titles: Vec<&str> = of().map(|slip| slip.title.as_str()).collect();
        let count = titles.len();
        titles.dedup();
        if titles.len() > NAMED_MAX {
            titles.truncate(NAMED_MAX);
            titles.push("…");
        }
        news.say(&Phrase::NotTaken {
            outlet: name,
            count,
            titles: &titles.join("; "),
        })
    };
    outlets.into_iter().map(say).collect()
}

#[cfg(test)]
mod tests {
    use engine::trouble::Trouble;

    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + secs).unwrap()
    }

    fn slip(seq: u64, state: State) -> Slip {
        Slip {
            seq,
            lane: "slack/#x".to_owned(),
            state,
            attempts: 1,
            title: "shop#1: paused".to_owned(),
            at: at(0),
            posted: None,
            revision: 2,
        }
    }

    #[test]
    fn a_lane_is_told_in_the_order_of_the_ledger() {
        let check = |slips: &[Slip], brought, send: &[u64], waits| {
            let turn = turn(slips, brought, at(100));
            assert_eq!(
                (turn.send.as_slice(), turn.waits),
                (send, waits),
                "{slips:?}"
            );
        };
        let waiting = |seq, secs| slip(seq, State::Waiting(at(secs)));
        check(&[], Some(3), &[3], None);
        check(&[slip(2, State::Sent)], Some(3), &[3], None);
        check(&[slip(3, State::Sent)], Some(3), &[], None);
        check(&[slip(3, State::Failed)], Some(3), &[], None);
        // One that is due goes first; behind one that is not, everything waits.
        check(&[waiting(2, 100)], Some(3), &[2, 3], None);
        check(&[waiting(2, 101)], Some(3), &[], Some(at(101)));
        check(
            &[waiting(2, 99), waiting(4, 101)],
            Some(5),
            &[2],
            Some(at(101)),
        );
        // A worker that is at it is left alone, one that died is not.
        check(
            &[slip(2, State::Taken(at(101)))],
            Some(3),
            &[],
            Some(at(101)),
        );
        check(&[slip(2, State::Taken(at(99)))], Some(3), &[2, 3], None);
        // An entry that comes again and waits already keeps its place.
        check(&[waiting(3, 101)], Some(3), &[], None);
        check(&[waiting(2, 100), waiting(3, 100)], None, &[2, 3], None);
    }

    #[test]
    fn a_lane_is_tried_ever_less_often_and_then_given_up() {
        let busy = |again_in| Unsent {
            trouble: Trouble::passing("busy"),
            again_in,
        };
        let wait = |attempts, again_in| {
            let state = after(&busy(again_in), attempts, at(0));
            since(state.due().unwrap(), at(0)).as_secs()
        };
        let all: Vec<i64> = (1..ATTEMPTS_MAX)
            .map(|attempts| wait(attempts, None))
            .collect();
        assert_eq!(all, [30, 60, 120, 240, 480, 900, 900, 900, 900]);
        assert_eq!(wait(1, Some(SignedDuration::from_secs(7))), 30);
        assert_eq!(wait(1, Some(SignedDuration::from_secs(77))), 77);
        assert_eq!(after(&busy(None), ATTEMPTS_MAX, at(0)), State::Failed);
        let never = Unsent::from(Trouble::lasting("no_service"));
        assert_eq!(after(&never, 1, at(0)), State::Failed);
    }
}
