//! Answers in the box.

mod links;
mod logs;
mod slack;

use std::{cell::RefCell, collections::BTreeMap, collections::BTreeSet, fs, path::Path, rc::Rc};

use aws::{
    links::{LinkRecord, Links, Try},
    slack_api::{Opened, SlackApi},
};
use domain::{
    event::{AlarmChange, AlarmState},
    name::{EventKey, Person},
    rollout::{Rollout, Status},
    time::later,
};
use engine::start::{IfActive, StartRequest, start};
use sim::{Scenario, World};
use token::{
    Action, Claims, Kid, SignedLink, Signer, TokenId, Verifier,
    answer::{Attempt, Outcome, Settled},
    code::{CodeKey, Guess, TRIES},
    slack_signature::SigningSecret,
};

use super::*;

const PLAN: &str = include_str!("../../../events/shop.yaml");
const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/approval");
/// Kim is one person, in AWS and in Slack.
const PEOPLE: &str = "people: { kim: { slack: U2CERLKJA, aws: kim } }\n";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:tidegate-approvals";
const TIMEOUT: SignedDuration = SignedDuration::from_secs(55);

const KIM: &str = "arn:aws:iam::123456789012:user/kim";
const LEE: &str = "arn:aws:iam::123456789012:user/lee";

/// Links in memory, as strict as the table.
#[derive(Debug, Clone, Default)]
struct Drawer(Rc<RefCell<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    guesses: BTreeMap<TokenId, BTreeSet<Guess>>,
    settled: BTreeMap<TokenId, Settled>,
    /// Every outcome, in order.
    told: Vec<(Attempt, Outcome)>,
    /// How many writes fail before one succeeds.
    failing: u32,
}

impl Links for Drawer {
    async fn read(&self, id: &TokenId) -> Result<LinkRecord, Trouble> {
        let kept = self.0.borrow();
        Ok(LinkRecord {
            tries: u32::try_from(kept.guesses.get(id).map_or(0, BTreeSet::len)).unwrap(),
            settled: kept.settled.get(id).cloned(),
        })
    }

    async fn take_try(
        &self,
        id: &TokenId,
        guess: Guess,
        _expires: Timestamp,
    ) -> Result<Try, Trouble> {
        let mut kept = self.0.borrow_mut();
        let guesses = kept.guesses.entry(*id).or_default();
        if !guesses.contains(&guess) && guesses.len() >= TRIES as usize {
            return Ok(Try::Locked);
        }
        guesses.insert(guess);
        Ok(Try::Taken {
            left: TRIES - u32::try_from(guesses.len()).unwrap(),
        })
    }

    async fn settle(&self, id: &TokenId, settled: &Settled) -> Result<(), Trouble> {
        let mut kept = self.0.borrow_mut();
        if kept.failing > 0 {
            kept.failing -= 1;
            return Err(Trouble::passing("UpdateItem was not answered in time"));
        }
        kept.settled.insert(*id, settled.clone());
        kept.told
            .push((settled.attempt.clone(), settled.outcome.clone()));
        Ok(())
    }
}

fn kid() -> Kid {
    Kid::new("2026-11").unwrap()
}

fn signer() -> Signer {
    Signer::generate(kid(), [7; 32])
}

fn code_key() -> CodeKey {
    CodeKey::generate([9; 32])
}

/// Keys that a test has made.
#[derive(Debug, Clone, Copy)]
struct Ring;

impl Keys for Ring {
    async fn verifier(&self, _now: Timestamp) -> Result<Verifier, Trouble> {
        Ok(Verifier::new(kid(), signer().public().unwrap()))
    }

    async fn code_key(&self, _now: Timestamp) -> Result<CodeKey, Trouble> {
        Ok(code_key())
    }

    async fn slack(&self, _now: Timestamp) -> Result<Option<SigningSecret>, Trouble> {
        Ok(Some(SigningSecret::new("shh").unwrap()))
    }
}

/// What Slack was asked for.
#[derive(Debug, Clone, Default)]
struct Phone(Rc<RefCell<Asked>>);

#[derive(Debug, Default)]
struct Asked {
    views: Vec<Value>,
    said: Vec<String>,
    /// What opening a form comes to, if not to one.
    opens: Option<Result<Opened, Trouble>>,
}

impl SlackApi for Phone {
    async fn open(&self, _trigger: &str, view: &Value) -> Result<Opened, Trouble> {
        let mut asked = self.0.borrow_mut();
        if let Some(opens) = &asked.opens {
            return opens.clone();
        }
        asked.views.push(view.clone());
        Ok(Opened::Opened)
    }

    async fn say(&self, address: &str, text: &str) -> Result<(), Trouble> {
        assert_eq!(address, "https://hooks.slack.com/actions/T1/2/3");
        self.0.borrow_mut().said.push(text.to_owned());
        Ok(())
    }
}

fn audience() -> Audience {
    Audience::new("123456789012", "eu-west-1", "tidegate").unwrap()
}

/// A world, and what became of links in it.
struct Room {
    world: World,
    drawer: Drawer,
    phone: Phone,
}

