//! What was heard becomes a change only if it says enough, or the alarm does.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::cell::Cell;

use expect_test::{Expect, expect};
use futures_util::FutureExt as _;
use serde_json::json;

use super::*;

/// An alarm that reads as it is told to, and counts how often it was read.
struct Board {
    reading: AlarmReading,
    reads: Cell<u32>,
}

impl Alarms for Board {
    async fn read(&self, alarms: &[AlarmArn]) -> Vec<AlarmReading> {
        self.reads.set(self.reads.get() + 1);
        vec![self.reading.clone(); alarms.len()]
    }
}

fn heard(state: &Value) -> Heard {
    let event = json!({
        "detail-type": "CloudWatch Alarm State Change",
        "resources": ["arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a"],
        "detail": { "alarmName": "a", "state": state },
    });
    match parse(&event).unwrap().remove(0).said {
        Ok(Said::Heard(heard)) => heard,
        other => panic!("{other:?}"),
    }
}

/// What becomes of an event while the alarm reads as this.
fn check(state: &Value, reading: AlarmReading, expected: &Expect) {
    let board = Board {
        reading,
        reads: Cell::new(0),
    };
    let heard = heard(state);
    let change = heard.change(&board).now_or_never().unwrap();
    let shown = match change {
        Ok(change) => format!("{:?} at {}: {}", change.state, change.at, change.reason),
        Err(trouble) => format!("{:?}: {trouble}", trouble.chance),
    };
    expected.assert_eq(&format!("{} reads, {shown}", board.reads.get()));
}

fn red() -> AlarmReading {
    AlarmReading::State {
        state: AlarmState::Alarm,
        since: "2026-11-25T10:00:00Z".parse().unwrap(),
        reason: "as read".to_owned(),
    }
}

#[test]
fn an_event_that_says_enough_is_believed() {
    let state =
        json!({ "value": "OK", "timestamp": "2026-11-25T10:05:12.123+0000", "reason": "fine" });
    check(
        &state,
        red(),
        &expect!["0 reads, Ok at 2026-11-25T10:05:12.123Z: fine"],
    );
}

#[test]
fn an_event_that_does_not_is_a_reason_to_look() {
    let at = "2026-11-25T10:05:12.123+0000";
    check(
        &json!({ "timestamp": at }),
        red(),
        &expect!["1 reads, Alarm at 2026-11-25T10:00:00Z: as read"],
    );
    check(
        &json!({ "value": null, "timestamp": at }),
        red(),
        &expect!["1 reads, Alarm at 2026-11-25T10:00:00Z: as read"],
    );
    check(
        &json!({ "value": "ok", "timestamp": at }),
        red(),
        &expect!["1 reads, Alarm at 2026-11-25T10:00:00Z: as read"],
    );
    check(
        &json!({ "value": "ALARM" }),
        red(),
        &expect!["1 reads, Alarm at 2026-11-25T10:00:00Z: as read"],
    );
    check(
        &json!({ "value": "OK", "timestamp": 1_795_600_000 }),
        red(),
        &expect!["1 reads, Alarm at 2026-11-25T10:00:00Z: as read"],
    );
    check(
        &json!(null),
        red(),
        &expect!["1 reads, Alarm at 2026-11-25T10:00:00Z: as read"],
    );
    let unreadable = || AlarmReading::Unreadable("no right".to_owned());
    check(
        &json!({ "timestamp": at }),
        unreadable(),
        &expect![
            "1 reads, Passing: the event of arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a does not say enough (state ``), and the alarm could not be read: no right"
        ],
    );
}

#[test]
fn a_time_is_read_in_every_spelling_of_utc() {
    let check = |text: &str, expected: Option<&str>| {
        let at = heard(&json!({ "value": "OK", "timestamp": text })).at;
        assert_eq!(at.map(|at| at.to_string()).as_deref(), expected, "{text}");
    };
    let same = Some("2026-11-25T10:05:12.123Z");
    check("2026-11-25T10:05:12.123+0000", same);
    check("2026-11-25T10:05:12.123+00:00", same);
    check("2026-11-25T10:05:12.123Z", same);
    check("2026-11-25T12:05:12.123+0200", same);
    check("2026-11-25T10:05:12.123", None);
    check("Wednesday 25 November", None);
    check("ü+00", None);
    check("", None);
}

