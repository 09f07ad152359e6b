//! How long what does not answer is tried again, when it is not, and what a clock that goes back does.

// Under `cfg(test)` the lints know that everything in here is a test.
#![cfg(test)]

mod sample;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use domain::{
    decide::decide,
    event::{AlarmReading, Command, Event, HookOutcome},
    judge::{Query, Reading},
    name::{AlarmArn, EventKey, HookName, Person, RolloutId, RouteName, ServiceName},
    plan::{Plan, hook::Hook},
    rollout::Rollout,
    target::{Carrier, Leftover, Propagation, Seen},
    time::{SignedDuration, Timestamp, later},
    traffic::{Epoch, Weight},
};
use engine::{
    deliver::load,
    ports::{
        Alarms, Clock, Commit, FenceToken, Hooks, Metrics, Ports, RouteRef, Router, Store, Target,
        Write,
    },
    pursue::pursue,
    start::{IfActive, StartRequest, start},
    trouble::{CommitError, EngineError, Trouble, WriteError},
};
use expect_test::{Expect, expect};
use futures_util::FutureExt as _;
use sample::{NOW, head};

/// A store, a route and a clock that do what a test says. The clock moves only when somebody waits.
struct World {
    head: RefCell<Option<Rollout>>,
    /// What the next loads come to, before they succeed.
    loads: RefCell<Vec<Trouble>>,
    /// What the next commits come to, before they succeed.
    commits: RefCell<Vec<CommitError>>,
    /// What the next reads of the route come to, before it is as it should be.
    reads: RefCell<Vec<Trouble>>,
    now: Cell<Timestamp>,
    /// What the clock says the next times it is looked at, instead of that.
    looks: RefCell<VecDeque<Timestamp>>,
    pauses: RefCell<Vec<String>>,
}

impl World {
    fn new(head: Option<Rollout>) -> Self {
        Self {
            head: RefCell::new(head),
            loads: RefCell::default(),
            commits: RefCell::default(),
            reads: RefCell::default(),
            now: Cell::new(NOW),
            looks: RefCell::default(),
            pauses: RefCell::default(),
        }
    }

    /// The pauses that were made, and how it ended.
    #[track_caller]
    fn told<T>(&self, answer: Result<T, EngineError>, expected: &Expect) {
        let said = match answer {
            Ok(_) => "done".to_owned(),
            Err(EngineError::Store(trouble)) => trouble.what,
            Err(error) => error.to_string(),
        };
        let pauses = self.pauses.borrow();
        let first: Vec<&str> = pauses.iter().take(8).map(String::as_str).collect();
        let more = match pauses.len() - first.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        expected.assert_eq(&format!("{}{more}: {said}", first.join(", ")));
    }
}

/// A route that is ready, and has given the canary nothing.
const CLOSED: Seen = Seen {
    weight: Weight::ZERO,
    base: Weight::ZERO,
    carrier: Carrier::Ready,
    leftover: Leftover::Some,
    epoch: None,
    propagation: Propagation::Done,
    settle: SignedDuration::ZERO,
};

fn seconds(seconds: i64) -> Timestamp {
    later(NOW, SignedDuration::from_secs(seconds))
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
        match self.loads.borrow_mut().pop() {
            Some(trouble) => Err(trouble),
            None => Ok(self.head.borrow().clone()),
        }
    }
    async fn newest(&self, _: &ServiceName) -> Result<Option<Rollout>, Trouble> {
        Ok(self.head.borrow().clone())
    }
    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        if let Some(error) = self.commits.borrow_mut().pop() {
            return Err(error);
        }
        let newest = commit.changes.last().map(|change| change.next.clone());
        *self.head.borrow_mut() = newest;
        Ok(())
    }
    async fn is_done(&self, _: &EventKey) -> Result<bool, Trouble> {
        Ok(false)
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
        if let Some(trouble) = self.reads.borrow_mut().pop() {
            return Err(trouble);
        }
        Ok(Target {
            seen: CLOSED,
            fence: FenceToken("r1".to_owned()),
        })
    }
    async fn write(&self, _: RouteRef<'_>, _: &Write) -> Result<(), WriteError> {
        Err(WriteError::Trouble(Trouble::lasting("no right to write")))
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
        let look = self.looks.borrow_mut().pop_front();
        look.unwrap_or_else(|| self.now.get())
    }
    async fn sleep(&self, duration: SignedDuration) {
        self.pauses.borrow_mut().push(format!("{duration:#}"));
        self.now.set(later(self.now.get(), duration));
    }
}

/// Loads with ten seconds of time, from a store that has the same trouble so many times.
#[track_caller]
fn check(trouble: &Trouble, times: usize, expected: &Expect) {
    let world = World::new(Some(head(1)));
    *world.loads.borrow_mut() = vec![trouble.clone(); times];
    let id = RolloutId::parse("shop#1").unwrap();
    let answer = load(&world, &id, seconds(10)).now_or_never().unwrap();
    world.told(answer, expected);
}

