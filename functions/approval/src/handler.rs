//! `approval`: what was answered on a link's page or in Slack has its effect, if it may.
//!
//! SNS delivers at least once, and perhaps two at the same time: what makes a decision one decision is its key in the
//! table, and what makes a guess one guess is its mark in the link's record. An error means that the message must come
//! again; whoever waits for what becomes of it is told so.

mod act;
mod keys;
mod link;
mod slack;
mod words;

use aws::{invocation::Invocation, links::Links, slack_api::SlackApi};
use domain::time::{SignedDuration, Timestamp};
use engine::{ports::Ports, trouble::Trouble};
use serde_json::{Value, json};
use token::{Audience, answer::Envelope};

pub use keys::{Keys, Parameters};

/// What is kept back of the invocation's time: a call that is under way at the deadline takes seconds more.
const TO_SPARE: SignedDuration = SignedDuration::from_secs(6);

/// What is kept back for writing down what became of it.
const TO_SETTLE: SignedDuration = SignedDuration::from_secs(3);

/// What `approval` works with.
#[derive(Debug)]
pub struct Desk<P, L, K, S> {
    /// The engine's ports.
    pub ports: P,
    /// What is kept of links.
    pub links: L,
    /// What links and codes are checked with.
    pub keys: K,
    /// Slack, as far as it is asked for anything.
    pub slack: S,
    /// The deployment whose links are taken.
    pub audience: Audience,
    /// The topic that answers come from.
    pub topic: String,
    /// The Slack workspace whose people are heard; none for any that the app's signing secret is of.
    pub team: Option<String>,
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy)]
struct Time {
    /// When nothing new is begun.
    deadline: Timestamp,
    /// When what is under way is dropped.
    stop: Timestamp,
}

/// Takes what a topic brings.
pub async fn handle<P: Ports, L: Links, K: Keys, S: SlackApi>(
    desk: &Desk<P, L, K, S>,
    payload: &Value,
    invocation: &Invocation,
) -> Result<Value, String> {
    let Some(records) = payload.get("Records").and_then(Value::as_array) else {
        tracing::error!("the payload is nothing that a topic brings");
        return Err("the payload is nothing that a topic brings: it has no Records".to_owned());
    };
    let time = Time {
        deadline: invocation.deadline(TO_SPARE),
        stop: invocation.deadline(TO_SETTLE),
    };
    let mut failed = Vec::new();
    for record in records {
        let Some(envelope) = envelope(record, &desk.topic) else {
            continue;
        };
        let taken = match &envelope {
            Envelope::Link(answer) => desk.take(answer, time).await,
            Envelope::Slack(interaction) => desk.hear(interaction, time).await,
        };
        if let Err(trouble) = taken {
            tracing::error!(error = %trouble, "it must come again");
            failed.push(trouble.what);
        }
    }
    if failed.is_empty() {
        Ok(json!({}))
    } else {
        Err(failed.join("; "))
    }
}

/// What a record of our topic carries. Anything else would be no better if it came again.
fn envelope(record: &Value, topic: &str) -> Option<Envelope> {
    let said = |field| {
        record
            .get("Sns")
            .and_then(|sns| sns.get(field))
            .and_then(Value::as_str)
    };
    if said("TopicArn") != Some(topic) {
        tracing::error!("a record of another topic is left alone");
        return None;
    }
    let message_id = said("MessageId").unwrap_or_default();
    // What is wrong with it may show a part of it: it is not repeated.
    let envelope = serde_json::from_str(said("Message").unwrap_or_default());
    if envelope.is_err() {
        tracing::error!(message_id, "a message that is no answer is left alone");
    }
    envelope.ok()
}

/// A trouble with what it was about before it.
fn about(what: &str, trouble: &Trouble) -> Trouble {
    Trouble {
        chance: trouble.chance,
        what: format!("{what}: {}", trouble.what),
    }
}

#[cfg(test)]
mod tests;
