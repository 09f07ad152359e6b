//! Every message, and every way of waiting, as a person reads it.

use std::fmt::Write as _;

use domain::{
    ledger::{Actor, AfterFailure, Chain, Draft, Fact, Mute, Spent},
    name::Person,
    plan::{gate::Otherwise, severity::Severity},
    rollout::{Cause, Hold, IncidentSource, Origin, Rollout},
    time::SignedDuration,
    traffic::Weights,
    waiting::Waiting,
    words::{message, waiting},
};
use expect_test::{Expect, expect};

use crate::{
    plans::{alarm, approval, item, phase_name, plan, route, weight},
    story::{Story, at, start_of, to_first_bake},
};

/// A rollout that bakes at 5 % in a phase with an approval.
fn rollout() -> Rollout {
    let mut plan = plan();
    plan.phases[0].approval = Some(approval(1, Otherwise::Rollback));
    plan.phases[0].within = Some(SignedDuration::from_hours(8));
    let mut story = Story::begin(start_of(plan));
    for (time, what) in to_first_bake() {
        story.step(time, &what);
    }
    story.rollout
}

/// What people are told of facts by an actor, one after the other.
#[track_caller]
fn check(actor: &Actor, facts: Vec<Fact>, expected: &Expect) {
    let rollout = rollout();
    let mut said = String::new();
    for fact in facts {
        let quiet = format!("(only in the ledger) {fact}\n");
        let weights = |percent| Weights::all([&route("web")], weight(percent));
        let back = matches!(fact, Fact::RollbackBegan { .. });
        let draft = Draft {
            epoch: rollout.epoch,
            actor: actor.clone(),
            fact,
            evidence: Vec::new(),
            before: weights(5),
            after: weights(if back { 0 } else { 5 }),
        };
        let entry = Chain::default().append(draft, at("1:00"));
        let Some(message) = message(&rollout, &entry) else {
            said.push_str(&quiet);
            continue;
        };
        writeln!(said, "{:?}  {}", message.tone, message.title).unwrap();
        for line in message.lines {
            writeln!(said, "      {line}").unwrap();
        }
    }
    expected.assert_eq(&said);
}

fn ann() -> Actor {
    Actor::Person(Person::new("ann"))
}

fn canary() -> domain::name::PhaseName {
    phase_name("canary")
}

fn reason() -> String {
    "a look at the logs".to_owned()
}

