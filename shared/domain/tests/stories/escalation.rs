//! What nobody decides on: reminders, escalation, and risks that a person bears for a while.

use domain::{
    event::{AlarmState, Command, Named},
    name::GroupName,
    plan::{
        Plan,
        severity::{Level, Severity},
    },
    time::SignedDuration,
};
use expect_test::expect;

use crate::{
    plans::{guard, plan},
    story::{Do, Story, at, check_after, critical, resume, start_of, to_first_bake},
};

const fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn level(after: i64, tell: &str) -> Level {
    Level {
        after: minutes(after),
        tell: vec![GroupName::new(tell).unwrap()],
    }
}

/// Developers at once, seniors after 15 minutes, leads after 45; reminded every 20 minutes.
pub(crate) fn escalating(severity: Severity) -> Plan {
    let mut plan = plan();
    plan.alarms = vec![guard("errors", severity)];
    plan.escalation = vec![
        level(0, "developers"),
        level(15, "seniors"),
        level(45, "leads"),
    ];
    plan.severities.high.remind = Some(minutes(20));
    plan.severities.medium.remind = Some(minutes(20));
    plan
}

fn asked(command: Command) -> Do {
    Do::Asked("ann", command)
}

pub(crate) fn accept(incident: &str, until: &str) -> Do {
    asked(Command::Accept {
        incident: Named::Words(incident.to_owned()),
        until: at(until),
        reason: "known, INC-17".to_owned(),
    })
}

