//! The scenario's timeline: what happens when.

use domain::{
    decide::Refusal,
    event::{Command, Named},
    name::{EventKey, ItemName, Person, RouteName},
    rollout::Rollout,
    time::{SignedDuration, Timestamp, later, minute_of},
    traffic::Weights,
};
use engine::{ports::Ports, trouble::EngineError};

use super::{FUNCTION_TIMEOUT, Simulation, TO_SPARE};
use crate::{
    World,
    scenario::{Happening, Says, Step},
};

/// How often a person whose command was not answered asks again.
const ASKS_MAX: u32 = 5;

/// How long a person waits before asking again.
const ASKS_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(20);

impl<P: Ports + Clone + 'static> Simulation<P> {
    /// When a step is due, if the moment that it counts from is known.
    fn due(&self, step: &Step) -> Option<Timestamp> {
        let from = match &step.at.anchor {
            None => self.record.started(),
            Some(anchor) => *self.anchors.get(anchor)?,
        };
        Some(later(from, step.at.after))
    }

    /// Whether the timeline still has a step that is sure to come.
    pub(super) fn something_comes(&self, now: Timestamp) -> bool {
        let mut due = self.coming.iter().filter_map(|step| self.due(step));
        due.any(|due| due >= now)
    }

    /// Lets every step of the timeline happen that is due in a minute.
    pub(super) fn run_script(&mut self, from: Timestamp, to: Timestamp) {
        let coming = std::mem::take(&mut self.coming);
        for step in coming {
            match self.due(&step) {
                Some(due) if due < to => self.happen(step.what, due.max(from)),
                Some(_) | None => self.coming.push(step),
            }
        }
    }

    fn happen(&mut self, what: Happening, at: Timestamp) {
        if what.is_trouble() {
            self.record.trouble_began.get_or_insert(at);
        }
        self.commands = self.commands.saturating_add(1);
        let key = EventKey::new(&format!("script/{}", self.commands));
        let (world, ports) = (self.world.clone(), self.ports.clone());
        self.world.runtime.spawn("script", async move {
            world.runtime.sleep_until(at).await;
            world.befall(&ports, what, key).await;
        });
    }
}

impl World {
    async fn befall<P: Ports + Clone + 'static>(&self, ports: &P, what: Happening, key: EventKey) {
        let now = self.now();
        let happened = (now, what.clone());
        self.state.borrow_mut().chronicle.happened.push(happened);
        match what {
            Happening::Malady(malady) => self.state.borrow_mut().requests.befall(malady, now),
            Happening::DataMismatch {
                metric,
                value,
                lasts,
            } => {
                let from = minute_of(now);
                let mut state = self.state.borrow_mut();
                state.provider.mismatch(metric, value, from, lasts);
            }
            Happening::Alarm { name, state } => {
                self.state.borrow_mut().alarms.force(&name, state);
                self.evaluate_alarms(ports);
            }
            Happening::Hand { route, weight } => {
                if let Ok(route) = RouteName::new(&route) {
                    self.write_by_hand(&route, weight);
                }
            }
            Happening::Person { who, says } => {
                let command = self.rollout().and_then(|rollout| says.command(&rollout));
                if let Some(command) = command {
                    self.persist(ports, Person::new(&who), command, key).await;
                }
            }
            Happening::StoreOutage(lasts) => self.store_down_until(later(now, lasts)),
            Happening::MetricsOutage(lasts) => {
                self.state.borrow_mut().provider.down = Some(later(now, lasts));
            }
        }
    }

    /// Asks for something, again if there was no answer; what is refused is not asked for again.
    pub(super) async fn persist<P: Ports + Clone + 'static>(
        &self,
        ports: &P,
        by: Person,
        command: Command,
        key: EventKey,
    ) {
        let Some(rollout) = self.rollout() else {
            return;
        };
        for _ in 0..ASKS_MAX {
            let answered = std::rc::Rc::new(std::cell::Cell::new(false));
            let (world, ports) = (self.clone(), ports.clone());
            let (by, command) = (by.clone(), command.clone());
            let (id, key, done) = (rollout.id.clone(), key.clone(), answered.clone());
            self.runtime.spawn("command", async move {
                let timeout = later(world.now(), FUNCTION_TIMEOUT);
                let deadline = domain::time::earlier(timeout, TO_SPARE);
                let asked = engine::ask::ask(&ports, &id, by, command, &key, deadline);
                match world.runtime.until(timeout, asked).await {
                    Some(Err(EngineError::Refused(refusal))) => {
                        done.set(refusal != Refusal::InFlight);
                    }
                    Some(Ok(_)) => done.set(true),
                    Some(Err(_)) | None => {}
                }
            });
            self.runtime.sleep(ASKS_AGAIN_AFTER).await;
            if answered.get() {
                return;
            }
        }
    }
}

impl Says {
    /// The command for where a rollout stands; none where there is no phase to speak of.
    fn command(self, rollout: &Rollout) -> Option<Command> {
        let phase = || rollout.current_phase().map(|phase| phase.name.clone());
        Some(match self {
            Self::Approve => Command::Approve { phase: phase()? },
            Self::Reject(reason) => Command::Reject {
                phase: phase()?,
                reason,
            },
            Self::Check(item) => Command::Check {
                phase: phase()?,
                item: ItemName::new(&item).ok()?,
            },
            Self::Pause(reason) => Command::Pause { reason },
            Self::Resume(reason) => Command::Resume { reason },
            Self::Promote => Command::Promote,
            Self::PromoteFull(reason) => Command::PromoteFull { reason },
            Self::Rollback(reason) => Command::Rollback { reason },
            Self::Abort(reason) => Command::Abort { reason },
            Self::Retry => Command::Retry,
            Self::Finish => Command::Finish,
            Self::SetWeight(route, weight, reason) => {
                let routes = rollout.plan.routes.keys();
                let named = routes
                    .filter(|name| route.as_deref().is_none_or(|route| route == name.as_str()));
                Command::SetWeight {
                    weights: Weights::all(named, weight),
                    reason,
                }
            }
            Self::Accept(incident, lasts, reason) => Command::Accept {
                incident: Named::Words(incident),
                until: later(rollout.started_at, lasts),
                reason,
            },
            Self::OverrideCalendar(lasts, reason) => Command::OverrideCalendar {
                until: later(rollout.started_at, lasts),
                reason,
            },
        })
    }
}
