//! What happened, in one line.

use super::{English, phase, share, why};
use crate::{
    ledger::{AfterFailure, Fact, Mute, Spent, Stall, Terms},
    name::PhaseName,
    plan::gate::Otherwise,
    rollout::{IncidentSource, Origin, Question, Status},
    time::Spell,
    traffic::Weight,
    words::account::Scene,
};

pub(super) fn of(english: &English<'_>, scene: &Scene<'_>) -> String {
    let on = |name: &PhaseName| on(scene, name);
    match scene.fact() {
        Fact::Started { origin, .. } => started(*origin),
        Fact::AlarmsOverridden { .. } => "started although alarms are not well".to_owned(),
        Fact::Prepared => "every route is ready".to_owned(),
        Fact::PhaseEntered { phase, .. } => format!("{} begins, {}", on(phase), to(scene)),
        Fact::InEffect { phase, .. } => format!("{} is in effect, {}", on(phase), to(scene)),
        Fact::GatePassed { phase, .. } => format!("{} passed its gate", on(phase)),
        Fact::Stalled(stall) => stalled(scene, stall),
        Fact::GateFailed { what, spent, then } => gate_failed(what, *spent, *then),
        Fact::ApprovalAsked { phase, .. } => format!("{} needs approval to go on", on(phase)),
        Fact::Approved {
            phase,
            have,
            needed,
        } => approved(&on(phase), *have, *needed),
        Fact::Rejected { phase, .. } => format!("{} was rejected", on(phase)),
        Fact::ApprovalExpired { phase, then } => not_approved(&on(phase), *then),
        Fact::Checked { item } => format!("{item} confirmed"),
        Fact::Overdue { phase, within } => overdue(&on(phase), Spell(*within)),
        Fact::HookSucceeded { hook } => format!("hook {hook} is done"),
        Fact::HookFailed {
            hook,
            failures,
            then,
            ..
        } => hook_failed(hook, *failures, *then),
        Fact::IncidentOpened {
            source, severity, ..
        } => format!("{severity} incident: {source}"),
        Fact::IncidentOverdue { source, then } => undecided(source, *then),
        Fact::Escalated { what, level, .. } => escalated(what, *level),
        Fact::Reminded { what, .. } => format!("{what} still waits for a decision"),
        Fact::RiskOver { source } => format!("{source} was accepted until now"),
        Fact::IncidentAccepted { source, terms } => accepted(english, source, terms.as_ref()),
        Fact::IncidentRecovered { source } => format!("{source} is as it should be again"),
        Fact::AlarmSilent { source, why } => silent(source, *why),
        Fact::AlarmSpoke { source } => format!("{source} has a state again"),
        Fact::Paused { .. } => "paused".to_owned(),
        Fact::Resumed { .. } => "resumed".to_owned(),
        Fact::Promoted { phase } => format!("{}: the rest of its time is skipped", on(phase)),
        Fact::PromotedFull { .. } => "promoted past every gate".to_owned(),
        Fact::WeightSet { .. } => format!("weights set by hand, {}", to(scene)),
        Fact::CalendarOverridden { until, .. } => overridden(&english.at(*until)),
        Fact::RollbackBegan { cause, .. } => format!("rolling back: {}", why(cause)),
        Fact::TrafficRestored { took } => restored(Spell(*took)),
        Fact::RollbackConfirmed => "the rollback is confirmed".to_owned(),
        Fact::RollbackLate { within } => format!("traffic is NOT back after {}", Spell(*within)),
        Fact::ChangeStuck { tries } => format!("the weights are not set after {tries} tries"),
        Fact::RouteObstructed { route, .. } => format!("{route} could not be changed"),
        Fact::DriftFound {
            route,
            found,
            desired,
        } => drift(route.as_str(), *found, *desired),
        Fact::DriftGone { route } => format!("{route} is as it should be again"),
        Fact::HandClosed { route, found } => format!("{route} was closed to {found} by hand"),
        Fact::LateWriteUndone { route, found } => undone(route.as_str(), *found),
        Fact::WatchBegan { lasts, .. } => watching(Spell(*lasts)),
        Fact::FinishAwaited { .. } => watched(scene, "your turn: make the canary the new stable"),
        Fact::FinishBegan { .. } => watched(scene, "making the canary the new stable"),
        Fact::Completed { .. } => "completed, the canary is the new stable".to_owned(),
        Fact::Superseded { by } => format!("rollout #{by} has taken over"),
        Fact::Retried => "trying again what failed".to_owned(),
    }
}

