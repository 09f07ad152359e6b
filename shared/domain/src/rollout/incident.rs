//! Breaches that people were told of, and what they should decide.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::alarm_name;
use crate::{
    name::{AlarmArn, Person, PhaseName},
    plan::{gate::Otherwise, severity::Severity},
    time::Timestamp,
};

/// What opened an incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncidentSource {
    /// An alarm.
    Alarm(AlarmArn),
    /// A condition, as it is written.
    Condition(String),
}

impl fmt::Display for IncidentSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alarm(arn) => write!(f, "alarm {}", alarm_name(arn)),
            Self::Condition(condition) => write!(f, "{condition}"),
        }
    }
}

/// A breach that people were told of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Incident {
    /// How bad it is.
    pub severity: Severity,
    /// When it was found.
    pub opened: Timestamp,
    /// Whether somebody has decided.
    pub state: IncidentState,
}

impl Incident {
    /// What tells it from every other.
    #[must_use]
    pub fn mark(&self, source: &IncidentSource) -> IncidentMark {
        IncidentMark::of(source, self.opened)
    }
}

/// What a person should decide, and is asked again until somebody has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// An incident with a deadline.
    Incident(IncidentSource),
    /// A phase that takes too long.
    Overdue(PhaseName),
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incident(source) => write!(f, "{source}"),
            Self::Overdue(phase) => write!(f, "overdue phase {phase}"),
        }
    }
}

/// Whether somebody has decided on an incident.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IncidentState {
    /// Nobody has. Low ones have no deadline and hold nothing.
    Open {
        /// By when somebody should.
        due: Option<Timestamp>,
        /// What happens then.
        otherwise: Otherwise,
    },
    /// A person lets the rollout go on.
    Accepted {
        /// Who.
        by: Person,
        /// Until when; without a time until the source has recovered.
        until: Option<Timestamp>,
    },
}

/// Tells one incident from every other, also from one that the same source opens later: what somebody who is asked to
/// accept it has been shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentMark(pub [u8; 16]);

impl IncidentMark {
    /// The mark of what this source has opened then.
    fn of(source: &IncidentSource, opened: Timestamp) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(opened.as_nanosecond().to_be_bytes());
        hasher.update(source.to_string());
        let digest: [u8; 32] = hasher.finalize().into();
        let mut mark = [0; 16];
        mark.copy_from_slice(&digest[..16]);
        Self(mark)
    }
}
