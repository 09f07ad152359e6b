//! An alarm while the store does not answer: what can be found without it is closed, and stays closed.

#![expect(
    clippy::expect_used,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    reason = "a plan of a test is a plan; expect-test writes the texts, with hashes"
)]

use std::sync::Arc;

use domain::{
    event::{AlarmChange, AlarmState, Command},
    name::{AlarmArn, EventKey, Person, RouteName},
    plan::Plan,
    time::{SignedDuration, later, since},
};
use engine::{
    ask::ask,
    hear::hear_or_close,
    start::{IfActive, StartRequest, start},
    sweep::sweep,
};
use expect_test::{Expect, expect};
use sim::{Scenario, World};

const PLAN: &str = "
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
alarms:
  - { arn: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-broken', severity: critical }
  - { arn: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-slow', severity: high }
phases: [ { name: fifth, weight: 20%, bake: 2h }, { name: all, weight: 100%, bake: 5m } ]
";

const CALL: SignedDuration = SignedDuration::from_secs(30);
const OUTAGE: SignedDuration = SignedDuration::from_mins(10);

fn plan() -> Arc<Plan> {
    match plan::parse(PLAN) {
        Ok(checked) => Arc::new(checked.plan),
        Err(problems) => panic!("{problems:?}"),
    }
}

/// A rollout at 20 % whose store is about to fail, and what was seen of it.
struct Night {
    world: World,
    notes: Vec<String>,
}

impl Night {
    fn new() -> Self {
        let world = World::new(plan(), Scenario::default(), 1);
        let mut night = Self {
            world,
            notes: Vec::new(),
        };
        let world = night.world.clone();
        let request = StartRequest {
            plan: plan(),
            by: Person::new("ann"),
            key: EventKey::new("start"),
            active: IfActive::Refuse,
            override_reason: None,
        };
        night.invoke("start", async move {
            start(&world, &request, later(world.now(), CALL))
                .await
                .map(drop)
        });
        night.sweeps(3);
        night
    }

    /// Runs a function, and notes what it says, how long it took and where the weights are.
    fn invoke(
        &mut self,
        what: &'static str,
        work: impl Future<Output = Result<(), engine::trouble::EngineError>> + 'static,
    ) {
        let began = self.world.now();
        let said = match self.world.invoke(what, CALL, work) {
            None => "no answer".to_owned(),
            Some(Ok(())) => "done".to_owned(),
            Some(Err(error)) => error.to_string(),
        };
        let took = since(self.world.now(), began).as_secs();
        let weights: Vec<String> = ["web", "apex", "work"]
            .into_iter()
            .filter_map(|name| self.world.configured(&RouteName::new(name).ok()?))
            .map(|weight| weight.to_string())
            .collect();
        let head = self.world.rollout().map(|head| head.status.to_string());
        self.notes.push(format!(
            "{what} after {took} s: {said} [{}], {}",
            weights.join(" "),
            head.unwrap_or_default()
        ));
    }

    fn sweeps(&mut self, minutes: u32) {
        for minute in 1..=minutes {
            self.world.pass(SignedDuration::from_mins(1));
            let world = self.world.clone();
            let work = async move { sweep(&world, later(world.now(), CALL)).await.map(drop) };
            if minute == minutes {
                self.invoke("sweep", work);
            } else {
                self.world.invoke("sweep", CALL, work);
            }
        }
    }

    fn store_fails(&self) {
        let until = later(self.world.now(), OUTAGE);
        self.world.store_down_until(until);
    }

    fn alarm(&self, name: &str, state: AlarmState) -> AlarmChange {
        let arn = format!("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}");
        let changed = self.world.set_alarm(&AlarmArn::new(&arn), state);
        changed.expect("another state than before")
    }

    fn hear(&mut self, change: &AlarmChange) {
        let (world, change) = (self.world.clone(), change.clone());
        self.invoke("alarm", async move {
            let deadline = later(world.now(), CALL);
            hear_or_close(&world, &world, &change, deadline)
                .await
                .map(drop)
        });
    }

    #[track_caller]
    fn told(&self, expected: &Expect) {
        expected.assert_eq(&self.notes.join("\n"));
    }
}

#[test]
fn a_red_alarm_closes_what_can_be_found_and_the_rest_follows_the_store() {
    let mut night = Night::new();
    night.store_fails();
    let change = night.alarm("shop-broken", AlarmState::Alarm);
    night.hear(&change);
    night.world.pass(OUTAGE);
    night.hear(&change);
    night.sweeps(3);
    night.told(&expect![[r#"
        start after 1 s: done [20% 20% 20%], shifting
        sweep after 0 s: done [20% 20% 20%], baking
        alarm after 5 s: the store could not be used; apex of shop#1 is closed, web of shop#1 is closed [0% 0% 20%], baking
        alarm after 0 s: done [0% 0% 0%], guarding
        sweep after 0 s: done [0% 0% 0%], rolled back"#]]);
}

#[test]
fn without_its_event_a_closed_gate_is_a_hand_that_only_a_person_overrules() {
    let mut night = Night::new();
    night.store_fails();
    let change = night.alarm("shop-broken", AlarmState::Alarm);
    night.hear(&change);
    night.alarm("shop-broken", AlarmState::Ok);
    night.world.pass(OUTAGE);
    night.sweeps(1);
    night.sweeps(200);
    let world = night.world.clone();
    night.invoke("resume", async move {
        let id = world.rollout().expect("it was started").id;
        let command = Command::Resume {
            reason: "the alarm was wrong".to_owned(),
        };
        let key = EventKey::new("resume");
        let deadline = later(world.now(), CALL);
        ask(&world, &id, Person::new("ann"), command, &key, deadline)
            .await
            .map(drop)
    });
    night.told(&expect![[r#"
        start after 1 s: done [20% 20% 20%], shifting
        sweep after 0 s: done [20% 20% 20%], baking
        alarm after 5 s: the store could not be used; apex of shop#1 is closed, web of shop#1 is closed [0% 0% 20%], baking
        sweep after 0 s: done [0% 0% 20%], baking
        sweep after 0 s: done [0% 0% 20%], baking
        resume after 1 s: done [20% 20% 20%], shifting"#]]);
}

#[test]
fn an_alarm_that_is_green_again_or_not_critical_closes_nothing() {
    let mut night = Night::new();
    night.store_fails();
    let change = night.alarm("shop-slow", AlarmState::Alarm);
    night.hear(&change);
    let change = night.alarm("shop-broken", AlarmState::Alarm);
    night.alarm("shop-broken", AlarmState::Ok);
    night.hear(&change);
    night.told(&expect![[r#"
        start after 1 s: done [20% 20% 20%], shifting
        sweep after 0 s: done [20% 20% 20%], baking
        alarm after 4 s: the store could not be used; no gate was found without it [20% 20% 20%], baking
        alarm after 4 s: the store could not be used [20% 20% 20%], baking"#]]);
}
