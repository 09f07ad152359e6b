//! Everything that can stand in a ledger, and how it is said there.

use derive_more::Display;

use super::stall::Stall;
use crate::{
    judge::Finding,
    name::{ItemName, Person, PhaseName, RouteName},
    plan::{gate::Otherwise, severity::Severity},
    rollout::{Cause, Gate, IncidentSource, Origin, Question},
    time::{SignedDuration, Spell, Timestamp},
    traffic::Weight,
};

/// Something that happened.
///
/// What is displayed is what the ledger's hash is taken over. A fact may carry more than that, for messages; it
/// then says again what entries before it have said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Display)]
pub enum Fact {
    /// The rollout began.
    #[display("rollout started{}, plan {plan}", origin_words(*origin))]
    Started {
        /// What it follows.
        origin: Origin,
        /// The plan's hash.
        plan: String,
    },
    /// It began although alarms were not as they should be.
    #[display("started although {alarms}: {reason}")]
    AlarmsOverridden {
        /// Which, and how they were.
        alarms: String,
        /// Why that is borne.
        reason: String,
    },
    /// The routes are ready to carry weight.
    #[display("every route is ready")]
    Prepared,
    /// A phase's weights were decided.
    #[display("phase {phase} entered")]
    PhaseEntered {
        /// The phase.
        phase: PhaseName,
        /// What the phase before it has shown.
        finished: Option<Box<Shown>>,
    },
    /// A phase's weights are in effect on every route.
    #[display("the weights of phase {phase} are in effect from {since:.0}")]
    InEffect {
        /// The phase.
        phase: PhaseName,
        /// When they reach, or reached, the last client.
        since: Timestamp,
    },
    /// A phase's conditions, time and checklist are all there.
    #[display("the gate of phase {phase} passed")]
    GatePassed {
        /// The phase.
        phase: PhaseName,
        /// What it has shown.
        shown: Option<Box<Shown>>,
    },
    /// Something holds the rollout back, or does no more, and nobody has decided that.
    #[display("{_0}")]
    Stalled(Stall),
    /// A gate's limits are used up.
    #[display("the gate failed: {what} {spent}; {}", then_words(*then))]
    GateFailed {
        /// Which condition, as it is written.
        what: String,
        /// Which limit, and how far.
        spent: Spent,
        /// What happens now.
        then: Otherwise,
    },
    /// People were asked to approve.
    #[display("approval of phase {phase} asked, {needed} needed{}", until_words(*until))]
    ApprovalAsked {
        /// The phase.
        phase: PhaseName,
        /// How many must.
        needed: u32,
        /// By when.
        until: Option<Timestamp>,
    },
    /// A person approved.
    #[display("phase {phase} approved, {have} of {needed}")]
    Approved {
        /// The phase.
        phase: PhaseName,
        /// How many have.
        have: u32,
        /// How many must.
        needed: u32,
    },
    /// A person did not agree.
    #[display("phase {phase} rejected: {reason}")]
    Rejected {
        /// The phase.
        phase: PhaseName,
        /// Why.
        reason: String,
    },
    /// Nobody approved in time.
    #[display("nobody approved phase {phase} in time; {}", then_words(*then))]
    ApprovalExpired {
        /// The phase.
        phase: PhaseName,
        /// What happens now.
        then: Otherwise,
    },
    /// A person confirmed an item of a checklist.
    #[display("{item} confirmed")]
    Checked {
        /// The item.
        item: ItemName,
    },
    /// A phase is overdue.
    #[display("phase {phase} is overdue: it should take at most {}; a person decides", Spell(*within))]
    Overdue {
        /// The phase.
        phase: PhaseName,
        /// How long it may take.
        within: SignedDuration,
    },
    /// A hook did what it should.
    #[display("hook {hook} succeeded")]
    HookSucceeded {
        /// The hook.
        hook: String,
    },
    /// A hook failed and is tried again, or not.
    #[display("hook {hook} failed, attempt {failures}: {why}; {then}")]
    HookFailed {
        /// The hook.
        hook: String,
        /// Its words.
        why: String,
        /// How often it has failed.
        failures: u32,
        /// What happens now.
        then: AfterFailure,
    },
    /// A breach was found.
    #[display("{severity} incident: {source}{}{}", begun_words(*begun), due_words(*due, *otherwise))]
    IncidentOpened {
        /// What.
        source: IncidentSource,
        /// How bad.
        severity: Severity,
        /// When it had begun, as far as its source says.
        begun: Option<Timestamp>,
        /// By when somebody should decide.
        due: Option<Timestamp>,
        /// What happens then.
        otherwise: Otherwise,
    },
    /// Nobody decided on a breach in time.
    #[display("nobody decided in time on {source}; {}", then_words(*then))]
    IncidentOverdue {
        /// What.
        source: IncidentSource,
        /// What happens now.
        then: Otherwise,
    },
    /// Nobody has decided for a while: others are told.
    #[display("{what} waits for a decision; level {level} is told: {tell}{}", due_words(*due, *otherwise))]
    Escalated {
        /// What.
        what: Question,
        /// The level of the plan's escalation, counted from 1.
        level: usize,
        /// Its groups.
        tell: String,
        /// By when somebody should decide.
        due: Option<Timestamp>,
        /// What happens then.
        otherwise: Otherwise,
    },
    /// Nobody has decided yet: people are reminded.
    #[display("{what} still waits for a decision{}", due_words(*due, *otherwise))]
    Reminded {
        /// What.
        what: Question,
        /// By when somebody should decide.
        due: Option<Timestamp>,
        /// What happens then.
        otherwise: Otherwise,
    },
    /// A person lets the rollout go on in spite of a breach.
    #[display("{source} accepted{}", terms_words(terms.as_ref()))]
    IncidentAccepted {
        /// What.
        source: IncidentSource,
        /// Until when and why, if it is for a while.
        terms: Option<Terms>,
    },
    /// The time for which a breach was accepted is over.
    #[display("{source} was accepted until now")]
    RiskOver {
        /// What.
        source: IncidentSource,
    },
    /// A breach's source is as it should be again.
    #[display("{source} is as it should be again")]
    IncidentRecovered {
        /// What.
        source: IncidentSource,
    },
    /// A guarding alarm has said nothing for a while: nothing advances until it does.
    #[display("{source} {why}; nothing advances until it has a state")]
    AlarmSilent {
        /// Which.
        source: IncidentSource,
        /// What is wrong with it.
        why: Mute,
    },
    /// A guarding alarm that people were told of says something again.
    #[display("{source} has a state again")]
    AlarmSpoke {
        /// Which.
        source: IncidentSource,
    },
    /// A person stopped the advance.
    #[display("paused: {reason}")]
    Paused {
        /// Why.
        reason: String,
    },
    /// A person let it go on.
    #[display("resumed: {reason}")]
    Resumed {
        /// Why.
        reason: String,
    },
    /// A person skipped what was left of a bake.
    #[display("the rest of the bake of phase {phase} skipped")]
    Promoted {
        /// The phase.
        phase: PhaseName,
    },
    /// A person went to the last phase past every gate.
    #[display("promoted past every gate: {reason}")]
    PromotedFull {
        /// Why.
        reason: String,
    },
    /// A person set weights by hand.
    #[display("weights set by hand: {reason}")]
    WeightSet {
        /// Why.
        reason: String,
    },
    /// A person overrode the calendar.
    #[display("calendar overridden until {until:.0}: {reason}")]
    CalendarOverridden {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// A rollback was decided.
    #[display("rolling back: {}{}", cause_words(cause), begun_words(*begun))]
    RollbackBegan {
        /// Why.
        cause: Cause,
        /// When that had begun, as far as its source says.
        begun: Option<Timestamp>,
    },
    /// Traffic is back on stable, read back from every route.
    #[display("all traffic is back on stable, {} after the decision", Spell(*took))]
    TrafficRestored {
        /// How long after the decision.
        took: SignedDuration,
    },
    /// No late write can disturb the rollback any more.
    #[display("the rollback is confirmed: no late write can disturb it")]
    RollbackConfirmed,
    /// Traffic is not back within the plan's time.
    #[display("traffic is not back within {}", Spell(*within))]
    RollbackLate {
        /// The plan's time.
        within: SignedDuration,
    },
    /// A change could not be put into effect and is being tried again.
    #[display("the change could not be put into effect in {tries} tries; trying again")]
    ChangeStuck {
        /// How often it has been tried.
        tries: u32,
    },
    /// A change of a route is refused, and will be until somebody does something about it.
    #[display("{route} could not be changed: {why}; it is tried again until that is mended")]
    RouteObstructed {
        /// The route.
        route: RouteName,
        /// The words of whoever refused.
        why: String,
    },
    /// Somebody else made a route's weight higher than desired.
    #[display("{route} is at {found}, it should be at {desired}; holding")]
    DriftFound {
        /// The route.
        route: RouteName,
        /// Its weight.
        found: Weight,
        /// What it should be.
        desired: Weight,
    },
    /// A drift is gone.
    #[display("{route} is as it should be again")]
    DriftGone {
        /// The route.
        route: RouteName,
    },
    /// Somebody else made a route's weight lower than desired; it is adopted.
    #[display("{route} was closed to {found} by hand; adopted, holding")]
    HandClosed {
        /// The route.
        route: RouteName,
        /// Its weight.
        found: Weight,
    },
    /// A late write was found after a rollback and put right.
    #[display("{route} was at {found} after the rollback; putting it right")]
    LateWriteUndone {
        /// The route.
        route: RouteName,
        /// Its weight.
        found: Weight,
    },
    /// The watch began.
    #[display("watching for {}", Spell(*lasts))]
    WatchBegan {
        /// How long it lasts.
        lasts: SignedDuration,
        /// What the last phase has shown.
        finished: Option<Box<Shown>>,
    },
    /// The watch has passed; the team's tooling is waited for.
    #[display(
        "the watch passed; waiting for the canary to be made the new stable, and `tidegate finish`"
    )]
    FinishAwaited {
        /// What the watch, or without one the last phase, has shown.
        finished: Option<Box<Shown>>,
    },
    /// The canary is being made the new stable.
    #[display("making the canary the new stable")]
    FinishBegan {
        /// What the watch, or without one the last phase, has shown.
        finished: Option<Box<Shown>>,
    },
    /// The rollout is done.
    #[display("completed")]
    Completed {
        /// What the watch, or without one the last phase, has shown.
        finished: Option<Box<Shown>>,
    },
    /// Another rollout took over the routes.
    #[display("superseded by rollout {by}")]
    Superseded {
        /// Its number.
        by: u64,
    },
    /// A person asked to try again what had failed.
    #[display("trying again what failed")]
    Retried,
}

