//! What is logged opens nothing: no path, no code, and nothing that Slack signed.

use std::{
    env,
    io::{self, Write},
    process::Command,
    sync::Mutex,
};

use super::*;

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
    let written = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&written);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || Sink(Arc::clone(&sink)))
        .finish();
    let room = Room::new();
    tracing::subscriber::with_default(subscriber, || {
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
    let log = String::from_utf8(written.lock().unwrap().clone()).unwrap();
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
