//! What is logged opens nothing: no path, no code, and nothing that Slack signed.

#[path = "../../../../tests/logged.rs"]
mod logged;

use logged::{is_alone, logged};

use super::*;

#[test]
fn nothing_that_opens_anything_is_in_the_log() {
    if !is_alone("tests::logs::nothing_that_opens_anything_is_in_the_log") {
        return;
    }
    let room = Room::new();
    let ((), log) = logged(|| {
        for broken in [
            Broken::Nothing,
            Broken::Keys,
            Broken::Head,
            Broken::Record,
            Broken::Ledger,
            Broken::Topic,
        ] {
            room.broken.set(broken);
            for file in fs::read_dir(EVENTS).unwrap() {
                let file = file.unwrap().file_name().into_string().unwrap();
                room.handled(&room.sample(&file));
            }
        }
    });
    for said in [
        "answered",
        "no request",
        "was not handed on",
        "cannot be read",
    ] {
        assert!(log.contains(said), "{said} in {log}");
    }
    let token = room.token();
    let (payload, signature) = token.split_once('.').unwrap();
    let slack = room.sample("slack.json");
    let signed = slack["headers"]["x-slack-signature"].as_str().unwrap();
    for planted in [payload, signature, signed, "7k2m-9q", "7K2M9Q", "payload="] {
        assert!(!log.contains(planted), "{planted} in {log}");
    }
}
