//! A Route 53 route: both records of each type, their weights, and one TTL for all.

use std::collections::BTreeSet;

use aws::inspect::Record;
use domain::{
    plan::route::Route53Route,
    time::{SignedDuration, Spell},
};

use super::{super::Account, Check};

/// What an alias has for a TTL: its target's, which of a load balancer is a minute (Route 53, "Alias records").
const ALIAS: i64 = 60;

/// Looks at a Route 53 route.
pub(super) async fn look(what: &str, route: &Route53Route, account: &impl Account) -> Vec<Check> {
    match account.records(route).await {
        Ok(Some(records)) => {
            let mut checks: Vec<Check> = route
                .types
                .iter()
                .map(|kind| pair(what, &kind.to_string(), route, &records))
                .collect();
            checks.extend(ttl(what, route, &records));
            checks
        }
        Ok(None) => {
            let says = format!("there is no hosted zone {}", route.zone);
            vec![Check::problem(
                what,
                says,
                "is the id right, and the account?",
            )]
        }
        Err(trouble) => vec![Check::unseen(what, &trouble)],
    }
}

fn find<'a>(records: &'a [Record], kind: &str, set: &str) -> Option<&'a Record> {
    let mut records = records.iter();
    records.find(|record| record.kind == kind && record.set.as_deref() == Some(set))
}

/// Whether both records of a type are there, and everything goes to stable.
fn pair(what: &str, kind: &str, route: &Route53Route, records: &[Record]) -> Check {
    let name = &route.name;
    let mut weights = Vec::new();
    for set in [&route.stable, &route.canary] {
        let Some(record) = find(records, kind, set) else {
            let says = format!("there is no {kind} record of {name} with the identifier {set}");
            return Check::problem(what, says, "make it, weighted, the canary's with weight 0");
        };
        let Some(weight) = record.weight else {
            let says = format!("the {kind} record {set} of {name} is not weighted");
            return Check::problem(what, says, "make both records weighted");
        };
        weights.push(weight);
    }
    let others: Vec<&str> = records
        .iter()
        .filter(|record| record.kind == kind && record.weight.is_some_and(|weight| weight > 0))
        .filter_map(|record| record.set.as_deref())
        .filter(|set| *set != route.stable && *set != route.canary)
        .collect();
    match weights[..] {
        [_, canary] if canary > 0 => Check::problem(
            what,
            format!(
                "the {kind} record {} has weight {canary} already",
                route.canary
            ),
            "unless a rollout is running: set it to 0",
        ),
        [0, _] => Check::problem(
            what,
            format!(
                "the {kind} record {} has weight 0, so nobody serves",
                route.stable
            ),
            "give it a weight",
        ),
        _ if !others.is_empty() => Check::warning(
            what,
            format!("{kind} of {name} is also answered by {}", others.join(", ")),
            "the plan's percentages are of what is left by them",
        ),
        _ => Check::ok(
            what,
            format!("{kind} of {name} is answered by {} alone", route.stable),
        ),
    }
}

/// Whether the records that are moved together leave caches together, and as the plan says.
fn ttl(what: &str, route: &Route53Route, records: &[Record]) -> Option<Check> {
    let kinds: BTreeSet<String> = route.types.iter().map(ToString::to_string).collect();
    let ours = records.iter().filter(|record| {
        let set = record.set.as_deref();
        kinds.contains(&record.kind) && (set == Some(&route.stable) || set == Some(&route.canary))
    });
    let ttls: BTreeSet<i64> = ours.map(|record| record.ttl.unwrap_or(ALIAS)).collect();
    let plan = route.ttl.as_secs();
    let spelt = |secs: i64| Spell(SignedDuration::from_secs(secs)).to_string();
    let all: Vec<String> = ttls.iter().map(|secs| spelt(*secs)).collect();
    match ttls.len() {
        0 => None,
        1 if ttls.contains(&plan) => Some(Check::ok(
            what,
            format!("every record has the plan's TTL, {}", spelt(plan)),
        )),
        1 => Some(Check::problem(
            what,
            format!(
                "the records' TTL is {}, the plan's is {}",
                all.join(""),
                spelt(plan)
            ),
            "a bake begins too early or too late by the difference; make them equal",
        )),
        _ => Some(Check::problem(
            what,
            format!("the records have different TTLs: {}", all.join(", ")),
            "give all of them one TTL, the plan's",
        )),
    }
}
