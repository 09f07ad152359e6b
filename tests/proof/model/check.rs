//! What must hold in every state, and what must be possible from everywhere.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
};

use domain::{decide::decide, rollout::Hold, traffic::Weight};
use expect_test::expect;
use stateright::{Checker as _, Expectation, Model as _, Property};

use super::{
    Hands, Outages, Protocol, State,
    event::Word,
    heads::{Broken, t0},
    plan::Ending,
    state::RED,
    target::Fence,
};

fn never(name: &'static str, condition: fn(&Protocol, &State) -> bool) -> Property<Protocol> {
    Property::always(name, condition)
}

/// A promise that no commit and no write broke on the way.
macro_rules! kept {
    ($name:literal, $broken:expr) => {
        never($name, |_, state| !state.broken.has($broken))
    };
}

/// The invariants, and what must be reachable.
pub(crate) fn properties() -> Vec<Property<Protocol>> {
    vec![
        kept!(
            "I1 no commit raises a weight after a rollback",
            Broken::RAISED_AFTER_ROLLBACK
        ),
        never(
            "I2 a confirmed rollback is a closed route",
            |protocol, state| {
                !protocol.heads.about(state.head).confirmed
                    || state.target.foreign
                    || state.served(protocol) == Weight::ZERO
            },
        ),
        never("I3 no phase is skipped", |protocol, state| {
            let about = protocol.heads.about(state.head);
            let above = state.served(protocol) > about.most;
            let skipped = about.forward && above && !state.target.foreign;
            !skipped && !state.broken.has(Broken::SKIPPED)
        }),
        kept!(
            "I3 no bake begins before its weights are in effect",
            Broken::BAKED_EARLY
        ),
        kept!("I4 a rollback is never undone", Broken::ROLLBACK_UNDONE),
        kept!(
            "I5 nothing begins without the approval it needs",
            Broken::UNAPPROVED
        ),
        kept!("I6 nothing is acknowledged that was not so", Broken::UNSEEN),
        kept!(
            "I7 weights change with their epoch, by one intent",
            Broken::EPOCH
        ),
        kept!("I8 an approval counts once", Broken::TWICE),
        kept!("I10 entries are chained", Broken::CHAIN),
        kept!("I11 nothing changes without a word", Broken::WORDLESS),
        kept!(
            "a gate that somebody closed is not raised over",
            Broken::RAISED_OVER_HAND
        ),
        Property::sometimes("a rollout completes", |protocol, state: &State| {
            protocol.heads.about(state.head).completed
        }),
        Property::sometimes("a rollback is confirmed", |protocol, state: &State| {
            protocol.heads.about(state.head).confirmed
        }),
    ]
}

/// How far a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// To every state that there is.
    TheEnd,
    /// To the first state in which a promise is broken.
    Broken,
}

/// What a walk met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// A promise was broken, on the shortest way after so many steps.
    Broken {
        promise: &'static str,
        steps: u32,
    },
    /// From so many of the states that decided on a rollback, or have a red alarm on the way forward, neither a
    /// confirmed rollback nor a completion that was quicker than the alarm can be reached.
    Stuck {
        states: usize,
    },
}

/// A walk through every state, breadth first.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    pub(crate) found: Found,
}

/// What is kept of a state once it was left.
#[derive(Debug, Clone, Copy)]
struct Left {
    depth: u32,
    /// Whether it should lead to an end.
    should_end: bool,
    is_end: bool,
}

impl Left {
    fn of(protocol: &Protocol, state: &State, depth: u32) -> Self {
        let about = protocol.heads.about(state.head);
        Self {
            depth,
            should_end: about.back || (state.alarm == RED && about.forward),
            is_end: about.confirmed || about.completed,
        }
    }
}

