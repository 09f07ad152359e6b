//! The ledger: what happened to a rollout, append-only and chained by hashes.
//!
//! Every message is made from it, and every change of weight is in it: who or what, why, on what
//! evidence, before and after. The hash is taken over [`Line`], the flat form that is exported, so that a
//! ledger can be verified from the file alone.

pub mod export;
mod fact;
mod stall;

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

pub use fact::{AfterFailure, Fact, Mute, Shown, Spent, Terms};
pub use stall::Stall;

use crate::{
    judge::Finding,
    name::{AlarmArn, Person, RolloutId},
    time::Timestamp,
    traffic::{Epoch, Weights},
};

/// Who or what did something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A person.
    Person(Person),
    /// An alarm.
    Alarm(AlarmArn),
    /// Tidegate itself, by the plan.
    Plan,
    /// Somebody unknown, who wrote to a route.
    Stranger,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => write!(f, "{person}"),
            Self::Alarm(arn) => write!(f, "alarm {}", crate::rollout::alarm_name(arn)),
            Self::Plan => write!(f, "tidegate"),
            Self::Stranger => write!(f, "somebody else"),
        }
    }
}

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Counts from 1 without gaps.
    pub seq: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// The epoch after it.
    pub epoch: Epoch,
    /// Who or what.
    pub actor: Actor,
    /// What.
    pub fact: Fact,
    /// On what evidence.
    pub evidence: Vec<Finding>,
    /// The desired weights before.
    pub before: Weights,
    /// The desired weights after.
    pub after: Weights,
    /// The hash of the entry before it; for the first, of [the beginning](Chain::of).
    pub previous: Hash,
    /// The hash of this entry.
    pub hash: Hash,
}

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for digit in self.digits() {
            f.write_char(digit.into())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Hash {
    fn digits(self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0xf)];
        }
        digits
    }

    /// Whether a text is this hash as it is written.
    fn is(self, text: &str) -> bool {
        text.as_bytes() == self.digits()
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            if !pair
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
            {
                return None;
            }
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

/// The end of a ledger: what the next entry is chained to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Chain {
    /// The last entry's number; 0 if there is none.
    pub seq: u64,
    /// The last entry's hash; [the beginning's](Self::of) if there is none.
    pub hash: Hash,
}

/// `31:2453ed02…`, as a person carries it from a head to a file.
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// An entry before it is chained.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Draft {
    /// See [`Entry::epoch`].
    pub epoch: Epoch,
    /// See [`Entry::actor`].
    pub actor: Actor,
    /// See [`Entry::fact`].
    pub fact: Fact,
    /// See [`Entry::evidence`].
    pub evidence: Vec<Finding>,
    /// See [`Entry::before`].
    pub before: Weights,
    /// See [`Entry::after`].
    pub after: Weights,
}

impl Chain {
    /// The beginning of a rollout's ledger. Its hash is the rollout's alone, so that one rollout's ledger
    /// cannot be passed off as another's.
    #[must_use]
    pub fn of(rollout: &RolloutId) -> Self {
        let text = format!("tidegate ledger of {rollout}");
        Self {
            seq: 0,
            hash: Hash(Sha256::digest(text).into()),
        }
    }

    /// Reads what [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (seq, hash) = text.split_once(':')?;
        let chain = Self {
            seq: seq.parse().ok()?,
            hash: Hash::parse(hash)?,
        };
        (chain.to_string() == text).then_some(chain)
    }

    /// Appends an entry.
    pub fn append(&mut self, draft: Draft, at: Timestamp) -> Entry {
        let mut entry = Entry {
            seq: self.seq.saturating_add(1),
            at,
            epoch: draft.epoch,
            actor: draft.actor,
            fact: draft.fact,
            evidence: draft.evidence,
            before: draft.before,
            after: draft.after,
            previous: self.hash,
            hash: Hash::default(),
        };
        entry.hash = entry.line().digest();
        self.seq = entry.seq;
        self.hash = entry.hash;
        entry
    }
}

