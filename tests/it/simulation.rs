//! The world in a box, with the real plans of the tree.

#![expect(clippy::panic, reason = "what helps a test fails as a test does")]

use std::{fs, path::Path, sync::Arc};

use domain::plan::Plan;
use sim::{Scenario, Simulation};

mod conditions;
mod faults;
mod ledger;
mod outages;
mod parts;
mod planned;
mod stories;
mod successions;

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

/// The ledger in lines, without the plan's hash and what is ticked.
fn story(simulation: &Simulation) -> String {
    let summary = simulation.summary();
    let mut lines = vec![format!("outcome: {}", summary.outcome)];
    for entry in &summary.ledger {
        let line = entry.line();
        let what = line.what.split(", plan ").next().unwrap_or_default();
        if line.kind != "checked" {
            lines.push(format!("{} {} | {what}", line.at, line.actor));
        }
    }
    lines.join("\n")
}
