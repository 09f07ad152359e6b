//! A world with everything that AWS does around the functions: the sweep each minute, the queue that brings
//! an alarm's event until it is let go, a person or CI who asks again with the same key.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::{
    decide::Refusal,
    event::{AlarmChange, AlarmState, Command},
    name::{EventKey, Person, PhaseName, RolloutId},
    time::{SignedDuration, Timestamp, earlier, later},
};
use engine::{
    ask::ask,
    hear::hear_or_close,
    ports::{Clock as _, Ports},
    start::{IfActive, StartRequest, start},
    sweep::sweep,
    trouble::EngineError,
};
use sim::{Scenario, World};

use super::kind::{Kind, alarm, service};
use crate::mutant::Mutated;

/// Ports that invocations can be given: the world itself, or the world with something broken.
pub(crate) trait Handed: Ports + Clone + 'static {
    /// The ports of one invocation.
    fn invocation(&self) -> Self;
    /// The invocation has answered; one that dies never says so.
    fn answered(&self);
    /// Whether a message that was not answered comes again.
    fn brings_again(&self) -> bool;
    /// Whether the sweep comes each minute.
    fn sweeps(&self) -> bool;
}

impl Handed for World {
    fn invocation(&self) -> Self {
        self.clone()
    }

    fn answered(&self) {}

    fn brings_again(&self) -> bool {
        true
    }

    fn sweeps(&self) -> bool {
        true
    }
}

impl Handed for Mutated {
    fn invocation(&self) -> Self {
        self.another()
    }

    fn answered(&self) {
        self.over();
    }

    fn brings_again(&self) -> bool {
        Self::brings_again(self)
    }

    fn sweeps(&self) -> bool {
        Self::sweeps(self)
    }
}

/// Something that reaches a function from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// Somebody starts a rollout.
    Start(Person, IfActive),
    /// The sweep.
    Sweep,
    /// The alarm goes off, if it has not yet, and its event comes.
    Alarm,
    /// Somebody asks for something.
    Ask(Person, Command, Path),
}

/// On which path somebody asks: each has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// The first.
    First,
    /// Another, for the same thing: a link in a mail, say, after the command line.
    Other,
}

/// How long a received message is hidden in the queue.
const VISIBILITY_TIMEOUT: SignedDuration = SignedDuration::from_secs(15);

/// How long whoever got no answer waits before asking again.
const ASKS_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(20);

/// How often a message is brought.
const DELIVERIES_MAX: u32 = 20;

/// What an invocation leaves of its timeout to answer in time.
const TO_SPARE: SignedDuration = SignedDuration::from_secs(1);

/// Longer than anything that is tried.
const EVER: SignedDuration = SignedDuration::from_hours(24);

/// What every sweep comes after the last.
pub(crate) const MINUTE: SignedDuration = SignedDuration::from_mins(1);

impl Message {
    /// The label of the function that it wakes.
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Start(..) => "start",
            Self::Sweep => "sweep",
            Self::Alarm => "alarm",
            Self::Ask(..) => "command",
        }
    }

    /// The function's timeout.
    pub(crate) const fn timeout(&self) -> SignedDuration {
        match self {
            Self::Start(..) | Self::Sweep => SignedDuration::from_secs(51),
            Self::Alarm | Self::Ask(..) => SignedDuration::from_secs(10),
        }
    }

    /// The same, asked by the same person on another path.
    pub(crate) fn on_another_path(self) -> Self {
        match self {
            Self::Ask(by, command, _) => Self::Ask(by, command, Path::Other),
            other @ (Self::Start(..) | Self::Sweep | Self::Alarm) => other,
        }
    }

    /// When it comes again if nobody answered; the sweep is its own next.
    const fn again_after(&self) -> Option<SignedDuration> {
        match self {
            Self::Sweep => None,
            Self::Alarm => Some(VISIBILITY_TIMEOUT),
            Self::Start(..) | Self::Ask(..) => Some(ASKS_AGAIN_AFTER),
        }
    }
}

/// What an invocation said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is done.
    Done,
    /// It is not done, for a reason that asking again does not change.
    Refused(String),
    /// It may not be done: it must come again.
    Again(String),
}

