//! The driver: runs a rollout of a plan through a world, minute by minute.
//!
//! It does what AWS does around the functions. It starts the rollout, sends the sweep every minute, lets the
//! alarms be evaluated, and brings people's commands. Each of these is an invocation of its own, with its own
//! deadline and the function's timeout, and they overlap as they fall.

mod people;
mod record;
mod script;

use std::{cell::RefCell, collections::BTreeMap, error::Error, rc::Rc, sync::Arc};

use domain::{
    event::Command,
    ledger::{Actor, Entry, Fact},
    name::{EventKey, Person, RolloutId},
    plan::{Plan, gate::Otherwise},
    rollout::{Rollout, Status},
    time::{SignedDuration, Timestamp, later, since},
    waiting::{self, Waiting},
};
use engine::{
    ports::Ports,
    start::{IfActive, StartRequest},
    trouble::{EngineError, Trouble},
};

use crate::{Frame, Outcome, Scenario, World, scenario::Step, world::UNDER_WAY};
use record::Record;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// What a sweep and a start have: the next sweep comes after a minute.
const SWEEP_DEADLINE: SignedDuration = SignedDuration::from_secs(50);

/// How long the functions that answer somebody may take.
const FUNCTION_TIMEOUT: SignedDuration = SignedDuration::from_secs(10);

/// What an invocation leaves of its timeout to answer in time.
const TO_SPARE: SignedDuration = SignedDuration::from_secs(1);

/// How long a world is looked at after its rollout has ended.
const AFTERWARDS: SignedDuration = SignedDuration::from_mins(5);

/// How often a start that was not answered is tried again.
const STARTS_MAX: u32 = 10;

/// One rollout of one plan in one world.
///
/// The functions reach the world through `P`: the world itself, or what a test puts before it.
#[derive(Debug)]
pub struct Simulation<P = World> {
    plan: Arc<Plan>,
    scenario: Scenario,
    world: World,
    ports: P,
    /// The minute that comes next.
    minute: Timestamp,
    /// Steps of the timeline that have not happened.
    coming: Vec<Step>,
    /// When the moments were that steps count from.
    anchors: BTreeMap<String, Timestamp>,
    starts: u32,
    start_error: Rc<RefCell<Option<StartFailure>>>,
    commands: u64,
    /// Whether the team's tooling has made the canary the new stable.
    handed_over: bool,
    /// How many ledger entries were shown.
    shown: usize,
    /// Since when nothing but a person could help.
    stuck_since: Option<Timestamp>,
    outcome: Option<Outcome>,
    record: Record,
}

/// What a minute brought.
struct Passed {
    rollout: Rollout,
    waiting: Waiting,
    entries: Vec<Entry>,
}

/// Why a start did not succeed.
#[derive(Debug)]
struct StartFailure {
    words: String,
    /// Whether asking again can help.
    again: bool,
}

impl Simulation {
    /// A world at its beginning; nothing has happened yet.
    #[must_use]
    pub fn new(plan: Arc<Plan>, scenario: Scenario, seed: u64) -> Self {
        Self::through(plan, scenario, seed, |world| world)
    }
}

