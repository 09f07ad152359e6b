//! Ports whose commits are logged and counted.
//!
//! What was decided goes through one call of the store, so that is where it is heard: every entry of the ledger is a
//! line of the log, and how long a rollback took is a metric, whichever function it was that brought traffic back.
//! A commit whose answer was lost is not heard here; the ledger has it.

use domain::{
    ledger::{Entry, Fact},
    name::{AlarmArn, EventKey, RolloutId, ServiceName},
    rollout::Rollout,
    time::Timestamp,
};
use engine::{
    ports::{Commit, Ports, Store},
    trouble::{CommitError, Trouble},
};

use crate::telemetry::{Gauges, Measured, Metric, Unit};

/// Ports whose commits are logged and counted.
#[derive(Debug, Clone)]
pub struct Noted<P, G> {
    ports: P,
    gauges: G,
}

impl<P, G> Noted<P, G> {
    /// These ports, with their commits heard.
    #[must_use]
    pub const fn new(ports: P, gauges: G) -> Self {
        Self { ports, gauges }
    }

    /// Where metrics go.
    #[must_use]
    pub const fn gauges(&self) -> &G {
        &self.gauges
    }
}

impl<P: Ports, G: Gauges> Ports for Noted<P, G> {
    type Store = Self;
    type Router = P::Router;
    type Metrics = P::Metrics;
    type Alarms = P::Alarms;
    type Hooks = P::Hooks;
    type Clock = P::Clock;

    fn store(&self) -> &Self {
        self
    }

    fn router(&self) -> &P::Router {
        self.ports.router()
    }

    fn metrics(&self) -> &P::Metrics {
        self.ports.metrics()
    }

    fn alarms(&self) -> &P::Alarms {
        self.ports.alarms()
    }

    fn hooks(&self) -> &P::Hooks {
        self.ports.hooks()
    }

    fn clock(&self) -> &P::Clock {
        self.ports.clock()
    }
}

impl<P: Ports, G: Gauges> Store for Noted<P, G> {
    async fn load(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        self.ports.store().load(id).await
    }

    async fn newest(&self, service: &ServiceName) -> Result<Option<Rollout>, Trouble> {
        self.ports.store().newest(service).await
    }

    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        let committed = self.ports.store().commit(commit).await;
        if committed.is_ok() {
            for change in &commit.changes {
                for entry in &change.entries {
                    log(&change.next.id, entry);
                    self.count(&change.next.id, entry);
                }
            }
        }
        committed
    }

    async fn is_done(&self, key: &EventKey) -> Result<bool, Trouble> {
        self.ports.store().is_done(key).await
    }

    async fn active(&self) -> Result<Vec<RolloutId>, Trouble> {
        self.ports.store().active().await
    }

    async fn guarded_by(&self, alarm: &AlarmArn) -> Result<Vec<RolloutId>, Trouble> {
        self.ports.store().guarded_by(alarm).await
    }
}

fn log(id: &RolloutId, entry: &Entry) {
    tracing::info!(
        rollout = %id,
        epoch = entry.epoch.0,
        seq = entry.seq,
        kind = entry.fact.kind(),
        by = %entry.actor,
        weights = %entry.after,
        "{}", entry.fact
    );
}

impl<P, G: Gauges> Noted<P, G> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most facts are only counted where they are shown"
    )]
    fn count(&self, id: &RolloutId, entry: &Entry) {
        match &entry.fact {
            // The sweep counts them every minute; one that never runs is noticed by this.
            Fact::Started { .. } => self.gauges.note(&Measured {
                at: entry.at,
                of: Vec::new(),
                metrics: vec![Metric::count("ActiveRollouts", 1)],
                beside: vec![("rollout", id.to_string())],
            }),
            Fact::RollbackBegan { .. } => {
                self.note(id, entry.at, Metric::count("Rollbacks", 1));
            }
            Fact::TrafficRestored { took } => {
                let metric = Metric {
                    name: "RollbackSeconds",
                    unit: Unit::Seconds,
                    value: took.as_secs_f64(),
                };
                self.note(id, entry.at, metric);
            }
            Fact::RollbackLate { .. } | Fact::ChangeStuck { .. } | Fact::RouteObstructed { .. } => {
                self.note(id, entry.at, Metric::count("Stuck", 1));
            }
            _ => {}
        }
    }

    fn note(&self, id: &RolloutId, at: Timestamp, metric: Metric) {
        self.gauges.note(&Measured {
            at,
            of: vec![("Service", id.service.to_string())],
            metrics: vec![metric],
            beside: vec![("rollout", id.to_string())],
        });
    }
}