impl Answer {
    fn of<T>(answer: Result<T, EngineError>) -> Self {
        match answer {
            Ok(_) => Self::Done,
            Err(EngineError::Refused(Refusal::InFlight)) => Self::Again("in flight".to_owned()),
            Err(EngineError::Refused(refusal)) => Self::Refused(refusal.to_string()),
            Err(error @ (EngineError::Taken(_) | EngineError::NotFound(_))) => {
                Self::Refused(error.to_string())
            }
            Err(
                error @ (EngineError::Store(_)
                | EngineError::WithoutStore { .. }
                | EngineError::Alarms(_)
                | EngineError::NotConverged { .. }
                | EngineError::Contended),
            ) => Self::Again(error.to_string()),
        }
    }
}

/// A message on its way, until it is answered.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) message: Message,
    /// When it first came, and how many calls had been made by then.
    pub(crate) began: Cell<Option<(Timestamp, usize)>>,
    /// What was said, and when, and how many calls had been made by then.
    pub(crate) answers: RefCell<Vec<(Timestamp, usize, Answer)>>,
    given_up: Cell<bool>,
}

impl Delivery {
    fn new(message: Message) -> Rc<Self> {
        Rc::new(Self {
            message,
            began: Cell::new(None),
            answers: RefCell::default(),
            given_up: Cell::new(false),
        })
    }

    pub(crate) fn is_answered(&self) -> bool {
        let answers = self.answers.borrow();
        let last = answers.last().map(|(.., answer)| answer);
        matches!(last, Some(Answer::Done | Answer::Refused(_)))
    }

    /// Whether nobody will bring it again.
    pub(crate) fn is_over(&self) -> bool {
        self.is_answered() || self.given_up.get() || self.message == Message::Sweep
    }
}

/// A world, and who brings what to its functions.
pub(crate) struct Bench<P> {
    pub(crate) world: World,
    ports: P,
    kind: Kind,
    change: Rc<RefCell<Option<AlarmChange>>>,
    pub(crate) deliveries: Rc<RefCell<Vec<Rc<Delivery>>>>,
}

impl<P: Clone> Clone for Bench<P> {
    fn clone(&self) -> Self {
        Self {
            world: self.world.clone(),
            ports: self.ports.clone(),
            kind: self.kind,
            change: Rc::clone(&self.change),
            deliveries: Rc::clone(&self.deliveries),
        }
    }
}

impl Bench<World> {
    /// A world at its beginning, in which nothing goes wrong by itself.
    pub(crate) fn new(kind: Kind, seed: u64) -> Self {
        let world = World::new(kind.plan(), Scenario::default(), seed);
        world.keep_heads();
        Self {
            ports: world.clone(),
            world,
            kind,
            change: Rc::default(),
            deliveries: Rc::default(),
        }
    }

    /// The same world behind other ports from now on.
    pub(crate) fn behind<P: Handed>(&self, ports: P) -> Bench<P> {
        Bench {
            world: self.world.clone(),
            ports,
            kind: self.kind,
            change: Rc::clone(&self.change),
            deliveries: Rc::default(),
        }
    }

    /// Brings a message, and waits until it was answered.
    pub(crate) fn bring(&self, message: Message) {
        let timeout = message.timeout();
        let delivery = Delivery::new(message);
        let bench = self.clone();
        let brought = Rc::clone(&delivery);
        let label = delivery.message.label();
        self.world.invoke(label, timeout, async move {
            bench.attempt(&brought).await;
        });
        assert!(delivery.is_answered(), "{delivery:?}");
    }

    /// So many minutes with a sweep in each.
    pub(crate) fn sweeps(&self, minutes: u32) {
        for _ in 0..minutes {
            self.world.pass(MINUTE);
            self.bring(Message::Sweep);
        }
    }
}

impl<P: Handed> Bench<P> {
    /// Sends a message off, and again until it is answered.
    pub(crate) fn send(&self, message: Message) -> Rc<Delivery> {
        let (delivery, label, timeout) = self.note(message);
        let work = self.clone().first(Rc::clone(&delivery));
        self.world.send_off(label, timeout, work);
        delivery
    }

    /// The sweep comes, if there is one.
    pub(crate) fn sweep(&self) -> Option<Rc<Delivery>> {
        self.ports.sweeps().then(|| self.send(Message::Sweep))
    }

    /// Sends a message off after a while.
    pub(crate) fn send_after(&self, wait: SignedDuration, message: Message) -> Rc<Delivery> {
        let (delivery, label, timeout) = self.note(message);
        let (bench, sent) = (self.clone(), Rc::clone(&delivery));
        self.world.send_off("queue", EVER, async move {
            bench.world.sleep(wait).await;
            let work = bench.clone().first(sent);
            bench.world.send_off(label, timeout, work);
        });
        delivery
    }

