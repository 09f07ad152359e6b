//! Heads with everything that only grows made relative, and production's decisions about them.
//!
//! Epochs, revisions and times only grow, and a decision only compares them. So a head is kept as it would be
//! if it were now [`T0`] and the newest epoch were [`E0`]: two heads that differ in nothing but how far they
//! have grown are one, and there are only so many. Each decision is production's [`decide`], made once for
//! each head and event. [`super::faithful`] holds this against histories that really grow.

use std::{
    collections::{HashMap, HashSet},
    sync::{PoisonError, RwLock},
};

use domain::{
    decide::decide,
    ledger::{Chain, Fact, Line, verify},
    rollout::{IntentKind, Rollout, Status},
    target::{Floor, Goal},
    time::{SignedDuration, Timestamp, earlier, later},
    traffic::{Epoch, Weight},
};

use super::{
    event::Word,
    plan::{self, route},
};

/// The newest epoch, in every canonical head.
pub(crate) const E0: Epoch = Epoch(100);

/// Now, in every canonical head.
pub(crate) fn t0() -> Timestamp {
    plan::began()
}

/// A head, by its place in [`Heads`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct HeadId(u16);

/// What a worker or a property asks of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub(crate) struct About {
    pub(crate) forward: bool,
    pub(crate) active: bool,
    pub(crate) back: bool,
    pub(crate) confirmed: bool,
    pub(crate) completed: bool,
    pub(crate) awaits_approval: bool,
    pub(crate) held: bool,
    pub(crate) bakes: bool,
    pub(crate) shifts: bool,
    pub(crate) enters: bool,
    pub(crate) phase: Option<u8>,
    pub(crate) intent: Option<Intent>,
    pub(crate) goal: Goal,
    pub(crate) floor: Floor,
    pub(crate) desired: Weight,
    /// Whether a late write could still land on a target that takes every write.
    pub(crate) late: bool,
    /// The most that a phase which has begun may serve.
    pub(crate) most: Weight,
}

/// An open intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Intent {
    pub(crate) kind: IntentKind,
    pub(crate) expired: bool,
}

/// What a decision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decided {
    Refused,
    Nothing,
    Commit(Commit),
}

/// A decision to commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) next: HeadId,
    /// How many epochs newer it is.
    pub(crate) epochs: u8,
    pub(crate) broken: Broken,
    /// It closes the open intent.
    pub(crate) acknowledges: bool,
    /// It ends a hold by a person's word.
    pub(crate) resumes: bool,
}

/// Promises that were broken on the way, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Broken(u16);

impl Broken {
    /// I1: a commit raised a weight after a rollback was committed.
    pub(crate) const RAISED_AFTER_ROLLBACK: Self = Self(1);
    /// I4: a commit undid a rollback.
    pub(crate) const ROLLBACK_UNDONE: Self = Self(1 << 1);
    /// I7: an epoch went back, weights changed without a new one, or an intent is not of its head's epoch.
    pub(crate) const EPOCH: Self = Self(1 << 2);
    /// I5: the gated phase began without its approval.
    pub(crate) const UNAPPROVED: Self = Self(1 << 3);
    /// I3: a phase was skipped.
    pub(crate) const SKIPPED: Self = Self(1 << 4);
    /// I6: an intent was closed although the route was never as it wanted.
    pub(crate) const UNSEEN: Self = Self(1 << 5);
    /// I8: an approval had its effect twice.
    pub(crate) const TWICE: Self = Self(1 << 6);
    /// I10: the entries of a commit are not chained.
    pub(crate) const CHAIN: Self = Self(1 << 7);
    /// I11: weights changed, or a status that people hear of, without a word.
    pub(crate) const WORDLESS: Self = Self(1 << 8);
    /// What a stranger had closed was raised although nobody let it go on.
    pub(crate) const RAISED_OVER_HAND: Self = Self(1 << 9);
    /// A bake began although the weights were not in effect.
    pub(crate) const BAKED_EARLY: Self = Self(1 << 10);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn when(self, broken: bool) -> Self {
        if broken { self } else { Self(0) }
    }
}

/// Every head that was met, and every decision that was made.
#[derive(Debug, Default)]
pub(crate) struct Heads(RwLock<Tables>);

#[derive(Debug, Default)]
struct Tables {
    heads: Vec<(Rollout, About)>,
    ids: HashMap<Rollout, HeadId>,
    decided: HashMap<(HeadId, Word), Decided>,
    expired: HashMap<HeadId, HeadId>,
    settled: HashMap<HeadId, HeadId>,
    unguarded: HashMap<HeadId, HeadId>,
    unnoted: HashMap<HeadId, HeadId>,
    marked: HashMap<HeadId, HeadId>,
    committed: HashSet<(HeadId, HeadId)>,
}

