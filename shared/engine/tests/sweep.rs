//! In which order a sweep visits: nobody is always the last.

// Under `cfg(test)` the lints know that everything in here is a test.
#![cfg(test)]

use std::collections::BTreeSet;

use domain::{
    name::{RolloutId, ServiceName},
    time::{SignedDuration, Timestamp, later},
};
use engine::sweep::in_turn;
use proptest::prelude::*;

fn rollouts(count: u64) -> Vec<RolloutId> {
    let service = ServiceName::new("shop").unwrap();
    let id = |number| RolloutId {
        service: service.clone(),
        number,
    };
    (1..=count).map(id).collect()
}

fn minute(number: i64) -> Timestamp {
    later(Timestamp::UNIX_EPOCH, SignedDuration::from_mins(number))
}

proptest! {
    #[test]
    fn every_sweep_visits_all_of_them_once(count in 0..300_u64, now in 0..50_000_000_i64) {
        let mut visited = in_turn(rollouts(count), minute(now));
        visited.sort();
        prop_assert_eq!(visited, rollouts(count));
    }

    #[test]
    fn with_time_for_an_eighth_of_them_everybody_has_had_a_turn_after_a_quarter_of_an_hour(
        count in 1..300_u64,
        now in 0..50_000_000_i64,
    ) {
        let time_for = usize::try_from(count.div_ceil(8)).unwrap();
        let visited: BTreeSet<RolloutId> = (now..now + 15)
            .flat_map(|now| in_turn(rollouts(count), minute(now)).into_iter().take(time_for))
            .collect();
        prop_assert_eq!(visited.len(), rollouts(count).len());
    }
}