/// Walks through every state, and back from every end.
///
/// Liveness is asked as "from everywhere an end can be reached, by machines alone", by going back from the ends:
/// the checker's own `eventually` has false negatives where states repeat.
pub(crate) fn walk(protocol: &Protocol, until: Until) -> Walk {
    let promises = promises(protocol);
    let hash = BuildHasherDefault::<DefaultHasher>::default();
    let mut index: HashMap<u64, u32> = HashMap::new();
    let mut left: Vec<Left> = Vec::new();
    let mut edges: Vec<(u32, u32)> = Vec::new();
    let mut queue: VecDeque<State> = VecDeque::new();
    for state in protocol.init_states() {
        index.insert(hash.hash_one(state), number(left.len()));
        left.push(Left::of(protocol, &state, 0));
        queue.push_back(state);
    }
    let (mut from, mut actions) = (0, Vec::new());
    while let Some(state) = queue.pop_front() {
        let depth = left[from].depth;
        let broken = promises
            .iter()
            .find(|promise| !(promise.condition)(protocol, &state));
        if let (Some(promise), Until::Broken) = (broken, until) {
            let found = Found::Broken {
                promise: promise.name,
                steps: depth,
            };
            return Walk {
                states: left.len(),
                steps: edges.len(),
                found,
            };
        }
        actions.clear();
        protocol.actions(&state, &mut actions);
        for action in &actions {
            let Some(next) = protocol.next_state(&state, *action) else {
                continue;
            };
            let to = *index.entry(hash.hash_one(next)).or_insert_with(|| {
                left.push(Left::of(protocol, &next, depth + 1));
                queue.push_back(next);
                number(left.len() - 1)
            });
            if !action.is_by_people() {
                edges.push((to, number(from)));
            }
        }
        from += 1;
    }
    let (states, steps) = (left.len(), edges.len());
    let found = match stuck(&left, edges) {
        0 => Found::Nothing,
        states => Found::Stuck { states },
    };
    Walk {
        states,
        steps,
        found,
    }
}

fn promises(protocol: &Protocol) -> Vec<Property<Protocol>> {
    let always = |property: &Property<Protocol>| property.expectation == Expectation::Always;
    protocol.properties().into_iter().filter(always).collect()
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer states than that")
}

/// How many of the states that should lead to an end do not.
fn stuck(left: &[Left], mut edges: Vec<(u32, u32)>) -> usize {
    edges.sort_unstable();
    let mut reaches = vec![false; left.len()];
    let mut open: Vec<usize> = (0..left.len()).filter(|at| left[*at].is_end).collect();
    while let Some(state) = open.pop() {
        if std::mem::replace(&mut reaches[state], true) {
            continue;
        }
        let begin = edges.partition_point(|(to, _)| (*to as usize) < state);
        let into = edges[begin..]
            .iter()
            .take_while(|(to, _)| *to as usize == state);
        open.extend(into.map(|(_, from)| *from as usize));
    }
    left.iter()
        .zip(&reaches)
        .filter(|(left, reaches)| left.should_end && !**reaches)
        .count()
}

/// Walks to every state, with the checker and by itself, and says what was met.
fn proved(name: &str, protocol: &Protocol) -> String {
    let checker = protocol.clone().checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    let walk = walk(protocol, Until::TheEnd);
    assert_eq!(walk.found, Found::Nothing, "{name} {:?}", protocol.fence);
    assert_eq!(
        checker.unique_state_count(),
        walk.states,
        "two walks through the same states"
    );
    row(name, protocol, &walk)
}

pub(crate) fn row(name: &str, protocol: &Protocol, walk: &Walk) -> String {
    format!(
        "{name:<8} {} × {} {:<15} {:>9} states {:>9} steps",
        protocol.workers,
        protocol.phases,
        format!("{:?}", protocol.fence),
        walk.states,
        walk.steps
    )
}

pub(crate) fn with_hands(protocol: Protocol) -> Protocol {
    Protocol {
        hands: Hands::One,
        ..protocol
    }
}

pub(crate) fn with_outages(protocol: Protocol) -> Protocol {
    Protocol {
        outages: Outages::AnyTime,
        ..protocol
    }
}