impl<P: Ports + Clone + 'static> Simulation<P> {
    /// The same, with other ports between the functions and the world.
    #[must_use]
    pub fn through(
        plan: Arc<Plan>,
        scenario: Scenario,
        seed: u64,
        ports: impl FnOnce(World) -> P,
    ) -> Self {
        let world = World::new(Arc::clone(&plan), scenario.clone(), seed);
        Self {
            ports: ports(world.clone()),
            minute: world.now(),
            coming: scenario.timeline.clone(),
            record: Record::new(world.now()),
            plan,
            scenario,
            world,
            anchors: BTreeMap::new(),
            starts: 0,
            start_error: Rc::default(),
            commands: 0,
            handed_over: false,
            shown: 0,
            stuck_since: None,
            outcome: None,
        }
    }

    /// The world that it runs in.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Advances one virtual minute and does all that falls due in it; none when it is over.
    pub fn step(&mut self) -> Option<Frame> {
        while self.outcome.is_none() {
            if let Some(passed) = self.pass_minute() {
                return Some(self.frame(passed));
            }
        }
        None
    }

    /// Runs to the end, without a frame for anybody to look at.
    pub fn run(&mut self) {
        while self.outcome.is_none() {
            self.pass_minute();
        }
    }

    /// Lets a minute pass; none while the rollout has not begun.
    fn pass_minute(&mut self) -> Option<Passed> {
        let (from, to) = (self.minute, later(self.minute, MINUTE));
        self.run_script(from, to);
        self.run_people(from);
        self.invoke(from);
        self.world.runtime.run_until(to);
        let minute = self.world.serve(from, to);
        self.minute = to;
        self.record.add(to, &minute);
        let Some(rollout) = self.world.rollout() else {
            self.note_refusal();
            return None;
        };
        let entries = self.world.entries_after(&rollout.id, self.shown);
        self.shown = self.shown.saturating_add(entries.len());
        self.note_anchors(&entries);
        let waiting = waiting::of(&rollout, to);
        let came = |entry: &Entry| matches!(entry.actor, Actor::Person(_));
        if entries.iter().any(came) {
            // A person did come: whoever is waited for now is another.
            self.stuck_since = None;
        }
        self.note_end(to, &rollout, &waiting);
        Some(Passed {
            rollout,
            waiting,
            entries,
        })
    }

    /// A live operator asks for something; returns when the engine has answered.
    pub fn ask(&mut self, by: Person, command: Command) -> Result<(), EngineError> {
        let id = self.id();
        self.commands = self.commands.saturating_add(1);
        let key = EventKey::new(&format!("operator/{}", self.commands));
        let ports = self.ports.clone();
        let deadline = later(self.world.now(), earlier_by(FUNCTION_TIMEOUT, TO_SPARE));
        let answer = self.world.invoke("command", FUNCTION_TIMEOUT, async move {
            engine::ask::ask(&ports, &id, by, command, &key, deadline).await
        });
        match answer {
            Some(answer) => answer.map(drop),
            None => Err(EngineError::Store(Trouble::passing(
                "the function ended before it answered; what was asked for may have been done",
            ))),
        }
    }

    fn id(&self) -> RolloutId {
        let newest = self.world.rollout();
        newest.map_or_else(
            || RolloutId {
                service: self.plan.service.clone(),
                number: 1,
            },
            |rollout| rollout.id,
        )
    }

    /// Sends the invocations of a minute, each at its own time.
    fn invoke(&mut self, from: Timestamp) {
        let (sweep, evaluation) = (self.world.some_time_in(from), self.world.some_time_in(from));
        let (world, ports) = (self.world.clone(), self.ports.clone());
        self.world.runtime.spawn("clock", async move {
            world.runtime.sleep_until(evaluation).await;
            world.evaluate_alarms(&ports);
        });
        let (world, ports) = (self.world.clone(), self.ports.clone());
        if self.world.rollout().is_none() {
            self.start(sweep);
            return;
        }
        self.world.runtime.spawn("sweep", async move {
            world.runtime.sleep_until(sweep).await;
            let deadline = later(world.now(), SWEEP_DEADLINE);
            let timeout = later(deadline, TO_SPARE);
            let swept = engine::sweep::sweep(&ports, deadline);
            // Whatever it did not manage, the next one does.
            drop(world.runtime.until(timeout, swept).await);
        });
    }

    fn start(&mut self, at: Timestamp) {
        self.starts = self.starts.saturating_add(1);
        let request = StartRequest {
            plan: Arc::clone(&self.plan),
            by: Person::new("operator"),
            key: EventKey::new("operator/start"),
            active: IfActive::Refuse,
            override_reason: None,
        };
        let (world, ports) = (self.world.clone(), self.ports.clone());
        let failure = Rc::clone(&self.start_error);
        self.world.runtime.spawn("start", async move {
            world.runtime.sleep_until(at).await;
            let deadline = later(world.now(), SWEEP_DEADLINE);
            let timeout = later(deadline, TO_SPARE);
            let started = engine::start::start(&ports, &request, deadline);
            let ended = world.runtime.until(timeout, started).await;
            if let Some(Err(error)) = ended {
                *failure.borrow_mut() = Some(StartFailure {
                    words: words_of(&error),
                    again: !matches!(error, EngineError::Refused(_) | EngineError::Taken(_)),
                });
            }
        });
    }

    fn note_refusal(&mut self) {
        let failure = self.start_error.borrow_mut().take();
        let given_up = self.starts >= STARTS_MAX;
        match failure {
            Some(failure) if given_up || !failure.again => {
                self.outcome = Some(Outcome::Refused(failure.words));
            }
            None if given_up => {
                let words = "no start was answered".to_owned();
                self.outcome = Some(Outcome::Refused(words));
            }
            Some(_) | None => {}
        }
    }

    fn frame(&self, passed: Passed) -> Frame {
        let point = self.record.newest();
        let (routes, sides) = point.map_or_else(Default::default, |point| {
            (point.routes.clone(), point.sides.clone())
        });
        Frame {
            now: self.minute,
            waiting: passed.waiting,
            entries: passed.entries,
            routes,
            sides,
            alarms: self.world.state.borrow().alarms.states(),
            findings: record::findings(&self.world, &passed.rollout),
            rollout: passed.rollout,
        }
    }

    fn note_anchors(&mut self, entries: &[Entry]) {
        for entry in entries {
            let Some((anchor, at)) = anchor_of(entry) else {
                continue;
            };
            self.anchors.entry(anchor).or_insert(at);
        }
    }

    fn note_end(&mut self, now: Timestamp, rollout: &Rollout, waiting: &Waiting) {
        if !helpless(waiting) || self.something_comes(now) {
            self.stuck_since = None;
        } else {
            self.stuck_since.get_or_insert(now);
        }
        let ended = match rollout.status {
            Status::Completed { at } => Some((Outcome::Completed, at)),
            Status::RolledBack { .. } => Some((
                Outcome::RolledBack,
                self.record.last_entry(&self.world, rollout),
            )),
            Status::Superseded { .. } => Some((Outcome::Completed, now)),
            Status::Starting
            | Status::Entering(_)
            | Status::Shifting
            | Status::Baking
            | Status::AwaitingApproval
            | Status::Watching
            | Status::AwaitingFinish
            | Status::Finishing
            | Status::RollingBack { .. }
            | Status::Guarding { .. } => None,
        };
        let quiet = !self.world.runtime.any_alive(UNDER_WAY);
        if let Some((outcome, at)) = ended {
            if since(now, at) >= AFTERWARDS && quiet {
                self.outcome = Some(outcome);
            }
        } else if since(now, self.record.started()) >= self.scenario.lasts {
            self.outcome = Some(Outcome::TimedOut);
        } else if self
            .stuck_since
            .is_some_and(|stuck| since(now, stuck) >= self.scenario.patience)
        {
            self.outcome = Some(Outcome::Held);
        }
    }
}