impl Tables {
    fn intern(&mut self, rollout: Rollout) -> HeadId {
        if let Some(id) = self.ids.get(&rollout) {
            return *id;
        }
        let id = HeadId(u16::try_from(self.heads.len()).expect("there are only so many heads"));
        self.heads.push((rollout.clone(), About::of(&rollout)));
        self.ids.insert(rollout, id);
        id
    }
}

impl Heads {
    fn read<T>(&self, look: impl FnOnce(&Tables) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Tables) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn intern(&self, rollout: &Rollout, now: Timestamp) -> HeadId {
        let canonical = canonical(rollout, now);
        self.write(|tables| tables.intern(canonical))
    }

    /// Notes that a head was followed by another.
    pub(crate) fn note(&self, before: HeadId, next: HeadId) {
        if !self.read(|tables| tables.committed.contains(&(before, next))) {
            self.write(|tables| tables.committed.insert((before, next)));
        }
    }

    /// Every commit that was made: a head, and the one that followed it.
    pub(crate) fn commits(&self) -> Vec<(Rollout, Rollout)> {
        let pairs: Vec<_> = self.read(|tables| tables.committed.iter().copied().collect());
        let head = |id| self.rollout(id);
        pairs
            .into_iter()
            .map(|(before, next)| (head(before), head(next)))
            .collect()
    }

    pub(crate) fn about(&self, id: HeadId) -> About {
        self.read(|tables| tables.heads[usize::from(id.0)].1)
    }

    pub(crate) fn rollout(&self, id: HeadId) -> Rollout {
        self.read(|tables| tables.heads[usize::from(id.0)].0.clone())
    }

    pub(crate) fn all(&self) -> Vec<Rollout> {
        self.read(|tables| tables.heads.iter().map(|(head, _)| head.clone()).collect())
    }

    /// What production decides on a head.
    pub(crate) fn decide(&self, id: HeadId, word: Word) -> Decided {
        if let Some(known) = self.read(|tables| tables.decided.get(&(id, word)).copied()) {
            return known;
        }
        let head = self.rollout(id);
        let event = word.event();
        let decided = match decide(&head, &event, t0()) {
            Err(_) => Decided::Refused,
            Ok(decision) if !decision.changes(&head) => Decided::Nothing,
            Ok(decision) => {
                let lines: Vec<Line> = decision
                    .entries
                    .iter()
                    .map(domain::ledger::Entry::line)
                    .collect();
                let broken = broken(&head, &decision.next, &decision.entries).and(
                    Broken::CHAIN
                        .when(verify(head.chain, &lines, Some(decision.next.chain)).is_err()),
                );
                let epochs = decision.next.epoch.0 - E0.0;
                Decided::Commit(Commit {
                    next: self.intern(&decision.next, t0()),
                    epochs: u8::try_from(epochs).expect("a decision opens a few epochs"),
                    broken,
                    acknowledges: head.intent.is_some() && decision.next.intent.is_none(),
                    resumes: word == Word::AskedResume,
                })
            }
        };
        self.write(|tables| tables.decided.insert((id, word), decided));
        decided
    }

    /// The head once its intent's deadline has passed.
    pub(crate) fn expired(&self, id: HeadId) -> HeadId {
        self.changed(
            id,
            |tables| &mut tables.expired,
            |head| {
                if let Some(intent) = &mut head.intent {
                    intent.deadline = past();
                }
            },
        )
    }

    /// The head once no late write can land any more.
    pub(crate) fn settled(&self, id: HeadId) -> HeadId {
        self.changed(
            id,
            |tables| &mut tables.settled,
            |head| {
                head.late_until = t0();
                if let Some(intent) = &mut head.intent {
                    intent.deadline = past();
                }
            },
        )
    }

    /// The head as if no late write could land.
    pub(crate) fn unguarded(&self, id: HeadId) -> HeadId {
        self.changed(
            id,
            |tables| &mut tables.unguarded,
            |head| head.late_until = t0(),
        )
    }

    /// The head without its note of what is still to be done.
    pub(crate) fn unnoted(&self, id: HeadId) -> HeadId {
        self.changed(id, |tables| &mut tables.unnoted, |head| head.intent = None)
    }

    /// The head as if its rollback were done.
    pub(crate) fn marked(&self, id: HeadId) -> HeadId {
        self.changed(
            id,
            |tables| &mut tables.marked,
            |head| {
                if let Status::RollingBack { cause, began } = head.status.clone() {
                    head.intent = None;
                    head.status = Status::RolledBack {
                        cause,
                        restored: began,
                    };
                }
            },
        )
    }

    fn changed(
        &self,
        id: HeadId,
        known: fn(&mut Tables) -> &mut HashMap<HeadId, HeadId>,
        change: impl FnOnce(&mut Rollout),
    ) -> HeadId {
        self.write(|tables| {
            if let Some(id) = known(tables).get(&id) {
                return *id;
            }
            let mut head = tables.heads[usize::from(id.0)].0.clone();
            change(&mut head);
            let changed = tables.intern(head);
            known(tables).insert(id, changed);
            changed
        })
    }
}

