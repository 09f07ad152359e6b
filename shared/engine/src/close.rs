//! Closing the gate without the store: a critical alarm, or a person with the plan file, while it is down.
//!
//! Nothing is decided here but that everything goes to stable, which is always allowed. The rollout finds
//! the weights lower than it wanted and adopts them; nothing raises them again without a person. As in
//! [`crate::converge`], [`Closing`] only names the next call and takes its answer.

use domain::{
    name::{RolloutId, RouteName},
    plan::Plan,
    target::Goal,
    time::Timestamp,
};
use futures_util::future::join_all;

use crate::{
    ports::{Clock as _, Found, Ports, RouteRef, Router as _, Target, Write},
    trouble::{Trouble, WriteError},
};

/// How often a route is tried: another writer can be quicker, and a lost answer must be looked after.
const TRIES_MAX: u32 = 5;

/// How closing one route ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Whose it is.
    pub owner: RolloutId,
    /// The route.
    pub route: RouteName,
    /// Whether it was read back as closed, and if not, why.
    pub outcome: Result<(), String>,
}

/// The next call that closing a route wants made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Call {
    /// Read the route.
    ReadTarget,
    /// Write the route.
    Write(Write),
}

/// One route on its way to stable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Closing {
    deadline: Timestamp,
    step: Step,
    tries: u32,
    written: bool,
    why: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Target,
    Write(Target),
    End(Result<(), String>),
}

impl Closing {
    /// Closes a route until a deadline.
    #[must_use]
    pub fn until(deadline: Timestamp) -> Self {
        Self {
            deadline,
            step: Step::Target,
            tries: 0,
            written: false,
            why: "its time was up".to_owned(),
        }
    }

    /// The call to make next, or how it ended.
    pub fn next(&self) -> Result<Call, Result<(), String>> {
        match &self.step {
            Step::Target => Ok(Call::ReadTarget),
            // An epoch that no decision has been given: whoever decided on the weights sees that it was not he.
            Step::Write(target) => Ok(Call::Write(Write {
                goal: Goal::Restored,
                epoch: target.seen.epoch.unwrap_or_default().leap(),
                fence: target.fence.clone(),
                deadline: self.deadline,
            })),
            Step::End(outcome) => Err(outcome.clone()),
        }
    }

    /// The route was read, or not, at `now`.
    pub fn on_target(&mut self, answer: Result<Target, Trouble>, now: Timestamp) {
        self.step = match answer {
            // Right is not enough where the fence has to move: an older write could still land.
            Ok(target)
                if target.seen.meets(Goal::Restored)
                    && (self.written || target.seen.epoch.is_none()) =>
            {
                Step::End(Ok(()))
            }
            Ok(target) if now < self.deadline && self.tries < TRIES_MAX => Step::Write(target),
            Err(trouble) if now < self.deadline && self.tries < TRIES_MAX => {
                self.why = trouble.what;
                Step::Target
            }
            Ok(_) | Err(_) => Step::End(Err(self.why.clone())),
        };
        self.tries = self.tries.saturating_add(1);
    }

    /// The write was answered, or not; either way the route is read to see.
    pub fn on_written(&mut self, answer: Result<(), WriteError>) {
        match answer {
            Ok(()) => self.written = true,
            Err(WriteError::Fenced) => self.why = WriteError::Fenced.to_string(),
            Err(WriteError::Trouble(trouble)) => self.why = trouble.what,
        }
        self.step = Step::Target;
    }
}

/// Sends every route of a plan to stable, side by side, without asking the store.
pub async fn close<P: Ports>(
    ports: &P,
    owner: &RolloutId,
    plan: &Plan,
    deadline: Timestamp,
) -> Vec<Closed> {
    let routes = plan.routes.iter().map(|(name, route)| RouteRef {
        owner,
        name,
        route,
        guards: &plan.alarms,
    });
    close_all(ports, routes, deadline).await
}

/// Sends routes that were found without the store to stable, side by side.
pub async fn close_found<P: Ports>(ports: &P, found: &[Found], deadline: Timestamp) -> Vec<Closed> {
    let routes = found.iter().map(|found| RouteRef {
        owner: &found.owner,
        name: &found.name,
        route: &found.route,
        guards: &[],
    });
    close_all(ports, routes, deadline).await
}

async fn close_all<'a, P: Ports>(
    ports: &P,
    routes: impl Iterator<Item = RouteRef<'a>>,
    deadline: Timestamp,
) -> Vec<Closed> {
    join_all(routes.map(|route| async move {
        Closed {
            owner: route.owner.clone(),
            route: route.name.clone(),
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
    let mut closing = Closing::until(deadline);
    loop {
        match closing.next() {
            Ok(Call::ReadTarget) => {
                let target = ports.router().read(route).await;
                closing.on_target(target, ports.clock().now());
            }
            Ok(Call::Write(write)) => {
                closing.on_written(ports.router().write(route, &write).await);
            }
            Err(outcome) => return outcome,
        }
    }
}
