//! A rollout's head as it is kept: one JSON document with a name for every field, without the plan.
//!
//! The domain knows no serde, so its types are mirrored here; every mirror takes its original apart by variant or
//! by field, so that what is added there does not compile here until it is kept too. A field that is not known is
//! refused: writing the head again would lose it. Whoever adds or changes one raises [`VERSION`], goes on reading
//! the older documents, and keeps a fixture of each (`record/v1.json`).

mod finding;
mod gate;
mod part;
mod spelling;
mod status;
#[cfg(test)]
mod tests;
mod word;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    ledger::Chain,
    name::{AlarmArn, Person, RolloutId, RouteName},
    plan::Plan,
    rollout::Rollout,
    time::Timestamp,
    traffic::Epoch,
};
use serde::{Deserialize, Serialize};

use spelling::{Permille, Spelt};

/// The version of the document that is written, and the newest that is read.
pub(super) const VERSION: u64 = 4;

/// See [`Rollout`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    started_by: Spelt<Person>,
    started_at: Spelt<Timestamp>,
    origin: part::Origin,
    revision: u64,
    epoch: u64,
    status: status::Status,
    phase: Option<usize>,
    desired: BTreeMap<Spelt<RouteName>, Permille>,
    intent: Option<part::Intent>,
    late_until: Spelt<Timestamp>,
    routes: BTreeMap<Spelt<RouteName>, part::RouteState>,
    /// Since version 2.
    #[serde(default)]
    obstacles: BTreeMap<Spelt<RouteName>, String>,
    gate: Option<gate::Gate>,
    /// Since version 4.
    #[serde(default)]
    shown: Option<gate::Shown>,
    holds: BTreeSet<word::Hold>,
    incidents: Vec<part::Incident>,
    /// Since version 4.
    #[serde(default)]
    breached: Vec<part::Source>,
    /// Since version 2.
    #[serde(default)]
    nudges: Vec<part::Nudge>,
    alarms: BTreeMap<Spelt<AlarmArn>, part::AlarmSeen>,
    hooks: Vec<part::Hook>,
    notices: BTreeSet<word::Notice>,
    calendar_override: Option<Spelt<Timestamp>>,
    chain: Spelt<Chain>,
}

/// The document of a head.
pub(super) fn write(rollout: &Rollout) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Head::from(rollout.clone()))
}

/// The head of a document, with the plan that is kept beside it.
pub(super) fn read(
    document: &str,
    id: RolloutId,
    plan: Arc<Plan>,
) -> Result<Rollout, serde_json::Error> {
    let head: Head = serde_json::from_str(document)?;
    Ok(head.rollout(id, plan))
}

impl From<Rollout> for Head {
    fn from(rollout: Rollout) -> Self {
        // Taken apart whole, so that a new field is not forgotten. The id is the item's key.
        let Rollout {
            id: _,
            plan: _,
            started_by,
            started_at,
            origin,
            revision,
            epoch,
            status,
            phase,
            desired,
            intent,
            late_until,
            routes,
            obstacles,
            gate,
            shown,
            holds,
            incidents,
            breached,
            nudges,
            alarms,
            hooks,
            notices,
            calendar_override,
            chain,
        } = rollout;
        let desired = desired
            .iter()
            .map(|(route, weight)| (Spelt(route.clone()), Permille(weight)));
        let routes = routes
            .into_iter()
            .map(|(name, state)| (Spelt(name), state.into()));
        let obstacles = obstacles.into_iter().map(|(name, why)| (Spelt(name), why));
        let alarms = alarms
            .into_iter()
            .map(|(arn, seen)| (Spelt(arn), seen.into()));
        Self {
            started_by: Spelt(started_by),
            started_at: Spelt(started_at),
            origin: origin.into(),
            revision,
            epoch: epoch.0,
            status: status.into(),
            phase,
            desired: desired.collect(),
            intent: intent.map(Into::into),
            late_until: Spelt(late_until),
            routes: routes.collect(),
            obstacles: obstacles.collect(),
            gate: gate.map(Into::into),
            shown: shown.map(|shown| (*shown).into()),
            holds: holds.into_iter().map(Into::into).collect(),
            incidents: incidents.into_iter().map(Into::into).collect(),
            breached: breached.into_iter().map(Into::into).collect(),
            nudges: nudges.into_iter().map(Into::into).collect(),
            alarms: alarms.collect(),
            hooks: hooks.into_iter().map(Into::into).collect(),
            notices: notices.into_iter().map(Into::into).collect(),
            calendar_override: calendar_override.map(Spelt),
            chain: Spelt(chain),
        }
    }
}

impl Head {
    fn rollout(self, id: RolloutId, plan: Arc<Plan>) -> Rollout {
        let desired = self
            .desired
            .into_iter()
            .map(|(route, weight)| (route.0, weight.0));
        let routes = self
            .routes
            .into_iter()
            .map(|(name, state)| (name.0, state.into()));
        let obstacles = self.obstacles.into_iter().map(|(name, why)| (name.0, why));
        let alarms = self
            .alarms
            .into_iter()
            .map(|(arn, seen)| (arn.0, seen.into()));
        let incidents: BTreeMap<_, _> = self.incidents.into_iter().map(Into::into).collect();
        let breached = self.breached.into_iter().map(Into::into);
        Rollout {
            id,
            plan,
            started_by: self.started_by.0,
            started_at: self.started_at.0,
            origin: self.origin.into(),
            revision: self.revision,
            epoch: Epoch(self.epoch),
            status: self.status.into(),
            phase: self.phase,
            desired: desired.collect(),
            intent: self.intent.map(Into::into),
            late_until: self.late_until.0,
            routes: routes.collect(),
            obstacles: obstacles.collect(),
            gate: self.gate.map(Into::into),
            shown: self.shown.map(|shown| Box::new(shown.into())),
            holds: self.holds.into_iter().map(Into::into).collect(),
            // Of what was over by version 3 nothing is known; what is open has been told of.
            breached: incidents.keys().cloned().chain(breached).collect(),
            incidents,
            nudges: self.nudges.into_iter().map(Into::into).collect(),
            alarms: alarms.collect(),
            hooks: self.hooks.into_iter().map(Into::into).collect(),
            notices: self.notices.into_iter().map(Into::into).collect(),
            calendar_override: self.calendar_override.map(|until| until.0),
            chain: self.chain.0,
        }
    }
}
