//! Sample payloads of alarms: each is read, and a new one needs an expectation here.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::{collections::BTreeMap, fs};

use aws::alarm_event::{Incoming, Path, Said, parse};
use expect_test::{Expect, expect};

const EVENTS: &str = "../events/alarm";

/// What a payload says, a line a message.
fn told(text: &str) -> String {
    let Ok(payload) = serde_json::from_str(text) else {
        return "no JSON".to_owned();
    };
    match parse(&payload) {
        Ok(incoming) => {
            let lines: Vec<String> = incoming.iter().map(line).collect();
            lines.join("\n")
        }
        Err(poison) => poison.to_string(),
    }
}

fn line(incoming: &Incoming) -> String {
    let said = match &incoming.said {
        Ok(Said::Heard(heard)) => {
            let at = heard.at.map_or_else(|| "?".to_owned(), |at| at.to_string());
            let read = if heard.key().is_some() {
                ""
            } else {
                ", to be read"
            };
            let (alarm, state) = (short(heard.arn.as_str()), heard.state.as_str());
            format!("{alarm} `{state}` at {at}{read}")
        }
        Ok(Said::Edited(edited)) => {
            let (operation, actions) = (&edited.operation, edited.actions);
            let alarm = short(edited.arn.as_str());
            format!("{alarm} {operation:?}, actions {actions:?}")
        }
        Err(poison) => poison.to_string(),
    };
    let path = match &incoming.path {
        Path::Queue { message_id } => match message_id {
            Some(id) => format!("queue …{}", &id[id.len() - 2..]),
            None => "queue, no id".to_owned(),
        },
        Path::Topic => "topic".to_owned(),
        Path::Bus => "bus".to_owned(),
        Path::Alarm => "alarm".to_owned(),
    };
    format!("{path}: {said}")
}

/// The samples' alarms are all in one place.
fn short(arn: &str) -> &str {
    arn.strip_prefix("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:")
        .unwrap_or(arn)
}

