//! `notify`: every entry of the ledger that deserves one becomes one message, on every way that its plan names.
//!
//! It reads the table's stream, so nothing that moves traffic waits for Slack, and no message is about something that
//! did not happen. What was said where stands in the outbox: an outlet that fails delays no other and not the stream,
//! and what it did not take is tried again by the next entry and by a schedule.

mod deliver;
mod forms;
mod news;
mod offer;
mod queue;
mod report;
mod route;
mod send;
mod slack;

use aws::{
    invocation::Invocation,
    keyring::Keyring,
    outlets::{Outlets, Slack, Topic},
    store::{
        Told, entries_of_image,
        outbox::{Book, Outbox},
    },
    teller,
};
use domain::time::{SignedDuration, Timestamp};
use engine::trouble::{Chance, Trouble};
use serde_json::{Value, json};

use deliver::{Shift, deliver};
use route::Means;

/// The longest that one message takes with its place in the table: none is begun with less time than this left.
const ONE_LASTS: SignedDuration = SignedDuration::from_secs(18);

/// What `notify` works with.
#[derive(Debug)]
pub struct Desk<O, B, K> {
    /// Where words go.
    pub outlets: O,
    /// The outbox, and what messages are made from.
    pub store: B,
    /// What links are made with.
    pub keyring: K,
    /// The channel for a bot of Slack where a plan names none.
    pub channel: Option<String>,
    /// Whether there is a topic for messages.
    pub topic: Option<Topic>,
    /// Whether somebody hears buttons that are pressed.
    pub presses: Presses,
}

/// Whether somebody hears buttons that are pressed in Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presses {
    /// `approval` does.
    Heard,
    /// Nobody: messages have links only.
    Unheard,
}

impl<O: Outlets, B, K> Desk<O, B, K> {
    /// What the deployment has. What is for a Slack whose secret cannot be read fails there and not here.
    async fn means(&self) -> Result<Means, Trouble> {
        let slack = match self.outlets.slack().await {
            Ok(slack) => slack,
            Err(trouble) if trouble.chance == Chance::Lasting => Slack::Webhook,
            Err(trouble) => return Err(trouble),
        };
        Ok(Means {
            slack,
            channel: self.channel.clone(),
            topic: self.topic.clone(),
        })
    }
}

/// Sends what a batch of the stream tells; answers with where to go on from if not all was told. Asked whether Slack
/// would take a message, it answers that; asked to retry, it looks after what was not sent.
pub async fn handle<O: Outlets, B: Outbox + Book, K: Keyring>(
    desk: &Desk<O, B, K>,
    payload: &Value,
    invocation: &Invocation,
    now: impl Fn() -> Timestamp,
) -> Result<Value, String> {
    if *payload == teller::question() {
        let heard = desk.outlets.listens().await;
        return serde_json::to_value(heard).map_err(|error| error.to_string());
    }
    let until = invocation.deadline(ONE_LASTS);
    let shift = Shift { now, until };
    if *payload == json!({ "retry": "outbox" }) {
        return retry(desk, &shift).await.map_err(|trouble| {
            tracing::error!(error = %trouble, "the outbox was not looked after");
            trouble.what
        });
    }
    let Some(records) = payload.get("Records").and_then(Value::as_array) else {
        tracing::error!("the payload is no batch of a stream");
        return Err("the payload is no batch of a stream: it has no Records".to_owned());
    };
    for record in records {
        let told = if (shift.now)() < until {
            tell(desk, &shift, record).await
        } else {
            Err(Trouble::passing("there is no time left in this invocation"))
        };
        let Err(trouble) = told else { continue };
        let sequence = record
            .get("dynamodb")
            .and_then(|change| change.get("SequenceNumber"))
            .and_then(Value::as_str);
        match (trouble.chance, sequence) {
            (Chance::Lasting, _) => {
                tracing::error!(error = %trouble, sequence, "a message that cannot be told is left behind");
            }
            (Chance::Passing, Some(sequence)) => {
                tracing::warn!(error = %trouble, sequence, "told later, with what comes after it");
                return Ok(json!({ "batchItemFailures": [{ "itemIdentifier": sequence }] }));
            }
            (Chance::Passing, None) => {
                tracing::error!(error = %trouble, "a record without a number fails its whole batch");
                return Err(trouble.what);
            }
        }
    }
    Ok(json!({ "batchItemFailures": [] }))
}

/// Tells what one record tells, if it tells anything.
async fn tell<O: Outlets, B: Outbox + Book, K: Keyring, N: Fn() -> Timestamp>(
    desk: &Desk<O, B, K>,
    shift: &Shift<N>,
    record: &Value,
) -> Result<(), Trouble> {
    // An entry is written once and never changed; that it goes at the end of its time is no news.
    if record.get("eventName").and_then(Value::as_str) != Some("INSERT") {
        return Ok(());
    }
    let image = record
        .get("dynamodb")
        .and_then(|change| change.get("NewImage"))
        .unwrap_or(&Value::Null);
    let entries: Vec<Told> = entries_of_image(image)?;
    let says_something = entries.iter().any(|told| told.message.is_some());
    match entries.first().map(|told| told.rollout.clone()) {
        Some(id) if says_something => deliver(desk, shift, &id, Some(entries)).await,
        Some(_) | None => Ok(()),
    }
}

/// Looks after what was not sent, a rollout after the other.
async fn retry<O: Outlets, B: Outbox + Book, K: Keyring, N: Fn() -> Timestamp>(
    desk: &Desk<O, B, K>,
    shift: &Shift<N>,
) -> Result<Value, Trouble> {
    let mut looked_after = 0_u32;
    for id in desk.store.unsent().await? {
        if (shift.now)() >= shift.until {
            break;
        }
        deliver(desk, shift, &id, None).await?;
        looked_after = looked_after.saturating_add(1);
    }
    Ok(json!({ "rollouts": looked_after }))
}

#[cfg(test)]
mod tests;
