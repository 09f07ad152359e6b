//! A ledger as a file: one JSON object in a line, and one spelling for each.
//!
//! ```text
//! {"type":"ledger","version":1,"rollout":"shop#7"}
//! {"type":"entry","seq":1,"at":"2026-01-12T16:00:23.5Z","epoch":1,…,"previous":"…","hash":"…"}
//! {"type":"end","seq":1,"hash":"…"}
//! ```
//!
//! Keys have one order, nothing stands between them, and nothing is escaped that need not be. What is spelt in
//! another way is refused, so there is no byte that can be changed without being noticed: it is part of the
//! spelling, or of something that is hashed, or of a hash.
//!
//! The last line is the ledger's end, without which a file is incomplete. Whoever cuts entries off and writes a
//! new last line is found only by an end that is known from elsewhere: the rollout's head has it.

pub mod heads;
mod spelling;

use super::{Broken, Chain, Hash, Line};
use crate::name::RolloutId;
use spelling::{Reading, Writing};

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u64 = 1;

/// A ledger as a file.
#[must_use]
pub fn write(rollout: &RolloutId, lines: &[Line]) -> String {
    let mut text = Writing::object("ledger")
        .number("version", VERSION)
        .text("rollout", &rollout.to_string())
        .end();
    text.extend(lines.iter().map(entry));
    let (seq, hash) = lines.last().map_or_else(
        || (0, Chain::of(rollout).hash.to_string()),
        |line| (line.seq, line.hash.clone()),
    );
    let end = Writing::object("end")
        .number("seq", seq)
        .text("hash", &hash);
    text.push_str(&end.end());
    text
}

/// An entry's line in such a file.
#[must_use]
pub fn entry(line: &Line) -> String {
    Writing::object("entry")
        .number("seq", line.seq)
        .text("at", &line.at)
        .number("epoch", line.epoch)
        .text("actor", &line.actor)
        .text("kind", &line.kind)
        .text("what", &line.what)
        .texts("evidence", &line.evidence)
        .text("before", &line.before)
        .text("after", &line.after)
        .text("previous", &line.previous)
        .text("hash", &line.hash)
        .end()
}

fn read_entry(line: &str) -> Result<Line, Why> {
    let mut object = Reading::object(line, "entry")?;
    let line = Line {
        seq: object.number("seq")?,
        at: object.text("at")?,
        epoch: object.number("epoch")?,
        actor: object.text("actor")?,
        kind: object.text("kind")?,
        what: object.text("what")?,
        evidence: object.texts("evidence")?,
        before: object.text("before")?,
        after: object.text("after")?,
        previous: object.text("previous")?,
        hash: object.text("hash")?,
    };
    object.end()?;
    Ok(line)
}

fn read_rollout(line: &str) -> Result<RolloutId, Why> {
    let Ok(mut object) = Reading::object(line, "ledger") else {
        return Err(Why::NoLedger);
    };
    let version = object.number("version")?;
    if version != VERSION {
        return Err(Why::Version(version));
    }
    let name = object.text("rollout")?;
    object.end()?;
    RolloutId::parse(&name).ok_or(Why::Name(name))
}

fn read_end(line: &str) -> Result<Chain, Why> {
    let mut object = Reading::object(line, "end")?;
    let seq = object.number("seq")?;
    let hash = object.text("hash")?;
    object.end()?;
    let hash = Hash::parse(&hash).ok_or(Why::Broken(Broken::Rewritten(seq)))?;
    Ok(Chain { seq, hash })
}

/// Why a file is not a ledger as it was exported, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}{}: {why}", column_words(*column))]
pub struct Refused {
    /// The line, from 1.
    pub line: usize,
    /// The byte in it, from 1, if it is about a byte.
    pub column: Option<usize>,
    /// Why.
    pub why: Why,
}

fn column_words(column: Option<usize>) -> String {
    column.map_or_else(String::new, |column| format!(":{column}"))
}

