//! Seeing an open intent through: every route side by side, until all are read back or time is up.

use std::collections::BTreeMap;

use domain::{
    event::Event,
    name::RouteName,
    rollout::{Intent, Rollout},
    target::Seen,
    time::Timestamp,
};
use futures_util::future::join_all;

use crate::{
    converge::{Converge, Outcome, converge},
    deliver::{Pauses, deliver, load},
    ports::{Clock as _, Ports, RouteRef},
    trouble::EngineError,
};

/// Sees a rollout's open intent through, if it has one; returns the head after that.
pub async fn pursue<P: Ports>(
    ports: &P,
    mut rollout: Rollout,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    let mut pauses = Pauses::until(deadline);
    while let Some(intent) = rollout.intent {
        if ports.clock().now() > intent.deadline {
            let overran = Event::Overran {
                epoch: intent.epoch,
            };
            rollout = deliver(ports, rollout, &overran, None, deadline).await?;
            if rollout.intent == Some(intent) && !pauses.wait(ports).await {
                // A clock that went back a little: it was over, and is not yet.
                return Err(EngineError::NotConverged {
                    routes: Vec::new(),
                    deadline,
                });
            }
            continue;
        }
        let read_at = ports.clock().now();
        let tried = converge_all(ports, &rollout, intent).await;
        if !tried.seen.is_empty() {
            let observed = Event::Observed {
                epoch: intent.epoch,
                read_at,
                routes: tried.seen,
            };
            rollout = deliver(ports, rollout, &observed, None, deadline).await?;
        }
        if rollout.intent.is_none_or(|open| open.epoch != intent.epoch) {
            continue;
        }
        if !pauses.wait(ports).await {
            return Err(EngineError::NotConverged {
                routes: tried.failed,
                deadline,
            });
        }
        rollout = load(ports, &rollout.id, deadline).await?;
    }
    Ok(rollout)
}

struct Tried {
    /// As decided, or as somebody else has closed them.
    seen: BTreeMap<RouteName, Seen>,
    failed: Vec<(RouteName, String)>,
}

async fn converge_all<P: Ports>(ports: &P, rollout: &Rollout, intent: Intent) -> Tried {
    let open = rollout.plan.routes.iter().filter(|(name, _)| {
        let state = rollout.routes.get(*name);
        state.is_none_or(|state| state.acknowledged != Some(intent.epoch))
    });
    let outcomes = join_all(open.map(|(name, route)| async move {
        let route = RouteRef::of(rollout, name, route);
        let (goal, floor) = (rollout.goal(name), rollout.floor(name));
        let convergence = Converge::new(goal, floor, intent.epoch, intent.deadline);
        (name, converge(ports, route, convergence).await)
    }))
    .await;
    let mut tried = Tried {
        seen: BTreeMap::new(),
        failed: Vec::new(),
    };
    for (name, outcome) in outcomes {
        match outcome {
            Outcome::Reached(seen) | Outcome::Closed(seen) => {
                tried.seen.insert(name.clone(), seen);
            }
            Outcome::Overtaken => {
                tried
                    .failed
                    .push((name.clone(), "a newer decision was made".to_owned()));
            }
            Outcome::Failed(why) => tried.failed.push((name.clone(), why)),
        }
    }
    tried
}
