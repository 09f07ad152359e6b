//! What is logged opens nothing: no link, no code, no address of a web hook.

use std::{
    env,
    io::{self, Write},
    process::Command,
    sync::{Arc, Mutex},
};

use super::{
    fakes::{Keyed, awaiting, desk_with, plan},
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

/// What is said while messages are sent, fail and are given up.
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
    let plan = plan(
        "groups: { leads: [ann, U2CERLKJA] }\nnotify: [{ slack: \"#x\" }, { webhook: \"https://example.com/planted\" }]\n",
    );
    let desk = tracing::subscriber::with_default(subscriber, || {
        let desk = desk_with(Keyed);
        desk.outlets.slack.set(Some(Slack::Bot));
        *desk.store.rollout.borrow_mut() = Some(awaiting(&plan));
        let busy = Trouble::passing("Slack answered with status 429");
        desk.outlets.fail("person", [busy.clone().into()]);
        let gone = Trouble::lasting("the web hook answered with status 404");
        desk.outlets.fail("webhook", [gone.into()]);
        fakes::keep_entries(&desk, &sample("approval.json"));
        woken_at(&desk, &sample("approval.json"), "10:07:00").unwrap();
        woken_at(&desk, &sample("retry.json"), "10:12:00").unwrap();
        desk
    });
    let log = String::from_utf8(written.lock().unwrap().clone()).unwrap();
    for said in ["told", "told later", "a message was given up"] {
        assert!(log.contains(said), "{said} in {log}");
    }
    assert!(!log.contains("planted"), "{log}");
    let said = desk.outlets.said.borrow();
    let bodies: Vec<String> = said.iter().map(|(_, body)| body.to_string()).collect();
    let links: Vec<&str> = bodies
        .iter()
        .flat_map(|body| body.split("/d/").skip(1))
        .filter_map(|rest| rest.split('|').next())
        .collect();
    assert!(links.len() > 4);
    for token in links {
        let (payload, signature) = token.split_once('.').unwrap();
        assert!(!log.contains(payload) && !log.contains(signature), "{log}");
    }
    let codes = bodies.iter().flat_map(|body| body.split("code `").skip(1));
    for code in codes.filter_map(|rest| rest.get(..6)) {
        assert!(!log.contains(code), "{code} in {log}");
    }
}
