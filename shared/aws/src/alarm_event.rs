//! What comes when an alarm changes: on a bus, through a queue, from a topic, or straight from the alarm.
//!
//! The types are our own and lenient, because a field that is missing or new must not lose a rollback, and a state that
//! is missing or new must not be read as `OK`. What was heard becomes an [`AlarmChange`] only by [`Heard::change`], which
//! asks `DescribeAlarms` wherever the event does not say enough.

mod recognise;
#[cfg(test)]
mod tests;

use domain::{
    event::{AlarmChange, AlarmReading, AlarmState},
    name::{AlarmArn, EventKey},
    time::Timestamp,
};
use engine::{ports::Alarms, trouble::Trouble};
use serde_json::Value;

pub use recognise::parse;

/// One message of a payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// How it came.
    pub path: Path,
    /// What it says; an error spoils this message only.
    pub said: Result<Said, Poison>,
}

/// How a message came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// Through a queue; the id is what a partial batch response names.
    Queue {
        /// The message's id, or none if the record has none: then only the whole batch can fail.
        message_id: Option<String>,
    },
    /// From a topic.
    Topic,
    /// Straight from a rule of `EventBridge`.
    Bus,
    /// Straight from the alarm.
    Alarm,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// An alarm is in another state.
    Heard(Heard),
    /// An alarm was made, changed or deleted.
    Edited(Edited),
}

/// Why a message cannot be used, and never will.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Poison {
    /// It is no JSON.
    #[error("the message is no JSON")]
    NotJson,
    /// It is none of the forms that are known.
    #[error("the message is neither an alarm's event nor its notification")]
    Unknown,
    /// It is an alarm's, and does not say which.
    #[error("the message does not say which alarm it is about")]
    Nameless,
    /// It is an envelope in an envelope in an envelope.
    #[error("the message has too many envelopes")]
    Nested,
}

/// The state of an alarm in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeardState {
    /// `OK`
    Ok,
    /// `ALARM`
    Alarm,
    /// `INSUFFICIENT_DATA`
    InsufficientData,
    /// Something else, or nothing; it may be as bad as `ALARM`.
    Unknown(String),
}

impl HeardState {
    fn of(text: Option<&str>) -> Self {
        match text {
            Some("OK") => Self::Ok,
            Some("ALARM") => Self::Alarm,
            Some("INSUFFICIENT_DATA") => Self::InsufficientData,
            Some(other) => Self::Unknown(other.to_owned()),
            None => Self::Unknown(String::new()),
        }
    }

    /// As AWS writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
            Self::Unknown(text) => text,
        }
    }

    const fn known(&self) -> Option<AlarmState> {
        match self {
            Self::Ok => Some(AlarmState::Ok),
            Self::Alarm => Some(AlarmState::Alarm),
            Self::InsufficientData => Some(AlarmState::InsufficientData),
            Self::Unknown(_) => None,
        }
    }
}

/// An alarm's change of state, as it was heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The alarm.
    pub arn: AlarmArn,
    /// Its name.
    pub name: String,
    /// Its new state, as the event has it.
    pub state: HeardState,
    /// When it changed, by the alarm itself; none if the event does not say, or not so that it can be read.
    pub at: Option<Timestamp>,
    /// The alarm's own words.
    pub reason: String,
    /// The event itself.
    pub raw: Value,
}

impl Heard {
    /// The change that the engine decides on.
    ///
    /// An event without a known state or without its time is only a reason to look: the alarm is read. If that fails
    /// too, the event must come again.
    pub async fn change<A: Alarms>(&self, alarms: &A) -> Result<AlarmChange, Trouble> {
        if let (Some(state), Some(at)) = (self.state.known(), self.at) {
            return Ok(AlarmChange {
                arn: self.arn.clone(),
                state,
                at,
                reason: self.reason.clone(),
            });
        }
        let readings = alarms.read(std::slice::from_ref(&self.arn)).await;
        match readings.into_iter().next() {
            Some(AlarmReading::State {
                state,
                since,
                reason,
            }) => Ok(AlarmChange {
                arn: self.arn.clone(),
                state,
                at: since,
                reason,
            }),
            Some(AlarmReading::Unreadable(why)) => Err(self.unclear(&why)),
            None => Err(self.unclear("no answer")),
        }
    }

    /// One change has one key on every path (`CloudWatch`, "the timestamp enables you to confirm unique state
    /// changes"); none for an event that is only a reason to look.
    #[must_use]
    pub fn key(&self) -> Option<EventKey> {
        let (state, at) = (self.state.known()?, self.at?);
        Some(EventKey::new(&format!(
            "alarm/{}/{state:?}/{}",
            self.arn,
            at.as_millisecond()
        )))
    }

    fn unclear(&self, why: &str) -> Trouble {
        Trouble::passing(format!(
            "the event of {} does not say enough (state `{}`), and the alarm could not be read: {why}",
            self.arn,
            self.state.as_str()
        ))
    }
}

/// A change of an alarm's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// The alarm.
    pub arn: AlarmArn,
    /// Its name.
    pub name: String,
    /// What was done.
    pub operation: Operation,
    /// Whether its actions are carried out since then.
    pub actions: EditedActions,
    /// When, as far as the event says.
    pub at: Option<Timestamp>,
    /// The event itself.
    pub raw: Value,
}

/// What was done to an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// It was made.
    Create,
    /// It was changed.
    Update,
    /// It is gone: it guards nothing any more.
    Delete,
    /// Something that is not known yet.
    Other(String),
}

/// Whether an edited alarm's actions are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditedActions {
    /// They are.
    Enabled,
    /// They are not: no topic and no function is told.
    Disabled,
    /// The event does not say.
    Unsaid,
}