fn past() -> Timestamp {
    earlier(t0(), SignedDuration::from_secs(1))
}

fn future() -> Timestamp {
    later(t0(), SignedDuration::from_secs(10))
}

/// A head as it would be if it were now [`T0`] and its epoch [`E0`].
pub(crate) fn canonical(rollout: &Rollout, now: Timestamp) -> Rollout {
    let mut head = rollout.clone();
    let epoch = head.epoch;
    head.epoch = E0;
    head.revision = 0;
    head.chain = Chain::default();
    head.notices.clear();
    // What is kept for the last message alone decides nothing.
    head.shown = None;
    head.breached.clear();
    head.started_at = t0();
    head.late_until = if now < head.late_until {
        future()
    } else {
        t0()
    };
    if let Some(intent) = &mut head.intent {
        let expired = intent.deadline < now;
        intent.deadline = if expired { past() } else { future() };
        // An intent of another epoch than its head's is kept as such: it breaks a promise.
        intent.epoch = Epoch(E0.0 + intent.epoch.0 - epoch.0);
        intent.retakes = 0;
    }
    for state in head.routes.values_mut() {
        state.acknowledged = state.acknowledged.filter(|own| *own == epoch).map(|_| E0);
        state.effective = state.effective.map(|_| t0());
    }
    if let Some(gate) = &mut head.gate {
        gate.since = t0();
        gate.asked = gate.asked.map(|_| t0());
    }
    match &mut head.status {
        Status::Completed { at }
        | Status::RollingBack { began: at, .. }
        | Status::Guarding { restored: at, .. }
        | Status::RolledBack { restored: at, .. } => *at = t0(),
        Status::Starting
        | Status::Entering(_)
        | Status::Shifting
        | Status::Baking
        | Status::AwaitingApproval
        | Status::Watching
        | Status::AwaitingFinish
        | Status::Finishing
        | Status::Superseded { .. } => {}
    }
    head
}

impl About {
    fn of(head: &Rollout) -> Self {
        let status = &head.status;
        let phases = head.plan.phases.len() as u64;
        let begun = head.phase.map_or(0, |phase| phase as u64 + 1);
        Self {
            forward: status.is_forward(),
            active: status.is_active(),
            back: status.is_rollback(),
            confirmed: matches!(status, Status::RolledBack { .. }),
            completed: matches!(status, Status::Completed { .. }),
            awaits_approval: *status == Status::AwaitingApproval,
            shifts: *status == Status::Shifting,
            bakes: *status == Status::Baking,
            enters: matches!(status, Status::Entering(_)),
            held: !head.holds.is_empty() || head.routes.values().any(|state| state.drift.is_some()),
            phase: head
                .phase
                .map(|phase| u8::try_from(phase).expect("a few phases")),
            intent: head.intent.map(|intent| Intent {
                kind: intent.kind,
                expired: intent.deadline < t0(),
            }),
            goal: head.goal(&route()),
            floor: head.floor(&route()),
            desired: head.desired.get(&route()),
            late: t0() < head.late_until,
            most: Weight::nearest(begun, phases),
        }
    }
}

/// Which promises a commit breaks by itself.
fn broken(before: &Rollout, next: &Rollout, entries: &[domain::ledger::Entry]) -> Broken {
    let raised = next.desired.raises_over(&before.desired);
    let back = before.status.is_rollback();
    let last = next.plan.phases.len() - 1;
    let enters_last = next.phase == Some(last) && before.phase != Some(last);
    let approved = before
        .gate
        .as_ref()
        .is_some_and(|gate| !gate.approvals.is_empty());
    let grown = next.phase.map_or(0, |phase| phase + 1);
    let was = before.phase.map_or(0, |phase| phase + 1);
    let epoch = next.epoch < before.epoch
        || (next.epoch == before.epoch && next.desired != before.desired)
        || next.intent.is_some_and(|intent| intent.epoch != next.epoch);
    let approvals = entries
        .iter()
        .filter(|entry| matches!(entry.fact, Fact::Approved { .. }))
        .count();
    let told = std::mem::discriminant(&before.status) == std::mem::discriminant(&next.status)
        || !entries.is_empty()
        // Being on the way to what comes next is told when it comes.
        || matches!(next.status, Status::Entering(_) | Status::Baking | Status::Shifting);
    Broken::RAISED_AFTER_ROLLBACK
        .when(back && raised)
        .and(Broken::ROLLBACK_UNDONE.when(back && !next.status.is_rollback()))
        .and(Broken::EPOCH.when(epoch))
        .and(Broken::UNAPPROVED.when(enters_last && !approved))
        .and(Broken::SKIPPED.when(grown > was + 1))
        .and(Broken::TWICE.when(approvals > 1 || (approvals == 1 && approved)))
        .and(Broken::WORDLESS.when(!told || (next.desired != before.desired && entries.is_empty())))
}
