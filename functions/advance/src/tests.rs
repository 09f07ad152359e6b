//! Sweeps in the box.

use std::{cell::RefCell, fmt::Write as _, fs, path::Path, rc::Rc, sync::Arc};

use aws::{noted::Noted, telemetry::Measured};
use domain::{
    name::{EventKey, Person, RouteName},
    time::{later, minute_of},
    traffic::Weight,
};
use engine::start::{IfActive, StartRequest, start};
use expect_test::expect;
use sim::{Fault, FaultKind, Scenario, World};

use super::*;

const PLAN: &str = include_str!("../../../events/shop.yaml");
const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/advance");

/// How long the function may run.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(55);

/// Keeps the lines of metrics.
#[derive(Debug, Clone, Default)]
struct Kept(Rc<RefCell<Vec<String>>>);

impl Gauges for Kept {
    fn note(&self, measured: &Measured) {
        let of: Vec<&str> = measured
            .of
            .iter()
            .map(|(_, value)| value.as_str())
            .collect();
        for metric in &measured.metrics {
            let line = format!("{} {}={}", of.join("/"), metric.name, metric.value);
            self.0.borrow_mut().push(line.trim_start().to_owned());
        }
    }
}

/// A world with a rollout of the sample plan at 10 %.
fn begun() -> World {
    let plan = Arc::new(plan::parse(PLAN).unwrap().plan);
    let world = World::new(Arc::clone(&plan), Scenario::default(), 11);
    let request = StartRequest {
        plan,
        by: Person::new("ann"),
        key: EventKey::new("start"),
        active: IfActive::Refuse,
        override_reason: None,
    };
    let (ports, deadline) = (world.clone(), later(world.now(), TIMEOUT));
    let started = world.invoke("start", TIMEOUT, async move {
        start(&ports, &request, deadline).await
    });
    started.unwrap().unwrap();
    world
}

/// One invocation, a minute after the last.
fn woken(world: &World, payload: &Value) -> (Result<Value, String>, Vec<String>) {
    world.pass(SignedDuration::from_mins(1));
    let kept = Kept::default();
    let ports = Noted::new(world.clone(), kept.clone());
    let ends = later(world.now(), TIMEOUT);
    let invocation = Invocation {
        request_id: "8f5".to_owned(),
        ends,
    };
    assert!(payload.is_object());
    let answer = world.invoke("sweep", TIMEOUT, async move {
        handle(&ports, ports.gauges(), &invocation).await
    });
    let lines = kept.0.borrow().clone();
    (answer.expect("it ends in time"), lines)
}

fn sweep_once(world: &World) -> (Result<Value, String>, Vec<String>) {
    woken(world, &json!({ "sweep": true }))
}

#[test]
fn every_sample_is_a_sweep() {
    let mut files: Vec<String> = fs::read_dir(Path::new(EVENTS))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "by-hand.json",
            "eventbridge-schedule.json",
            "scheduler.json"
        ]
    );
    for file in files {
        let text = fs::read_to_string(Path::new(EVENTS).join(&file)).unwrap();
        let payload = serde_json::from_str(&text).unwrap();
        let world = begun();
        let (answer, _) = woken(&world, &payload);
        assert_eq!(
            answer,
            Ok(json!({ "rollouts": { "shop#1": "baking" } })),
            "{file}"
        );
    }
}

