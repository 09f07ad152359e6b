//! What must always hold, over random plans and histories. The numbers are those of ARCHITECTURE.md.

use domain::{
    decide::decide,
    event::{Command, Event},
    ledger::{self, Fact},
    name::Person,
    rollout::{Rollout, Status},
    traffic::Weights,
    waiting::Waiting,
};
use proptest::prelude::*;

use crate::{
    histories::{Moment, effort, history, live, some_plan},
    story::{Story, start_of},
};

const LONG: usize = 90;

fn raises(moment: &Moment) -> bool {
    moment.after().desired.raises_over(&moment.before.desired)
}

fn is_asked(event: &Event) -> bool {
    matches!(event, Event::Asked { .. } | Event::Answered { .. })
}

/// What a person may do at any time.
fn rollback() -> Event {
    Event::Asked {
        by: Person::new("ann"),
        command: Command::Rollback {
            reason: "it smells".to_owned(),
        },
    }
}

/// The ledger lines of a whole history, the start's among them.
fn lines(plan: &domain::plan::Plan, moments: &[Moment]) -> Vec<ledger::Line> {
    let mut lines = Story::begin(start_of(plan.clone())).lines;
    let decisions = moments
        .iter()
        .filter_map(|moment| moment.answer.as_ref().ok());
    lines.extend(decisions.flat_map(|decision| decision.entries.iter().map(ledger::Entry::line)));
    lines
}

/// Where the ledger of a history begins.
fn beginning(plan: &domain::plan::Plan) -> ledger::Chain {
    ledger::Chain::of(&start_of(plan.clone()).id)
}