#[test]
fn one_change_has_one_key_on_every_path() {
    let at = "2026-11-25T10:05:12.123+0000";
    let arn = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a";
    let state = json!({ "value": "ALARM", "timestamp": at });
    let notification = json!({ "AlarmName": "a", "AlarmArn": arn, "NewStateValue": "ALARM", "StateChangeTime": at });
    let action = json!({ "alarmArn": arn, "alarmData": { "alarmName": "a", "state": state } });
    let topic = json!({ "Records": [{ "Sns": { "Message": notification.to_string() } }] });
    let keys: Vec<Option<EventKey>> = [action, topic]
        .iter()
        .map(|payload| match &parse(payload).unwrap()[0].said {
            Ok(Said::Heard(heard)) => heard.key(),
            other => panic!("{other:?}"),
        })
        .collect();
    let bus = heard(&state).key();
    assert!(bus.is_some());
    assert_eq!(keys, [bus.clone(), bus]);
    assert_eq!(
        heard(&json!({ "value": "NEW", "timestamp": at })).key(),
        None
    );
}

#[test]
fn what_cannot_be_used_is_said() {
    let check = |payload: Value, expected: Expect| {
        let shown = match parse(&payload) {
            Ok(incoming) => {
                let said: Vec<String> = incoming
                    .iter()
                    .map(|incoming| match &incoming.said {
                        Ok(said) => format!("{said:?}"),
                        Err(poison) => poison.to_string(),
                    })
                    .collect();
                said.join("\n")
            }
            Err(poison) => format!("nothing: {poison}"),
        };
        expected.assert_eq(&shown);
    };
    check(
        json!({}),
        expect!["nothing: the message is neither an alarm's event nor its notification"],
    );
    check(
        json!([1, 2]),
        expect!["nothing: the message is neither an alarm's event nor its notification"],
    );
    check(
        json!({ "sweep": true }),
        expect!["nothing: the message is neither an alarm's event nor its notification"],
    );
    check(json!({ "Records": [] }), expect![""]);
    check(
        json!({ "Records": [null, 7, { "body": 7 }, { "body": "[]" }, { "Sns": {} }] }),
        expect![[r#"
            the message is neither an alarm's event nor its notification
            the message is neither an alarm's event nor its notification
            the message is neither an alarm's event nor its notification
            the message is neither an alarm's event nor its notification
            the message is neither an alarm's event nor its notification"#]],
    );
    let mut nested = json!({ "AlarmName": "a" }).to_string();
    for _ in 0..5 {
        nested = json!({ "Message": nested }).to_string();
    }
    check(
        json!({ "Records": [{ "body": nested }] }),
        expect!["the message has too many envelopes"],
    );
    let nameless = json!({ "detail-type": "CloudWatch Alarm State Change", "resources": [7, "arn:aws:ec2:::x"] });
    check(
        nameless,
        expect!["nothing: the message does not say which alarm it is about"],
    );
}

#[test]
fn without_a_resource_the_place_makes_the_arn() {
    let check = |region: &str, expected: &str| {
        let event = json!({
            "detail-type": "CloudWatch Alarm State Change",
            "region": region,
            "account": "111122223333",
            "detail": { "alarmName": "a:b", "state": {} },
        });
        match &parse(&event).unwrap()[0].said {
            Ok(Said::Heard(heard)) => assert_eq!(heard.arn.as_str(), expected),
            other => panic!("{other:?}"),
        }
    };
    check(
        "eu-west-1",
        "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a:b",
    );
    check(
        "cn-north-1",
        "arn:aws-cn:cloudwatch:cn-north-1:111122223333:alarm:a:b",
    );
    check(
        "us-gov-west-1",
        "arn:aws-us-gov:cloudwatch:us-gov-west-1:111122223333:alarm:a:b",
    );
}
