//! Hooks: effects outside Tidegate, declared by name.

use super::gate::Otherwise;
use crate::time::SignedDuration;

/// An effect outside Tidegate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hook {
    /// What is run.
    pub run: HookTarget,
    /// How long one run may take.
    pub timeout: SignedDuration,
    /// How often it is tried before it has failed; at least 1.
    pub attempts: u32,
    /// What a failure does.
    pub on_failure: HookFailure,
}

/// What a hook runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HookTarget {
    /// A Lambda function, by name or ARN.
    Lambda(String),
    /// A web hook, by URL; it is signed.
    Webhook(String),
    /// A Systems Manager automation document, by name.
    Ssm(String),
}

/// What a hook's failure does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookFailure {
    /// As if a gate had failed.
    Gate(Otherwise),
    /// It is written down, and the rollout goes on.
    Ignore,
}
