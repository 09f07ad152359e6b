//! A message in the forms of its outlets other than Slack. The words are `domain::words`'.

pub(crate) mod amazon_q;
pub(crate) mod cloud_event;
pub(crate) mod pager_duty;
pub(crate) mod plain;

use domain::words::{Evidence, Field, Mark, Tone};
use serde_json::{Value, json};

/// The word for how much a message wants, for programs.
pub(crate) const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Note => "note",
        Tone::Good => "good",
        Tone::Ask => "ask",
        Tone::Bad => "bad",
    }
}

/// What is known, for programs.
fn field(field: &Field) -> Value {
    json!({ "label": field.label, "value": field.value })
}

/// What was measured, for programs.
fn row(row: &Evidence) -> Value {
    let mark = match row.mark {
        Mark::Good => "good",
        Mark::Bad => "bad",
        Mark::Unknown => "unknown",
    };
    json!({
        "mark": mark,
        "metric": row.metric,
        "verdict": row.verdict,
        "values": row.values.iter().map(field).collect::<Vec<Value>>(),
    })
}

/// A text no longer than that, in characters.
fn short(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    short.push('…');
    short
}
