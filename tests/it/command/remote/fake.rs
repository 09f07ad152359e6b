//! What stands in the place of AWS: answers that are given in their order, and routes in memory.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use aws::{
    alarms::Inspection,
    alb::{Side, Standing},
    alias::Served,
    control::Do,
    ecs,
    parameters::{Found, Kept, Over},
    route53::Finding,
    secrets::{Kind, Secret},
};
use cli::{
    args::remote::At,
    remote::{Account, Cloud, Hands, Unanswered},
};
use domain::{
    name::AlarmArn,
    plan::route::{AlbRoute, LambdaAliasRoute, Route53Route},
    target::{Carrier, Goal, Leftover, Propagation, Seen},
    time::{SignedDuration, Timestamp},
    traffic::Weight,
};
use engine::{
    ports::{Clock, FenceToken, RouteRef, Router, Target, Write},
    trouble::{Trouble, WriteError},
};
use serde_json::{Value, json};

/// AWS, as a test wants it.
#[derive(Clone, Default)]
pub(super) struct Fake(Rc<State>);

#[derive(Default)]
struct State {
    /// Why the account cannot be opened.
    shut: Option<Unanswered>,
    caller: Option<Unanswered>,
    answers: RefCell<VecDeque<Result<Value, Unanswered>>>,
    asked: RefCell<String>,
    hands: Hands<Routes, Stopped>,
    world: World,
    safe: RefCell<Safe>,
    seeds: Cell<u8>,
}

/// Parameters that are written, as an operator's account has them.
#[derive(Default)]
pub(super) struct Safe {
    pub(super) held: BTreeMap<String, Found>,
    /// What cannot be written, and why.
    pub(super) shut: BTreeMap<String, Trouble>,
    /// What somebody else puts in a parameter's place while we wait.
    pub(super) meanwhile: BTreeMap<String, Found>,
}

/// What `doctor` finds.
#[derive(Default)]
pub(super) struct World {
    pub(super) bases: BTreeMap<String, Result<Standing, Trouble>>,
    pub(super) targets: BTreeMap<String, Side>,
    pub(super) records: Vec<Finding>,
    pub(super) alias: Option<Served>,
    pub(super) alarms: BTreeMap<String, Inspection>,
    pub(super) ecs: ecs::Found,
    pub(super) parameters: BTreeMap<String, Kind>,
}

/// Each route's share, or why it cannot be written or read.
#[derive(Default)]
pub(super) struct Routes(RefCell<BTreeMap<String, Result<Weight, String>>>);

/// A clock that stands still.
#[derive(Default)]
pub(super) struct Stopped;

impl Fake {
    pub(super) fn answering(answers: impl IntoIterator<Item = Value>) -> Self {
        Self::with(answers.into_iter().map(Ok))
    }

    pub(super) fn with(answers: impl IntoIterator<Item = Result<Value, Unanswered>>) -> Self {
        Self(Rc::new(State {
            answers: RefCell::new(answers.into_iter().collect()),
            ..State::default()
        }))
    }

    /// Nobody can open the account.
    pub(super) fn shut(why: Unanswered) -> Self {
        Self(Rc::new(State {
            shut: Some(why),
            ..State::default()
        }))
    }

    /// Routes at these shares, or broken.
    pub(super) fn routed(routes: &[(&str, Result<Weight, &str>)]) -> Self {
        let routes = routes.iter().map(|(name, share)| {
            let share = share.map_err(str::to_owned);
            ((*name).to_owned(), share)
        });
        let shares = RefCell::new(routes.collect());
        Self(Rc::new(State {
            hands: Hands {
                router: Routes(shares),
                clock: Stopped,
            },
            ..State::default()
        }))
    }

    /// A world to look at, and what `control` answers.
    pub(super) fn world(
        world: World,
        caller: Option<Unanswered>,
        answer: Result<Value, Unanswered>,
    ) -> Self {
        Self(Rc::new(State {
            world,
            caller,
            answers: RefCell::new([answer].into()),
            ..State::default()
        }))
    }

    /// Parameters that can be written.
    pub(super) fn safe(safe: Safe) -> Self {
        Self(Rc::new(State {
            safe: RefCell::new(safe),
            ..State::default()
        }))
    }

    /// What a parameter holds now.
    pub(super) fn held(&self, name: &str) -> Option<String> {
        let safe = self.0.safe.borrow();
        Some(safe.held.get(name)?.secret.expose().to_owned())
    }

    fn note(&self, line: &str) {
        self.0.asked.borrow_mut().push_str(line);
    }

    /// What a route is at now.
    pub(super) fn share(&self, route: &str) -> Option<Weight> {
        let routes = self.0.hands.router.0.borrow();
        routes.get(route)?.as_ref().ok().copied()
    }

