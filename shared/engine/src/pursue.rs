//! Seeing an open intent through: every route side by side, until all are read back or time is up.

use std::collections::BTreeMap;

use domain::{
    event::Event,
    name::RouteName,
    rollout::{Intent, IntentKind, Rollout},
    target::Seen,
    time::Timestamp,
};
use futures_util::future::join_all;

use crate::{
    converge::{Converge, Outcome, converge},
    deliver::{Pauses, deliver, load},
    ports::{Clock as _, Ports, RouteRef},
    trouble::{Chance, End, EngineError, Trouble},
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
                    end: End::Deadline(deadline),
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
        rollout = tell_obstacles(ports, rollout, intent, &tried.failed, deadline).await?;
        if rollout.intent.is_none_or(|open| open.epoch != intent.epoch) {
            continue;
        }
        let end = if is_hopeless(intent, &tried.failed) {
            Some(End::Refused)
        } else if pauses.wait(ports).await {
            None
        } else {
            Some(End::Deadline(deadline))
        };
        if let Some(end) = end {
            return Err(EngineError::NotConverged {
                routes: tried.failed,
                end,
            });
        }
        rollout = load(ports, &rollout.id, deadline).await?;
    }
    Ok(rollout)
}

/// Lets the rollout know what stands in the way of a route and will not go away by itself.
async fn tell_obstacles<P: Ports>(
    ports: &P,
    rollout: Rollout,
    intent: Intent,
    failed: &[(RouteName, Trouble)],
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    let routes: BTreeMap<RouteName, String> = failed
        .iter()
        .filter(|(_, trouble)| trouble.chance == Chance::Lasting)
        .map(|(name, trouble)| (name.clone(), trouble.what.clone()))
        .collect();
    if routes.is_empty() {
        return Ok(rollout);
    }
    let obstructed = Event::Obstructed {
        epoch: intent.epoch,
        routes,
    };
    deliver(ports, rollout, &obstructed, None, deadline).await
}

/// Whether the caller is better told now than at the deadline. The way back is tried for as long as there is time.
fn is_hopeless(intent: Intent, failed: &[(RouteName, Trouble)]) -> bool {
    let refused = |trouble: &Trouble| trouble.chance == Chance::Lasting;
    intent.kind != IntentKind::Rollback
        && !failed.is_empty()
        && failed.iter().all(|(_, trouble)| refused(trouble))
}

struct Tried {
    /// As decided, or as somebody else has closed them.
    seen: BTreeMap<RouteName, Seen>,
    failed: Vec<(RouteName, Trouble)>,
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
                let trouble = Trouble::passing("a newer decision was made");
                tried.failed.push((name.clone(), trouble));
            }
            Outcome::Failed(trouble) => tried.failed.push((name.clone(), trouble)),
        }
    }
    tried
}
