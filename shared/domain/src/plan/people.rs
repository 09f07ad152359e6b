//! People: who decides, who is told, and in which language.

use super::severity::Severity;

pub use crate::name::Person;

/// The language that people are told in.
///
/// The ledger is English in any case: its words are what is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

/// Who is told what.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Notify {
    /// Where messages go, each from its least severity upwards.
    pub channels: Vec<Channel>,
}

/// One place messages go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Channel {
    /// What kind of place.
    pub kind: ChannelKind,
    /// Its address: a channel's name, a mail address, a topic's ARN.
    pub to: String,
    /// The least severity it wants; messages that are no incident count as low.
    pub from: Severity,
}

/// A kind of place messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChannelKind {
    /// A Slack channel.
    Slack,
    /// An SNS topic.
    Sns,
    /// A `PagerDuty` service.
    PagerDuty,
    /// A mail address.
    Email,
    /// A telephone number.
    Sms,
    /// A web hook.
    Webhook,
}