    /// What was asked of `control`, each in a line; a plan's text is left out.
    pub(super) fn asked(&self) -> String {
        self.0.asked.borrow().clone()
    }
}

impl Cloud for Fake {
    type Account = Self;

    async fn open(&self, at: &At) -> Result<Self, Unanswered> {
        for (option, value) in [
            ("profile", &at.profile),
            ("region", &at.region),
            ("function", &at.function),
        ] {
            if let Some(value) = value {
                let line = format!("with {option} {value}\n");
                self.0.asked.borrow_mut().push_str(&line);
            }
        }
        match &self.0.shut {
            Some(why) => Err(why.clone()),
            None => Ok(self.clone()),
        }
    }

    fn key(&self) -> Result<String, Unanswered> {
        Ok("6b2f0a1e-0000-4000-8000-000000000001".to_owned())
    }

    fn seed(&self) -> Result<[u8; 32], Unanswered> {
        self.0.seeds.set(self.0.seeds.get() + 1);
        Ok([self.0.seeds.get(); 32])
    }
}

impl Account for Fake {
    type Ports = Hands<Routes, Stopped>;

    fn ports(&self) -> &Self::Ports {
        &self.0.hands
    }

    async fn call(&self, key: &str, what: Do) -> Result<Value, Unanswered> {
        let mut asked = json!(what);
        for verb in ["start", "doctor"] {
            if let Some(plan) = asked.get_mut(verb).and_then(|asked| asked.get_mut("plan")) {
                *plan = json!("…");
            }
        }
        let key = match key.split('-').next() {
            Some("00000000") | None => String::new(),
            Some(begin) => format!("  key {begin}…"),
        };
        let line = format!("asked {asked}{key}\n");
        self.0.asked.borrow_mut().push_str(&line);
        let answer = self.0.answers.borrow_mut().pop_front();
        answer.unwrap_or_else(|| Err(Unanswered::Other("the test has no answer left".to_owned())))
    }

    async fn caller(&self) -> Result<String, Unanswered> {
        match &self.0.caller {
            Some(why) => Err(why.clone()),
            None => Ok(KIM.to_owned()),
        }
    }

    async fn standing(&self, route: &AlbRoute) -> Result<Option<Standing>, Trouble> {
        let base = self.0.world.bases.get(route.base.arn()).cloned();
        base.transpose()
    }

    async fn targets(&self, group: &str) -> Result<Option<Side>, Trouble> {
        Ok(self.0.world.targets.get(group).cloned())
    }

    async fn records(&self, _: &Route53Route) -> Result<Vec<Finding>, Trouble> {
        Ok(self.0.world.records.clone())
    }

    async fn alias(&self, _: &LambdaAliasRoute) -> Result<Option<Served>, Trouble> {
        Ok(self.0.world.alias.clone())
    }

    async fn alarms(&self, arns: &[AlarmArn]) -> Vec<Result<Inspection, String>> {
        let found = arns
            .iter()
            .map(|arn| self.0.world.alarms.get(arn.as_str()).cloned());
        let missing = || "it does not exist".to_owned();
        found.map(|found| found.ok_or_else(missing)).collect()
    }

    async fn ecs(&self) -> ecs::Found {
        self.0.world.ecs.clone()
    }

    async fn parameter(&self, name: &str) -> Result<Option<Kind>, Trouble> {
        let held = self.0.safe.borrow().held.contains_key(name);
        let kind = self.0.world.parameters.get(name).copied();
        Ok(kind.or(held.then_some(Kind::Secure)))
    }

    async fn find(&self, name: &str) -> Result<Option<Found>, Trouble> {
        Ok(self.0.safe.borrow().held.get(name).cloned())
    }

    async fn keep(
        &self,
        name: &str,
        secret: &Secret,
        over: Over,
        key: Option<&str>,
    ) -> Result<Kept, Trouble> {
        let key = key.map_or_else(String::new, |key| format!(" with {key}"));
        self.note(&format!("kept {name} over {over:?}{key}\n"));
        let mut safe = self.0.safe.borrow_mut();
        if let Some(why) = safe.shut.get(name) {
            return Err(why.clone());
        }
        if over == Over::Nothing && safe.held.contains_key(name) {
            return Ok(Kept::Taken);
        }
        let found = Found {
            secret: secret.clone(),
            since: Timestamp::UNIX_EPOCH,
        };
        safe.held.insert(name.to_owned(), found);
        Ok(Kept::Done)
    }

    async fn wait(&self, long: Duration) {
        let mut safe = self.0.safe.borrow_mut();
        if !safe.held.is_empty() {
            self.note(&format!("waited {} s\n", long.as_secs()));
        }
        let meanwhile = std::mem::take(&mut safe.meanwhile);
        safe.held.extend(meanwhile);
    }
}

