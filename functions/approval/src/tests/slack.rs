//! Buttons that are pressed in Slack.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::fmt::Write as _;

use expect_test::expect;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use token::answer::Interaction;

use super::*;

const SAMPLES: [&str; 2] = ["slack.block-actions.json", "slack.view-submission.json"];

/// What Slack sends, signed as Slack does.
pub(super) fn slack(
    file: &str,
    action: &str,
    claims: &Claims,
    user: &str,
    now: Timestamp,
) -> Value {
    let saying = [("U2CERLKJA", user)];
    saying_instead(file, action, claims, &saying, now)
}

/// The same with other words in its body.
fn saying_instead(
    file: &str,
    action: &str,
    claims: &Claims,
    saying: &[(&str, &str)],
    now: Timestamp,
) -> Value {
    let mut payload = sample(file, claims);
    let message = &mut payload["Records"][0]["Sns"]["Message"];
    let text = message.as_str().unwrap().replace("{{action}}", action);
    let mut envelope: Value = serde_json::from_str(&text).unwrap();
    let body = envelope["slack"]["body"].as_str().unwrap();
    let mut body = body.to_owned();
    for (there, instead) in saying {
        body = body.replace(there, instead);
    }
    let timestamp = now.as_second().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"shh").unwrap();
    mac.update(format!("v0:{timestamp}:{body}").as_bytes());
    let mut signature = "v0=".to_owned();
    for byte in mac.finalize().into_bytes() {
        write!(signature, "{byte:02x}").unwrap();
    }
    envelope["slack"] = serde_json::to_value(Interaction {
        timestamp,
        signature,
        body,
    })
    .unwrap();
    *message = envelope.to_string().into();
    payload
}

impl Room {
    fn pressed(&self, file: &str, action: &str, claims: &Claims, user: &str) -> String {
        let payload = slack(file, action, claims, user, self.world.now());
        self.woken(payload).unwrap();
        let phone = self.phone.0.borrow();
        let said = phone.said.last().cloned();
        said.unwrap_or_else(|| format!("{} forms", phone.views.len()))
    }
}

