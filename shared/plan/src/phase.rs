//! Phases and the watch after them.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    name::{GroupName, HookName, ItemName, PhaseName, RouteName},
    plan::{
        ROUTES_MAX,
        gate::{Approval, ChecklistItem, Condition, GateLimits, Otherwise},
        phase::{Phase, Watch},
    },
    time::SignedDuration,
    traffic::{Weight, Weights},
};

use crate::{
    decode::{At, List, Named, Slot},
    guard::{Conditions, entries},
    leaf::{Text, Whole, at_least, plain_name, spell},
    names::Names,
    people::ApprovalText,
    problem::{Code, Fault, Place, Report, quote},
    record::record,
};

/// The most items of a checklist.
const ITEMS_MAX: usize = 64;
/// The most hooks in one place.
pub(crate) const HOOKS_MAX: usize = 16;

record! {
    /// Weights to hold, how long to bake, and what must be true to go on.
    PhaseText as "a phase", one of ["weight", "weights"] {
        /// Its name, unique in the plan.
        required name: PhaseName,
        /// The canary's share of every route.
        optional weight: Weight,
        /// The canary's share of each route that is named; the others keep theirs from the phase before, which is 0% at the start.
        optional weights: Named<RouteName, Weight, 1, ROUTES_MAX>,
        /// The least time at these weights; the clock starts when they are in effect.
        required bake: SignedDuration,
        /// The time after which the phase is overdue and a person is asked.
        optional within: SignedDuration,
        /// What must be true to go on: all of it.
        optional require: Conditions,
        /// What sends traffic back at once: any of it.
        optional rollback: Conditions,
        /// How much failing of `require` is borne.
        optional limits: LimitsText,
        /// Who must agree to go on.
        optional approval: ApprovalText,
        /// What a named person must confirm to go on.
        optional checklist: List<ItemText, 1, ITEMS_MAX>,
        /// Hooks that run before the weights are set.
        optional before: List<HookName, 0, HOOKS_MAX>,
        /// Hooks that run when every other gate has passed, before going on.
        optional after: List<HookName, 0, HOOKS_MAX>,
    }
}

record! {
    /// How much failing of `require` is borne; each condition is measured once a minute and counted by itself.
    LimitsText as "`limits`" {
        /// The most failed measurements of one condition in the phase.
        optional failures: Whole<0, 100_000>,
        /// The most failed measurements of one condition in a row.
        optional consecutive_failures: Whole<0, 100_000>,
        /// The most measurements in a row that could not be made.
        optional errors: Whole<0, 100_000>,
        /// How many measurements in a row of every condition must pass before the gate opens.
        default("1") passes: Whole<1, 1440>,
        /// What happens when a limit is passed.
        default("hold") then: Otherwise,
    }
}

record! {
    /// Something that a named person confirms.
    ItemText as "an item of a checklist", short text {
        /// Its short name; without one it is made from the text.
        optional name: ItemName,
        /// What is confirmed.
        required text: Text<300>,
    }
}

record! {
    /// What is watched after 100 %, with stable still there to go back to.
    WatchText as "`watch`", short r#for {
        /// How long.
        required r#for: SignedDuration,
        /// What must be true at its end.
        optional require: Conditions,
        /// What sends traffic back at once.
        optional rollback: Conditions,
    }
}

/// The conditions of a list, without their places.
#[expect(
    clippy::ref_option,
    reason = "a slot is a field of a record, and is lent as it is"
)]
fn conditions(list: &Slot<Conditions>) -> Vec<Condition> {
    entries(list).map(|at| at.value.condition()).collect()
}

impl WatchText {
    /// The watch, if it is whole.
    pub(crate) fn watch(&self) -> Option<Watch> {
        Some(Watch {
            lasts: self.r#for.as_ref()?.value,
            require: conditions(&self.require),
            rollback: conditions(&self.rollback),
        })
    }
}

impl PhaseText {
    /// The phase at these weights, if it is whole.
    pub(crate) fn phase(
        &self,
        weights: &Weights,
        names: &Names,
        report: &mut Report,
    ) -> Option<Phase> {
        self.check_times(report);
        for hook in entries(&self.before).chain(entries(&self.after)) {
            names.hook(hook, report);
        }
        let approval = self.approval.as_ref().map(|at| approval(at, names, report));
        Some(Phase {
            weights: weights.clone(),
            require: conditions(&self.require),
            rollback: conditions(&self.rollback),
            limits: self
                .limits
                .as_ref()
                .map(|at| at.value.limits())
                .unwrap_or_default(),
            approval: approval.flatten(),
            checklist: self.items(report),
            before: entries(&self.before).map(|at| at.value.clone()).collect(),
            after: entries(&self.after).map(|at| at.value.clone()).collect(),
            name: self.name.as_ref()?.value.clone(),
            bake: self.bake.as_ref()?.value,
            within: self.within.as_ref().map(|at| at.value),
        })
    }

