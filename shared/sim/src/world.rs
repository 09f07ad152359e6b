//! The world: what stands behind the engine's ports, kept in memory and moved by virtual time.
//!
//! Each part imitates one AWS service as far as a rollout can feel it, with the facts that it rests on named
//! where they are imitated. Nothing here decides anything: it is told by calls, by the clock and by the
//! scenario.

mod alarms;
mod balancer;
mod chronicle;
mod dice;
mod functions;
mod gate;
mod hand;
mod histogram;
mod hooks;
mod marks;
mod metrics;
mod planned;
mod provider;
mod queue;
mod router;
mod table;
mod traffic;
mod wire;
mod zones;

use std::{
    cell::{Ref, RefCell},
    collections::BTreeMap,
    future::Future,
    rc::Rc,
    sync::Arc,
};

use domain::{
    ledger::Entry,
    name::{RolloutId, RouteName},
    plan::{Plan, route::Route},
    rollout::Rollout,
    time::{SignedDuration, Timestamp, later, minute_of},
};
use engine::ports::{Clock, Ports};

use crate::{CallMade, Scenario, runtime::Runtime};
pub use chronicle::{Chronicle, Rewired, Writer};
pub(crate) use gate::UNDER_WAY;
pub(crate) use traffic::Minute;
use wire::route_key;

/// The world behind the engine's ports; clones are the same world.
#[derive(Debug, Clone)]
pub struct World {
    pub(crate) runtime: Runtime,
    pub(crate) state: Rc<RefCell<State>>,
}

/// Everything in the world but its time.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) scenario: Scenario,
    pub(crate) plan: Arc<Plan>,
    dice: dice::Dice,
    gate: gate::Gate,
    pub(crate) table: table::Table,
    balancer: balancer::Balancer,
    zones: zones::Zones,
    functions: functions::Functions,
    wires: BTreeMap<String, wire::Wire>,
    pub(crate) requests: traffic::Requests,
    pub(crate) provider: provider::Provider,
    pub(crate) alarms: alarms::Board,
    hooks: hooks::Desk,
    marked: marks::Marked,
    drains: BTreeMap<RouteName, SignedDuration>,
    pub(crate) chronicle: Chronicle,
}

impl World {
    /// A world in which the plan's routes stand wholly on stable.
    #[must_use]
    pub fn new(plan: Arc<Plan>, scenario: Scenario, seed: u64) -> Self {
        let start = minute_of(scenario.start);
        let mut state = State {
            gate: gate::Gate::new(scenario.faults.clone()),
            provider: provider::Provider::new(start, seed),
            requests: traffic::Requests::default(),
            table: table::Table::default(),
            hooks: hooks::Desk::new(scenario.hooks.clone()),
            marked: BTreeMap::new(),
            drains: BTreeMap::new(),
            chronicle: Chronicle::default(),
            scenario,
            plan,
            dice: dice::Dice::new(seed),
            balancer: balancer::Balancer::default(),
            zones: zones::Zones::default(),
            functions: functions::Functions::default(),
            wires: BTreeMap::new(),
            alarms: alarms::Board::default(),
        };
        let plan = Arc::clone(&state.plan);
        state.install(&plan, start);
        let world = Self {
            runtime: Runtime::new(start),
            state: Rc::new(RefCell::new(state)),
        };
        world.state.borrow_mut().note_beginning(start);
        world
    }

    /// Puts what another plan names beside what is there: its routes, wholly on stable, and its alarms. Traffic and the
    /// chronicle go on being of the plan that the world was made for.
    pub fn install(&self, plan: &Plan) {
        let now = self.now();
        self.state.borrow_mut().install(plan, now);
    }