    /// Lets a message come just before the call of this number is made, and again until it is answered.
    pub(crate) fn send_before(&self, number: u64, message: Message) -> Rc<Delivery> {
        let (delivery, label, timeout) = self.note(message);
        let work = self.clone().first(Rc::clone(&delivery));
        self.world.before_call(number, label, timeout, work);
        delivery
    }

    fn note(&self, message: Message) -> (Rc<Delivery>, &'static str, SignedDuration) {
        let (label, timeout) = (message.label(), message.timeout());
        let delivery = Delivery::new(message);
        self.deliveries.borrow_mut().push(Rc::clone(&delivery));
        (delivery, label, timeout)
    }

    /// The first invocation for a message; whoever sent it looks after the rest.
    async fn first(self, delivery: Rc<Delivery>) {
        if let Some(pause) = delivery.message.again_after() {
            let (bench, delivery) = (self.clone(), Rc::clone(&delivery));
            self.world.send_off("queue", EVER, async move {
                bench.again(pause, delivery).await;
            });
        }
        let calls = self.world.calls().len();
        delivery.began.set(Some((self.world.now(), calls)));
        self.attempt(&delivery).await;
    }

    async fn again(self, pause: SignedDuration, delivery: Rc<Delivery>) {
        for _ in 1..DELIVERIES_MAX {
            self.world.sleep(pause).await;
            if delivery.is_answered() {
                return;
            }
            if !self.ports.brings_again() {
                break;
            }
            let (bench, again) = (self.clone(), Rc::clone(&delivery));
            let (label, timeout) = (delivery.message.label(), delivery.message.timeout());
            self.world.send_off(label, timeout, async move {
                bench.attempt(&again).await;
            });
        }
        delivery.given_up.set(true);
    }

    /// One invocation for a message.
    async fn attempt(&self, delivery: &Delivery) {
        let ports = self.ports.invocation();
        let world = &self.world;
        let until = later(world.now(), delivery.message.timeout());
        let deadline = earlier(until, TO_SPARE);
        let answer = match &delivery.message {
            Message::Start(by, active) => {
                let request = StartRequest {
                    plan: self.kind.plan(),
                    by: by.clone(),
                    key: EventKey::new(&format!("start by {by}")),
                    active: *active,
                    override_reason: None,
                };
                Answer::of(start(&ports, &request, deadline).await)
            }
            Message::Sweep => match sweep(&ports, deadline).await {
                Ok(swept) => {
                    let mut visits = swept.visits.into_iter().map(|(_, visited)| visited);
                    let failed = visits.find_map(Result::err);
                    failed.map_or(Answer::Done, |error| Answer::of::<()>(Err(error)))
                }
                Err(error) => Answer::of::<()>(Err(error)),
            },
            Message::Alarm => {
                Answer::of(hear_or_close(&ports, world, &self.change(), deadline).await)
            }
            Message::Ask(by, command, path) => {
                let id = RolloutId {
                    service: service(),
                    number: 1,
                };
                let key = EventKey::new(&format!("{} by {by}, {path:?}", command.verb()));
                let (by, command) = (by.clone(), command.clone());
                Answer::of(ask(&ports, &id, by, command, &key, deadline).await)
            }
        };
        ports.answered();
        let calls = world.calls().len();
        let mut answers = delivery.answers.borrow_mut();
        answers.push((world.now(), calls, answer));
    }

    /// The alarm's change; it goes off the first time that somebody looks.
    pub(crate) fn change(&self) -> AlarmChange {
        let mut change = self.change.borrow_mut();
        let changed = || {
            let changed = self.world.set_alarm(&alarm(), AlarmState::Alarm);
            changed.expect("it was not red before")
        };
        change.get_or_insert_with(changed).clone()
    }
}

/// Approves the phase that asks for it.
pub(crate) fn approve(by: &str) -> Message {
    let phase = PhaseName::new("half").expect("a name");
    Message::Ask(Person::new(by), Command::Approve { phase }, Path::First)
}

pub(crate) fn roll_back(by: &str) -> Message {
    let reason = "it is slow".to_owned();
    Message::Ask(Person::new(by), Command::Rollback { reason }, Path::First)
}

pub(crate) fn resume(by: &str) -> Message {
    let reason = "seen to".to_owned();
    Message::Ask(Person::new(by), Command::Resume { reason }, Path::First)
}

pub(crate) fn begin(by: &str, active: IfActive) -> Message {
    Message::Start(Person::new(by), active)
}
