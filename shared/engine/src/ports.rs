//! The ports: all that the engine needs of the world.
//!
//! Every method may be called again with the same arguments. A call that fails as [`Trouble`] may still
//! have had its effect, or may have it later.

use domain::{
    event::{AlarmReading, HookOutcome},
    judge::{Query, Reading},
    ledger::Entry,
    name::{AlarmArn, EventKey, HookName, RolloutId, RouteName, ServiceName},
    plan::{Plan, hook::Hook, route::Route, severity::AlarmGuard},
    rollout::Rollout,
    target::{Goal, Seen},
    time::{SignedDuration, Timestamp},
    traffic::Epoch,
};

use crate::trouble::{CommitError, Trouble, WriteError};

/// All ports, as one thing to hand around.
pub trait Ports {
    /// Where rollouts are kept.
    type Store: Store;
    /// Where weights live.
    type Router: Router;
    /// Where measurements come from.
    type Metrics: Metrics;
    /// Where alarms' states come from.
    type Alarms: Alarms;
    /// What runs hooks.
    type Hooks: Hooks;
    /// The time.
    type Clock: Clock;

    /// Where rollouts are kept.
    fn store(&self) -> &Self::Store;
    /// Where weights live.
    fn router(&self) -> &Self::Router;
    /// Where measurements come from.
    fn metrics(&self) -> &Self::Metrics;
    /// Where alarms' states come from.
    fn alarms(&self) -> &Self::Alarms;
    /// What runs hooks.
    fn hooks(&self) -> &Self::Hooks;
    /// The time.
    fn clock(&self) -> &Self::Clock;
}

/// Where rollouts are kept.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Store {
    /// A rollout's head, strongly consistent.
    async fn load(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble>;

    /// The newest rollout of a service, strongly consistent.
    async fn newest(&self, service: &ServiceName) -> Result<Option<Rollout>, Trouble>;

    /// All or nothing: heads on the condition that they have not moved, ledger entries, the event's key,
    /// and the ownership of the service and its routes, which an active rollout has alone.
    async fn commit(&self, commit: &Commit) -> Result<(), CommitError>;

    /// Whether an event with this key has been committed; strongly consistent.
    async fn is_done(&self, key: &EventKey) -> Result<bool, Trouble>;

    /// The active rollouts; may be some seconds behind.
    async fn active(&self) -> Result<Vec<RolloutId>, Trouble>;

    /// The active rollouts that an alarm guards; may be some seconds behind.
    async fn guarded_by(&self, alarm: &AlarmArn) -> Result<Vec<RolloutId>, Trouble>;
}

/// One transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The rollouts that change: one, or two when one supersedes another.
    pub changes: Vec<Change>,
    /// What makes the event one event; none for events whose repetition changes nothing.
    pub key: Option<EventKey>,
}

/// One rollout's part of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The revision that was decided on; none for a new rollout.
    pub expected: Option<u64>,
    /// The head as it shall be.
    pub next: Rollout,
    /// What to append to its ledger.
    pub entries: Vec<Entry>,
}

/// A route of a rollout.
#[derive(Debug, Clone, Copy)]
pub struct RouteRef<'a> {
    /// Whose it is.
    pub owner: &'a RolloutId,
    /// What the plan calls it.
    pub name: &'a RouteName,
    /// Where it is.
    pub route: &'a Route,
    /// The alarms that guard it, which the route is marked with so that it can be found without the store.
    pub guards: &'a [AlarmGuard],
}

impl<'a> RouteRef<'a> {
    /// A route of a rollout.
    #[must_use]
    pub fn of(rollout: &'a Rollout, name: &'a RouteName, route: &'a Route) -> Self {
        Self {
            owner: &rollout.id,
            name,
            route,
            guards: &rollout.plan.alarms,
        }
    }
}

/// A route that was found without the store, by the marks that its router leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whose it says it is.
    pub owner: RolloutId,
    /// What that rollout's plan calls it.
    pub name: RouteName,
    /// Where it is.
    pub route: Route,
}

/// Finding routes without the store.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Marks {
    /// The routes whose marks say that this alarm guards them and is critical: those with a rule of their own or a
    /// fencing record. Others cannot be found without the store.
    async fn guarded_by(&self, alarm: &AlarmArn) -> Result<Vec<Found>, Trouble>;
}

/// What a route was seen to be, and what a write must show to prove that it has not changed since.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// What it was seen to be.
    pub seen: Seen,
    /// The fence, in the router's own terms.
    pub fence: FenceToken,
}

/// What a write shows to prove that its target has not changed since it was read; only its router reads it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FenceToken(pub String);

/// A write to a route.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Write {
    /// What the route shall be. One write may be only a step on the way.
    pub goal: Goal,
    /// The decision it belongs to.
    pub epoch: Epoch,
    /// What was read before.
    pub fence: FenceToken,
    /// Nothing may be sent after this.
    pub deadline: Timestamp,
}

/// Where weights live.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Router {
    /// What a route is now.
    async fn read(&self, route: RouteRef<'_>) -> Result<Target, Trouble>;

    /// Brings a route one step nearer to a goal, unless it has changed since it was read. Never retries.
    async fn write(&self, route: RouteRef<'_>, write: &Write) -> Result<(), WriteError>;

    /// Sets how long the canary's targets get to finish what they are doing when they are taken out.
    async fn set_drain(&self, route: RouteRef<'_>, drain: SignedDuration) -> Result<(), Trouble>;
}

/// Where measurements come from.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Metrics {
    /// An answer to each question, in their order; what cannot be answered is a reading too.
    async fn read(&self, plan: &Plan, queries: &[Query]) -> Vec<Reading>;
}

/// Where alarms' states come from.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Alarms {
    /// The state of each alarm, in their order; what cannot be read is a reading too.
    async fn read(&self, alarms: &[AlarmArn]) -> Vec<AlarmReading>;
}

/// What runs hooks.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Hooks {
    /// Runs a hook, or looks after one that runs; calls with one key are one run.
    async fn run(&self, name: &HookName, hook: &Hook, key: &EventKey) -> HookOutcome;
}

/// The time.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Waits; used between tries, always bounded by the caller's deadline.
    async fn sleep(&self, duration: SignedDuration);
}
