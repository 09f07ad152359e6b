//! Making a route what was decided, and reading it back.
//!
//! The order is the protocol: read the target with its fence, then the head, then write, then read back. The
//! fence is taken *before* the head is checked, so that a decision made in between has either been seen or
//! has changed the fence. [`Converge`] holds only that order and does nothing itself: it names the next call
//! and takes its answer, so that the model checker walks the same steps as production.

use domain::{
    rollout::Rollout,
    target::{Carrier, Floor, Goal, Seen},
    time::Timestamp,
    traffic::{Epoch, Weight},
};

use crate::{
    ports::{Clock as _, Ports, RouteRef, Router as _, Store as _, Target, Write},
    trouble::{Trouble, WriteError},
};

/// How often one convergence writes: to prepare, to set, to clean up, and one to spare.
pub const WRITES_MAX: u32 = 4;

/// The next call that a convergence wants made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Call {
    /// Read the route.
    ReadTarget,
    /// Read the rollout's head, strongly consistent.
    ReadHead,
    /// Write the route.
    Write(Write),
}

/// How a convergence ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The route was read back as decided.
    Reached(Seen),
    /// Somebody else has closed the route: what was decided before they did is not written over it.
    Closed(Seen),
    /// The decision is not the newest any more, or its time is up: nothing was written.
    Overtaken,
    /// It could not be done now.
    Failed(Trouble),
}

/// One route on its way to what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Converge {
    goal: Goal,
    floor: Floor,
    epoch: Epoch,
    deadline: Timestamp,
    step: Step,
    writes: u32,
    last_error: Option<Trouble>,
}

/// How far a convergence is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// The route is to be read.
    Target,
    /// The route was read; the head is to be read.
    Head(Target),
    /// The head was read and still wants the goal; the route is to be written.
    Write(Target),
    /// It has ended.
    End(Outcome),
}

impl Converge {
    /// A convergence to a goal for the decision of an epoch, of a route that is not below its floor.
    #[must_use]
    pub const fn new(goal: Goal, floor: Floor, epoch: Epoch, deadline: Timestamp) -> Self {
        Self {
            goal,
            floor,
            epoch,
            deadline,
            step: Step::Target,
            writes: 0,
            last_error: None,
        }
    }

    /// How far it is.
    #[must_use]
    pub const fn step(&self) -> &Step {
        &self.step
    }

    /// The call to make next, or how it ended.
    pub fn next(&self) -> Result<Call, Outcome> {
        match &self.step {
            Step::Target => Ok(Call::ReadTarget),
            Step::Head(_) => Ok(Call::ReadHead),
            Step::Write(target) => Ok(Call::Write(Write {
                goal: self.goal_for(&target.seen),
                epoch: self.epoch,
                fence: target.fence.clone(),
                deadline: self.deadline,
            })),
            Step::End(outcome) => Err(outcome.clone()),
        }
    }

    /// Weight can be given only once what carries it is there.
    fn goal_for(&self, seen: &Seen) -> Goal {
        match (self.goal, seen.carrier) {
            (Goal::Weight(weight), Carrier::Missing) if weight > Weight::ZERO => Goal::Prepared,
            (goal, _) => goal,
        }
    }

    /// The route was read, or not.
    pub fn on_target(&mut self, answer: Result<Target, Trouble>) {
        self.step = match answer {
            Ok(target) if target.seen.reaches(self.goal, self.epoch) => {
                Step::End(Outcome::Reached(target.seen))
            }
            Ok(Target { seen, .. }) if seen.is_closed_under(self.goal, self.floor, self.epoch) => {
                Step::End(Outcome::Closed(seen))
            }
            Ok(_) if self.writes >= WRITES_MAX => {
                let trouble = self.last_error.take();
                let trouble =
                    trouble.unwrap_or_else(|| Trouble::passing("it was read back differently"));
                Step::End(Outcome::Failed(trouble))
            }
            Ok(target) => Step::Head(target),
            Err(trouble) => Step::End(Outcome::Failed(trouble)),
        };
    }

    /// The head was read, or not, at `now`.
    pub fn on_head(&mut self, answer: Result<Option<&Rollout>, Trouble>, now: Timestamp) {
        let Step::Head(target) = &self.step else {
            return;
        };
        self.step = match answer {
            Ok(Some(head)) if self.is_newest(head) && now < self.deadline => {
                Step::Write(target.clone())
            }
            Ok(_) => Step::End(Outcome::Overtaken),
            Err(trouble) => Step::End(Outcome::Failed(trouble)),
        };
    }

    fn is_newest(&self, head: &Rollout) -> bool {
        head.epoch == self.epoch && head.intent.is_some_and(|intent| intent.epoch == self.epoch)
    }

    /// The write was answered, or not; either way the route is read to see.
    pub fn on_written(&mut self, answer: Result<(), WriteError>) {
        self.writes = self.writes.saturating_add(1);
        self.last_error = match answer {
            Ok(()) => None,
            Err(WriteError::Fenced) => Some(Trouble::passing(WriteError::Fenced.to_string())),
            Err(WriteError::Trouble(trouble)) => Some(trouble),
        };
        self.step = Step::Target;
    }
}

/// Converges one route with real calls.
pub async fn converge<P: Ports>(
    ports: &P,
    route: RouteRef<'_>,
    mut convergence: Converge,
) -> Outcome {
    loop {
        match convergence.next() {
            Ok(Call::ReadTarget) => {
                convergence.on_target(ports.router().read(route).await);
            }
            Ok(Call::ReadHead) => {
                let head = ports.store().load(route.owner).await;
                let now = ports.clock().now();
                convergence.on_head(head.as_ref().map(Option::as_ref).map_err(Clone::clone), now);
            }
            Ok(Call::Write(write)) => {
                convergence.on_written(ports.router().write(route, &write).await);
            }
            Err(outcome) => return outcome,
        }
    }
}