impl<P> Drop for Simulation<P> {
    fn drop(&mut self) {
        self.world.runtime.clear();
    }
}

fn earlier_by(length: SignedDuration, spare: SignedDuration) -> SignedDuration {
    length.saturating_sub(spare)
}

/// The moment that an entry marks, if steps can count from it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else is said in a ledger, nothing counts from it"
)]
fn anchor_of(entry: &Entry) -> Option<(String, Timestamp)> {
    match &entry.fact {
        Fact::InEffect { phase, since } => Some((phase.to_string(), *since)),
        Fact::WatchBegan { .. } => Some(("watch".to_owned(), entry.at)),
        Fact::FinishAwaited { .. } => Some((people::FINISH.to_owned(), entry.at)),
        Fact::RollbackBegan { .. } => Some(("rollback".to_owned(), entry.at)),
        _ => None,
    }
}

/// Whether nothing but a person could help, and nothing happens if none does.
fn helpless(waiting: &Waiting) -> bool {
    match waiting {
        Waiting::Person { .. }
        | Waiting::Finish
        | Waiting::Checklist { .. }
        | Waiting::Drift { .. } => true,
        Waiting::Incident { otherwise, .. } => *otherwise == Otherwise::Hold,
        Waiting::Approval { until, .. } => until.is_none(),
        Waiting::Nothing
        | Waiting::Write { .. }
        | Waiting::Effect { .. }
        | Waiting::Bake { .. }
        | Waiting::Evidence { .. }
        | Waiting::Calendar(_)
        | Waiting::Hook { .. }
        | Waiting::Alarm { .. }
        | Waiting::Guard { .. }
        | Waiting::Sweep => false,
    }
}

/// An error with everything that led to it.
fn words_of(error: &EngineError) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}
