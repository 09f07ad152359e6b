//! What guards the whole rollout: alarms, incidents, and what each severity does.

use std::collections::BTreeSet;

use domain::{
    name::AlarmArn,
    plan::{
        ALARMS_MAX, CONDITIONS_MAX,
        gate::Otherwise,
        severity::{AlarmGuard, Deadline, InsufficientData, Severity, SeverityPolicy},
    },
    time::SignedDuration,
};

use crate::{
    arn::AlarmArnText,
    condition::Written,
    decode::{At, List, Slot},
    leaf::at_least,
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
    }
}

impl SeveritiesText {
    /// The policy, with what is usual where nothing is said.
    pub(crate) fn policy(&self, report: &mut Report) -> SeverityPolicy {
        for deadline in [&self.high, &self.medium].into_iter().flatten() {
            if let Some(within) = &deadline.value.within {
                at_least(within, SignedDuration::from_mins(1), report);
            }
        }
        let usual = SeverityPolicy::default();
        let deadline = |slot: &Slot<DeadlineText>, usual: Deadline| {
            slot.as_ref()
                .and_then(|at| {
                    Some(Deadline {
                        within: at.value.within.as_ref()?.value,
                        otherwise: at.value.otherwise.as_ref()?.value,
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
