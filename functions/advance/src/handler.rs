//! `advance`: woken every minute, it takes every active rollout as far as it may go now.
//!
//! What wakes it says nothing that matters: the rollouts are in the store. One that fails does not stop the others,
//! and the next minute is its retry; only when not even the list of them could be read is the invocation an error.

mod gauge;

use std::collections::BTreeMap;

use aws::{
    invocation::{Invocation, until},
    telemetry::{Gauges, chain},
};
use domain::{
    name::RolloutId,
    rollout::Rollout,
    time::{SignedDuration, Timestamp},
    waiting, words,
};
use engine::{
    ports::{Clock as _, Ports},
    sweep::sweep,
    trouble::EngineError,
};
use serde_json::{Value, json};

/// What is kept back of the invocation's time: a call that is under way at the deadline is given up after three
/// seconds, and then there is the answer.
const TO_SPARE: SignedDuration = SignedDuration::from_secs(5);

/// What is kept back for the answer whatever is under way.
const TO_ANSWER: SignedDuration = SignedDuration::from_secs(1);

/// Visits every active rollout; answers with where each stands after it.
pub async fn handle<P: Ports, G: Gauges>(
    ports: &P,
    gauges: &G,
    invocation: &Invocation,
) -> Result<Value, String> {
    let deadline = invocation.deadline(TO_SPARE);
    let stop = invocation.deadline(TO_ANSWER);
    let swept = match until(ports.clock(), stop, sweep(ports, deadline)).await {
        Some(Ok(swept)) => swept,
        None => {
            tracing::error!("the sweep did not end in time; the next one goes on");
            return Err("the sweep did not end in time".to_owned());
        }
        Some(Err(error)) => {
            let why = chain(&error);
            tracing::error!(error = %why, "the active rollouts could not be listed");
            return Err(why);
        }
    };
    let now = ports.clock().now();
    gauges.note(&gauge::of_sweep(&swept.visits, now));
    let mut stands: BTreeMap<String, String> = BTreeMap::new();
    for (id, visited) in &swept.visits {
        let said = match visited {
            Ok(rollout) => {
                for measured in gauge::of_rollout(rollout, now) {
                    gauges.note(&measured);
                }
                visited_well(rollout, now)
            }
            Err(error) => {
                gauges.note(&gauge::of_failure(id, now));
                failed(id, error)
            }
        };
        stands.insert(id.to_string(), said);
    }
    Ok(json!({ "rollouts": stands }))
}

fn visited_well(rollout: &Rollout, now: Timestamp) -> String {
    let waits = words::waiting(&waiting::of(rollout, now), now);
    tracing::info!(
        rollout = %rollout.id,
        epoch = rollout.epoch.0,
        status = rollout.status.name(),
        phase = rollout.current_phase().map(|phase| phase.name.as_str()),
        weights = %rollout.desired,
        waits_for = waits,
        "visited"
    );
    rollout.status.name().to_owned()
}

fn failed(id: &RolloutId, error: &EngineError) -> String {
    let why = chain(error);
    tracing::error!(rollout = %id, error = %why, "the visit failed; the next minute tries again");
    format!("failed: {why}")
}

#[cfg(test)]
mod tests;
