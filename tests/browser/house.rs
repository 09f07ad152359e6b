//! The house behind the pages: a rollout in the box that waits for approval, and what happens when somebody answers.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use domain::{
    event::Command,
    name::{ItemName, Person, RolloutId},
    rollout::{Rollout, Status},
    time::{SignedDuration, Timestamp, later},
    words,
};
use engine::trouble::Trouble;
use pages::{Record, Told, Trend, charted, span};
use sim::{Scenario, Simulation, scenario::Habit};
use token::{
    Action, Audience, Claims, Kid, Signer, TokenId, Verifier,
    answer::{Attempt, Envelope, Outcome, Settled, Why},
    code::{CodeKey, TRIES, Typed},
};

const PLAN: &str = include_str!("plan.yaml");

/// How the rollout stands, and what was handed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) status: String,
    pub(crate) revision: u64,
    pub(crate) approvals: usize,
    /// How many answers were handed on.
    pub(crate) answers: usize,
}

/// The house.
pub(crate) struct House {
    inside: RefCell<Inside>,
}

struct Inside {
    simulation: Simulation,
    told: Vec<Told>,
    records: BTreeMap<TokenId, Record>,
    answers: usize,
    now: Timestamp,
}

pub(crate) fn audience() -> Audience {
    Audience::new("123456789012", "eu-west-1", "tidegate").unwrap()
}

fn signer() -> Signer {
    Signer::generate(kid(), [7; 32])
}

fn kid() -> Kid {
    Kid::new("2026-11").unwrap()
}

fn verifier() -> Verifier {
    Verifier::new(kid(), signer().public().unwrap())
}

fn codes() -> CodeKey {
    CodeKey::generate([9; 32])
}

/// A link as `notify` would send it, and the code beside it.
pub(crate) struct Link {
    pub(crate) path: String,
    pub(crate) code: String,
}

/// The rollout waits from here on; a run of the box comes there at the same minute every time.
fn asked(locale: &str) -> (Simulation, Vec<Told>, Rollout, Timestamp) {
    let text = PLAN.replace("locale: en", &format!("locale: {locale}"));
    let plan = Arc::new(plan::parse(&text).unwrap().plan);
    let mut scenario = Scenario::default();
    scenario.people.approve = Habit::Never;
    scenario.people.checklist = Habit::After(SignedDuration::from_mins(1));
    let mut simulation = Simulation::new(plan, scenario, 7);
    let mut all = Vec::new();
    loop {
        let frame = simulation.step().unwrap();
        all.extend(
            frame
                .entries
                .iter()
                .map(|entry| told(&frame.rollout, entry)),
        );
        if frame.rollout.status == Status::AwaitingApproval {
            return (simulation, all, frame.rollout, frame.now);
        }
    }
}

fn told(rollout: &Rollout, entry: &domain::ledger::Entry) -> Told {
    let message = words::message(rollout, entry);
    Told {
        line: entry.line(),
        message: message.map(|message| (message.tone, message.title)),
    }
}

/// Why something is not done, the same in every language.
fn why(words: &str) -> Why {
    Why {
        en: words.to_owned(),
        ja: words.to_owned(),
    }
}

/// The link for an action.
pub(crate) fn link(locale: &str, action: Action) -> Link {
    let (_, _, rollout, now) = asked(locale);
    let number = Action::ALL
        .iter()
        .position(|known| *known == action)
        .unwrap();
    let id = TokenId([u8::try_from(number).unwrap(); 16]);
    let claims = Claims {
        audience: audience(),
        rollout: rollout.id.clone(),
        epoch: rollout.epoch,
        phase: rollout.current_phase().map(|phase| phase.name.clone()),
        plan: rollout.plan.hash,
        action,
        incident: None,
        approver: Person::new("ann"),
        issued: now,
        expires: later(now, SignedDuration::from_hours(2)),
        id,
    };
    Link {
        path: format!("/d/{}", signer().sign(&claims).unwrap().expose()),
        code: codes().code(&id).expose(),
    }
}

impl House {
    pub(crate) fn new(locale: &str) -> Self {
        let (simulation, told, _, now) = asked(locale);
        let inside = RefCell::new(Inside {
            simulation,
            told,
            records: BTreeMap::new(),
            answers: 0,
            now,
        });
        Self { inside }
    }

    pub(crate) fn state(&self) -> State {
        let inside = self.inside.borrow();
        let rollout = inside.simulation.world().rollout().unwrap();
        let gate = rollout.gate.as_ref();
        State {
            status: rollout.status.to_string(),
            revision: rollout.revision,
            approvals: gate.map_or(0, |gate| gate.approvals.len()),
            answers: inside.answers,
        }
    }
}

