//! Alarms in the box.

use std::{
    cell::RefCell, collections::BTreeSet, fmt::Write as _, fs, path::Path as FilePath, rc::Rc,
    sync::Arc,
};

use aws::noted::Noted;
use domain::{
    name::{AlarmArn, EventKey, Person, RouteName},
    time::later,
};
use engine::start::{IfActive, StartRequest, start};
use expect_test::expect;
use sim::{Fault, FaultKind, Scenario, World};

use super::*;

const PLAN: &str = include_str!("../../../events/shop.yaml");
const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/alarm");

/// The plan's only alarm.
const ALARM: &str = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-broken";

const START_LASTS: SignedDuration = SignedDuration::from_secs(55);
const TIMEOUT: SignedDuration = SignedDuration::from_secs(10);

/// Keeps the lines of metrics.
#[derive(Debug, Clone, Default)]
struct Kept(Rc<RefCell<Vec<String>>>);

impl Gauges for Kept {
    fn note(&self, measured: &Measured) {
        for metric in &measured.metrics {
            let line = format!("{}={}", metric.name, metric.value);
            self.0.borrow_mut().push(line);
        }
    }
}

/// A world with a rollout of a plan at 10 %, guarded by these alarms.
fn guarded_by(alarms: &BTreeSet<AlarmArn>) -> World {
    let mut guards = String::new();
    for arn in alarms {
        let rest = "severity: critical, insufficient_data: ignore";
        writeln!(guards, "  - {{ arn: '{arn}', {rest} }}").unwrap();
    }
    let line = format!("  - {{ arn: '{ALARM}', severity: critical }}\n");
    assert!(PLAN.contains(&line), "the sample plan has another alarm");
    let plan = plan::parse(&PLAN.replace(&line, &guards)).unwrap().plan;
    let plan = Arc::new(plan);
    let scenario = Scenario {
        start: "2026-11-25T09:00:00Z".parse().unwrap(),
        ..Scenario::default()
    };
    let world = World::new(Arc::clone(&plan), scenario, 11);
    let request = StartRequest {
        plan,
        by: Person::new("ann"),
        key: EventKey::new("start"),
        active: IfActive::Refuse,
        override_reason: None,
    };
    let (ports, deadline) = (world.clone(), later(world.now(), START_LASTS));
    let started = world.invoke("start", START_LASTS, async move {
        start(&ports, &request, deadline).await
    });
    started.unwrap().unwrap();
    world
}

fn begun() -> World {
    guarded_by(&[AlarmArn::new(ALARM)].into())
}

/// One invocation with a payload.
fn woken(world: &World, payload: &Value) -> (Result<Value, String>, Vec<String>) {
    let kept = Kept::default();
    let ports = Noted::new(world.clone(), kept.clone());
    let (marks, payload) = (world.clone(), payload.clone());
    let invocation = Invocation {
        request_id: "8f5".to_owned(),
        ends: later(world.now(), TIMEOUT),
    };
    let answer = world.invoke("alarm", TIMEOUT, async move {
        handle(&ports, &marks, ports.gauges(), &payload, &invocation).await
    });
    let lines = kept.0.borrow().clone();
    (answer.expect("it ends in time"), lines)
}

/// The alarm goes off in the world, and this is what comes through the queue.
fn goes_off(world: &World) -> Value {
    let change = world
        .set_alarm(&AlarmArn::new(ALARM), AlarmState::Alarm)
        .expect("it was not red before");
    let event = json!({
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "region": "eu-west-1",
        "resources": [ALARM],
        "detail": {
            "alarmName": "shop-broken",
            "state": { "value": "ALARM", "timestamp": change.at.to_string(), "reason": "2 of 2" },
        },
    });
    queued(&[&event.to_string()])
}

fn queued(bodies: &[&str]) -> Value {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| json!({ "messageId": format!("m{n}"), "eventSource": "aws:sqs", "body": body }))
        .collect();
    json!({ "Records": records })
}

fn weight(world: &World) -> String {
    let route = RouteName::new("web").unwrap();
    world.configured(&route).unwrap().to_string()
}

fn status(world: &World) -> &'static str {
    world.rollout().unwrap().status.name()
}

/// Which alarms a payload is about.
fn arns(payload: &Value) -> BTreeSet<AlarmArn> {
    let messages = parse(payload).unwrap_or_default();
    let said = messages.into_iter().filter_map(|message| message.said.ok());
    said.map(|said| match said {
        Said::Heard(heard) => heard.arn,
        Said::Edited(edited) => edited.arn,
    })
    .collect()
}

