//! The form that asks why (Slack, "Modals"): a title of 24 characters at most, and one field.

use domain::plan::people::Locale;
use serde_json::{Value, json};
use token::{Claims, answer::REASON_CHARS_MAX};

use super::payload::Heard;
use crate::words;

/// The form for a button.
pub(crate) fn reason(
    claims: &Claims,
    heard: &Heard,
    incident: Option<&str>,
    locale: Locale,
) -> Value {
    let form = words::form(claims.action, locale);
    let plain = |text: &str| json!({ "type": "plain_text", "text": text });
    // It comes back with the form: 3000 characters at most.
    let kept = json!({
        "action": heard.action,
        "token": heard.token,
        "response": heard.response,
    });
    let rollout = claims.rollout.to_string();
    let about: Vec<&str> = [Some(rollout.as_str()), incident]
        .into_iter()
        .flatten()
        .collect();
    let lead = match locale {
        Locale::En => format!("{}: {}", about.join(", "), form.does),
        Locale::Ja => format!("{}：{}", about.join("、"), form.does),
    };
    json!({
        "type": "modal",
        "callback_id": "reason",
        "private_metadata": kept.to_string(),
        "title": plain(form.title),
        "submit": plain(form.submit),
        "close": plain(form.close),
        "blocks": [
            {
                "type": "section",
                "text": plain(&lead),
            },
            {
                "type": "input",
                "block_id": "reason",
                "label": plain(form.why),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "reason",
                    "multiline": true,
                    "max_length": REASON_CHARS_MAX,
                },
            },
        ],
    })
}
