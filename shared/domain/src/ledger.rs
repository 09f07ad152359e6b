//! The ledger: what happened to a rollout, append-only and chained by hashes.
//!
//! Every message is made from it, and every change of weight is in it: who or what, why, on what
//! evidence, before and after. The hash is taken over [`Line`], the flat form that is exported, so that a
//! ledger can be verified from the file alone.

mod fact;

use std::fmt;

use sha2::{Digest as _, Sha256};

pub use fact::{AfterFailure, Fact};

use crate::{
    judge::Finding,
    name::{AlarmArn, Person},
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
    /// The hash of the entry before it; zeroes for the first.
    pub previous: Hash,
    /// The hash of this entry.
    pub hash: Hash,
}

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
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
    /// The last entry's hash; zeroes if there is none.
    pub hash: Hash,
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
    /// An entry was changed.
    #[error("entry {0} was changed: its hash is another")]
    Changed(u64),
    /// Entries are missing at the end.
    #[error("the ledger ends at entry {found}, it should end at entry {expected}")]
    Truncated {
        /// Where it should end.
        expected: u64,
        /// Where it ends.
        found: u64,
    },
}

/// Verifies a whole ledger against its end, where that is known from elsewhere.
pub fn verify<'a>(
    lines: impl IntoIterator<Item = &'a Line>,
    end: Option<Chain>,
) -> Result<Chain, Broken> {
    let mut chain = Chain::default();
    for line in lines {
        let expected = chain.seq.saturating_add(1);
        if line.seq != expected {
            return Err(Broken::Gap {
                expected,
                found: line.seq,
            });
        }
        if line.previous != chain.hash.to_string() {
            return Err(Broken::Unchained(line.seq));
        }
        let hash = line.digest();
        if line.hash != hash.to_string() {
            return Err(Broken::Changed(line.seq));
        }
        chain = Chain {
            seq: line.seq,
            hash,
        };
    }
    match end {
        Some(end) if end.seq != chain.seq => Err(Broken::Truncated {
            expected: end.seq,
            found: chain.seq,
        }),
        Some(end) if end.hash != chain.hash => Err(Broken::Changed(end.seq)),
        Some(_) | None => Ok(chain),
    }
}
