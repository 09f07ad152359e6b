//! Where a rollout stands, and why its traffic goes back, as they are kept.

use domain::{
    name::{AlarmArn, Person},
    rollout,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::spelling::Spelt;

/// See [`rollout::Status`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Status {
    Starting,
    Entering(Next),
    Shifting,
    Baking,
    AwaitingApproval,
    Watching,
    AwaitingFinish,
    Finishing,
    Completed {
        at: Spelt<Timestamp>,
    },
    RollingBack {
        cause: Cause,
        began: Spelt<Timestamp>,
    },
    Guarding {
        cause: Cause,
        restored: Spelt<Timestamp>,
    },
    RolledBack {
        cause: Cause,
        restored: Spelt<Timestamp>,
    },
    Superseded {
        by: u64,
    },
}

/// See [`rollout::Next`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Next {
    Phase(usize),
    Watch,
}

/// See [`rollout::Cause`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Cause {
    Alarm(Spelt<AlarmArn>),
    Condition(String),
    Person { who: Spelt<Person>, why: String },
    Aborted { who: Spelt<Person>, why: String },
    IncidentOverdue(String),
    NotApproved(String),
    GateFailed(String),
    HookFailed(String),
}

impl From<rollout::Status> for Status {
    fn from(status: rollout::Status) -> Self {
        use rollout::Status as From;
        match status {
            From::Starting => Self::Starting,
            From::Entering(next) => Self::Entering(next.into()),
            From::Shifting => Self::Shifting,
            From::Baking => Self::Baking,
            From::AwaitingApproval => Self::AwaitingApproval,
            From::Watching => Self::Watching,
            From::AwaitingFinish => Self::AwaitingFinish,
            From::Finishing => Self::Finishing,
            From::Completed { at } => Self::Completed { at: Spelt(at) },
            From::RollingBack { cause, began } => Self::RollingBack {
                cause: cause.into(),
                began: Spelt(began),
            },
            From::Guarding { cause, restored } => Self::Guarding {
                cause: cause.into(),
                restored: Spelt(restored),
            },
            From::RolledBack { cause, restored } => Self::RolledBack {
                cause: cause.into(),
                restored: Spelt(restored),
            },
            From::Superseded { by } => Self::Superseded { by },
        }
    }
}

impl From<Status> for rollout::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Starting => Self::Starting,
            Status::Entering(next) => Self::Entering(next.into()),
            Status::Shifting => Self::Shifting,
            Status::Baking => Self::Baking,
            Status::AwaitingApproval => Self::AwaitingApproval,
            Status::Watching => Self::Watching,
            Status::AwaitingFinish => Self::AwaitingFinish,
            Status::Finishing => Self::Finishing,
            Status::Completed { at } => Self::Completed { at: at.0 },
            Status::RollingBack { cause, began } => Self::RollingBack {
                cause: cause.into(),
                began: began.0,
            },
            Status::Guarding { cause, restored } => Self::Guarding {
                cause: cause.into(),
                restored: restored.0,
            },
            Status::RolledBack { cause, restored } => Self::RolledBack {
                cause: cause.into(),
                restored: restored.0,
            },
            Status::Superseded { by } => Self::Superseded { by },
        }
    }
}

impl From<rollout::Next> for Next {
    fn from(next: rollout::Next) -> Self {
        match next {
            rollout::Next::Phase(index) => Self::Phase(index),
            rollout::Next::Watch => Self::Watch,
        }
    }
}

impl From<Next> for rollout::Next {
    fn from(next: Next) -> Self {
        match next {
            Next::Phase(index) => Self::Phase(index),
            Next::Watch => Self::Watch,
        }
    }
}

impl From<rollout::Cause> for Cause {
    fn from(cause: rollout::Cause) -> Self {
        use rollout::Cause as From;
        match cause {
            From::Alarm(arn) => Self::Alarm(Spelt(arn)),
            From::Condition(said) => Self::Condition(said),
            From::Person(who, why) => Self::Person {
                who: Spelt(who),
                why,
            },
            From::Aborted(who, why) => Self::Aborted {
                who: Spelt(who),
                why,
            },
            From::IncidentOverdue(what) => Self::IncidentOverdue(what),
            From::NotApproved(why) => Self::NotApproved(why),
            From::GateFailed(why) => Self::GateFailed(why),
            From::HookFailed(why) => Self::HookFailed(why),
        }
    }
}

impl From<Cause> for rollout::Cause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Alarm(arn) => Self::Alarm(arn.0),
            Cause::Condition(said) => Self::Condition(said),
            Cause::Person { who, why } => Self::Person(who.0, why),
            Cause::Aborted { who, why } => Self::Aborted(who.0, why),
            Cause::IncidentOverdue(what) => Self::IncidentOverdue(what),
            Cause::NotApproved(why) => Self::NotApproved(why),
            Cause::GateFailed(why) => Self::GateFailed(why),
            Cause::HookFailed(why) => Self::HookFailed(why),
        }
    }
}
