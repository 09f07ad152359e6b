//! The world in a box, with the real plans of the tree.

#![expect(clippy::panic, reason = "what helps a test fails as a test does")]

use std::{fs, path::Path, sync::Arc};

use domain::plan::Plan;
use sim::{Scenario, Simulation};

mod faults;
mod ledger;
mod parts;
mod stories;

/// Where the plans and scenarios are, from where cargo runs a test.
const PLANS: &str = "../infra/plans";

fn read(name: &str) -> String {
    let path = Path::new(PLANS).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn plan(name: &str) -> Arc<Plan> {
    match plan::parse(&read(name)) {
        Ok(checked) => Arc::new(checked.plan),
        Err(problems) => panic!("{name}: {problems:?}"),
    }
}

fn scenario(name: &str) -> Scenario {
    Scenario::parse(&read(name)).unwrap_or_else(|error| panic!("{name}:{error}"))
}

/// A run of a scenario of the tree on its plan, to its end.
fn run(plan_name: &str, scenario_name: &str, seed: u64) -> Simulation {
    let plan = plan(plan_name);
    let scenario = scenario(scenario_name);
    assert_eq!(scenario.misfits(&plan), Vec::<String>::new());
    let mut simulation = Simulation::new(plan, scenario, seed);
    simulation.run();
    simulation
}

/// The ledger in lines, to the minute: without the plan's hash, and without what is ticked.
fn story(simulation: &Simulation) -> String {
    let summary = simulation.summary();
    let mut lines = vec![format!("outcome: {}", summary.outcome)];
    for entry in &summary.ledger {
        let line = entry.line();
        let what = line.what.split(", plan ").next().unwrap_or_default();
        if line.kind != "checked" {
            let words = format!("{} {} | {what}", line.at, line.actor);
            let words: Vec<&str> = words.split(' ').map(coarse).collect();
            lines.push(words.join(" "));
        }
    }
    lines.join("\n")
}

/// A word without what changes with every call that is made before it.
fn coarse(word: &str) -> &str {
    let is_instant = word.len() >= 20 && word.ends_with('Z') && word.contains('T');
    if is_instant {
        word.get(..16).unwrap_or(word)
    } else if word.ends_with("ms") && word.starts_with(|c: char| c.is_ascii_digit()) {
        "under-a-second"
    } else {
        word
    }
}
