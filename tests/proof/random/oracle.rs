//! The reference model: what a perfect gate would have done with this plan in this world.
//!
//! It knows everything: each minute's true requests, each change of a target and of an alarm, each fault. It
//! is written without the judge, without `decide`, and without what any port said.

use domain::{
    event::AlarmState,
    ledger::Fact,
    name::HookName,
    plan::{
        gate::{Condition, Otherwise},
        hook::HookFailure,
        severity::{InsufficientData, Severity},
    },
    time::SignedDuration,
};
use sim::{
    Met, Outcome,
    scenario::{Habit, Happening, HookEnd, Says},
};

use super::{
    clock::Clock,
    duty::{Duties, Duty, Fate, Kind},
    history,
    reason::Reasons,
    run::Run,
    stand::Stand,
    truth::Word,
};

/// What a run turned out to be, by the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Nothing at all is a reason to send the canary back: it must not be.
    Healthy,
    /// The canary is bad beyond doubt: it must be sent back in time.
    Sick,
    /// Something is wrong that the plan holds for: it must hold in time.
    Troubled,
    /// A person wants traffic back: it must be sent back in time.
    Asked,
    /// In between, too short or too near a limit: either is right, and the ledger must say why.
    Grey,
    /// It did not start, because it should not.
    Refused,
}

/// What the model says of a run.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) class: Class,
    /// Promises that were broken, each in words.
    pub(super) broken: Vec<String>,
    /// How long each duty took that was kept, and how long it might.
    pub(super) kept: Vec<(Kind, SignedDuration, SignedDuration)>,
    /// How many duties had lost their reason before their time was up.
    pub(super) moot: u64,
    /// Whether nothing could hold it, so that it had to complete.
    pub(super) had_to_complete: bool,
    pub(super) faults: u64,
    pub(super) outages: u64,
}

/// Judges a run.
pub(super) fn judge(run: &Run) -> Verdict {
    let clock = Clock::of(run);
    let duties = Duties::of(run, &clock);
    let mut broken = history::wrongs(run, &clock);
    broken.extend(Reasons::lacking(run, &clock));
    let undone = duties.iter().filter(|duty| duty.fate == Fate::Broken);
    broken.extend(undone.map(Duty::complaint));
    let class = class(run, &duties);
    if class == Class::Healthy && run.rollback().is_some() {
        broken.push("a healthy canary was sent back".to_owned());
    }
    let had_to_complete = class == Class::Healthy && nothing_holds(run, &clock);
    if had_to_complete && run.outcome != Outcome::Completed {
        broken.push("nothing held a healthy canary, and it did not complete".to_owned());
    }
    if class == Class::Refused && !may_refuse(run) {
        broken.push("it was not started, and nothing spoke against that".to_owned());
    }
    let (faults, outages) = clock.counts();
    Verdict {
        class,
        broken,
        kept: duties
            .iter()
            .filter_map(|duty| {
                let (took, might) = duty.took()?;
                Some((duty.kind, took, might))
            })
            .collect(),
        moot: duties.iter().filter(|duty| duty.fate == Fate::Moot).count() as u64,
        had_to_complete,
        faults,
        outages,
    }
}

fn class(run: &Run, duties: &[Duty]) -> Class {
    if matches!(run.outcome, Outcome::Refused(_)) {
        return Class::Refused;
    }
    let judged = |kind: Kind| {
        let mut of_kind = duties.iter().filter(|duty| duty.kind == kind);
        of_kind.any(|duty| duty.fate != Fate::Moot)
    };
    if judged(Kind::Obey) {
        Class::Asked
    } else if judged(Kind::GoBack) {
        Class::Sick
    } else if judged(Kind::Hold) {
        Class::Troubled
    } else if may_go_back(run) {
        Class::Grey
    } else {
        Class::Healthy
    }
}

/// Whether anything at all could be a reason to send the canary back.
fn may_go_back(run: &Run) -> bool {
    let red = run.plan.alarms.iter();
    let red = red.filter(|guard| ends_in_rollback(run, guard.severity));
    let stands = run.stands();
    red.into_iter().any(|guard| !run.red(guard).is_empty())
        || run.happened.iter().any(|(_, what)| wants_it_back(what))
        || is_not_approved(run)
        || has_failing_hook(run)
        || stands.iter().any(|stand| data_speaks_against(run, stand))
}

/// Whether a breach of this severity sends traffic back, now or at a deadline.
fn ends_in_rollback(run: &Run, severity: Severity) -> bool {
    let severities = &run.plan.severities;
    match severity {
        Severity::Critical => true,
        Severity::High => severities.high.otherwise == Otherwise::Rollback,
        Severity::Medium => severities.medium.otherwise == Otherwise::Rollback,
        Severity::Low => false,
    }
}

fn wants_it_back(what: &Happening) -> bool {
    match what {
        Happening::Person { says, .. } => {
            matches!(says, Says::Rollback(_) | Says::Abort(_) | Says::Reject(_))
        }
        Happening::Hand { .. }
        | Happening::Malady(_)
        | Happening::DataMismatch { .. }
        | Happening::Alarm { .. }
        | Happening::StoreOutage(_)
        | Happening::MetricsOutage(_) => false,
    }
}

