//! A message as text: for topics, mail and telephones.

use aws::outlets::Post;

use super::{short, tone};
use crate::news::News;

/// The longest subject (SNS, `Publish`: fewer than 100 characters).
const SUBJECT_CHARS_MAX: usize = 99;
/// What one text message holds in any script, with room for a sender.
const PHONE_CHARS_MAX: usize = 140;

/// The message for a topic; for these mail addresses, if there are any.
pub(crate) fn post(news: &News, emails: &[String]) -> Post {
    let told = &news.told;
    let mut text = news.message.text();
    let ways = news.ways().into_iter();
    let ways = ways.map(|(name, address)| format!("{name}: {address}"));
    for line in news.notes.iter().cloned().chain(ways) {
        text.push('\n');
        text.push_str(&line);
    }
    Post {
        subject: Some(subject(news)),
        text: format!("{text}\n{} {}", told.rollout, told.line.at),
        attributes: vec![
            ("service", told.rollout.service.to_string()),
            ("rollout", told.rollout.to_string()),
            ("kind", told.line.kind.clone()),
            ("tone", tone(news.message.tone).to_owned()),
            ("severity", news.severity.to_string()),
        ],
        emails: emails.to_vec(),
    }
}

/// A subject is ASCII (SNS, `Publish`): where the heading is not, the ledger's own words stand in for it.
fn subject(news: &News) -> String {
    let heading = news.message.heading();
    let said = if heading.is_ascii() {
        heading
    } else {
        format!(
            "[{}] {}: {}",
            tone(news.message.tone),
            news.told.rollout,
            news.told.line.what
        )
    };
    let plain = said.chars().map(|c| match c {
        ' '..='~' => c,
        _ => '?',
    });
    plain.take(SUBJECT_CHARS_MAX).collect()
}

/// The message for a telephone: what happened, on one line.
pub(crate) fn phone(news: &News) -> String {
    let heading = news.message.heading();
    let line: String = heading
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    short(&line, PHONE_CHARS_MAX)
}
