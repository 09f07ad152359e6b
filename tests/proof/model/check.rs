//! What must hold in every state, and what must be possible from everywhere.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::{rollout::Status, traffic::Weight};
use expect_test::expect;
use stateright::{Checker as _, Model as _, Property};

use super::{Left, Protocol, State, target::Fence};

/// The invariants, by the numbers of ARCHITECTURE.md, and what must be reachable.
pub(crate) fn properties() -> Vec<Property<Protocol>> {
    vec![
        Property::always(
            "no commit raises a weight after a rollback",
            |_, state: &State| !state.seen.raised_after_rollback,
        ),
        Property::always("a rollback is never undone", |_, state: &State| {
            !state.seen.rollback_undone
        }),
        Property::always(
            "a confirmed rollback is a closed route",
            |_, state: &State| !state.is_confirmed() || state.target.served() == Weight::ZERO,
        ),
        Property::always("no phase is skipped", |_, state: &State| {
            let phase = state.head.phase.map_or(0, |phase| phase + 1);
            let most = Weight::nearest(phase as u64, state.head.plan.phases.len() as u64);
            !state.head.status.is_forward() || state.target.served() <= most
        }),
        Property::always(
            "nothing rises without the approval it needs",
            |_, state: &State| !state.seen.unapproved,
        ),
        Property::always(
            "nothing is acknowledged that was not so",
            |_, state: &State| !state.seen.acknowledged_falsely,
        ),
        Property::always("weights change with their epoch", |_, state: &State| {
            !state.seen.epoch_broken
        }),
        Property::sometimes("a rollout completes", |_, state: &State| {
            matches!(state.head.status, Status::Completed { .. })
        }),
        Property::sometimes("a rollback is confirmed", |_, state: &State| {
            state.is_confirmed()
        }),
    ]
}

/// From how many of the states that decided on a rollback, or have a red alarm on the way forward, a
/// confirmed rollback (or a completion that was quicker than the alarm) cannot be reached.
fn stuck(protocol: &Protocol) -> (usize, usize) {
    let mut index = HashMap::new();
    let mut states = Vec::new();
    let mut before: Vec<Vec<usize>> = Vec::new();
    let mut queue = VecDeque::new();
    for state in protocol.init_states() {
        index.insert(fingerprint(&state), 0);
        before.push(Vec::new());
        states.push(mark(&state));
        queue.push_back((0, state));
    }
    while let Some((from, state)) = queue.pop_front() {
        let mut actions = Vec::new();
        protocol.actions(&state, &mut actions);
        for action in actions {
            let Some(next) = protocol.next_state(&state, action) else {
                continue;
            };
            let to = *index.entry(fingerprint(&next)).or_insert_with(|| {
                states.push(mark(&next));
                before.push(Vec::new());
                queue.push_back((states.len() - 1, next));
                states.len() - 1
            });
            before[to].push(from);
        }
    }
    let mut reaches = vec![false; states.len()];
    let mut queue: VecDeque<usize> = (0..states.len()).filter(|i| states[*i].1).collect();
    while let Some(state) = queue.pop_front() {
        if !std::mem::replace(&mut reaches[state], true) {
            queue.extend(before[state].iter().copied());
        }
    }
    let stuck = (0..states.len())
        .filter(|i| states[*i].0 && !reaches[*i])
        .count();
    (states.len(), stuck)
}

fn fingerprint(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

/// Whether a state should lead to an end, and whether it is one.
fn mark(state: &State) -> (bool, bool) {
    let red = state.alarm == domain::event::AlarmState::Alarm && state.head.status.is_forward();
    let end = state.is_confirmed() || matches!(state.head.status, Status::Completed { .. });
    (red || state.head.status.is_rollback(), end)
}

fn protocol(fence: Fence) -> Protocol {
    Protocol {
        fence,
        workers: 1,
        phases: 2,
        left: Left {
            alarms: 1,
            rollbacks: 0,
            approvals: 1,
            resumes: 0,
            deadlines: 1,
            hands: 0,
        },
    }
}

/// The numbers are pinned, so that a change of the protocol's states is noticed and explained.
#[test]
fn one_worker_that_can_die_anywhere_keeps_every_promise_under_every_fence() {
    let walked = Fence::ALL.map(|fence| {
        let checker = protocol(fence).checker().spawn_bfs().join();
        checker.assert_properties();
        format!("{fence:?} {}", checker.unique_state_count())
    });
    crate::report::show("Model, one worker: unique states", &walked.join("\n"));
    expect!["OwnedRule 222607, Epoch 9352, Revision 8431, LastWriterWins 59206"]
        .assert_eq(&walked.join(", "));
}

#[test]
fn from_wherever_it_got_a_rollback_can_still_end() {
    let stuck = Fence::ALL.map(|fence| {
        let (_, stuck) = stuck(&protocol(fence));
        format!("{fence:?} {stuck}")
    });
    expect!["OwnedRule 0, Epoch 0, Revision 0, LastWriterWins 0"].assert_eq(&stuck.join(", "));
}
