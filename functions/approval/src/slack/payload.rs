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
    use super::*;

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
