//! Heads and plans as items.
//!
//! The head's item holds the document, and beside it what the table itself must see: the revision for conditions,
//! the plan's hash, and `active` and `alarms` for the index. The plan is its text; it is read again by whoever comes
//! next, and kept in the process from then on, because a rollout never changes its plan.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    name::RolloutId,
    plan::{Plan, PlanHash},
    rollout::Rollout,
};
use engine::trouble::Trouble;

use super::{
    item::{self, Item},
    key::Key,
    record,
};

/// The version of a plan's item that is written, and the newest that is read.
const PLAN_VERSION: u64 = 1;

/// The most plans that are kept in the process; a plan's text has at most 256 KiB.
const PLANS_KEPT: usize = 64;

/// The attribute that puts an active rollout's head into the index.
pub(super) const ACTIVE: &str = "active";
/// The ARNs of the alarms that guard a rollout.
pub(super) const ALARMS: &str = "alarms";
/// Counts a head's commits.
pub(super) const REVISION: &str = "revision";
/// The commit that wrote an item.
pub(super) const WRITER: &str = "writer";
/// The hash of the plan that a head runs.
const HASH: &str = "plan";

/// A head as an item; `writer` is the commit that it is part of.
pub(super) fn write(rollout: &Rollout, writer: &str) -> Result<Item, Trouble> {
    let document = record::write(rollout).map_err(|error| {
        Trouble::lasting(format!(
            "the head of {} cannot be kept: {error}",
            rollout.id
        ))
    })?;
    let mut item = Key::head(&rollout.id).attributes();
    item.extend([item::version(record::VERSION)]);
    let text = AttributeValue::S;
    let fields = [
        (REVISION, item::numeric(&rollout.revision)),
        (WRITER, text(writer.to_owned())),
        (HASH, text(rollout.plan.hash.to_string())),
        ("head", text(document)),
        // For people who look at the table.
        ("status", text(rollout.status.name().to_owned())),
    ];
    item.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    if rollout.status.is_active() {
        let arns = rollout.plan.alarms.iter().map(|guard| &guard.arn);
        item.insert(ACTIVE.to_owned(), text("1".to_owned()));
        item.insert(ALARMS.to_owned(), item::list(arns));
    }
    Ok(item)
}

/// An item as a head.
pub(super) fn read(item: &Item, id: &RolloutId, plan: Arc<Plan>) -> Result<Rollout, Trouble> {
    item::check_version(item, record::VERSION)?;
    if item::text(item, HASH)? != plan.hash.to_string() {
        return Err(item::malformed(
            item,
            "was not begun with the plan that is kept beside it",
        ));
    }
    let document = item::text(item, "head")?;
    record::read(document, id.clone(), plan)
        .map_err(|error| item::malformed(item, format!("has a head that cannot be read ({error})")))
}

/// A plan as an item.
pub(super) fn write_plan(rollout: &Rollout) -> Item {
    let mut item = Key::plan(&rollout.id).attributes();
    let text = AttributeValue::S(rollout.plan.text.as_ref().to_owned());
    item.extend([item::version(PLAN_VERSION), ("text".to_owned(), text)]);
    item
}

/// An item as a plan.
fn read_plan(item: &Item) -> Result<Plan, Trouble> {
    item::check_version(item, PLAN_VERSION)?;
    let text = item::text(item, "text")?;
    let checked = plan::parse(text).map_err(|problems| {
        let first = problems.first();
        let why = first.map_or_else(String::new, |problem| format!(" ({problem})"));
        Trouble::lasting(format!(
            "a plan that is being run can no longer be read{why}; deploy the functions that it was started with, \
             and let the rollout end"
        ))
    })?;
    Ok(checked.plan)
}

/// The plans that this process has read.
#[derive(Debug, Default)]
pub(super) struct Plans {
    read: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    plans: BTreeMap<PlanHash, Arc<Plan>>,
    of: BTreeMap<RolloutId, PlanHash>,
}

impl Plans {
    /// A rollout's plan, if it was read before.
    pub(super) fn of(&self, id: &RolloutId) -> Option<Arc<Plan>> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        known.plans.get(known.of.get(id)?).map(Arc::clone)
    }

    /// Reads a rollout's plan, or finds that it is one that was read before, and keeps it.
    pub(super) fn read(&self, id: &RolloutId, item: &Item) -> Result<Arc<Plan>, Trouble> {
        let hash = PlanHash::of(item::text(item, "text")?);
        let known = {
            let known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            known.plans.get(&hash).map(Arc::clone)
        };
        let plan = match known {
            Some(plan) => plan,
            None => Arc::new(read_plan(item)?),
        };
        self.keep(id, &plan);
        Ok(plan)
    }

    /// Keeps a plan that is known already.
    pub(super) fn keep(&self, id: &RolloutId, plan: &Arc<Plan>) {
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        // Many more than are ever active at once; who is forgotten is read again.
        if known.of.len() >= PLANS_KEPT && !known.of.contains_key(id) {
            *known = Known::default();
        }
        known.plans.insert(plan.hash, Arc::clone(plan));
        known.of.insert(id.clone(), plan.hash);
    }
}