/// Whether people who are asked may not answer, or not in time, and traffic goes back then.
fn is_not_approved(run: &Run) -> bool {
    let ready = SignedDuration::from_mins(3);
    run.plan.phases.iter().any(|phase| {
        phase.approval.as_ref().is_some_and(|approval| {
            let late = match run.scenario.people.approve {
                Habit::After(after) => approval
                    .expires
                    .is_some_and(|expires| expires < after.saturating_add(ready)),
                Habit::Never | Habit::Refuse => true,
            };
            approval.otherwise == Otherwise::Rollback && (late || has_outage(run))
        })
    })
}

fn has_failing_hook(run: &Run) -> bool {
    run.plan.hooks.iter().any(|(name, hook)| {
        failures_of_hook(run, name) > 0 && hook.on_failure == HookFailure::Gate(Otherwise::Rollback)
    })
}

/// How many runs of a hook may fail at most: those that say so, and those that take too long, because they are found
/// running or could not be asked.
pub(super) fn failures_of_hook(run: &Run, name: &HookName) -> usize {
    let ends = run.scenario.hooks.get(name.as_str());
    let ends = ends.into_iter().flatten();
    let unasked = run
        .calls
        .iter()
        .filter(|call| call.call == "hooks.run" && call.met != Met::Nothing);
    ends.filter(|end| **end != HookEnd::Succeeded)
        .count()
        .saturating_add(unasked.count())
}

fn data_speaks_against(run: &Run, stand: &Stand) -> bool {
    let bad = |condition: &Condition, good: Word| {
        let mut ends = run.ends(stand, condition);
        ends.any(|end| {
            let word = run.says(condition, end);
            word != good && word != Word::Unknown
        })
    };
    let gate = run.limits(stand).is_some_and(|limits| {
        let counted = limits.failures.is_some() || limits.consecutive_failures.is_some();
        let fails = run
            .required(stand)
            .iter()
            .any(|condition| bad(condition, Word::Holds));
        let unmeasured = limits.errors.is_some() && has_outage(run);
        limits.then == Otherwise::Rollback && ((counted && fails) || unmeasured)
    });
    let rollback = run.rollback_conditions(stand).iter();
    let incidents = run
        .incident_rules()
        .filter(|(severity, _)| ends_in_rollback(run, *severity))
        .map(|(_, condition)| condition);
    gate || rollback
        .chain(incidents)
        .any(|condition| bad(condition, Word::Fails))
}

/// Whether any call met a fault or an outage.
fn has_outage(run: &Run) -> bool {
    run.calls.iter().any(|call| call.met != Met::Nothing)
}

/// Whether nothing at all can hold a rollout: evidence is there, people do what is theirs and nothing else,
/// no alarm is red or silent, no write lands late.
fn nothing_holds(run: &Run, clock: &Clock) -> bool {
    let people = run.scenario.people;
    let willing = [people.approve, people.checklist, people.finish]
        .iter()
        .all(|habit| matches!(habit, Habit::After(_)));
    let alone = run
        .happened
        .iter()
        .all(|(_, what)| !matches!(what, Happening::Person { .. } | Happening::Hand { .. }));
    let quiet = run.plan.alarms.iter().all(|guard| {
        let mut of_guard = run.alarms.iter().filter(|change| change.arn == guard.arn);
        let hold = guard.insufficient_data == InsufficientData::Hold;
        run.red(guard).is_empty()
            && !of_guard.any(|change| hold && change.state == AlarmState::InsufficientData)
    });
    let good = |condition: &Condition, stand: &Stand, good: Word| {
        let mut ends = run.ends(stand, condition);
        ends.all(|end| run.says(condition, end) == good)
    };
    let evidence = run.stands().iter().all(|stand| {
        let incidents = |(_, condition)| good(condition, stand, Word::Fails);
        run.required(stand)
            .iter()
            .all(|condition| good(condition, stand, Word::Holds))
            && run.incident_rules().all(incidents)
    });
    let overdue = run.ledger.iter().any(|entry| {
        matches!(
            entry.fact,
            Fact::Overdue { .. }
                | Fact::ApprovalExpired { .. }
                | Fact::HookFailed { .. }
                | Fact::GateFailed { .. }
        )
    });
    willing && alone && quiet && evidence && !overdue && !clock.lands_late()
}

/// A start is refused for an alarm that is not well, or because nobody was there to take it.
fn may_refuse(run: &Run) -> bool {
    let unwell = run.plan.alarms.iter().any(|guard| {
        let name = domain::rollout::alarm_name(&guard.arn);
        let rule = run.scenario.alarms.get(name);
        let begins_well = rule.is_none_or(|rule| rule.starts == AlarmState::Ok);
        !begins_well || run.alarms.iter().any(|change| change.arn == guard.arn)
    });
    let mut struck = run
        .calls
        .iter()
        .filter(|call| call.by == "start" && call.met != Met::Nothing);
    let unread = struck.clone().any(|call| call.call == "alarms.read");
    unwell || unread || struck.nth(STARTS - 1).is_some()
}

/// How often a start is tried.
const STARTS: usize = 10;
