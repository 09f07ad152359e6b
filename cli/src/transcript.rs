//! A run as lines: what came into the ledger in a minute, and the messages that were made of it.

use domain::{
    judge::Verdict,
    ledger::{Actor, Entry, Fact},
    plan::people::Locale,
    rollout::Rollout,
    traffic::Weight,
    words::{Tone, message_in, tone},
};
use jiff::tz::TimeZone;
use sim::Frame;

use crate::{
    console::{Ink, Paint},
    layout::{COLUMNS, fill},
    words,
};

/// What is told of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// Every entry of the ledger.
    Ledger,
    /// The messages that people would have got.
    Messages,
}

/// A line of pieces, each in an ink of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Line(pub(crate) Vec<(Option<Ink>, String)>);

impl Line {
    /// The line for a stream.
    pub(crate) fn painted(&self, paint: Paint) -> String {
        let pieces = self.0.iter().map(|(ink, text)| match ink {
            Some(ink) => paint.text(*ink, text),
            None => text.clone(),
        });
        pieces.collect::<String>().trim_end().to_owned()
    }

    /// The line with another piece at its end.
    pub(crate) fn with(mut self, ink: impl Into<Option<Ink>>, text: impl Into<String>) -> Self {
        self.0.push((ink.into(), text.into()));
        self
    }
}

/// Columns of a date and the space behind it.
const DATE: usize = 18;

/// What a minute has to tell.
pub(crate) fn lines(frame: &Frame, voice: Voice, zone: &TimeZone) -> Vec<Line> {
    let (ticks, others): (Vec<&Entry>, Vec<&Entry>) = frame
        .entries
        .iter()
        .partition(|entry| matches!(entry.fact, Fact::Checked { .. }));
    let mut lines = Vec::new();
    // A checklist is ticked item by item; one line says as much.
    if let Some(first) = ticks.first() {
        let items: Vec<String> = ticks.iter().filter_map(|entry| item(entry)).collect();
        let text = format!("{} ticked {}", first.actor, items.join(", "));
        lines.extend(match voice {
            Voice::Ledger => row(first, &text, None, zone),
            Voice::Messages => block(first, Tone::Note, vec![text], zone),
        });
    }
    for entry in others {
        let entry = words::brief(entry);
        lines.extend(match voice {
            Voice::Ledger => ledger(&entry, zone),
            Voice::Messages => told(&frame.rollout, &entry, zone),
        });
    }
    lines
}

fn item(entry: &Entry) -> Option<String> {
    if let Fact::Checked { item } = &entry.fact {
        Some(item.to_string())
    } else {
        None
    }
}

/// `Tue 13 Jan 10:01    5%  phase canary entered`, and below it what it was decided on.
fn ledger(entry: &Entry, zone: &TimeZone) -> Vec<Line> {
    let tone = tone(&entry.fact);
    let text = words::localised(&words::entry(entry), zone);
    let mut lines = row(entry, &text, ink(tone), zone);
    let indent = " ".repeat(DATE + 7);
    for finding in &entry.evidence {
        // That all was well is in the entry's own words.
        if finding.verdict == Verdict::Pass {
            continue;
        }
        let room = COLUMNS - DATE - 9;
        for (n, text) in wrap(&finding.to_string(), room).into_iter().enumerate() {
            let dot = if n == 0 { "· " } else { "  " };
            lines.push(Line::default().with(Ink::Faint, format!("{indent}{dot}{text}")));
        }
    }
    lines
}

/// How loud an entry is; none for what only fills in the ledger.
fn ink(tone: Option<Tone>) -> Option<Ink> {
    match tone? {
        Tone::Note => None,
        Tone::Good => Some(Ink::Good),
        Tone::Ask => Some(Ink::Ask),
        Tone::Bad => Some(Ink::Bad),
    }
}

fn row(entry: &Entry, text: &str, ink: Option<Ink>, zone: &TimeZone) -> Vec<Line> {
    let date = format!("{:<DATE$}", words::short_date(entry.at, zone));
    let weight = format!("{:>5}  ", most(entry));
    let texts = wrap(text, COLUMNS - DATE - 7).into_iter().enumerate();
    texts
        .map(|(n, text)| {
            let line = if n == 0 {
                Line::default()
                    .with(Ink::Faint, date.clone())
                    .with(Ink::Canary, weight.clone())
            } else {
                Line::default().with(None, " ".repeat(DATE + 7))
            };
            line.with(ink, text)
        })
        .collect()
}

fn most(entry: &Entry) -> Weight {
    let weights = entry.after.iter().map(|(_, weight)| weight);
    weights.max().unwrap_or_default()
}

/// The message of an entry, if it deserves one.
fn told(rollout: &Rollout, entry: &Entry, zone: &TimeZone) -> Vec<Line> {
    let Some(message) = message_in(Locale::En, rollout, entry) else {
        return Vec::new();
    };
    let service = format!("{}: ", rollout.id);
    let title = message.title.strip_prefix(&service);
    let title = title.unwrap_or(&message.title);
    let by = match &entry.actor {
        Actor::Person(person) => format!(" (by {person})"),
        Actor::Alarm(_) | Actor::Plan | Actor::Stranger => String::new(),
    };
    let mut texts = vec![format!("{title}{by}")];
    // What is only for the record is said in a line, and what goes well without its details.
    texts.extend(match message.tone {
        Tone::Note => Vec::new(),
        Tone::Good => words::shortened(&[], &message.evidence, &message.next),
        Tone::Ask | Tone::Bad => {
            words::shortened(&message.fields, &message.evidence, &message.next)
        }
    });
    block(entry, message.tone, texts, zone)
}

/// A message with a bar at its side, in the colour of its tone.
fn block(entry: &Entry, tone: Tone, texts: Vec<String>, zone: &TimeZone) -> Vec<Line> {
    let (bar, ink) = match tone {
        Tone::Note => ("│ ", Ink::Faint),
        Tone::Good => ("┃ ", Ink::Good),
        Tone::Ask => ("┃ ", Ink::Ask),
        Tone::Bad => ("┃ ", Ink::Bad),
    };
    let mut lines = Vec::new();
    for (n, text) in texts.into_iter().enumerate() {
        for part in wrap(&text, COLUMNS - DATE - 2) {
            let date = if lines.is_empty() {
                words::short_date(entry.at, zone)
            } else {
                String::new()
            };
            let heading = (n == 0 && tone != Tone::Note).then_some(Ink::Strong);
            lines.push(
                Line::default()
                    .with(Ink::Faint, format!("{date:<DATE$}"))
                    .with(ink, bar)
                    .with(heading, part),
            );
        }
    }
    lines
}

/// What is said to whoever watches: no message, but among them. Lines are not broken, so that an address stays one.
pub(crate) fn aside(texts: impl IntoIterator<Item = String>) -> Vec<Line> {
    let line = |text| {
        Line::default()
            .with(None, " ".repeat(DATE))
            .with(Ink::Canary, "▸ ")
            .with(Ink::Canary, text)
    };
    texts.into_iter().map(line).collect()
}

fn wrap(text: &str, room: usize) -> Vec<String> {
    fill(text.split(' ').map(str::to_owned), room)
}
