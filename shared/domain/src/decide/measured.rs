//! What follows from conditions having been judged.

use super::{Turn, incident, rollback};
use crate::{
    judge::{Doubt, Finding, Role, Verdict},
    ledger::{Actor, Fact, Spent},
    plan::gate::{GateLimits, Otherwise},
    rollout::{Cause, Hold, IncidentSource, Status, Tally},
    traffic::Epoch,
};

/// Conditions were judged under a head of this epoch.
pub(super) fn measured(turn: &mut Turn, epoch: Epoch, findings: &[Finding]) {
    if epoch != turn.next.epoch || turn.next.intent.is_some() || !turn.next.status.is_forward() {
        return;
    }
    let Some(since) = turn.next.gate.as_ref().map(|gate| gate.since) else {
        return;
    };
    for finding in findings {
        let mut finding = finding.clone();
        if finding.window.from < since {
            finding.verdict = Verdict::Inconclusive(Doubt::TooSoon);
        }
        match finding.role {
            Role::Rollback => breached(turn, finding),
            Role::Incident(severity) => {
                let source = IncidentSource::Condition(finding.condition.to_string());
                match finding.verdict {
                    Verdict::Fail => {
                        incident::breach(turn, source, severity, vec![finding]);
                    }
                    Verdict::Pass => incident::recovered(turn, &source),
                    Verdict::Inconclusive(_) | Verdict::Error(_) => {}
                }
            }
            Role::Require => count(turn, &finding),
        }
        if !turn.next.status.is_forward() {
            return;
        }
    }
    check_limits(turn);
}

fn breached(turn: &mut Turn, finding: Finding) {
    if finding.verdict == Verdict::Fail
        && turn.next.rollback_conditions().contains(&finding.condition)
    {
        let cause = Cause::Condition(said(&finding));
        rollback::roll_back(turn, Actor::Plan, cause, vec![finding]);
    }
}

/// `error_rate > 1% for 2m: 4.2%`
fn said(finding: &Finding) -> String {
    match (finding.current, finding.stable) {
        (Some(current), Some(stable)) => {
            format!("{}: {current}, stable {stable}", finding.condition)
        }
        (Some(current), None) => format!("{}: {current}", finding.condition),
        (None, _) => finding.condition.to_string(),
    }
}

/// Counts a finding for every requirement that it is about. A window that is not over yet by this clock is
/// no evidence: it would be the newest for as long as the clocks differ.
fn count(turn: &mut Turn, finding: &Finding) {
    if finding.window.to > turn.now {
        return;
    }
    let about: Vec<bool> = turn
        .next
        .required()
        .iter()
        .map(|condition| *condition == finding.condition)
        .collect();
    let tallies = turn.next.gate.iter_mut().flat_map(|gate| &mut gate.tallies);
    for (tally, _) in tallies.zip(about).filter(|(_, about)| *about) {
        tally.count(finding.clone());
    }
}

/// Which limit a tally has passed.
fn passed_limit(tally: &Tally, limits: &GateLimits) -> Option<Spent> {
    let over = |count: u32, limit: Option<u32>| limit.is_some_and(|limit| count > limit);
    if over(tally.failures, limits.failures) {
        Some(Spent::Failures(tally.failures))
    } else if over(tally.consecutive_failures, limits.consecutive_failures) {
        Some(Spent::FailuresInARow(tally.consecutive_failures))
    } else if over(tally.errors, limits.errors) {
        Some(Spent::ErrorsInARow(tally.errors))
    } else {
        None
    }
}

fn check_limits(turn: &mut Turn) {
    if turn.next.status == Status::Watching || turn.next.holds.contains(&Hold::GateFailed) {
        return;
    }
    let Some(limits) = turn.next.current_phase().map(|phase| phase.limits) else {
        return;
    };
    let failed = turn
        .next
        .gate
        .iter()
        .flat_map(|gate| &gate.tallies)
        .find_map(|tally| {
            let finding = tally.last.clone()?;
            let spent = passed_limit(tally, &limits)?;
            Some((spent, finding))
        });
    let Some((spent, finding)) = failed else {
        return;
    };
    let then = limits.then;
    let condition = finding.condition.to_string();
    let what = format!("{condition} {spent}");
    let fact = Fact::GateFailed {
        what: condition,
        spent,
        then,
    };
    match then {
        Otherwise::Hold => {
            turn.next.holds.insert(Hold::GateFailed);
            turn.say_on(Actor::Plan, fact, vec![finding]);
        }
        Otherwise::Rollback => {
            turn.say_on(Actor::Plan, fact, vec![finding.clone()]);
            rollback::roll_back(turn, Actor::Plan, Cause::GateFailed(what), vec![finding]);
        }
    }
}