#[test]
fn what_passes_is_waited_for_longer_each_time_and_no_longer_than_there_is_time() {
    let timeout = Trouble::passing("timed out");
    check(&timeout, 0, &expect![": done"]);
    check(&timeout, 3, &expect!["100ms, 200ms, 400ms: done"]);
    check(
        &timeout,
        1_000,
        &expect!["100ms, 200ms, 400ms, 800ms, 1s 600ms, 2s, 2s, 2s: timed out"],
    );
}

#[test]
fn what_lasts_is_not_waited_for() {
    let trouble = Trouble::lasting("no right to read");
    check(&trouble, 1_000, &expect![": no right to read"]);
}

/// Sees the first intent of a rollout through, whose deadline is at ten seconds, until a minute has passed.
#[track_caller]
fn check_pursued(prepare: impl FnOnce(&World), expected: &Expect) {
    let rollout = head(1);
    assert_eq!(rollout.intent.unwrap().deadline, seconds(10));
    let world = World::new(Some(rollout.clone()));
    prepare(&world);
    let answer = pursue(&world, rollout, seconds(60)).now_or_never().unwrap();
    assert!(world.head.borrow().as_ref().unwrap().intent.is_none() || answer.is_err());
    world.told(answer, expected);
}

#[test]
fn a_route_that_cannot_be_read_is_tried_again_after_a_pause() {
    check_pursued(|_| {}, &expect![": done"]);
    let twice = |world: &World| {
        *world.reads.borrow_mut() = vec![Trouble::passing("throttled"); 2];
    };
    check_pursued(twice, &expect!["100ms, 200ms: done"]);
    let always = |world: &World| {
        *world.reads.borrow_mut() = vec![Trouble::passing("throttled"); 1_000];
    };
    check_pursued(
        always,
        &expect![
            "100ms, 200ms, 400ms, 800ms, 1s 600ms, 2s, 2s, 2s and 25 more: the weights of web (throttled) were not read back as decided by 1970-01-01T00:01:00Z"
        ],
    );
}

#[test]
fn what_is_refused_is_written_down_and_only_the_way_back_is_tried_again() {
    let check = |rollout: Rollout, told: &Expect, known: &Expect| {
        let world = World::new(Some(rollout.clone()));
        let answer = pursue(&world, rollout, seconds(8)).now_or_never().unwrap();
        world.told(answer, told);
        let head = world.head.borrow();
        let obstacles = &head.as_ref().unwrap().obstacles;
        known.assert_eq(&format!("{obstacles:?}"));
    };
    let asked = |command| Event::Asked {
        by: Person::new("ann"),
        command,
    };
    let reason = "it is slow".to_owned();
    let back = decide(&head(1), &asked(Command::Rollback { reason }), NOW).unwrap();
    check(
        back.next,
        &expect![
            "100ms, 200ms, 400ms, 800ms, 1s 600ms, 2s, 2s: the weights of web (no right to write) were not read back as decided by 1970-01-01T00:00:08Z"
        ],
        &expect![[r#"{web: "no right to write"}"#]],
    );
    let web = RouteName::new("web").unwrap();
    let prepared = Event::Observed {
        epoch: Epoch(1),
        read_at: NOW,
        routes: BTreeMap::from([(web, CLOSED)]),
    };
    let ready = decide(&head(1), &prepared, NOW).unwrap().next;
    let entered = decide(&ready, &Event::Tick, NOW).unwrap();
    check(
        entered.next,
        &expect![
            ": the weights of web (no right to write) were not read back as decided; trying again will not help until that is mended"
        ],
        &expect![[r#"{web: "no right to write"}"#]],
    );
}

#[test]
fn an_intent_is_over_after_its_deadline_and_not_at_it() {
    let at_it = |world: &World| world.now.set(seconds(10));
    check_pursued(at_it, &expect![": done"]);
    let after_it = |world: &World| world.now.set(seconds(11));
    check_pursued(after_it, &expect![": done"]);
}

#[test]
fn a_clock_that_goes_back_across_a_deadline_is_waited_for() {
    let back = |world: &World| *world.looks.borrow_mut() = [11, 9].map(seconds).into();
    check_pursued(back, &expect!["100ms: done"]);
}

#[test]
fn a_start_that_lost_a_race_looks_again() {
    let check = |lost: usize, expected: &Expect| {
        let world = World::new(None);
        *world.commits.borrow_mut() = vec![CommitError::Moved; lost];
        let request = StartRequest {
            plan: Arc::clone(&head(1).plan),
            by: Person::new("ann"),
            key: EventKey::new("start"),
            active: IfActive::Refuse,
            override_reason: None,
        };
        let answer = start(&world, &request, seconds(10)).now_or_never().unwrap();
        world.told(answer, expected);
    };
    check(
        2,
        &expect![
            "100ms, 200ms: the weights of web (no right to write) were not read back as decided; trying again will not help until that is mended"
        ],
    );
    check(
        1_000,
        &expect![
            "100ms, 200ms, 400ms, 800ms, 1s 600ms, 2s, 2s, 2s: others kept changing the rollout; nothing was done"
        ],
    );
}