/// What a phase, or the watch, has shown by its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shown {
    /// The phase; the last one for the watch.
    pub phase: PhaseName,
    /// When its weights were in effect, or the watch began.
    pub since: Timestamp,
    /// When it was over, or looked at.
    pub until: Timestamp,
    /// The newest measurement of each condition.
    pub findings: Vec<Finding>,
    /// Who has approved.
    pub approvals: Vec<Person>,
    /// Who has confirmed what.
    pub checked: Vec<(ItemName, Person)>,
}

impl Shown {
    /// What a gate has gathered.
    pub(crate) fn of(phase: &PhaseName, gate: &Gate, now: Timestamp) -> Self {
        let checked = gate.checked.iter();
        Self {
            phase: phase.clone(),
            since: gate.since,
            until: now,
            findings: gate
                .tallies
                .iter()
                .filter_map(|tally| tally.last.clone())
                .collect(),
            approvals: gate.approvals.iter().cloned().collect(),
            checked: checked
                .map(|(item, by)| (item.clone(), by.clone()))
                .collect(),
        }
    }
}

/// Which of a gate's limits is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display)]
pub enum Spent {
    /// So many measurements failed in the phase.
    #[display("failed {_0} times")]
    Failures(u32),
    /// So many measurements failed one after the other.
    #[display("failed {_0} times in a row")]
    FailuresInARow(u32),
    /// So many measurements one after the other could not be made.
    #[display("could not be measured {_0} times in a row")]
    ErrorsInARow(u32),
}

