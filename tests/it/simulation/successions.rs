//! One rollout after another, and the gate closed without the store: whole runs of the engine in the box.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::sync::Arc;

use domain::{
    event::Command,
    name::{EventKey, Person, RolloutId, RouteName},
    plan::Plan,
    rollout::Rollout,
    time::{SignedDuration, later},
};
use engine::{
    ask::ask,
    close::close,
    start::{IfActive, StartRequest, start},
    sweep::sweep,
    trouble::EngineError,
};
use expect_test::{Expect, expect};
use sim::{Fault, FaultKind, Scenario, World};

const ROUTES: &str = "
service: shop
routes:
  web:
    alb:
      rule: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee
      stable: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/73e2d6bc24d8a067
      canary: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/new/2453ed029918f21f
      priority: 10
  apex: { route53: { zone: Z08345672JV6K3EXAMPLE, name: shop.example, types: [A], stable: Old, canary: New, ttl: 60s } }
  work: { lambda_alias: { function: shop-work, alias: live, stable: 1, canary: 2 } }
fast_track: 1h
";

const SLOW: &str =
    "phases: [ { name: fifth, weight: 20%, bake: 2h }, { name: all, weight: 100%, bake: 5m } ]";
const QUICK: &str =
    "phases: [ { name: half, weight: 50%, bake: 5m }, { name: all, weight: 100%, bake: 5m } ]";

fn plan(phases: &str) -> Arc<Plan> {
    parsed(&format!("{ROUTES}{phases}"))
}

fn parsed(text: &str) -> Arc<Plan> {
    match plan::parse(text) {
        Ok(checked) => Arc::new(checked.plan),
        Err(problems) => panic!("{problems:?}"),
    }
}

/// An operator in front of a world, who writes down what is answered.
struct Operator {
    world: World,
    keys: u32,
    notes: Vec<String>,
}

const CALL: SignedDuration = SignedDuration::from_secs(30);

impl Operator {
    fn new() -> Self {
        Self {
            world: World::new(plan(SLOW), Scenario::default(), 1),
            keys: 0,
            notes: Vec::new(),
        }
    }

    fn note(&mut self, what: &str, answer: Option<Result<Rollout, EngineError>>) {
        let weights: Vec<String> = ["web", "apex", "work"]
            .into_iter()
            .filter_map(|name| self.world.configured(&RouteName::new(name).ok()?))
            .map(|weight| weight.to_string())
            .collect();
        let said = match answer {
            None => "no answer".to_owned(),
            Some(Ok(rollout)) => format!("{} is {}", rollout.id, rollout.status),
            Some(Err(EngineError::Refused(refusal))) => refusal.to_string(),
            Some(Err(error)) => error.to_string(),
        };
        self.notes
            .push(format!("{what}: {said} [{}]", weights.join(" ")));
    }

    fn start(&mut self, phases: &str, active: IfActive) {
        self.keys += 1;
        self.start_by(phases, active, self.keys);
    }

    fn start_by(&mut self, phases: &str, active: IfActive, key: u32) {
        self.request(plan(phases), active, key);
    }

    /// Starts a plan with routes of its own.
    fn start_text(&mut self, text: &str, active: IfActive) {
        self.keys += 1;
        self.request(parsed(text), active, self.keys);
    }

    fn request(&mut self, plan: Arc<Plan>, active: IfActive, key: u32) {
        let world = self.world.clone();
        let request = StartRequest {
            plan,
            by: Person::new("ann"),
            key: EventKey::new(&format!("start {key}")),
            active,
            override_reason: None,
        };
        let deadline = later(world.now(), CALL);
        let answer = self.world.invoke("start", CALL, async move {
            start(&world, &request, deadline).await
        });
        self.note("start", answer);
    }

    fn ask(&mut self, number: u64, command: Command) {
        self.keys += 1;
        self.ask_by(number, command, &format!("ask {}", self.keys));
    }

