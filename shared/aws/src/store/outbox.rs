//! What was told of an entry on each way that it is told: one slip an item of the ledger and lane.
//!
//! A lane is one way to some people: a channel of Slack, a topic, a telephone. A slip is taken before its message is
//! sent, so that two workers do not both send it, and says afterwards what became of it. What is not yet sent stands in
//! the index of what is active, under a name of its own, so that a retry finds it without reading what was sent.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ledger::Line,
    name::RolloutId,
    rollout::Rollout,
    time::{SignedDuration, Timestamp, later},
};
use engine::{ports, trouble::Trouble};
use sha2::{Digest as _, Sha256};

use super::{
    INDEX, Store, Told, entry, head,
    item::{self, Item},
    key::{self, Key, PK},
};
use crate::{
    outlets::Posted,
    trouble::{code, trouble},
};

#[cfg(test)]
mod tests;

/// The version of a slip that is written, and the newest that is read.
const VERSION: u64 = 1;

/// How long slips are kept: longer than a stream keeps what they are of, and than anybody tries again.
const SLIPS_LAST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The name in the index under which unsent slips stand.
const UNSENT: &str = "outbox";

/// What became of a message on a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// The first entry that the message tells, by its number; 0 for what is shown of the rollout as a whole.
    pub seq: u64,
    /// Which way it is told.
    pub lane: String,
    /// How far it is.
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// What it says, in one line.
    pub title: String,
    /// When it was last changed.
    pub at: Timestamp,
    /// Where it is in Slack, if it is there.
    pub posted: Option<Posted>,
    /// Counts its changes; a change is refused if it has moved.
    pub revision: u64,
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Somebody is sending it; who has not said so by then has died.
    Taken(Timestamp),
    /// It waits for its turn or for its next try.
    Waiting(Timestamp),
    /// It was sent.
    Sent,
    /// It said what was said a moment ago: it is counted and not sent.
    Folded,
    /// It was given up, and nobody has been told yet.
    Failed,
    /// It was given up, and people were told so on another way or later.
    Owned,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Taken(_) => "taken",
            Self::Waiting(_) => "waiting",
            Self::Sent => "sent",
            Self::Folded => "folded",
            Self::Failed => "failed",
            Self::Owned => "owned",
        }
    }

    /// When somebody should look at it, if it is not over.
    #[must_use]
    pub const fn due(self) -> Option<Timestamp> {
        match self {
            Self::Taken(at) | Self::Waiting(at) => Some(at),
            Self::Sent | Self::Folded | Self::Failed | Self::Owned => None,
        }
    }
}

/// Whether a slip is kept as it was to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Kept {
    /// It is.
    Kept,
    /// Somebody else has changed it since it was read.
    Moved,
}

/// The slips of a rollout.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Outbox {
    /// Every slip of a rollout, as they are now, in the order of their entries.
    async fn slips(&self, id: &RolloutId) -> Result<Vec<Slip>, Trouble>;

    /// Keeps a slip, if the one that is kept is of the revision before it: none, for revision 1.
    async fn keep(&self, id: &RolloutId, slip: &Slip) -> Result<Kept, Trouble>;

    /// The rollouts that have something unsent, as they were a moment ago.
    async fn unsent(&self) -> Result<Vec<RolloutId>, Trouble>;
}

/// What messages are made from.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Book {
    /// A rollout as it stands now; none if there is none.
    async fn rollout(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble>;

    /// What is told by the item of the ledger that begins with this entry.
    async fn told(&self, id: &RolloutId, seq: u64) -> Result<Vec<Told>, Trouble>;

    /// The whole ledger of a rollout.
    async fn ledger(&self, id: &RolloutId) -> Result<Vec<Line>, Trouble>;
}

/// The name of a way: a kind and an address. An address that may hold a secret goes in as its hash.
#[must_use]
pub fn lane(kind: &str, address: &str) -> String {
    if address.contains("://") {
        let hash: [u8; 32] = Sha256::digest(address.as_bytes()).into();
        let [a, b, c, d, ..] = hash;
        return format!("{kind}/{:08x}", u32::from_be_bytes([a, b, c, d]));
    }
    format!("{kind}/{address}")
}

