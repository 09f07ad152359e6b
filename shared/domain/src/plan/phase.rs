//! Phases: weights to hold, how long, and what must be true to go on.

use super::gate::{Approval, ChecklistItem, Condition, GateLimits};
use crate::{
    name::{HookName, PhaseName},
    time::SignedDuration,
    traffic::Weights,
};

/// Weights to hold, how long to bake, what must be true to go on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phase {
    /// Its name, unique in the plan.
    pub name: PhaseName,
    /// The weight of every route.
    pub weights: Weights,
    /// The least time at these weights, from when they are in effect.
    pub bake: SignedDuration,
    /// Overdue after this, from when they are in effect: a person is asked.
    pub within: Option<SignedDuration>,
    /// What must be true to go on.
    pub require: Vec<Condition>,
    /// What sends traffic back at once.
    pub rollback: Vec<Condition>,
    /// How much failing of `require` is borne.
    pub limits: GateLimits,
    /// Who must agree to go on.
    pub approval: Option<Approval>,
    /// What a named person must have confirmed to go on.
    pub checklist: Vec<ChecklistItem>,
    /// Run before the weights are set.
    pub before: Vec<HookName>,
    /// Run when every other gate has passed, before going on.
    pub after: Vec<HookName>,
}

/// After 100 %: what is watched, and how long, with stable still there to go back to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Watch {
    /// How long.
    pub lasts: SignedDuration,
    /// What must be true at its end.
    pub require: Vec<Condition>,
    /// What sends traffic back at once.
    pub rollback: Vec<Condition>,
}