impl Entry {
    /// The flat form.
    #[must_use]
    pub fn line(&self) -> Line {
        Line {
            seq: self.seq,
            at: self.at.to_string(),
            epoch: self.epoch.0,
            actor: self.actor.to_string(),
            kind: self.fact.kind().to_owned(),
            what: self.fact.to_string(),
            evidence: self.evidence.iter().map(ToString::to_string).collect(),
            before: weights_text(&self.before),
            after: weights_text(&self.after),
            previous: self.previous.to_string(),
            hash: self.hash.to_string(),
        }
    }
}

fn weights_text(weights: &Weights) -> String {
    let routes: Vec<String> = weights
        .iter()
        .map(|(route, weight)| format!("{route}={weight}"))
        .collect();
    routes.join(" ")
}

/// An entry as text: what is exported, and what the hash is taken over.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Line {
    /// See [`Entry::seq`].
    pub seq: u64,
    /// RFC 3339, UTC.
    pub at: String,
    /// See [`Entry::epoch`].
    pub epoch: u64,
    /// See [`Entry::actor`].
    pub actor: String,
    /// The fact's short name.
    pub kind: String,
    /// The fact in words.
    pub what: String,
    /// Each finding in words.
    pub evidence: Vec<String>,
    /// `route=weight`, separated by spaces.
    pub before: String,
    /// `route=weight`, separated by spaces.
    pub after: String,
    /// Hexadecimal.
    pub previous: String,
    /// Hexadecimal.
    pub hash: String,
}

impl Line {
    /// The hash that the line should have: SHA-256 over every other field, each with its length before it.
    #[must_use]
    pub fn digest(&self) -> Hash {
        let mut hasher = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        field(&self.seq.to_be_bytes());
        field(&self.epoch.to_be_bytes());
        for text in [
            &self.at,
            &self.actor,
            &self.kind,
            &self.what,
            &self.before,
            &self.after,
            &self.previous,
        ] {
            field(text.as_bytes());
        }
        field(&(self.evidence.len() as u64).to_be_bytes());
        for finding in &self.evidence {
            field(finding.as_bytes());
        }
        Hash(hasher.finalize().into())
    }
}

/// Where a ledger is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An entry is missing, or out of order.
    #[error("entry {expected} is missing: entry {found} stands in its place")]
    Gap {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// An entry does not follow from the one before it.
    #[error("entry {0} does not follow from the entry before it")]
    Unchained(u64),
    /// The first entry belongs to something else.
    #[error("entry 1 does not begin the ledger of this rollout")]
    Foreign,
    /// An entry was changed.
    #[error("entry {0} was changed: its hash is another")]
    Changed(u64),
    /// Entries are missing at the end, or too many.
    #[error("the ledger ends at entry {found}, it should end at entry {expected}")]
    Truncated {
        /// Where it should end.
        expected: u64,
        /// Where it ends.
        found: u64,
    },
    /// The chain holds, and is not the one that it should be.
    #[error("entry {0} does not have the hash that the ledger should end with")]
    Rewritten(u64),
}

impl Chain {
    /// Goes on to the next entry, if that is what it says it is.
    fn follow(&mut self, line: &Line) -> Result<(), Broken> {
        let expected = self.seq.saturating_add(1);
        if line.seq != expected {
            let found = line.seq;
            return Err(Broken::Gap { expected, found });
        }
        if !self.hash.is(&line.previous) {
            return Err(match line.seq {
                1 => Broken::Foreign,
                seq => Broken::Unchained(seq),
            });
        }
        let hash = line.digest();
        if !hash.is(&line.hash) {
            return Err(Broken::Changed(line.seq));
        }
        *self = Self {
            seq: line.seq,
            hash,
        };
        Ok(())
    }

    /// Compares with the end that a ledger should have.
    fn ends_at(self, end: Self) -> Result<(), Broken> {
        if self.seq != end.seq {
            return Err(Broken::Truncated {
                expected: end.seq,
                found: self.seq,
            });
        }
        if self.hash != end.hash {
            return Err(Broken::Rewritten(end.seq));
        }
        Ok(())
    }
}

/// Verifies the lines that follow from `start`, against their end where that is known from elsewhere.
pub fn verify<'a>(
    start: Chain,
    lines: impl IntoIterator<Item = &'a Line>,
    end: Option<Chain>,
) -> Result<Chain, Broken> {
    let mut chain = start;
    for line in lines {
        chain.follow(line)?;
    }
    if let Some(end) = end {
        chain.ends_at(end)?;
    }
    Ok(chain)
}
