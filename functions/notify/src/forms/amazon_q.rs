//! A message as a custom notification of Amazon Q Developer, which drops anything else without a word (Amazon Q
//! Developer, "Custom notifications").

use aws::outlets::Post;
use domain::words::{Evidence, Field};
use serde_json::json;

use super::{short, tone};
use crate::news::News;

/// The longest title.
const TITLE_CHARS_MAX: usize = 250;
/// The longest description.
const DESCRIPTION_CHARS_MAX: usize = 8_000;

/// The message for a topic that Amazon Q Developer reads.
pub(crate) fn post(news: &News) -> Post {
    let (told, message) = (&news.told, &news.message);
    let fields = message.fields.iter().map(Field::text);
    let evidence = message.evidence.iter().map(Evidence::text);
    let ways = news.ways().into_iter();
    let ways = ways.map(|(name, address)| format!("[{name}]({address})"));
    let lines: Vec<String> = fields
        .chain(evidence)
        .chain(news.notes.iter().cloned())
        .chain(ways)
        .collect();
    let text = json!({
        "version": "1.0",
        "source": "custom",
        "id": news.name(),
        "content": {
            "textType": "client-markdown",
            "title": short(&message.heading(), TITLE_CHARS_MAX),
            "description": short(&lines.join("\n"), DESCRIPTION_CHARS_MAX),
            "nextSteps": message.next,
            "keywords": [told.rollout.service.to_string(), told.line.kind],
        },
        "metadata": {
            "threadId": told.rollout.to_string(),
            "summary": short(&message.heading(), TITLE_CHARS_MAX),
            "eventType": told.line.kind,
            "relatedResources": [told.rollout.to_string()],
            "additionalContext": {
                "severity": news.severity.to_string(),
                "tone": tone(message.tone),
            },
        },
    });
    Post {
        subject: None,
        text: text.to_string(),
        attributes: Vec::new(),
        emails: Vec::new(),
    }
}
