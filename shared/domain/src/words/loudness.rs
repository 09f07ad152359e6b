//! How loud a message is.

use super::Tone;
use crate::{
    ledger::{Fact, Stall},
    plan::severity::Severity,
};

/// How much the reader should do about a fact; none for what only fills in the ledger.
#[must_use]
pub fn tone(fact: &Fact) -> Option<Tone> {
    Some(match fact {
        Fact::Prepared => return None,
        Fact::GatePassed { .. }
        | Fact::Stalled(Stall::MeasuredAgain)
        | Fact::TrafficRestored { .. }
        | Fact::RollbackConfirmed
        | Fact::Completed { .. } => Tone::Good,
        Fact::ApprovalAsked { .. }
        | Fact::ApprovalExpired { .. }
        | Fact::Overdue { .. }
        | Fact::FinishAwaited { .. }
        | Fact::DriftFound { .. }
        | Fact::HandClosed { .. }
        | Fact::GateFailed { .. }
        | Fact::Stalled(Stall::NoEvidence { .. } | Stall::Unmeasured { .. })
        | Fact::Rejected { .. }
        | Fact::AlarmSilent { .. }
        | Fact::Escalated { .. }
        | Fact::Reminded { .. }
        | Fact::RiskOver { .. }
        | Fact::IncidentOverdue { .. } => Tone::Ask,
        Fact::IncidentOpened { severity, .. } => match severity {
            Severity::Low => Tone::Note,
            Severity::Medium => Tone::Ask,
            Severity::High | Severity::Critical => Tone::Bad,
        },
        Fact::RollbackBegan { .. }
        | Fact::RollbackLate { .. }
        | Fact::ChangeStuck { .. }
        | Fact::RouteObstructed { .. }
        | Fact::HookFailed { .. }
        | Fact::LateWriteUndone { .. } => Tone::Bad,
        Fact::Started { .. }
        | Fact::AlarmsOverridden { .. }
        | Fact::PhaseEntered { .. }
        | Fact::InEffect { .. }
        | Fact::Approved { .. }
        | Fact::Checked { .. }
        | Fact::IncidentAccepted { .. }
        | Fact::IncidentRecovered { .. }
        | Fact::AlarmSpoke { .. }
        | Fact::Paused { .. }
        | Fact::Resumed { .. }
        | Fact::Promoted { .. }
        | Fact::PromotedFull { .. }
        | Fact::WeightSet { .. }
        | Fact::CalendarOverridden { .. }
        | Fact::Stalled(Stall::Calendar { .. })
        | Fact::WatchBegan { .. }
        | Fact::FinishBegan { .. }
        | Fact::Superseded { .. }
        | Fact::DriftGone { .. }
        | Fact::HookSucceeded { .. }
        | Fact::Retried => Tone::Note,
    })
}
