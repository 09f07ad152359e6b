//! Where things are in the table.
//!
//! | partition | sort | what |
//! |---|---|---|
//! | `RO#shop#7` | `HEAD` | the head |
//! | `RO#shop#7` | `PLAN` | the plan's text |
//! | `RO#shop#7` | `EV#000000000001` | an entry of the ledger |
//! | `SERVICE#shop` | `NEWEST` | the number of the newest rollout, and which rollout owns the service |
//! | `ROUTE#alb/arn:…` | `OWNER` | which rollout owns the route |
//! | `EVENT#…` | `DONE` | that an event has had its effect |
//! | `OUTBOX#shop#7` | `000000000001#slack/#releases` | what became of a message |
//! | `LINK#<32 hex>` | `USED` | which codes were tried on a link, and what became of its last answer |

use std::{collections::BTreeSet, fmt};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    name::{EventKey, RolloutId, ServiceName},
    plan::route::Route,
    rollout::Rollout,
};

use token::TokenId;

use super::item::Item;

/// The attribute of the partition key.
pub(super) const PK: &str = "pk";
/// The attribute of the sort key.
pub(super) const SK: &str = "sk";
/// The sort key of a head.
pub(super) const HEAD: &str = "HEAD";
/// The sort key of a plan. Between it and [`HEAD`] lies nothing else, so that one query reads the two.
pub(super) const PLAN: &str = "PLAN";
/// What the sort keys of entries begin with.
pub(super) const ENTRIES: &str = "EV#";

const ROLLOUT: &str = "RO#";

const OUTBOX: &str = "OUTBOX#";

/// The key of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pk, self.sk)
    }
}

/// The partition of everything that is kept of a rollout.
pub(super) fn partition(id: &RolloutId) -> String {
    format!("{ROLLOUT}{id}")
}

/// The rollout that a partition is of, if it is of one.
pub(super) fn rollout(partition: &str) -> Option<RolloutId> {
    partition.strip_prefix(ROLLOUT).and_then(RolloutId::parse)
}

/// The partition of what became of a rollout's messages.
pub(super) fn outbox(id: &RolloutId) -> String {
    format!("{OUTBOX}{id}")
}

/// The rollout whose messages a partition is of, if it is of one's.
pub(super) fn rollout_of_outbox(partition: &str) -> Option<RolloutId> {
    partition.strip_prefix(OUTBOX).and_then(RolloutId::parse)
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    pub(super) fn head(id: &RolloutId) -> Self {
        Self::new(partition(id), HEAD)
    }

    pub(super) fn plan(id: &RolloutId) -> Self {
        Self::new(partition(id), PLAN)
    }

    /// Twelve digits, so that they are read in their order.
    pub(super) fn entry(id: &RolloutId, seq: u64) -> Self {
        Self::new(partition(id), format!("{ENTRIES}{seq:012}"))
    }

    /// Twelve digits, so that messages are read in their order.
    pub(super) fn slip(id: &RolloutId, seq: u64, lane: &str) -> Self {
        Self::new(outbox(id), format!("{seq:012}#{lane}"))
    }

    pub(super) fn newest(service: &ServiceName) -> Self {
        Self::new(format!("SERVICE#{service}"), "NEWEST")
    }

    pub(super) fn done(event: &EventKey) -> Self {
        Self::new(format!("EVENT#{event}"), "DONE")
    }

    pub(super) fn link(id: &TokenId) -> Self {
        Self::new(format!("LINK#{}", id.hex()), "USED")
    }

    /// The owner of a place where weights live, however a plan calls it.
    fn owner(route: &Route) -> Self {
        let place = match route {
            Route::Alb(alb) => format!("alb/{}", alb.base.arn()),
            Route::Route53(records) => format!("route53/{}/{}", records.zone, records.name),
            Route::LambdaAlias(alias) => {
                format!("lambda/{}:{}", function_name(&alias.function), alias.alias)
            }
        };
        Self::new(format!("ROUTE#{place}"), "OWNER")
    }

    /// The key as attributes.
    pub(super) fn attributes(&self) -> Item {
        Item::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// A function may be named or given by its ARN, `arn:aws:lambda:<region>:<account>:function:<name>`; it is one
/// place. Two functions of one name in different accounts would be taken for one, which refuses and breaks nothing.
fn function_name(function: &str) -> &str {
    function
        .split_once(":function:")
        .map_or(function, |(_, name)| name)
}

/// The owners of a rollout's routes.
pub(super) fn owners(rollout: &Rollout) -> BTreeSet<Key> {
    rollout.plan.routes.values().map(Key::owner).collect()
}
