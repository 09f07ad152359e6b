//! Zones: weighted records, as Route 53 has them.
//!
//! A batch is all or nothing; DELETE must repeat the record exactly, CREATE wants that there is none, UPSERT
//! takes what comes (Route 53 `ChangeResourceRecordSets`). A change is PENDING until every server has it,
//! while a listing shows it at once. If all weights of a name are 0, every record is as likely as the others.

use std::collections::BTreeMap;

use domain::{
    plan::route::{Route53Route, route53_weights},
    target::{Carrier, Goal, Leftover, Propagation, Seen},
    time::Timestamp,
    traffic::{Epoch, Weight},
};
use engine::ports::{FenceToken, Target, Write};

use super::wire::Served;

/// What makes a record one record: its zone, name, type and set identifier.
type RecordKey = (String, String, String, String);

/// A record's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Weighted(u8),
    Text(String),
}

/// A change of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Create(RecordKey, Value),
    Delete(RecordKey, Value),
    Upsert(RecordKey, Value),
}

/// `InvalidChangeBatch`: what did not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InvalidChangeBatch(pub(super) String);

/// Every hosted zone of the world.
#[derive(Debug, Default)]
pub(super) struct Zones {
    records: BTreeMap<RecordKey, Value>,
    /// Until when a change of a zone is PENDING.
    pending: BTreeMap<String, Timestamp>,
    stamps: u64,
}

fn fence_key(route: &Route53Route) -> RecordKey {
    let name = format!("_tidegate.{}", route.name);
    (route.zone.clone(), name, "TXT".to_owned(), String::new())
}

/// What no other write has: without it, two writes of one epoch would leave the same record, and what was sent
/// after the first would be taken after the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp(u64);

fn fence_text(epoch: Epoch, stamp: Stamp) -> Value {
    Value::Text(format!("epoch={epoch} write={}", stamp.0))
}

fn epoch_of(fence: &str) -> Option<Epoch> {
    let number = fence.split(' ').next()?.strip_prefix("epoch=")?;
    number.parse().ok().map(Epoch)
}

/// A record of each type with these weights.
fn weighted(route: &Route53Route, share: Weight) -> Vec<(RecordKey, Value)> {
    let (stable, canary) = route53_weights(share);
    let sides = [(&route.stable, stable), (&route.canary, canary)];
    let kinds = route.types.iter().flat_map(|kind| {
        sides.into_iter().map(move |(set, weight)| {
            let name = (
                route.zone.clone(),
                route.name.clone(),
                kind.to_string(),
                set.clone(),
            );
            (name, Value::Weighted(weight))
        })
    });
    kinds.collect()
}

impl Zones {
    pub(super) fn install(&mut self, route: &Route53Route) {
        self.records.extend(weighted(route, Weight::ZERO));
    }

    /// A stamp for the next write.
    pub(super) const fn stamp(&mut self) -> Stamp {
        self.stamps = self.stamps.saturating_add(1);
        Stamp(self.stamps)
    }

    /// `ChangeResourceRecordSets`.
    pub(super) fn change(
        &mut self,
        zone: &str,
        batch: Vec<Change>,
        insync: Timestamp,
    ) -> Result<(), InvalidChangeBatch> {
        let mut records = self.records.clone();
        for change in batch {
            match change {
                Change::Create(key, value) => {
                    if records.contains_key(&key) {
                        return Err(InvalidChangeBatch(format!("{} exists already", key.1)));
                    }
                    records.insert(key, value);
                }
                Change::Delete(key, value) => {
                    if records.get(&key) != Some(&value) {
                        return Err(InvalidChangeBatch(format!("{} has other values", key.1)));
                    }
                    records.remove(&key);
                }
                Change::Upsert(key, value) => {
                    records.insert(key, value);
                }
            }
        }
        self.records = records;
        self.pend(zone, insync);
        Ok(())
    }

    /// A zone's servers have all of its changes no sooner than the slowest of them.
    fn pend(&mut self, zone: &str, insync: Timestamp) {
        let until = self.pending.entry(zone.to_owned()).or_insert(insync);
        *until = insync.max(*until);
    }

    /// When a zone's servers have, or had, all of its changes.
    pub(super) fn insync(&self, zone: &str) -> Option<Timestamp> {
        self.pending.get(zone).copied()
    }

    fn fence(&self, route: &Route53Route) -> Option<String> {
        match self.records.get(&fence_key(route)) {
            Some(Value::Text(text)) => Some(text.clone()),
            Some(Value::Weighted(_)) | None => None,
        }
    }

    /// The canary's share; the highest if the types differ.
    fn share(&self, route: &Route53Route) -> Weight {
        let shares = route.types.iter().map(|kind| {
            let kind = kind.to_string();
            let group = self.records.iter().filter(|((zone, name, of, _), _)| {
                (zone, name, of) == (&route.zone, &route.name, &kind)
            });
            let weights: Vec<(&str, u64)> = group
                .filter_map(|((_, _, _, set), value)| match value {
                    Value::Weighted(weight) => Some((set.as_str(), u64::from(*weight))),
                    Value::Text(_) => None,
                })
                .collect();
            let of_canary = |(set, weight): &(&str, u64)| (*set == route.canary).then_some(*weight);
            let sum: u64 = weights.iter().map(|(_, weight)| *weight).sum();
            if sum == 0 {
                let ours = weights.iter().filter_map(of_canary).count();
                return Weight::nearest(ours as u64, weights.len() as u64);
            }
            Weight::nearest(weights.iter().filter_map(of_canary).sum(), sum)
        });
        shares.max().unwrap_or_default()
    }

