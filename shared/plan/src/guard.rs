//! What guards the whole rollout: alarms, incidents, and what each severity does.

use std::collections::BTreeSet;

use domain::{
    name::{AlarmArn, GroupName},
    plan::{
        ALARMS_MAX, CONDITIONS_MAX,
        gate::Otherwise,
        severity::{
            AlarmGuard, Deadline, InsufficientData, LEVELS_MAX, Level, Severity, SeverityPolicy,
        },
    },
    time::SignedDuration,
};

use crate::{
    arn::AlarmArnText,
    condition::Written,
    decode::{At, List, Slot},
    leaf::{at_least, spell},
    names::Names,
    people::GROUPS_MAX,
    problem::{Code, Fault, Report},
    record::{record, words},
};

/// A list of conditions.
pub(crate) type Conditions = List<Written, 0, CONDITIONS_MAX>;

/// The plan's alarms.
pub(crate) type Alarms = List<AlarmText, 0, ALARMS_MAX>;

words! { Severity, "a severity" {
    "critical" = Self::Critical,
    "high" = Self::High,
    "medium" = Self::Medium,
    "low" = Self::Low,
} }

words! { InsufficientData, "what an alarm without data means" {
    "hold" = Self::Hold,
    "ignore" = Self::Ignore,
    "alarm" = Self::Alarm,
} }

words! { Otherwise, "what happens then" { "hold" = Self::Hold, "rollback" = Self::Rollback, } }

record! {
    /// An alarm that guards the rollout from its start to its end.
    AlarmText as "an alarm" {
        /// The alarm's ARN.
        required arn: AlarmArnText,
        /// What its going off does: `critical` rolls back at once, `high` and `medium` hold, `low` tells.
        required severity: Severity,
        /// What `INSUFFICIENT_DATA` means: `hold` (nothing advances), `ignore` (as if it were OK) or `alarm`.
        default("hold") insufficient_data: InsufficientData,
    }
}

record! {
    /// Conditions that open an incident in any phase and in the watch.
    IncidentsText as "`incidents`" {
        /// Roll back at once.
        optional critical: Conditions,
        /// Hold, and act at the deadline of `severities.high` unless a person decides.
        optional high: Conditions,
        /// Hold for a decision.
        optional medium: Conditions,
        /// Are written down and told.
        optional low: Conditions,
    }
}

impl IncidentsText {
    /// The conditions of each severity, the worst first.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (Severity, &At<Written>)> {
        [
            (Severity::Critical, &self.critical),
            (Severity::High, &self.high),
            (Severity::Medium, &self.medium),
            (Severity::Low, &self.low),
        ]
        .into_iter()
        .flat_map(|(severity, list)| entries(list).map(move |rule| (severity, rule)))
    }
}

/// The entries of a list that may not be there.
#[expect(
    clippy::ref_option,
    reason = "a slot is a field of a record, and is lent as it is"
)]
pub(crate) fn entries<T, const MIN: usize, const MAX: usize>(
    list: &Slot<List<T, MIN, MAX>>,
) -> impl Iterator<Item = &At<T>> {
    list.iter().flat_map(|list| &list.value.0)
}

record! {
    /// What an incident of each severity does that waits for people.
    SeveritiesText as "`severities`" {
        /// Holds, and by default rolls back after an hour.
        optional high: DeadlineText,
        /// Holds, and by default asks again after a day.
        optional medium: DeadlineText,
    }
}

record! {
    /// How long people have to decide, and what happens when they have not.
    DeadlineText as "a deadline" {
        /// How long people have to decide.
        required within: SignedDuration,
        /// What happens when they have not.
        required otherwise: Otherwise,
        /// How often they are reminded until then.
        optional remind: SignedDuration,
    }
}

record! {
    /// Who is told when nobody has decided for a while.
    LevelText as "a level of `escalation`" {
        /// How long nobody has decided; longer from level to level.
        required after: SignedDuration,
        /// The groups that are told then.
        required tell: List<GroupName, 1, GROUPS_MAX>,
    }
}

/// The levels of an escalation, the first to be told first.
pub(crate) type Escalation = List<LevelText, 0, LEVELS_MAX>;

/// The levels, each later than the one before it, of groups that there are.
#[expect(
    clippy::ref_option,
    reason = "a slot is a field of a record, and is lent as it is"
)]
pub(crate) fn escalation(
    levels: &Slot<Escalation>,
    names: &Names,
    report: &mut Report,
) -> Vec<Level> {
    let mut escalation: Vec<Level> = Vec::new();
    for written in entries(levels) {
        let LevelText {
            after: Some(after),
            tell: Some(tell),
        } = &written.value
        else {
            continue;
        };
        for group in &tell.value.0 {
            names.group(group, report);
        }
        if let Some(before) = escalation.last()
            && after.value <= before.after
        {
            let fault = Fault::new(
                Code::OutOfRange,
                "this level is told no later than the one before it",
                format!("more than {}", spell(before.after)),
                "order the levels by `after`, and give each a later one",
            );
            report.error(&after.place, fault);
        }
        escalation.push(Level {
            after: after.value,
            tell: tell
                .value
                .0
                .iter()
                .map(|group| group.value.clone())
                .collect(),
        });
    }
    escalation
}

impl SeveritiesText {
    /// The policy, with what is usual where nothing is said.
    pub(crate) fn policy(&self, report: &mut Report) -> SeverityPolicy {
        for deadline in [&self.high, &self.medium].into_iter().flatten() {
            let times = [&deadline.value.within, &deadline.value.remind];
            for time in times.into_iter().flatten() {
                at_least(time, SignedDuration::from_mins(1), report);
            }
        }
        let usual = SeverityPolicy::default();
        let deadline = |slot: &Slot<DeadlineText>, usual: Deadline| {
            slot.as_ref()
                .and_then(|at| {
                    Some(Deadline {
                        within: at.value.within.as_ref()?.value,
                        otherwise: at.value.otherwise.as_ref()?.value,
                        remind: at.value.remind.as_ref().map(|remind| remind.value),
                    })
                })
                .unwrap_or(usual)
        };
        SeverityPolicy {
            high: deadline(&self.high, usual.high),
            medium: deadline(&self.medium, usual.medium),
        }
    }
}

/// The alarms, each once.
#[expect(
    clippy::ref_option,
    reason = "a slot is a field of a record, and is lent as it is"
)]
pub(crate) fn guards(alarms: &Slot<Alarms>, report: &mut Report) -> Vec<AlarmGuard> {
    let mut seen = BTreeSet::new();
    let mut guards = Vec::new();
    for alarm in entries(alarms) {
        let AlarmText {
            arn: Some(arn),
            severity: Some(severity),
            insufficient_data: Some(insufficient),
        } = &alarm.value
        else {
            continue;
        };
        if !seen.insert(arn.value.0.text.as_str()) {
            let fault = Fault::new(
                Code::Repeated,
                "this alarm is in the list twice",
                "every alarm once, with one severity",
                "delete one of the two",
            );
            report.error(&arn.place, fault);
        }
        guards.push(AlarmGuard {
            arn: AlarmArn::new(&arn.value.0.text),
            severity: severity.value,
            insufficient_data: insufficient.value,
        });
    }
    guards
}