/// Why a guarding alarm says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display)]
pub enum Mute {
    /// It is in `INSUFFICIENT_DATA`.
    #[display("has no data")]
    NoData,
    /// Its state cannot be read.
    #[display("cannot be read")]
    Unreadable,
}

/// Until when a breach is borne, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// What happens after a hook has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display)]
pub enum AfterFailure {
    /// It is tried again.
    #[display("trying again")]
    TriedAgain,
    /// It is written down, and the rollout goes on.
    #[display("going on without it")]
    Ignored,
    /// What its plan says of failed hooks.
    #[display("{}", then_words(*_0))]
    Then(Otherwise),
}

fn terms_words(terms: Option<&Terms>) -> String {
    terms.map_or_else(String::new, |terms| {
        format!(" until {:.0}: {}", terms.until, terms.reason)
    })
}

/// Why, without who: the entry says that beside it.
fn cause_words(cause: &Cause) -> String {
    match cause {
        Cause::Person(_, why) => why.clone(),
        Cause::Aborted(_, why) => format!("aborted: {why}"),
        Cause::Alarm(_)
        | Cause::Condition(_)
        | Cause::IncidentOverdue(_)
        | Cause::NotApproved(_)
        | Cause::GateFailed(_)
        | Cause::HookFailed(_) => cause.to_string(),
    }
}

