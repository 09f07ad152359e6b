//! Decision links: which codes were tried on one, and what became of its answers.

use domain::time::Timestamp;
use engine::trouble::Trouble;
use token::{TokenId, answer::Settled, code::Guess};

/// What is kept of a link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkRecord {
    /// How many different codes were tried, right and wrong.
    pub tries: u32,
    /// What became of the newest answer that something became of.
    pub settled: Option<Settled>,
}

/// Whether a code may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// It is counted, now or when it came before.
    Taken {
        /// How many other codes may be tried after it.
        left: u32,
    },
    /// So many codes were tried that none is looked at any more.
    Locked,
}

/// Where links are kept.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Links {
    /// What is kept of a link, strongly consistent; of one that nobody has used, nothing.
    async fn read(&self, id: &TokenId) -> Result<LinkRecord, Trouble>;

    /// Counts a guess before anybody compares it. The same guess is counted once, so that an answer that comes again is
    /// no other try; and one that was counted stays good when the link is locked by others.
    async fn take_try(
        &self,
        id: &TokenId,
        guess: Guess,
        expires: Timestamp,
    ) -> Result<Try, Trouble>;

    /// Writes down what became of an answer.
    async fn settle(&self, id: &TokenId, settled: &Settled) -> Result<(), Trouble>;
}
