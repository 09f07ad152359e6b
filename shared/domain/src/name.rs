//! Names: one type for each kind of thing that has one, so that they cannot be mixed up.

use std::{fmt, sync::Arc};

/// Why a text cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// The text has no characters.
    #[error("a name needs at least one character")]
    Empty,
    /// The text is longer than [`NAME_CHARS_MAX`].
    #[error("a name has at most {NAME_CHARS_MAX} characters, this has {0}")]
    TooLong(usize),
    /// The text holds a character that is not a lower-case letter, a digit, `-` or `_`.
    #[error("a name has only lower-case letters, digits, `-` and `_`, this has `{}`", shown(*.0))]
    Character(char),
}

/// The longest name of a service, route, metric, phase or hook.
pub const NAME_CHARS_MAX: usize = 64;

/// A character as a person can read it.
fn shown(c: char) -> String {
    if c.is_control() {
        c.escape_unicode().to_string()
    } else {
        c.to_string()
    }
}

fn check(text: &str) -> Result<(), BadName> {
    if text.is_empty() {
        return Err(BadName::Empty);
    }
    if let Some(c) = text
        .chars()
        .find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-' | '_'))
    {
        return Err(BadName::Character(c));
    }
    let length = text.chars().count();
    if length > NAME_CHARS_MAX {
        return Err(BadName::TooLong(length));
    }
    Ok(())
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        text_type!($(#[$doc])* $name);

        impl $name {
            /// Takes a text as a name, if it is one.
            pub fn new(text: &str) -> Result<Self, BadName> {
                check(text)?;
                Ok(Self(text.into()))
            }
        }
    };
}

macro_rules! free_text_type {
    ($(#[$doc:meta])* $name:ident) => {
        text_type!($(#[$doc])* $name);

        impl $name {
            /// Takes the text as it is.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(text.into())
            }
        }
    };
}

name_type!(
    /// What is being moved; at most one active rollout each.
    ServiceName
);
name_type!(
    /// One place where weights live, as the plan calls it.
    RouteName
);
name_type!(
    /// A metric, as the plan calls it.
    MetricName
);
name_type!(
    /// A phase, as the plan calls it.
    PhaseName
);
name_type!(
    /// A hook, as the plan calls it.
    HookName
);
name_type!(
    /// A group of people, as the plan calls it.
    GroupName
);
name_type!(
    /// An item of a phase's checklist.
    ItemName
);
free_text_type!(
    /// A person: an IAM principal, a Slack user id or a mail address.
    Person
);
free_text_type!(
    /// The ARN of a `CloudWatch` alarm.
    AlarmArn
);
free_text_type!(
    /// What makes one event one event, on whatever path and however often it comes.
    EventKey
);

/// One run of a plan: `<service>#<number>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RolloutId {
    /// The service that is moved.
    pub service: ServiceName,
    /// Counts the service's rollouts from 1.
    pub number: u64,
}

impl RolloutId {
    /// Reads what [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (service, number) = text.split_once('#')?;
        let id = Self {
            service: ServiceName::new(service).ok()?,
            number: number.parse().ok()?,
        };
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for RolloutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.service, self.number)
    }
}

impl fmt::Debug for RolloutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        let check = |text: &str| PhaseName::new(text).map(|name| name.to_string());
        assert_eq!(check("early-adopters_2"), Ok("early-adopters_2".to_owned()));
        assert_eq!(check(""), Err(BadName::Empty));
        assert_eq!(check("Early"), Err(BadName::Character('E')));
        assert_eq!(check(&"x".repeat(65)), Err(BadName::TooLong(65)));
        assert_eq!(check(&"x".repeat(64)), Ok("x".repeat(64)));
    }

    #[test]
    fn a_character_that_cannot_be_seen_is_written_out() {
        let said = |c| BadName::Character(c).to_string();
        assert!(said('É').ends_with("this has `É`"), "{}", said('É'));
        assert!(said('\0').ends_with("this has `\\u{0}`"), "{}", said('\0'));
    }

    #[test]
    fn a_rollout_reads_back_and_nothing_else_does() {
        for text in ["shop#1", "a-b_2#18446744073709551615"] {
            let id = RolloutId::parse(text).map(|id| id.to_string());
            assert_eq!(id.as_deref(), Some(text));
            let debugged = RolloutId::parse(text).map(|id| format!("{id:?}"));
            assert_eq!(debugged.as_deref(), Some(text));
        }
        for wrong in [
            "shop", "shop#", "#1", "shop#01", "shop#+1", "shop#1#1", "Shop#1", "shop#-1",
        ] {
            assert_eq!(RolloutId::parse(wrong), None, "{wrong}");
        }
    }
}
