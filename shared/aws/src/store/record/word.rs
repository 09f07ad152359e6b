//! Enums without content, each variant kept as its name.

use domain::{
    event, judge, plan, quantity::Dimension as DomainDimension, rollout,
    target::Carrier as DomainCarrier,
};
use serde::{Deserialize, Serialize};

/// Mirrors an enum of the domain: a new variant there is a compile error here.
macro_rules! words {
    ($($name:ident = $domain:ty { $($variant:ident),+ $(,)? })+) => {
        $(#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub(super) enum $name {
            $($variant),+
        }

        impl From<$domain> for $name {
            fn from(value: $domain) -> Self {
                match value {
                    $(<$domain>::$variant => Self::$variant),+
                }
            }
        }

        impl From<$name> for $domain {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$variant => Self::$variant),+
                }
            }
        })+
    };
}

words! {
    Kind = rollout::IntentKind { Prepare, Shift, Finish, Rollback }
    Hold = rollout::Hold {
        Paused, WeightSet, HandClosed, GateFailed, HookFailed, Overdue, Rejected, ApprovalExpired,
    }
    Notice = rollout::Notice { RollbackLate, ChangeStuck, GateWaits, Unmeasured, CalendarShut }
    HookState = rollout::HookState { Due, Done, Failed }
    AlarmState = event::AlarmState { Ok, Alarm, InsufficientData }
    Severity = plan::severity::Severity { Low, Medium, High, Critical }
    Otherwise = plan::gate::Otherwise { Hold, Rollback }
    Op = plan::gate::Op { Less, AtMost, More, AtLeast, Equal, NotEqual }
    Dimension = DomainDimension { Ratio, Time, Count, Data }
    Carrier = DomainCarrier { Missing, Ready }
}

/// What a condition is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    Require,
    Rollback,
    Incident(Severity),
}

impl From<judge::Role> for Role {
    fn from(role: judge::Role) -> Self {
        match role {
            judge::Role::Require => Self::Require,
            judge::Role::Rollback => Self::Rollback,
            judge::Role::Incident(severity) => Self::Incident(severity.into()),
        }
    }
}

impl From<Role> for judge::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Require => Self::Require,
            Role::Rollback => Self::Rollback,
            Role::Incident(severity) => Self::Incident(severity.into()),
        }
    }
}
