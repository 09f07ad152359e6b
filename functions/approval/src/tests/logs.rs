//! What is logged opens nothing: neither a token nor a code, nor what Slack sends along.

use std::{
    env,
    io::{self, Write},
    process::Command,
    sync::{Arc, Mutex},
};

use super::{
    links::{right, typed},
    slack::slack,
    *,
};

/// Where a log goes.
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that is logged, however little it matters, while something is done.
fn logged(work: impl FnOnce()) -> String {
    let written = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&written);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || Sink(Arc::clone(&sink)))
        .finish();
    tracing::subscriber::with_default(subscriber, work);
    String::from_utf8(written.lock().unwrap().clone()).unwrap()
}

/// Runs one test of this binary in a process of its own, unless this is that process: while another thread first comes
/// to a place that logs, a subscriber that is made at this moment may not hear of the place.
fn is_alone(test: &str) -> bool {
    const ALONE: &str = "TEST_IS_ALONE";
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let done = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
    false
}

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
    let log = logged(|| {
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
