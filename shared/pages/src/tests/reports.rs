//! Reports of rollouts that were played in the box, as files.

use domain::ledger::Line;
use expect_test::{ExpectFile, expect_file};

use super::*;
use crate::report::{Subject, report, story::is_told};

/// A rollout to its end: its head, its ledger, and which of its lines made a message.
struct Played {
    rollout: Rollout,
    lines: Vec<Line>,
    told: Vec<bool>,
    now: Timestamp,
}

/// In phase `half` every second answer of the canary is an error.
const BAD: &str = "timeline: [{ at: half+10m, error_spike: { size: 50%, for: 1h } }]";

/// In phase `half` the alarm goes off.
const ALARM: &str = "timeline: [{ at: half+10m, alarm: { name: shop-5xx, state: ALARM } }]";

/// In phase `half` a person has seen enough, although nothing was found.
const PERSON: &str =
    "timeline: [{ at: half+10m, person: { who: ann, do: rollback, reason: carts are empty } }]";

/// Nothing happens.
const GOOD: &str = "";

/// An alarm that guards the rollout.
const GUARDED: &str = "alarms: [{ arn: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-5xx', severity: critical }]\n";

fn played(scenario: &str) -> Played {
    let guarded = format!("{PLAN}{GUARDED}");
    let plan = if scenario == ALARM { &guarded } else { PLAN };
    let plan = Arc::new(plan::parse(plan).unwrap().plan);
    let mut scenario = Scenario::parse(scenario).unwrap();
    scenario.people.approve = Habit::After(SignedDuration::from_mins(1));
    scenario.people.checklist = Habit::After(SignedDuration::from_mins(1));
    let mut simulation = Simulation::new(plan, scenario, 7);
    let mut played: Option<Played> = None;
    while let Some(frame) = simulation.step() {
        let (mut lines, mut told) = match played.take() {
            Some(played) => (played.lines, played.told),
            None => (Vec::new(), Vec::new()),
        };
        lines.extend(frame.entries.iter().map(domain::ledger::Entry::line));
        let messages = frame.entries.iter();
        told.extend(messages.map(|entry| words::message(&frame.rollout, entry).is_some()));
        played = Some(Played {
            rollout: frame.rollout,
            lines,
            told,
            now: frame.now,
        });
    }
    played.unwrap()
}

fn check(scenario: &str, locale: Locale, markdown: &ExpectFile, text: &ExpectFile) {
    let played = played(scenario);
    let subject = Subject::of(&played.rollout, locale);
    let report = report(&subject, &played.lines, locale, played.now);
    markdown.assert_eq(&report.markdown());
    let page = report.html();
    for foreign in ["<script", "http://", "https://", "src=", "href="] {
        assert!(
            !page
                .replace("http://www.w3.org/2000/svg", "")
                .contains(foreign),
            "{foreign}"
        );
    }
    text.assert_eq(&text_of(&page));
    let told = played.lines.iter().map(is_told);
    assert_eq!(told.collect::<Vec<_>>(), played.told);
}

#[test]
fn a_rollback_is_reported_with_its_times_and_what_nobody_knows() {
    check(
        BAD,
        Locale::En,
        &expect_file!["reports/rollback.en.md"],
        &expect_file!["reports/rollback.en.txt"],
    );
    check(
        BAD,
        Locale::Ja,
        &expect_file!["reports/rollback.ja.md"],
        &expect_file!["reports/rollback.ja.txt"],
    );
}

#[test]
fn a_rollback_by_an_alarm_has_its_time_to_detect_and_one_by_a_person_has_not() {
    check(
        ALARM,
        Locale::En,
        &expect_file!["reports/alarm.en.md"],
        &expect_file!["reports/alarm.en.txt"],
    );
    check(
        PERSON,
        Locale::En,
        &expect_file!["reports/person.en.md"],
        &expect_file!["reports/person.en.txt"],
    );
}

#[test]
fn a_completion_is_reported_with_what_each_phase_has_shown() {
    check(
        GOOD,
        Locale::En,
        &expect_file!["reports/completion.en.md"],
        &expect_file!["reports/completion.en.txt"],
    );
    check(
        GOOD,
        Locale::Ja,
        &expect_file!["reports/completion.ja.md"],
        &expect_file!["reports/completion.ja.txt"],
    );
}