impl Room {
    /// The rollout of the sample plan waits for approval of its second phase.
    fn asked() -> Self {
        Self::asked_by(&format!("{PLAN}{PEOPLE}"))
    }

    /// The same, and an alarm has opened an incident that holds it.
    fn in_trouble() -> Self {
        let plan = format!("{PLAN}{PEOPLE}");
        let room = Self::asked_by(&plan.replace("severity: critical", "severity: high"));
        let arn = room.head().plan.alarms[0].arn.clone();
        let change = AlarmChange {
            arn,
            state: AlarmState::Alarm,
            at: room.world.now(),
            reason: "Threshold Crossed".to_owned(),
        };
        let (ports, deadline) = (room.world.clone(), later(room.world.now(), TIMEOUT));
        let heard = room.world.invoke("alarm", TIMEOUT, async move {
            engine::hear::hear(&ports, &change, deadline).await.unwrap();
        });
        heard.unwrap();
        room
    }

    fn asked_by(text: &str) -> Self {
        let plan = std::sync::Arc::new(plan::parse(text).unwrap().plan);
        let world = World::new(std::sync::Arc::clone(&plan), Scenario::default(), 11);
        let request = StartRequest {
            plan,
            by: Person::new("ci"),
            key: EventKey::new("start"),
            active: IfActive::Refuse,
            override_reason: None,
        };
        let (ports, deadline) = (world.clone(), later(world.now(), TIMEOUT));
        let started = world.invoke("start", TIMEOUT, async move {
            start(&ports, &request, deadline).await.unwrap();
        });
        started.unwrap();
        let room = Self {
            world,
            drawer: Drawer::default(),
            phone: Phone::default(),
        };
        for _ in 0..40 {
            if room.head().status == Status::AwaitingApproval {
                return room;
            }
            room.sweep();
        }
        panic!("it never asks: {:?}", room.head().status);
    }

    fn sweep(&self) {
        self.world.pass(SignedDuration::from_mins(1));
        let (ports, deadline) = (self.world.clone(), later(self.world.now(), TIMEOUT));
        let swept = self.world.invoke("sweep", TIMEOUT, async move {
            engine::sweep::sweep(&ports, deadline).await.unwrap();
        });
        swept.unwrap();
    }

    fn head(&self) -> Rollout {
        self.world.rollout().unwrap()
    }

    /// What is claimed by a link that is made now.
    fn claims(&self, n: u8, action: Action, approver: &str) -> Claims {
        let head = self.head();
        let mut holding = head.holding_incidents();
        let marked = holding
            .next()
            .map(|(source, incident)| incident.mark(source));
        Claims {
            audience: audience(),
            rollout: head.id.clone(),
            epoch: head.epoch,
            phase: head.current_phase().map(|phase| phase.name.clone()),
            plan: head.plan.hash,
            action,
            incident: marked.filter(|_| action == Action::Accept),
            approver: Person::new(approver),
            issued: self.world.now(),
            expires: later(self.world.now(), SignedDuration::from_hours(1)),
            id: TokenId([n; 16]),
        }
    }

    fn desk(&self) -> Desk<World, Drawer, Ring, Phone> {
        Desk {
            ports: self.world.clone(),
            links: self.drawer.clone(),
            keys: Ring,
            slack: self.phone.clone(),
            audience: audience(),
            topic: TOPIC.to_owned(),
            team: Some("T1DC2JH3J".to_owned()),
        }
    }

    fn invocation(&self) -> Invocation {
        Invocation {
            request_id: "8f5".to_owned(),
            ends: later(self.world.now(), TIMEOUT),
        }
    }

    /// One invocation with a payload.
    fn woken(&self, payload: Value) -> Result<Value, String> {
        let (desk, invocation) = (self.desk(), self.invocation());
        let answer = self.world.invoke("approval", TIMEOUT, async move {
            Box::pin(handle(&desk, &payload, &invocation)).await
        });
        answer.expect("it ends in time")
    }

    /// What the newest answer came to.
    fn outcome(&self) -> String {
        let kept = self.drawer.0.borrow();
        kept.told
            .last()
            .map_or_else(|| "nothing".to_owned(), |(_, told)| format!("{told:?}"))
    }

    fn entries(&self) -> Vec<String> {
        let ledger = self.world.ledger(&self.head().id);
        let said = |entry: &domain::ledger::Entry| format!("{}: {}", entry.actor, entry.fact);
        ledger.iter().map(said).collect()
    }
}

fn sign(claims: &Claims) -> SignedLink {
    signer().sign(claims).unwrap()
}

fn right_code(claims: &Claims) -> String {
    code_key().code(&claims.id).expose()
}

/// A sample with the token and the code of a link.
fn sample(file: &str, claims: &Claims) -> Value {
    let text = fs::read_to_string(Path::new(EVENTS).join(file)).unwrap();
    let text = text.replace("{{token}}", sign(claims).expose());
    serde_json::from_str(&text.replace("{{code}}", &right_code(claims))).unwrap()
}

/// A message of the topic.
fn brought(envelope: &Envelope) -> Value {
    let message = serde_json::to_string(envelope).unwrap();
    json!({ "Records": [{ "Sns": { "MessageId": "m", "TopicArn": TOPIC, "Message": message } }] })
}