    /// The time in this world.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.runtime.now()
    }

    /// Lets time pass, and with it everything that is under way.
    pub fn pass(&self, duration: SignedDuration) {
        self.runtime.run_until(later(self.now(), duration));
    }

    /// Runs something as an invocation of its own until it ends; nothing if it crashes, or takes longer
    /// than this.
    pub fn invoke<T: 'static>(
        &self,
        label: &'static str,
        timeout: SignedDuration,
        work: impl Future<Output = T> + 'static,
    ) -> Option<T> {
        let until = later(self.now(), timeout);
        let answer = Rc::new(RefCell::new(None));
        let slot = Rc::clone(&answer);
        let runtime = self.runtime.clone();
        let task = self.runtime.spawn(label, async move {
            let ended = runtime.until(until, work).await;
            *slot.borrow_mut() = ended;
        });
        self.runtime.run_task(task, until);
        answer.borrow_mut().take()
    }

    /// How often each port was called.
    #[must_use]
    pub fn call_counts(&self) -> BTreeMap<&'static str, u64> {
        self.state.borrow().gate.counts().clone()
    }

    /// The store does not answer until an instant.
    pub fn store_down_until(&self, until: Timestamp) {
        self.state.borrow_mut().gate.store_down = Some(until);
    }

    /// An instant within a minute that something comes at, by chance.
    pub(crate) fn some_time_in(&self, minute: Timestamp) -> Timestamp {
        let mut state = self.state.borrow_mut();
        let most = SignedDuration::from_millis(59_000);
        let rng = &mut state.dice.schedule;
        later(minute, dice::between(rng, SignedDuration::ZERO, most))
    }

    /// Lets clients come for a minute that has just passed.
    pub(crate) fn serve(&self, from: Timestamp, to: Timestamp) -> Minute {
        let mut state = self.state.borrow_mut();
        let minute = state.serve(from, to);
        let (least, most) = (
            SignedDuration::from_secs(10),
            state.scenario.network.metrics_delay,
        );
        let delay = dice::between(&mut state.dice.signals, least, most);
        let complete = later(to, delay);
        state.provider.record(from, minute.clone(), complete);
        minute
    }

    /// Every call that was made, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<CallMade> {
        self.state.borrow().gate.made().to_vec()
    }

    /// The newest rollout of the plan's service, as it is, without a call.
    #[must_use]
    pub fn rollout(&self) -> Option<Rollout> {
        let state = self.state.borrow();
        state.table.newest(&state.plan.service).cloned()
    }

    /// A rollout's ledger.
    #[must_use]
    pub fn ledger(&self, id: &RolloutId) -> Vec<Entry> {
        self.state.borrow().table.ledger(id).to_vec()
    }

    /// A rollout's ledger after so many entries.
    pub(crate) fn entries_after(&self, id: &RolloutId, seen: usize) -> Vec<Entry> {
        let state = self.state.borrow();
        let ledger = state.table.ledger(id);
        ledger.get(seen..).unwrap_or(&[]).to_vec()
    }

    /// Every head that was ever committed, in order; empty unless they are kept.
    #[must_use]
    pub fn heads(&self) -> Ref<'_, [(Timestamp, Rollout)]> {
        Ref::map(self.state.borrow(), |state| state.table.heads())
    }

    /// Keeps every head from now on, for whoever checks what must always hold.
    pub fn keep_heads(&self) {
        self.state.borrow_mut().table.keep_heads();
    }

    /// How long the canary's targets of a route were given to finish, if that was set.
    #[must_use]
    pub fn drain(&self, route: &RouteName) -> Option<SignedDuration> {
        self.state.borrow().drains.get(route).copied()
    }
}

impl State {
    /// What a plan names comes to be.
    fn install(&mut self, plan: &Plan, now: Timestamp) {
        let traffic = &self.scenario.traffic;
        for route in plan.routes.values() {
            match route {
                Route::Alb(alb) => self.balancer.install(alb, traffic.sticky),
                Route::Route53(records) => self.zones.install(records),
                Route::LambdaAlias(alias) => self.functions.install(alias),
            }
            let wire = wire::Wire::new(route, traffic.resolvers, now, &mut self.dice);
            self.wires.insert(route_key(route), wire);
        }
        self.alarms.install(plan, &self.scenario, now);
    }
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

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.runtime.now()
    }

    async fn sleep(&self, duration: SignedDuration) {
        self.runtime.sleep(duration).await;
    }
}
