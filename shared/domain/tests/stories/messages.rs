//! Every message as a person reads it, in both languages side by side.

mod hands;
mod people;
mod properties;
mod templates;
mod trouble;

use std::fmt::Write as _;

use domain::{
    decide::Start,
    ledger::Entry,
    plan::people::Locale,
    rollout::Rollout,
    words::{Evidence, Field, Mark, Message, Tone, message, message_in},
};
use expect_test::ExpectFile;

use crate::story::{Do, Story, start_of};

/// What people are told of some steps, after others of which nothing is told.
#[track_caller]
fn check(
    plan: domain::plan::Plan,
    before: &[(&str, Do)],
    steps: &[(&str, Do)],
    expected: &ExpectFile,
) {
    let mut story = Story::begin(start_of(plan));
    for (time, what) in before {
        story.step(time, what);
    }
    story.entries.clear();
    for (time, what) in steps {
        story.step(time, what);
    }
    expected.assert_eq(&told(&story.entries));
}

/// What people are told of a start.
#[track_caller]
fn check_start(start: Start, expected: &ExpectFile) {
    expected.assert_eq(&told(&Story::begin(start).entries));
}

fn told(entries: &[(Rollout, Entry)]) -> String {
    let mut told = String::new();
    for (rollout, entry) in entries {
        for locale in [Locale::En, Locale::Ja] {
            match message_in(locale, rollout, entry) {
                Some(message) => write_message(&mut told, &message),
                None => writeln!(told, "(only in the ledger) {}", entry.fact).unwrap(),
            }
        }
    }
    told
}

fn write_message(told: &mut String, message: &Message) {
    writeln!(told, "{:?}  {}", message.tone, message.heading()).unwrap();
    for line in message.lines() {
        writeln!(told, "      {line}").unwrap();
    }
}

#[test]
fn a_message_is_in_the_language_of_its_plan() {
    for locale in [Locale::En, Locale::Ja] {
        let mut plan = crate::plans::plan();
        plan.locale = locale;
        let story = Story::begin(start_of(plan));
        for (rollout, entry) in &story.entries {
            let message = message(rollout, entry);
            assert_eq!(message, message_in(locale, rollout, entry));
            assert!(message.is_some());
        }
    }
}

#[test]
fn a_message_as_text_is_its_heading_and_its_lines() {
    let field = |label: &str, value: &str| Field {
        label: label.to_owned(),
        value: value.to_owned(),
    };
    let message = Message {
        tone: Tone::Bad,
        flag: Some("[bad]".to_owned()),
        title: "shop#1: rolling back".to_owned(),
        fields: vec![field("Phase", "half (2 of 3)"), field("", "alone")],
        evidence: vec![Evidence {
            mark: Mark::Bad,
            metric: "errors".to_owned(),
            verdict: "breached".to_owned(),
            values: vec![field("now", "5%"), field("threshold", "> 1%")],
        }],
        next: vec!["Traffic goes back.".to_owned()],
    };
    expect_test::expect![[r#"
        [bad] shop#1: rolling back
        Phase: half (2 of 3)
        alone
        ✗ errors: breached (now 5%, threshold > 1%)
        → Traffic goes back."#]]
    .assert_eq(&message.text());
}
