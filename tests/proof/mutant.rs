//! The world with one thing broken, to see who notices: ports that do everything but what one promise rests on.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    rc::Rc,
};

use domain::{
    event::{AlarmReading, AlarmState},
    name::{AlarmArn, EventKey, Person, RolloutId, ServiceName},
    plan::route::Route,
    rollout::Rollout,
    target::{Carrier, Goal, Leftover, Propagation, Seen},
    time::{SignedDuration, Timestamp, earlier},
};
use engine::{
    ports::{Alarms, Clock, Commit, FenceToken, Ports, RouteRef, Router, Store, Target, Write},
    trouble::{CommitError, Trouble, WriteError},
};
use sim::World;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mutant {
    /// A route that was just written is not looked at: it is taken to be as wanted.
    SkipReadBack,
    /// A route that is right is enough, whatever epoch it carries: its fence is not moved on.
    RightIsEnough,
    /// What restores a route is not sent, and said to be done.
    SkipRestore,
    /// A write takes the newest fence instead of the one that was read before the head.
    NoFence,
    /// A convergence does not look at the head again: it goes by the one that its invocation knows.
    NoHeadCheck,
    /// A convergence reads the head from a copy that is two seconds behind.
    StaleReads,
    /// A commit does not mind that the head has moved.
    AcceptStale,
    /// A commit leaves out the ledger's entries.
    LoseEntries,
    /// A commit is made in two: the head, then its words and its key.
    SplitCommit,
    /// A commit leaves out the event's key.
    ForgetKey,
    /// A commit leaves out the intent.
    NoIntent,
    /// A head is read with approvals that nobody gave.
    ForgedApprovals,
    /// An invocation that commits takes a lease, and nobody else commits until it has answered.
    LeaseBlocks,
    /// Alarms are not read: all is well.
    AlarmsNeverRead,
    /// An alarm that cannot be read is taken to be well.
    AlarmsAssumed,
    /// A write that was not answered is sent again by itself.
    WritesRetried,
    /// A message that was received is not brought again.
    QueueLetsGo,
    /// There is no sweep.
    NoSweep,
}

impl Mutant {
    pub(crate) const ALL: [Self; 18] = [
        Self::SkipReadBack,
        Self::RightIsEnough,
        Self::SkipRestore,
        Self::NoFence,
        Self::NoHeadCheck,
        Self::StaleReads,
        Self::AcceptStale,
        Self::LoseEntries,
        Self::SplitCommit,
        Self::ForgetKey,
        Self::NoIntent,
        Self::ForgedApprovals,
        Self::LeaseBlocks,
        Self::AlarmsNeverRead,
        Self::AlarmsAssumed,
        Self::WritesRetried,
        Self::QueueLetsGo,
        Self::NoSweep,
    ];
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{self:?}"))
    }
}

/// How far behind a copy of the table is.
const BEHIND: SignedDuration = SignedDuration::from_secs(2);

/// What all invocations share.
#[derive(Debug, Default)]
struct Shared {
    invocations: Cell<u64>,
    /// Who holds the lease.
    lease: Cell<Option<u64>>,
}

/// What one invocation knows.
#[derive(Debug, Default)]
struct Own {
    number: u64,
    /// The heads that it has read or committed, outside convergences.
    known: RefCell<BTreeMap<RolloutId, Rollout>>,
    /// Whether its last call read a route: what it loads then is a convergence's check.
    has_read_route: Cell<bool>,
    /// What it wrote last, until it has been read back.
    written: RefCell<Option<Write>>,
}

/// The world with one thing broken; clones are one invocation's.
#[derive(Debug, Clone)]
pub(crate) struct Mutated {
    world: World,
    mutant: Mutant,
    shared: Rc<Shared>,
    own: Rc<Own>,
}

impl Mutated {
    pub(crate) fn new(world: World, mutant: Mutant) -> Self {
        Self {
            world,
            mutant,
            shared: Rc::default(),
            own: Rc::default(),
        }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == mutant
    }

    /// The ports of another invocation.
    pub(crate) fn another(&self) -> Self {
        let number = self.shared.invocations.get() + 1;
        self.shared.invocations.set(number);
        let own = Own {
            number,
            ..Own::default()
        };
        Self {
            own: Rc::new(own),
            ..self.clone()
        }
    }