    /// What to point at when the phase is meant: its name.
    pub(crate) fn heading(&self, at: &At<Self>) -> Place {
        let name = self.name.as_ref().map(|name| name.place.span);
        Place {
            path: Arc::clone(&at.heading.path),
            span: name.unwrap_or(at.heading.span),
        }
    }

    /// What to point at when its weights are meant.
    pub(crate) fn weights_heading<'a>(&'a self, at: &'a At<Self>) -> &'a Place {
        let weight = self.weight.as_ref().map(|weight| &weight.place);
        let weights = self.weights.as_ref().map(|weights| &weights.heading);
        weight.or(weights).unwrap_or(&at.heading)
    }

    /// Whether all of its weights could be read.
    pub(crate) fn has_weights(&self) -> bool {
        let each = |named: &At<Named<RouteName, Weight, 1, ROUTES_MAX>>| {
            named.value.0.iter().all(|(_, weight)| weight.is_some())
        };
        self.weight.is_some() || self.weights.as_ref().is_some_and(each)
    }

    /// The weight of every route, each checked against what its target can express; routes that are not
    /// named keep theirs from the phase before.
    pub(crate) fn weights(&self, before: Weights, names: &Names, report: &mut Report) -> Weights {
        let mut weights = before;
        if let Some(weight) = &self.weight {
            for route in names.routes() {
                names.check_weight(route, weight, report);
                weights.set(route.clone(), weight.value);
            }
        }
        for (route, weight) in self.weights.iter().flat_map(|named| &named.value.0) {
            if !names.route(route, report) {
                continue;
            }
            if let Some(weight) = weight {
                names.check_weight(&route.value, weight, report);
                weights.set(route.value.clone(), weight.value);
            }
        }
        weights
    }

    fn check_times(&self, report: &mut Report) {
        if let (Some(bake), Some(within)) = (&self.bake, &self.within)
            && within.value < bake.value
        {
            let fault = Fault::new(
                Code::OverdueAtOnce,
                format!(
                    "the phase is overdue after {} and may not end before {}",
                    quote(&spell(within.value)),
                    quote(&spell(bake.value))
                ),
                "a time that is longer than `bake`",
                format!(
                    "write `within: {}` or longer",
                    spell(bake.value + bake.value)
                ),
            );
            report.error(&within.place, fault);
        }
    }

    fn items(&self, report: &mut Report) -> Vec<ChecklistItem> {
        let mut seen = BTreeSet::new();
        let mut items = Vec::new();
        for (n, item) in entries(&self.checklist).enumerate() {
            let Some(text) = &item.value.text else {
                continue;
            };
            let name = match &item.value.name {
                Some(name) => Some(name.value.clone()),
                None => ItemName::new(&plain_name(&text.value.0))
                    .or_else(|_| ItemName::new(&format!("item-{}", n + 1)))
                    .ok(),
            };
            let Some(name) = name else {
                continue;
            };
            if !seen.insert(name.clone()) {
                let fault = Fault::new(
                    Code::Repeated,
                    format!("there is an item {} already", quote(name.as_str())),
                    "a name for each item",
                    "write it as `{ name: …, text: … }` with another name",
                );
                report.error(&item.place, fault);
            }
            items.push(ChecklistItem {
                name,
                text: text.value.0.clone(),
            });
        }
        items
    }
}

impl LimitsText {
    fn limits(&self) -> GateLimits {
        let usual = GateLimits::default();
        GateLimits {
            failures: self.failures.as_ref().map(|at| at.value.small()),
            consecutive_failures: self
                .consecutive_failures
                .as_ref()
                .map(|at| at.value.small()),
            errors: self.errors.as_ref().map(|at| at.value.small()),
            then: self.then.as_ref().map_or(usual.then, |at| at.value),
            passes: self
                .passes
                .as_ref()
                .map_or(usual.passes, |at| at.value.small()),
        }
    }
}

fn approval(written: &At<ApprovalText>, names: &Names, report: &mut Report) -> Option<Approval> {
    let ApprovalText {
        from: Some(from),
        needed: Some(needed),
        expires,
        otherwise: Some(otherwise),
        four_eyes: Some(four_eyes),
    } = &written.value
    else {
        return None;
    };
    if let Some(expires) = expires {
        at_least(expires, SignedDuration::from_mins(1), report);
    }
    let groups: Vec<GroupName> = from
        .value
        .0
        .iter()
        .map(|group| group.value.clone())
        .collect();
    let known = from
        .value
        .0
        .iter()
        .filter(|group| names.group(group, report))
        .count();
    let people = names.people(&groups);
    let needed = needed.value.small();
    let readable = known == groups.len() && !report.mentions_part("groups.");
    if readable && people < usize::try_from(needed).unwrap_or(usize::MAX) {
        let fault = Fault::new(
            Code::TooFewPeople,
            format!("of {needed} people who are needed the groups have {people}"),
            "groups with at least as many people as are needed",
            "add people to the groups, or lower `needed`",
        );
        report.error(&written.heading, fault);
    }
    Some(Approval {
        from: groups,
        needed,
        expires: expires.as_ref().map(|at| at.value),
        otherwise: otherwise.value,
        four_eyes: four_eyes.value,
    })
}
