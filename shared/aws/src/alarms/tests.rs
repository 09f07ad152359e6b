//! What is read of alarms, and what is not taken for one.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::script::{Answer, Asked, Script, run};

const HERE: &str = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:";

fn arn(name: &str) -> AlarmArn {
    AlarmArn::new(&format!("{HERE}{name}"))
}

/// An alarm as `DescribeAlarms` has it, with some fields more or other.
fn alarm(name: &str, fields: &Value) -> Value {
    let mut alarm = json!({
        "AlarmName": name,
        "AlarmArn": format!("{HERE}{name}"),
        "ActionsEnabled": true,
        "StateValue": "ALARM",
        "StateReason": "too many",
        "StateTransitionedTimestamp": { "$at": 1_795_600_000.5 },
        "StateUpdatedTimestamp": { "$at": 1_795_600_900 },
    });
    for (name, value) in fields.as_object().unwrap() {
        if value.is_null() {
            alarm.as_object_mut().unwrap().remove(name);
        } else {
            alarm[name] = value.clone();
        }
    }
    alarm
}

fn page(metric: &[Value], composite: &[Value], next: Option<&str>) -> Answer {
    let page = json!({ "MetricAlarms": metric, "CompositeAlarms": composite, "NextToken": next });
    Answer::Cbor(200, page)
}

fn read(arns: &[AlarmArn], answers: Vec<Answer>) -> (Vec<AlarmReading>, Vec<Asked>) {
    let script = Script::new(answers);
    let alarms = Alarms::new(Client::new(&script.config()));
    let readings = run(ports::Alarms::read(&alarms, arns));
    (readings, script.asked())
}

fn inspect(arn: AlarmArn, answer: Answer) -> Result<Inspection, String> {
    let script = Script::new([answer]);
    let alarms = Alarms::new(Client::new(&script.config()));
    run(alarms.inspect(&[arn])).remove(0)
}

fn show(reading: &AlarmReading) -> String {
    match reading {
        AlarmReading::State {
            state,
            since,
            reason,
        } => format!("{state:?} since {since}: {reason}"),
        AlarmReading::Unreadable(why) => format!("unreadable: {why}"),
    }
}

/// What the alarm `a` reads as, if it is described so.
fn check(fields: &Value, expected: &Expect) {
    let (readings, _) = read(&[arn("a")], vec![page(&[alarm("a", fields)], &[], None)]);
    expected.assert_eq(&show(&readings[0]));
}

#[test]
fn a_state_holds_since_it_was_entered() {
    check(
        &json!({}),
        &expect!["Alarm since 2026-11-25T09:46:40.5Z: too many"],
    );
    check(
        &json!({ "StateTransitionedTimestamp": null, "StateValue": "OK" }),
        &expect!["Ok since 2026-11-25T10:01:40Z: too many"],
    );
    check(
        &json!({ "StateValue": "INSUFFICIENT_DATA", "StateReason": null }),
        &expect!["InsufficientData since 2026-11-25T09:46:40.5Z: "],
    );
}

#[test]
fn what_is_not_known_is_not_read_as_well() {
    check(
        &json!({ "StateValue": "SILENCED" }),
        &expect!["unreadable: its state is SILENCED, which is not known"],
    );
    check(
        &json!({ "StateValue": null }),
        &expect!["unreadable: it has no state"],
    );
    check(
        &json!({ "StateTransitionedTimestamp": null, "StateUpdatedTimestamp": null }),
        &expect!["unreadable: it does not say since when it is so"],
    );
}