    /// The invocation has answered.
    pub(crate) fn over(&self) {
        if self.shared.lease.get() == Some(self.own.number) {
            self.shared.lease.set(None);
        }
    }

    /// Whether a message that was not answered comes again.
    pub(crate) fn brings_again(&self) -> bool {
        !self.is(Mutant::QueueLetsGo)
    }

    /// Whether the sweep comes.
    pub(crate) fn sweeps(&self) -> bool {
        !self.is(Mutant::NoSweep)
    }

    fn know(&self, head: &Rollout) {
        let mut known = self.own.known.borrow_mut();
        known.insert(head.id.clone(), head.clone());
    }

    /// The head as it was a while ago; as it is if it is younger.
    fn behind(&self, id: &RolloutId, head: Option<Rollout>) -> Option<Rollout> {
        let then = earlier(self.world.now(), BEHIND);
        let heads = self.world.heads();
        let mut old = heads
            .iter()
            .filter(|(at, head)| *at <= then && head.id == *id);
        old.next_back().map(|(_, old)| old.clone()).or(head)
    }

    /// What a commit becomes.
    fn twist(&self, commit: &Commit) -> Commit {
        let mut commit = commit.clone();
        let current = self.world.rollout();
        for change in &mut commit.changes {
            match self.mutant {
                Mutant::AcceptStale => {
                    let same = current.as_ref().filter(|head| head.id == change.next.id);
                    change.expected = same.map(|head| head.revision);
                }
                Mutant::LoseEntries => change.entries.clear(),
                Mutant::NoIntent => change.next.intent = None,
                Mutant::SkipReadBack
                | Mutant::RightIsEnough
                | Mutant::SkipRestore
                | Mutant::NoFence
                | Mutant::NoHeadCheck
                | Mutant::StaleReads
                | Mutant::SplitCommit
                | Mutant::ForgetKey
                | Mutant::ForgedApprovals
                | Mutant::LeaseBlocks
                | Mutant::AlarmsNeverRead
                | Mutant::AlarmsAssumed
                | Mutant::WritesRetried
                | Mutant::QueueLetsGo
                | Mutant::NoSweep => {}
            }
        }
        if self.is(Mutant::ForgetKey) {
            commit.key = None;
        }
        commit
    }

    /// Whether another invocation has the lease; it is this one's from now on if nobody has.
    fn is_locked_out(&self) -> bool {
        let holder = self.shared.lease.get().unwrap_or(self.own.number);
        self.shared.lease.set(Some(holder));
        holder != self.own.number
    }

    async fn commit_in_two(&self, commit: &Commit) -> Result<(), CommitError> {
        let mut heads = commit.clone();
        heads.key = None;
        for change in &mut heads.changes {
            change.entries.clear();
        }
        self.world.commit(&heads).await?;
        let mut words = commit.clone();
        for change in &mut words.changes {
            change.expected = Some(change.next.revision);
        }
        self.world.commit(&words).await
    }
}

impl Ports for Mutated {
    type Store = Self;
    type Router = Self;
    type Metrics = World;
    type Alarms = Self;
    type Hooks = World;
    type Clock = Self;

    fn store(&self) -> &Self {
        self
    }

    fn router(&self) -> &Self {
        self
    }

    fn metrics(&self) -> &World {
        &self.world
    }

    fn alarms(&self) -> &Self {
        self
    }

    fn hooks(&self) -> &World {
        &self.world
    }

    fn clock(&self) -> &Self {
        self
    }
}

impl Store for Mutated {
    async fn load(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        let mut head = self.world.load(id).await?;
        if let (true, Some(gate)) = (
            self.is(Mutant::ForgedApprovals),
            head.as_mut().and_then(|head| head.gate.as_mut()),
        ) {
            let nobody = ["nobody", "no one"].map(Person::new);
            gate.approvals.extend(nobody);
        }
        let checks = self.own.has_read_route.replace(false);
        if checks && self.is(Mutant::NoHeadCheck) {
            return Ok(self.own.known.borrow().get(id).cloned().or(head));
        }
        if checks && self.is(Mutant::StaleReads) {
            return Ok(self.behind(id, head));
        }
        if let (false, Some(head)) = (checks, &head) {
            self.know(head);
        }
        Ok(head)
    }

