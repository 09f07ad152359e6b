//! Severities: what an alarm or a condition of each does, and by when.

use std::fmt;

use super::gate::{Condition, Otherwise};
use crate::{
    name::{AlarmArn, GroupName},
    time::SignedDuration,
};

/// How bad a breach is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Written down and told.
    Low,
    /// Holds for a decision.
    Medium,
    /// Holds, and acts at its deadline unless a person decides.
    High,
    /// Rolls back at once.
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

/// An alarm that guards the rollout.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlarmGuard {
    /// The alarm.
    pub arn: AlarmArn,
    /// What its going off does.
    pub severity: Severity,
    /// What `INSUFFICIENT_DATA` means.
    pub insufficient_data: InsufficientData,
}

/// What an alarm without data means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InsufficientData {
    /// Nothing advances until it has data; it does not roll back.
    Hold,
    /// As if it were `OK`: for alarms on metrics that exist only when something is wrong.
    Ignore,
    /// As if it were in `ALARM`.
    Alarm,
}

/// A condition that opens an incident.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IncidentRule {
    /// How bad it is.
    pub severity: Severity,
    /// What opens it.
    pub condition: Condition,
}

/// What holds, how long, and what happens then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Deadline {
    /// How long people have to decide.
    pub within: SignedDuration,
    /// What happens when they have not.
    pub otherwise: Otherwise,
    /// How often they are reminded until then.
    pub remind: Option<SignedDuration>,
}

/// Who is told when nobody has decided for a while; the first level is the first to be told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Level {
    /// How long nobody has decided.
    pub after: SignedDuration,
    /// The groups that are told then.
    pub tell: Vec<GroupName>,
}

/// The most levels of an escalation.
pub const LEVELS_MAX: usize = 8;

/// The deadlines of the severities that wait for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeverityPolicy {
    /// For high.
    pub high: Deadline,
    /// For medium.
    pub medium: Deadline,
}

impl Default for SeverityPolicy {
    /// High rolls back after an hour, medium asks again after a day.
    fn default() -> Self {
        Self {
            high: Deadline {
                within: SignedDuration::from_hours(1),
                otherwise: Otherwise::Rollback,
                remind: None,
            },
            medium: Deadline {
                within: SignedDuration::from_hours(24),
                otherwise: Otherwise::Hold,
                remind: None,
            },
        }
    }
}