fn bus() -> Vec<(&'static str, Expect)> {
    vec![
        (
            "bus.absent-state.json",
            expect!["bus: new-5xx `` at 2026-11-25T10:05:12.123Z, to be read"],
        ),
        (
            "bus.anomaly.json",
            expect!["bus: new-latency-band `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "bus.bad-time.json",
            expect!["bus: new-5xx `ALARM` at ?, to be read"],
        ),
        (
            "bus.composite-suppressed.json",
            expect!["bus: new-health `ALARM` at 2026-11-25T10:05:13.004Z"],
        ),
        (
            "bus.composite.json",
            expect!["bus: new-health `ALARM` at 2026-11-25T10:05:13.004Z"],
        ),
        (
            "bus.created.json",
            expect!["bus: new-5xx `INSUFFICIENT_DATA` at 2026-11-25T10:00:00.271Z"],
        ),
        (
            "bus.first-state.json",
            expect!["bus: new-5xx `OK` at 2026-11-25T10:00:58.104Z"],
        ),
        (
            "bus.math.json",
            expect!["bus: new-5xx-ratio `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "bus.metric.json",
            expect!["bus: new-5xx `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "bus.no-resource.json",
            expect!["bus: new-5xx `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "bus.null-description.json",
            expect!["bus: new-5xx `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "bus.unknown-state.json",
            expect!["bus: new-5xx `SILENCED` at 2026-11-25T10:05:12.123Z, to be read"],
        ),
    ]
}

fn bus_edits() -> Vec<(&'static str, Expect)> {
    vec![
        (
            "bus.configuration-create.json",
            expect!["bus: new-5xx Create, actions Enabled"],
        ),
        (
            "bus.configuration-delete.json",
            expect!["bus: new-5xx Delete, actions Enabled"],
        ),
        (
            "bus.configuration-disabled.json",
            expect!["bus: new-5xx Update, actions Disabled"],
        ),
        (
            "bus.configuration-update.json",
            expect!["bus: new-5xx Update, actions Enabled"],
        ),
    ]
}

fn action() -> Vec<(&'static str, Expect)> {
    vec![
        (
            "action.absent-state.json",
            expect!["alarm: new-5xx `` at 2026-11-25T10:05:12.123Z, to be read"],
        ),
        (
            "action.anomaly.json",
            expect!["alarm: new-latency-band `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "action.bad-time.json",
            expect!["alarm: new-5xx `ALARM` at ?, to be read"],
        ),
        (
            "action.composite-suppressed.json",
            expect!["alarm: new-health `ALARM` at 2026-11-25T10:05:13.004Z"],
        ),
        (
            "action.composite.json",
            expect!["alarm: new-health `ALARM` at 2026-11-25T10:05:13.004Z"],
        ),
        (
            "action.created.json",
            expect!["alarm: new-5xx `INSUFFICIENT_DATA` at 2026-11-25T10:00:00.271Z"],
        ),
        (
            "action.first-state.json",
            expect!["alarm: new-5xx `OK` at 2026-11-25T10:00:58.104Z"],
        ),
        (
            "action.math.json",
            expect!["alarm: new-5xx-ratio `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "action.metric.json",
            expect!["alarm: new-5xx `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "action.null-description.json",
            expect!["alarm: new-5xx `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "action.unknown-state.json",
            expect!["alarm: new-5xx `SILENCED` at 2026-11-25T10:05:12.123Z, to be read"],
        ),
    ]
}

fn topic() -> Vec<(&'static str, Expect)> {
    vec![
        (
            "topic.absent-state.json",
            expect!["topic: new-5xx `` at 2026-11-25T10:05:12.123Z, to be read"],
        ),
        (
            "topic.anomaly.json",
            expect!["topic: new-latency-band `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "topic.bad-time.json",
            expect!["topic: new-5xx `ALARM` at ?, to be read"],
        ),
        (
            "topic.composite-suppressed.json",
            expect!["topic: new-health `ALARM` at 2026-11-25T10:05:13.004Z"],
        ),
        (
            "topic.composite.json",
            expect!["topic: new-health `ALARM` at 2026-11-25T10:05:13.004Z"],
        ),
        (
            "topic.first-state.json",
            expect!["topic: new-5xx `OK` at 2026-11-25T10:00:58.104Z"],
        ),
        (
            "topic.math.json",
            expect!["topic: new-5xx-ratio `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "topic.metric.json",
            expect!["topic: new-5xx `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "topic.no-arn.json",
            expect!["topic: the message does not say which alarm it is about"],
        ),
        (
            "topic.null-description.json",
            expect!["topic: new-5xx `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "topic.unknown-state.json",
            expect!["topic: new-5xx `SILENCED` at 2026-11-25T10:05:12.123Z, to be read"],
        ),
    ]
}

fn queue() -> Vec<(&'static str, Expect)> {
    vec![
        (
            "queue.configuration-delete.json",
            expect!["queue …08: new-5xx Delete, actions Enabled"],
        ),
        (
            "queue.metric.json",
            expect!["queue …01: new-5xx `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "queue.no-id.json",
            expect!["queue, no id: new-5xx `ALARM` at 2026-11-25T10:05:12.123Z"],
        ),
        (
            "queue.poison.json",
            expect![[r#"
            queue …03: new-5xx `ALARM` at 2026-11-25T10:05:12.123Z
            queue …04: the message is no JSON
            queue …05: the message is neither an alarm's event nor its notification
            queue …06: new-5xx-ratio `ALARM` at 2026-11-25T10:05:12.123Z"#]],
        ),
        (
            "queue.topic.json",
            expect!["queue …02: new-health `ALARM` at 2026-11-25T10:05:13.004Z"],
        ),
    ]
}

#[test]
fn every_sample_says_what_is_expected() {
    let expected = [bus(), bus_edits(), action(), topic(), queue()];
    let expected: BTreeMap<&str, Expect> = expected.into_iter().flatten().collect();
    let found: Vec<String> = fs::read_dir(EVENTS)
        .expect("the samples are there")
        .map(|entry| entry.expect("it can be read").file_name())
        .map(|name| name.into_string().expect("names are text"))
        .collect();
    for name in &found {
        let text = fs::read_to_string(format!("{EVENTS}/{name}")).expect("it can be read");
        let expected = expected.get(name.as_str());
        let expected = expected.unwrap_or_else(|| panic!("{name} has no expectation"));
        expected.assert_eq(&told(&text));
    }
    for name in expected.keys() {
        assert!(found.iter().any(|found| found == name), "{name} is gone");
    }
}
