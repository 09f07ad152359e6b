//! The store in one `DynamoDB` table: heads, plans, ledgers, owners, and what events have had their effect.
//!
//! From an alarm to the commit of what follows from it lie three round trips: [`guarded_by`](ports::Store::guarded_by)
//! (one query of the index), [`load`](ports::Store::load) (one read) and [`commit`](ports::Store::commit) (one
//! transaction). Each is one call to `DynamoDB` while nothing is in the way; where one takes more, it says so.
//!
//! What the table must be: keys `pk` and `sk` (texts), an index `active` with the keys `active` and `pk` that projects
//! at least `alarms`, a stream with new images, and `expires` as its time to live.

mod action;
mod commit;
mod entry;
mod head;
mod image;
mod item;
mod key;
mod link;
pub mod outbox;
mod record;

use std::sync::Arc;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use domain::{
    ledger::Line,
    name::{AlarmArn, EventKey, RolloutId, ServiceName},
    plan::Plan,
    rollout::Rollout,
};
use engine::{
    ports::{self, Commit},
    trouble::{CommitError, Trouble},
};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use crate::trouble::trouble;
use head::Plans;
use item::Item;
use key::{ENTRIES, HEAD, Key, PK, PLAN, SK};

pub use entry::Told;
pub use image::entries_of_image;

/// The index of active rollouts.
const INDEX: &str = "active";

/// The most rollouts of a service that are listed.
pub const LISTED_MAX: u64 = 50;

/// How many heads are read at once for a list.
const READ_AT_ONCE: usize = 16;

/// The store in one table; clones share what they have read of plans.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
    plans: Arc<Plans>,
    page: Option<i32>,
}

impl Store {
    /// The store in a table.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self {
            client,
            table,
            plans: Arc::default(),
            page: None,
        }
    }

    /// The same store, read in pages of so many items and not of a megabyte.
    #[must_use]
    pub fn in_pages_of(mut self, items: i32) -> Self {
        self.page = Some(items);
        self
    }

    /// The whole ledger of a rollout as it stands now, in its order; verified by whoever reads it. A round trip a
    /// megabyte.
    pub async fn ledger(&self, id: &RolloutId) -> Result<Vec<Line>, Trouble> {
        let entries = self.told(id).await?;
        Ok(entries.into_iter().map(|told| told.line).collect())
    }

    /// The same, with what people are told of each entry.
    pub async fn told(&self, id: &RolloutId) -> Result<Vec<Told>, Trouble> {
        let pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :entries)")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", AttributeValue::S(key::partition(id)))
            .expression_attribute_values(":entries", AttributeValue::S(ENTRIES.to_owned()))
            .set_limit(self.page)
            .into_paginator()
            .items()
            .send();
        let items: Vec<Item> = pages
            .collect::<Result<_, _>>()
            .await
            .map_err(|error| trouble("Query", &error))?;
        let mut entries = Vec::new();
        for item in &items {
            entries.extend(entry::read(item)?);
        }
        Ok(entries)
    }

    /// A service's rollouts, the newest first and at most [`LISTED_MAX`] of them; without a service the active ones,
    /// the last begun first. A round trip for the list and one for each head, some of them at once.
    pub async fn rollouts(&self, service: Option<&ServiceName>) -> Result<Vec<Rollout>, Trouble> {
        let ids = match service {
            Some(service) => self.numbered(service).await?,
            None => ports::Store::active(self).await?,
        };
        let heads: Vec<Option<Rollout>> = stream::iter(ids)
            .map(|id| async move { ports::Store::load(self, &id).await })
            .buffered(READ_AT_ONCE)
            .try_collect()
            .await?;
        let mut rollouts: Vec<Rollout> = heads.into_iter().flatten().collect();
        if service.is_none() {
            // The index is some seconds behind.
            rollouts.retain(|rollout| rollout.status.is_active());
            rollouts.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
        }
        Ok(rollouts)
    }

    async fn numbered(&self, service: &ServiceName) -> Result<Vec<RolloutId>, Trouble> {
        let newest = self.newest_number(service).await?.unwrap_or(0);
        let oldest = newest.saturating_sub(LISTED_MAX);
        let numbers = (oldest..newest)
            .rev()
            .map(|before| before.saturating_add(1));
        let id = |number| RolloutId {
            service: service.clone(),
            number,
        };
        Ok(numbers.map(id).collect())
    }

    async fn newest_number(&self, service: &ServiceName) -> Result<Option<u64>, Trouble> {
        let Some(item) = self.get(&Key::newest(service)).await? else {
            return Ok(None);
        };
        item::check_version(&item, commit::VERSION)?;
        item::number(&item, commit::NUMBER).map(Some)
    }

    /// One strongly consistent read of one item.
    async fn get(&self, key: &Key) -> Result<Option<Item>, Trouble> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .consistent_read(true)
            .set_key(Some(key.attributes()))
            .send()
            .await;
        let answer = answer.map_err(|error| trouble("GetItem", &error))?;
        Ok(answer.item)
    }

    /// The head and its plan in one strongly consistent query.
    async fn load_with_plan(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        // Both together are less than the megabyte that a query reads: an item has at most 400 KB.
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :head AND :plan")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", AttributeValue::S(key::partition(id)))
            .expression_attribute_values(":head", AttributeValue::S(HEAD.to_owned()))
            .expression_attribute_values(":plan", AttributeValue::S(PLAN.to_owned()))
            .send()
            .await;
        let answer = answer.map_err(|error| trouble("Query", &error))?;
        let item = |sk| {
            let mut items = answer.items().iter();
            items.find(|item| item::optional(item, SK) == Some(sk))
        };
        let Some(head) = item(HEAD) else {
            return Ok(None);
        };
        // A newer version may keep its plan in another way: its head is refused first.
        item::check_version(head, record::VERSION)?;
        let Some(plan) = item(PLAN) else {
            // A query may see one item from before a transaction and one from after it (`DynamoDB`, "Transaction
            // isolation levels").
            return Err(Trouble::passing(format!(
                "the plan of {id} is not there yet"
            )));
        };
        let plan = self.plans.read(id, plan)?;
        head::read(head, id, plan).map(Some)
    }

    /// The head alone, with the plan that this process has read before.
    async fn load_head(&self, id: &RolloutId, plan: Arc<Plan>) -> Result<Option<Rollout>, Trouble> {
        match self.get(&Key::head(id)).await? {
            Some(item) => head::read(&item, id, plan).map(Some),
            None => Ok(None),
        }
    }

    /// The items of the index of active rollouts, all pages; `filtered` may leave some out.
    async fn index(&self, guarding: Option<&AlarmArn>) -> Result<Vec<Item>, Trouble> {
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("#active = :active")
            .projection_expression("#pk, #alarms")
            .expression_attribute_names("#active", head::ACTIVE)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#alarms", head::ALARMS)
            .expression_attribute_values(":active", AttributeValue::S("1".to_owned()))
            .set_limit(self.page);
        if let Some(alarm) = guarding {
            // What an index does not project is not there: that must not look like "guarded by none".
            query = query
                .filter_expression("contains(#alarms, :alarm) OR attribute_not_exists(#alarms)")
                .expression_attribute_values(":alarm", AttributeValue::S(alarm.to_string()));
        }
        let items = query.into_paginator().items().send();
        let items: Result<Vec<Item>, _> = items.collect().await;
        items.map_err(|error| trouble("Query", &error))
    }

    /// A plan that was committed need not be read.
    fn keep_plans(&self, commit: &Commit) {
        for change in &commit.changes {
            if change.expected.is_none() {
                self.plans.keep(&change.next.id, &change.next.plan);
            }
        }
    }
}

