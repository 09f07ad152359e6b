//! A commit as one transaction.
//!
//! `TransactWriteItems` takes at most 100 actions, no two on one item, and makes all or none of them; when it is
//! cancelled it says why for each action, in their order, and with `ALL_OLD` what the item was (`DynamoDB` API,
//! `TransactionCanceledException`).
//!
//! **A lost answer.** The SDK sends a call again that was not answered, and the first may have been made. The same
//! `ClientRequestToken` makes the second one the first for ten minutes (`DynamoDB` API, `TransactWriteItems`), but
//! only if nothing of it differs and the store keeps its word: moto applies it twice. So every item that a commit
//! makes carries the commit's `writer`, and a condition that fails on an item with our own writer says that the
//! commit has been made, whoever has committed since.
//!
//! **Owners.** An active rollout has its service and its routes alone: it claims them when it becomes active and
//! gives them back when it ends, in the commits that do so. In between its head alone is conditional, which keeps
//! most commits at one head, its entries and the event's key. Two things are not known from a commit and are found
//! out from the old items that come with a cancellation; then it is sent once more, differently: that an active
//! rollout was not active before (a completed one that goes back after all), and that an ended one does not own
//! what it would give back. Both say the head's revision again, so nothing can come in between unseen.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::{
    Client,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, CancellationReason, TransactWriteItem},
};
use domain::{
    name::RolloutId,
    time::{SignedDuration, Timestamp, later},
};
use engine::{
    ports::{Change, Commit},
    trouble::{Chance, CommitError, Trouble},
};

use super::{
    action::{Action, Condition},
    entry, head,
    item::{self, Item},
    key::{self, Key},
};
use crate::trouble::trouble;

/// The most actions of a transaction.
const ACTIONS_MAX: usize = 100;

/// Once as it most likely is, once for each of the two things that can turn out.
const SENT_MAX: u32 = 3;

/// How long an event's key is kept: longer than any path brings the event again. The queue keeps it for four days
/// (SQS's default), its dead letters for fourteen.
const KEYS_LAST: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The version of the records of owners and keys.
pub(super) const VERSION: u64 = 1;
/// The attribute that says who owns an item.
pub(super) const OWNER: &str = "rollout";
/// The attribute that says which rollout is a service's newest.
pub(super) const NUMBER: &str = "number";

/// Makes a commit: one round trip; two or three where it turns out to be another than it looked.
pub(super) async fn commit(
    client: &Client,
    table: &str,
    commit: &Commit,
    now: Timestamp,
) -> Result<(), CommitError> {
    let writer = writer().map_err(CommitError::Trouble)?;
    let mut found = Found::default();
    for sent in 1..=SENT_MAX {
        let parts = Parts::of(commit, &found, &writer, now).map_err(CommitError::Trouble)?;
        // Another token each time: what is sent is another request.
        let token = format!("{writer}-{sent}");
        let answer = transact(client, table, &parts.0, token).await;
        let reasons = match answer.map_err(CommitError::Trouble)? {
            Answer::Made => return Ok(()),
            Answer::Cancelled(reasons) => reasons,
        };
        match meaning(&parts.0, &reasons, &writer) {
            Meaning::Made => return Ok(()),
            Meaning::Failed(error) => return Err(error),
            Meaning::Again(more) => found.add(more),
        }
    }
    Err(CommitError::Trouble(Trouble::passing(
        "TransactWriteItems: the owners of the routes kept changing",
    )))
}

