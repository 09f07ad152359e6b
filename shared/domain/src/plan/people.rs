//! People: who decides, who is told, and in which language.

use std::collections::BTreeMap;

use jiff::{civil::Time, tz::TimeZone};

use super::severity::Severity;
use crate::time::Timestamp;

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
    /// When it is told, in the calendar's zone; always, if it says nothing. What is critical is told at any time.
    pub hours: Option<Hours>,
    /// Until when it is told nothing but what is critical.
    pub silent_until: Option<Timestamp>,
}

/// A folder of an S3 bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Folder {
    /// The bucket's name.
    pub bucket: String,
    /// What the names of objects in it begin with: nothing, or something that ends with a slash.
    pub prefix: String,
}

impl Folder {
    /// The address of an object in it.
    #[must_use]
    pub fn address(&self, name: &str) -> String {
        format!("s3://{}/{}{name}", self.bucket, self.prefix)
    }
}

/// A part of the day; one that ends before it begins goes over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hours {
    /// When it begins.
    pub from: Time,
    /// When it ends; not part of it.
    pub to: Time,
}

impl Hours {
    /// Whether a time of day lies in it.
    #[must_use]
    pub fn cover(self, at: Time) -> bool {
        if self.from <= self.to {
            self.from <= at && at < self.to
        } else {
            self.from <= at || at < self.to
        }
    }
}

impl Channel {
    /// A place that is told everything at any time.
    #[must_use]
    pub fn new(kind: ChannelKind, to: impl Into<String>) -> Self {
        Self {
            kind,
            to: to.into(),
            from: Severity::Low,
            hours: None,
            silent_until: None,
        }
    }

    /// Whether it is told something of this severity at `now`.
    #[must_use]
    pub fn hears(&self, severity: Severity, now: Timestamp, zone: &TimeZone) -> bool {
        if severity < self.from {
            return false;
        }
        if severity == Severity::Critical {
            return true;
        }
        let silent = self.silent_until.is_some_and(|until| now < until);
        let time = zone.to_datetime(now).time();
        !silent && self.hours.is_none_or(|hours| hours.cover(time))
    }

    /// Its address as people are shown it: of a web hook only the host, because the rest may be a secret.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self.to.split_once("://") {
            Some((_, rest)) => rest.split(['/', '?', '#']).next().unwrap_or_default(),
            None => &self.to,
        }
    }
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
    /// An SNS topic that Amazon Q Developer reads, in its own form.
    AmazonQ,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-01-13T{text}:00+09:00").parse().unwrap()
    }

    #[test]
    fn a_channel_is_told_in_its_hours_and_of_what_is_critical_always() {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let hours = |from, to| Hours {
            from: Time::constant(from, 0, 0, 0),
            to: Time::constant(to, 0, 0, 0),
        };
        let channel = |hours| Channel {
            hours: Some(hours),
            ..Channel::new(ChannelKind::Sms, "+819000000000")
        };
        let night = channel(hours(22, 7));
        let day = channel(hours(7, 22));
        for (time, at_night) in [
            ("21:59", false),
            ("22:00", true),
            ("00:00", true),
            ("06:59", true),
            ("07:00", false),
            ("12:00", false),
        ] {
            let hears = |channel: &Channel, severity| channel.hears(severity, at(time), &zone);
            assert_eq!(hears(&night, Severity::High), at_night, "{time}");
            assert_eq!(hears(&day, Severity::High), !at_night, "{time}");
            assert!(hears(&night, Severity::Critical), "{time}");
        }
    }

    #[test]
    fn a_silent_channel_is_told_what_is_critical() {
        let channel = Channel {
            silent_until: Some(at("12:00")),
            from: Severity::Medium,
            ..Channel::new(ChannelKind::Slack, "#x")
        };
        let hears = |severity, time| channel.hears(severity, at(time), &TimeZone::UTC);
        assert!(!hears(Severity::High, "11:59"));
        assert!(hears(Severity::Critical, "11:59"));
        assert!(hears(Severity::High, "12:00"));
        assert!(!hears(Severity::Low, "12:00"));
    }

    #[test]
    fn of_a_web_hook_the_host_is_shown() {
        let shown = |kind, to: &str| Channel::new(kind, to).shown().to_owned();
        assert_eq!(shown(ChannelKind::Slack, "#releases"), "#releases");
        assert_eq!(
            shown(ChannelKind::Webhook, "https://example.com/secret?x=1"),
            "example.com"
        );
    }
}
