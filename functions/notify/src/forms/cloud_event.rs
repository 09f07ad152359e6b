//! A message as an event of `CloudEvents` 1.0, for programs (`CloudEvents`, "JSON event format").

use serde_json::{Value, json};

use super::{field, row, tone};
use crate::news::News;

/// The event. It has no links: a decision is a person's.
pub(crate) fn event(news: &News) -> Value {
    let (told, message) = (&news.told, &news.message);
    let line = &told.line;
    json!({
        "specversion": "1.0",
        "id": news.name(),
        "source": format!("/tidegate/{}", told.rollout.service),
        "type": format!("dev.tidegate.{}", line.kind),
        "subject": told.rollout.to_string(),
        "time": line.at,
        "datacontenttype": "application/json",
        "data": {
            "rollout": told.rollout.to_string(),
            "service": told.rollout.service.to_string(),
            "seq": line.seq,
            "epoch": line.epoch,
            "kind": line.kind,
            "severity": news.severity.to_string(),
            "tone": tone(message.tone),
            "actor": line.actor,
            "what": line.what,
            "before": line.before,
            "after": line.after,
            "hash": line.hash,
            "title": message.title,
            "fields": message.fields.iter().map(field).collect::<Vec<Value>>(),
            "evidence": message.evidence.iter().map(row).collect::<Vec<Value>>(),
            "next": message.next,
            "notes": news.notes,
        },
    })
}