fn then_words(otherwise: Otherwise) -> &'static str {
    match otherwise {
        Otherwise::Hold => "holding for a person",
        Otherwise::Rollback => "rolling back",
    }
}

fn origin_words(origin: Origin) -> String {
    match origin {
        Origin::Fresh => String::new(),
        Origin::Retry(number) => format!(" (again, after #{number})"),
        Origin::Superseded(number) => format!(" (instead of #{number}, from its weights)"),
    }
}

/// An alarm changes its state, and a window ends, some time after what they show has begun.
fn begun_words(begun: Option<Timestamp>) -> String {
    begun.map_or_else(String::new, |begun| format!("; it had begun by {begun:.0}"))
}

fn until_words(until: Option<Timestamp>) -> String {
    until.map_or_else(String::new, |until| format!(", until {until:.0}"))
}

fn due_words(due: Option<Timestamp>, otherwise: Otherwise) -> String {
    let Some(due) = due else {
        return String::new();
    };
    match otherwise {
        Otherwise::Hold => format!("; holding, a person should decide by {due:.0}"),
        Otherwise::Rollback => {
            format!("; holding, traffic goes back at {due:.0} unless a person decides")
        }
    }
}

impl Fact {
    /// A short name that stays the same.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::AlarmsOverridden { .. } => "alarms-overridden",
            Self::Prepared => "prepared",
            Self::PhaseEntered { .. } => "phase-entered",
            Self::InEffect { .. } => "in-effect",
            Self::GatePassed { .. } => "gate-passed",
            Self::Stalled(stall) => stall.kind(),
            Self::GateFailed { .. } => "gate-failed",
            Self::ApprovalAsked { .. } => "approval-asked",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
            Self::ApprovalExpired { .. } => "approval-expired",
            Self::Checked { .. } => "checked",
            Self::Overdue { .. } => "overdue",
            Self::HookSucceeded { .. } => "hook-succeeded",
            Self::HookFailed { .. } => "hook-failed",
            Self::IncidentOpened { .. } => "incident-opened",
            Self::IncidentOverdue { .. } => "incident-overdue",
            Self::Escalated { .. } => "escalated",
            Self::Reminded { .. } => "reminded",
            Self::IncidentAccepted { .. } => "incident-accepted",
            Self::RiskOver { .. } => "risk-over",
            Self::IncidentRecovered { .. } => "incident-recovered",
            Self::AlarmSilent { .. } => "alarm-silent",
            Self::AlarmSpoke { .. } => "alarm-spoke",
            Self::Paused { .. } => "paused",
            Self::Resumed { .. } => "resumed",
            Self::Promoted { .. } => "promoted",
            Self::PromotedFull { .. } => "promoted-full",
            Self::WeightSet { .. } => "weight-set",
            Self::CalendarOverridden { .. } => "calendar-overridden",
            Self::RollbackBegan { .. } => "rollback-began",
            Self::TrafficRestored { .. } => "traffic-restored",
            Self::RollbackConfirmed => "rollback-confirmed",
            Self::RollbackLate { .. } => "rollback-late",
            Self::ChangeStuck { .. } => "change-stuck",
            Self::RouteObstructed { .. } => "route-obstructed",
            Self::DriftFound { .. } => "drift-found",
            Self::DriftGone { .. } => "drift-gone",
            Self::HandClosed { .. } => "hand-closed",
            Self::LateWriteUndone { .. } => "late-write-undone",
            Self::WatchBegan { .. } => "watch-began",
            Self::FinishAwaited { .. } => "finish-awaited",
            Self::FinishBegan { .. } => "finish-began",
            Self::Completed { .. } => "completed",
            Self::Superseded { .. } => "superseded",
            Self::Retried => "retried",
        }
    }
}