#[test]
fn answers_are_in_the_order_of_the_questions() {
    let asked = [
        arn("composite"),
        arn("gone"),
        arn("a"),
        AlarmArn::new("arn:aws:cloudwatch:us-east-1:111122223333:alarm:a"),
        AlarmArn::new("arn:aws:cloudwatch:eu-west-1:999999999999:alarm:a"),
        AlarmArn::new("arn:aws:sns:eu-west-1:111122223333:a"),
        arn("a"),
    ];
    let fields = json!({ "StateValue": "OK", "StateReason": "fine" });
    let answer = page(
        &[alarm("a", &json!({}))],
        &[alarm("composite", &fields)],
        None,
    );
    let (readings, calls) = read(&asked, vec![answer]);
    let lines: Vec<String> = readings.iter().map(show).collect();
    expect![[r#"
        Ok since 2026-11-25T09:46:40.5Z: fine
        unreadable: the alarm arn:aws:cloudwatch:eu-west-1:111122223333:alarm:gone does not exist
        Alarm since 2026-11-25T09:46:40.5Z: too many
        unreadable: arn:aws:cloudwatch:us-east-1:111122223333:alarm:a is in us-east-1, and alarms are read in eu-west-1
        unreadable: the alarm arn:aws:cloudwatch:eu-west-1:999999999999:alarm:a does not exist here; arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a does, in another account
        unreadable: arn:aws:sns:eu-west-1:111122223333:a is no alarm's ARN
        Alarm since 2026-11-25T09:46:40.5Z: too many"#]].assert_eq(&lines.join("\n"));
    assert_eq!(calls.len(), 1);
    for word in ["MetricAlarm", "CompositeAlarm", "gone"] {
        assert!(calls[0].says(word), "{word}");
    }
}

#[test]
fn a_call_has_at_most_100_names_and_pages_are_turned() {
    let names: Vec<AlarmArn> = (0..101).map(|at| arn(&format!("n{at:03}"))).collect();
    let described = |range: std::ops::Range<usize>| -> Vec<Value> {
        range
            .map(|at| alarm(&format!("n{at:03}"), &json!({})))
            .collect()
    };
    // The second call's first page comes before the first call's second.
    let (readings, calls) = read(
        &names,
        vec![
            page(&described(0..60), &[], Some("n060")),
            page(&described(100..101), &[], None),
            page(&described(60..100), &[], None),
        ],
    );
    let unread: Vec<String> = readings
        .iter()
        .filter(|reading| matches!(reading, AlarmReading::Unreadable(_)))
        .map(show)
        .collect();
    assert_eq!(unread, Vec::<String>::new());
    assert_eq!(calls.len(), 3);
}

#[test]
fn a_call_that_fails_leaves_nothing_read() {
    let check = |answer: Answer, expected: Expect| {
        let (readings, _) = read(&[arn("a")], vec![answer]);
        expected.assert_eq(&show(&readings[0]));
    };
    let denied = json!({ "__type": "AccessDenied", "message": "not authorized" });
    check(
        Answer::Cbor(403, denied),
        expect![
            "unreadable: DescribeAlarms: AccessDenied not authorized; who asks lacks cloudwatch:DescribeAlarms"
        ],
    );
    check(
        Answer::Refusal,
        expect!["unreadable: DescribeAlarms could not be sent"],
    );
    let throttled = json!({ "__type": "Throttling", "message": "Rate exceeded" });
    check(
        Answer::Cbor(400, throttled),
        expect!["unreadable: DescribeAlarms: Throttling Rate exceeded"],
    );
}

#[test]
fn an_inspection_says_what_cannot_be_relied_on() {
    let fields = json!({
        "ActionsEnabled": false,
        "AlarmActions": ["arn:aws:sns:eu-west-1:111122223333:tidegate-alarms"],
        "EvaluationState": "PARTIAL_DATA",
        "WarmUpConfiguration": { "WarmUpPeriodDurationInMinutes": { "$whole": 30 } },
        "AlarmConfigurationUpdatedTimestamp": { "$at": 1_795_600_000 },
    });
    let found = inspect(arn("a"), page(&[alarm("a", &fields)], &[], None)).unwrap();
    expect![[r#"
        Inspection {
            reading: State {
                state: Alarm,
                since: 2026-11-25T09:46:40.5Z,
                reason: "too many",
            },
            actions: Disabled,
            targets: [
                "arn:aws:sns:eu-west-1:111122223333:tidegate-alarms",
            ],
            evaluation: Some(
                PartialData,
            ),
            warm_up_until: Some(
                2026-11-25T10:16:40Z,
            ),
            kind: Metric,
        }
    "#]]
    .assert_debug_eq(&found);
    let composite = alarm("a", &json!({ "ActionsEnabled": null }));
    let found = inspect(arn("a"), page(&[], &[composite], None)).unwrap();
    assert_eq!(found.kind, Kind::Composite);
    assert_eq!(found.actions, Actions::Enabled);
    let gone = inspect(arn("a"), page(&[], &[], None));
    expect!["the alarm arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a does not exist"]
        .assert_eq(&gone.unwrap_err());
    for (word, expected) in [
        ("EVALUATION_ERROR", Evaluation::Error),
        ("EVALUATION_FAILURE", Evaluation::Failure),
        ("LATER", Evaluation::Other("LATER".to_owned())),
    ] {
        let described = alarm("a", &json!({ "EvaluationState": word }));
        let found = inspect(arn("a"), page(&[described], &[], None)).unwrap();
        assert_eq!(found.evaluation, Some(expected));
    }
}
