//! Everything that can happen to a rollout.

use std::collections::BTreeMap;

use crate::{
    judge::Finding,
    name::{AlarmArn, ItemName, Person, PhaseName, RouteName},
    plan::PlanHash,
    rollout::{HookKey, IncidentMark, Rollout},
    target::Seen,
    time::Timestamp,
    traffic::{Epoch, Weights},
};

/// Everything that can happen to a rollout that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    /// Time has passed: the sweep came by.
    Tick,
    /// An intent's deadline has passed and its change has not been seen in the world.
    Overran {
        /// The intent's epoch.
        epoch: Epoch,
    },
    /// Routes could not be made what was decided, and trying again alone will not help.
    Obstructed {
        /// The epoch of the decision.
        epoch: Epoch,
        /// Why, in the words of whoever refused.
        routes: BTreeMap<RouteName, String>,
    },
    /// An alarm says that its state changed.
    AlarmChanged(AlarmChange),
    /// The alarms' states were read.
    AlarmsRead(BTreeMap<AlarmArn, AlarmReading>),
    /// Conditions were judged.
    Measured {
        /// The epoch they were measured in.
        epoch: Epoch,
        /// What was found.
        findings: Vec<Finding>,
    },
    /// Routes were read.
    Observed {
        /// The epoch of the head that was read before the routes were.
        epoch: Epoch,
        /// When the reading began: what was read was so then, or later.
        read_at: Timestamp,
        /// What each route that could be read was seen to be.
        routes: BTreeMap<RouteName, Seen>,
    },
    /// A run of a hook ended, or has not yet.
    HookFinished {
        /// Which hook.
        hook: HookKey,
        /// Which of its runs: how many were over before.
        run: u32,
        /// How.
        outcome: HookOutcome,
    },
    /// Somebody asks for something.
    Asked {
        /// Who.
        by: Person,
        /// For what.
        command: Command,
    },
    /// Somebody decides on what a link or a message showed, which may be long ago.
    Answered {
        /// Who.
        by: Person,
        /// What for.
        command: Command,
        /// What was shown.
        shown: Sight,
    },
}

/// Where a rollout stood when somebody was shown it and asked to decide.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sight {
    /// Its epoch.
    pub epoch: Epoch,
    /// The phase that it was in, if it was in one.
    pub phase: Option<PhaseName>,
    /// Its plan.
    pub plan: PlanHash,
}

impl Sight {
    /// What somebody is shown of a rollout as it stands.
    #[must_use]
    pub fn of(rollout: &Rollout) -> Self {
        Self {
            epoch: rollout.epoch,
            phase: rollout.current_phase().map(|phase| phase.name.clone()),
            plan: rollout.plan.hash,
        }
    }
}

/// What somebody can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Command {
    /// Stop advancing; weights stay.
    Pause {
        /// Why.
        reason: String,
    },
    /// Go on: nothing holds any more, and open incidents are accepted.
    Resume {
        /// Why.
        reason: String,
    },
    /// Skip what is left of this phase's bake; its gates still apply.
    Promote,
    /// Go to the last phase's weights now, past every gate.
    PromoteFull {
        /// Why; a hotfix, for example.
        reason: String,
    },
    /// Send traffic back to stable because something is wrong.
    Rollback {
        /// What.
        reason: String,
    },
    /// Send traffic back to stable because the rollout is not wanted any more.
    Abort {
        /// Why.
        reason: String,
    },
    /// Try again what failed: a hook, or a gate whose limits are used up.
    Retry,
    /// Set weights by hand and hold.
    SetWeight {
        /// The weights of the routes that change.
        weights: Weights,
        /// Why.
        reason: String,
    },
    /// The team's tooling has made the canary the new stable: remove what is ours.
    Finish,
    /// Agree to go on from a phase.
    Approve {
        /// The phase that was looked at.
        phase: PhaseName,
    },
    /// Do not agree.
    Reject {
        /// The phase that was looked at.
        phase: PhaseName,
        /// Why.
        reason: String,
    },
    /// Confirm an item of the phase's checklist.
    Check {
        /// The phase that was looked at.
        phase: PhaseName,
        /// The item.
        item: ItemName,
    },
    /// Raise weights although the calendar says no.
    OverrideCalendar {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Let the rollout go on in spite of an incident, for a while.
    Accept {
        /// The incident.
        incident: Named,
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// A new rollout takes over the routes at their current weights.
    Supersede {
        /// The new rollout's number.
        by: u64,
    },
}

/// Which incident somebody means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Named {
    /// The one that is called so: `alarm new-5xx`, or a condition.
    Words(String),
    /// The very one that they were shown.
    Shown(IncidentMark),
}

impl Command {
    /// What an operator types for it.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Promote => "promote",
            Self::PromoteFull { .. } => "promote --full",
            Self::Rollback { .. } => "rollback",
            Self::Abort { .. } => "abort",
            Self::Retry => "retry",
            Self::SetWeight { .. } => "set-weight",
            Self::Finish => "finish",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Check { .. } => "check",
            Self::OverrideCalendar { .. } => "override-calendar",
            Self::Accept { .. } => "accept",
            Self::Supersede { .. } => "start --supersede",
        }
    }

    /// Whether it makes things safer wherever the rollout stands, so that nobody who wants it is sent away because the
    /// rollout has moved on since they looked.
    #[must_use]
    pub const fn is_safe_any_time(&self) -> bool {
        match self {
            Self::Pause { .. } | Self::Rollback { .. } => true,
            Self::Resume { .. }
            | Self::Promote
            | Self::PromoteFull { .. }
            | Self::Abort { .. }
            | Self::Retry
            | Self::SetWeight { .. }
            | Self::Finish
            | Self::Approve { .. }
            | Self::Reject { .. }
            | Self::Check { .. }
            | Self::OverrideCalendar { .. }
            | Self::Accept { .. }
            | Self::Supersede { .. } => false,
        }
    }
}

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmState {
    /// `OK`
    Ok,
    /// `ALARM`
    Alarm,
    /// `INSUFFICIENT_DATA`
    InsufficientData,
}

/// An alarm's transition, as it came on some path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlarmChange {
    /// The alarm.
    pub arn: AlarmArn,
    /// Its new state.
    pub state: AlarmState,
    /// When it changed, by the alarm itself.
    pub at: Timestamp,
    /// The alarm's own words.
    pub reason: String,
}

/// An alarm's state, as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AlarmReading {
    /// It was read.
    State {
        /// The state.
        state: AlarmState,
        /// When it was entered.
        since: Timestamp,
        /// The alarm's own words.
        reason: String,
    },
    /// It does not exist, or could not be read.
    Unreadable(String),
}

/// How a hook ended, if it has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HookOutcome {
    /// It is at work and will be asked again.
    Running,
    /// It did what it should.
    Succeeded,
    /// It did not.
    Failed(String),
}
