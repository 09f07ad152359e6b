//! The driver: runs a rollout of a plan through a world, minute by minute.

use std::{collections::BTreeMap, sync::Arc};

use domain::{event::Command, name::Person, plan::Plan};
use engine::trouble::{EngineError, Trouble};

use crate::{Frame, Outcome, Scenario, Summary};

/// One rollout of one plan in one world.
#[derive(Debug)]
pub struct Simulation {
    plan: Arc<Plan>,
    scenario: Scenario,
    seed: u64,
}

impl Simulation {
    /// A world at its beginning; nothing has happened yet.
    #[must_use]
    pub fn new(plan: Arc<Plan>, scenario: Scenario, seed: u64) -> Self {
        Self {
            plan,
            scenario,
            seed,
        }
    }

    /// Advances one virtual minute and does all that falls due in it; none when it is over.
    pub fn step(&mut self) -> Option<Frame> {
        None
    }

    /// The run so far, or the whole of it.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            outcome: Outcome::Refused(format!(
                "{} with seed {} is not simulated yet",
                self.plan.service, self.seed
            )),
            started: self.scenario.start,
            ended: self.scenario.start,
            trouble_began: None,
            detected: None,
            restored: None,
            requests: 0,
            canary_requests: 0,
            canary_failures: 0,
            calls: BTreeMap::new(),
            ledger: Vec::new(),
            series: Vec::new(),
        }
    }

    /// A live operator asks for something; returns when the engine has answered.
    pub fn ask(&mut self, by: Person, command: Command) -> Result<(), EngineError> {
        Err(EngineError::Store(Trouble::lasting(format!(
            "{by} cannot {} yet",
            command.verb()
        ))))
    }
}
