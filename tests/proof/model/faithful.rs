//! The model keeps heads without what only grows. Here they grow, and nothing comes out differently.

use domain::{
    decide::decide,
    event::{AlarmState, Event},
    rollout::Rollout,
    target::{Carrier, Leftover, Propagation},
    time::{SignedDuration, Timestamp, earlier, later},
    traffic::{Epoch, Weight},
};
use proptest::{prelude::*, sample::select};

use super::{
    Protocol,
    event::{Bound, Sight, Word},
    heads::{E0, canonical, t0},
    plan,
    target::{Fence, LEAPT},
};

/// The event as it comes to a head that has grown.
fn grown(word: Word, head: &Rollout, now: Timestamp) -> Event {
    let epoch = |newer: i64| Epoch(head.epoch.0.saturating_add_signed(newer));
    match word.event() {
        Event::Overran { epoch: own } => Event::Overran {
            epoch: epoch(i64::try_from(own.0).unwrap() - i64::try_from(E0.0).unwrap()),
        },
        Event::Observed {
            read_at, routes, ..
        } => {
            let before = read_at < t0();
            let seen = routes.into_iter().map(|(route, mut seen)| {
                let newer =
                    |own: Epoch| i64::try_from(own.0).unwrap() - i64::try_from(E0.0).unwrap();
                seen.epoch = seen.epoch.map(|own| epoch(newer(own)));
                (route, seen)
            });
            Event::Observed {
                epoch: head.epoch,
                read_at: if before {
                    earlier(now.min(head.late_until), SignedDuration::from_secs(1))
                } else {
                    now
                },
                routes: seen.collect(),
            }
        }
        same @ (Event::Tick
        | Event::Obstructed { .. }
        | Event::AlarmChanged(_)
        | Event::AlarmsRead(_)
        | Event::Measured { .. }
        | Event::HookFinished { .. }
        | Event::Asked { .. }
        | Event::Answered { .. }) => same,
    }
}

/// A refusal; what it says of times is not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refused;

/// What a decision comes to, without what only grows.
fn outcome(
    head: &Rollout,
    event: &Event,
    now: Timestamp,
) -> Result<Option<(Rollout, u64)>, Refused> {
    let decision = decide(head, event, now).map_err(|_| Refused)?;
    let epochs = decision.next.epoch.0 - head.epoch.0;
    let next = canonical(&decision.next, now);
    Ok(decision.changes(head).then_some((next, epochs)))
}

fn sight() -> impl Strategy<Value = Sight> {
    let weights = || select(vec![Weight::ZERO, Weight::nearest(1, 2), Weight::FULL]);
    (
        weights(),
        weights(),
        select(vec![Carrier::Missing, Carrier::Ready]),
        select(vec![Leftover::None, Leftover::Some]),
        select(vec![None, Some(-1), Some(0), Some(LEAPT)]),
        select(vec![
            Propagation::Done,
            Propagation::Done,
            Propagation::Pending,
        ]),
    )
        .prop_map(
            |(weight, base, carrier, leftover, newer, propagation)| Sight {
                weight,
                base,
                carrier,
                leftover,
                newer,
                propagation,
            },
        )
}

/// What the route is seen as when it is as the head wants it.
fn as_wanted(head: &Rollout) -> Sight {
    let goal = head.goal(&plan::route());
    Sight {
        weight: goal.weight(),
        base: goal.weight(),
        carrier: Carrier::Ready,
        leftover: Leftover::None,
        newer: None,
        propagation: Propagation::Done,
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Bring(Word),
    /// The route is seen as it is wanted.
    Reached,
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let bring = |words: Vec<Word>| select(words).prop_map(Step::Bring);
    prop_oneof![
        4 => Just(Step::Reached),
        4 => bring(vec![Word::Tick]),
        3 => bring(vec![Word::AskedApproval(0), Word::AskedApproval(1), Word::AskedResume]),
        1 => bring(vec![Word::AlarmHeard, Word::AlarmRead(AlarmState::Alarm), Word::AskedRollback]),
        1 => bring(vec![Word::Overran, Word::AlarmRead(AlarmState::Ok)]),
        3 => (select(vec![Bound::Before, Bound::After]), sight())
            .prop_map(|(bound, sight)| Step::Bring(Word::Observed(bound, sight))),
        3 => select(vec![0, 1, 11, 500]).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_head_decides_the_same_however_far_it_has_grown(
        fence in select(Fence::ALL.to_vec()),
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let protocol = Protocol::new(fence, 2, 3);
        let mut head = protocol.first_head();
        let mut now = later(t0(), SignedDuration::from_secs(1));
        for step in steps {
            let word = match step {
                Step::Bring(word) => word,
                Step::Reached => Word::Observed(Bound::After, as_wanted(&head)),
                Step::Pass(secs) => {
                    now = later(now, SignedDuration::from_secs(secs));
                    continue;
                }
            };
            let event = grown(word, &head, now);
            let grown = outcome(&head, &event, now);
            let small = outcome(&canonical(&head, now), &word.event(), t0());
            prop_assert_eq!(&grown, &small, "{:?} of {:?}", word, head.status);
            if let Ok(decision) = decide(&head, &event, now) {
                head = decision.next;
            }
        }
    }
}