    pub(super) fn read(&self, route: &Route53Route, now: Timestamp) -> Target {
        let fence = self.fence(route);
        let weight = self.share(route);
        let pending = self.pending.get(&route.zone).is_some_and(|at| now < *at);
        let epoch = fence.as_deref().and_then(epoch_of);
        let (carrier, leftover) = match fence {
            Some(_) => (Carrier::Ready, Leftover::Some),
            None => (Carrier::Missing, Leftover::None),
        };
        Target {
            seen: Seen {
                weight,
                base: weight,
                carrier,
                leftover,
                epoch,
                propagation: if pending {
                    Propagation::Pending
                } else {
                    Propagation::Done
                },
                settle: route.ttl,
            },
            fence: FenceToken(fence.unwrap_or_default()),
        }
    }

    /// The batch that makes a route its goal: the weights, and the fencing record from the epoch that was
    /// read to the writer's own; when nothing of ours shall be left, to none.
    pub(super) fn batch(route: &Route53Route, write: &Write, stamp: Stamp) -> Vec<Change> {
        let weights = weighted(route, write.goal.weight()).into_iter();
        let weights = weights.map(|(key, value)| Change::Upsert(key, value));
        let FenceToken(fence) = &write.fence;
        let key = fence_key(route);
        let old =
            (!fence.is_empty()).then(|| Change::Delete(key.clone(), Value::Text(fence.clone())));
        let new = match write.goal {
            Goal::Prepared | Goal::Weight(_) => {
                Some(Change::Create(key, fence_text(write.epoch, stamp)))
            }
            Goal::Restored | Goal::Finished => None,
        };
        old.into_iter().chain(new).chain(weights).collect()
    }

    pub(super) fn served(&self, route: &Route53Route) -> Served {
        Served {
            share: f64::from(self.share(route).permille()) / 1000.0,
            sticky: None,
        }
    }

    /// Somebody writes a weight himself; of the fencing record he knows nothing.
    pub(super) fn by_hand(&mut self, route: &Route53Route, weight: Weight, insync: Timestamp) {
        self.records.extend(weighted(route, weight));
        self.pend(&route.zone, insync);
    }
}

#[cfg(test)]
mod tests {
    use domain::{plan::route::RecordType, time::SignedDuration};

    use super::*;

    fn route() -> Route53Route {
        Route53Route {
            zone: "Z1".to_owned(),
            name: "example.com".to_owned(),
            types: [RecordType::A, RecordType::Aaaa].into(),
            stable: "old".to_owned(),
            canary: "new".to_owned(),
            ttl: SignedDuration::from_secs(60),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn write(zones: &Zones, goal: Goal, epoch: u64) -> Write {
        Write {
            goal,
            epoch: Epoch(epoch),
            fence: zones.read(&route(), at(0)).fence,
            deadline: Timestamp::MAX,
        }
    }

    fn send(zones: &mut Zones, write: &Write) -> Result<(), InvalidChangeBatch> {
        let stamp = zones.stamp();
        zones.change("Z1", Zones::batch(&route(), write, stamp), at(60))
    }

    #[test]
    fn an_old_epoch_fails_whole() {
        let mut zones = Zones::default();
        zones.install(&route());
        let first = write(&zones, Goal::Prepared, 1);
        send(&mut zones, &first).unwrap();
        let quarter = Goal::Weight(Weight::from_permille(250).unwrap());
        let late = write(&zones, quarter, 2);
        let rollback = write(&zones, Goal::Restored, 3);
        send(&mut zones, &rollback).unwrap();
        assert!(zones.read(&route(), at(61)).seen.meets(Goal::Restored));
        let refused = send(&mut zones, &late).unwrap_err();
        assert_eq!(refused.0, "_tidegate.example.com has other values");
        assert_eq!(zones.read(&route(), at(61)).seen.weight, Weight::ZERO);
    }

    #[test]
    fn two_late_writes_of_old_epochs_do_not_open_the_way_for_each_other() {
        let mut zones = Zones::default();
        zones.install(&route());
        // Two workers prepare in one epoch; the second one's request is late.
        let first = write(&zones, Goal::Prepared, 1);
        let late_prepare = first.clone();
        send(&mut zones, &first).unwrap();
        let late_shift = write(&zones, Goal::Weight(Weight::FULL), 2);
        let rollback = write(&zones, Goal::Restored, 3);
        send(&mut zones, &rollback).unwrap();
        // It makes a record of epoch 1 again, at weight 0, but not the one that the other late one has read.
        send(&mut zones, &late_prepare).unwrap();
        send(&mut zones, &late_shift).unwrap_err();
        assert_eq!(zones.read(&route(), at(61)).seen.weight, Weight::ZERO);
    }

    #[test]
    fn a_change_shows_at_once_and_is_pending_for_a_while() {
        let mut zones = Zones::default();
        zones.install(&route());
        let first = write(&zones, Goal::Prepared, 7);
        send(&mut zones, &first).unwrap();
        let seen = zones.read(&route(), at(30)).seen;
        assert_eq!(seen.epoch, Some(Epoch(7)));
        assert_eq!(seen.propagation, Propagation::Pending);
        let seen = zones.read(&route(), at(60)).seen;
        assert_eq!(seen.propagation, Propagation::Done);
        // A change that is quicker does not make the one before it quicker.
        zones.by_hand(&route(), Weight::ZERO, at(50));
        let seen = zones.read(&route(), at(55)).seen;
        assert_eq!(seen.propagation, Propagation::Pending);
    }

    #[test]
    fn if_all_weights_are_nothing_all_records_are_as_likely() {
        let mut zones = Zones::default();
        zones.install(&route());
        for value in zones.records.values_mut() {
            *value = Value::Weighted(0);
        }
        assert_eq!(zones.read(&route(), at(0)).seen.weight.permille(), 500);
    }
}
