//! What is kept of a run, and what is made of it at the end.

use domain::{
    judge::{Finding, Readings, Role, judge},
    ledger::{Entry, Fact},
    plan::gate::Condition,
    rollout::Rollout,
    time::{Timestamp, since},
};

use super::Simulation;
use crate::{Outcome, POINTS_MAX, Point, Summary, World, world::Minute};

/// What is kept of a run.
#[derive(Debug)]
pub(super) struct Record {
    started: Timestamp,
    points: Vec<Point>,
    /// When the first trouble began.
    pub(super) trouble_began: Option<Timestamp>,
}

impl Record {
    pub(super) const fn new(started: Timestamp) -> Self {
        Self {
            started,
            points: Vec::new(),
            trouble_began: None,
        }
    }

    pub(super) const fn started(&self) -> Timestamp {
        self.started
    }

    pub(super) fn add(&mut self, at: Timestamp, minute: &Minute) {
        self.points.push(Point {
            at,
            routes: minute.routes.clone(),
            sides: minute.frames(),
        });
    }

    pub(super) fn newest(&self) -> Option<&Point> {
        self.points.last()
    }

    pub(super) fn last_entry(&self, world: &World, rollout: &Rollout) -> Timestamp {
        let newest = usize::try_from(rollout.chain.seq).unwrap_or(usize::MAX);
        let last = world.entries_after(&rollout.id, newest.saturating_sub(1));
        last.last().map_or(self.started, |entry| entry.at)
    }

    /// Every so many-th point, the last one included.
    fn thinned(&self) -> Vec<Point> {
        let every = self.points.len().div_ceil(POINTS_MAX).max(1);
        let chunks = self.points.chunks(every);
        chunks.filter_map(|chunk| chunk.last().cloned()).collect()
    }
}

/// What the conditions that matter now say of the last measurement.
pub(super) fn findings(world: &World, rollout: &Rollout) -> Vec<Finding> {
    let state = world.state.borrow();
    let (Some(gate), Some((asked, queries, answers))) = (&rollout.gate, &state.provider.last)
    else {
        return Vec::new();
    };
    let readings: Readings = queries
        .iter()
        .cloned()
        .zip(answers.iter().cloned())
        .collect();
    let rollback = rollout.rollback_conditions().iter();
    let rollback = rollback.map(|condition| (condition, Role::Rollback));
    let incidents = rollout.plan.incidents.iter();
    let incidents = incidents.map(|rule| (&rule.condition, Role::Incident(rule.severity)));
    let require = rollout.required().iter();
    let require = require.map(|condition| (condition, Role::Require));
    let all = require.chain(rollback).chain(incidents);
    all.filter_map(|(condition, role): (&Condition, Role)| {
        let metric = rollout.plan.metrics.get(&condition.metric)?;
        Some(judge(
            condition, role, metric, &readings, gate.since, *asked,
        ))
    })
    .collect()
}

/// Whether an entry says that something was found to be wrong.
fn finds_trouble(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::RollbackBegan { .. }
            | Fact::IncidentOpened { .. }
            | Fact::GateFailed { .. }
            | Fact::Overdue { .. }
    )
}

impl<P> Simulation<P> {
    /// The run so far, or the whole of it.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let rollout = self.world.rollout();
        let ledger = rollout
            .as_ref()
            .map(|rollout| self.world.ledger(&rollout.id));
        let ledger: Vec<Entry> = ledger.unwrap_or_default();
        let trouble_began = self.record.trouble_began;
        let detected = trouble_began.and_then(|began| {
            let found = |entry: &&Entry| entry.at >= began && finds_trouble(&entry.fact);
            let entry = ledger.iter().find(found)?;
            Some(since(entry.at, began))
        });
        let restored = ledger.iter().find_map(|entry| {
            if let Fact::TrafficRestored { took } = entry.fact {
                Some(took)
            } else {
                None
            }
        });
        let state = self.world.state.borrow();
        Summary {
            outcome: self.outcome.clone().unwrap_or(Outcome::TimedOut),
            started: self.record.started(),
            ended: self.minute,
            trouble_began,
            detected,
            restored,
            requests: state.requests.sent,
            canary_requests: state.requests.to_canary,
            canary_failures: state.requests.failed_by_canary,
            calls: self.world.call_counts(),
            rollout,
            ledger,
            series: self.record.thinned(),
        }
    }
}
