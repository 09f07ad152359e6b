//! Every event in every status: a move, a reason to stay, or a refusal.

use std::fmt::Write as _;

use domain::{decide::decide, waiting::Waiting};
use expect_test::expect_file;

use crate::{
    situations::{Situation, everything, statuses},
    story::{Do, at},
};

#[test]
fn every_event_has_an_answer_in_every_status() {
    let mut table = String::new();
    for situation in statuses() {
        writeln!(table, "{}", situation.name).unwrap();
        for (name, what) in everything(situation.time) {
            writeln!(table, "    {name:<20} {}", answer(&situation, &what)).unwrap();
        }
    }
    expect_file!["pairs.txt"].assert_eq(&table);
}

fn answer(situation: &Situation, what: &Do) -> String {
    let (before, now) = (&situation.story.rollout, at(situation.time));
    let Some(event) = situation.story.event(what, now) else {
        return "cannot happen".to_owned();
    };
    let decision = match decide(before, &event, now) {
        Ok(decision) => decision,
        Err(refusal) => return format!("refused: {refusal}"),
    };
    let after = &decision.next;
    assert_eq!(
        decision.waiting == Waiting::Nothing,
        !after.status.is_active()
    );
    let mut said = if after.status == before.status {
        "stays".to_owned()
    } else {
        format!("→ {}", after.status)
    };
    if after.desired != before.desired {
        write!(said, ", {} → {}", before.desired, after.desired).unwrap();
    }
    let kinds: Vec<&str> = decision
        .entries
        .iter()
        .map(|entry| entry.fact.kind())
        .collect();
    match (kinds.is_empty(), decision.changes(before)) {
        (true, true) => said.push_str(", noted"),
        (true, false) => {}
        (false, _) => write!(said, ": {}", kinds.join(", ")).unwrap(),
    }
    said
}
