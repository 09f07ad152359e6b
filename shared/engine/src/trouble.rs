//! What can go wrong between us and the world, and whether trying again can help.

use domain::{
    decide::Refusal,
    name::{RolloutId, RouteName},
    time::Timestamp,
};

use crate::close::Closed;

/// A call that did not do what it should, or may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{what}")]
pub struct Trouble {
    /// Whether trying again can help.
    pub chance: Chance,
    /// What went wrong, in the words of whoever answered.
    pub what: String,
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chance {
    /// It can: a time-out, a throttled call, an answer that was lost after its effect.
    Passing,
    /// It cannot: a missing right, something that does not exist.
    Lasting,
}

impl Trouble {
    /// Trying again can help.
    pub fn passing(what: impl Into<String>) -> Self {
        Self {
            chance: Chance::Passing,
            what: what.into(),
        }
    }

    /// Trying again cannot help.
    pub fn lasting(what: impl Into<String>) -> Self {
        Self {
            chance: Chance::Lasting,
            what: what.into(),
        }
    }
}

/// Why a commit was not made, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Somebody else has committed since the head was read: load and decide again.
    #[error("the rollout has moved on since it was read")]
    Moved,
    /// The event's effect is already there.
    #[error("the event has had its effect before")]
    Duplicate,
    /// Another rollout owns the service or one of the routes.
    #[error("{0} owns the service or one of the routes")]
    Taken(RolloutId),
    /// The store did not answer as it should; the commit may have been made.
    #[error("the commit was not answered")]
    Trouble(#[source] Trouble),
}

/// Why a route was not written, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The target refused a write that is older than the newest decision.
    #[error("the target refused the write: it has changed since it was read")]
    Fenced,
    /// The target did not answer as it should; the write may have landed, or may land later.
    #[error("the write was not answered")]
    Trouble(#[source] Trouble),
}

/// Why the engine did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// There is no such rollout.
    #[error("there is no rollout {0}")]
    NotFound(RolloutId),
    /// What was asked for is not done, for a reason that a person can act on.
    #[error("refused")]
    Refused(#[source] Refusal),
    /// Another rollout owns the service or one of the routes.
    #[error("{0} owns the service or one of the routes")]
    Taken(RolloutId),
    /// The store did not answer as it should until the caller's time was up.
    #[error("the store could not be used")]
    Store(#[source] Trouble),
    /// The store did not answer, and the gates that could be found without it were closed, or not: the rollouts
    /// that they belong to have not decided anything yet.
    #[error("the store could not be used; {}", gates(.closed))]
    WithoutStore {
        /// What became of each gate that was found.
        closed: Vec<Closed>,
        /// What is wrong with the store.
        #[source]
        store: Trouble,
    },
    /// The alarms could not be read.
    #[error("the alarms could not be read")]
    Alarms(#[source] Trouble),
    /// The change is committed, but not yet seen in the world; whoever comes next goes on with it.
    #[error("the weights{} were not read back as decided{end}", names(.routes))]
    NotConverged {
        /// The routes that were not, each with why.
        routes: Vec<(RouteName, Trouble)>,
        /// Why it was not tried any longer.
        end: End,
    },
    /// Others kept committing; nothing was done.
    #[error("others kept changing the rollout; nothing was done")]
    Contended,
}

/// Why a change was not tried any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, derive_more::Display)]
pub enum End {
    /// The caller's time was up.
    #[display(" by {_0}")]
    Deadline(Timestamp),
    /// Trying again alone will not help.
    #[display("; trying again will not help until that is mended")]
    Refused,
}

fn gates(gates: &[Closed]) -> String {
    if gates.is_empty() {
        return "no gate was found without it".to_owned();
    }
    let all: Vec<String> = gates
        .iter()
        .map(|gate| match &gate.outcome {
            Ok(()) => format!("{} of {} is closed", gate.route, gate.owner),
            Err(why) => format!("{} of {} is not closed ({why})", gate.route, gate.owner),
        })
        .collect();
    all.join(", ")
}

fn names(routes: &[(RouteName, Trouble)]) -> String {
    if routes.is_empty() {
        return String::new();
    }
    let all: Vec<String> = routes
        .iter()
        .map(|(route, why)| format!("{route} ({why})"))
        .collect();
    format!(" of {}", all.join(", "))
}
