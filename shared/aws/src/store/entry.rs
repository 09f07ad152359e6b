//! Entries of the ledger as they are kept: the exported line, and what people are told of it.
//!
//! An entry has an item of its own, so that what tells them can go on from any of them. Only when one commit makes more
//! than a few, as when many alarms turn red at once, does the last item carry the rest: a transaction takes at most a
//! hundred actions (`TransactWriteItems`), and that many alarms must not cost a rollback.
//!
//! The message is made when the entry is committed, from the rollout as it stood then, so that whoever tells it
//! needs nothing but the entry.

mod told;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ledger::{Entry, Fact, Line},
    name::RolloutId,
    plan::severity::Severity,
    rollout::{IncidentSource, Question, Rollout},
    words::{self, Message},
};
use engine::trouble::Trouble;

use super::{
    item::{self, Item},
    key::{self, ENTRIES, Key, PK, SK},
};

/// The version of an item with one entry.
const SINGLE: u64 = 1;
/// The version of an item that carries more.
const PACK: u64 = 2;
/// The version of an item, with one entry or more, with a message in parts; the newest that is read.
const PARTS: u64 = 3;

/// The attribute with what an item carries more.
const MORE: &str = "more";

/// The most items that one commit makes of its entries.
pub(super) const ITEMS_MAX: usize = 16;

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
    /// Which incident the entry is about, if it is about one.
    pub incident: Option<String>,
}

/// The entries of a commit as items; `writer` is the commit.
pub(super) fn write(rollout: &Rollout, entries: &[Entry], writer: &str) -> Vec<Item> {
    let alone = if entries.len() > ITEMS_MAX {
        ITEMS_MAX.saturating_sub(1)
    } else {
        entries.len()
    };
    let (alone, rest) = entries.split_at_checked(alone).unwrap_or((entries, &[]));
    let packs = alone.chunks(1).chain(rest.chunks(rest.len().max(1)));
    packs
        .filter_map(|pack| write_pack(rollout, pack, writer))
        .collect()
}

fn write_pack(rollout: &Rollout, pack: &[Entry], writer: &str) -> Option<Item> {
    let (first, more) = pack.split_first()?;
    let mut item = fields(rollout, first);
    item.extend(Key::entry(&rollout.id, first.seq).attributes());
    let writer = AttributeValue::S(writer.to_owned());
    item.insert("writer".to_owned(), writer);
    let more = told::fit(more.iter().map(|entry| fields(rollout, entry)).collect());
    let told = std::iter::once(&item).chain(&more).any(told::is_in);
    let version = match (told, more.is_empty()) {
        (true, _) => PARTS,
        (false, true) => SINGLE,
        (false, false) => PACK,
    };
    item.extend([item::version(version)]);
    if !more.is_empty() {
        let more = AttributeValue::L(more.into_iter().map(AttributeValue::M).collect());
        item.insert(MORE.to_owned(), more);
    }
    Some(item)
}

fn fields(rollout: &Rollout, entry: &Entry) -> Item {
    let line = entry.line();
    let text = AttributeValue::S;
    let fields = [
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
    let mut item: Item = fields.map(|(name, value)| (name.to_owned(), value)).into();
    if let Some(message) = words::message(rollout, entry) {
        told::write(&mut item, message);
    }
    if let Some(severity) = severity(&entry.fact) {
        item.insert("severity".to_owned(), text(severity.to_string()));
    }
    if let Some(source) = incident(&entry.fact) {
        item.insert("incident".to_owned(), text(source.to_string()));
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

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "few facts are about an incident"
)]
const fn incident(fact: &Fact) -> Option<&IncidentSource> {
    match fact {
        Fact::IncidentOpened { source, .. }
        | Fact::IncidentOverdue { source, .. }
        | Fact::IncidentAccepted { source, .. }
        | Fact::IncidentRecovered { source }
        | Fact::RiskOver { source }
        | Fact::Escalated {
            what: Question::Incident(source),
            ..
        }
        | Fact::Reminded {
            what: Question::Incident(source),
            ..
        } => Some(source),
        _ => None,
    }
}

/// Whether an item is an entry.
pub(super) fn is_entry(item: &Item) -> bool {
    item::optional(item, SK).is_some_and(|sk| sk.starts_with(ENTRIES))
}

/// An item as the entries that it carries, in their order.
pub(super) fn read(item: &Item) -> Result<Vec<Told>, Trouble> {
    item::check_version(item, PARTS)?;
    let rollout = key::rollout(item::text(item, PK)?)
        .ok_or_else(|| item::malformed(item, "is no rollout's"))?;
    let mut all = vec![entry(item, rollout.clone())?];
    if let Some(AttributeValue::L(more)) = item.get(MORE) {
        for value in more {
            let AttributeValue::M(more) = value else {
                return Err(item::malformed(item, format!("has no entries in `{MORE}`")));
            };
            all.push(entry(more, rollout.clone())?);
        }
    }
    Ok(all)
}

fn entry(item: &Item, rollout: RolloutId) -> Result<Told, Trouble> {
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
    let message = told::read(item)?;
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
        incident: item::optional(item, "incident").map(str::to_owned),
    })
}

const SEVERITIES: [Severity; 4] = [
    Severity::Low,
    Severity::Medium,
    Severity::High,
    Severity::Critical,
];
