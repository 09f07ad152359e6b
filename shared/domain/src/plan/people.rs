//! People: who decides, who is told, and in which language.

use std::collections::BTreeMap;

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

/// What one person is called elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Handles {
    /// The id of their Slack user.
    pub slack: Option<String>,
    /// Their IAM principal, or the end of its ARN after a slash: the name of its sessions.
    pub aws: Option<String>,
    /// Their mail address.
    pub email: Option<String>,
}

impl Handles {
    /// Whether somebody who is called so is this person.
    #[must_use]
    pub fn are_of(&self, called: &Person) -> bool {
        let called = called.as_str();
        let is = |handle: &Option<String>| handle.as_deref() == Some(called);
        let ends_in = |handle: &String| {
            let rest = called.strip_suffix(handle.as_str());
            called.starts_with("arn:") && rest.is_some_and(|rest| rest.ends_with('/'))
        };
        let mailed = |email: &String| email.eq_ignore_ascii_case(called);
        is(&self.slack)
            || is(&self.aws)
            || self.aws.as_ref().is_some_and(ends_in)
            || self.email.as_ref().is_some_and(mailed)
    }
}

/// The one of some people who is called so; whom nobody knows is called as they are.
#[must_use]
pub fn person(people: &BTreeMap<Person, Handles>, called: &Person) -> Person {
    if people.contains_key(called) {
        return called.clone();
    }
    let known = people.iter().find(|(_, handles)| handles.are_of(called));
    known.map_or_else(|| called.clone(), |(person, _)| person.clone())
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