    fn ask_by(&mut self, number: u64, command: Command, key: &str) {
        let world = self.world.clone();
        let service = plan(SLOW).service.clone();
        let id = RolloutId { service, number };
        let key = EventKey::new(key);
        let deadline = later(world.now(), CALL / 2);
        let verb = command.verb();
        let answer = self.world.invoke("ask", CALL, async move {
            ask(&world, &id, Person::new("ann"), command, &key, deadline).await
        });
        self.note(verb, answer);
    }

    /// So many minutes with a sweep in each.
    fn sweeps(&mut self, minutes: u32) {
        for _ in 0..minutes {
            self.world.pass(SignedDuration::from_mins(1));
            let world = self.world.clone();
            let deadline = later(world.now(), CALL);
            let swept = self.world.invoke("sweep", CALL, async move {
                sweep(&world, deadline).await.is_ok()
            });
            assert_eq!(swept, Some(true));
        }
        let rollout = self.world.rollout().map(Ok);
        self.note(&format!("{minutes} minutes"), rollout);
    }

    #[track_caller]
    fn told(&self, expected: &Expect) {
        expected.assert_eq(&self.notes.join("\n"));
    }
}

fn rollback() -> Command {
    Command::Rollback {
        reason: "it is slow".to_owned(),
    }
}

