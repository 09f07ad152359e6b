//! Heads of ledgers as a file: how far each ledger went at a time, and its hash there, kept where nobody changes it.
//!
//! ```text
//! {"type":"head","rollout":"shop#7","seq":31,"hash":"…","at":"2026-01-12T16:00:23.5Z"}
//! ```
//!
//! A ledger that is cut off behind an entry and chained anew verifies by itself; it does not fit a head from before.

use super::{
    super::{Chain, Hash, Line},
    Refused, Why, lines, refused,
    spelling::{self, Reading, Writing},
};
use crate::name::RolloutId;

/// How far a ledger went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Whose ledger.
    pub rollout: RolloutId,
    /// Its end then.
    pub end: Chain,
    /// When its last entry was made, as the entry says it.
    pub at: String,
}

/// A line for each head.
#[must_use]
pub fn write(heads: &[Head]) -> String {
    heads.iter().map(line).collect()
}

fn line(head: &Head) -> String {
    Writing::object("head")
        .text("rollout", &head.rollout.to_string())
        .number("seq", head.end.seq)
        .text("hash", &head.end.hash.to_string())
        .text("at", &head.at)
        .end()
}

/// Reads what [`write`](fn@write) writes.
pub fn read(file: &[u8]) -> Result<Vec<Head>, Refused> {
    let numbered = lines(file).zip(1..);
    let heads = numbered.map(|(line, number)| {
        let head = spelling::line(line).and_then(head);
        head.map_err(|why| refused(number, why))
    });
    heads.collect()
}

fn head(line: &str) -> Result<Head, Why> {
    let mut object = Reading::object(line, "head")?;
    let name = object.text("rollout")?;
    let seq = object.number("seq")?;
    let hash = object.text("hash")?;
    let at = object.text("at")?;
    object.end()?;
    let rollout = RolloutId::parse(&name).ok_or(Why::Name(name))?;
    let hash = Hash::parse(&hash).ok_or(Why::Hash(hash))?;
    Ok(Head {
        rollout,
        end: Chain { seq, hash },
        at,
    })
}

/// What a ledger says against a head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Against {
    /// It has fewer entries: some were cut off.
    #[error("the ledger ends at entry {has}, and on {at} it had {had}: something was cut off")]
    Short {
        /// How many it has.
        has: u64,
        /// How many it had.
        had: u64,
        /// When.
        at: String,
    },
    /// It has another entry there: it was written anew.
    #[error("entry {seq} is not the one that was there on {at}: the ledger was written anew")]
    Other {
        /// Which entry.
        seq: u64,
        /// When it was another.
        at: String,
    },
}

impl Head {
    /// Whether a ledger of this rollout, which has verified, went through this head.
    pub fn fits(&self, ledger: &[Line]) -> Result<(), Against> {
        let at = || self.at.clone();
        let has = ledger.last().map_or(0, |line| line.seq);
        if has < self.end.seq {
            let had = self.end.seq;
            return Err(Against::Short { has, had, at: at() });
        }
        let hash = match ledger.iter().find(|line| line.seq == self.end.seq) {
            Some(line) => line.hash.clone(),
            None => Chain::of(&self.rollout).hash.to_string(),
        };
        if hash == self.end.hash.to_string() {
            return Ok(());
        }
        let seq = self.end.seq;
        Err(Against::Other { seq, at: at() })
    }
}
