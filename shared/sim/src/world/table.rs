//! The store: `DynamoDB`'s transactions as far as the engine's commits use them.
//!
//! `TransactWriteItems` is all or nothing, with a condition on each item (`DynamoDB` API). A read of the
//! table can be strongly consistent; a read of an index never is, so lists of active rollouts come late.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ledger::Entry,
    name::{AlarmArn, EventKey, RolloutId, ServiceName},
    rollout::Rollout,
    time::{SignedDuration, Timestamp, earlier},
};
use engine::{
    ports::{Commit, Store},
    trouble::{CommitError, Trouble},
};

use super::{State, World, dice::between, route_key};

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rollouts: BTreeMap<RolloutId, Rollout>,
    ledgers: BTreeMap<RolloutId, Vec<Entry>>,
    keys: BTreeSet<EventKey>,
    /// Who owns a service or a route.
    owners: BTreeMap<String, RolloutId>,
    /// When each rollout came into the index of active ones, or left it; oldest first.
    index: Vec<(Timestamp, RolloutId, Membership)>,
    heads: Option<Vec<(Timestamp, Rollout)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Membership {
    In,
    Out,
}

impl Table {
    pub(crate) fn newest(&self, service: &ServiceName) -> Option<&Rollout> {
        let id = |number| RolloutId {
            service: service.clone(),
            number,
        };
        let mut of_service = self.rollouts.range(id(0)..=id(u64::MAX));
        of_service.next_back().map(|(_, head)| head)
    }

    pub(crate) fn ledger(&self, id: &RolloutId) -> &[Entry] {
        self.ledgers.get(id).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn heads(&self) -> &[(Timestamp, Rollout)] {
        self.heads.as_deref().unwrap_or(&[])
    }

    pub(crate) fn keep_heads(&mut self) {
        self.heads.get_or_insert_default();
    }

    fn commit(&mut self, commit: &Commit, now: Timestamp) -> Result<(), CommitError> {
        if commit
            .key
            .as_ref()
            .is_some_and(|key| self.keys.contains(key))
        {
            return Err(CommitError::Duplicate);
        }
        for change in &commit.changes {
            let revision = self.rollouts.get(&change.next.id).map(|head| head.revision);
            if revision != change.expected {
                return Err(CommitError::Moved);
            }
        }
        self.own(commit)?;
        self.keys.extend(commit.key.clone());
        for change in &commit.changes {
            let next = &change.next;
            let was_active = self
                .rollouts
                .get(&next.id)
                .is_some_and(|head| head.status.is_active());
            let membership = match (was_active, next.status.is_active()) {
                (false, true) => Some(Membership::In),
                (true, false) => Some(Membership::Out),
                (true, true) | (false, false) => None,
            };
            if let Some(membership) = membership {
                self.index.push((now, next.id.clone(), membership));
            }
            if let Some(heads) = &mut self.heads {
                heads.push((now, next.clone()));
            }
            self.rollouts.insert(next.id.clone(), next.clone());
            let ledger = self.ledgers.entry(next.id.clone()).or_default();
            ledger.extend(change.entries.iter().cloned());
        }
        Ok(())
    }

    /// Moves what is owned as a commit says, or nothing of it: an active rollout has its service and its routes alone.
    fn own(&mut self, commit: &Commit) -> Result<(), CommitError> {
        let nexts = || commit.changes.iter().map(|change| &change.next);
        let ends = nexts().filter(|next| !next.status.is_active());
        let ending: BTreeSet<&RolloutId> = ends.map(|next| &next.id).collect();
        let mut claimed: BTreeMap<String, &RolloutId> = BTreeMap::new();
        for next in nexts().filter(|next| next.status.is_active()) {
            for item in owned_by(next) {
                let held = self.owners.get(&item);
                let held = held.filter(|owner| !ending.contains(owner));
                let owner = claimed.get(&item).copied().or(held);
                if let Some(owner) = owner.filter(|owner| **owner != next.id) {
                    return Err(CommitError::Taken(owner.clone()));
                }
                claimed.insert(item, &next.id);
            }
        }
        let claimed = claimed.into_iter();
        let claimed: Vec<_> = claimed.map(|(item, by)| (item, by.clone())).collect();
        if !ending.is_empty() {
            self.owners.retain(|_, owner| !ending.contains(owner));
        }
        self.owners.extend(claimed);
        Ok(())
    }

    /// The rollouts that were active at an instant.
    fn active_at(&self, at: Timestamp) -> Vec<RolloutId> {
        let mut active = BTreeSet::new();
        for (_, id, membership) in self.index.iter().take_while(|(since, ..)| *since <= at) {
            match membership {
                Membership::In => active.insert(id.clone()),
                Membership::Out => active.remove(id),
            };
        }
        active.into_iter().collect()
    }
}

/// What an active rollout has alone.
fn owned_by(rollout: &Rollout) -> impl Iterator<Item = String> {
    let service = format!("service {}", rollout.id.service);
    let routes = rollout.plan.routes.values().map(route_key);
    std::iter::once(service).chain(routes)
}

impl State {
    /// What the index of active rollouts shows: what was so a moment ago.
    fn listed(&mut self, now: Timestamp) -> Vec<RolloutId> {
        let most = self.scenario.network.index_lag;
        let lag = between(&mut self.dice.calls, SignedDuration::ZERO, most);
        self.table.active_at(earlier(now, lag))
    }
}

impl Store for World {
    async fn load(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        self.look(
            "store.load",
            |trouble| trouble,
            move |state, _| Ok(state.table.rollouts.get(id).cloned()),
        )
        .await
    }

    async fn newest(&self, service: &ServiceName) -> Result<Option<Rollout>, Trouble> {
        self.look(
            "store.newest",
            |trouble| trouble,
            move |state, _| Ok(state.table.newest(service).cloned()),
        )
        .await
    }

    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        let commit = commit.clone();
        self.call("store.commit", CommitError::Trouble, move |state, now| {
            state.table.commit(&commit, now)
        })
        .await
    }

    async fn is_done(&self, key: &EventKey) -> Result<bool, Trouble> {
        self.look(
            "store.is_done",
            |trouble| trouble,
            move |state, _| Ok(state.table.keys.contains(key)),
        )
        .await
    }

    async fn active(&self) -> Result<Vec<RolloutId>, Trouble> {
        self.look(
            "store.active",
            |trouble| trouble,
            |state, now| Ok(state.listed(now)),
        )
        .await
    }

    async fn guarded_by(&self, alarm: &AlarmArn) -> Result<Vec<RolloutId>, Trouble> {
        self.look(
            "store.guarded_by",
            |trouble| trouble,
            move |state, now| {
                let mut listed = state.listed(now);
                listed.retain(|id| {
                    let head = state.table.rollouts.get(id);
                    head.is_some_and(|head| {
                        head.plan.alarms.iter().any(|guard| guard.arn == *alarm)
                    })
                });
                Ok(listed)
            },
        )
        .await
    }
}
