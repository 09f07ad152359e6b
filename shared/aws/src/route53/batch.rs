//! The batch of one write: the fence from what was read to the writer's own, and all weights of both sides and all types.
//!
//! A raise deletes each record as it was read and creates it anew, so that it fails whole if anybody has changed anything
//! since. What lowers the canary's weight must win over whatever somebody else has written: it is an UPSERT.

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch};
use domain::{
    plan::route::{RecordType, Route53Route, route53_weights},
    target::Goal,
    traffic::Weight,
};
use engine::{
    ports::{RouteRef, Write},
    trouble::Trouble,
};

use super::{fence::Fence, listing::Listing, record::Record};

/// The longest comment of a batch (`ChangeBatch$Comment`).
const COMMENT_CHARS_MAX: usize = 256;

/// The batch that makes a name the goal of a write.
pub(super) fn of(
    route: RouteRef<'_>,
    records: &Route53Route,
    write: &Write,
    read: &Listing,
    fence: &Fence,
) -> Result<ChangeBatch, Trouble> {
    let mut changes = Vec::new();
    if let Some(old) = &read.fence {
        changes.push((ChangeAction::Delete, old.clone()));
    }
    match write.goal {
        Goal::Prepared | Goal::Weight(_) => {
            changes.push((ChangeAction::Create, fence.record(&records.name)));
        }
        Goal::Restored | Goal::Finished => {}
    }
    changes.extend(weights(records, write.goal, read)?);
    let unbuilt =
        |_| Trouble::lasting("ChangeResourceRecordSets could not be built from what was listed");
    let changes: Result<Vec<Change>, Trouble> = changes
        .into_iter()
        .map(|(action, record)| {
            let record = record.to_sdk().map_err(unbuilt)?;
            let change = Change::builder().action(action).resource_record_set(record);
            change.build().map_err(unbuilt)
        })
        .collect();
    ChangeBatch::builder()
        .comment(comment(route, write))
        .set_changes(Some(changes?))
        .build()
        .map_err(unbuilt)
}

fn weights(
    route: &Route53Route,
    goal: Goal,
    read: &Listing,
) -> Result<Vec<(ChangeAction, Record)>, Trouble> {
    let (stable, canary) = route53_weights(goal.weight());
    let raises = |kind: &RecordType| goal.weight() > read.share(*kind, &route.canary);
    let raises = route.types.iter().any(raises);
    let mut changes = Vec::new();
    for kind in &route.types {
        if goal.weight() > Weight::ZERO {
            nobody_else(route, *kind, read)?;
        }
        for (record, weight) in [
            (side(route, *kind, &route.stable, goal, read)?, stable),
            (side(route, *kind, &route.canary, goal, read)?, canary),
        ] {
            let Some(record) = record else { continue };
            let next = record.weighing(weight);
            if raises {
                changes.push((ChangeAction::Delete, record.clone()));
                changes.push((ChangeAction::Create, next));
            } else {
                changes.push((ChangeAction::Upsert, next));
            }
        }
    }
    if changes.is_empty() && read.fence.is_none() {
        let first = route.types.first().copied().unwrap_or(RecordType::A);
        return Err(missing(route, first, &route.stable, read));
    }
    Ok(changes)
}

/// A side's record. Only going back to stable bears that one is missing: the canary's that is gone has no weight, and
/// of a type that is gone there is nothing to answer.
fn side<'a>(
    route: &Route53Route,
    kind: RecordType,
    set: &str,
    goal: Goal,
    read: &'a Listing,
) -> Result<Option<&'a Record>, Trouble> {
    let found = read.find(kind, set);
    let needed = match goal {
        Goal::Restored => set == route.stable && read.find(kind, &route.canary).is_some(),
        Goal::Prepared | Goal::Weight(_) | Goal::Finished => true,
    };
    if found.is_none() && needed {
        return Err(missing(route, kind, set, read));
    }
    Ok(found)
}

fn missing(route: &Route53Route, kind: RecordType, set: &str, read: &Listing) -> Trouble {
    let name = &route.name;
    let found: Vec<String> = read
        .of(kind)
        .map(|record| match &record.set {
            Some(set) => format!("`{set}`"),
            None => "a record without a set identifier".to_owned(),
        })
        .collect();
    let found = if found.is_empty() {
        "no record of that type".to_owned()
    } else {
        found.join(", ")
    };
    Trouble::lasting(format!(
        "`{name}` has no weighted {kind} record with the set identifier `{set}`; there is {found}"
    ))
}

/// A third record's weight would take its part of whatever is given to the canary.
fn nobody_else(route: &Route53Route, kind: RecordType, read: &Listing) -> Result<(), Trouble> {
    let ours = [Some(route.stable.as_str()), Some(route.canary.as_str())];
    let other = read.of(kind).find(|record| {
        !ours.contains(&record.set.as_deref()) && record.weight.is_some_and(|weight| weight > 0)
    });
    match other {
        Some(record) => Err(Trouble::lasting(format!(
            "the {kind} record `{}` of `{}` has weight {} beside stable and canary: set it to 0",
            record.set.as_deref().unwrap_or_default(),
            route.name,
            record.weight.unwrap_or_default(),
        ))),
        None => Ok(()),
    }
}

fn comment(route: RouteRef<'_>, write: &Write) -> String {
    let goal = match write.goal {
        Goal::Prepared => "prepared at 0%".to_owned(),
        Goal::Weight(weight) => format!("canary at {weight}"),
        Goal::Restored => "back to stable".to_owned(),
        Goal::Finished => "finished: all on the canary".to_owned(),
    };
    let text = format!(
        "tidegate {} {} epoch {}: {goal}",
        route.owner, route.name, write.epoch
    );
    text.chars().take(COMMENT_CHARS_MAX).collect()
}
