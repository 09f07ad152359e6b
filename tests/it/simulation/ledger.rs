//! One seed, one ledger.

use super::{run, story};

const PLAN: &str = "lightning-talk-circle.yaml";
const BAD: &str = "lightning-talk-circle.bad.scenario.yaml";

#[test]
fn a_seed_gives_the_same_ledger_byte_for_byte_and_another_gives_another() {
    let [first, again, other] = [1, 1, 2].map(|seed| {
        let simulation = run(PLAN, BAD, seed);
        let ledger = simulation.summary().ledger;
        let lines: Vec<String> = ledger
            .iter()
            .map(|entry| format!("{:?}", entry.line()))
            .collect();
        lines.join("\n")
    });
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[test]
fn a_healthy_canary_becomes_the_new_stable() {
    let simulation = run(PLAN, "lightning-talk-circle.good.scenario.yaml", 1);
    let story = story(&simulation);
    assert!(story.starts_with("outcome: completed"), "{story}");
}
