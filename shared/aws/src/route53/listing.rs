//! What Route 53 has at a name: the weighted records and the fence beside them.

use aws_sdk_route53::{
    Client,
    operation::list_resource_record_sets::ListResourceRecordSetsOutput,
    types::{ResourceRecordSet, RrType},
};
use domain::{
    plan::route::{RecordType, Route53Route},
    traffic::Weight,
};
use engine::{ports::FenceToken, trouble::Trouble};
use serde::{Deserialize, Serialize};

use super::{
    fence::{self, Fence},
    record::{Record, plain},
};
use crate::trouble::{NoAnswer, answered};

/// The most records that one name can have: a hundred weighted ones of each type, and a few others (Route 53 quotas).
const PAGES_MAX: usize = 5;
/// The most that one answer has (`ListResourceRecordSets$MaxItems`).
const PAGE_RECORDS_MAX: i32 = 300;

/// The record types that can carry weights of ours.
pub(super) const KINDS: [RecordType; 4] = [
    RecordType::A,
    RecordType::Aaaa,
    RecordType::Cname,
    RecordType::Https,
];

/// What was listed of one name. As a token of a write it says exactly what was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Listing {
    /// The fencing record.
    pub(super) fence: Option<Record>,
    /// The name's records of all types that can be weighted, simple ones too.
    pub(super) records: Vec<Record>,
}

/// Where a listing begins.
#[derive(Debug, Clone)]
struct Cursor {
    name: String,
    kind: Option<RrType>,
    set: Option<String>,
    items: i32,
}

impl Cursor {
    fn at(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: None,
            set: None,
            items: PAGE_RECORDS_MAX,
        }
    }

    fn after(page: &ListResourceRecordSetsOutput) -> Option<Self> {
        let name = page.next_record_name().filter(|_| page.is_truncated)?;
        Some(Self {
            name: name.to_owned(),
            kind: page.next_record_type().cloned(),
            set: page.next_record_identifier().map(str::to_owned),
            items: PAGE_RECORDS_MAX,
        })
    }
}

async fn page(
    client: &Client,
    zone: &str,
    cursor: &Cursor,
) -> Result<ListResourceRecordSetsOutput, NoAnswer> {
    let page = client
        .list_resource_record_sets()
        .hosted_zone_id(zone)
        .start_record_name(&cursor.name)
        .set_start_record_type(cursor.kind.clone())
        .set_start_record_identifier(cursor.set.clone())
        .max_items(cursor.items)
        .send()
        .await;
    answered("ListResourceRecordSets", "NoSuchHostedZone", page)
}

/// The fencing record of a name.
pub(super) async fn fence(
    client: &Client,
    zone: &str,
    name: &str,
) -> Result<Option<Record>, NoAnswer> {
    let cursor = Cursor {
        kind: Some(RrType::Txt),
        items: 1,
        ..Cursor::at(&fence::name_of(name))
    };
    let page = page(client, zone, &cursor).await?;
    let mut listing = Listing::default();
    listing.take(name, page.resource_record_sets())?;
    Ok(listing.fence)
}

/// The records of a name and its fence, with the fence never newer than the records.
///
/// A name's children are listed right after it, so one answer, which is of one moment, mostly has both.
pub(super) async fn look(client: &Client, zone: &str, name: &str) -> Result<Listing, NoAnswer> {
    let first = page(client, zone, &Cursor::at(name)).await?;
    let mut listing = Listing::default();
    listing.take(name, first.resource_record_sets())?;
    if listing.fence.is_some() || !first.is_truncated {
        return Ok(listing);
    }
    let mut listing = Listing {
        fence: fence(client, zone, name).await?,
        records: Vec::new(),
    };
    let mut cursor = Some(Cursor::at(name));
    for _ in 0..PAGES_MAX {
        let Some(from) = cursor.filter(|from| plain(&from.name) == name) else {
            return Ok(listing);
        };
        let page = page(client, zone, &from).await?;
        let records = page.resource_record_sets();
        let records = records.iter().filter(|record| !is_fence(name, record));
        listing.take(name, records)?;
        cursor = Cursor::after(&page);
    }
    Err(NoAnswer::Trouble(Trouble::lasting(format!(
        "ListResourceRecordSets: `{name}` has more records than Route 53 allows"
    ))))
}

