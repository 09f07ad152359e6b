//! Gates: conditions on metrics, approvals, checklists, and how much failing is borne.

use std::{cmp::Ordering, fmt};

use super::metric::Metric;
use crate::{
    name::{GroupName, ItemName, MetricName},
    quantity::{Dimension, Quantity},
    time::{SignedDuration, Spell},
};

/// `metric op limit [for duration]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// What is measured.
    pub metric: MetricName,
    /// How it is compared.
    pub op: Op,
    /// With what.
    pub limit: Limit,
    /// If given, the comparison must hold in each whole minute of the last so many.
    pub lasting: Option<SignedDuration>,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Op {
    /// Whether a value that stands so to the limit satisfies the comparison.
    #[must_use]
    pub const fn holds(self, value_to_limit: Ordering) -> bool {
        match self {
            Self::Less => value_to_limit.is_lt(),
            Self::AtMost => value_to_limit.is_le(),
            Self::More => value_to_limit.is_gt(),
            Self::AtLeast => value_to_limit.is_ge(),
            Self::Equal => value_to_limit.is_eq(),
            Self::NotEqual => value_to_limit.is_ne(),
        }
    }

    /// The comparison as it is written.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }
}

/// What a metric is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// A fixed quantity.
    Fixed(Quantity),
    /// Stable's value in the same window, times so many thousandths.
    Stable {
        /// Thousandths: 1100 is 1.1 times stable.
        factor_milli: u32,
    },
}

impl Condition {
    /// Whether the metric can be compared in this way.
    #[must_use]
    pub fn fits(&self, metric: &Metric) -> bool {
        match self.limit {
            Limit::Fixed(limit) => limit.dimension == metric.dimension(),
            Limit::Stable { .. } => metric.has_stable(),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.metric, self.op.symbol(), self.limit)?;
        if let Some(lasting) = self.lasting {
            write!(f, " for {}", Spell(lasting))?;
        }
        Ok(())
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(quantity) => write!(f, "{quantity}"),
            Self::Stable { factor_milli: 1000 } => write!(f, "stable"),
            Self::Stable { factor_milli } => {
                let factor = Quantity::new(i64::from(*factor_milli) * 1000, Dimension::Count);
                write!(f, "{factor} x stable")
            }
        }
    }
}

/// How much failing a phase's `require` conditions bear before the gate itself has failed.
///
/// Each condition is measured once a minute and counted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GateLimits {
    /// The most failed measurements of one condition in the phase, if there is a limit.
    pub failures: Option<u32>,
    /// The most failed measurements of one condition in a row, if there is a limit.
    pub consecutive_failures: Option<u32>,
    /// The most measurements in a row that could not be made, if there is a limit.
    pub errors: Option<u32>,
    /// What happens when a limit is passed.
    pub then: Otherwise,
    /// How many measurements in a row of every condition must pass before the gate opens; at least 1.
    pub passes: u32,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self {
            failures: None,
            consecutive_failures: None,
            errors: None,
            then: Otherwise::Hold,
            passes: 1,
        }
    }
}

/// What happens when nobody decides, or a limit is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Otherwise {
    /// Weights stay, nothing advances, a person is asked.
    Hold,
    /// Traffic goes back to stable.
    Rollback,
}

/// A decision by people before the next phase.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Approval {
    /// The groups whose members may approve; at least one.
    pub from: Vec<GroupName>,
    /// How many different people must approve; at least 1.
    pub needed: u32,
    /// How long they have, from when they are asked.
    pub expires: Option<SignedDuration>,
    /// What happens when they have not.
    pub otherwise: Otherwise,
    /// Whether whoever started the rollout may be one of them.
    pub four_eyes: FourEyes,
}

/// Whether whoever started a rollout may approve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum FourEyes {
    /// They may not: another pair of eyes is needed.
    #[default]
    Required,
    /// They may.
    Waived,
}

/// Something that a named person confirms.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChecklistItem {
    /// Its short name.
    pub name: ItemName,
    /// What is confirmed.
    pub text: String,
}
