//! Which phase a fact is about.

use crate::{
    ledger::{Fact, Shown},
    name::PhaseName,
};

/// Which phase a fact is about, and what one has shown that is over with it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Subject<'a> {
    /// The phase, if the fact names one; else it is about the one that the rollout is in.
    pub(super) phase: Option<&'a PhaseName>,
    /// What a phase has shown.
    pub(super) shown: Option<&'a Shown>,
}

pub(super) fn about(fact: &Fact) -> Subject<'_> {
    let (phase, shown) = match fact {
        Fact::GatePassed { phase, shown } => (Some(phase), shown.as_deref()),
        Fact::PhaseEntered { phase, finished } => (Some(phase), finished.as_deref()),
        Fact::WatchBegan { finished, .. }
        | Fact::FinishAwaited { finished }
        | Fact::FinishBegan { finished }
        | Fact::Completed { finished } => (None, finished.as_deref()),
        Fact::Stalled(stall) => (stall.phase(), None),
        Fact::InEffect { phase, .. }
        | Fact::ApprovalAsked { phase, .. }
        | Fact::Approved { phase, .. }
        | Fact::Rejected { phase, .. }
        | Fact::ApprovalExpired { phase, .. }
        | Fact::Overdue { phase, .. }
        | Fact::Promoted { phase } => (Some(phase), None),
        Fact::Started { .. }
        | Fact::AlarmsOverridden { .. }
        | Fact::Prepared
        | Fact::GateFailed { .. }
        | Fact::Checked { .. }
        | Fact::HookSucceeded { .. }
        | Fact::HookFailed { .. }
        | Fact::IncidentOpened { .. }
        | Fact::IncidentOverdue { .. }
        | Fact::Escalated { .. }
        | Fact::Reminded { .. }
        | Fact::IncidentAccepted { .. }
        | Fact::RiskOver { .. }
        | Fact::IncidentRecovered { .. }
        | Fact::AlarmSilent { .. }
        | Fact::AlarmSpoke { .. }
        | Fact::Paused { .. }
        | Fact::Resumed { .. }
        | Fact::PromotedFull { .. }
        | Fact::WeightSet { .. }
        | Fact::CalendarOverridden { .. }
        | Fact::RollbackBegan { .. }
        | Fact::TrafficRestored { .. }
        | Fact::RollbackConfirmed
        | Fact::RollbackLate { .. }
        | Fact::ChangeStuck { .. }
        | Fact::RouteObstructed { .. }
        | Fact::DriftFound { .. }
        | Fact::DriftGone { .. }
        | Fact::HandClosed { .. }
        | Fact::LateWriteUndone { .. }
        | Fact::Superseded { .. }
        | Fact::Retried => (None, None),
    };
    Subject { phase, shown }
}