impl Inside {
    /// What `approval` does with an answer, in few words.
    fn settle(&mut self, answer: &token::answer::Answer) {
        let claims = verifier()
            .verify(&answer.token, &audience(), self.now)
            .unwrap();
        let record = self.records.entry(claims.id).or_default();
        if record.tries >= TRIES {
            return;
        }
        record.tries += 1;
        let left = TRIES - record.tries;
        let outcome = match codes().code(&claims.id).typed(&answer.code) {
            Typed::NoCode => Outcome::NoCode,
            Typed::Wrong if left == 0 => Outcome::Locked,
            Typed::Wrong => Outcome::WrongCode { left },
            Typed::Right => self.act(&claims, answer),
        };
        let settled = Settled {
            attempt: answer.attempt.clone(),
            outcome,
            at: self.now,
        };
        self.records.entry(claims.id).or_default().settled = Some(settled);
    }

    fn act(&mut self, claims: &Claims, answer: &token::answer::Answer) -> Outcome {
        let phase = claims.phase.clone().unwrap();
        // The ledger has a reason for everything; who gives none has used the link.
        let reason = match answer.reason.as_str() {
            "" => "by link".to_owned(),
            reason => reason.to_owned(),
        };
        let command = match claims.action {
            Action::Approve => Command::Approve {
                phase: phase.clone(),
            },
            Action::Reject => Command::Reject {
                phase: phase.clone(),
                reason,
            },
            Action::Rollback => Command::Rollback { reason },
            Action::Hold => Command::Pause { reason },
            Action::Accept | Action::View => {
                return Outcome::Refused {
                    why: why("it is not asked"),
                };
            }
        };
        for item in &answer.items {
            let item = ItemName::new(item).unwrap();
            let check = Command::Check {
                phase: phase.clone(),
                item,
            };
            self.simulation.ask(claims.approver.clone(), check).unwrap();
        }
        let outcome = match self.simulation.ask(claims.approver.clone(), command) {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Refused {
                why: why(&error.to_string()),
            },
        };
        let world = self.simulation.world();
        let rollout = world.rollout().unwrap();
        let ledger = world.ledger(&rollout.id);
        let new = ledger.iter().skip(self.told.len());
        self.told.extend(new.map(|entry| told(&rollout, entry)));
        outcome
    }
}

impl link::House for House {
    fn now(&self) -> Timestamp {
        self.inside.borrow().now
    }

    fn attempt(&self) -> Result<Attempt, Trouble> {
        let answers = self.inside.borrow().answers as u64;
        Ok(Attempt::of(answers.to_be_bytes()))
    }

    async fn verifier(&self) -> Result<Verifier, Trouble> {
        Ok(verifier())
    }

    async fn load(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        let rollout = self.inside.borrow().simulation.world().rollout();
        Ok(rollout.filter(|rollout| rollout.id == *id))
    }

    async fn told(&self, _id: &RolloutId) -> Result<Vec<Told>, Trouble> {
        Ok(self.inside.borrow().told.clone())
    }

    async fn record(&self, id: &TokenId) -> Result<Record, Trouble> {
        let inside = self.inside.borrow();
        Ok(inside.records.get(id).cloned().unwrap_or_default())
    }

    /// Lines with some life in them.
    async fn trends(&self, rollout: &Rollout) -> Vec<Trend> {
        let window = span(rollout, self.now());
        let line = |base: f64, offset: u32| {
            let values = (0_u32..30).map(|minute| {
                let at = later(window.from, SignedDuration::from_mins(i64::from(minute)));
                let wave = f64::from((minute + offset) * 7 % 11) / 11.0;
                (at, base * (1.0 + wave / 2.0))
            });
            Some(values.collect())
        };
        charted(rollout)
            .into_iter()
            .map(|metric| {
                let dimension = rollout.plan.metrics[&metric].dimension();
                let base = match dimension {
                    domain::quantity::Dimension::Ratio => 0.004,
                    domain::quantity::Dimension::Time => 0.3,
                    domain::quantity::Dimension::Count | domain::quantity::Dimension::Data => 10.0,
                };
                Trend {
                    metric,
                    dimension,
                    canary: line(base, 0),
                    stable: line(base * 0.9, 4),
                }
            })
            .collect()
    }

    async fn publish(&self, envelope: &Envelope) -> Result<(), Trouble> {
        let mut inside = self.inside.borrow_mut();
        inside.answers += 1;
        match envelope {
            Envelope::Link(answer) => inside.settle(answer),
            Envelope::Slack(_) => {}
        }
        Ok(())
    }
}