fn rollout_of(item: &Item) -> Result<RolloutId, Trouble> {
    key::rollout(item::text(item, PK)?).ok_or_else(|| item::malformed(item, "is no rollout's"))
}

impl ports::Store for Store {
    /// One round trip: the head, and its plan with it unless the process has read it before.
    async fn load(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        match self.plans.of(id) {
            Some(plan) => self.load_head(id, plan).await,
            None => self.load_with_plan(id).await,
        }
    }

    /// Two round trips, one after the other: which rollout is the newest, and its head.
    async fn newest(&self, service: &ServiceName) -> Result<Option<Rollout>, Trouble> {
        let Some(number) = self.newest_number(service).await? else {
            return Ok(None);
        };
        let id = RolloutId {
            service: service.clone(),
            number,
        };
        self.load(&id).await
    }

    /// One round trip, however many rollouts, entries and routes are part of it; one more where a completed rollout
    /// goes back, or an ended one changes whose routes another has.
    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        let now = Timestamp::now();
        commit::commit(&self.client, &self.table, commit, now).await?;
        self.keep_plans(commit);
        Ok(())
    }

    /// One round trip. A key is there for two weeks at least; that it is there longer does no harm.
    async fn is_done(&self, key: &EventKey) -> Result<bool, Trouble> {
        Ok(self.get(&Key::done(key)).await?.is_some())
    }

    /// A round trip a megabyte of the index, which is some hundred rollouts with many alarms each, or some thousand.
    async fn active(&self) -> Result<Vec<RolloutId>, Trouble> {
        self.index(None).await?.iter().map(rollout_of).collect()
    }

    /// As [`active`](ports::Store::active): the index says by which alarms a rollout is guarded, so no head is read.
    async fn guarded_by(&self, alarm: &AlarmArn) -> Result<Vec<RolloutId>, Trouble> {
        let items = self.index(Some(alarm)).await?;
        if items.iter().any(|item| !item.contains_key(head::ALARMS)) {
            return Err(Trouble::lasting(format!(
                "the index `{INDEX}` of the table does not show by which alarms a rollout is guarded: make it \
                 project `{}`",
                head::ALARMS
            )));
        }
        items.iter().map(rollout_of).collect()
    }
}