#[test]
fn the_person_who_presses_approves_and_twice_is_once() {
    let room = Room::asked();
    let claims = room.claims(1, Action::Approve, "whoever the message was for");
    let before = room.entries().len();
    let [pressed, _] = SAMPLES;
    let told = [
        room.pressed(pressed, "approve", &claims, "U2CERLKJA"),
        room.pressed(pressed, "approve", &claims, "U2CERLKJA"),
        room.pressed(pressed, "approve", &claims, "UEVE"),
        room.pressed(pressed, "rollback", &claims, "U2CERLKJA"),
    ];
    expect![[r#"
        Your approval is taken down.
        Your approval is taken down.
        Nothing was done: the plan knows no UEVE, neither in `people` nor in a group; ask somebody it knows.
        Nothing was done: the button does not do what its value says."#]].assert_eq(&told.join("\n"));
    expect!["kim: phase half approved, 1 of 2"].assert_eq(&room.entries()[before..].join("\n"));
    // By link it is the same person.
    let link = room.claims(2, Action::Approve, KIM);
    room.woken(sample("link.right.json", &link)).unwrap();
    assert_eq!(room.head().gate.unwrap().approvals.len(), 1);
}

#[test]
fn to_go_back_takes_one_press_because_the_button_asks_whether_it_is_meant() {
    let room = Room::asked();
    let claims = room.claims(1, Action::Rollback, KIM);
    let told = room.pressed(SAMPLES[0], "rollback", &claims, "U2CERLKJA");
    expect!["The rollout is rolled back."].assert_eq(&told);
    let entries = room.entries().into_iter();
    let back = entries
        .filter(|said| said.starts_with("kim:"))
        .collect::<Vec<_>>();
    assert_eq!(back, ["kim: rolling back: rolled back in Slack"]);
}

#[test]
fn to_reject_asks_why_first() {
    let room = Room::asked();
    let claims = room.claims(1, Action::Reject, KIM);
    let [pressed, sent] = SAMPLES;
    let first = room.pressed(pressed, "reject", &claims, "U2CERLKJA");
    assert_eq!(first, "1 forms");
    assert_eq!(room.head().status, Status::AwaitingApproval);
    let view = room.phone.0.borrow().views[0].clone();
    let kept: Value = serde_json::from_str(view["private_metadata"].as_str().unwrap()).unwrap();
    assert_eq!(kept["token"].as_str(), Some(sign(&claims).expose()));
    let then = room.pressed(sent, "reject", &claims, "U2CERLKJA");
    expect!["Your rejection is taken down."].assert_eq(&then);
    let said = room
        .entries()
        .into_iter()
        .find(|said| said.contains("slow"));
    expect!["kim: phase half rejected: the checkout is slow"].assert_eq(&said.unwrap());
}

#[test]
fn a_form_that_does_not_open_is_said_and_without_a_bot_there_is_none() {
    let room = Room::asked();
    let claims = room.claims(1, Action::Reject, KIM);
    let before = room.entries().len();
    let late = Trouble::lasting("views.open: expired_trigger_id");
    room.phone.0.borrow_mut().opens = Some(Err(late));
    let first = room.pressed(SAMPLES[0], "reject", &claims, "U2CERLKJA");
    assert_eq!(room.entries().len(), before);
    room.phone.0.borrow_mut().opens = Some(Ok(Opened::NoBot));
    let second = room.pressed(SAMPLES[0], "reject", &claims, "U2CERLKJA");
    expect![[r#"
        Slack did not open the form in time and nothing was done; please press the button again.
        Your rejection is taken down."#]]
    .assert_eq(&format!("{first}\n{second}"));
    assert!(room.entries().len() > before);
}

#[test]
fn who_presses_from_another_workspace_is_not_heard() {
    let room = Room::asked();
    let claims = room.claims(1, Action::Approve, KIM);
    let before = room.entries().len();
    let [pressed, _] = SAMPLES;
    let elsewhere = [("T1DC2JH3J", "TEVE")];
    let now = room.world.now();
    room.woken(saying_instead(pressed, "approve", &claims, &elsewhere, now))
        .unwrap();
    let told = room.phone.0.borrow().said.join("\n");
    expect!["Nothing was done: this button is for another Slack workspace."].assert_eq(&told);
    assert_eq!(room.entries().len(), before);
}

#[test]
fn an_incident_is_accepted_once_somebody_has_said_why() {
    let room = Room::in_trouble();
    let claims = room.claims(1, Action::Accept, KIM);
    let [pressed, sent] = SAMPLES;
    let first = room.pressed(pressed, "accept", &claims, "U2CERLKJA");
    assert_eq!(first, "1 forms");
    assert_eq!(room.head().holding_incidents().count(), 1);
    let then = room.pressed(sent, "accept", &claims, "U2CERLKJA");
    expect!["The incident is accepted for a while."].assert_eq(&then);
    assert_eq!(room.head().holding_incidents().count(), 0);
}

#[test]
fn what_slack_has_not_signed_does_nothing() {
    let room = Room::asked();
    let claims = room.claims(1, Action::Hold, KIM);
    let before = room.entries().len();
    let now = room.world.now();
    let [pressed, _] = SAMPLES;
    for off in [-400, 400] {
        let then = later(now, SignedDuration::from_secs(off));
        room.woken(slack(pressed, "hold", &claims, "U2CERLKJA", then))
            .unwrap();
    }
    let signed = slack(pressed, "hold", &claims, "U2CERLKJA", now);
    let text = signed["Records"][0]["Sns"]["Message"].as_str().unwrap();
    for (there, instead) in [
        ("G8PSS9T3V", "G8PSS9T3W"),
        ("v0=", "v1="),
        ("payload=", "payload=+"),
    ] {
        let forged = text.replacen(there, instead, 1);
        assert_ne!(forged, text);
        let mut payload = signed.clone();
        payload["Records"][0]["Sns"]["Message"] = forged.into();
        room.woken(payload).unwrap();
    }
    assert_eq!(room.entries().len(), before);
    assert_eq!(room.phone.0.borrow().said.len(), 0);
    room.woken(signed).unwrap();
    assert!(room.entries().len() > before);
}
