//! Requests as the Function URL sends them, in the box.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

mod logs;

use std::{
    cell::{Cell, RefCell},
    fmt::Write as _,
    fs,
    path::Path,
    sync::Arc,
};

use domain::{
    name::{Person, RolloutId},
    rollout::{Rollout, Status},
    time::{SignedDuration, Timestamp, later},
    words,
};
use expect_test::{Expect, expect};
use pages::{Record, Told, Trend};
use sim::{Scenario, Simulation, scenario::Habit};
use token::{Action, Claims, Kid, Signer, TokenId, Verifier, answer::Attempt};

use super::*;

const PLAN: &str = include_str!("../../../events/shop.yaml");
const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/link");

/// What fails in a house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Nothing,
    Keys,
    Head,
    Record,
    Ledger,
    Topic,
}

/// A house in which people are asked to approve.
struct Room {
    rollout: Rollout,
    told: Vec<Told>,
    now: Timestamp,
    broken: Cell<Broken>,
    published: RefCell<Vec<Envelope>>,
    reads: Cell<u32>,
}

impl Room {
    fn new() -> Self {
        let plan = Arc::new(plan::parse(PLAN).unwrap().plan);
        let mut scenario = Scenario::default();
        scenario.people.approve = Habit::Never;
        let mut simulation = Simulation::new(plan, scenario, 7);
        let mut told = Vec::new();
        loop {
            let frame = simulation.step().unwrap();
            told.extend(frame.entries.iter().map(|entry| {
                Told {
                    line: entry.line(),
                    message: words::message(&frame.rollout, entry)
                        .map(|message| (message.tone, message.title)),
                }
            }));
            if frame.rollout.status == Status::AwaitingApproval {
                return Self {
                    rollout: frame.rollout,
                    told,
                    now: frame.now,
                    broken: Cell::new(Broken::Nothing),
                    published: RefCell::default(),
                    reads: Cell::default(),
                };
            }
        }
    }

    fn unless(&self, broken: Broken) -> Result<(), Trouble> {
        if self.broken.get() == broken {
            return Err(Trouble::passing("it is down"));
        }
        Ok(())
    }

    fn token(&self) -> String {
        let claims = Claims {
            audience: audience(),
            rollout: self.rollout.id.clone(),
            epoch: self.rollout.epoch,
            phase: self.rollout.current_phase().map(|phase| phase.name.clone()),
            plan: self.rollout.plan.hash,
            action: Action::Approve,
            incident: None,
            approver: Person::new("arn:aws:iam::123456789012:user/kim"),
            issued: self.now,
            expires: later(self.now, SignedDuration::from_hours(2)),
            id: TokenId([0xab; 16]),
        };
        signer().sign(&claims).unwrap().expose().to_owned()
    }

    fn handled(&self, payload: &Value) -> Value {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(handle(self, &audience(), payload))
    }

    /// A sample with this house's link in it.
    fn sample(&self, file: &str) -> Value {
        let text = fs::read_to_string(Path::new(EVENTS).join(file)).unwrap();
        let text = text.replace("TOKEN", &self.token());
        let seconds = self.now.as_second().to_string();
        serde_json::from_str(&text.replace("SECONDS", &seconds)).unwrap()
    }
}

fn audience() -> Audience {
    Audience::new("123456789012", "eu-west-1", "tidegate").unwrap()
}

fn signer() -> Signer {
    Signer::generate(Kid::new("2026-11").unwrap(), [7; 32])
}

impl House for Room {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn attempt(&self) -> Result<Attempt, Trouble> {
        Ok(Attempt::of([0xcd; 8]))
    }

    async fn verifier(&self) -> Result<Verifier, Trouble> {
        self.unless(Broken::Keys)?;
        let kid = Kid::new("2026-11").unwrap();
        Ok(Verifier::new(kid, signer().public().unwrap()))
    }

    async fn load(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        self.unless(Broken::Head)?;
        Ok(Some(self.rollout.clone()).filter(|rollout| rollout.id == *id))
    }

    async fn told(&self, _id: &RolloutId) -> Result<Vec<Told>, Trouble> {
        self.unless(Broken::Ledger)?;
        self.reads.set(self.reads.get() + 1);
        Ok(self.told.clone())
    }

    async fn record(&self, _id: &TokenId) -> Result<Record, Trouble> {
        self.unless(Broken::Record)?;
        Ok(Record::default())
    }

    async fn trends(&self, _rollout: &Rollout) -> Vec<Trend> {
        self.reads.set(self.reads.get() + 1);
        Vec::new()
    }

    async fn publish(&self, envelope: &Envelope) -> Result<(), Trouble> {
        self.unless(Broken::Topic)?;
        self.published.borrow_mut().push(envelope.clone());
        Ok(())
    }
}

