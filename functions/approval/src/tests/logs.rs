//! What is logged opens nothing: neither a token nor a code, nor what Slack sends along.

#[path = "../../../../tests/logged.rs"]
mod logged;

use logged::{is_alone, logged};

use super::{
    links::{right, typed},
    slack::slack,
    *,
};

#[test]
fn nothing_that_opens_anything_is_in_the_log() {
    if !is_alone("tests::logs::nothing_that_opens_anything_is_in_the_log") {
        return;
    }
    let room = Room::asked();
    let claims: Vec<Claims> = (1..=6)
        .map(|n| room.claims(n, Action::Approve, KIM))
        .collect();
    let mut expired = room.claims(7, Action::Approve, KIM);
    expired.expires = later(room.world.now(), SignedDuration::from_secs(-60));
    expired.issued = later(room.world.now(), SignedDuration::from_mins(-60));
    let now = room.world.now();
    let press = "slack.block-actions.json";
    let mut forged = slack(press, "approve", &claims[3], "U2CERLKJA", now);
    let message = &mut forged["Records"][0]["Sns"]["Message"];
    *message = message.as_str().unwrap().replace("v0=", "v0=00").into();
    let pressed = slack(press, "approve", &claims[2], "U2CERLKJA", now);
    let signed: Value =
        serde_json::from_str(pressed["Records"][0]["Sns"]["Message"].as_str().unwrap()).unwrap();
    let signed = signed["slack"]["signature"].as_str().unwrap().to_owned();
    let ((), log) = logged(|| {
        let wrong = typed(&claims[0], "9z9-z9z", 8);
        room.woken(brought(&Envelope::Link(wrong))).unwrap();
        room.woken(sample("link.right.json", &claims[0])).unwrap();
        room.woken(brought(&Envelope::Link(right(&expired, 1))))
            .unwrap();
        let mut cut = right(&claims[1], 2);
        cut.token.pop();
        room.woken(brought(&Envelope::Link(cut))).unwrap();
        room.woken(pressed).unwrap();
        room.woken(slack(press, "approve", &claims[2], "UEVE", now))
            .unwrap();
        room.woken(forged).unwrap();
        room.drawer.0.borrow_mut().failing = 1;
        room.woken(sample("link.right.json", &claims[4]))
            .unwrap_err();
        let broken = json!({ "link": { "token": sign(&claims[5]).expose() } }).to_string();
        let payload = json!({ "Records": [{ "Sns": { "TopicArn": TOPIC, "Message": broken } }] });
        room.woken(payload).unwrap();
    });
    for said in [
        "answered by link",
        "an expired link was answered",
        "a link is not taken",
        "decided in Slack",
        "is not taken for Slack's",
        "it must come again",
        "a message that is no answer is left alone",
    ] {
        assert!(log.contains(said), "{said} in {log}");
    }
    for claims in claims.iter().chain([&expired]) {
        let token = sign(claims).expose().to_owned();
        let (payload, signature) = token.split_once('.').unwrap();
        assert!(!log.contains(payload) && !log.contains(signature), "{log}");
        assert!(!log.contains(&right_code(claims)), "{log}");
    }
    let planted = [
        signed.as_str(),
        "9z9-z9z",
        "9Z9Z9Z",
        "hooks.slack.com",
        "d8c1bb837935619c",
        "payload=",
    ];
    for planted in planted {
        assert!(!log.contains(planted), "{planted} in {log}");
    }
}
