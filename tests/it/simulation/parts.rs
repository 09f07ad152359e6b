//! What each part of the world does to a rollout.

use std::sync::Arc;

use domain::{
    event::Command,
    ledger::Fact,
    name::{HookName, ItemName, Person, RouteName},
    plan::{
        Finish, Plan,
        gate::{ChecklistItem, Otherwise},
        hook::{Hook, HookFailure, HookTarget},
    },
    rollout::Status,
    time::SignedDuration,
};
use sim::{Outcome, Scenario, Simulation};

use super::faults::{check, plan, play};

const SPIKE: &str = "timeline: [ { at: canary+5m, error_spike: { size: 30%, for: 3h } } ]";

fn scenario(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_lost_alarm_event_is_found_by_the_sweep() {
    let text = format!("network: {{ alarms_lost: 100% }}\n{SPIKE}");
    let simulation = play(&plan(), scenario(&text), 3);
    check(&simulation, "no event comes");
    assert!(!simulation.summary().calls.contains_key("store.guarded_by"));
}

#[test]
fn a_store_that_is_down_delays_a_rollback_and_does_not_lose_it() {
    let text = "timeline:
  - { at: canary+5m, error_spike: { size: 30%, for: 3h } }
  - { at: canary+6m, store_outage: { for: 10m } }";
    let simulation = play(&plan(), scenario(text), 3);
    check(&simulation, "the store is down");
    let detected = simulation.summary().detected.unwrap_or_default();
    assert!(detected >= SignedDuration::from_mins(11), "{detected:?}");
    assert!(detected <= SignedDuration::from_mins(13), "{detected:?}");
}

#[test]
fn faults_at_random_calls_change_how_long_it_takes_and_not_how_it_ends() {
    let plan = plan();
    for seed in 0..25 {
        let text =
            format!("network: {{ faults: 4%, alarms_lost: 30%, alarms_doubled: 50% }}\n{SPIKE}");
        check(&play(&plan, scenario(&text), seed), &format!("seed {seed}"));
    }
}

#[test]
fn an_alarm_that_is_red_before_the_start_is_a_refusal() {
    let simulation = play(
        &plan(),
        scenario("alarms: { shop-5xx: { starts: ALARM, points: 1, of: 1 } }"),
        1,
    );
    let said = simulation.summary().outcome.to_string();
    let expected = "not started: refused: not started: alarm shop-5xx is in ALARM; start with a reason to override";
    assert_eq!(said, expected);
}

#[test]
fn a_hook_that_fails_sends_traffic_back_at_once_and_not_at_the_next_sweep() {
    let mut plan = Plan::clone(&plan());
    let hook = Hook {
        run: HookTarget::Lambda("check".to_owned()),
        timeout: SignedDuration::from_mins(1),
        attempts: 1,
        on_failure: HookFailure::Gate(Otherwise::Rollback),
    };
    let name = HookName::new("check").unwrap_or_else(|error| panic!("{error}"));
    plan.phases[0].after = vec![name.clone()];
    plan.hooks.insert(name, hook);
    let simulation = play(&Arc::new(plan), scenario("hooks: { check: [failed] }"), 1);
    check(&simulation, "the hook fails");
    let restored = simulation.summary().restored.unwrap_or_default();
    assert!(restored < SignedDuration::from_secs(10), "{restored:?}");
}

#[test]
fn whoever_comes_is_not_waited_for_any_more() {
    let mut plan = Plan::clone(&plan());
    plan.finish = Finish::Manual;
    let item = ItemName::new("looked-at").unwrap_or_else(|error| panic!("{error}"));
    let text = "somebody has looked at it".to_owned();
    plan.phases[1].checklist = vec![ChecklistItem { name: item, text }];
    // Each comes within the patience, both together do not.
    let text = "patience: 2h\npeople: { checklist: 2h30m, finish: 1h }";
    let simulation = play(&Arc::new(plan), scenario(text), 1);
    assert_eq!(simulation.summary().outcome, Outcome::Completed);
}

#[test]
fn while_the_metrics_are_out_nothing_passes() {
    let text = "lasts: 12h\ntimeline: [ { at: canary, metrics_outage: { for: 6h } } ]";
    let simulation = play(&plan(), scenario(text), 1);
    let ledger = simulation.summary().ledger;
    let passed = ledger
        .iter()
        .find(|entry| matches!(entry.fact, Fact::GatePassed { .. }));
    let after = passed.map(|entry| entry.at.duration_since(simulation.summary().started));
    assert!(
        after.unwrap_or_default() >= SignedDuration::from_hours(6),
        "{after:?}"
    );
}

#[test]
fn a_name_s_share_is_lumpy_and_a_rule_s_is_not() {
    let mut simulation =
        Simulation::new(plan(), scenario("traffic: { rate: 3000, resolvers: 8 }"), 1);
    let mut strays = [0_u16, 0];
    for _ in 0..110 {
        let Some(frame) = simulation.step() else {
            break;
        };
        if !matches!(frame.rollout.status, Status::Baking) {
            continue;
        }
        for (stray, name) in strays.iter_mut().zip(["web", "apex"]) {
            let route = RouteName::new(name)
                .ok()
                .and_then(|name| frame.routes.get(&name).copied());
            let off = route.map_or(0, |route| {
                route
                    .realised
                    .permille()
                    .abs_diff(route.configured.permille())
            });
            *stray = (*stray).max(off);
        }
    }
    let [rule, name] = strays;
    assert!(rule < 50 && name > 150, "rule {rule}, name {name}");
}

#[test]
fn a_live_operator_is_answered() {
    let mut simulation = Simulation::new(plan(), Scenario::default(), 1);
    for _ in 0..5 {
        simulation.step();
    }
    let by = Person::new("kim");
    let reason = "seen on the dashboard".to_owned();
    let asked = simulation.ask(by, Command::Rollback { reason });
    assert!(asked.is_ok(), "{asked:?}");
    let status = simulation.world().rollout().map(|rollout| rollout.status);
    assert!(
        matches!(status, Some(Status::Guarding { .. })),
        "{status:?}"
    );
    simulation.run();
    assert_eq!(simulation.summary().outcome, Outcome::RolledBack);
}
