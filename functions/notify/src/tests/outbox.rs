//! Outlets that fail: others are not delayed, nothing is said twice, and what was lost is said.

use aws::outlets::Unsent;
use expect_test::expect_file;

use super::{
    fakes::{Keyed, awaiting, desk_with, keep_entries, plan},
    *,
};

fn busy() -> Unsent {
    Trouble::passing("Slack answered with status 429").into()
}

fn gone() -> Unsent {
    Trouble::lasting("Slack answered with status 404").into()
}

/// A desk with the entries of the rollback.
fn desk_of_rollback() -> Plain {
    let desk = desk();
    keep_entries(&desk, &sample("rollback.json"));
    desk
}

#[test]
fn an_entry_that_comes_again_is_told_once() {
    let desk = desk_of_rollback();
    woken(&desk, &sample("rollback.json")).unwrap();
    let once = desk.outlets.texts();
    woken(&desk, &sample("rollback.json")).unwrap();
    assert_eq!(desk.outlets.texts(), once);
    expect![[r#"
        4 slack/webhook sent, 1 tried
        4 sns/messages sent, 1 tried
        5 slack/webhook sent, 1 tried
        5 sns/messages sent, 1 tried
    "#]]
    .assert_eq(&desk.store.outbox());
}

#[test]
fn an_outlet_that_fails_delays_no_other_and_keeps_its_order() {
    let desk = desk_of_rollback();
    desk.outlets.fail("slack", [busy()]);
    let answer = woken(&desk, &sample("rollback.json")).unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    expect![[r#"
        topic: [bad] shop#1: rolling back: alarm shop-<broken> & more went off: [("service", "shop"), ("rollout", "shop#1"), ("kind", "rollback-began"), ("tone", "bad"), ("severity", "critical")]
        topic: shop#1: all traffic is back on stable, 2s after the decision: [("service", "shop"), ("rollout", "shop#1"), ("kind", "traffic-restored"), ("tone", "good"), ("severity", "low")]
        4 slack/webhook waiting until 12:00:30, 1 tried
        4 sns/messages sent, 1 tried
        5 slack/webhook waiting until 12:00:30, 0 tried
        5 sns/messages sent, 1 tried
    "#]].assert_eq(&format!(
        "{}{}",
        desk.outlets.headings(),
        desk.store.outbox()
    ));
    // Too early: nothing is tried.
    woken_at(&desk, &sample("retry.json"), "12:00:29").unwrap();
    assert_eq!(desk.outlets.headings().matches("slack").count(), 0);
    // In time: both, in their order.
    woken_at(&desk, &sample("retry.json"), "12:00:30").unwrap();
    expect![[r#"
        topic: [bad] shop#1: rolling back: alarm shop-<broken> & more went off: [("service", "shop"), ("rollout", "shop#1"), ("kind", "rollback-began"), ("tone", "bad"), ("severity", "critical")]
        topic: shop#1: all traffic is back on stable, 2s after the decision: [("service", "shop"), ("rollout", "shop#1"), ("kind", "traffic-restored"), ("tone", "good"), ("severity", "low")]
        slack: *[bad] shop#1: rolling back: alarm shop-&lt;broken&gt; &amp; more went off*
        slack: *shop#1: all traffic is back on stable, 2s after the decision*
        4 slack/webhook sent, 2 tried
        4 sns/messages sent, 1 tried
        5 slack/webhook sent, 1 tried
        5 sns/messages sent, 1 tried
    "#]].assert_eq(&format!(
        "{}{}",
        desk.outlets.headings(),
        desk.store.outbox()
    ));
}

#[test]
fn what_was_asked_to_wait_waits() {
    let desk = desk_of_rollback();
    let again_in = Some(SignedDuration::from_secs(90));
    desk.outlets.fail("slack", [Unsent { again_in, ..busy() }]);
    woken(&desk, &sample("rollback.json")).unwrap();
    woken_at(&desk, &sample("retry.json"), "12:01:29").unwrap();
    assert_eq!(desk.outlets.headings().matches("slack").count(), 0);
    woken_at(&desk, &sample("retry.json"), "12:01:30").unwrap();
    assert_eq!(desk.outlets.headings().matches("slack").count(), 2);
}

#[test]
fn what_is_given_up_is_said_in_the_next_message_that_works() {
    let desk = desk_of_rollback();
    desk.outlets.fail("slack", [gone()]);
    woken(&desk, &sample("rollback.json")).unwrap();
    expect![[r#"
        [bad] shop#1: rolling back: alarm shop-<broken> & more went off: [("service", "shop"), ("rollout", "shop#1"), ("kind", "rollback-began"), ("tone", "bad"), ("severity", "critical")]

        *shop#1: all traffic is back on stable, 2s after the decision*
        Phase: tenth (1 of 3)
        Traffic: canary 0%, stable 100%
        Cause: alarm shop-&lt;broken&gt; &amp; more went off
        → Guarded until Tue 13 Jan 2026 10:06 UTC: a late write would be undone. Then the rollback is confirmed.
        Slack did not take a message: shop#1: rolling back: alarm shop-&lt;broken&gt; &amp; more went off

        shop#1: all traffic is back on stable, 2s after the decision: [("service", "shop"), ("rollout", "shop#1"), ("kind", "traffic-restored"), ("tone", "good"), ("severity", "low")]

        4 slack/webhook owned, 1 tried
        4 sns/messages sent, 1 tried
        5 slack/webhook sent, 1 tried
        5 sns/messages sent, 1 tried
    "#]].assert_eq(&format!("{}{}", desk.outlets.texts(), desk.store.outbox()));
}

#[test]
fn an_outlet_that_stays_away_is_given_up() {
    let desk = desk_of_rollback();
    desk.outlets.fail("slack", (0..20).map(|_| busy()));
    woken(&desk, &sample("rollback.json")).unwrap();
    let mut tries = 1;
    for minute in 1..=59 {
        for second in ["00", "30"] {
            let time = format!("12:{minute:02}:{second}");
            woken_at(&desk, &sample("retry.json"), &time).unwrap();
        }
    }
    for hour in 13..=17 {
        for minute in ["00", "20", "40"] {
            woken_at(&desk, &sample("retry.json"), &format!("{hour}:{minute}:00")).unwrap();
            tries += 1;
        }
    }
    assert!(tries > 10);
    expect![[r#"
        4 slack/webhook failed, 10 tried
        4 sns/messages sent, 1 tried
        5 slack/webhook failed, 10 tried
        5 sns/messages sent, 1 tried
    "#]]
    .assert_eq(&desk.store.outbox());
}

#[test]
fn a_worker_that_died_is_replaced_after_a_while() {
    let desk = desk_of_rollback();
    woken(&desk, &sample("one.json")).unwrap();
    for slip in desk.store.slips.borrow_mut().values_mut() {
        slip.state = State::Taken("2026-01-13T12:01:00Z".parse().unwrap());
    }
    keep_entries(&desk, &sample("one.json"));
    let said = desk.outlets.said.borrow().len();
    woken_at(&desk, &sample("retry.json"), "12:00:59").unwrap();
    assert_eq!(desk.outlets.said.borrow().len(), said);
    woken_at(&desk, &sample("retry.json"), "12:01:00").unwrap();
    assert_eq!(desk.outlets.said.borrow().len(), said + 2);
}

#[test]
fn the_same_words_are_said_once_and_counted() {
    let desk = desk();
    let tell = |seq: u64, title: &str| {
        let mut payload = sample("one.json");
        let image = &mut payload["Records"][0]["dynamodb"]["NewImage"];
        image["seq"]["N"] = json!(seq.to_string());
        image["sk"]["S"] = json!(format!("EV#{seq:012}"));
        image["at"]["S"] = json!("2026-01-13T12:00:00Z");
        image["title"]["S"] = json!(title);
        woken(&desk, &payload).unwrap();
    };
    for seq in 3..=6 {
        tell(seq, "shop#1: data-sync has a state again");
    }
    tell(7, "shop#1: phase tenth (1 of 3) begins");
    expect![[r#"
        *shop#1: data-sync has a state again*
        canary █░░░░░░░░░ from 0% to 10%

        shop#1: data-sync has a state again: [("service", "shop"), ("rollout", "shop#1"), ("kind", "phase-entered"), ("tone", "note"), ("severity", "low")]

        *shop#1: phase tenth (1 of 3) begins*
        canary █░░░░░░░░░ from 0% to 10%
        3 times more since: shop#1: data-sync has a state again

        shop#1: phase tenth (1 of 3) begins: [("service", "shop"), ("rollout", "shop#1"), ("kind", "phase-entered"), ("tone", "note"), ("severity", "low")]

        3 slack/webhook sent, 1 tried
        3 sns/messages sent, 1 tried
        4 slack/webhook folded, 0 tried
        4 sns/messages folded, 0 tried
        5 slack/webhook folded, 0 tried
        5 sns/messages folded, 0 tried
        6 slack/webhook folded, 0 tried
        6 sns/messages folded, 0 tried
        7 slack/webhook sent, 1 tried
        7 sns/messages sent, 1 tried
    "#]].assert_eq(&format!("{}{}", desk.outlets.texts(), desk.store.outbox()));
}

/// One message of the rollout that is changed, and what happened in its thread.
#[test]
fn a_bot_keeps_one_message_and_its_thread() {
    let desk = Desk {
        channel: Some("#releases".to_owned()),
        topic: None,
        ..desk_with(Keyed)
    };
    desk.outlets.slack.set(Some(Slack::Bot));
    let text = plan("groups: { leads: [U2CERLKJA] }\n");
    *desk.store.rollout.borrow_mut() = Some(awaiting(&text));
    keep_entries(&desk, &sample("one.json"));
    woken(&desk, &sample("one.json")).unwrap();
    // What stands above the thread is changed later than the thread.
    desk.outlets.fail("update", [busy()]);
    woken(&desk, &sample("approval.json")).unwrap();
    keep_entries(&desk, &sample("approval.json"));
    woken_at(&desk, &sample("retry.json"), "12:05:00").unwrap();
    expect![[r#"
        post #releases: shop#1: awaiting approval
        post #releases in 1.1: *shop#1: phase tenth (1 of 3) begins, canary to 10%*
        post #releases in 1.1 and to all: *[needs a person] shop#1: phase half (2 of 3) needs approval to go on*
        post U2CERLKJA: *[needs a person] shop#1: phase half (2 of 3) needs approval to go on*
        update C-releases 1.1: shop#1: awaiting approval
        0 slack/#releases sent, 0 tried
        3 slack/#releases sent, 1 tried
        6 slack/#releases sent, 2 tried
        6 slack/U2CERLKJA sent, 1 tried
    "#]].assert_eq(&format!(
        "{}{}",
        desk.outlets.headings(),
        desk.store.outbox()
    ));
}

/// Somebody deleted what stood above the thread.
#[test]
fn a_message_that_is_there_is_not_said_to_be_lost() {
    let desk = Desk {
        channel: Some("#releases".to_owned()),
        topic: None,
        ..desk_with(Keyed)
    };
    desk.outlets.slack.set(Some(Slack::Bot));
    let text = plan("groups: { leads: [ann] }\n");
    *desk.store.rollout.borrow_mut() = Some(awaiting(&text));
    woken(&desk, &sample("one.json")).unwrap();
    desk.outlets.fail("update", [gone()]);
    woken(&desk, &sample("approval.json")).unwrap();
    expect![[r#"
        0 slack/#releases sent, 0 tried
        3 slack/#releases sent, 1 tried
        6 slack/#releases sent, 1 tried
    "#]]
    .assert_eq(&desk.store.outbox());
}

#[test]
fn a_plan_says_who_is_told_what_and_when() {
    let told = |notify: &str, file: &str, time: &str| {
        let desk = desk_with(Keyed);
        desk.outlets.slack.set(Some(Slack::Bot));
        let plan = plan(&format!("groups: {{ leads: [ann] }}\n{notify}"));
        *desk.store.rollout.borrow_mut() = Some(awaiting(&plan));
        let mut payload = sample(file);
        payload["Records"].as_array_mut().unwrap().truncate(1);
        payload["Records"][0]["dynamodb"]["NewImage"]["at"]["S"] =
            json!(format!("2026-01-13T{time}:00Z"));
        woken(&desk, &payload).unwrap();
        let said = desk.outlets.said.borrow();
        let outlets: Vec<&str> = said.iter().map(|(outlet, _)| outlet.as_str()).collect();
        outlets.join(", ")
    };
    let seed = r##"notify:
  - { slack: "#critical-alerts", from: critical }
  - { sms: "+819000000000", from: critical }
  - { email: dev-team@example.com, from: high }
  - { email: night@example.com, hours: "22:00-07:00" }
  - { slack: "#medium-alerts", from: medium, silent_until: 2026-01-13T09:00:00Z }
  - { slack: "#low-alerts" }
  - { amazon_q: "arn:aws:sns:eu-west-1:123456789012:q", from: high }
  - { sns: "arn:aws:sns:eu-west-1:123456789012:t", from: high }
  - { pagerduty: shop, from: high }
  - { webhook: "https://example.com/t", from: critical }
calendar: { zone: UTC }
"##;
    let check = |file, time, expected: Expect| expected.assert_eq(&told(seed, file, time));
    check(
        "one.json",
        "10:00",
        expect!["post #low-alerts, post #low-alerts in 1.1"],
    );
    check(
        "one.json",
        "23:00",
        expect!["mail to night@example.com, post #low-alerts, post #low-alerts in 1.2"],
    );
    check(
        "approval.json",
        "08:59",
        expect!["post #low-alerts, post #low-alerts in 1.1 and to all"],
    );
    check(
        "approval.json",
        "09:00",
        expect![
            "post #low-alerts, post #low-alerts in 1.1 and to all, post #medium-alerts, post #medium-alerts in 1.3 and to all"
        ],
    );
    check(
        "rollback.json",
        "10:00",
        expect![
            "arn:aws:sns:eu-west-1:123456789012:q, mail to dev-team@example.com and night@example.com, page shop, post #critical-alerts, post #critical-alerts in 1.4 and to all, post #low-alerts, post #low-alerts in 1.6 and to all, post #medium-alerts, post #medium-alerts in 1.8 and to all, phone +819000000000, arn:aws:sns:eu-west-1:123456789012:t, call https://example.com/t shop#1/4"
        ],
    );
}

#[test]
fn programs_are_told_in_their_forms() {
    let desk = desk_with(Keyed);
    let notify = r#"groups: { leads: [ann] }
notify:
  - { webhook: "https://example.com/t" }
  - { pagerduty: shop }
  - { amazon_q: "arn:aws:sns:eu-west-1:123456789012:q" }
  - { sms: "+819000000000" }
"#;
    *desk.store.rollout.borrow_mut() = Some(awaiting(&plan(notify)));
    let mut payload = sample("rollback.json");
    payload["Records"].as_array_mut().unwrap().truncate(1);
    woken(&desk, &payload).unwrap();
    let said = desk.outlets.said.borrow();
    let all = said.iter().map(|(outlet, value)| {
        let program = value
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok());
        let mut value: Value = program.unwrap_or_else(|| value.clone());
        if let Some(links) = value.get_mut("links") {
            assert!(
                links[0]["href"]
                    .as_str()
                    .unwrap()
                    .starts_with("https://gate.example.com/d/")
            );
            *links = Value::Null;
        }
        format!("{outlet}\n{value:#}\n")
    });
    expect_file!["forms.txt"].assert_eq(&all.collect::<String>());
}

#[test]
fn an_alert_ends_with_what_opened_it() {
    let desk = desk_with(Keyed);
    let notify = "groups: { leads: [ann] }\nnotify: [{ pagerduty: shop, from: high }]\n";
    *desk.store.rollout.borrow_mut() = Some(awaiting(&plan(notify)));
    let tell = |seq: u64, kind: &str, severity: Option<&str>, incident: Option<&str>| {
        let mut payload = sample("one.json");
        let image = &mut payload["Records"][0]["dynamodb"]["NewImage"];
        image["seq"]["N"] = json!(seq.to_string());
        image["kind"]["S"] = json!(kind);
        image["title"]["S"] = json!(kind);
        for (name, value) in [("severity", severity), ("incident", incident)] {
            if let Some(value) = value {
                image[name] = json!({ "S": value });
            }
        }
        woken(&desk, &payload).unwrap();
    };
    tell(3, "incident-opened", Some("medium"), Some("alarm small"));
    tell(4, "incident-opened", Some("high"), Some("alarm shop-5xx"));
    tell(5, "incident-recovered", None, Some("alarm shop-5xx"));
    tell(6, "rollback-began", None, None);
    tell(7, "traffic-restored", None, None);
    tell(8, "rollback-confirmed", None, None);
    let said = desk.outlets.said.borrow();
    let all = said.iter().map(|(_, event)| {
        let word = |name: &str| event[name].as_str().unwrap().to_owned();
        format!("{} {}\n", word("event_action"), word("dedup_key"))
    });
    expect![[r#"
        trigger tidegate/shop#1/alarm shop-5xx
        resolve tidegate/shop#1/alarm shop-5xx
        trigger tidegate/shop#1/rollback
        resolve tidegate/shop#1/rollback
    "#]]
    .assert_eq(&all.collect::<String>());
}
