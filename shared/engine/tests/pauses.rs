//! How long a store that does not answer is asked again, and when it is not.

// Under `cfg(test)` the lints know that everything in here is a test.
#![cfg(test)]

use std::cell::{Cell, RefCell};

use domain::{
    event::{AlarmReading, HookOutcome},
    judge::{Query, Reading},
    name::{AlarmArn, EventKey, HookName, RolloutId, ServiceName},
    plan::{Plan, hook::Hook},
    rollout::Rollout,
    time::{SignedDuration, Timestamp, later},
};
use engine::{
    deliver::load,
    ports::{Alarms, Clock, Commit, Hooks, Metrics, Ports, RouteRef, Router, Store, Target, Write},
    trouble::{CommitError, EngineError, Trouble, WriteError},
};
use expect_test::{Expect, expect};
use futures_util::FutureExt as _;

/// A store that has the same trouble for so many calls and then knows no rollout, and a clock that moves only
/// when somebody waits. Nothing else is there.
struct World {
    trouble: Trouble,
    left: Cell<u32>,
    now: Cell<Timestamp>,
    told: RefCell<Vec<String>>,
}

impl Ports for World {
    type Store = Self;
    type Router = Self;
    type Metrics = Self;
    type Alarms = Self;
    type Hooks = Self;
    type Clock = Self;

    fn store(&self) -> &Self {
        self
    }
    fn router(&self) -> &Self {
        self
    }
    fn metrics(&self) -> &Self {
        self
    }
    fn alarms(&self) -> &Self {
        self
    }
    fn hooks(&self) -> &Self {
        self
    }
    fn clock(&self) -> &Self {
        self
    }
}

impl Store for World {
    async fn load(&self, _: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Ok(None);
        };
        self.left.set(left);
        Err(self.trouble.clone())
    }
    async fn newest(&self, _: &ServiceName) -> Result<Option<Rollout>, Trouble> {
        panic!("nobody asks")
    }
    async fn commit(&self, _: &Commit) -> Result<(), CommitError> {
        panic!("nobody commits")
    }
    async fn is_done(&self, _: &EventKey) -> Result<bool, Trouble> {
        panic!("nobody asks")
    }
    async fn active(&self) -> Result<Vec<RolloutId>, Trouble> {
        panic!("nobody asks")
    }
    async fn guarded_by(&self, _: &AlarmArn) -> Result<Vec<RolloutId>, Trouble> {
        panic!("nobody asks")
    }
}

impl Router for World {
    async fn read(&self, _: RouteRef<'_>) -> Result<Target, Trouble> {
        panic!("nobody reads")
    }
    async fn write(&self, _: RouteRef<'_>, _: &Write) -> Result<(), WriteError> {
        panic!("nobody writes")
    }
    async fn set_drain(&self, _: RouteRef<'_>, _: SignedDuration) -> Result<(), Trouble> {
        panic!("nobody drains")
    }
}

impl Metrics for World {
    async fn read(&self, _: &Plan, _: &[Query]) -> Vec<Reading> {
        panic!("nobody measures")
    }
}

impl Alarms for World {
    async fn read(&self, _: &[AlarmArn]) -> Vec<AlarmReading> {
        panic!("nobody reads")
    }
}

impl Hooks for World {
    async fn run(&self, _: &HookName, _: &Hook, _: &EventKey) -> HookOutcome {
        panic!("nobody runs hooks")
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.now.get()
    }
    async fn sleep(&self, duration: SignedDuration) {
        self.told.borrow_mut().push(format!("{duration:#}"));
        self.now.set(later(self.now.get(), duration));
    }
}

/// Loads with ten seconds of time, and tells the pauses.
#[track_caller]
fn check(trouble: Trouble, times: u32, expected: &Expect) {
    let world = World {
        trouble,
        left: Cell::new(times),
        now: Cell::new(Timestamp::UNIX_EPOCH),
        told: RefCell::default(),
    };
    let deadline = later(world.now(), SignedDuration::from_secs(10));
    let id = RolloutId::parse("shop#1").unwrap();
    let answer = load(&world, &id, deadline).now_or_never().unwrap();
    let said = match answer {
        Err(EngineError::Store(trouble)) => trouble.what,
        Err(error) => error.to_string(),
        Ok(rollout) => rollout.id.to_string(),
    };
    let pauses = world.told.borrow().join(", ");
    expected.assert_eq(&format!("{pauses}: {said}"));
}

#[test]
fn what_passes_is_waited_for_longer_each_time_and_no_longer_than_there_is_time() {
    let timeout = || Trouble::passing("timed out");
    check(timeout(), 0, &expect![": there is no rollout shop#1"]);
    check(
        timeout(),
        3,
        &expect!["100ms, 200ms, 400ms: there is no rollout shop#1"],
    );
    check(
        timeout(),
        1_000,
        &expect!["100ms, 200ms, 400ms, 800ms, 1s 600ms, 2s, 2s, 2s: timed out"],
    );
}

#[test]
fn what_lasts_is_not_waited_for() {
    check(
        Trouble::lasting("no right to read"),
        1_000,
        &expect![": no right to read"],
    );
}
