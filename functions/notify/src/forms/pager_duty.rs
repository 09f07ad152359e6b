//! A message as events of `PagerDuty` (Events API v2): an incident or a rollback opens an alert, its end resolves it.

use domain::{plan::severity::Severity, words::Evidence};
use serde_json::{Value, json};

use super::short;
use crate::news::News;

/// The longest summary and the longest key.
const SUMMARY_CHARS_MAX: usize = 1_024;
const KEY_CHARS_MAX: usize = 255;

/// The key of a rollback's alert.
const ROLLBACK: &str = "rollback";

/// What a message does to alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alerts {
    /// Nothing.
    None,
    /// It opens one.
    Opens(String),
    /// It ends these.
    Ends(Vec<String>),
}

/// What a message does to alerts. The end of a rollout ends what was open of it.
pub(crate) fn alerts(news: &News) -> Alerts {
    let incident = news.told.incident.clone();
    match news.told.line.kind.as_str() {
        "rollback-began" => Alerts::Opens(ROLLBACK.to_owned()),
        "incident-opened" | "risk-over" => incident.map_or(Alerts::None, Alerts::Opens),
        "incident-recovered" | "incident-accepted" => {
            incident.map_or(Alerts::None, |source| Alerts::Ends(vec![source]))
        }
        "rollback-confirmed" => {
            let rollback = std::iter::once(ROLLBACK.to_owned());
            Alerts::Ends(rollback.chain(incidents(news)).collect())
        }
        "completed" | "superseded" => Alerts::Ends(incidents(news).collect()),
        _ => Alerts::None,
    }
}

fn incidents(news: &News) -> impl Iterator<Item = String> {
    let known = news
        .rollout
        .iter()
        .flat_map(|rollout| rollout.incidents.keys());
    known.map(ToString::to_string)
}

/// The events, without the key of the service.
pub(crate) fn events(news: &News) -> Vec<Value> {
    match alerts(news) {
        Alerts::None => Vec::new(),
        Alerts::Opens(what) => vec![trigger(news, &what)],
        Alerts::Ends(all) => {
            let resolve =
                |what: &String| json!({ "event_action": "resolve", "dedup_key": key(news, what) });
            all.iter().map(resolve).collect()
        }
    }
}

fn key(news: &News, what: &str) -> String {
    short(
        &format!("tidegate/{}/{what}", news.told.rollout),
        KEY_CHARS_MAX,
    )
}

fn trigger(news: &News, what: &str) -> Value {
    let (told, message) = (&news.told, &news.message);
    let severity = match news.severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "info",
    };
    let details: serde_json::Map<String, Value> = message
        .fields
        .iter()
        .filter(|field| !field.label.is_empty())
        .map(|field| (field.label.clone(), Value::from(field.value.as_str())))
        .collect();
    let evidence: Vec<String> = message.evidence.iter().map(Evidence::text).collect();
    let links: Vec<Value> = news
        .page
        .iter()
        .map(|page| json!({ "href": page, "text": "Tidegate" }))
        .collect();
    json!({
        "event_action": "trigger",
        "dedup_key": key(news, what),
        "client": "Tidegate",
        "links": links,
        "payload": {
            "summary": short(&message.title, SUMMARY_CHARS_MAX),
            "source": told.rollout.to_string(),
            "severity": severity,
            "timestamp": told.line.at,
            "component": told.rollout.service.to_string(),
            "class": told.line.kind,
            "custom_details": {
                "known": details,
                "evidence": evidence,
                "next": message.next,
            },
        },
    })
}