#[test]
fn what_people_do_is_told_with_their_name() {
    let facts = vec![
        Fact::Started {
            origin: Origin::Retry(6),
            plan: "a2c8".to_owned(),
        },
        Fact::AlarmsOverridden {
            alarms: "alarm errors is in ALARM".to_owned(),
            reason: reason(),
        },
        Fact::Approved {
            phase: canary(),
            have: 1,
            needed: 2,
        },
        Fact::Rejected {
            phase: canary(),
            reason: reason(),
        },
        Fact::Checked {
            item: item("backup"),
        },
        Fact::IncidentAccepted {
            source: IncidentSource::Alarm(alarm("errors")),
        },
    ];
    check(
        &ann(),
        facts,
        &expect![[r#"
        Note  shop#1: rollout started (again, after #6), plan a2c8 (by ann)
              canary █░░░░░░░░░ 5%
        Note  shop#1: started although alarm errors is in ALARM: a look at the logs (by ann)
              canary █░░░░░░░░░ 5%
        Note  shop#1: phase canary approved, 1 of 2 (by ann)
              canary █░░░░░░░░░ 5%
        Ask  shop#1: phase canary rejected: a look at the logs (by ann)
              canary █░░░░░░░░░ 5%
        Note  shop#1: backup confirmed (by ann)
              canary █░░░░░░░░░ 5%
        Note  shop#1: alarm errors accepted (by ann)
              canary █░░░░░░░░░ 5%
    "#]],
    );
}

#[test]
fn what_people_command_is_told_with_their_name() {
    let facts = vec![
        Fact::Paused { reason: reason() },
        Fact::Resumed { reason: reason() },
        Fact::Promoted { phase: canary() },
        Fact::PromotedFull { reason: reason() },
        Fact::WeightSet { reason: reason() },
        Fact::CalendarOverridden {
            until: at("2:00"),
            reason: reason(),
        },
        Fact::Superseded { by: 8 },
        Fact::Retried,
    ];
    check(
        &ann(),
        facts,
        &expect![[r#"
        Note  shop#1: paused: a look at the logs (by ann)
              canary █░░░░░░░░░ 5%
        Note  shop#1: resumed: a look at the logs (by ann)
              canary █░░░░░░░░░ 5%
        Note  shop#1: the rest of the bake of phase canary skipped (by ann)
              canary █░░░░░░░░░ 5%
        Note  shop#1: promoted past every gate: a look at the logs (by ann)
              canary █░░░░░░░░░ 5%
        Note  shop#1: weights set by hand: a look at the logs (by ann)
              canary █░░░░░░░░░ 5%
        Note  shop#1: calendar overridden until 2026-03-03T02:00:00Z: a look at the logs (by ann)
              canary █░░░░░░░░░ 5%
        Note  shop#1: superseded by rollout 8 (by ann)
              canary █░░░░░░░░░ 5%
        Note  shop#1: trying again what failed (by ann)
              canary █░░░░░░░░░ 5%
    "#]],
    );
}

#[test]
fn what_goes_as_planned_is_told_briefly() {
    let facts = vec![
        Fact::Prepared,
        Fact::PhaseEntered { phase: canary() },
        Fact::InEffect {
            phase: canary(),
            since: at("1:01"),
        },
        Fact::GatePassed { phase: canary() },
        Fact::ApprovalAsked {
            phase: canary(),
            needed: 1,
            until: Some(at("9:00")),
        },
        Fact::HookSucceeded {
            hook: "warm".to_owned(),
        },
        Fact::WatchBegan {
            lasts: SignedDuration::from_hours(24),
        },
        Fact::FinishAwaited,
        Fact::FinishBegan,
        Fact::Completed,
    ];
    check(
        &Actor::Plan,
        facts,
        &expect![[r#"
        (only in the ledger) every route is ready
        Note  shop#1: phase canary (1 of 3) begins, canary to 5%
              canary █░░░░░░░░░ 5%
        Note  shop#1: the weights of phase canary are in effect from 2026-03-03T01:01:00Z
              canary █░░░░░░░░░ 5%
              Bakes for at least 1h, overdue after 8h.
        Good  shop#1: the gate of phase canary passed
              canary █░░░░░░░░░ 5%
        Ask  shop#1: approval of phase canary asked, 1 needed, until 2026-03-03T09:00:00Z
              canary █░░░░░░░░░ 5%
              leads may approve. Without an answer, traffic goes back.
        (only in the ledger) hook warm succeeded
        Note  shop#1: watching for 1d
              canary █░░░░░░░░░ 5%
        Ask  shop#1: the watch passed; waiting for the canary to be made the new stable, and `tidegate finish`
              canary █░░░░░░░░░ 5%
        Note  shop#1: making the canary the new stable
              canary █░░░░░░░░░ 5%
        Good  shop#1: completed
              canary █░░░░░░░░░ 5%
    "#]],
    );
}

#[test]
fn trouble_is_told_with_what_happens_next() {
    let facts = vec![
        Fact::GateFailed {
            condition: "p95 < 500ms".to_owned(),
            spent: Spent::Failures(4),
            then: Otherwise::Hold,
        },
        Fact::ApprovalExpired {
            phase: canary(),
            then: Otherwise::Rollback,
        },
        Fact::Overdue {
            phase: canary(),
            within: SignedDuration::from_hours(8),
        },
        Fact::HookFailed {
            hook: "warm".to_owned(),
            why: "exit 1".to_owned(),
            failures: 2,
            then: AfterFailure::Then(Otherwise::Hold),
        },
        Fact::IncidentOpened {
            source: IncidentSource::Condition("error_rate > 5%".to_owned()),
            severity: Severity::High,
            due: Some(at("2:00")),
            otherwise: Otherwise::Rollback,
        },
        Fact::IncidentOverdue {
            source: IncidentSource::Condition("error_rate > 5%".to_owned()),
            then: Otherwise::Rollback,
        },
        Fact::IncidentRecovered {
            source: IncidentSource::Condition("error_rate > 5%".to_owned()),
        },
        Fact::AlarmSilent {
            source: IncidentSource::Alarm(alarm("errors")),
            why: Mute::NoData,
        },
        Fact::AlarmSpoke {
            source: IncidentSource::Alarm(alarm("errors")),
        },
    ];
    check(
        &Actor::Plan,
        facts,
        &expect![[r#"
            Ask  shop#1: the gate failed: p95 < 500ms failed 4 times; holding for a person
                  canary █░░░░░░░░░ 5%
                  `tidegate resume`, `tidegate promote` or `tidegate rollback`?
            Ask  shop#1: nobody approved phase canary in time; rolling back
                  canary █░░░░░░░░░ 5%
            Ask  shop#1: phase canary is overdue: it should take at most 8h; a person decides
                  canary █░░░░░░░░░ 5%
                  `tidegate resume`, `tidegate promote` or `tidegate rollback`?
            Bad  shop#1: hook warm failed, attempt 2: exit 1; holding for a person
                  canary █░░░░░░░░░ 5%
            Bad  shop#1: high incident: error_rate > 5%; holding, traffic goes back at 2026-03-03T02:00:00Z unless a person decides
                  canary █░░░░░░░░░ 5%
            Ask  shop#1: nobody decided in time on error_rate > 5%; rolling back
                  canary █░░░░░░░░░ 5%
            Note  shop#1: error_rate > 5% is as it should be again
                  canary █░░░░░░░░░ 5%
            Ask  shop#1: alarm errors has no data; nothing advances until it has a state
                  canary █░░░░░░░░░ 5%
            Note  shop#1: alarm errors has a state again
                  canary █░░░░░░░░░ 5%
        "#]],
    );
}

#[test]
fn the_way_back_is_told_until_it_is_sure() {
    let facts = vec![
        Fact::RollbackBegan {
            cause: Cause::Alarm(alarm("errors")),
        },
        Fact::TrafficRestored {
            took: SignedDuration::from_secs(2),
        },
        Fact::RollbackConfirmed,
        Fact::RollbackLate {
            within: SignedDuration::from_mins(5),
        },
        Fact::ChangeStuck { tries: 3 },
        Fact::RouteObstructed {
            route: route("web"),
            why: "ModifyRule: AccessDenied".to_owned(),
        },
    ];
    check(
        &Actor::Plan,
        facts,
        &expect![[r#"
            Bad  shop#1: rolling back: alarm errors went off
                  canary ░░░░░░░░░░ from 5% to 0%
                  All traffic goes back to stable, at the latest within 5m.
            Good  shop#1: all traffic is back on stable, 2s after the decision
                  canary █░░░░░░░░░ 5%
                  It is guarded until no late write can disturb it.
            Good  shop#1: the rollback is confirmed: no late write can disturb it
                  canary █░░░░░░░░░ 5%
            Bad  shop#1: traffic is not back within 5m
                  canary █░░░░░░░░░ 5%
            Bad  shop#1: the change could not be put into effect in 3 tries; trying again
                  canary █░░░░░░░░░ 5%
            Bad  shop#1: web could not be changed: ModifyRule: AccessDenied; it is tried again until that is mended
                  canary █░░░░░░░░░ 5%
        "#]],
    );
}

#[test]
fn what_somebody_else_wrote_is_told_with_what_to_do() {
    let facts = vec![
        Fact::DriftFound {
            route: route("web"),
            found: weight(40),
            desired: weight(5),
        },
        Fact::DriftGone {
            route: route("web"),
        },
        Fact::HandClosed {
            route: route("web"),
            found: weight(0),
        },
        Fact::LateWriteUndone {
            route: route("web"),
            found: weight(5),
        },
    ];
    check(
        &Actor::Plan,
        facts,
        &expect![[r#"
            Ask  shop#1: web is at 40%, it should be at 5%; holding
                  canary █░░░░░░░░░ 5%
                  Nothing advances. Put it right by hand, or `tidegate resume` to set the plan's weight again.
            (only in the ledger) web is as it should be again
            Ask  shop#1: web was closed to 0% by hand; adopted, holding
                  canary █░░░░░░░░░ 5%
                  Nothing raises it again until somebody says `tidegate resume`.
            Bad  shop#1: web was at 5% after the rollback; putting it right
                  canary █░░░░░░░░░ 5%
        "#]],
    );
}

#[test]
fn what_is_waited_for_is_one_sentence() {
    let now = at("1:00");
    let waits = [
        Waiting::Nothing,
        Waiting::Write { until: at("1:01") },
        Waiting::Effect { until: None },
        Waiting::Effect {
            until: Some(at("1:01")),
        },
        Waiting::Bake { until: at("5:30") },
        Waiting::Evidence {
            lacking: Vec::new(),
        },
        Waiting::Checklist {
            open: vec![item("backup"), item("team-told")],
        },
        Waiting::Approval {
            have: 0,
            needed: 2,
            until: Some(at("9:00")),
            otherwise: Otherwise::Rollback,
        },
        Waiting::Hook {
            name: "warm".to_owned(),
        },
        Waiting::Person {
            hold: Hold::HandClosed,
        },
        Waiting::Incident {
            source: IncidentSource::Alarm(alarm("errors")),
            until: Some(at("2:00")),
            otherwise: Otherwise::Hold,
        },
        Waiting::Drift {
            routes: vec![("web".to_owned(), weight(40))],
        },
        Waiting::Alarm {
            name: "errors".to_owned(),
        },
        Waiting::Finish,
        Waiting::Guard { until: at("1:07") },
        Waiting::Sweep,
    ];
    let said: Vec<String> = waits.iter().map(|wait| waiting(wait, now)).collect();
    expect![[r#"
        nothing: the rollout has ended
        weights to be written and read back, tried again in 1m
        the new weights to be put into effect
        the new weights to reach the last client, in 1m
        time at these weights, over in 4h 30m
        the first measurements
        somebody to confirm backup, team-told
        approval, 0 of 2; without an answer in 8h traffic goes back
        hook warm
        a person: somebody closed the gate by hand
        a person to decide on alarm errors; without an answer in 1h it goes on holding
        a weight that somebody else wrote to be put right: web at 40%
        alarm errors to be readable and to have data
        the canary to be made the new stable, and `tidegate finish`
        the time in which a late write could land to pass, in 7m
        the next sweep, within a minute"#]]
    .assert_eq(&said.join("\n"));
}
