//! A router and a clock as the engine's ports: all that closing the gate needs when the rest is down.

use domain::{
    event::{AlarmReading, HookOutcome},
    judge::{Query, Reading},
    name::{AlarmArn, EventKey, HookName, RolloutId, ServiceName},
    plan::{Plan, hook::Hook},
    rollout::Rollout,
};
use engine::{
    ports::{Alarms, Clock, Commit, Hooks, Metrics, Ports, Router, Store},
    trouble::{CommitError, Trouble},
};

/// A router and a clock; whoever asks for something else is told that it is not there.
#[derive(Debug, Clone, Default)]
pub struct Hands<R, C> {
    /// Where weights live.
    pub router: R,
    /// The time.
    pub clock: C,
}

/// What is not asked when the gate is closed without the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Down;

fn down() -> Trouble {
    Trouble::lasting("not asked from here")
}

impl<R: Router, C: Clock> Ports for Hands<R, C> {
    type Store = Down;
    type Router = R;
    type Metrics = Down;
    type Alarms = Down;
    type Hooks = Down;
    type Clock = C;

    fn store(&self) -> &Down {
        &Down
    }

    fn router(&self) -> &R {
        &self.router
    }

    fn metrics(&self) -> &Down {
        &Down
    }

    fn alarms(&self) -> &Down {
        &Down
    }

    fn hooks(&self) -> &Down {
        &Down
    }

    fn clock(&self) -> &C {
        &self.clock
    }
}

impl Store for Down {
    async fn load(&self, _: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        Err(down())
    }

    async fn newest(&self, _: &ServiceName) -> Result<Option<Rollout>, Trouble> {
        Err(down())
    }

    async fn commit(&self, _: &Commit) -> Result<(), CommitError> {
        Err(CommitError::Trouble(down()))
    }

    async fn is_done(&self, _: &EventKey) -> Result<bool, Trouble> {
        Err(down())
    }

    async fn active(&self) -> Result<Vec<RolloutId>, Trouble> {
        Err(down())
    }

    async fn guarded_by(&self, _: &AlarmArn) -> Result<Vec<RolloutId>, Trouble> {
        Err(down())
    }
}

impl Metrics for Down {
    async fn read(&self, _: &Plan, queries: &[Query]) -> Vec<Reading> {
        let error = || Reading::Failed(down().what);
        queries.iter().map(|_| error()).collect()
    }
}

impl Alarms for Down {
    async fn read(&self, alarms: &[AlarmArn]) -> Vec<AlarmReading> {
        let unreadable = || AlarmReading::Unreadable(down().what);
        alarms.iter().map(|_| unreadable()).collect()
    }
}

impl Hooks for Down {
    async fn run(&self, _: &HookName, _: &Hook, _: &EventKey) -> HookOutcome {
        HookOutcome::Failed(down().what)
    }
}
