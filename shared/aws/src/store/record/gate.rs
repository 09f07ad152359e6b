//! The evidence of a phase, or of the watch, as it is kept.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ledger,
    name::{ItemName, Person, PhaseName},
    rollout,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{finding::Finding, spelling::Spelt};

/// See [`rollout::Gate`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gate {
    since: Spelt<Timestamp>,
    tallies: Vec<Tally>,
    promoted: Option<Spelt<Person>>,
    checked: BTreeMap<Spelt<ItemName>, Spelt<Person>>,
    approvals: BTreeSet<Spelt<Person>>,
    asked: Option<Spelt<Timestamp>>,
    overdue: Option<Spelt<Timestamp>>,
}

/// See [`rollout::Tally`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tally {
    last: Option<Finding>,
    passes: u32,
    failures: u32,
    consecutive_failures: u32,
    errors: u32,
}

impl From<rollout::Gate> for Gate {
    fn from(gate: rollout::Gate) -> Self {
        let checked = gate.checked.into_iter();
        Self {
            since: Spelt(gate.since),
            tallies: gate.tallies.into_iter().map(Into::into).collect(),
            promoted: gate.promoted.map(Spelt),
            checked: checked.map(|(item, by)| (Spelt(item), Spelt(by))).collect(),
            approvals: gate.approvals.into_iter().map(Spelt).collect(),
            asked: gate.asked.map(Spelt),
            overdue: gate.overdue.map(Spelt),
        }
    }
}

impl From<Gate> for rollout::Gate {
    fn from(record: Gate) -> Self {
        let checked = record.checked.into_iter();
        Self {
            since: record.since.0,
            tallies: record.tallies.into_iter().map(Into::into).collect(),
            promoted: record.promoted.map(|by| by.0),
            checked: checked.map(|(item, by)| (item.0, by.0)).collect(),
            approvals: record.approvals.into_iter().map(|by| by.0).collect(),
            asked: record.asked.map(|at| at.0),
            overdue: record.overdue.map(|at| at.0),
        }
    }
}

/// See [`ledger::Shown`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    phase: Spelt<PhaseName>,
    since: Spelt<Timestamp>,
    until: Spelt<Timestamp>,
    findings: Vec<Finding>,
    approvals: Vec<Spelt<Person>>,
    checked: Vec<(Spelt<ItemName>, Spelt<Person>)>,
}

impl From<ledger::Shown> for Shown {
    fn from(shown: ledger::Shown) -> Self {
        let checked = shown.checked.into_iter();
        Self {
            phase: Spelt(shown.phase),
            since: Spelt(shown.since),
            until: Spelt(shown.until),
            findings: shown.findings.into_iter().map(Into::into).collect(),
            approvals: shown.approvals.into_iter().map(Spelt).collect(),
            checked: checked.map(|(item, by)| (Spelt(item), Spelt(by))).collect(),
        }
    }
}

impl From<Shown> for ledger::Shown {
    fn from(record: Shown) -> Self {
        let checked = record.checked.into_iter();
        Self {
            phase: record.phase.0,
            since: record.since.0,
            until: record.until.0,
            findings: record.findings.into_iter().map(Into::into).collect(),
            approvals: record.approvals.into_iter().map(|by| by.0).collect(),
            checked: checked.map(|(item, by)| (item.0, by.0)).collect(),
        }
    }
}

impl From<rollout::Tally> for Tally {
    fn from(tally: rollout::Tally) -> Self {
        Self {
            last: tally.last.map(Into::into),
            passes: tally.passes,
            failures: tally.failures,
            consecutive_failures: tally.consecutive_failures,
            errors: tally.errors,
        }
    }
}

impl From<Tally> for rollout::Tally {
    fn from(record: Tally) -> Self {
        Self {
            last: record.last.map(Into::into),
            passes: record.passes,
            failures: record.failures,
            consecutive_failures: record.consecutive_failures,
            errors: record.errors,
        }
    }
}
