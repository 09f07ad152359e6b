//! What is told of each fact, in no language: what is known, what was measured, what happens next.

mod known;
mod start;
mod steps;
mod subject;

pub(super) use known::known;
pub(super) use steps::next;
use subject::about;

use super::language::Value;
use crate::{
    judge::Finding,
    ledger::{Entry, Fact},
    name::{Person, PhaseName},
    plan::{gate::Approval, phase::Phase},
    rollout::Rollout,
    time::Timestamp,
};

/// An entry, and the rollout as it stood when it was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) rollout: &'a Rollout,
    pub(super) entry: &'a Entry,
}

/// The most of a list that a person reads.
const LIST_MAX: usize = 8;

impl<'a> Scene<'a> {
    pub(super) fn fact(&self) -> &'a Fact {
        &self.entry.fact
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.entry.at
    }

    /// A phase by its name, with its number, counted from 1.
    pub(super) fn phase(&self, name: &PhaseName) -> Option<(usize, &'a Phase)> {
        let mut phases = self.rollout.plan.phases.iter().zip(1..);
        let (phase, number) = phases.find(|(phase, _)| phase.name == *name)?;
        Some((number, phase))
    }

    /// Whether the watch is over with this fact: what it has shown is there, and is not a phase's.
    pub(super) fn is_end_of_watch(&self) -> bool {
        let is_end = matches!(
            self.fact(),
            Fact::FinishAwaited { finished: Some(_) }
                | Fact::FinishBegan { finished: Some(_) }
                | Fact::Completed { finished: Some(_) }
        );
        is_end && self.rollout.plan.watch.is_some()
    }

    /// The phase after this one.
    fn phase_after(&self, name: &PhaseName) -> Option<&'a Phase> {
        let (number, _) = self.phase(name)?;
        self.rollout.plan.phases.get(number)
    }

    /// `half`, 2 and 3: which phase of how many.
    pub(super) fn place(&self, name: &PhaseName) -> (PhaseName, usize, usize) {
        let number = self.phase(name).map_or(0, |(number, _)| number);
        (name.clone(), number, self.rollout.plan.phases.len())
    }

    /// The command that does something with this rollout.
    pub(super) fn command(&self, verb: &str) -> String {
        format!("`tidegate {verb} {}`", self.rollout.id)
    }

    /// The same, with something behind it.
    pub(super) fn command_with(&self, verb: &str, more: &str) -> String {
        format!("`tidegate {verb} {} {more}`", self.rollout.id)
    }
}

/// What was measured: what the entry was decided on, or what a phase that is over has shown; where people are asked
/// or have answered, what the phase's conditions said last.
pub(super) fn measured(scene: &Scene<'_>) -> Vec<Finding> {
    if !scene.entry.evidence.is_empty() {
        return scene.entry.evidence.clone();
    }
    if let Some(shown) = about(scene.fact()).shown {
        return shown.findings.clone();
    }
    if !asks_on_results(scene.fact()) {
        return Vec::new();
    }
    let tallies = scene.rollout.gate.iter().flat_map(|gate| &gate.tallies);
    tallies.filter_map(|tally| tally.last.clone()).collect()
}

/// Whether people decide, or have decided, on what the phase's conditions said last.
const fn asks_on_results(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::ApprovalAsked { .. } | Fact::Approved { .. } | Fact::Overdue { .. }
    )
}

/// `leads (ann, ben)` for each group that may approve.
pub(super) fn groups(rollout: &Rollout, approval: &Approval) -> Vec<String> {
    let of = |people: Option<&Vec<Person>>| {
        let people = people.map_or(&[][..], Vec::as_slice);
        let mut shown: Vec<String> = people
            .iter()
            .take(LIST_MAX)
            .map(Person::to_string)
            .collect();
        if people.len() > LIST_MAX {
            shown.push("…".to_owned());
        }
        shown.join(", ")
    };
    let one = |group| format!("{group} ({})", of(rollout.plan.groups.get(group)));
    approval.from.iter().map(one).collect()
}

/// Names, as many as a person reads.
fn names(all: impl IntoIterator<Item = String>) -> Value {
    let mut all: Vec<String> = all.into_iter().collect();
    let more = all.len().saturating_sub(LIST_MAX);
    all.truncate(LIST_MAX);
    if more == 0 {
        Value::List(all)
    } else {
        Value::ListOfMore(all, more)
    }
}