proptest! {
    #![proptest_config(effort())]

    /// 1
    #[test]
    fn after_a_rollback_is_committed_no_later_commit_raises_any_weight(
        plan in some_plan(), history in history(LONG)
    ) {
        for moment in live(&plan, &history) {
            if moment.before.status.is_rollback() {
                prop_assert!(!raises(&moment), "{:?}", moment.event);
                prop_assert!(moment.after().status.is_rollback());
                prop_assert_eq!(&moment.after().desired, &plan.all_at(domain::traffic::Weight::ZERO));
            }
        }
    }

    /// 1
    #[test]
    fn every_forward_status_accepts_a_rollback(plan in some_plan(), history in history(LONG)) {
        for moment in live(&plan, &history) {
            let rollout = moment.after();
            if rollout.status.is_forward() {
                let back = decide(rollout, &rollback(), moment.now).unwrap().next;
                let is_rolling_back = matches!(back.status, Status::RollingBack { .. });
                prop_assert!(is_rolling_back && back.desired.is_closed());
                prop_assert!(back.epoch > rollout.epoch);
            }
        }
    }

    /// 4
    #[test]
    fn an_event_that_comes_twice_has_the_effect_of_one(plan in some_plan(), history in history(LONG)) {
        for moment in live(&plan, &history) {
            let Ok(once) = &moment.answer else { continue };
            // What a person asks for carries a key, and the store takes a key once.
            if is_asked(&moment.event) {
                continue;
            }
            let twice = decide(&once.next, &moment.event, moment.now).unwrap();
            prop_assert!(!twice.changes(&once.next), "{:?}: {:#?}", moment.event, twice.entries);
            prop_assert!(twice.entries.is_empty());
        }
    }

    /// 4
    #[test]
    fn the_newest_word_of_an_alarm_wins_in_whatever_order_they_come(
        plan in some_plan(),
        words in Just(vec![1_i64, 2, 3, 4, 5]).prop_shuffle(),
    ) {
        let rollout = Story::begin(start_of(plan)).rollout;
        let mut now = rollout.clone();
        for minute in words {
            // Well after red after well, so that only a low or accepted one leaves nothing behind.
            let state = if minute % 2 == 0 {
                domain::event::AlarmState::InsufficientData
            } else {
                domain::event::AlarmState::Ok
            };
            let event = Event::AlarmChanged(domain::event::AlarmChange {
                arn: crate::plans::alarm("errors"),
                state,
                at: domain::time::later(crate::story::START, crate::plans::MINUTE * i32::try_from(minute).unwrap()),
                reason: String::new(),
            });
            now = decide(&now, &event, crate::story::at("0:10")).unwrap().next;
        }
        let seen = now.alarms.values().next().unwrap();
        prop_assert_eq!(seen.state, Some(domain::event::AlarmState::Ok));
        prop_assert_eq!(seen.since, crate::story::at("0:05"));
    }

    /// 7
    #[test]
    fn every_change_of_weight_is_in_the_ledger_and_its_chain_verifies(
        plan in some_plan(), history in history(LONG)
    ) {
        let moments = live(&plan, &history);
        for moment in &moments {
            let Ok(decision) = &moment.answer else { continue };
            let mut weights: &Weights = &moment.before.desired;
            for entry in &decision.entries {
                prop_assert_eq!(&entry.before, weights);
                weights = &entry.after;
            }
            prop_assert_eq!(&decision.next.desired, weights);
        }
        let end = moments.last().map(|moment| moment.after().chain);
        let lines = lines(&plan, &moments);
        prop_assert!(ledger::verify(beginning(&plan), &lines, end).is_ok());
    }

    /// 9
    #[test]
    fn the_same_rollout_event_and_time_give_the_same_decision(
        plan in some_plan(), history in history(LONG)
    ) {
        for moment in live(&plan, &history) {
            let again = decide(&moment.before.clone(), &moment.event.clone(), moment.now);
            prop_assert_eq!(again, moment.answer);
        }
    }

    #[test]
    fn only_time_and_people_raise_a_weight(plan in some_plan(), history in history(LONG)) {
        for moment in live(&plan, &history) {
            let may = moment.event == Event::Tick || is_asked(&moment.event);
            prop_assert!(may || !raises(&moment), "{:?}", moment.event);
        }
    }

    #[test]
    fn what_holds_a_rollout_is_overruled_by_people_only(plan in some_plan(), history in history(LONG)) {
        for moment in live(&plan, &history) {
            let before = &moment.before;
            let held = !before.holds.is_empty()
                || before.holding_incidents().next().is_some()
                || before.routes.values().any(|route| route.drift.is_some());
            prop_assert!(!held || is_asked(&moment.event) || !raises(&moment));
        }
    }

    #[test]
    fn the_epoch_rises_with_every_decision_about_weights_and_never_falls(
        plan in some_plan(), history in history(LONG)
    ) {
        for moment in live(&plan, &history) {
            let (before, after) = (&moment.before, moment.after());
            prop_assert!(after.epoch >= before.epoch);
            let opened = after.intent.is_some() && after.intent != before.intent;
            if opened || after.desired != before.desired {
                prop_assert!(after.epoch > before.epoch, "{:?}", moment.event);
            }
            prop_assert!(after.intent.is_none_or(|intent| intent.epoch == after.epoch));
        }
    }

    #[test]
    fn the_revision_rises_by_one_if_anything_changed_and_only_then(
        plan in some_plan(), history in history(LONG)
    ) {
        for moment in live(&plan, &history) {
            let Ok(decision) = &moment.answer else { continue };
            let same = Rollout { revision: moment.before.revision, ..decision.next.clone() } == moment.before;
            let expected = moment.before.revision + u64::from(!same);
            prop_assert_eq!(decision.next.revision, expected);
            prop_assert!(!same || decision.entries.is_empty());
        }
    }

    #[test]
    fn nothing_is_waited_for_only_when_it_has_ended(plan in some_plan(), history in history(LONG)) {
        for moment in live(&plan, &history) {
            let Ok(decision) = &moment.answer else { continue };
            let ended = !decision.next.status.is_active();
            prop_assert_eq!(decision.waiting == Waiting::Nothing, ended);
        }
    }

    /// A change to a ledger, wherever it is made, is found.
    #[test]
    fn any_edit_of_a_ledger_is_found(
        plan in some_plan(), history in history(40), at in any::<prop::sample::Index>(), how in 0..9_u8
    ) {
        let moments = live(&plan, &history);
        let end = moments.last().map(|moment| moment.after().chain);
        let mut lines = lines(&plan, &moments);
        prop_assume!(lines.len() > 1 && end.is_some());
        let at = at.index(lines.len());
        let other = (at + 1) % lines.len();
        match how {
            0 => { lines.remove(at); }
            1 => lines.swap(at, other),
            2 => lines.truncate(at),
            3 => lines[at].what.push('!'),
            4 => lines[at].after = "web=100%".to_owned() + &lines[at].after,
            5 => lines[at].evidence.push(String::new()),
            6 => lines[at].epoch += 1,
            7 => {
                // Whoever changes an entry can hash it anew, but not what follows it.
                lines[at].actor = "mallory".to_owned();
                lines[at].hash = lines[at].digest().to_string();
            }
            _ => { let copy = lines[at].clone(); lines.insert(at, copy); }
        }
        prop_assert!(ledger::verify(beginning(&plan), &lines, end).is_err());
    }
}

/// Whether an entry says that a person went past the gates.
fn goes_past_the_gates(fact: &Fact) -> bool {
    matches!(fact, Fact::PromotedFull { .. })
}

/// Whether a decision enters a phase because the one before it has passed.
pub(crate) fn enters_by_the_gate(moment: &Moment) -> Option<usize> {
    let decision = moment.answer.as_ref().ok()?;
    let mut facts = decision.entries.iter().map(|entry| &entry.fact);
    if facts.clone().any(goes_past_the_gates) {
        return None;
    }
    let entered = facts.any(|fact| matches!(fact, Fact::PhaseEntered { .. }));
    let index = decision.next.phase?;
    (entered && index > 0).then_some(index)
}
