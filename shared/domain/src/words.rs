//! Every sentence about a rollout that a person reads, made from the ledger and from what is waited for.
//!
//! A message says what happened, to what, on what evidence, and what happens next. It is made from an
//! entry of the ledger and the rollout as it stood then, never from anything that did not happen.
//!
//! What is told of a fact stands in `account`, in no language. How it is said is a `Language`: English is in
//! `english.rs`, Japanese in `japanese.rs`, and a fact, a label or a step that lacks its words in either does not
//! compile. The ledger itself is English, because its words are what is hashed.

mod account;
mod english;
mod evidence;
mod instant;
mod japanese;
mod language;
mod loudness;
mod parts;
mod plain;
mod waiting;

use crate::{ledger::Entry, plan::people::Locale, rollout::Rollout};
use account::Scene;
use english::English;
use japanese::Japanese;
use language::Language;

pub use loudness::tone;
pub use parts::Parts;
pub use waiting::waiting;

/// What a person is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Message {
    /// How much it wants from the reader.
    pub tone: Tone,
    /// What the reader should notice before reading, if anything.
    pub flag: Option<String>,
    /// One line: the rollout, and what happened.
    pub title: String,
    /// What is known of it: phase, traffic, who, why.
    pub fields: Vec<Field>,
    /// What was measured.
    pub evidence: Vec<Evidence>,
    /// What happens next and when; who may decide, and with which command.
    pub next: Vec<String>,
}

/// Something that is known, under its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    /// What it is.
    pub label: String,
    /// What is known.
    pub value: String,
}

/// What was measured for one condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// Whether it speaks for the canary.
    pub mark: Mark,
    /// The metric.
    pub metric: String,
    /// What the measurement says of the condition.
    pub verdict: String,
    /// The numbers: the canary's now, the threshold, stable's, and what they were made from.
    pub values: Vec<Field>,
}

/// Whether a measurement speaks for the canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// It does.
    Good,
    /// It speaks against it.
    Bad,
    /// It says nothing: not enough evidence, or none.
    Unknown,
}

/// How much a message wants from its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// For the record.
    Note,
    /// Something went well.
    Good,
    /// A person should do something.
    Ask,
    /// Something is wrong.
    Bad,
}

/// The message for an entry in the language of its plan, if it deserves one: what only fills in the ledger does not.
#[must_use]
pub fn message(rollout: &Rollout, entry: &Entry) -> Option<Message> {
    message_in(rollout.plan.locale, rollout, entry)
}

/// The same in a language of the reader's.
#[must_use]
pub fn message_in(locale: Locale, rollout: &Rollout, entry: &Entry) -> Option<Message> {
    let tone = tone(&entry.fact)?;
    let zone = &rollout.plan.calendar.zone;
    let scene = Scene { rollout, entry };
    Some(match locale {
        Locale::En => said(&English { zone }, &scene, tone),
        Locale::Ja => said(&Japanese { zone }, &scene, tone),
    })
}

fn said(language: &impl Language, scene: &Scene<'_>, tone: Tone) -> Message {
    let fields = account::known(scene)
        .into_iter()
        .map(|(label, value)| Field {
            label: language.label(&label),
            value: language.value(&value),
        });
    let findings = account::measured(scene);
    let steps = account::next(scene);
    Message {
        tone,
        flag: language.flag(tone).map(str::to_owned),
        title: format!("{}: {}", scene.rollout.id, language.title(scene)),
        fields: fields.collect(),
        evidence: findings
            .iter()
            .map(|finding| evidence::of(language, finding))
            .collect(),
        next: steps
            .iter()
            .map(|step| language.step(scene, step))
            .collect(),
    }
}