/// Who runs the tests.
pub(super) const KIM: &str = "arn:aws:sts::123456789012:assumed-role/Ops/kim";

impl Router for Routes {
    async fn read(&self, route: RouteRef<'_>) -> Result<Target, Trouble> {
        let routes = self.0.borrow();
        let weight = match routes.get(route.name.as_str()) {
            Some(Ok(weight)) => *weight,
            Some(Err(why)) => return Err(Trouble::lasting(why.clone())),
            None => Weight::ZERO,
        };
        let leftover = if weight == Weight::ZERO {
            Leftover::None
        } else {
            Leftover::Some
        };
        Ok(Target {
            seen: Seen {
                weight,
                base: Weight::ZERO,
                carrier: Carrier::Ready,
                leftover,
                epoch: None,
                propagation: Propagation::Done,
                settle: SignedDuration::ZERO,
            },
            fence: FenceToken(String::new()),
        })
    }

    async fn write(&self, route: RouteRef<'_>, write: &Write) -> Result<(), WriteError> {
        assert_eq!(write.goal, Goal::Restored, "only closing is direct");
        let mut routes = self.0.borrow_mut();
        routes.insert(route.name.to_string(), Ok(Weight::ZERO));
        Ok(())
    }

    async fn set_drain(&self, _: RouteRef<'_>, _: SignedDuration) -> Result<(), Trouble> {
        Ok(())
    }
}

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn sleep(&self, _: SignedDuration) {}
}

/// How a rollout stands, halfway through its first phase.
pub(super) fn view() -> Value {
    json!({
        "rollout": "shop#7",
        "now": "2026-12-01T09:00:00Z",
        "status": "baking",
        "active": true,
        "back": false,
        "cause": null,
        "cause_ja": null,
        "zone": "UTC",
        "plan": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "started_by": KIM,
        "started_at": "2026-11-30T20:00:00Z",
        "revision": 12,
        "epoch": 3,
        "phases": [
            { "name": "canary", "weights": { "apex": 50, "web": 50 } },
            { "name": "all", "weights": { "apex": 1000, "web": 1000 } },
        ],
        "phase": 0,
        "watch": true,
        "routes": {
            "apex": route(50, 50),
            "web": route(50, 50),
        },
        "change": null,
        "waiting": "time at these weights, over in 12h",
        "holds": [],
        "incidents": [],
        "gate": {
            "since": "2026-11-30T21:00:00Z",
            "until": "2026-12-01T21:00:00Z",
            "overdue": "2026-12-02T21:00:00Z",
            "promoted_by": null,
            "conditions": [
                condition("error_rate < 0.1%", "pass", "0.02%", "0.03%"),
                condition("p95 < 500ms", "fail", "612ms", "180ms"),
            ],
            "checklist": { "backup": KIM, "support-told": null },
            "approvals": [],
            "needed": 1,
            "asked": null,
        },
        "alarms": [
            alarm("new-5xx-critical", "critical", "OK"),
            alarm("new-latency", "high", "INSUFFICIENT_DATA"),
        ],
        "hooks": [],
        "deadlines": [],
        "ledger": "12:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    })
}

pub(super) fn route(desired: u16, seen: u16) -> Value {
    json!({
        "desired": desired, "seen": seen, "ready": true, "trouble": null, "drift": null,
        "effective": null,
    })
}

fn condition(condition: &str, verdict: &str, value: &str, stable: &str) -> Value {
    json!({
        "condition": condition, "verdict": verdict, "doubt": null, "value": value,
        "stable": stable, "samples": 12_345, "measured": "2026-12-01T08:58:00Z",
        "passes": 3, "failures": 0, "errors": 0,
    })
}

fn alarm(name: &str, severity: &str, state: &str) -> Value {
    json!({
        "arn": format!("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}"),
        "name": name, "severity": severity, "state": state, "since": null,
    })
}

/// A view with some fields changed.
pub(super) fn view_with(changes: &Value) -> Value {
    let mut view = view();
    if let (Some(view), Some(changes)) = (view.as_object_mut(), changes.as_object()) {
        for (field, value) in changes {
            assert!(view.contains_key(field), "a view has no {field}");
            view.insert(field.clone(), value.clone());
        }
    }
    view
}

/// `control` did what was asked.
pub(super) fn changed(view: &Value) -> Value {
    json!({ "version": 1, "ok": { "changed": {
        "rollout": "shop#7", "status": view, "converged": true, "why": null, "by": KIM,
        "notes": [],
    } } })
}

/// `control` says where a rollout stands.
pub(super) fn status(view: &Value) -> Value {
    json!({ "version": 1, "ok": { "status": view } })
}

/// `control` says no.
pub(super) fn refused(kind: &str, message: &str) -> Value {
    json!({ "version": 1, "error": { "kind": kind, "message": message } })
}