/// Why a file is not a ledger as it was exported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Something else stands where the ledger should begin.
    #[error(
        "this is no exported ledger; one begins with {{\"type\":\"ledger\",\"version\":{VERSION},"
    )]
    NoLedger,
    /// Of a format that is not known.
    #[error("this is version {0} of the format; only version {VERSION} can be read")]
    Version(u64),
    /// The rollout's name is no name.
    #[error("`{0}` is no rollout; one is written <service>#<number>")]
    Name(String),
    /// A hash is none.
    #[error("`{0}` is no hash; one has 64 digits, 0-9 and a-f")]
    Hash(String),
    /// The line is not written as every exported line is.
    #[error("expected {expected}; a ledger verifies only byte for byte as it was exported")]
    Spelling {
        /// The byte in the line, from 0.
        at: usize,
        /// What should stand there.
        expected: String,
    },
    /// The file ends in the line.
    #[error("the file stops in this line; the rest is missing")]
    CutOff,
    /// The file ends without a last line.
    #[error("the file stops after entry {0}, without its last line; what followed is missing")]
    NoEnd(u64),
    /// Something follows the last line.
    #[error("something stands behind the end of the ledger; nothing may be appended to the file")]
    BehindTheEnd,
    /// It is written as it should be, and does not verify.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// A ledger that was read to its end, and verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// Whose it is.
    pub rollout: RolloutId,
    /// How it ends.
    pub end: Chain,
}

/// Reads a file line by line. What it has taken is verified, as far as it goes.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// Lines that were taken.
    lines: usize,
    place: Place,
}

#[derive(Debug, Clone, Default)]
enum Place {
    /// Before the first line.
    #[default]
    Start,
    /// After the first line, or an entry.
    Inside(Whole),
    /// After the last line.
    End(Whole),
}

impl Reader {
    /// Takes the next line, with the newline that ends it; gives the entry if it was one.
    pub fn take(self, line: &[u8]) -> Result<(Self, Option<Line>), Refused> {
        let lines = self.lines.saturating_add(1);
        let (place, entry) = self.place.take(line).map_err(|why| refused(lines, why))?;
        Ok((Self { lines, place }, entry))
    }

    /// Whose ledger it is, once the first line was taken.
    #[must_use]
    pub fn rollout(&self) -> Option<&RolloutId> {
        match &self.place {
            Place::Start => None,
            Place::Inside(ledger) | Place::End(ledger) => Some(&ledger.rollout),
        }
    }

    /// The file ends here; its end is compared with the one that is known from elsewhere.
    pub fn end(self, expected: Option<Chain>) -> Result<Whole, Refused> {
        let next = self.lines.saturating_add(1);
        let ledger = match self.place {
            Place::Start => return Err(refused(next, Why::NoLedger)),
            Place::Inside(ledger) => return Err(refused(next, Why::NoEnd(ledger.end.seq))),
            Place::End(ledger) => ledger,
        };
        if let Some(expected) = expected {
            let compared = ledger.end.ends_at(expected);
            compared.map_err(|broken| refused(self.lines, Why::Broken(broken)))?;
        }
        Ok(ledger)
    }
}

impl Place {
    fn take(self, line: &[u8]) -> Result<(Self, Option<Line>), Why> {
        let line = spelling::line(line)?;
        match self {
            Self::Start => {
                let rollout = read_rollout(line)?;
                let end = Chain::of(&rollout);
                Ok((Self::Inside(Whole { rollout, end }), None))
            }
            Self::Inside(ledger) if Reading::is(line, "end") => {
                ledger.end.ends_at(read_end(line)?)?;
                Ok((Self::End(ledger), None))
            }
            Self::Inside(mut ledger) => {
                let entry = read_entry(line)?;
                ledger.end.follow(&entry)?;
                Ok((Self::Inside(ledger), Some(entry)))
            }
            Self::End(_) => Err(Why::BehindTheEnd),
        }
    }
}

fn refused(line: usize, why: Why) -> Refused {
    let column = if let Why::Spelling { at, .. } = &why {
        Some(at.saturating_add(1))
    } else {
        None
    };
    Refused { line, column, why }
}

/// The lines of a file, each with the newline that ends it.
pub fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    file.split_inclusive(|byte| *byte == b'\n')
}

/// Verifies a whole file, against its end where that is known from elsewhere.
pub fn verify(file: &[u8], end: Option<Chain>) -> Result<Whole, Refused> {
    let mut reader = Reader::default();
    for line in lines(file) {
        (reader, _) = reader.take(line)?;
    }
    reader.end(end)
}
