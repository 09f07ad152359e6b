//! `archive`: every day, what the ledgers' heads are, and the whole ledgers of rollouts that have ended, leave the
//! table for a bucket that lets go of nothing.
//!
//! Whoever could write the table could write a ledger anew, and its chain would verify. It would not fit the heads
//! that were put into the bucket before: `tidegate history --verify --heads` says so, and so does this function,
//! which verifies each ledger before it takes it.
//!
//! An object is written once. A day that failed is made good by the next, because what has changed within a week is
//! taken; anything older by hand, with `{"archive":"all"}`.

use std::collections::BTreeMap;

use aws::{
    archive::{Added, Kind, Vault},
    control::Archive,
};
use domain::{
    ledger::{
        self, Chain, Line,
        export::{
            self,
            heads::{self, Head},
        },
    },
    name::{BadName, RolloutId, ServiceName},
    rollout::Rollout,
    time::{SignedDuration, Timestamp, since},
};
use engine::trouble::Trouble;
use serde_json::{Value, json};

/// What is taken that has changed within so long: a week of failed days is made good.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Where ledgers come from, and where they go.
#[derive(Debug)]
pub struct Shelf<A, V> {
    /// The table.
    pub store: A,
    /// The bucket.
    pub vault: V,
    /// Whose rollouts are taken, besides the active ones.
    pub services: Vec<ServiceName>,
}

/// The names of services, with commas between them.
pub fn services(text: &str) -> Result<Vec<ServiceName>, BadName> {
    let names = text.split(',').filter(|name| !name.is_empty());
    names.map(ServiceName::new).collect()
}

/// Which ledgers are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Those that have changed within a week.
    Changed,
    /// All that the table lists.
    All,
}

/// Takes what has changed into the bucket; answers with what was taken.
pub async fn handle<A: Archive, V: Vault>(
    shelf: &Shelf<A, V>,
    payload: &Value,
    now: Timestamp,
) -> Result<Value, String> {
    let which = match payload.get("archive").and_then(Value::as_str) {
        Some("changed") => Which::Changed,
        Some("all") => Which::All,
        Some(_) | None => {
            tracing::error!("the payload says nothing that is known");
            return Err(
                "the payload is {\"archive\":\"changed\"} or {\"archive\":\"all\"}".to_owned(),
            );
        }
    };
    let mut taken = Taken::default();
    let rollouts = match shelf.rollouts().await {
        Ok(rollouts) => rollouts,
        Err(trouble) => {
            tracing::error!(error = %trouble, "the rollouts could not be listed");
            return Err(trouble.what);
        }
    };
    for rollout in rollouts.values() {
        if let Err(why) = shelf.take(rollout, which, now, &mut taken).await {
            tracing::error!(rollout = %rollout.id, error = why, "the ledger is not archived");
            taken.failed.push(format!("{}: {why}", rollout.id));
        }
    }
    if let Err(trouble) = shelf.add_heads(&taken.heads, now).await {
        tracing::error!(error = %trouble, "the heads are not archived");
        taken.failed.push(format!("heads: {trouble}"));
    }
    tracing::info!(
        heads = taken.heads.len(),
        ledgers = taken.ledgers.len(),
        "archived"
    );
    if taken.failed.is_empty() {
        return Ok(json!({ "heads": taken.heads.len(), "ledgers": taken.ledgers }));
    }
    Err(taken.failed.join("; "))
}

/// What was taken, and what was not.
#[derive(Debug, Default)]
struct Taken {
    heads: Vec<Head>,
    ledgers: Vec<String>,
    failed: Vec<String>,
}

impl<A: Archive, V: Vault> Shelf<A, V> {
    /// The active rollouts, and the newest of each service.
    async fn rollouts(&self) -> Result<BTreeMap<RolloutId, Rollout>, Trouble> {
        let mut all = BTreeMap::new();
        let services = self.services.iter().map(Some);
        for service in services.chain([None]) {
            let rollouts = self.store.rollouts(service).await?;
            all.extend(rollouts.into_iter().map(|head| (head.id.clone(), head)));
        }
        Ok(all)
    }

    /// Takes a rollout's head, and its ledger if it has ended.
    async fn take(
        &self,
        rollout: &Rollout,
        which: Which,
        now: Timestamp,
        taken: &mut Taken,
    ) -> Result<(), String> {
        let (id, end) = (&rollout.id, rollout.chain);
        let lines = self.store.ledger(id).await;
        let mut lines = lines.map_err(|trouble| trouble.what)?;
        // What came in after the head was read is for the next time.
        lines.retain(|line| line.seq <= end.seq);
        let at = lines.last().map(|line| line.at.clone()).unwrap_or_default();
        if which == Which::Changed && is_old(&at, now) {
            return Ok(());
        }
        let verified = ledger::verify(Chain::of(id), &lines, Some(end));
        verified.map_err(|broken| format!("{broken}; the table was changed past Tidegate"))?;
        if !rollout.status.is_active() {
            self.add_ledger(id, end, &lines, now, taken).await?;
        }
        taken.heads.push(Head {
            rollout: id.clone(),
            end,
            at,
        });
        Ok(())
    }

    /// A ledger that has grown after its end, as when a completed rollout goes back, is another object.
    async fn add_ledger(
        &self,
        id: &RolloutId,
        end: Chain,
        lines: &[Line],
        now: Timestamp,
        taken: &mut Taken,
    ) -> Result<(), String> {
        let name = format!("ledgers/{}/{}-{}.jsonl", id.service, id.number, end.seq);
        let added = self
            .vault
            .add(&name, Kind::JsonLines, export::write(id, lines), now)
            .await;
        match added.map_err(|trouble| trouble.what)? {
            Added::Done => taken.ledgers.push(name),
            Added::Known => {}
        }
        Ok(())
    }

    /// The day's heads; those of a second time on one day have the time in their name.
    async fn add_heads(&self, heads: &[Head], now: Timestamp) -> Result<(), Trouble> {
        if heads.is_empty() {
            return Ok(());
        }
        let text = heads::write(heads);
        let names = ["%Y-%m-%d", "%Y-%m-%dT%H%M%SZ"];
        for name in names.map(|form| format!("heads/{}.jsonl", now.strftime(form))) {
            match self
                .vault
                .add(&name, Kind::JsonLines, text.clone(), now)
                .await?
            {
                Added::Done => return Ok(()),
                Added::Known => {}
            }
        }
        Err(Trouble::passing(
            "heads of this very second are there already",
        ))
    }
}

/// Whether an entry was made longer ago than is looked back; what says no time is taken.
fn is_old(at: &str, now: Timestamp) -> bool {
    let at = at.parse::<Timestamp>();
    at.is_ok_and(|at| since(now, at) > LOOKS_BACK)
}

#[cfg(test)]
mod tests;