#[test]
fn every_sample_is_heard() {
    let mut files: Vec<String> = fs::read_dir(FilePath::new(EVENTS))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut story = String::new();
    for file in files {
        let text = fs::read_to_string(FilePath::new(EVENTS).join(&file)).unwrap();
        let payload: Value = serde_json::from_str(&text).unwrap();
        let mut guards = arns(&payload);
        guards.insert(AlarmArn::new(ALARM));
        let world = guarded_by(&guards);
        world.pass(SignedDuration::from_mins(70));
        let (answer, _) = woken(&world, &payload);
        let answer = match answer {
            Ok(answer) => answer["batchItemFailures"].to_string(),
            Err(why) => why,
        };
        let (status, weight) = (status(&world), weight(&world));
        writeln!(story, "{file}: {status} at {weight}, {answer}").unwrap();
    }
    expect![[r#"
        action.absent-state.json: baking at 10%, []
        action.anomaly.json: guarding at 0%, []
        action.bad-time.json: baking at 10%, []
        action.composite-suppressed.json: guarding at 0%, []
        action.composite.json: guarding at 0%, []
        action.created.json: baking at 10%, []
        action.first-state.json: baking at 10%, []
        action.math.json: guarding at 0%, []
        action.metric.json: guarding at 0%, []
        action.null-description.json: guarding at 0%, []
        action.unknown-state.json: baking at 10%, []
        bus.absent-state.json: baking at 10%, []
        bus.anomaly.json: guarding at 0%, []
        bus.bad-time.json: baking at 10%, []
        bus.composite-suppressed.json: guarding at 0%, []
        bus.composite.json: guarding at 0%, []
        bus.configuration-create.json: baking at 10%, []
        bus.configuration-delete.json: baking at 10%, []
        bus.configuration-disabled.json: baking at 10%, []
        bus.configuration-update.json: baking at 10%, []
        bus.created.json: baking at 10%, []
        bus.first-state.json: baking at 10%, []
        bus.math.json: guarding at 0%, []
        bus.metric.json: guarding at 0%, []
        bus.no-resource.json: guarding at 0%, []
        bus.null-description.json: guarding at 0%, []
        bus.unknown-state.json: baking at 10%, []
        queue.configuration-delete.json: baking at 10%, []
        queue.metric.json: guarding at 0%, []
        queue.no-id.json: guarding at 0%, []
        queue.poison.json: guarding at 0%, [{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661970000004"},{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661970000005"}]
        queue.topic.json: guarding at 0%, []
        topic.absent-state.json: baking at 10%, []
        topic.anomaly.json: guarding at 0%, []
        topic.bad-time.json: baking at 10%, []
        topic.composite-suppressed.json: guarding at 0%, []
        topic.composite.json: guarding at 0%, []
        topic.first-state.json: baking at 10%, []
        topic.math.json: guarding at 0%, []
        topic.metric.json: guarding at 0%, []
        topic.no-arn.json: baking at 10%, the message does not say which alarm it is about
        topic.null-description.json: guarding at 0%, []
        topic.unknown-state.json: baking at 10%, []
    "#]].assert_eq(&story);
}

#[test]
fn from_the_alarm_to_stable() {
    let world = begun();
    let before = world.calls().len();
    let payload = goes_off(&world);
    let (answer, lines) = woken(&world, &payload);
    assert_eq!(answer, Ok(json!({ "batchItemFailures": [] })));
    let calls: Vec<&str> = world.calls()[before..]
        .iter()
        .map(|made| made.call)
        .collect();
    // Each waits for the one before it. Five calls, and the sixth takes the weight away.
    expect![[r"
        store.guarded_by
        store.load
        store.commit
        router.read
        store.load
        router.write
        router.read
        store.commit"]]
    .assert_eq(&calls.join("\n"));
    assert_eq!(
        (status(&world), weight(&world).as_str()),
        ("guarding", "0%")
    );
    expect![[r"
        Rollbacks=1
        RollbackSeconds=0.507
        AlarmToRestored=528"]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn the_same_event_on_three_paths_has_the_effect_of_one() {
    let world = begun();
    let payload = goes_off(&world);
    woken(&world, &payload).0.unwrap();
    let (epoch, entries) = (world.rollout().unwrap().epoch, ledger_length(&world));
    let (answer, lines) = woken(&world, &payload);
    assert_eq!(answer, Ok(json!({ "batchItemFailures": [] })));
    assert_eq!(lines, [""; 0], "it is measured once");
    let body = payload["Records"][0]["body"].as_str().unwrap();
    let straight: Value = serde_json::from_str(body).unwrap();
    woken(&world, &straight).0.unwrap();
    assert_eq!(
        (world.rollout().unwrap().epoch, ledger_length(&world)),
        (epoch, entries)
    );
}

fn ledger_length(world: &World) -> usize {
    world.ledger(&world.rollout().unwrap().id).len()
}

#[test]
fn a_poisoned_message_fails_alone_and_the_rollback_beside_it_is_done() {
    let world = begun();
    let good = goes_off(&world);
    let body = good["Records"][0]["body"].as_str().unwrap();
    let (answer, _) = woken(&world, &queued(&["{\"detail-type\": \"Clou", body, "[]"]));
    let failures = answer.unwrap();
    expect![[r#"{"batchItemFailures":[{"itemIdentifier":"m0"},{"itemIdentifier":"m2"}]}"#]]
        .assert_eq(&failures.to_string());
    assert_eq!(
        (status(&world), weight(&world).as_str()),
        ("guarding", "0%")
    );
}

#[test]
fn a_state_that_nobody_knows_is_looked_up() {
    let world = begun();
    let silent = queued(&[
        &json!({ "alarmArn": ALARM, "alarmData": { "alarmName": "shop-broken" } }).to_string(),
    ]);
    woken(&world, &silent).0.unwrap();
    assert_eq!(status(&world), "baking", "the alarm is not red");
    drop(goes_off(&world));
    woken(&world, &silent).0.unwrap();
    assert_eq!(status(&world), "guarding", "the alarm is red");
}

#[test]
fn an_alarm_that_cannot_be_looked_up_comes_again() {
    let world = begun();
    let silent = json!({ "alarmArn": ALARM, "alarmData": { "alarmName": "shop-broken" } });
    let nth = world.call_counts().get("alarms.read").copied().unwrap_or(0) + 1;
    world.plan_fault(Fault::at_nth("alarms.read", nth, FaultKind::Throttle));
    let (answer, _) = woken(&world, &silent);
    expect!["the event of arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-broken does not say enough (state ``), and the alarm could not be read: alarms.read: rate exceeded"].assert_eq(&answer.unwrap_err());
    assert_eq!(status(&world), "baking");
}

#[test]
fn while_the_store_is_down_the_gate_is_closed_and_the_event_comes_again() {
    let world = begun();
    let payload = goes_off(&world);
    world.store_down_until(later(world.now(), SignedDuration::from_secs(12)));
    let (answer, _) = woken(&world, &payload);
    expect![[r#"{"batchItemFailures":[{"itemIdentifier":"m0"}]}"#]]
        .assert_eq(&answer.unwrap().to_string());
    assert_eq!((status(&world), weight(&world).as_str()), ("baking", "0%"));
    // The store is back when the event comes again.
    world.pass(SignedDuration::from_secs(15));
    let (answer, _) = woken(&world, &payload);
    assert_eq!(answer, Ok(json!({ "batchItemFailures": [] })));
    assert_eq!(
        (status(&world), weight(&world).as_str()),
        ("guarding", "0%")
    );
}

#[test]
fn a_load_balancer_that_does_not_take_the_write_keeps_the_event_in_the_queue() {
    let world = begun();
    let payload = goes_off(&world);
    let written = world
        .call_counts()
        .get("router.write")
        .copied()
        .unwrap_or(0);
    for nth in 1..=4 {
        world.plan_fault(Fault::at_nth(
            "router.write",
            written + nth,
            FaultKind::TimeoutBefore,
        ));
    }
    let (answer, lines) = woken(&world, &payload);
    expect![[r#"{"batchItemFailures":[{"itemIdentifier":"m0"}]}"#]]
        .assert_eq(&answer.unwrap().to_string());
    assert_eq!(lines, ["Rollbacks=1"], "it is decided, and not restored");
    world.pass(SignedDuration::from_secs(15));
    woken(&world, &payload).0.unwrap();
    assert_eq!(
        (status(&world), weight(&world).as_str()),
        ("guarding", "0%")
    );
}

#[test]
fn what_is_nothing_at_all_is_an_error_and_no_panic() {
    let world = begun();
    for payload in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "Records": 7 }),
        json!("x"),
    ] {
        let (answer, _) = woken(&world, &payload);
        assert!(answer.is_err(), "{payload}: {answer:?}");
    }
    assert_eq!(status(&world), "baking");
}
