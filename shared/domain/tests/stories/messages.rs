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
    words::{Message, message_in},
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
