//! Where a rollout stands, and why its traffic goes back.

use std::fmt;

use crate::{
    name::{AlarmArn, Person},
    time::Timestamp,
};

/// Where a rollout stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The routes are being prepared at canary 0.
    Starting,
    /// The next phase may begin as soon as the calendar and the hooks allow.
    Entering(Next),
    /// A phase's weights are being put into effect.
    Shifting,
    /// A phase's weights are in effect; time and evidence gather.
    Baking,
    /// All evidence is there; people are asked.
    AwaitingApproval,
    /// After the last phase: the canary has everything, stable is kept.
    Watching,
    /// The watch has passed; the team's tooling must make the canary the new stable.
    AwaitingFinish,
    /// The canary is being made the new stable.
    Finishing,
    /// Done.
    Completed {
        /// When.
        at: Timestamp,
    },
    /// Traffic is going back to stable.
    RollingBack {
        /// Why.
        cause: Cause,
        /// Since when.
        began: Timestamp,
    },
    /// Traffic is back; it is not yet sure that no late write can disturb it.
    Guarding {
        /// Why.
        cause: Cause,
        /// When traffic was back.
        restored: Timestamp,
    },
    /// Traffic is back for good.
    RolledBack {
        /// Why.
        cause: Cause,
        /// When traffic was back.
        restored: Timestamp,
    },
    /// Another rollout has taken over the routes.
    Superseded {
        /// Its number.
        by: u64,
    },
}

impl Status {
    /// A short name, the same in messages, logs and records.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Entering(_) => "entering",
            Self::Shifting => "shifting",
            Self::Baking => "baking",
            Self::AwaitingApproval => "awaiting approval",
            Self::Watching => "watching",
            Self::AwaitingFinish => "awaiting finish",
            Self::Finishing => "finishing",
            Self::Completed { .. } => "completed",
            Self::RollingBack { .. } => "rolling back",
            Self::Guarding { .. } => "guarding",
            Self::RolledBack { .. } => "rolled back",
            Self::Superseded { .. } => "superseded",
        }
    }

    /// Whether the rollout owns its routes and somebody must look after it.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        match self {
            Self::Starting
            | Self::Entering(_)
            | Self::Shifting
            | Self::Baking
            | Self::AwaitingApproval
            | Self::Watching
            | Self::AwaitingFinish
            | Self::Finishing
            | Self::RollingBack { .. }
            | Self::Guarding { .. } => true,
            Self::Completed { .. } | Self::RolledBack { .. } | Self::Superseded { .. } => false,
        }
    }

    /// Why traffic goes, or went, back, if a rollback has been decided.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        match self {
            Self::RollingBack { cause, .. }
            | Self::Guarding { cause, .. }
            | Self::RolledBack { cause, .. } => Some(cause),
            Self::Starting
            | Self::Entering(_)
            | Self::Shifting
            | Self::Baking
            | Self::AwaitingApproval
            | Self::Watching
            | Self::AwaitingFinish
            | Self::Finishing
            | Self::Completed { .. }
            | Self::Superseded { .. } => None,
        }
    }

    /// Whether a rollback has been decided.
    #[must_use]
    pub const fn is_rollback(&self) -> bool {
        match self {
            Self::RollingBack { .. } | Self::Guarding { .. } | Self::RolledBack { .. } => true,
            Self::Starting
            | Self::Entering(_)
            | Self::Shifting
            | Self::Baking
            | Self::AwaitingApproval
            | Self::Watching
            | Self::AwaitingFinish
            | Self::Finishing
            | Self::Completed { .. }
            | Self::Superseded { .. } => false,
        }
    }

    /// Whether the rollout is in one of its phases, or between two.
    #[must_use]
    pub const fn is_phased(&self) -> bool {
        match self {
            Self::Entering(_) | Self::Shifting | Self::Baking | Self::AwaitingApproval => true,
            Self::Starting
            | Self::Watching
            | Self::AwaitingFinish
            | Self::Finishing
            | Self::Completed { .. }
            | Self::RollingBack { .. }
            | Self::Guarding { .. }
            | Self::RolledBack { .. }
            | Self::Superseded { .. } => false,
        }
    }

    /// Whether the rollout is on its way forward: a rollback would change something.
    #[must_use]
    pub const fn is_forward(&self) -> bool {
        self.is_active() && !self.is_rollback()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What comes after a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Next {
    /// The phase of this index.
    Phase(usize),
    /// The watch, or the end if there is none.
    Watch,
}

/// Why traffic goes back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A critical alarm went off.
    Alarm(AlarmArn),
    /// A condition says so.
    Condition(String),
    /// A person says that something is wrong.
    Person(Person, String),
    /// A person does not want the rollout any more.
    Aborted(Person, String),
    /// An incident was not decided in time.
    IncidentOverdue(String),
    /// Nobody approved in time, or somebody did not agree.
    NotApproved(String),
    /// A gate has failed.
    GateFailed(String),
    /// A hook has failed.
    HookFailed(String),
}

impl Cause {
    /// Whether something is wrong, as opposed to a change of mind: the rollback hooks run.
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        match self {
            Self::Aborted(..) => false,
            Self::Alarm(_)
            | Self::Condition(_)
            | Self::Person(..)
            | Self::IncidentOverdue(_)
            | Self::NotApproved(_)
            | Self::GateFailed(_)
            | Self::HookFailed(_) => true,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alarm(arn) => write!(f, "alarm {} went off", alarm_name(arn)),
            Self::Condition(condition) => write!(f, "{condition}"),
            Self::Person(who, why) => write!(f, "{who}: {why}"),
            Self::Aborted(who, why) => write!(f, "aborted by {who}: {why}"),
            Self::IncidentOverdue(what) => write!(f, "nobody decided in time on: {what}"),
            Self::NotApproved(why) | Self::GateFailed(why) | Self::HookFailed(why) => {
                write!(f, "{why}")
            }
        }
    }
}

/// An alarm's name: what follows `:alarm:` in its ARN.
#[must_use]
pub fn alarm_name(arn: &AlarmArn) -> &str {
    let text = arn.as_str();
    text.split_once(":alarm:").map_or(text, |(_, name)| name)
}
