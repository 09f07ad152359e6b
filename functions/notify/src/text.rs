//! A message in the forms of its outlets. The words are `domain::words`'.

use aws::{outlets::Post, store::Told};
use domain::words::{Message, Tone};
use serde_json::{Value, json};

/// What fits a screen; Slack takes more (`text`, 40 000 characters).
const SLACK_CHARS_MAX: usize = 3_000;

/// The longest subject (SNS, `Publish`: fewer than 100 characters).
const SUBJECT_CHARS_MAX: usize = 99;

/// The body of a webhook's request.
pub(crate) fn slack(message: &Message) -> Value {
    let mut text = format!("*{}*", escaped(&message.heading()));
    for line in message.lines() {
        text.push('\n');
        text.push_str(&escaped(&line));
    }
    if let Some((end, _)) = text.char_indices().nth(SLACK_CHARS_MAX) {
        text.truncate(end);
        text.push('…');
    }
    json!({ "text": text, "unfurl_links": false, "unfurl_media": false })
}

/// Foreign words must not become links or mentions (Slack, "Formatting text for app surfaces").
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            _ => safe.push(c),
        }
    }
    safe
}

/// The message for a topic.
pub(crate) fn post(told: &Told, message: &Message) -> Post {
    let text = format!("{}\n{} {}", message.text(), told.rollout, told.line.at);
    Post {
        subject: subject(told, message),
        text,
        attributes: vec![
            ("service", told.rollout.service.to_string()),
            ("rollout", told.rollout.to_string()),
            ("kind", told.line.kind.clone()),
            ("tone", tone(message.tone).to_owned()),
        ],
    }
}

/// A subject is ASCII (SNS, `Publish`): where the heading is not, the ledger's own words stand in for it.
fn subject(told: &Told, message: &Message) -> String {
    let heading = message.heading();
    let said = if heading.is_ascii() {
        heading
    } else {
        format!(
            "[{}] {}: {}",
            tone(message.tone),
            told.rollout,
            told.line.what
        )
    };
    let plain = said.chars().map(|c| match c {
        ' '..='~' => c,
        _ => '?',
    });
    plain.take(SUBJECT_CHARS_MAX).collect()
}

const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Note => "note",
        Tone::Good => "good",
        Tone::Ask => "ask",
        Tone::Bad => "bad",
    }
}
