//! Every sentence about a rollout that a person reads, made from the ledger and from what is waited for.
//!
//! A message says what happened, to what, on what evidence, and what happens next. It is made from an
//! entry of the ledger and the rollout as it stood then, never from anything that did not happen.

mod waiting;

use std::fmt::Write as _;

use crate::{
    ledger::{Actor, Entry, Fact},
    plan::{gate::Otherwise, severity::Severity},
    rollout::Rollout,
    time::Spell,
    traffic::{Weight, Weights},
};

pub use waiting::waiting;

/// What a person is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Message {
    /// How much it wants from the reader.
    pub tone: Tone,
    /// One line: the service, and what happened.
    pub title: String,
    /// The rest: weights, evidence, who, what next.
    pub lines: Vec<String>,
}

/// How much a message wants from its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// For the record.
    Note,
    /// Something went well.
    Good,
    /// A person should do something.
    Ask,
    /// Something is wrong.
    Bad,
}

/// The message for an entry, if it deserves one: what only fills in the ledger does not.
#[must_use]
pub fn message(rollout: &Rollout, entry: &Entry) -> Option<Message> {
    let tone = tone(&entry.fact)?;
    let mut lines = vec![weights_line(entry)];
    lines.extend(entry.evidence.iter().map(|finding| format!("• {finding}")));
    lines.extend(next(rollout, &entry.fact));
    Some(Message {
        tone,
        title: format!("{}: {}", rollout.id, title(rollout, entry)),
        lines,
    })
}

fn title(rollout: &Rollout, entry: &Entry) -> String {
    if let Fact::PhaseEntered { phase } = &entry.fact {
        let all = rollout.plan.phases.len();
        let number = rollout.phase.map_or(0, |index| index.saturating_add(1));
        let after = &entry.after;
        return format!("phase {phase} ({number} of {all}) begins, canary to {after}");
    }
    match &entry.actor {
        Actor::Person(person) => format!("{} (by {person})", entry.fact),
        Actor::Alarm(_) | Actor::Plan | Actor::Stranger => entry.fact.to_string(),
    }
}

/// `canary at 25%`, or `canary from 25% to 0%`.
fn weights_line(entry: &Entry) -> String {
    if entry.before == entry.after {
        format!("canary {} {}", bar(&entry.after), entry.after)
    } else {
        format!(
            "canary {} from {} to {}",
            bar(&entry.after),
            entry.before,
            entry.after
        )
    }
}

/// Ten cells of the highest weight.
fn bar(weights: &Weights) -> String {
    let most = weights
        .iter()
        .map(|(_, weight)| weight)
        .max()
        .unwrap_or(Weight::ZERO);
    let full = usize::from(most.permille().div_ceil(100));
    let mut bar = String::new();
    for cell in 0..10 {
        bar.push(if cell < full { '█' } else { '░' });
    }
    bar
}

/// What happens next, where that is not plain from the message itself.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most facts say themselves what happens next; a new one may too"
)]
fn next(rollout: &Rollout, fact: &Fact) -> Vec<String> {
    let phase = rollout.current_phase();
    match fact {
        Fact::InEffect { .. } => phase.map_or_else(Vec::new, |phase| {
            let mut line = format!("Bakes for at least {}", Spell(phase.bake));
            if let Some(within) = phase.within {
                let _ = write!(line, ", overdue after {}", Spell(within));
            }
            line.push('.');
            vec![line]
        }),
        Fact::RollbackBegan { .. } => {
            let within = Spell(rollout.plan.rollback.within);
            vec![format!("All traffic goes back to stable, at the latest within {within}.")]
        }
        Fact::TrafficRestored { .. } => {
            vec!["It is guarded until no late write can disturb it.".to_owned()]
        }
        Fact::ApprovalAsked { .. } => phase
            .and_then(|phase| phase.approval.as_ref())
            .map_or_else(Vec::new, |approval| {
                let groups: Vec<String> = approval.from.iter().map(ToString::to_string).collect();
                let end = match (approval.expires, approval.otherwise) {
                    (Some(_), Otherwise::Rollback) => " Without an answer, traffic goes back.",
                    (Some(_), Otherwise::Hold) => " Without an answer, the rollout holds.",
                    (None, _) => "",
                };
                vec![format!("{} may approve.{end}", groups.join(", "))]
            }),
        Fact::DriftFound { .. } => vec![
            "Nothing advances. Put it right by hand, or `tidegate resume` to set the plan's weight again."
                .to_owned(),
        ],
        Fact::HandClosed { .. } => {
            vec!["Nothing raises it again until somebody says `tidegate resume`.".to_owned()]
        }
        Fact::Overdue { .. } | Fact::GateFailed { then: Otherwise::Hold, .. } => {
            vec!["`tidegate resume`, `tidegate promote` or `tidegate rollback`?".to_owned()]
        }
        _ => Vec::new(),
    }
}

/// How much the reader should do about a fact; none for what only fills in the ledger.
#[must_use]
pub fn tone(fact: &Fact) -> Option<Tone> {
    Some(match fact {
        Fact::Prepared | Fact::DriftGone { .. } | Fact::HookSucceeded { .. } => return None,
        Fact::GatePassed { .. }
        | Fact::TrafficRestored { .. }
        | Fact::RollbackConfirmed
        | Fact::Completed => Tone::Good,
        Fact::ApprovalAsked { .. }
        | Fact::ApprovalExpired { .. }
        | Fact::Overdue { .. }
        | Fact::FinishAwaited
        | Fact::DriftFound { .. }
        | Fact::HandClosed { .. }
        | Fact::GateFailed { .. }
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
        | Fact::RiskAccepted { .. }
        | Fact::IncidentRecovered { .. }
        | Fact::AlarmSpoke { .. }
        | Fact::Paused { .. }
        | Fact::Resumed { .. }
        | Fact::Promoted { .. }
        | Fact::PromotedFull { .. }
        | Fact::WeightSet { .. }
        | Fact::CalendarOverridden { .. }
        | Fact::WatchBegan { .. }
        | Fact::FinishBegan
        | Fact::Superseded { .. }
        | Fact::Retried => Tone::Note,
    })
}