#[test]
fn a_service_has_one_rollout_and_one_request_starts_one() {
    let mut operator = Operator::new();
    operator.start(SLOW, IfActive::Refuse);
    operator.start_by(SLOW, IfActive::Refuse, 1);
    operator.start(QUICK, IfActive::Refuse);
    operator.told(&expect![[r#"
        start: shop#1 is shifting [20% 20% 20%]
        start: shop#1 is shifting [20% 20% 20%]
        start: shop#1 owns the service or one of the routes [20% 20% 20%]"#]]);
}

#[test]
fn a_start_that_was_made_before_is_answered_with_its_rollout_although_the_store_stumbles() {
    let mut operator = Operator::new();
    operator.start(SLOW, IfActive::Refuse);
    let stumbles = Fault::at_nth("store.is_done", 1, FaultKind::Throttle);
    operator.world.plan_fault(stumbles);
    operator.start_by(SLOW, IfActive::Refuse, 1);
    operator.told(&expect![[r#"
        start: shop#1 is shifting [20% 20% 20%]
        start: shop#1 is shifting [20% 20% 20%]"#]]);
}

#[test]
fn a_plan_without_alarms_asks_for_none() {
    let mut operator = Operator::new();
    operator.start(QUICK, IfActive::Refuse);
    operator.sweeps(20);
    let calls = operator.world.call_counts();
    assert!(calls.contains_key("store.load"), "{calls:?}");
    assert!(!calls.contains_key("alarms.read"), "{calls:?}");
}

#[test]
fn a_rollout_that_supersedes_takes_over_the_weights() {
    let mut operator = Operator::new();
    operator.start(SLOW, IfActive::Refuse);
    operator.sweeps(3);
    operator.start(QUICK, IfActive::Supersede);
    operator.sweeps(20);
    operator.told(&expect![[r#"
        start: shop#1 is shifting [20% 20% 20%]
        3 minutes: shop#1 is baking [20% 20% 20%]
        start: shop#2 is shifting [50% 50% 50%]
        20 minutes: shop#2 is completed [100% 100% 100%]"#]]);
}

#[test]
fn a_rolled_back_rollout_is_tried_again_as_a_new_one() {
    let mut operator = Operator::new();
    operator.start(QUICK, IfActive::Refuse);
    operator.sweeps(3);
    operator.ask(1, rollback());
    operator.sweeps(3);
    operator.ask(1, Command::Retry);
    operator.start(QUICK, IfActive::Refuse);
    operator.sweeps(20);
    operator.told(&expect![[r#"
        start: shop#1 is shifting [50% 50% 50%]
        3 minutes: shop#1 is baking [50% 50% 50%]
        rollback: shop#1 is guarding [0% 0% 0%]
        3 minutes: shop#1 is rolled back [0% 0% 0%]
        retry: the rollout was rolled back; trying again starts a new one [0% 0% 0%]
        start: shop#2 is shifting [50% 50% 50%]
        20 minutes: shop#2 is completed [100% 100% 100%]"#]]);
}

/// How the ledger of the service's newest rollout begins, without the plan's hash.
fn beginning(operator: &Operator) -> Option<String> {
    let newest = operator.world.rollout()?;
    let started = operator.world.ledger(&newest.id).first()?.fact.to_string();
    let (words, _) = started.split_once(", plan")?;
    Some(format!("{}: {words}", newest.id))
}

#[test]
fn only_the_plan_that_was_rolled_back_is_tried_again() {
    let mut operator = Operator::new();
    let mut told = Vec::new();
    for (phases, goes_well) in [(QUICK, false), (SLOW, false), (SLOW, true), (SLOW, true)] {
        operator.start(phases, IfActive::Refuse);
        told.extend(beginning(&operator));
        if !goes_well {
            operator.ask(told.len() as u64, rollback());
        }
        operator.sweeps(200);
    }
    expect![[r#"
        shop#1: rollout started
        shop#2: rollout started
        shop#3: rollout started (again, after #2)
        shop#4: rollout started"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn a_route_that_carries_weight_is_not_left_behind() {
    let two_at_first = "phases: [ { name: two, weights: { web: 20%, apex: 20%, work: 0% }, bake: 2h }, \
        { name: all, weight: 100%, bake: 5m } ]";
    let without_work = ROUTES.lines().filter(|line| !line.contains("work:"));
    let without_work = format!("{}\n{SLOW}", without_work.collect::<Vec<_>>().join("\n"));
    let elsewhere = format!("{}{SLOW}", ROUTES.replace("zone: Z0", "zone: Z1"));
    let check = |phases: &str, expected: &Expect| {
        let mut operator = Operator::new();
        operator.start(phases, IfActive::Refuse);
        operator.sweeps(3);
        operator.start_text(&elsewhere, IfActive::Supersede);
        operator.start_text(&without_work, IfActive::Supersede);
        operator.told(expected);
    };
    check(
        SLOW,
        &expect![[r#"
        start: shop#1 is shifting [20% 20% 20%]
        3 minutes: shop#1 is baking [20% 20% 20%]
        start: route `apex` carries weight and is not the same in the new plan; roll back first [20% 20% 20%]
        start: route `work` carries weight and is not the same in the new plan; roll back first [20% 20% 20%]"#]],
    );
    check(
        two_at_first,
        &expect![[r#"
        start: shop#1 is shifting [20% 20% 0%]
        3 minutes: shop#1 is baking [20% 20% 0%]
        start: route `apex` carries weight and is not the same in the new plan; roll back first [20% 20% 0%]
        start: shop#2 is shifting [20% 20% 0%]"#]],
    );
}

#[test]
fn a_request_that_was_answered_before_is_answered_again() {
    let mut operator = Operator::new();
    operator.start(SLOW, IfActive::Refuse);
    operator.sweeps(3);
    let resume = || Command::Resume {
        reason: "it was nothing".to_owned(),
    };
    let pause = Command::Pause {
        reason: "a look".to_owned(),
    };
    operator.ask(1, pause);
    operator.ask_by(1, resume(), "once");
    operator.ask_by(1, resume(), "once");
    operator.ask_by(1, resume(), "twice");
    operator.told(&expect![[r#"
        start: shop#1 is shifting [20% 20% 20%]
        3 minutes: shop#1 is baking [20% 20% 20%]
        pause: shop#1 is baking [20% 20% 20%]
        resume: shop#1 is baking [20% 20% 20%]
        resume: shop#1 is baking [20% 20% 20%]
        resume: nothing holds the rollout, so there is nothing to resume [20% 20% 20%]"#]]);
}

#[test]
fn a_completed_rollout_is_gone_back_from_while_it_is_the_newest() {
    let mut operator = Operator::new();
    operator.start(QUICK, IfActive::Refuse);
    operator.sweeps(20);
    operator.ask(1, rollback());
    operator.sweeps(12);
    operator.start(QUICK, IfActive::Refuse);
    operator.sweeps(20);
    operator.ask(1, rollback());
    operator.ask(2, rollback());
    operator.told(&expect![[r#"
        start: shop#1 is shifting [50% 50% 50%]
        20 minutes: shop#1 is completed [100% 100% 100%]
        rollback: shop#1 is guarding [0% 0% 0%]
        12 minutes: shop#1 is rolled back [0% 0% 0%]
        start: shop#2 is shifting [50% 50% 50%]
        20 minutes: shop#2 is completed [100% 100% 100%]
        rollback: rollout #2 has come after this one; it can only be gone back from that [100% 100% 100%]
        rollback: shop#2 is guarding [0% 0% 0%]"#]]);
}

#[test]
fn a_gate_closed_without_the_store_stays_closed_until_a_person_resumes() {
    let mut operator = Operator::new();
    operator.start(SLOW, IfActive::Refuse);
    operator.sweeps(3);
    let outage = SignedDuration::from_mins(10);
    operator
        .world
        .store_down_until(later(operator.world.now(), outage));
    let world = operator.world.clone();
    let deadline = later(world.now(), CALL);
    let rollout = world.rollout().unwrap();
    let closed = operator.world.invoke("close", CALL, async move {
        close(&world, &rollout.id, &rollout.plan, deadline).await
    });
    let closed = closed.unwrap_or_default();
    assert!(
        closed.iter().all(|route| route.outcome.is_ok()),
        "{closed:?}"
    );
    operator.world.pass(outage);
    operator.sweeps(2);
    operator.sweeps(200);
    operator.ask(
        1,
        Command::Resume {
            reason: "the store is back".to_owned(),
        },
    );
    operator.told(&expect![[r#"
        start: shop#1 is shifting [20% 20% 20%]
        3 minutes: shop#1 is baking [20% 20% 20%]
        2 minutes: shop#1 is baking [0% 0% 0%]
        200 minutes: shop#1 is baking [0% 0% 0%]
        resume: shop#1 is shifting [20% 20% 20%]"#]]);
}

#[test]
fn a_store_that_is_down_for_a_moment_is_waited_for_and_no_longer_than_there_is_time() {
    let mut operator = Operator::new();
    operator.start(SLOW, IfActive::Refuse);
    operator.sweeps(3);
    let down_for = |operator: &Operator, seconds: i64| {
        let until = later(operator.world.now(), SignedDuration::from_secs(seconds));
        operator.world.store_down_until(until);
    };
    down_for(&operator, 5);
    operator.ask(1, rollback());
    down_for(&operator, 120);
    operator.ask(1, rollback());
    operator.told(&expect![[r#"
        start: shop#1 is shifting [20% 20% 20%]
        3 minutes: shop#1 is baking [20% 20% 20%]
        rollback: shop#1 is guarding [0% 0% 0%]
        rollback: the store could not be used [0% 0% 0%]"#]]);
}

#[test]
fn a_close_whose_time_is_up_writes_nothing() {
    let mut operator = Operator::new();
    operator.start(SLOW, IfActive::Refuse);
    operator.sweeps(3);
    let world = operator.world.clone();
    let rollout = world.rollout().unwrap();
    let deadline = world.now();
    let closed = operator.world.invoke("close", CALL, async move {
        close(&world, &rollout.id, &rollout.plan, deadline).await
    });
    let outcomes = closed
        .unwrap_or_default()
        .into_iter()
        .map(|one| one.outcome);
    let late = Err("its time was up".to_owned());
    assert_eq!(outcomes.collect::<Vec<_>>(), vec![late; 3]);
    operator.note("close", operator.world.rollout().map(Ok));
    operator.told(&expect![[r#"
        start: shop#1 is shifting [20% 20% 20%]
        3 minutes: shop#1 is baking [20% 20% 20%]
        close: shop#1 is baking [20% 20% 20%]"#]]);
}