fn ticks(times: &[&'static str]) -> Vec<(&'static str, Do)> {
    times.iter().map(|time| (*time, Do::Tick)).collect()
}

#[test]
fn nobody_decides_and_more_and_more_people_are_told_until_traffic_goes_back() {
    let mut steps = vec![("0:20", critical("0:19"))];
    steps.extend(ticks(&[
        "0:20", "0:21", "0:34", "0:35", "0:54", "0:55", "1:04", "1:05", "1:19", "1:20",
    ]));
    check_after(
        escalating(Severity::High),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:20  tidegate: alarm errors waits for a decision; level 1 is told: developers; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:34  tidegate: could not be measured for a while: error_rate < 0.1%
            0:35  tidegate: alarm errors waits for a decision; level 2 is told: seniors; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:55  tidegate: alarm errors still waits for a decision; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            1:05  tidegate: alarm errors waits for a decision; level 3 is told: leads; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            1:20  tidegate: nobody decided in time on alarm errors; rolling back
            1:20  tidegate: rolling back: nobody decided in time on: alarm errors [5% → 0%]
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_sweep_that_comes_late_tells_every_level_that_was_due() {
    let mut steps = vec![("0:20", critical("0:19")), ("0:20", Do::Tick)];
    steps.extend(ticks(&["1:15", "1:16"]));
    check_after(
        escalating(Severity::Medium),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: medium incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, a person should decide by 2026-03-04T00:20:00Z
            0:20  tidegate: alarm errors waits for a decision; level 1 is told: developers; holding, a person should decide by 2026-03-04T00:20:00Z
            1:15  tidegate: alarm errors waits for a decision; level 2 is told: seniors; holding, a person should decide by 2026-03-04T00:20:00Z
            1:15  tidegate: alarm errors waits for a decision; level 3 is told: leads; holding, a person should decide by 2026-03-04T00:20:00Z
            1:15  tidegate: could not be measured for a while: error_rate < 0.1%
            = baking at 5%, waits for a person to decide on alarm errors; without an answer in 23h 4m it goes on holding
        "#]],
    );
}

#[test]
fn reminders_need_no_levels_and_levels_no_reminders() {
    let mut reminded = escalating(Severity::High);
    reminded.escalation.clear();
    let mut steps = vec![("0:20", critical("0:19")), ("0:20", Do::Tick)];
    steps.extend(ticks(&["0:39", "0:40", "1:00"]));
    check_after(
        reminded,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:39  tidegate: could not be measured for a while: error_rate < 0.1%
            0:40  tidegate: alarm errors still waits for a decision; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            1:00  tidegate: alarm errors still waits for a decision; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            = baking at 5%, waits for a person to decide on alarm errors; without an answer in 20m traffic goes back
        "#]],
    );
    let mut escalated = escalating(Severity::High);
    escalated.severities.high.remind = None;
    check_after(
        escalated,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:20  tidegate: alarm errors waits for a decision; level 1 is told: developers; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:39  tidegate: alarm errors waits for a decision; level 2 is told: seniors; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:39  tidegate: could not be measured for a while: error_rate < 0.1%
            = baking at 5%, waits for a person to decide on alarm errors; without an answer in 20m traffic goes back
        "#]],
    );
}

#[test]
fn who_decides_ends_it() {
    let steps = [
        ("0:20", critical("0:19")),
        ("0:20", Do::Tick),
        ("0:30", resume()),
        ("1:10", Do::Tick),
    ];
    check_after(
        escalating(Severity::High),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:20  tidegate: alarm errors waits for a decision; level 1 is told: developers; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:30  ann: alarm errors accepted
            0:30  ann: resumed: fine
            1:10  tidegate: could not be measured for a while: error_rate < 0.1%
            = baking at 5%, waits for evidence: error_rate < 0.1%: pass (0.05%, 600 samples)
        "#]],
    );
}

#[test]
fn a_phase_that_takes_too_long_is_asked_about_in_the_same_way() {
    let mut plan = escalating(Severity::High);
    plan.phases[0].within = Some(minutes(120));
    let mut steps = ticks(&["2:14", "2:16", "2:30", "2:36", "2:56"]);
    steps.push(("2:57", resume()));
    steps.extend(ticks(&["3:40"]));
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            2:14  tidegate: phase canary is overdue: it should take at most 2h; a person decides
            2:14  tidegate: could not be measured for a while: error_rate < 0.1%
            2:16  tidegate: overdue phase canary waits for a decision; level 1 is told: developers
            2:36  tidegate: overdue phase canary waits for a decision; level 2 is told: seniors
            2:56  tidegate: overdue phase canary still waits for a decision
            2:57  ann: resumed: fine
            = baking at 5%, waits for evidence: error_rate < 0.1%: pass (0.05%, 600 samples)
        "#]],
    );
}

#[test]
fn a_risk_is_borne_until_its_time_and_then_it_is_as_new() {
    let steps = [
        ("0:20", critical("0:19")),
        ("0:21", accept("errors", "0:50")),
        ("0:22", accept("errors", "0:50")),
        ("0:49", Do::Tick),
        ("0:50", Do::Tick),
    ];
    check_after(
        escalating(Severity::High),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:21  ann: alarm errors accepted until 2026-03-03T00:50:00Z: known, INC-17
            0:49  tidegate: could not be measured for a while: error_rate < 0.1%
            0:50  tidegate: alarm errors was accepted until now
            0:50  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:50:00Z unless a person decides
            0:50  tidegate: alarm errors waits for a decision; level 1 is told: developers; holding, traffic goes back at 2026-03-03T01:50:00Z unless a person decides
            = baking at 5%, waits for a person to decide on alarm errors; without an answer in 1h traffic goes back
        "#]],
    );
    let recovered = [
        ("0:20", critical("0:19")),
        ("0:21", accept("alarm errors", "0:50")),
        ("0:30", Do::Alarm("errors", AlarmState::Ok, "0:30")),
        ("0:50", Do::Tick),
    ];
    check_after(
        escalating(Severity::High),
        &to_first_bake(),
        &recovered,
        &expect![[r#"
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:21  ann: alarm errors accepted until 2026-03-03T00:50:00Z: known, INC-17
            0:30  tidegate: alarm errors is as it should be again
            0:50  tidegate: could not be measured for a while: error_rate < 0.1%
            = baking at 5%, waits for time at these weights, over in 12m
        "#]],
    );
}

#[test]
fn only_what_is_open_and_only_for_a_time_to_come_can_be_accepted() {
    let steps = [
        ("0:20", accept("errors", "0:50")),
        ("0:20", critical("0:19")),
        ("0:21", accept("latency", "0:50")),
        ("0:21", accept("errors", "0:21")),
        (
            "0:21",
            asked(Command::Accept {
                incident: Named::Words("errors".to_owned()),
                until: at("0:50"),
                reason: " ".to_owned(),
            }),
        ),
    ];
    check_after(
        escalating(Severity::High),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  refused: there is no incident `errors`; none is open
            0:20  alarm errors: high incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, traffic goes back at 2026-03-03T01:20:00Z unless a person decides
            0:21  refused: there is no incident `latency`; open are: alarm errors
            0:21  refused: 2026-03-03T00:21:00Z is past
            0:21  refused: `accept` needs a reason; it goes into the ledger
            = baking at 5%, waits for a person to decide on alarm errors; without an answer in 59m traffic goes back
        "#]],
    );
}

#[test]
fn what_holds_nothing_need_not_be_accepted() {
    let steps = [
        ("0:20", critical("0:19")),
        ("0:21", accept("errors", "0:50")),
    ];
    check_after(
        escalating(Severity::Low),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: low incident: alarm errors; it had begun by 2026-03-03T00:19:00Z
            0:21  refused: there is no incident `errors`; none is open
            = baking at 5%, waits for time at these weights, over in 41m
        "#]],
    );
}

/// What somebody was shown by a link: this incident, and not the next one of the same alarm.
#[test]
fn a_link_accepts_the_very_incident_that_it_showed() {
    let mut plan = escalating(Severity::Medium);
    plan.severities.medium.within = minutes(24 * 60);
    let mut story = Story::begin(start_of(plan));
    for (time, what) in to_first_bake() {
        story.step(time, &what);
    }
    story.told.clear();
    story.step("0:20", &critical("0:19"));
    let accept = |mark| {
        asked(Command::Accept {
            incident: Named::Shown(mark),
            until: at("2:00"),
            reason: "known, INC-17".to_owned(),
        })
    };
    let shown = |story: &Story| {
        let (source, incident) = story.rollout.holding_incidents().next().unwrap();
        incident.mark(source)
    };
    let first = shown(&story);
    story.step("0:21", &accept(first));
    story.step("0:22", &accept(first));
    story.step("0:30", &Do::Alarm("errors", AlarmState::Ok, "0:30"));
    story.step("0:31", &accept(first));
    story.step("0:40", &critical("0:39"));
    story.step("0:41", &accept(first));
    let second = shown(&story);
    assert_ne!(first, second);
    story.step("0:42", &accept(second));
    expect![[r#"
        0:20  alarm errors: medium incident: alarm errors; it had begun by 2026-03-03T00:19:00Z; holding, a person should decide by 2026-03-04T00:20:00Z
        0:21  ann: alarm errors accepted until 2026-03-03T02:00:00Z: known, INC-17
        0:22  refused: the incident that was shown has been accepted already or is over; none is open
        0:30  tidegate: alarm errors is as it should be again
        0:31  refused: the incident that was shown has been accepted already or is over; none is open
        0:40  alarm errors: medium incident: alarm errors; it had begun by 2026-03-03T00:39:00Z; holding, a person should decide by 2026-03-04T00:40:00Z
        0:41  refused: the incident that was shown has been accepted already or is over; open are: alarm errors
        0:42  ann: alarm errors accepted until 2026-03-03T02:00:00Z: known, INC-17
    "#]].assert_eq(&story.told);
}