fn write(id: &RolloutId, slip: &Slip) -> Item {
    let mut item = Key::slip(id, slip.seq, &slip.lane).attributes();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let expires = later(slip.at, SLIPS_LAST).as_second();
    let fields = [
        ("seq", item::numeric(&slip.seq)),
        ("lane", text(&slip.lane)),
        ("state", text(slip.state.word())),
        ("attempts", item::numeric(&slip.attempts)),
        ("title", text(&slip.title)),
        ("at", text(&slip.at.to_string())),
        ("revision", item::numeric(&slip.revision)),
        ("expires", item::numeric(&expires)),
    ];
    item.extend([item::version(VERSION)]);
    item.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    if let Some(due) = slip.state.due() {
        item.insert("due".to_owned(), text(&due.to_string()));
        item.insert(head::ACTIVE.to_owned(), text(UNSENT));
    }
    if let Some(posted) = &slip.posted {
        item.insert("channel".to_owned(), text(&posted.channel));
        item.insert("ts".to_owned(), text(&posted.ts));
    }
    item
}

fn read(item: &Item) -> Result<Slip, Trouble> {
    item::check_version(item, VERSION)?;
    let at = |attribute| {
        let text = item::text(item, attribute)?;
        text.parse::<Timestamp>()
            .map_err(|_| item::malformed(item, format!("has no time `{attribute}`")))
    };
    let state = match item::text(item, "state")? {
        "taken" => State::Taken(at("due")?),
        "waiting" => State::Waiting(at("due")?),
        "sent" => State::Sent,
        "folded" => State::Folded,
        "failed" => State::Failed,
        "owned" => State::Owned,
        _ => return Err(item::malformed(item, "has an unknown state")),
    };
    let place = item::optional(item, "channel").zip(item::optional(item, "ts"));
    Ok(Slip {
        seq: item::number(item, "seq")?,
        lane: item::text(item, "lane")?.to_owned(),
        state,
        attempts: u32::try_from(item::number(item, "attempts")?).unwrap_or(u32::MAX),
        title: item::text(item, "title")?.to_owned(),
        at: at("at")?,
        posted: place.map(|(channel, ts)| Posted {
            channel: channel.to_owned(),
            ts: ts.to_owned(),
        }),
        revision: item::number(item, "revision")?,
    })
}

impl Outbox for Store {
    /// A round trip a megabyte: some thousand slips.
    async fn slips(&self, id: &RolloutId) -> Result<Vec<Slip>, Trouble> {
        let pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":pk", AttributeValue::S(key::outbox(id)))
            .set_limit(self.page)
            .into_paginator()
            .items()
            .send();
        let items: Result<Vec<Item>, _> = pages.collect().await;
        let items = items.map_err(|error| trouble("Query", &error))?;
        items.iter().map(read).collect()
    }

    /// One round trip.
    async fn keep(&self, id: &RolloutId, slip: &Slip) -> Result<Kept, Trouble> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(write(id, slip)));
        let put = match slip.revision {
            0 | 1 => put
                .condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", PK),
            later => put
                .condition_expression("#revision = :revision")
                .expression_attribute_names("#revision", "revision")
                .expression_attribute_values(":revision", item::numeric(&later.saturating_sub(1))),
        };
        match put.send().await {
            Ok(_) => Ok(Kept::Kept),
            Err(error) if code(&error) == Some("ConditionalCheckFailedException") => {
                Ok(Kept::Moved)
            }
            Err(error) => Err(trouble("PutItem", &error)),
        }
    }

    /// A round trip a megabyte of the index.
    async fn unsent(&self) -> Result<Vec<RolloutId>, Trouble> {
        let pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("#active = :unsent")
            .projection_expression("#pk")
            .expression_attribute_names("#active", head::ACTIVE)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":unsent", AttributeValue::S(UNSENT.to_owned()))
            .set_limit(self.page)
            .into_paginator()
            .items()
            .send();
        let items: Result<Vec<Item>, _> = pages.collect().await;
        let items = items.map_err(|error| trouble("Query", &error))?;
        let mut ids: Vec<RolloutId> = Vec::new();
        for item in &items {
            let id = key::rollout_of_outbox(item::text(item, PK)?)
                .ok_or_else(|| item::malformed(item, "is no rollout's"))?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }
}

impl Book for Store {
    async fn rollout(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        ports::Store::load(self, id).await
    }

    /// One round trip.
    async fn told(&self, id: &RolloutId, seq: u64) -> Result<Vec<Told>, Trouble> {
        match self.get(&Key::entry(id, seq)).await? {
            Some(item) => entry::read(&item),
            None => Ok(Vec::new()),
        }
    }

    async fn ledger(&self, id: &RolloutId) -> Result<Vec<Line>, Trouble> {
        Self::ledger(self, id).await
    }
}
