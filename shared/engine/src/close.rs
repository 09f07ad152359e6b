//! Closing the gate without the store: a critical alarm, or a person with the plan file, while it is down.
//!
//! Nothing is decided here but that everything goes to stable, which is always allowed. The rollout finds
//! the weights lower than it wanted and adopts them; nothing raises them again without a person.

use domain::{
    name::{RolloutId, RouteName},
    plan::Plan,
    target::Goal,
    time::Timestamp,
};
use futures_util::future::join_all;

use crate::{
    ports::{Clock as _, Ports, RouteRef, Router as _, Write},
    trouble::WriteError,
};

/// How often a route is tried: another writer can be quicker, and a lost answer must be looked after.
const TRIES_MAX: u32 = 5;

/// How closing one route ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The route.
    pub route: RouteName,
    /// Whether it was read back as closed, and if not, why.
    pub outcome: Result<(), String>,
}

/// Sends every route of a plan to stable, side by side, without asking the store.
pub async fn close<P: Ports>(
    ports: &P,
    owner: &RolloutId,
    plan: &Plan,
    deadline: Timestamp,
) -> Vec<Closed> {
    join_all(plan.routes.iter().map(|(name, route)| async move {
        let route = RouteRef { owner, name, route };
        Closed {
            route: name.clone(),
            outcome: close_route(ports, route, deadline).await,
        }
    }))
    .await
}

async fn close_route<P: Ports>(
    ports: &P,
    route: RouteRef<'_>,
    deadline: Timestamp,
) -> Result<(), String> {
    let mut why = "its time was up".to_owned();
    let mut written = false;
    for _ in 0..TRIES_MAX {
        match ports.router().read(route).await {
            // Right is not enough where the fence has to move: an older write could still land.
            Ok(target)
                if target.seen.meets(Goal::Restored)
                    && (written || target.seen.epoch.is_none()) =>
            {
                return Ok(());
            }
            Ok(_) if ports.clock().now() >= deadline => break,
            Ok(target) => {
                let write = Write {
                    goal: Goal::Restored,
                    epoch: target.seen.epoch.unwrap_or_default().next(),
                    fence: target.fence,
                    deadline,
                };
                match ports.router().write(route, &write).await {
                    Ok(()) => written = true,
                    Err(WriteError::Fenced) => why = WriteError::Fenced.to_string(),
                    Err(WriteError::Trouble(trouble)) => why = trouble.what,
                }
            }
            Err(trouble) => why = trouble.what,
        }
    }
    Err(why)
}