/// `phase half (2 of 3)`
fn on(scene: &Scene<'_>, name: &PhaseName) -> String {
    let (name, number, of) = scene.place(name);
    format!("phase {}", phase(&name, number, of))
}

/// `canary to 50%`
fn to(scene: &Scene<'_>) -> String {
    let (before, after) = (&scene.entry.before, &scene.entry.after);
    if before == after {
        share(after).replacen("canary", "canary at", 1)
    } else {
        share(after).replacen("canary", "canary to", 1)
    }
}

fn then(then: Otherwise) -> &'static str {
    match then {
        Otherwise::Hold => "holding for a person",
        Otherwise::Rollback => "rolling back",
    }
}

fn started(origin: Origin) -> String {
    match origin {
        Origin::Fresh => "rollout started".to_owned(),
        Origin::Retry(number) => format!("rollout started, again after #{number}"),
        Origin::Superseded(number) => format!("rollout started, instead of #{number}"),
    }
}

fn stalled(scene: &Scene<'_>, stall: &Stall) -> String {
    match stall {
        Stall::NoEvidence { phase } => gate_waits(scene, &on(scene, phase)),
        Stall::Unmeasured { .. } => "the canary cannot be measured".to_owned(),
        Stall::MeasuredAgain => "the canary is measured again".to_owned(),
        Stall::Calendar { phase, .. } => format!("{} waits for the calendar", on(scene, phase)),
    }
}

fn gate_waits(scene: &Scene<'_>, phase: &str) -> String {
    let what = if scene.rollout.status == Status::Watching {
        "the watch"
    } else {
        phase
    };
    format!("{what} has lasted long enough, and the evidence to go on is not there")
}

fn gate_failed(condition: &str, spent: Spent, otherwise: Otherwise) -> String {
    format!("the gate failed: {condition} {spent}, {}", then(otherwise))
}

fn approved(phase: &str, have: u32, needed: u32) -> String {
    if have >= needed {
        format!("{phase} is approved")
    } else {
        format!("{phase} has {have} of {needed} approvals")
    }
}

fn not_approved(phase: &str, otherwise: Otherwise) -> String {
    format!("nobody approved {phase} in time, {}", then(otherwise))
}

fn overdue(phase: &str, within: Spell) -> String {
    format!("{phase} is overdue, it should take at most {within}")
}

fn hook_failed(hook: &str, failures: u32, after: AfterFailure) -> String {
    let times = match failures {
        0 | 1 => String::new(),
        many => format!(" {many} times"),
    };
    let after = match after {
        AfterFailure::TriedAgain => "it is tried again",
        AfterFailure::Ignored => "the rollout goes on without it",
        AfterFailure::Then(otherwise) => then(otherwise),
    };
    format!("hook {hook} failed{times}, {after}")
}

fn undecided(source: &IncidentSource, otherwise: Otherwise) -> String {
    let then = match otherwise {
        Otherwise::Hold => "still holding",
        Otherwise::Rollback => "rolling back",
    };
    format!("nobody decided in time on {source}, {then}")
}

fn escalated(what: &Question, level: usize) -> String {
    format!("{what} waits for a decision, level {level} is told")
}

fn accepted(english: &English<'_>, source: &IncidentSource, terms: Option<&Terms>) -> String {
    match terms {
        Some(terms) => format!("{source} accepted until {}", english.at(terms.until)),
        None => format!("{source} accepted"),
    }
}

fn silent(source: &IncidentSource, why: Mute) -> String {
    format!("{source} {why}, nothing advances")
}

fn drift(route: &str, found: Weight, desired: Weight) -> String {
    format!("somebody set {route} to {found}, it should be at {desired}")
}

fn undone(route: &str, found: Weight) -> String {
    format!("{route} was at {found} after the rollback, it is being put right")
}

fn overridden(until: &str) -> String {
    format!("calendar overridden until {until}")
}

fn restored(took: Spell) -> String {
    format!("all traffic is back on stable, {took} after the decision")
}

fn watching(lasts: Spell) -> String {
    format!("every phase passed, watching for {lasts}")
}

/// What begins when the watch has passed, if there was one.
fn watched(scene: &Scene<'_>, begins: &str) -> String {
    if scene.is_end_of_watch() {
        format!("the watch has passed, {begins}")
    } else {
        begins.to_owned()
    }
}
