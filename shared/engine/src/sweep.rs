//! The sweep: a visit to every active rollout. One that fails does not keep the others waiting.

use domain::{
    name::RolloutId,
    rollout::Rollout,
    time::{SignedDuration, Timestamp, later},
};
use futures_util::{StreamExt as _, stream};

use crate::{
    deliver::{Pauses, again, load},
    ports::{Clock as _, Ports, Store as _},
    trouble::EngineError,
    visit::visit,
};

/// How many rollouts are visited at a time: enough to overlap their round trips, few enough to stay under
/// the rate limits of the APIs behind the ports.
const VISITS_AT_A_TIME: usize = 16;

/// How long one visit may take: one that gets stuck must not hold up those behind it.
const VISIT_LASTS: SignedDuration = SignedDuration::from_secs(20);

/// What became of each visit.
#[derive(Debug)]
pub struct Swept {
    /// The rollouts that were visited, with their heads after it.
    pub visits: Vec<(RolloutId, Result<Rollout, EngineError>)>,
}

/// Visits every active rollout.
pub async fn sweep<P: Ports>(ports: &P, deadline: Timestamp) -> Result<Swept, EngineError> {
    let mut pauses = Pauses::until(deadline);
    let active = loop {
        match ports.store().active().await {
            Ok(active) => break active,
            Err(trouble) => again(ports, &mut pauses, trouble).await?,
        }
    };
    let visits = stream::iter(in_turn(active, ports.clock().now()))
        .map(|id| async move {
            let visited = visit_by_id(ports, &id, deadline).await;
            (id, visited)
        })
        .buffered(VISITS_AT_A_TIME)
        .collect()
        .await;
    Ok(Swept { visits })
}

/// The golden ratio's fraction of 2^64: steps of it spread evenly, however many have been made.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The rollouts in the order of this minute's sweep: each begins elsewhere, so that those that one has no time for come
/// first in another.
#[must_use]
pub fn in_turn(mut active: Vec<RolloutId>, now: Timestamp) -> Vec<RolloutId> {
    let minute = now.as_second().unsigned_abs().wrapping_div(60);
    let turn = u128::from(minute.wrapping_mul(GOLDEN));
    let count = u128::try_from(active.len()).unwrap_or_default();
    let first = turn.saturating_mul(count) >> 64;
    active.rotate_left(usize::try_from(first).unwrap_or_default());
    active
}

async fn visit_by_id<P: Ports>(
    ports: &P,
    id: &RolloutId,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    let deadline = deadline.min(later(ports.clock().now(), VISIT_LASTS));
    let rollout = load(ports, id, deadline).await?;
    visit(ports, rollout, deadline).await
}
