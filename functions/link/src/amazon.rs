//! The world as AWS has it.

use aws::{
    approvals::{Approvals, Topic},
    clock::Clock,
    links::Links as _,
    metrics::{Metrics, Trace},
    secrets::Secrets,
    store::Store,
};
use domain::{
    judge::Side,
    name::{MetricName, RolloutId},
    rollout::Rollout,
    time::Timestamp,
};
use engine::{
    ports::{Clock as _, Store as _},
    trouble::Trouble,
};
use pages::{Record, Told, Trend, charted, span};
use rand::{TryRng as _, rngs::SysRng};
use token::{
    TokenId, Verifier,
    answer::{Attempt, Envelope},
};

use crate::House;

/// The world as AWS has it.
#[derive(Debug)]
pub struct Amazon {
    /// Heads, ledgers and what has become of links.
    pub store: Store,
    /// Measurements.
    pub metrics: Metrics,
    /// Where the public keys are.
    pub secrets: Secrets,
    /// The parameter with the public keys.
    pub verifying: String,
    /// Where answers go.
    pub topic: Topic,
}

impl House for Amazon {
    fn now(&self) -> Timestamp {
        Clock.now()
    }

    fn attempt(&self) -> Result<Attempt, Trouble> {
        let mut bytes = [0; 8];
        let filled = SysRng.try_fill_bytes(&mut bytes);
        filled.map_err(|error| Trouble::passing(format!("no random bytes: {error}")))?;
        Ok(Attempt::of(bytes))
    }

    async fn verifier(&self) -> Result<Verifier, Trouble> {
        let secrets = &self.secrets;
        let verifier = secrets.parsed(&self.verifying, self.now(), Verifier::parse);
        verifier.await
    }

    async fn load(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        self.store.load(id).await
    }

    async fn told(&self, id: &RolloutId) -> Result<Vec<Told>, Trouble> {
        let entries = self.store.told(id).await?;
        let told = entries.into_iter().map(|entry| Told {
            line: entry.line,
            message: entry.message.map(|message| (message.tone, message.title)),
        });
        Ok(told.collect())
    }

    async fn record(&self, id: &TokenId) -> Result<Record, Trouble> {
        let kept = self.store.read(id).await?;
        Ok(Record {
            tries: kept.tries,
            settled: kept.settled,
        })
    }

    async fn trends(&self, rollout: &Rollout) -> Vec<Trend> {
        let (metrics, span) = (charted(rollout), span(rollout, self.now()));
        let traces = self.metrics.traces(&rollout.plan, &metrics, span).await;
        let side = |metric: &MetricName, side| {
            let mut traces = traces.iter();
            let found = traces.find(|trace| trace.metric == *metric && trace.side == side);
            found.and_then(points)
        };
        metrics
            .iter()
            .filter_map(|metric| {
                Some(Trend {
                    metric: metric.clone(),
                    dimension: rollout.plan.metrics.get(metric)?.dimension(),
                    canary: side(metric, Side::Canary),
                    stable: side(metric, Side::Stable),
                })
            })
            .collect()
    }

    async fn publish(&self, envelope: &Envelope) -> Result<(), Trouble> {
        self.topic.publish(envelope).await
    }
}

fn points(trace: &Trace) -> Option<Vec<(Timestamp, f64)>> {
    match &trace.points {
        Ok(points) => Some(points.clone()),
        Err(why) => {
            tracing::warn!(metric = %trace.metric, error = why, "a chart without a line");
            None
        }
    }
}
