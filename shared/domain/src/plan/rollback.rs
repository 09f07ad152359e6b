//! How traffic goes back.

use crate::{name::HookName, time::SignedDuration};

/// How traffic goes back, and what is done about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RollbackPolicy {
    /// The time by which traffic must be back; missed, people are told louder.
    pub within: SignedDuration,
    /// How long the canary's targets get to finish what they are doing: the deregistration delay that
    /// is set on the canary after traffic has gone, if one is given.
    pub drain: Option<SignedDuration>,
    /// Run after traffic is back, in order.
    pub hooks: Vec<HookName>,
}

impl Default for RollbackPolicy {
    fn default() -> Self {
        Self {
            within: SignedDuration::from_mins(5),
            drain: None,
            hooks: Vec::new(),
        }
    }
}
