//! Who gets which links.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use domain::{
    rollout::{Hold, Rollout, Status},
    traffic::Epoch,
};

use super::{
    blocks::claims,
    fakes::{Keyed, awaiting, desk_with, plan},
    *,
};

const NOW: &str = "2026-01-13T10:07:00Z";

fn told(slack: Slack, rollout: Rollout) -> Desk<Kept, Shelf, Keyed> {
    let desk = Desk {
        channel: Some("#releases".to_owned()),
        topic: None,
        ..desk_with(Keyed)
    };
    desk.outlets.slack.set(Some(slack));
    *desk.store.rollout.borrow_mut() = Some(rollout);
    woken_at(&desk, &sample("approval.json"), "10:07:00").unwrap();
    desk
}

fn check(slack: Slack, rollout: Rollout, expected: &Expect) {
    let desk = told(slack, rollout);
    let mut all = String::new();
    for claims in claims(&desk, NOW) {
        let phase = claims
            .phase
            .map_or_else(String::new, |phase| phase.to_string());
        writeln!(
            all,
            "{} {} {} {phase} epoch {} until {}",
            claims.approver, claims.action, claims.rollout, claims.epoch, claims.expires
        )
        .unwrap();
    }
    expected.assert_eq(&all);
}

#[test]
fn each_who_may_decide_has_links_of_their_own() {
    let plan = plan("groups: { leads: [ann, ben] }\n");
    check(
        Slack::Webhook,
        awaiting(&plan),
        &expect![[r#"
        ann approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ann reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ann roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        ann hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        ben approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ben reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ben roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        ben hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
}

#[test]
fn a_bot_writes_to_each_and_shows_buttons_to_all() {
    let plan = plan("groups: { leads: [U2CERLKJA] }\n");
    check(
        Slack::Bot,
        awaiting(&plan),
        &expect![[r#"
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        slack approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        slack reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        slack roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        slack hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        U2CERLKJA approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        U2CERLKJA reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        U2CERLKJA roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        U2CERLKJA hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
}

#[test]
fn what_can_no_longer_be_approved_is_not_offered() {
    let text = plan("groups: { leads: [ann] }\n");
    let mut moved = awaiting(&text);
    moved.epoch = Epoch(7);
    check(
        Slack::Webhook,
        moved,
        &expect![[r#"
        ann roll back shop#1 half epoch 7 until 2026-01-20T10:06:00Z
        ann hold shop#1 half epoch 7 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 7 until 2026-01-20T10:06:00Z
    "#]],
    );
    let mut held = awaiting(&text);
    held.status = Status::Baking;
    held.holds.insert(Hold::Paused);
    check(
        Slack::Webhook,
        held,
        &expect![[r#"
        ann roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
    let mut over = awaiting(&text);
    over.status = Status::Superseded { by: 2 };
    check(
        Slack::Webhook,
        over,
        &expect![[r#"
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
}

/// Kim has started it, whatever the plan calls them.
#[test]
fn whoever_started_it_is_not_asked_to_approve_it() {
    let text = plan("groups: { leads: [chief] }\npeople: { chief: { aws: kim } }\n");
    check(
        Slack::Webhook,
        awaiting(&text),
        &expect![[r#"
        chief reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        chief roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        chief hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
    let waived = text.replace("needed: 1,", "needed: 1, four_eyes: waived,");
    check(
        Slack::Webhook,
        awaiting(&waived),
        &expect![[r#"
        chief approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        chief reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        chief roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        chief hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
}

#[test]
fn a_bot_writes_to_whom_the_plan_knows_in_slack() {
    let text = plan("groups: { leads: [ann, ben] }\npeople: { ann: { slack: U2CERLKJA } }\n");
    check(
        Slack::Bot,
        awaiting(&text),
        &expect![[r#"
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        slack approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        slack reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        slack roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        slack hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        ann approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ann reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ann roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        ann hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
}

#[test]
fn a_message_that_is_sent_again_has_the_same_links() {
    let plan = plan("groups: { leads: [ann, ben] }\n");
    let bodies = |desk: &Desk<Kept, Shelf, Keyed>| desk.outlets.said.borrow().clone();
    let first = bodies(&told(Slack::Webhook, awaiting(&plan)));
    let second = bodies(&told(Slack::Webhook, awaiting(&plan)));
    assert_eq!(first, second);
}

#[test]
fn every_link_has_another_name() {
    let plan = plan("groups: { leads: [ann, ben, U2CERLKJA] }\n");
    let desk = told(Slack::Webhook, awaiting(&plan));
    let mut ids: Vec<String> = claims(&desk, NOW).iter().map(|all| all.id.hex()).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
    assert_eq!(count, 3 * 4 + 1);
}

#[test]
fn nothing_that_opens_anything_is_shown_by_debug() {
    let plan = plan("groups: { leads: [ann] }\n");
    let rollout = awaiting(&plan);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let keys = runtime.block_on(Keyed.keys(Timestamp::UNIX_EPOCH)).unwrap();
    let image = &sample("approval.json")["Records"][0]["dynamodb"]["NewImage"];
    let entries = entries_of_image(image).unwrap();
    let news = news::News::of(entries, Some(rollout), keys.as_ref()).unwrap();
    let shown = format!("{:?} {:?} {keys:?}", news.offers, news.buttons);
    for press in &news.offers[0].presses {
        assert!(!shown.contains(&press.code), "{shown}");
        assert!(!shown.contains(&press.address), "{shown}");
    }
    assert!(!shown.contains(&news.buttons[0].token), "{shown}");
}

/// What is said while messages are sent, fail and are given up.
#[test]
fn nothing_that_opens_anything_is_in_the_log() {
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

/// Where a log goes.
struct Sink(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
