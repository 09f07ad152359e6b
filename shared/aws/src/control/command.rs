//! What can be asked of a rollout, as a record.

use std::collections::BTreeMap;

use domain::{
    event::{Command, Named},
    name::{BadName, ItemName, PhaseName, RouteName},
    time::Timestamp,
    traffic::{Weight, Weights},
};
use serde::{Deserialize, Serialize};

use super::{Failure, FailureKind};

/// What can be asked of a rollout: [`Command`] as a record, without what only the engine asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each is the command of the same name")]
pub enum Asked {
    Pause {
        reason: String,
    },
    Resume {
        reason: String,
    },
    Promote {},
    PromoteFull {
        reason: String,
    },
    Rollback {
        reason: String,
    },
    Abort {
        reason: String,
    },
    Retry {},
    SetWeight {
        /// Tenths of a percent.
        weights: BTreeMap<String, u16>,
        reason: String,
    },
    Finish {},
    Approve {
        phase: String,
    },
    Reject {
        phase: String,
        reason: String,
    },
    Check {
        phase: String,
        item: String,
    },
    OverrideCalendar {
        /// RFC 3339.
        until: String,
        reason: String,
    },
    Accept {
        incident: String,
        /// RFC 3339.
        until: String,
        reason: String,
    },
}

impl Asked {
    /// Whether it can only take weight away or leave it: no name is needed for that.
    #[must_use]
    pub const fn makes_safer(&self) -> bool {
        match self {
            Self::Pause { .. } | Self::Rollback { .. } | Self::Abort { .. } => true,
            Self::Resume { .. }
            | Self::Promote {}
            | Self::PromoteFull { .. }
            | Self::Retry {}
            | Self::SetWeight { .. }
            | Self::Finish {}
            | Self::Approve { .. }
            | Self::Reject { .. }
            | Self::Check { .. }
            | Self::OverrideCalendar { .. }
            | Self::Accept { .. } => false,
        }
    }

    /// What an operator types for it.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Promote {} => "promote",
            Self::PromoteFull { .. } => "promote --full",
            Self::Rollback { .. } => "rollback",
            Self::Abort { .. } => "abort",
            Self::Retry {} => "retry",
            Self::SetWeight { .. } => "set-weight",
            Self::Finish {} => "finish",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Check { .. } => "check",
            Self::OverrideCalendar { .. } => "override-calendar",
            Self::Accept { .. } => "accept",
        }
    }

    /// The command.
    pub fn command(self) -> Result<Command, Failure> {
        Ok(match self {
            Self::Pause { reason } => Command::Pause { reason },
            Self::Resume { reason } => Command::Resume { reason },
            Self::Promote {} => Command::Promote,
            Self::PromoteFull { reason } => Command::PromoteFull { reason },
            Self::Rollback { reason } => Command::Rollback { reason },
            Self::Abort { reason } => Command::Abort { reason },
            Self::Retry {} => Command::Retry,
            Self::SetWeight { weights, reason } => Command::SetWeight {
                weights: read_weights(&weights)?,
                reason,
            },
            Self::Finish {} => Command::Finish,
            Self::Approve { phase } => Command::Approve {
                phase: name("phase", &phase, PhaseName::new)?,
            },
            Self::Reject { phase, reason } => Command::Reject {
                phase: name("phase", &phase, PhaseName::new)?,
                reason,
            },
            Self::Check { phase, item } => Command::Check {
                phase: name("phase", &phase, PhaseName::new)?,
                item: name("item", &item, ItemName::new)?,
            },
            Self::OverrideCalendar { until, reason } => Command::OverrideCalendar {
                until: instant(&until)?,
                reason,
            },
            Self::Accept {
                incident,
                until,
                reason,
            } => Command::Accept {
                incident: Named::Words(incident),
                until: instant(&until)?,
                reason,
            },
        })
    }
}

impl TryFrom<Command> for Asked {
    type Error = &'static str;

    /// The record of a command; what only the engine asks has none.
    fn try_from(command: Command) -> Result<Self, Self::Error> {
        Ok(match command {
            Command::Pause { reason } => Self::Pause { reason },
            Command::Resume { reason } => Self::Resume { reason },
            Command::Promote => Self::Promote {},
            Command::PromoteFull { reason } => Self::PromoteFull { reason },
            Command::Rollback { reason } => Self::Rollback { reason },
            Command::Abort { reason } => Self::Abort { reason },
            Command::Retry => Self::Retry {},
            Command::SetWeight { weights, reason } => Self::SetWeight {
                weights: weights
                    .iter()
                    .map(|(route, weight)| (route.to_string(), weight.permille()))
                    .collect(),
                reason,
            },
            Command::Finish => Self::Finish {},
            Command::Approve { phase } => Self::Approve {
                phase: phase.to_string(),
            },
            Command::Reject { phase, reason } => Self::Reject {
                phase: phase.to_string(),
                reason,
            },
            Command::Check { phase, item } => Self::Check {
                phase: phase.to_string(),
                item: item.to_string(),
            },
            Command::OverrideCalendar { until, reason } => Self::OverrideCalendar {
                until: until.to_string(),
                reason,
            },
            Command::Accept {
                incident: Named::Shown(_),
                ..
            } => return Err("an incident is named in words here"),
            Command::Accept {
                incident: Named::Words(incident),
                until,
                reason,
            } => Self::Accept {
                incident,
                until: until.to_string(),
                reason,
            },
            Command::Supersede { .. } => return Err("a rollout is superseded by a start"),
        })
    }
}

fn instant(until: &str) -> Result<Timestamp, Failure> {
    until.parse().map_err(|_| {
        malformed(format!(
            "`until` should be an instant such as 2026-01-13T10:00:00Z, it is `{until}`"
        ))
    })
}

fn read_weights(written: &BTreeMap<String, u16>) -> Result<Weights, Failure> {
    written
        .iter()
        .map(|(route, permille)| {
            let route = name("route", route, RouteName::new)?;
            let weight = Weight::from_permille(*permille).ok_or_else(|| {
                malformed(format!(
                    "a weight is 0 to 1000 tenths of a percent, `{route}` has {permille}"
                ))
            })?;
            Ok((route, weight))
        })
        .collect()
}

fn name<T>(
    what: &str,
    text: &str,
    make: impl FnOnce(&str) -> Result<T, BadName>,
) -> Result<T, Failure> {
    make(text).map_err(|bad| malformed(format!("the {what} cannot be `{text}`: {bad}")))
}

fn malformed(message: String) -> Failure {
    Failure::new(FailureKind::Malformed, message)
}
