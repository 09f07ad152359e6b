//! Entries of the ledger as they are kept: the exported line, and what people are told of it.
//!
//! The message is made when the entry is committed, from the rollout as it stood then, so that whoever tells it
//! needs nothing but the entry.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ledger::{Entry, Fact, Line},
    name::RolloutId,
    plan::severity::Severity,
    rollout::Rollout,
    words::{self, Message, Tone},
};
use engine::trouble::Trouble;

use super::{
    item::{self, Item},
    key::{self, ENTRIES, Key, PK, SK},
};

/// The version of the record that is written, and the newest that is read.
const VERSION: u64 = 1;

/// An entry of a rollout's ledger, and what people are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whose ledger it stands in.
    pub rollout: RolloutId,
    /// What stands there.
    pub line: Line,
    /// What people are told; nothing of what only fills in the ledger.
    pub message: Option<Message>,
    /// How bad an incident is, if the entry opens one.
    pub severity: Option<Severity>,
}

/// An entry as an item; `writer` is the commit that it is part of.
pub(super) fn write(rollout: &Rollout, entry: &Entry, writer: &str) -> Item {
    let line = entry.line();
    let mut item = Key::entry(&rollout.id, entry.seq).attributes();
    item.extend([item::version(VERSION)]);
    let text = AttributeValue::S;
    let fields = [
        ("writer", text(writer.to_owned())),
        ("seq", item::numeric(&line.seq)),
        ("at", text(line.at)),
        ("epoch", item::numeric(&line.epoch)),
        ("actor", text(line.actor)),
        ("kind", text(line.kind)),
        ("what", text(line.what)),
        ("evidence", item::list(line.evidence)),
        ("before", text(line.before)),
        ("after", text(line.after)),
        ("previous", text(line.previous)),
        ("hash", text(line.hash)),
    ];
    item.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    if let Some(message) = words::message(rollout, entry) {
        let told = [
            ("tone", text(tone_word(message.tone).to_owned())),
            ("title", text(message.title)),
            ("text", item::list(message.lines)),
        ];
        item.extend(told.map(|(name, value)| (name.to_owned(), value)));
    }
    if let Some(severity) = severity(&entry.fact) {
        item.insert("severity".to_owned(), text(severity.to_string()));
    }
    item
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a severity is an incident's, and only its opening says which"
)]
fn severity(fact: &Fact) -> Option<Severity> {
    match fact {
        Fact::IncidentOpened { severity, .. } => Some(*severity),
        _ => None,
    }
}

/// Whether an item is an entry.
pub(super) fn is_entry(item: &Item) -> bool {
    item::optional(item, SK).is_some_and(|sk| sk.starts_with(ENTRIES))
}

/// An item as an entry.
pub(super) fn read(item: &Item) -> Result<Told, Trouble> {
    item::check_version(item, VERSION)?;
    let rollout = key::rollout(item::text(item, PK)?)
        .ok_or_else(|| item::malformed(item, "is no rollout's"))?;
    let text = |attribute| item::text(item, attribute).map(str::to_owned);
    let line = Line {
        seq: item::number(item, "seq")?,
        at: text("at")?,
        epoch: item::number(item, "epoch")?,
        actor: text("actor")?,
        kind: text("kind")?,
        what: text("what")?,
        evidence: item::texts(item, "evidence")?,
        before: text("before")?,
        after: text("after")?,
        previous: text("previous")?,
        hash: text("hash")?,
    };
    let message = match item::optional(item, "tone") {
        Some(word) => Some(Message {
            tone: TONES
                .into_iter()
                .find(|tone| tone_word(*tone) == word)
                .ok_or_else(|| item::malformed(item, format!("has an unknown tone `{word}`")))?,
            title: text("title")?,
            lines: item::texts(item, "text")?,
        }),
        None => None,
    };
    let severity = match item::optional(item, "severity") {
        Some(word) => Some(
            SEVERITIES
                .into_iter()
                .find(|severity| severity.to_string() == word)
                .ok_or_else(|| item::malformed(item, format!("has no severity `{word}`")))?,
        ),
        None => None,
    };
    Ok(Told {
        rollout,
        line,
        message,
        severity,
    })
}

const TONES: [Tone; 4] = [Tone::Note, Tone::Good, Tone::Ask, Tone::Bad];

const fn tone_word(tone: Tone) -> &'static str {
    match tone {
        Tone::Note => "note",
        Tone::Good => "good",
        Tone::Ask => "ask",
        Tone::Bad => "bad",
    }
}

const SEVERITIES: [Severity; 4] = [
    Severity::Low,
    Severity::Medium,
    Severity::High,
    Severity::Critical,
];
