//! Outlets that keep what they were given, and a shelf with an outbox.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::Write as _,
    sync::Arc,
};

use aws::{
    keyring::Keys,
    outlets::{Method, Object, Post, Posted, Unsent},
    store::outbox::{Kept as Fate, Slip},
    teller::Heard,
};
use domain::{
    decide::{Start, begin},
    ledger::Line,
    name::{Person, RolloutId},
    plan::{people::Folder, phase::Phase},
    rollout::{Gate, Origin, Rollout, Status},
    time::Timestamp,
    traffic::Epoch,
};
use token::{Audience, Kid, Signer, code::CodeKey};

use super::*;

/// Outlets that keep what they were given.
#[derive(Default)]
pub(super) struct Kept {
    /// What Slack is reached by.
    pub(super) slack: Cell<Option<Slack>>,
    /// What each was given: the outlet, and what.
    pub(super) said: RefCell<Vec<(String, Value)>>,
    failures: RefCell<BTreeMap<&'static str, VecDeque<Unsent>>>,
}

impl Kept {
    /// The next calls of an outlet fail so.
    pub(super) fn fail(&self, outlet: &'static str, with: impl IntoIterator<Item = Unsent>) {
        let mut failures = self.failures.borrow_mut();
        failures.entry(outlet).or_default().extend(with);
    }

    fn take(&self, outlet: &'static str, what: String, value: Value) -> Result<(), Unsent> {
        let mut failures = self.failures.borrow_mut();
        if let Some(unsent) = failures.get_mut(outlet).and_then(VecDeque::pop_front) {
            return Err(unsent);
        }
        self.said.borrow_mut().push((what, value));
        Ok(())
    }

    /// What was said, as text.
    pub(super) fn texts(&self) -> String {
        let mut all = String::new();
        for (outlet, value) in self.said.borrow().iter() {
            let text = match outlet.as_str() {
                "slack" => value["text"].as_str().unwrap().to_owned(),
                _ => value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            };
            writeln!(all, "{text}\n").unwrap();
        }
        all
    }

    /// What was said where, a line each: the outlet, and the first line of it.
    pub(super) fn headings(&self) -> String {
        let mut all = String::new();
        for (outlet, value) in self.said.borrow().iter() {
            let text = value["text"].as_str().or_else(|| value.as_str());
            let text = text.map_or_else(|| value.to_string(), str::to_owned);
            writeln!(all, "{outlet}: {}", text.lines().next().unwrap()).unwrap();
        }
        all
    }
}

impl Outlets for Kept {
    async fn slack(&self) -> Result<Slack, Trouble> {
        Ok(self.slack.get().unwrap_or(Slack::Webhook))
    }

    async fn hook(&self, body: &Value) -> Result<(), Unsent> {
        self.take("slack", "slack".to_owned(), body.clone())
    }

    async fn bot(&self, method: Method, body: &Value) -> Result<Posted, Unsent> {
        let channel = body["channel"].as_str().unwrap().to_owned();
        let thread = body["thread_ts"].as_str().map_or_else(String::new, |ts| {
            let broadcast = body["reply_broadcast"] == true;
            format!(" in {ts}{}", if broadcast { " and to all" } else { "" })
        });
        let what = match method {
            Method::Post => format!("post {channel}{thread}"),
            Method::Update => format!("update {channel} {}", body["ts"].as_str().unwrap()),
        };
        let outlet = if channel.starts_with('U') {
            "person"
        } else {
            "slack"
        };
        let outlet = match method {
            Method::Post => outlet,
            Method::Update => "update",
        };
        self.take(outlet, what, body.clone())?;
        let ts = format!("1.{}", self.said.borrow().len());
        Ok(Posted {
            channel: format!(
                "C-{}",
                channel.trim_start_matches("C-").trim_start_matches('#')
            ),
            ts: body["ts"].as_str().map_or(ts, str::to_owned),
        })
    }

