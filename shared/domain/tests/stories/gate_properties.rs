//! Invariant 3, checked against what the history itself says: the ledger's words and the measurements that
//! were delivered, and nothing that the state machine remembers of them.

use std::collections::BTreeSet;

use domain::{
    event::{Command, Event},
    judge::{Finding, Role, Verdict},
    ledger::{Actor, Entry, Fact},
    plan::{Plan, gate::Condition},
    time::{SignedDuration, Timestamp, earlier, later},
};
use proptest::prelude::*;

use crate::{
    histories::{Happening, Moment, What, effort, history, live, some_plan},
    properties::enters_by_the_gate,
    story::{Do, Measure},
};

/// How old the newest passing window may be: ten minutes, and the two that it takes to be complete.
const OLDEST: SignedDuration = SignedDuration::from_mins(12);

/// What is known of the phase that is in effect, from the outside.
#[derive(Default)]
struct Known {
    since: Option<Timestamp>,
    skipped: bool,
    approved: BTreeSet<String>,
    checked: BTreeSet<String>,
    hooks: BTreeSet<String>,
    /// The newest finding of each requirement.
    newest: Vec<Finding>,
}

impl Known {
    fn hear(&mut self, entry: &Entry) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the other facts say nothing of a gate"
        )]
        match &entry.fact {
            Fact::InEffect { since, .. } => {
                *self = Self {
                    since: Some(*since),
                    ..Self::default()
                };
            }
            Fact::PhaseEntered { .. } | Fact::WeightSet { .. } | Fact::HandClosed { .. } => {
                *self = Self::default();
            }
            Fact::DriftFound { .. } => self.since = None,
            Fact::Promoted { .. } => self.skipped = true,
            Fact::Approved { .. } => {
                let Actor::Person(who) = &entry.actor else {
                    return;
                };
                self.approved.insert(who.to_string());
            }
            Fact::Checked { item } => {
                self.checked.insert(item.to_string());
            }
            Fact::HookSucceeded { hook } | Fact::HookFailed { hook, .. } => {
                self.hooks.insert(hook.clone());
            }
            _ => {}
        }
    }

    fn measure(&mut self, moment: &Moment) {
        let Event::Measured { epoch, findings } = &moment.event else {
            return;
        };
        if *epoch != moment.before.epoch || moment.before.intent.is_some() {
            return;
        }
        for finding in findings
            .iter()
            .filter(|finding| finding.role == Role::Require)
        {
            let known = self
                .newest
                .iter()
                .position(|old| old.condition == finding.condition);
            match known {
                Some(index) if self.newest[index].window.to < finding.window.to => {
                    self.newest[index] = finding.clone();
                }
                Some(_) => {}
                None => self.newest.push(finding.clone()),
            }
        }
    }

    /// What is missing to have left a phase of the plan at `now`.
    fn lacks(&self, plan: &Plan, index: usize, now: Timestamp) -> Option<String> {
        let phase = &plan.phases[index];
        let Some(since) = self.since else {
            return Some("weights in effect".to_owned());
        };
        if !self.skipped && now < later(since, phase.bake) {
            return Some(format!("time: in effect since {since}, left at {now}"));
        }
        let passes = |condition: &Condition| {
            self.newest.iter().any(|finding| {
                finding.condition == *condition
                    && finding.verdict == Verdict::Pass
                    && finding.window.from >= since
                    && finding.window.to >= earlier(now, OLDEST)
            })
        };
        if !phase.require.iter().all(passes) {
            return Some(format!("evidence: {:?}", self.newest));
        }
        let needed = phase
            .approval
            .as_ref()
            .map_or(0, |approval| approval.needed);
        if self.approved.len() < needed as usize {
            return Some("approval".to_owned());
        }
        let listed = phase.checklist.iter().map(|item| item.name.to_string());
        let hooked = phase.after.iter().map(ToString::to_string);
        let all = listed.clone().all(|item| self.checked.contains(&item))
            && hooked.clone().all(|hook| self.hooks.contains(&hook));
        (!all).then(|| "a tick or a hook".to_owned())
    }
}

/// Takes measurements that pass out of a history, and what a person may do without any.
fn without_evidence(mut history: Vec<Happening>) -> Vec<Happening> {
    for happening in &mut history {
        happening.what = match &happening.what {
            What::Well => What::Do(Do::Reached),
            What::Do(Do::Measured(Measure::Good)) => What::Do(Do::Measured(Measure::NoData)),
            What::Asked(_, Command::PromoteFull { .. })
            | What::Answered(_, Command::PromoteFull { .. }, _) => What::Do(Do::Tick),
            What::Agreed | What::Do(_) | What::Alarm(..) | What::Asked(..) | What::Answered(..) => {
                continue;
            }
        };
    }
    history
}

proptest! {
    #![proptest_config(effort())]

    /// 3
    #[test]
    fn no_phase_is_entered_before_its_predecessor_baked_in_effect_and_every_gate_passed(
        plan in some_plan(), history in history(140)
    ) {
        let mut known = Known::default();
        for moment in live(&plan, &history) {
            known.measure(&moment);
            if let Some(index) = enters_by_the_gate(&moment) {
                let left = index - 1;
                prop_assert_eq!(&moment.before.desired, &plan.phases[left].weights);
                let lacks = known.lacks(&plan, left, moment.now);
                prop_assert!(lacks.is_none(), "phase {left} lacked {}", lacks.unwrap_or_default());
            }
            let entries = moment.answer.iter().flat_map(|decision| &decision.entries);
            for entry in entries {
                known.hear(entry);
            }
        }
    }

    /// 3
    #[test]
    fn no_data_is_never_a_pass(plan in some_plan(), history in history(140)) {
        for moment in live(&plan, &without_evidence(history)) {
            let in_first = moment.after().phase.is_none_or(|index| index == 0);
            prop_assert!(in_first, "{:?}", moment.event);
        }
    }
}

#[test]
fn random_histories_go_far() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut reached = std::collections::BTreeMap::new();
    let mut entered = 0;
    for _ in 0..200 {
        let strategy = (some_plan(), history(140));
        let (plan, history) = strategy.new_tree(&mut runner).unwrap().current();
        let moments = live(&plan, &history);
        entered += moments.iter().filter_map(enters_by_the_gate).count();
        let statuses: BTreeSet<&str> = moments
            .iter()
            .map(|moment| moment.after().status.name())
            .collect();
        for status in statuses {
            *reached.entry(status).or_insert(0) += 1;
        }
    }
    assert_eq!(reached.len(), 13, "{reached:?}");
    assert!(entered > 40, "{entered} in {reached:?}");
}
