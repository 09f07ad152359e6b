//! Route 53: weighted records of one name, and a TXT record beside them that refuses what is old.
//!
//! A batch is all or nothing, and DELETE must repeat a record exactly (Route 53 `ChangeResourceRecordSets`). Each write
//! deletes the fencing record that was read and creates another in the batch that changes the weights, so a write that
//! lands after a newer decision has no effect at all. Names that are finished or restored have no fence any more.

mod batch;
mod fence;
mod inspect;
mod listing;
mod propagation;
mod record;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher as _, RandomState};

use aws_sdk_route53::{
    Client, config::Config, error::SdkError,
    operation::change_resource_record_sets::ChangeResourceRecordSetsError, types::ChangeBatch,
};
use aws_smithy_types::retry::RetryConfig;
use domain::{
    name::{AlarmArn, RolloutId},
    plan::route::{Route, Route53Route},
    target::{Carrier, Goal, Leftover, Seen},
    time::Timestamp,
};
use engine::{
    ports::{Found, RouteRef, Target, Write},
    trouble::{Chance, Trouble, WriteError},
};
use futures_util::future::{OptionFuture, join, join_all};

pub use self::inspect::{Finding, Health};
use self::{
    fence::Fence,
    listing::Listing,
    propagation::{Changes, ask},
};
use crate::{
    marks,
    trouble::{code, if_there, trouble},
};

/// Routes that are weighted records.
#[derive(Debug)]
pub struct Route53 {
    client: Client,
    changes: Changes,
}

