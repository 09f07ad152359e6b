//! What is logged opens nothing: no link, no code, no address of a web hook.

#[path = "../../../../tests/logged.rs"]
mod logged;

use logged::{is_alone, logged};

use super::{
    fakes::{Keyed, awaiting, desk_with, plan},
    *,
};

/// What is said while messages are sent, fail and are given up.
#[test]
fn nothing_that_opens_anything_is_in_the_log() {
    if !is_alone("tests::logs::nothing_that_opens_anything_is_in_the_log") {
        return;
    }
    let plan = plan(
        "groups: { leads: [ann, U2CERLKJA] }\nnotify: [{ slack: \"#x\" }, { webhook: \"https://example.com/planted\" }]\n",
    );
    let (desk, log) = logged(|| {
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