fn unrepeatable(name: &str, listed: &ResourceRecordSet) -> Trouble {
    let (kind, set) = (listed.r#type.as_str(), listed.set_identifier());
    let set = set.unwrap_or_default();
    Trouble::lasting(format!(
        "the {kind} record `{set}` of `{name}` has a property besides its weight that Tidegate cannot repeat"
    ))
}

fn is_fence(name: &str, record: &ResourceRecordSet) -> bool {
    record.r#type == RrType::Txt && plain(&record.name) == fence::name_of(name)
}

impl Listing {
    fn take<'a>(
        &mut self,
        name: &str,
        records: impl IntoIterator<Item = &'a ResourceRecordSet>,
    ) -> Result<(), Trouble> {
        for listed in records {
            let kind = listed.r#type.as_str();
            let ours = plain(&listed.name) == name && KINDS.iter().any(|k| k.to_string() == kind);
            let fence = is_fence(name, listed);
            if !ours && !fence {
                continue;
            }
            let record = match Record::of(listed) {
                Some(record) => record,
                // By latency, by place, …: such records and weighted ones of a type exclude one another.
                None if ours && listed.weight.is_none() => continue,
                None => return Err(unrepeatable(name, listed)),
            };
            if fence {
                self.fence = Some(record);
            } else {
                self.records.push(record);
            }
        }
        Ok(())
    }

    /// What the fence says, if there is one.
    pub(super) fn fence_of(&self, name: &str) -> Result<Option<Fence>, Trouble> {
        let Some(record) = &self.fence else {
            return Ok(None);
        };
        let value = record.values.first().map(String::as_str);
        let read = Fence::parse(value.unwrap_or_default());
        read.map(Some).map_err(|why| {
            let fence = fence::name_of(name);
            Trouble::lasting(format!("the TXT record `{fence}` is in the way: {why}"))
        })
    }

    /// The records of a type.
    pub(super) fn of(&self, kind: RecordType) -> impl Iterator<Item = &Record> {
        let kind = kind.to_string();
        self.records
            .iter()
            .filter(move |record| record.kind == kind)
    }

    /// The weighted record of a type with a set identifier.
    pub(super) fn find(&self, kind: RecordType, set: &str) -> Option<&Record> {
        self.of(kind)
            .find(|record| record.set.as_deref() == Some(set) && record.weight.is_some())
    }

    /// The canary's share of a type: if all weights are 0, every record is as likely as the others.
    pub(super) fn share(&self, kind: RecordType, canary: &str) -> Weight {
        let weights = self.of(kind).filter_map(|record| {
            let weight = u64::try_from(record.weight?).ok()?;
            Some((record.set.as_deref() == Some(canary), weight))
        });
        let weights: Vec<(bool, u64)> = weights.collect();
        let sum: u64 = weights.iter().map(|(_, weight)| weight).sum();
        let part = |weight: fn(u64) -> u64| {
            let of_canary = weights.iter().filter(|(is_canary, _)| *is_canary);
            of_canary.map(|(_, own)| weight(*own)).sum()
        };
        if sum == 0 {
            return Weight::nearest(part(|_| 1), weights.len() as u64);
        }
        Weight::nearest(part(|own| own), sum)
    }

    /// The canary's share; the highest if the types differ.
    pub(super) fn highest_share(&self, route: &Route53Route) -> Weight {
        let shares = route
            .types
            .iter()
            .map(|kind| self.share(*kind, &route.canary));
        shares.max().unwrap_or_default()
    }

    /// What a write must show.
    pub(super) fn token(&self) -> Result<FenceToken, Trouble> {
        let text = serde_json::to_string(self);
        text.map(FenceToken)
            .map_err(|_| Trouble::lasting("a listing could not be kept"))
    }

    /// What a write shows.
    pub(super) fn of_token(FenceToken(text): &FenceToken) -> Result<Self, Trouble> {
        serde_json::from_str(text)
            .map_err(|_| Trouble::lasting("the token is none of a Route 53 route"))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::{ResourceRecordSetRegion, builders::ResourceRecordSetBuilder};
    use expect_test::expect;

    use super::*;

    fn listed(kind: RrType) -> ResourceRecordSetBuilder {
        let record = ResourceRecordSet::builder().name("www.example.com.");
        record.r#type(kind).set_identifier("x").ttl(60)
    }

    #[test]
    fn records_that_are_not_weighted_stand_in_nobodys_way() {
        let by_latency = listed(RrType::Aaaa).region(ResourceRecordSetRegion::EuWest1);
        let others = [by_latency, listed(RrType::Mx)].map(|record| record.build().unwrap());
        let mut read = Listing::default();
        read.take("www.example.com", &others).unwrap();
        assert_eq!(read, Listing::default());
        let odd = listed(RrType::A).weight(3).multi_value_answer(true);
        let odd = read.take("www.example.com", &[odd.build().unwrap()]);
        expect!["the A record `x` of `www.example.com` has a property besides its weight that Tidegate cannot repeat"]
            .assert_eq(&odd.unwrap_err().what);
    }

    fn listing(weights: &[(&str, i64)]) -> Listing {
        let record = |(set, weight): &(&str, i64)| Record {
            set: Some((*set).to_owned()),
            weight: Some(*weight),
            kind: "A".to_owned(),
            ..Record::text("www.example.com.".to_owned(), "192.0.2.1".to_owned(), 60)
        };
        Listing {
            fence: None,
            records: weights.iter().map(record).collect(),
        }
    }

    #[test]
    fn a_share_is_of_everything_that_is_answered() {
        let share = |weights: &[(&str, i64)]| {
            let share = listing(weights).share(RecordType::A, "new");
            share.to_string()
        };
        assert_eq!(share(&[("old", 19), ("new", 1)]), "5%");
        assert_eq!(share(&[("old", 3), ("new", 1), ("third", 4)]), "12.5%");
        assert_eq!(share(&[("old", 0), ("new", 0)]), "50%");
        assert_eq!(share(&[("old", 0), ("new", 0), ("third", 0)]), "33.3%");
        assert_eq!(share(&[("old", 7)]), "0%");
        assert_eq!(share(&[("new", 7)]), "100%");
        assert_eq!(share(&[]), "0%");
    }
}
