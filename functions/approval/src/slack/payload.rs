//! What Slack sends: a form with one field, which is JSON.

use serde_json::Value;
use token::Action;

/// What somebody did in Slack, as far as it is a decision.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Their user id.
    pub(crate) user: String,
    /// The id of the workspace that they are in.
    pub(crate) team: String,
    /// What the button is called by.
    pub(crate) action: String,
    /// The button's value.
    pub(crate) token: String,
    /// Where they can be answered.
    pub(crate) response: Option<String>,
    /// What they typed into the form; empty without one.
    pub(crate) reason: String,
    /// Which of the two it was.
    pub(crate) kind: Kind,
}

/// A button or a form.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A button was pressed.
    Pressed {
        /// What a form can be opened with.
        trigger: String,
    },
    /// The form that asks for a reason was sent.
    Sent,
}

/// The id of a button, and what it is for.
pub(crate) fn action(id: &str) -> Option<Action> {
    match id {
        "approve" => Some(Action::Approve),
        "reject" => Some(Action::Reject),
        "rollback" => Some(Action::Rollback),
        "hold" => Some(Action::Hold),
        "accept" => Some(Action::Accept),
        _ => None,
    }
}

/// Reads the body of a request of Slack's.
pub(crate) fn read(body: &str) -> Option<Heard> {
    let payload: Value = serde_json::from_str(&field(body, "payload")?).ok()?;
    let user = text(&payload, "/user/id")?;
    // Who comes from a shared channel has a team of their own.
    let team = text(&payload, "/user/team_id").or_else(|| text(&payload, "/team/id"));
    let team = team.unwrap_or_default();
    match text(&payload, "/type")?.as_str() {
        "block_actions" => Some(Heard {
            user,
            team,
            action: text(&payload, "/actions/0/action_id")?,
            token: text(&payload, "/actions/0/value")?,
            response: text(&payload, "/response_url"),
            reason: String::new(),
            kind: Kind::Pressed {
                trigger: text(&payload, "/trigger_id").unwrap_or_default(),
            },
        }),
        "view_submission" => {
            // What the form was opened for was put into it then; Slack hands it back as it was.
            let kept: Value =
                serde_json::from_str(&text(&payload, "/view/private_metadata")?).ok()?;
            Some(Heard {
                user,
                team,
                action: text(&kept, "/action")?,
                token: text(&kept, "/token")?,
                response: text(&kept, "/response"),
                reason: text(&payload, "/view/state/values/reason/reason/value")
                    .unwrap_or_default(),
                kind: Kind::Sent,
            })
        }
        _ => None,
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

/// A field of a form (`application/x-www-form-urlencoded`).
fn field(body: &str, name: &str) -> Option<String> {
    let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(found, _)| *found == name)?;
    decoded(value)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'+', _) => {
                bytes.push(b' ');
                after
            }
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let byte = digit(high)? << 4 | digit(low)?;
                bytes.push(u8::try_from(byte).ok()?);
                after
            }
            (b'%', _) => return None,
            (plain, _) => {
                bytes.push(*plain);
                after
            }
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};
    use serde_json::json;

    use super::*;

    /// What Slack sends, with something changed in it anywhere: in the form, or in the JSON that it holds.
    fn mangled() -> impl Strategy<Value = String> {
        let press = json!({
            "type": "block_actions",
            "user": { "id": "U2CERLKJA", "team_id": "T1DC2JH3J" },
            "trigger_id": "1.2",
            "response_url": "https://hooks.slack.com/actions/T1/2/3",
            "actions": [{ "action_id": "approve", "value": "復.a" }],
        });
        let kept = json!({ "action": "reject", "token": "a.b", "response": null });
        let sent = json!({
            "type": "view_submission",
            "user": { "id": "U2CERLKJA" },
            "view": {
                "private_metadata": kept.to_string(),
                "state": { "values": { "reason": { "reason": { "value": "slow" } } } },
            },
        });
        let bodies = [press, sent].map(|payload| {
            let text = payload.to_string();
            let text = text.bytes().map(|byte| format!("%{byte:02x}"));
            format!("payload={}", text.collect::<String>())
        });
        let part = prop_oneof![
            Just("%".to_owned()),
            Just("%22".to_owned()),
            Just("%7b".to_owned()),
            Just("%00".to_owned()),
            Just("&payload=".to_owned()),
            Just("%ff".to_owned()),
            any::<String>(),
        ];
        let change = (any::<Index>(), any::<Index>(), part);
        (0..2_usize, prop::collection::vec(change, 0..4)).prop_map(move |(which, changes)| {
            let mut body: Vec<char> = bodies[which].chars().collect();
            for (at, length, part) in changes {
                let at = at.index(body.len() + 1);
                let end = at + length.index(body.len() - at + 1).min(12);
                body.splice(at..end, part.chars());
            }
            body.into_iter().collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

        #[test]
        fn whatever_comes_is_read_or_not(body in mangled()) {
            if let Some(heard) = read(&body) {
                prop_assert!(body.contains("payload="));
                let pressed = matches!(heard.kind, Kind::Pressed { .. });
                prop_assert!(!pressed || heard.reason.is_empty());
            }
        }

        #[test]
        fn any_text_is_read_or_not(body in any::<String>()) {
            prop_assert!(read(&body).is_none());
        }
    }

    #[test]
    fn a_form_is_read_as_it_was_written() {
        let body = "token=x&payload=%7B%22a%22%3A+%22%E5%BE%A9%22%7D&other=1";
        assert_eq!(field(body, "payload").as_deref(), Some(r#"{"a": "復"}"#));
        for bad in ["payload=%7", "payload=%zz", "payload=%ff", "other=1", ""] {
            assert_eq!(field(bad, "payload"), None, "{bad}");
        }
    }

    #[test]
    fn what_is_no_decision_is_none() {
        for payload in ["{}", "[]", r#"{"type":"shortcut","user":{"id":"U1"}}"#] {
            assert!(read(&format!("payload={payload}")).is_none(), "{payload}");
        }
    }
}
