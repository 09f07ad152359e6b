//! `notify`: every entry of the ledger that deserves one becomes one message.
//!
//! It reads the table's stream, so nothing that moves traffic waits for Slack, and no message is about something that
//! did not happen. A message that cannot be sent now stops the batch there: what comes after it comes again in its
//! order. One that can never be sent is logged and left behind, because a stream waits for its slowest reader.

mod text;

use aws::{
    invocation::Invocation,
    outlets::{Delivery, Outlets},
    store::{Told, entries_of_image},
    teller,
};
use domain::{
    time::{SignedDuration, Timestamp},
    words::{Field, Message},
};
use engine::trouble::{Chance, Trouble};
use futures_util::future::join;
use serde_json::{Value, json};

/// The longest that one message takes: no new one is begun with less time than this left.
const ONE_LASTS: SignedDuration = SignedDuration::from_secs(10);

/// Sends what a batch of the stream tells; answers with where to go on from if not all was sent. Asked whether Slack
/// would take a message, it answers that.
pub async fn handle<O: Outlets>(
    outlets: &O,
    payload: &Value,
    invocation: &Invocation,
    now: impl Fn() -> Timestamp,
) -> Result<Value, String> {
    if *payload == teller::question() {
        return serde_json::to_value(outlets.listens().await).map_err(|error| error.to_string());
    }
    let Some(records) = payload.get("Records").and_then(Value::as_array) else {
        tracing::error!("the payload is no batch of a stream");
        return Err("the payload is no batch of a stream: it has no Records".to_owned());
    };
    let until = invocation.deadline(ONE_LASTS);
    for record in records {
        let sent = if now() < until {
            send(outlets, record).await
        } else {
            Err(Trouble::passing("there is no time left in this invocation"))
        };
        let Err(trouble) = sent else { continue };
        let sequence = record
            .get("dynamodb")
            .and_then(|change| change.get("SequenceNumber"))
            .and_then(Value::as_str);
        match (trouble.chance, sequence) {
            (Chance::Lasting, _) => {
                tracing::error!(error = %trouble, sequence, "a message that cannot be sent is left behind");
            }
            (Chance::Passing, Some(sequence)) => {
                tracing::warn!(error = %trouble, sequence, "sent later, with what comes after it");
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

/// Sends what one record tells, if it tells anything.
async fn send<O: Outlets>(outlets: &O, record: &Value) -> Result<(), Trouble> {
    // An entry is written once and never changed; that it goes at the end of its time is no news.
    if record.get("eventName").and_then(Value::as_str) != Some("INSERT") {
        return Ok(());
    }
    let image = record
        .get("dynamodb")
        .and_then(|change| change.get("NewImage"))
        .unwrap_or(&Value::Null);
    match in_one(entries_of_image(image)?) {
        Some((told, message)) => deliver(outlets, &told, &message).await,
        None => Ok(()),
    }
}

/// What an item tells, in one message: the loudest of its entries, and the headings of the others below it.
///
/// An item carries many when a hundred alarms turn red at once. A record that comes again begins with its first entry
/// again, so what it tells must be sent whole or not at all.
fn in_one(entries: Vec<Told>) -> Option<(Told, Message)> {
    let mut all: Vec<(Told, Message)> = entries
        .into_iter()
        .filter_map(|mut told| {
            let message = told.message.take()?;
            Some((told, message))
        })
        .collect();
    let tones = all.iter().enumerate();
    let (loudest, _) = tones.max_by_key(|(_, (_, message))| message.tone)?;
    let (told, mut message) = all.remove(loudest);
    message.fields.extend(all.iter().map(|(_, other)| Field {
        label: String::new(),
        value: other.heading(),
    }));
    Some((told, message))
}

/// Both ways at once. What can still be sent on one of them is reason enough to come again.
async fn deliver<O: Outlets>(outlets: &O, told: &Told, message: &Message) -> Result<(), Trouble> {
    let slack = text::slack(message);
    let post = text::post(told, message);
    let (slack, topic) = join(outlets.slack(&slack), outlets.topic(&post)).await;
    tracing::info!(
        rollout = %told.rollout,
        epoch = told.line.epoch,
        seq = told.line.seq,
        kind = told.line.kind,
        slack = outcome(&slack),
        topic = outcome(&topic),
        "told"
    );
    match (slack, topic) {
        (Ok(_), Ok(_)) => Ok(()),
        (Err(trouble), Ok(_)) | (Ok(_), Err(trouble)) => Err(trouble),
        (Err(one), Err(other)) => Err(Trouble {
            chance: if [one.chance, other.chance].contains(&Chance::Passing) {
                Chance::Passing
            } else {
                Chance::Lasting
            },
            what: format!("{one}; {other}"),
        }),
    }
}

const fn outcome(sent: &Result<Delivery, Trouble>) -> &'static str {
    match sent {
        Ok(Delivery::Sent) => "sent",
        Ok(Delivery::NoOutlet) => "none is named",
        Err(_) => "not sent",
    }
}

#[cfg(test)]
mod tests;