/// The numbers are pinned, so that a change of the protocol's states is noticed and explained.
#[test]
fn two_workers_that_can_die_anywhere_keep_every_promise_under_every_fence() {
    let rows = Fence::ALL.map(|fence| proved("plain", &Protocol::new(fence, 2, 2)));
    let table = rows.join("\n");
    crate::report::show(
        "Model: workers × phases, every promise kept, no rollback lost",
        &table,
    );
    expect![[r#"
        plain    2 × 2 OwnedRule          863833 states   5976615 steps
        plain    2 × 2 Epoch              983120 states   6465317 steps
        plain    2 × 2 Revision            34190 states    170363 steps
        plain    2 × 2 LastWriterWins     119769 states    701894 steps"#]]
    .assert_eq(&table);
}

#[test]
fn a_hand_or_a_store_that_fails_breaks_no_promise_either() {
    let one = [Fence::OwnedRule, Fence::Epoch].map(|fence| Protocol::new(fence, 1, 2));
    let two = [Fence::Revision, Fence::LastWriterWins].map(|fence| Protocol::new(fence, 2, 2));
    let all = [one, two].concat();
    let rows: Vec<String> = all
        .iter()
        .flat_map(|protocol| {
            [
                proved("hand", &with_hands(protocol.clone())),
                proved("outage", &with_outages(protocol.clone())),
            ]
        })
        .collect();
    let table = rows.join("\n");
    crate::report::show("Model, with a stranger's hand or without the store", &table);
    expect![[r#"
        hand     1 × 2 OwnedRule          158310 states    745722 steps
        outage   1 × 2 OwnedRule          109499 states    683042 steps
        hand     1 × 2 Epoch              128911 states    568834 steps
        outage   1 × 2 Epoch               32922 states    171211 steps
        hand     2 × 2 Revision           184345 states    938542 steps
        outage   2 × 2 Revision           201088 states   1247465 steps
        hand     2 × 2 LastWriterWins     567515 states   3446300 steps
        outage   2 × 2 LastWriterWins     888712 states   6668840 steps"#]]
    .assert_eq(&table);
}

/// What the walks are worth: they go back from everywhere, and take over what a hand has closed.
#[test]
fn a_rollback_from_each_status_and_the_adoption_of_a_closed_gate_are_met() {
    let mut met = BTreeSet::new();
    for ending in [Ending::Finish, Ending::Watch, Ending::Manual] {
        let protocol = Protocol {
            ending,
            ..with_hands(Protocol::new(Fence::Revision, 1, 2))
        };
        walk(&protocol, Until::TheEnd);
        for (before, next) in protocol.heads.commits() {
            let status = before.status.name();
            if before.status.is_forward() && next.status.is_rollback() {
                met.insert(format!("{status}: gone back"));
            }
            if next.holds.contains(&Hold::HandClosed) && !before.holds.contains(&Hold::HandClosed) {
                met.insert(format!("{status}: closed by hand"));
            }
        }
    }
    let met: Vec<String> = met.into_iter().collect();
    expect![[r#"
        awaiting approval: closed by hand
        awaiting approval: gone back
        awaiting finish: closed by hand
        awaiting finish: gone back
        baking: closed by hand
        baking: gone back
        entering: gone back
        finishing: closed by hand
        finishing: gone back
        shifting: closed by hand
        shifting: gone back
        starting: gone back
        watching: closed by hand
        watching: gone back"#]]
    .assert_eq(&met.join("\n"));
}

/// I9: whatever was met on the way, a rollback is decided from it, at once and to nothing.
#[test]
fn every_head_that_was_met_can_be_gone_back_from() {
    let mut met = 0;
    for fence in Fence::ALL {
        let protocol = with_hands(Protocol::new(fence, 1, 2));
        walk(&protocol, Until::TheEnd);
        for head in protocol.heads.all() {
            if !head.status.is_forward() {
                continue;
            }
            let next = decide(&head, &Word::AskedRollback.event(), t0())
                .unwrap()
                .next;
            assert!(
                next.status.is_rollback() && next.desired.is_closed(),
                "{}",
                head.status
            );
            met += 1;
        }
    }
    expect!["269"].assert_eq(&met.to_string());
}
