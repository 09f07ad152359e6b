//! What goes to `control` and what comes back: records of JSON with a version, and what they mean.
//!
//! A request is read strictly, because what is misspelt must not be half done. An answer is read leniently,
//! because the function may be newer than the command and say more.

mod command;
mod read;
pub mod view;

use domain::{ledger, name::Person};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use command::Asked;
pub use read::{Digest, read};

use crate::caller::Proof;

/// The version of the records.
pub const VERSION: u32 = 1;

/// Who asks when nobody can be proved to.
#[must_use]
pub fn anybody() -> Person {
    Person::new("someone who may invoke control")
}

/// What is asked of `control`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// [`VERSION`].
    pub version: u32,
    /// What makes the request one request, however often it is sent: a UUID.
    pub key: String,
    /// Who asks.
    #[serde(default)]
    pub caller: Option<Proof>,
    /// For what.
    #[serde(rename = "do")]
    pub what: Do,
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Do {
    /// Start a rollout.
    Start {
        /// The plan's text.
        plan: String,
        /// Whether an active rollout of the service is taken over from.
        #[serde(default)]
        supersede: bool,
        /// Why to start although alarms are not as they should be.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Ask something of a rollout.
    Ask {
        /// `shop#7`, or `shop` for its newest.
        rollout: String,
        /// What.
        command: Asked,
    },
    /// Where a rollout stands.
    Status {
        /// `shop#7`, or `shop` for its newest.
        rollout: String,
    },
    /// The active rollouts.
    List {
        /// Every rollout of this service instead, the newest first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<String>,
    },
    /// A rollout's ledger.
    History {
        /// `shop#7`, or `shop` for its newest.
        rollout: String,
    },
    /// Whether a plan could be started: what it names, as the functions see it with their rights.
    Doctor {
        /// The plan's text.
        plan: String,
    },
}

impl Do {
    /// Whether nothing is changed by it.
    #[must_use]
    pub const fn only_reads(&self) -> bool {
        match self {
            Self::Start { .. } | Self::Ask { .. } => false,
            Self::Status { .. }
            | Self::List { .. }
            | Self::History { .. }
            | Self::Doctor { .. } => true,
        }
    }

    /// Whether whoever may invoke `control` may have it done, whoever that is: it reads, or it makes things safer.
    #[must_use]
    pub const fn needs_no_name(&self) -> bool {
        match self {
            Self::Ask { command, .. } => command.makes_safer(),
            Self::Start { .. } => false,
            Self::Status { .. }
            | Self::List { .. }
            | Self::History { .. }
            | Self::Doctor { .. } => true,
        }
    }

    /// What it is called in a log.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Ask { command, .. } => command.verb(),
            Self::Status { .. } => "status",
            Self::List { .. } => "list",
            Self::History { .. } => "history",
            Self::Doctor { .. } => "doctor",
        }
    }
}

/// What `control` answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// [`VERSION`].
    pub version: u32,
    /// Whether it was done.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Whether it was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was.
    Ok(Box<Done>),
    /// It was not.
    Error(Failure),
}

/// What was done, or found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// A rollout was started, or did what was asked.
    Changed(Changed),
    /// Where a rollout stands.
    Status(view::View),
    /// Rollouts.
    List {
        /// Each in a line.
        rollouts: Vec<view::Brief>,
    },
    /// A ledger.
    History {
        /// Whose.
        rollout: String,
        /// Its entries.
        entries: Vec<Entry>,
        /// `<seq>:<hash>` as the head has it.
        end: String,
    },
    /// What was found of what a plan names.
    Doctor {
        /// Each with what is wrong.
        checks: Vec<Check>,
    },
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// Whose it is: `shop#7`.
    pub rollout: String,
    /// Where the rollout stands now; none if it could not be read again.
    pub status: Option<view::View>,
    /// Whether the weights were read back as decided. What was decided is durable either way.
    pub converged: bool,
    /// Why not.
    #[serde(default)]
    pub why: Option<String>,
    /// Who asked, as it stands in the ledger.
    pub by: String,
    /// What should be known besides: warnings about the plan, a name that could not be proved.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// An entry of a ledger: [`ledger::Line`] as a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the line's")]
pub struct Entry {
    pub seq: u64,
    pub at: String,
    pub epoch: u64,
    pub actor: String,
    pub kind: String,
    pub what: String,
    pub evidence: Vec<String>,
    pub before: String,
    pub after: String,
    pub previous: String,
    pub hash: String,
}

impl From<ledger::Line> for Entry {
    fn from(line: ledger::Line) -> Self {
        Self {
            seq: line.seq,
            at: line.at,
            epoch: line.epoch,
            actor: line.actor,
            kind: line.kind,
            what: line.what,
            evidence: line.evidence,
            before: line.before,
            after: line.after,
            previous: line.previous,
            hash: line.hash,
        }
    }
}

impl From<Entry> for ledger::Line {
    fn from(entry: Entry) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at,
            epoch: entry.epoch,
            actor: entry.actor,
            kind: entry.kind,
            what: entry.what,
            evidence: entry.evidence,
            before: entry.before,
            after: entry.after,
            previous: entry.previous,
            hash: entry.hash,
        }
    }
}

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What: `route web`, `alarm shop-broken`.
    pub what: String,
    /// How it is.
    pub health: Health,
    /// In words.
    pub says: String,
}

/// How something is that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// As it should be.
    Good,
    /// It can be gone on with.
    Doubtful,
    /// A start would fail.
    Bad,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind of reason.
    pub kind: FailureKind,
    /// In words, for a person.
    pub message: String,
    /// What is wrong with the plan, each as `tidegate validate --json` prints it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Value>,
}

/// What kind of reason there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// It is not done where the rollout stands, for a reason that a person can act on.
    Refused,
    /// There is no such rollout.
    NotFound,
    /// Another rollout owns the service or one of the routes.
    Taken,
    /// The plan has errors.
    InvalidPlan,
    /// The store did not answer: it may have been done, and asking again with the same key is safe.
    Store,
    /// The alarms could not be read.
    Alarms,
    /// A route of the plan is not there, or may not be read; nothing was done.
    Routes,
    /// Others kept changing the rollout; nothing was done.
    Contended,
    /// It could not be proved who asks.
    Caller,
    /// The request is of another version.
    Version,
    /// The request is none.
    Malformed,
    /// A kind that this version does not know.
    #[serde(other)]
    Other,
}

impl Failure {
    /// A reason in words.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            problems: Vec::new(),
        }
    }
}

impl Answer {
    /// It was done.
    #[must_use]
    pub fn ok(done: Done) -> Self {
        Self {
            version: VERSION,
            outcome: Outcome::Ok(Box::new(done)),
        }
    }

    /// It was not.
    #[must_use]
    pub const fn error(failure: Failure) -> Self {
        Self {
            version: VERSION,
            outcome: Outcome::Error(failure),
        }
    }
}

/// What `control` reads of the store besides what the engine needs.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Archive {
    /// A rollout's ledger, from its first entry.
    async fn ledger(
        &self,
        id: &domain::name::RolloutId,
    ) -> Result<Vec<ledger::Line>, engine::trouble::Trouble>;

    /// Every rollout of a service, the newest first, or the active ones of all.
    async fn rollouts(
        &self,
        service: Option<&domain::name::ServiceName>,
    ) -> Result<Vec<domain::rollout::Rollout>, engine::trouble::Trouble>;
}

#[cfg(test)]
mod tests;
