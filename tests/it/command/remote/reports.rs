//! `report`: what happened, from what `control` says of a rollout and its ledger.

use std::fs;

use domain::{
    ledger::{Actor, Chain, Draft, Fact},
    name::{AlarmArn, Person, RolloutId},
    rollout::{Cause, Origin},
    time::SignedDuration,
    traffic::{Epoch, Weights},
};
use expect_test::{expect, expect_file};
use serde_json::{Value, json};

use super::{
    Scratch, check,
    fake::{Fake, KIM, status, view_with},
    told,
};

/// The ledger of a rollout that an alarm sent back, as `control` gives it, and its end.
fn ledger() -> (Value, Chain) {
    let alarm = AlarmArn::new("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:new-5xx-critical");
    let mut chain = Chain::of(&RolloutId::parse("shop#7").unwrap());
    let facts = [
        (
            "2026-11-30T20:00:00Z",
            Actor::Person(Person::new(KIM)),
            Fact::Started {
                origin: Origin::Fresh,
                plan: "9f86d081".to_owned(),
            },
        ),
        (
            "2026-12-01T08:50:00Z",
            Actor::Alarm(alarm.clone()),
            Fact::RollbackBegan {
                cause: Cause::Alarm(alarm),
                begun: Some("2026-12-01T08:49:20Z".parse().unwrap()),
            },
        ),
        (
            "2026-12-01T08:50:02Z",
            Actor::Plan,
            Fact::TrafficRestored {
                took: SignedDuration::from_secs(2),
            },
        ),
    ];
    let entries = facts.map(|(at, actor, fact)| {
        let draft = Draft {
            epoch: Epoch(3),
            actor,
            fact,
            evidence: Vec::new(),
            before: Weights::default(),
            after: Weights::default(),
        };
        aws::control::Entry::from(chain.append(draft, at.parse().unwrap()).line())
    });
    (json!(entries), chain)
}

fn answering(entries: &Value, end: Chain) -> Fake {
    let view = view_with(&json!({
        "status": "guarding", "active": true, "back": true,
        "cause": "alarm new-5xx-critical went off",
        "cause_ja": "アラーム new-5xx-critical の発報",
        "zone": "Asia/Tokyo",
        "incidents": [{
            "source": "alarm new-5xx-critical", "severity": "critical",
            "opened": "2026-12-01T08:50:00Z", "due": null, "accepted_by": null,
        }],
        "alarms": [{
            "arn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:new-5xx-critical",
            "name": "new-5xx-critical", "severity": "critical", "state": "ALARM",
            "since": "2026-12-01T08:49:20Z",
        }],
    }));
    let history = json!({ "version": 1, "ok": { "history": {
        "rollout": "shop#7", "entries": entries, "end": end.to_string(),
    } } });
    Fake::answering([status(&view), history])
}

#[test]
fn a_rollback_is_reported_from_its_head_and_its_ledger() {
    let (entries, end) = ledger();
    let said = told(&answering(&entries, end), "", &["report", "shop"]);
    expect_file!["reports/rollback.txt"].assert_eq(&said);
}

#[test]
fn a_report_is_a_page_in_a_file_in_either_language() {
    let (entries, end) = ledger();
    let file = Scratch::new("report.html", "");
    let arguments = [
        "report",
        "shop#7",
        "--html",
        "--lang",
        "ja",
        "--out",
        file.path(),
    ];
    let said = told(&answering(&entries, end), "", &arguments);
    assert!(said.ends_with("exit code 0\n"), "{said}");
    let page = fs::read_to_string(file.path()).unwrap();
    assert!(
        page.starts_with("<!DOCTYPE html><html lang=\"ja\">"),
        "{page}"
    );
    for said in [
        "ロールバック報告: shop#7",
        "<dd>アラーム new-5xx-critical の発報</dd>",
        "<li>アラーム new-5xx-critical、Critical（緊急）、2026年12月1日(火) 17:50 JST に検知</li>",
    ] {
        assert!(page.contains(said), "{said} in {page}");
    }
}

#[test]
fn nothing_is_reported_from_a_ledger_that_was_changed() {
    let (mut entries, end) = ledger();
    entries[1]["what"] = json!("nothing happened");
    check(
        &answering(&entries, end),
        &["report", "shop"],
        &expect![[r#"
            asked {"status":{"rollout":"shop"}}
            asked {"history":{"rollout":"shop#7"}}
            error: shop#7: entry 2 was changed: its hash is another
            exit code 1
        "#]],
    );
}