#[test]
fn minute_by_minute_a_rollout_comes_to_its_approval() {
    let world = begun();
    let mut story = String::new();
    for minute in 1..=12 {
        let (answer, _) = sweep_once(&world);
        let status = answer.unwrap()["rollouts"]["shop#1"].clone();
        let weight = world.rollout().unwrap().desired;
        writeln!(story, "{minute:>2}  {weight:>4}  {status}").unwrap();
    }
    expect![[r#"
         1  10%  "baking"
         2  10%  "baking"
         3  10%  "baking"
         4  10%  "baking"
         5  50%  "baking"
         6  50%  "baking"
         7  50%  "baking"
         8  50%  "baking"
         9  50%  "baking"
        10  50%  "awaiting approval"
        11  50%  "awaiting approval"
        12  50%  "awaiting approval"
    "#]]
    .assert_eq(&story);
}

#[test]
fn a_sweep_leaves_its_metrics() {
    let world = begun();
    let (_, lines) = sweep_once(&world);
    expect![[r"
        Sweeps=1
        ActiveRollouts=1
        FailedVisits=0
        shop Phase=1
        shop Drift=0
        shop Holds=0
        shop Incidents=0
        shop Errors=0
        shop VerdictsPass=0
        shop VerdictsFail=0
        shop VerdictsInconclusive=1
        shop VerdictsError=0
        shop/web CanaryWeight=10"]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_sweep_of_nothing_is_a_heartbeat_all_the_same() {
    let plan = Arc::new(plan::parse(PLAN).unwrap().plan);
    let world = World::new(plan, Scenario::default(), 11);
    let (answer, lines) = sweep_once(&world);
    assert_eq!(answer, Ok(json!({ "rollouts": {} })));
    expect![[r"
        Sweeps=1
        ActiveRollouts=0
        FailedVisits=0"]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_visit_that_fails_is_said_and_is_no_error_of_the_sweep() {
    let world = begun();
    // The list is answered. The head is not read, however often it is tried in a visit's time.
    let read = world
        .call_counts()
        .get("store.load")
        .copied()
        .unwrap_or_default();
    for nth in read + 1..=read + 40 {
        world.plan_fault(Fault::at_nth("store.load", nth, FaultKind::Throttle));
    }
    let (answer, lines) = sweep_once(&world);
    expect![[r#"
        Ok(Object {"rollouts": Object {"shop#1": String("failed: the store could not be used: store.load: rate exceeded")}})
        Sweeps=1
        ActiveRollouts=1
        FailedVisits=1
        shop Errors=1"#]].assert_eq(&format!("{answer:?}\n{}", lines.join("\n")));
}

#[test]
fn a_list_that_is_not_answered_is_an_error_of_the_sweep() {
    let world = begun();
    let until = later(minute_of(world.now()), SignedDuration::from_mins(3));
    world.store_down_until(until);
    let (answer, _) = sweep_once(&world);
    expect![[r#"Err("the store could not be used: store.active: service unavailable")"#]]
        .assert_eq(&format!("{answer:?}"));
}

#[test]
fn a_rollback_is_measured_by_whoever_saw_it_through() {
    let world = begun();
    sweep_once(&world).0.unwrap();
    let arn = world.rollout().unwrap().plan.alarms[0].arn.clone();
    // Its event is lost; the sweep reads the alarm itself.
    let _lost = world.set_alarm(&arn, domain::event::AlarmState::Alarm);
    let (answer, lines) = sweep_once(&world);
    assert_eq!(answer, Ok(json!({ "rollouts": { "shop#1": "guarding" } })));
    let of_rollback: Vec<&String> = lines
        .iter()
        .filter(|line| line.contains("Rollback"))
        .collect();
    assert_eq!(of_rollback.len(), 2, "{lines:?}");
    assert_eq!(of_rollback[0], "shop Rollbacks=1");
    assert!(
        of_rollback[1].starts_with("shop RollbackSeconds="),
        "{lines:?}"
    );
    assert!(
        lines.contains(&"shop/web CanaryWeight=0".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn a_weight_that_somebody_else_raised_is_counted_as_drift() {
    let world = begun();
    sweep_once(&world).0.unwrap();
    let route = RouteName::new("web").unwrap();
    world.write_by_hand(&route, Weight::from_permille(400).unwrap());
    let (_, lines) = sweep_once(&world);
    assert!(lines.contains(&"shop Drift=1".to_owned()), "{lines:?}");
}