    async fn listens(&self) -> Heard {
        match self.take("slack", "auth".to_owned(), Value::Null) {
            Ok(()) => {
                self.said.borrow_mut().clear();
                Heard::Answers
            }
            Err(unsent) => Heard::Trouble(unsent.trouble.what),
        }
    }

    async fn publish(&self, topic: &Topic, post: &Post) -> Result<(), Unsent> {
        let what = match (topic, post.emails.is_empty()) {
            (Topic::Messages, true) => "topic".to_owned(),
            (Topic::Messages, false) => format!("mail to {}", post.emails.join(" and ")),
            (Topic::Of(arn), _) => arn.clone(),
        };
        let text = match &post.subject {
            Some(subject) => format!("{subject}: {:?}", post.attributes),
            None => post.text.clone(),
        };
        self.take("topic", what, Value::from(text))
    }

    async fn text(&self, number: &str, text: &str) -> Result<(), Unsent> {
        self.take("phone", format!("phone {number}"), Value::from(text))
    }

    async fn page(&self, service: &str, event: &Value) -> Result<(), Unsent> {
        self.take("pagerduty", format!("page {service}"), event.clone())
    }

    async fn call(&self, url: &str, delivery: &str, body: &Value) -> Result<(), Unsent> {
        self.take("webhook", format!("call {url} {delivery}"), body.clone())
    }

    async fn keep(&self, folder: &Folder, object: Object) -> Result<(), Unsent> {
        let text = Value::from(object.text);
        self.take("bucket", folder.address(&object.name), text)
    }
}

/// Rollouts, entries and slips.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) rollout: RefCell<Option<Rollout>>,
    pub(super) entries: RefCell<BTreeMap<u64, Vec<Told>>>,
    pub(super) slips: RefCell<BTreeMap<(u64, String), Slip>>,
    pub(super) is_down: Cell<bool>,
}

impl Shelf {
    fn answers(&self) -> Result<(), Trouble> {
        if self.is_down.get() {
            return Err(Trouble::passing("Query was not answered in time"));
        }
        Ok(())
    }

    /// What stands in the outbox, a line each.
    pub(super) fn outbox(&self) -> String {
        let mut all = String::new();
        for slip in self.slips.borrow().values() {
            let state = match slip.state {
                State::Waiting(until) => {
                    format!("waiting until {}", until.strftime("%H:%M:%S"))
                }
                State::Taken(until) => format!("taken until {}", until.strftime("%H:%M:%S")),
                State::Sent | State::Folded | State::Failed | State::Owned => {
                    format!("{:?}", slip.state).to_lowercase()
                }
            };
            writeln!(
                all,
                "{} {} {state}, {} tried",
                slip.seq, slip.lane, slip.attempts
            )
            .unwrap();
        }
        all
    }
}

impl Outbox for Shelf {
    async fn slips(&self, id: &RolloutId) -> Result<Vec<Slip>, Trouble> {
        self.answers()?;
        assert_eq!(id.to_string(), "shop#1");
        Ok(self.slips.borrow().values().cloned().collect())
    }

    async fn keep(&self, _: &RolloutId, slip: &Slip) -> Result<Fate, Trouble> {
        self.answers()?;
        let mut slips = self.slips.borrow_mut();
        let key = (slip.seq, slip.lane.clone());
        let revision = slips.get(&key).map_or(0, |kept| kept.revision);
        if revision + 1 != slip.revision {
            return Ok(Fate::Moved);
        }
        slips.insert(key, slip.clone());
        Ok(Fate::Kept)
    }

    async fn unsent(&self) -> Result<Vec<RolloutId>, Trouble> {
        self.answers()?;
        let slips = self.slips.borrow();
        let open = slips.values().any(|slip| slip.state.due().is_some());
        Ok(open
            .then(|| RolloutId::parse("shop#1").unwrap())
            .into_iter()
            .collect())
    }
}

impl Book for Shelf {
    async fn rollout(&self, _: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        self.answers()?;
        Ok(self.rollout.borrow().clone())
    }

    async fn told(&self, _: &RolloutId, seq: u64) -> Result<Vec<Told>, Trouble> {
        self.answers()?;
        Ok(self.entries.borrow().get(&seq).cloned().unwrap_or_default())
    }

