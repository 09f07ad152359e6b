//! One random rollout, and everything about it that whoever checks it may know.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use domain::{
    event::AlarmChange, ledger::Entry, name::RouteName, plan::Plan, rollout::Rollout,
    time::Timestamp, traffic::Weight,
};
use engine::ports::Ports;
use sim::{CallMade, Outcome, Point, Rewired, Scenario, Simulation, World, scenario::Happening};

use super::{chance::Chance, plans, scenarios};

/// A plan and a world, as text: what a seed stands for.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) seed: u64,
    pub(super) plan: String,
    pub(super) scenario: String,
}

impl Story {
    pub(super) fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let draft = plans::draft(&mut chance);
        let scenario = scenarios::world(&mut chance, &draft);
        Self {
            seed,
            plan: draft.text,
            scenario,
        }
    }

    /// The plan and the scenario, or why one of them cannot be read.
    pub(super) fn read(&self) -> Result<(Arc<Plan>, Scenario), String> {
        let plan = plan::parse(&self.plan).map_err(|problems| format!("{problems:?}"))?;
        let scenario = Scenario::parse(&self.scenario).map_err(|error| error.to_string())?;
        let misfits = scenario.misfits(&plan.plan);
        if misfits.is_empty() {
            Ok((Arc::new(plan.plan), scenario))
        } else {
            Err(misfits.join("; "))
        }
    }

    /// The story with what became of it.
    pub(super) fn told(&self, end: &str) -> String {
        let (seed, plan, scenario) = (self.seed, &self.plan, &self.scenario);
        format!("seed {seed}\n--- plan\n{plan}--- scenario\n{scenario}--- ledger\n{end}---")
    }

    /// Runs it to its end, with these ports before the world.
    pub(super) fn play<P: Ports + Clone + 'static>(
        &self,
        ports: impl FnOnce(World) -> P,
    ) -> Result<Run, String> {
        let (plan, scenario) = self.read()?;
        let mut simulation =
            Simulation::through(Arc::clone(&plan), scenario.clone(), self.seed, ports);
        simulation.world().keep_heads();
        simulation.run();
        let summary = simulation.summary();
        let world = simulation.world();
        let chronicle = world.chronicle();
        Ok(Run {
            outcome: summary.outcome,
            started: summary.started,
            ended: summary.ended,
            ledger: summary.ledger,
            minutes: summary.series,
            heads: world.heads().to_vec(),
            calls: world.calls(),
            happened: chronicle.happened.clone(),
            rewired: chronicle.rewired.clone(),
            alarms: chronicle.alarms.clone(),
            configured: plan
                .routes
                .keys()
                .map(|name| (name.clone(), world.configured(name).unwrap_or_default()))
                .collect(),
            plan,
            scenario,
        })
    }
}

/// A rollout that is over.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) plan: Arc<Plan>,
    pub(super) scenario: Scenario,
    pub(super) outcome: Outcome,
    pub(super) started: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) ledger: Vec<Entry>,
    /// What clients saw, minute by minute.
    pub(super) minutes: Vec<Point>,
    /// Every head that was committed, and when.
    pub(super) heads: Vec<(Timestamp, Rollout)>,
    pub(super) calls: Vec<CallMade>,
    pub(super) happened: Vec<(Timestamp, Happening)>,
    pub(super) rewired: Vec<Rewired>,
    pub(super) alarms: Vec<AlarmChange>,
    /// How the routes are in the end.
    pub(super) configured: BTreeMap<RouteName, Weight>,
}

impl Run {
    /// When the rollback was committed, if one was.
    pub(super) fn rollback(&self) -> Option<Timestamp> {
        let mut heads = self.heads.iter();
        let first = heads.find(|(_, head)| head.status.is_rollback());
        first.map(|(at, _)| *at)
    }

    /// The head at an instant.
    pub(super) fn head_at(&self, at: Timestamp) -> Option<&Rollout> {
        let after = self.heads.partition_point(|(since, _)| *since <= at);
        let (_, head) = self.heads.get(after.checked_sub(1)?)?;
        Some(head)
    }

    /// The ledger as a person reads it, each line with the minutes since the beginning.
    pub(super) fn told(&self) -> String {
        let mut told = String::new();
        for entry in &self.ledger {
            let line = entry.line();
            let what = line.what.split(", plan ").next().unwrap_or_default();
            let after = entry.at.duration_since(self.started).as_secs_f64() / 60.0;
            let _ = writeln!(told, "{after:7.2}m {} | {what}", line.actor);
            for finding in &line.evidence {
                let _ = writeln!(told, "            {finding}");
            }
        }
        let _ = writeln!(told, "in the end: {}", self.outcome);
        told
    }
}