/// A name that no other commit has.
fn writer() -> Result<String, Trouble> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Trouble::passing(format!("the machine has no random numbers: {error}")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// What was found out by sending a commit.
#[derive(Debug, Default)]
struct Found {
    /// Rollouts that become active with it.
    revived: BTreeSet<RolloutId>,
    /// Items that are not theirs who would give them back.
    foreign: BTreeSet<Key>,
}

impl Found {
    fn add(&mut self, more: Self) {
        self.revived.extend(more.revived);
        self.foreign.extend(more.foreign);
    }
}

/// What an action is for, and so what it means when its condition fails.
#[derive(Debug)]
enum Part {
    Head {
        id: RolloutId,
        expected: Option<u64>,
    },
    Entry,
    Plan,
    Claim,
    Release(Key),
    Done,
}

struct Parts(Vec<(Part, Action)>);

impl Parts {
    fn of(commit: &Commit, found: &Found, writer: &str, now: Timestamp) -> Result<Self, Trouble> {
        let mut parts = Vec::new();
        for change in &commit.changes {
            let next = &change.next;
            parts.push(head(change, found, writer)?);
            if change.expected.is_none() {
                let plan = head::write_plan(next);
                parts.push((Part::Plan, Action::put(plan)));
            }
            for entry in entry::write(next, &change.entries, writer) {
                let new = Condition::new("attribute_not_exists(#pk)");
                parts.push((Part::Entry, Action::put(entry).on(new)));
            }
        }
        owners(commit, found, &mut parts);
        if let Some(event) = &commit.key {
            let mut done = Key::done(event).attributes();
            let expires = later(now, KEYS_LAST).as_second();
            let writer = AttributeValue::S(writer.to_owned());
            done.extend([
                item::version(VERSION),
                (head::WRITER.to_owned(), writer),
                ("expires".to_owned(), item::numeric(&expires)),
            ]);
            let new = Condition::new("attribute_not_exists(#pk)");
            parts.push((Part::Done, Action::put(done).on(new)));
        }
        if parts.len() > ACTIONS_MAX {
            return Err(Trouble::lasting(format!(
                "the commit has {} parts, and DynamoDB takes at most {ACTIONS_MAX} in a transaction: \
                 use fewer routes in the plan",
                parts.len()
            )));
        }
        Ok(Self(parts))
    }
}

/// The head of a change, on the condition that nobody has committed since.
fn head(change: &Change, found: &Found, writer: &str) -> Result<(Part, Action), Trouble> {
    let next = &change.next;
    let condition = match change.expected {
        None => Condition::new("attribute_not_exists(#pk)"),
        Some(expected) => {
            let stays_active = next.status.is_active() && !found.revived.contains(&next.id);
            let condition = if stays_active {
                Condition::new("#revision = :expected AND attribute_exists(#active)")
                    .name("#active", head::ACTIVE)
            } else {
                Condition::new("#revision = :expected")
            };
            condition
                .name("#revision", head::REVISION)
                .value(":expected", item::numeric(&expected))
        }
    };
    let part = Part::Head {
        id: next.id.clone(),
        expected: change.expected,
    };
    Ok((part, Action::put(head::write(next, writer)?).on(condition)))
}

/// What becomes of the service and the routes: claimed by who becomes active, from nobody or from who ends in the
/// same commit; given back by who ends. One action an item.
fn owners(commit: &Commit, found: &Found, parts: &mut Vec<(Part, Action)>) {
    let ends = |change: &&Change| !change.next.status.is_active();
    let ending: Vec<&RolloutId> = commit
        .changes
        .iter()
        .filter(ends)
        .map(|change| &change.next.id)
        .collect();
    let mut claimed = BTreeMap::new();
    for change in commit.changes.iter().filter(|change| !ends(change)) {
        let next = &change.next;
        let begins = change.expected.is_none();
        if !begins && !found.revived.contains(&next.id) {
            continue;
        }
        let newest = Key::newest(&next.id.service);
        let claim = claim_service(&newest, change, &ending);
        claimed.insert(newest, claim);
        for key in key::owners(next) {
            let mut item = key.attributes();
            item.extend([item::version(VERSION), owner(&next.id)]);
            let action = Action::put(item).on(free(&next.id, &ending));
            claimed.insert(key, action);
        }
    }
    let mut released = BTreeMap::new();
    for change in commit.changes.iter().filter(ends) {
        let id = &change.next.id;
        let newest = Key::newest(&id.service);
        let set_free = Action::update(newest.attributes(), "REMOVE #rollout").on(free(id, &[]));
        released.insert(newest, set_free);
        for key in key::owners(&change.next) {
            let delete = Action::delete(key.attributes()).on(free(id, &[]));
            released.insert(key, delete);
        }
    }
    released.retain(|key, _| !claimed.contains_key(key) && !found.foreign.contains(key));
    parts.extend(claimed.into_values().map(|action| (Part::Claim, action)));
    let released = released.into_iter();
    parts.extend(released.map(|(key, action)| (Part::Release(key), action)));
}

/// The service is claimed in the item that says which rollout is its newest.
fn claim_service(newest: &Key, change: &Change, ending: &[&RolloutId]) -> Action {
    let id = &change.next.id;
    if change.expected.is_some() {
        // It was the newest before, or is older: that does not change.
        let condition = free(id, ending);
        return Action::update(newest.attributes(), "SET #rollout = :owner").on(condition);
    }
    let mut item = newest.attributes();
    item.extend([
        item::version(VERSION),
        owner(id),
        (NUMBER.to_owned(), item::numeric(&id.number)),
    ]);
    let condition = free(id, ending)
        .and("(attribute_not_exists(#number) OR #number < :number)")
        .name("#number", NUMBER)
        .value(":number", item::numeric(&id.number));
    Action::put(item).on(condition)
}

fn owner(id: &RolloutId) -> (String, AttributeValue) {
    (OWNER.to_owned(), AttributeValue::S(id.to_string()))
}

/// Nobody owns the item, or one of these does.
fn free(id: &RolloutId, ending: &[&RolloutId]) -> Condition {
    let mut text = "(attribute_not_exists(#rollout) OR #rollout = :owner".to_owned();
    let mut values = vec![(":owner".to_owned(), owner(id).1)];
    for (n, id) in ending.iter().enumerate() {
        let name = format!(":ending{n}");
        text.push_str(" OR #rollout = ");
        text.push_str(&name);
        values.push((name, owner(id).1));
    }
    text.push(')');
    let condition = Condition::new(text).name("#rollout", OWNER);
    values
        .into_iter()
        .fold(condition, |condition, (name, value)| {
            condition.value(&name, value)
        })
}

enum Answer {
    Made,
    Cancelled(Vec<CancellationReason>),
}

async fn transact(
    client: &Client,
    table: &str,
    parts: &[(Part, Action)],
    token: String,
) -> Result<Answer, Trouble> {
    let items: Result<Vec<TransactWriteItem>, Trouble> = parts
        .iter()
        .map(|(_, action)| action.clone().build(table))
        .collect();
    let sent = client
        .transact_write_items()
        .set_transact_items(Some(items?))
        .client_request_token(token)
        .send()
        .await;
    let Err(error) = sent else {
        return Ok(Answer::Made);
    };
    if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    {
        let reasons = cancelled.cancellation_reasons();
        // One for each action (`TransactionCanceledException`); with fewer nothing can be said of any.
        if reasons.len() == parts.len() {
            return Ok(Answer::Cancelled(reasons.to_vec()));
        }
        return Err(Trouble::passing(
            "TransactWriteItems was cancelled without a reason for each action",
        ));
    }
    Err(trouble("TransactWriteItems", &error))
}

/// What a cancellation means.
enum Meaning {
    /// The commit was made before.
    Made,
    /// It is to be sent again, with this in mind.
    Again(Found),
    Failed(CommitError),
}

/// The precedence is the box's: an event that had its effect, then a head that has moved, then owners.
fn meaning(parts: &[(Part, Action)], reasons: &[CancellationReason], writer: &str) -> Meaning {
    let mut found = Found::default();
    let (mut duplicate, mut moved) = (false, false);
    let mut taken = None;
    let mut troubles = Vec::new();
    for ((part, _), reason) in parts.iter().zip(reasons) {
        let old = reason.item();
        match reason.code() {
            None | Some("None") => continue,
            Some("ConditionalCheckFailed") => {}
            Some(code) => {
                troubles.push(other(code, reason.message()));
                continue;
            }
        }
        if old.and_then(|old| item::optional(old, head::WRITER)) == Some(writer) {
            return Meaning::Made;
        }
        match part {
            Part::Done => duplicate = true,
            Part::Head { id, expected } => {
                if old.is_some_and(|old| expected.is_some() && revision(old) == *expected) {
                    found.revived.insert(id.clone());
                } else {
                    moved = true;
                }
            }
            // A number that is used up, or an entry that is there: somebody else was here.
            Part::Entry | Part::Plan => moved = true,
            Part::Claim => match old.and_then(owner_of) {
                Some(by) => taken = taken.or(Some(by)),
                None => moved = true,
            },
            Part::Release(key) => {
                found.foreign.insert(key.clone());
            }
        }
    }
    if duplicate {
        Meaning::Failed(CommitError::Duplicate)
    } else if moved {
        Meaning::Failed(CommitError::Moved)
    } else if let Some(by) = taken {
        Meaning::Failed(CommitError::Taken(by))
    } else if !troubles.is_empty() {
        let worst = troubles
            .iter()
            .position(|trouble| trouble.chance == Chance::Lasting);
        let trouble = troubles.swap_remove(worst.unwrap_or(0));
        Meaning::Failed(CommitError::Trouble(trouble))
    } else {
        Meaning::Again(found)
    }
}

fn revision(item: &Item) -> Option<u64> {
    item::number(item, head::REVISION).ok()
}

fn owner_of(item: &Item) -> Option<RolloutId> {
    item::optional(item, OWNER).and_then(RolloutId::parse)
}

/// A reason that is not about a condition (`TransactionCanceledException`, "Cancellation reason codes").
fn other(code: &str, message: Option<&str>) -> Trouble {
    let what = format!("TransactWriteItems: {code} {}", message.unwrap_or_default());
    let what = what.trim_end();
    match code {
        // Somebody else's transaction is under way on the same item, or too much is asked of the table at once.
        "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" => {
            Trouble::passing(what)
        }
        _ => Trouble::lasting(what),
    }
}