    async fn newest(&self, service: &ServiceName) -> Result<Option<Rollout>, Trouble> {
        self.world.newest(service).await
    }

    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        self.own.has_read_route.set(false);
        if self.is(Mutant::LeaseBlocks) && self.is_locked_out() {
            let trouble = Trouble::passing("somebody else has the lease");
            return Err(CommitError::Trouble(trouble));
        }
        let committed = if self.is(Mutant::SplitCommit) {
            self.commit_in_two(commit).await
        } else {
            self.world.commit(&self.twist(commit)).await
        };
        if committed.is_ok() {
            commit
                .changes
                .iter()
                .for_each(|change| self.know(&change.next));
        }
        committed
    }

    async fn is_done(&self, key: &EventKey) -> Result<bool, Trouble> {
        self.world.is_done(key).await
    }

    async fn active(&self) -> Result<Vec<RolloutId>, Trouble> {
        self.world.active().await
    }

    async fn guarded_by(&self, alarm: &AlarmArn) -> Result<Vec<RolloutId>, Trouble> {
        self.world.guarded_by(alarm).await
    }
}

/// A route that is as a write wants it.
fn as_wanted(route: &Route, write: &Write) -> Target {
    let weight = write.goal.weight();
    Target {
        seen: Seen {
            weight,
            base: weight,
            carrier: Carrier::Ready,
            leftover: Leftover::None,
            epoch: Some(write.epoch),
            propagation: Propagation::Done,
            settle: route.settle(),
        },
        fence: FenceToken(String::new()),
    }
}

impl Router for Mutated {
    async fn read(&self, route: RouteRef<'_>) -> Result<Target, Trouble> {
        let written = self.own.written.take();
        if let (true, Some(write)) = (self.is(Mutant::SkipReadBack), written) {
            return Ok(as_wanted(route.route, &write));
        }
        let mut target = Router::read(&self.world, route).await?;
        self.own.has_read_route.set(true);
        if self.is(Mutant::RightIsEnough) {
            target.seen.epoch = None;
        }
        Ok(target)
    }

    async fn write(&self, route: RouteRef<'_>, write: &Write) -> Result<(), WriteError> {
        self.own.has_read_route.set(false);
        *self.own.written.borrow_mut() = Some(write.clone());
        let mut write = write.clone();
        if self.is(Mutant::SkipRestore) && write.goal == Goal::Restored {
            return Ok(());
        }
        if self.is(Mutant::NoFence) {
            let newest = Router::read(&self.world, route).await;
            write.fence = newest.map_err(WriteError::Trouble)?.fence;
        }
        let written = self.world.write(route, &write).await;
        match written {
            Err(WriteError::Trouble(_)) if self.is(Mutant::WritesRetried) => {
                self.world.write(route, &write).await
            }
            Ok(()) | Err(WriteError::Trouble(_) | WriteError::Fenced) => written,
        }
    }

    async fn set_drain(&self, route: RouteRef<'_>, drain: SignedDuration) -> Result<(), Trouble> {
        self.world.set_drain(route, drain).await
    }
}

impl Alarms for Mutated {
    async fn read(&self, alarms: &[AlarmArn]) -> Vec<AlarmReading> {
        let readings = Alarms::read(&self.world, alarms).await;
        let well = |since| AlarmReading::State {
            state: AlarmState::Ok,
            since,
            reason: String::new(),
        };
        readings
            .into_iter()
            .map(|reading| match (&reading, self.mutant) {
                (AlarmReading::State { since, .. }, Mutant::AlarmsNeverRead) => well(*since),
                (AlarmReading::Unreadable(_), Mutant::AlarmsAssumed) => well(Timestamp::MIN),
                _ => reading,
            })
            .collect()
    }
}

impl Clock for Mutated {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    async fn sleep(&self, duration: SignedDuration) {
        self.own.has_read_route.set(false);
        Clock::sleep(&self.world, duration).await;
    }
}