/// A reply in a line: what it is, its heading, and what was handed on.
fn shown(room: &Room, reply: &Value) -> String {
    let header = |name: &str| reply["headers"][name].as_str().unwrap_or_default();
    let body = reply["body"].as_str().unwrap();
    let heading = body
        .split("<h1>")
        .nth(1)
        .and_then(|rest| rest.split('<').next());
    let mut said = format!("{}", reply["statusCode"]);
    for part in [
        header("allow"),
        header("location"),
        heading.unwrap_or_default(),
    ] {
        if !part.is_empty() {
            write!(said, " {}", part.replace(&room.token(), "…")).unwrap();
        }
    }
    for envelope in room.published.borrow_mut().drain(..) {
        write!(said, " handed on: {envelope:?}").unwrap();
    }
    said
}

#[test]
fn every_sample_is_answered() {
    let mut files: Vec<String> = fs::read_dir(EVENTS)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let all = [
        "answer.base64.json",
        "answer.elsewhere.json",
        "answer.json",
        "answer.no-code.json",
        "answer.not-base64.json",
        "broken-link.json",
        "front.json",
        "head.json",
        "look.japanese.json",
        "look.json",
        "no-page.json",
        "older-version.json",
        "outcome.json",
        "put.json",
        "slack.json",
        "slack.late.json",
    ];
    assert_eq!(files, all, "each is answered below");
    let room = Room::new();
    let mut said = String::new();
    for file in files {
        let reply = room.handled(&room.sample(&file));
        writeln!(said, "{file}: {}", shown(&room, &reply)).unwrap();
        assert_eq!(reply["headers"]["cache-control"], "no-store", "{file}");
    }
    expect![[r#"
        answer.base64.json: 303 /d/…?a=cdcdcdcdcdcdcdcd handed on: Link(Answer(cdcdcdcdcdcdcdcd))
        answer.elsewhere.json: 403 That was sent from another page
        answer.json: 303 /d/…?a=cdcdcdcdcdcdcdcd handed on: Link(Answer(cdcdcdcdcdcdcdcd))
        answer.no-code.json: 422 Go on from phase half of shop#1?
        answer.not-base64.json: 400
        broken-link.json: 404 This is not a whole link
        front.json: 200 Tidegate
        head.json: 200
        look.japanese.json: 200 shop#1 フェーズ half の続行を承認しますか？
        look.json: 200 Go on from phase half of shop#1?
        no-page.json: 404 There is no such page
        older-version.json: 400
        outcome.json: 200 shop#1
        put.json: 405 GET, HEAD, POST That cannot be done here
        slack.json: 200 handed on: Slack(Interaction(46 bytes))
        slack.late.json: 400
    "#]]
    .assert_eq(&said);
}

#[test]
fn what_was_sent_is_handed_on_as_it_was_sent() {
    let room = Room::new();
    room.handled(&room.sample("answer.base64.json"));
    room.handled(&room.sample("slack.json"));
    let published = room.published.borrow();
    let [Envelope::Link(answer), Envelope::Slack(slack)] = published.as_slice() else {
        panic!("{published:?}");
    };
    assert_eq!(answer.token, room.token());
    assert_eq!(
        (answer.code.as_str(), answer.reason.as_str()),
        ("7k2m-9q", "承")
    );
    assert_eq!(slack.body, "payload=%7B%22type%22%3A%22block_actions%22%7D");
}

#[test]
fn a_look_without_a_body_is_a_look() {
    let room = Room::new();
    let look = room.handled(&room.sample("look.json"));
    let head = room.handled(&room.sample("head.json"));
    assert_eq!(head["headers"], look["headers"]);
    assert_eq!(head["body"], "");
}

#[test]
fn looking_a_thousand_times_hands_nothing_on() {
    let room = Room::new();
    let samples = [
        "look.json",
        "head.json",
        "outcome.json",
        "look.japanese.json",
    ];
    for file in samples.iter().cycle().take(1000) {
        room.handled(&room.sample(file));
    }
    assert!(room.published.borrow().is_empty());
}

#[test]
fn what_is_asked_often_reads_little() {
    let room = Room::new();
    room.handled(&room.sample("outcome.json"));
    assert_eq!(room.reads.get(), 0);
    room.handled(&room.sample("look.json"));
    assert_eq!(room.reads.get(), 2);
}

#[test]
fn what_is_down_is_said_and_changes_nothing() {
    let room = Room::new();
    let check = |broken, file: &str, expected: &Expect| {
        room.broken.set(broken);
        let reply = room.handled(&room.sample(file));
        expected.assert_eq(&shown(&room, &reply));
    };
    check(
        Broken::Keys,
        "look.json",
        &expect!["503 The rollout cannot be read just now"],
    );
    check(
        Broken::Head,
        "look.json",
        &expect!["503 The rollout cannot be read just now"],
    );
    check(
        Broken::Head,
        "answer.json",
        &expect!["503 The rollout cannot be read just now"],
    );
    check(
        Broken::Record,
        "answer.json",
        &expect!["503 The rollout cannot be read just now"],
    );
    check(
        Broken::Ledger,
        "look.json",
        &expect!["200 Go on from phase half of shop#1?"],
    );
    check(
        Broken::Topic,
        "answer.json",
        &expect!["503 Go on from phase half of shop#1?"],
    );
    check(
        Broken::Topic,
        "slack.json",
        &expect!["503 The rollout cannot be read just now"],
    );
}