    async fn ledger(&self, _: &RolloutId) -> Result<Vec<Line>, Trouble> {
        self.answers()?;
        let entries = self.entries.borrow();
        let told = entries.values().flatten();
        Ok(told.map(|told| told.line.clone()).collect())
    }
}

/// No links.
pub(super) struct Keyless;

impl Keyring for Keyless {
    async fn keys(&self, _: Timestamp) -> Result<Option<Keys>, Trouble> {
        Ok(None)
    }
}

/// The same keys at any time.
pub(super) struct Keyed;

impl Keyed {
    pub(super) fn signer() -> Signer {
        Signer::generate(Kid::new("2026-01").unwrap(), [7; 32])
    }

    pub(super) fn audience() -> Audience {
        Audience::new("111122223333", "eu-west-1", "tidegate").unwrap()
    }
}

impl Keyring for Keyed {
    async fn keys(&self, _: Timestamp) -> Result<Option<Keys>, Trouble> {
        Ok(Some(Keys {
            host: "gate.example.com".to_owned(),
            audience: Self::audience(),
            signer: Self::signer(),
            codes: CodeKey::generate([9; 32]),
        }))
    }
}

/// A desk with a webhook and a topic.
pub(super) fn desk() -> Plain {
    desk_with(Keyless)
}

pub(super) fn desk_with<K>(keyring: K) -> Desk<Kept, Shelf, K> {
    Desk {
        outlets: Kept::default(),
        store: Shelf::default(),
        keyring,
        channel: None,
        topic: Some(Topic::Messages),
        presses: Presses::Heard,
    }
}

/// A plan in minutes whose groups and channels are these.
pub(super) fn plan(more: &str) -> String {
    format!(
        r#"
service: shop
routes:
  web: {{ lambda_alias: {{ function: shop, alias: live, stable: 1, canary: 2 }} }}
phases:
  - {{ name: half, weight: 50%, bake: 1h, approval: {{ from: [leads], needed: 1, expires: 2h, otherwise: rollback }} }}
  - {{ name: all, weight: 100%, bake: 1h }}
{more}"#
    )
}

/// A rollout of a plan that waits for approval of its first phase since 10:06.
pub(super) fn awaiting(text: &str) -> Rollout {
    let checked =
        ::plan::parse(text).unwrap_or_else(|problems| panic!("{}", problems.first().unwrap()));
    let began: Timestamp = "2026-01-13T09:00:00Z".parse().unwrap();
    let start = Start {
        id: RolloutId::parse("shop#1").unwrap(),
        plan: Arc::new(checked.plan),
        by: Person::new("kim"),
        origin: Origin::Fresh,
        from: domain::traffic::Weights::default(),
        epoch: Epoch(0),
        alarms: BTreeMap::new(),
        override_reason: None,
    };
    let mut rollout = begin(start, began).unwrap().next;
    let phase: &Phase = &rollout.plan.phases[0];
    rollout.desired = phase.weights.clone();
    rollout.status = Status::AwaitingApproval;
    rollout.phase = Some(0);
    rollout.epoch = Epoch(6);
    rollout.intent = None;
    let since = "2026-01-13T08:58:00Z".parse().unwrap();
    rollout.gate = Some(Gate {
        since,
        tallies: Vec::new(),
        promoted: None,
        checked: BTreeMap::new(),
        approvals: BTreeSet::new(),
        asked: Some("2026-01-13T10:06:00Z".parse().unwrap()),
        overdue: None,
    });
    rollout
}

/// The entries of a sample, as the table has them.
pub(super) fn keep_entries<O, K>(desk: &Desk<O, Shelf, K>, payload: &Value) {
    for record in payload["Records"].as_array().unwrap() {
        let entries = entries_of_image(&record["dynamodb"]["NewImage"]).unwrap();
        let seq = entries.first().unwrap().line.seq;
        desk.store.entries.borrow_mut().insert(seq, entries);
    }
}