impl Route53 {
    /// Routes that are reached with this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            client,
            changes: Changes::default(),
        }
    }

    /// What the records are now.
    pub async fn read(
        &self,
        route: RouteRef<'_>,
        records: &Route53Route,
        now: Timestamp,
    ) -> Result<Target, Trouble> {
        let open = self.changes.open(records);
        let asked = open.as_deref().map(|id| ask(&self.client, id));
        let listed = listing::look(&self.client, &records.zone, &records.name);
        let (listed, answer) = join(listed, OptionFuture::from(asked)).await;
        let listed = listed?;
        let fence = listed.fence_of(&records.name)?;
        if let Some(fence) = &fence {
            same_service(route.owner, fence, records)?;
        }
        let answer = open.zip(answer);
        let (propagation, settle) = self.changes.of(records, fence.as_ref(), answer, now);
        let weight = listed.highest_share(records);
        let (carrier, leftover) = match fence {
            Some(_) => (Carrier::Ready, Leftover::Some),
            None => (Carrier::Missing, Leftover::None),
        };
        let seen = Seen {
            weight,
            base: weight,
            carrier,
            leftover,
            epoch: fence.map(|fence| fence.epoch),
            propagation,
            settle,
        };
        let fence = listed.token()?;
        Ok(Target { seen, fence })
    }

    /// Makes the records what a write wants, in one batch, if they and their fence are as they were read.
    pub async fn write(
        &self,
        route: RouteRef<'_>,
        records: &Route53Route,
        write: &Write,
        now: impl Fn() -> Timestamp,
    ) -> Result<(), WriteError> {
        let read = Listing::of_token(&write.fence).map_err(WriteError::Trouble)?;
        let sent_at = now();
        let fence = Fence::of(route, records, write.epoch, stamp(sent_at), sent_at);
        let batch = batch::of(route, records, write, &read, &fence).map_err(WriteError::Trouble)?;
        if now() >= write.deadline {
            let late = Trouble::passing("ChangeResourceRecordSets was not sent: its time was up");
            return Err(WriteError::Trouble(late));
        }
        let error = match self.send(records, batch).await {
            Ok(id) => {
                let left = match write.goal {
                    Goal::Prepared | Goal::Weight(_) => Some(fence.write),
                    Goal::Restored | Goal::Finished => None,
                };
                self.changes.sent(records, left, id);
                return Ok(());
            }
            Err(error) => error,
        };
        let trouble = trouble("ChangeResourceRecordSets", &error);
        // An answer in a form of its own, `<InvalidChangeBatch>`, which Route 53 had for long, has no code for the SDK.
        let refused = match code(&error) {
            Some(code) => code == "InvalidChangeBatch",
            None => error.as_service_error().is_some(),
        };
        if refused && trouble.chance == Chance::Lasting {
            return Err(self.refused(records, &read, trouble).await);
        }
        Err(WriteError::Trouble(trouble))
    }

    /// Never again by itself: what a second one does after the first had its effect cannot be told.
    async fn send(
        &self,
        route: &Route53Route,
        batch: ChangeBatch,
    ) -> Result<String, SdkError<ChangeResourceRecordSetsError>> {
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let output = self
            .client
            .change_resource_record_sets()
            .hosted_zone_id(&route.zone)
            .change_batch(batch)
            .customize()
            .config_override(once)
            .send()
            .await?;
        Ok(output.change_info.map(|info| info.id).unwrap_or_default())
    }

    /// Why a batch was refused. The texts of the messages are not documented, and a protected record is refused under
    /// the same code, so the records are read again: where they are as they were, it was not the fence.
    async fn refused(&self, route: &Route53Route, read: &Listing, trouble: Trouble) -> WriteError {
        match listing::look(&self.client, &route.zone, &route.name).await {
            Ok(now) if now != *read => WriteError::Fenced,
            Ok(_) => WriteError::Trouble(trouble),
            Err(_) => WriteError::Trouble(Trouble::passing(trouble.what)),
        }
    }

    /// The routes whose fence says that this alarm guards them, among names that are given with their zones.
    ///
    /// What can be found is found: an error only if nothing was, and some name could not be read.
    pub async fn marked(
        &self,
        places: &[(String, String)],
        alarm: &AlarmArn,
    ) -> Result<Vec<Found>, Trouble> {
        let looks = places
            .iter()
            .map(|(zone, name)| self.marked_at(zone, name, alarm));
        let mut found = Vec::new();
        let mut failed = None;
        for ((_, name), look) in places.iter().zip(join_all(looks).await) {
            match look {
                Ok(one) => found.extend(one),
                Err(trouble) => {
                    tracing::warn!(name, error = %trouble, "a name could not be searched");
                    failed = Some(trouble);
                }
            }
        }
        match failed {
            Some(trouble) if found.is_empty() => Err(trouble),
            Some(_) | None => Ok(found),
        }
    }

    async fn marked_at(
        &self,
        zone: &str,
        name: &str,
        alarm: &AlarmArn,
    ) -> Result<Option<Found>, Trouble> {
        let listed = Listing {
            fence: listing::fence(&self.client, zone, name).await?,
            records: Vec::new(),
        };
        let fence = listed.fence_of(name)?;
        let marked = fence.filter(|fence| marks::is_guarded(&fence.guards, alarm));
        Ok(marked.map(|fence| Found {
            owner: fence.owner,
            name: fence.route,
            route: Route::Route53(Route53Route {
                zone: zone.to_owned(),
                name: name.to_owned(),
                types: fence.types,
                stable: fence.stable,
                canary: fence.canary,
                ttl: fence.ttl,
            }),
        }))
    }

    /// What is not as a rollout needs it, before one starts or while one that is `active` runs.
    pub async fn inspect(
        &self,
        route: &Route53Route,
        active: Option<&RolloutId>,
    ) -> Result<Vec<Finding>, Trouble> {
        let listed = listing::look(&self.client, &route.zone, &route.name).await;
        Ok(match if_there(listed)? {
            Some(listed) => inspect::findings(route, &listed, active),
            None => vec![Finding::NoZone(route.zone.clone())],
        })
    }
}

/// A service's own older rollout is taken over; another service's is not.
fn same_service(owner: &RolloutId, fence: &Fence, route: &Route53Route) -> Result<(), Trouble> {
    if fence.owner.service == owner.service {
        return Ok(());
    }
    let (name, other) = (fence::name_of(&route.name), &fence.owner);
    Err(Trouble::lasting(format!(
        "the TXT record `{name}` says that {other} owns the weights of `{}`",
        route.name
    )))
}

/// Sixteen digits that no other write has. The keys of std's hasher are random for each process.
fn stamp(now: Timestamp) -> String {
    let hash = RandomState::new().hash_one(now.as_nanosecond());
    format!("{hash:016x}")
}
