//! What becomes of the tree's plans in each of the tree's scenarios, as their ledgers tell it.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use expect_test::{Expect, expect};

use super::{run, story};

#[track_caller]
fn check(plan: &str, scenario: &str, expected: &Expect) {
    expected.assert_eq(&story(&run(plan, scenario, 1)));
}

#[test]
fn a_healthy_release_is_everywhere_within_two_hours() {
    check(
        "triptrip.yaml",
        "triptrip.good.scenario.yaml",
        &expect![[r#"
            outcome: completed
            2026-01-13T01:00 operator | rollout started
            2026-01-13T01:00 tidegate | every route is ready
            2026-01-13T01:00 tidegate | hook record-baseline succeeded
            2026-01-13T01:00 tidegate | phase pre-release entered
            2026-01-13T01:00 tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01
            2026-01-13T01:31 tidegate | the gate of phase pre-release passed
            2026-01-13T01:31 tidegate | 1 approval(s) asked for phase pre-release, until 2026-01-13T05:31
            2026-01-13T01:42 tech-lead@triptrip.com | phase pre-release approved, 1 of 1
            2026-01-13T01:42 tidegate | phase one-percent entered
            2026-01-13T01:42 tidegate | the weights of phase one-percent are in effect from 2026-01-13T01:43
            2026-01-13T01:48 tidegate | the gate of phase one-percent passed
            2026-01-13T01:48 tidegate | phase five-percent entered
            2026-01-13T01:48 tidegate | the weights of phase five-percent are in effect from 2026-01-13T01:49
            2026-01-13T01:54 tidegate | the gate of phase five-percent passed
            2026-01-13T01:54 tidegate | phase quarter entered
            2026-01-13T01:54 tidegate | the weights of phase quarter are in effect from 2026-01-13T01:55
            2026-01-13T02:05 tidegate | the gate of phase quarter passed
            2026-01-13T02:05 tidegate | phase half entered
            2026-01-13T02:05 tidegate | the weights of phase half are in effect from 2026-01-13T02:06
            2026-01-13T02:22 tidegate | the gate of phase half passed
            2026-01-13T02:22 tidegate | phase everyone entered
            2026-01-13T02:22 tidegate | the weights of phase everyone are in effect from 2026-01-13T02:23
            2026-01-13T02:28 tidegate | the gate of phase everyone passed
            2026-01-13T02:28 tidegate | hook compare-baseline succeeded
            2026-01-13T02:28 tidegate | watching for 2h
            2026-01-13T04:29 tidegate | making the canary the new stable
            2026-01-13T04:29 tidegate | completed"#]],
    );
}

#[test]
fn latency_that_drifts_is_found() {
    check(
        "triptrip.yaml",
        "triptrip.latency-drift.scenario.yaml",
        &expect![[r#"
            outcome: rolled back
            2026-01-13T01:00 operator | rollout started
            2026-01-13T01:00 tidegate | every route is ready
            2026-01-13T01:00 tidegate | hook record-baseline succeeded
            2026-01-13T01:00 tidegate | phase pre-release entered
            2026-01-13T01:00 tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01
            2026-01-13T01:31 tidegate | the gate of phase pre-release passed
            2026-01-13T01:31 tidegate | 1 approval(s) asked for phase pre-release, until 2026-01-13T05:31
            2026-01-13T01:42 tech-lead@triptrip.com | phase pre-release approved, 1 of 1
            2026-01-13T01:42 tidegate | phase one-percent entered
            2026-01-13T01:42 tidegate | the weights of phase one-percent are in effect from 2026-01-13T01:43
            2026-01-13T01:48 tidegate | the gate of phase one-percent passed
            2026-01-13T01:48 tidegate | phase five-percent entered
            2026-01-13T01:48 tidegate | the weights of phase five-percent are in effect from 2026-01-13T01:49
            2026-01-13T01:54 tidegate | the gate of phase five-percent passed
            2026-01-13T01:54 tidegate | phase quarter entered
            2026-01-13T01:54 tidegate | the weights of phase quarter are in effect from 2026-01-13T01:55
            2026-01-13T02:03 tidegate | the gate failed: p99 < under-a-second failed 4 times; rolling back
            2026-01-13T02:03 tidegate | rolling back: p99 < under-a-second failed 4 times
            2026-01-13T02:03 tidegate | all traffic is back on stable, under-a-second after the decision
            2026-01-13T02:03 tidegate | hook drain of api succeeded
            2026-01-13T02:03 tidegate | hook verify-recovery succeeded
            2026-01-13T02:03 tidegate | hook open-incident succeeded
            2026-01-13T02:04 tidegate | the rollback is confirmed: no late write can disturb it"#]],
    );
}

#[test]
fn errors_that_creep_up_are_found() {
    check(
        "triptrip.yaml",
        "triptrip.slow-leak.scenario.yaml",
        &expect![[r#"
            outcome: rolled back
            2026-01-13T01:00 operator | rollout started
            2026-01-13T01:00 tidegate | every route is ready
            2026-01-13T01:00 tidegate | hook record-baseline succeeded
            2026-01-13T01:00 tidegate | phase pre-release entered
            2026-01-13T01:00 tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01
            2026-01-13T01:31 tidegate | the gate of phase pre-release passed
            2026-01-13T01:31 tidegate | 1 approval(s) asked for phase pre-release, until 2026-01-13T05:31
            2026-01-13T01:42 tech-lead@triptrip.com | phase pre-release approved, 1 of 1
            2026-01-13T01:42 tidegate | phase one-percent entered
            2026-01-13T01:42 tidegate | the weights of phase one-percent are in effect from 2026-01-13T01:43
            2026-01-13T01:48 tidegate | the gate of phase one-percent passed
            2026-01-13T01:48 tidegate | phase five-percent entered
            2026-01-13T01:48 tidegate | the weights of phase five-percent are in effect from 2026-01-13T01:49
            2026-01-13T01:54 tidegate | the gate of phase five-percent passed
            2026-01-13T01:54 tidegate | phase quarter entered
            2026-01-13T01:54 tidegate | the weights of phase quarter are in effect from 2026-01-13T01:55
            2026-01-13T02:05 tidegate | the gate of phase quarter passed
            2026-01-13T02:05 tidegate | phase half entered
            2026-01-13T02:05 tidegate | the weights of phase half are in effect from 2026-01-13T02:06
            2026-01-13T02:15 tidegate | the gate failed: error_rate <= 1.1 x stable failed 4 times; rolling back
            2026-01-13T02:15 tidegate | rolling back: error_rate <= 1.1 x stable failed 4 times
            2026-01-13T02:15 tidegate | all traffic is back on stable, under-a-second after the decision
            2026-01-13T02:15 tidegate | hook drain of api succeeded
            2026-01-13T02:15 tidegate | hook verify-recovery succeeded
            2026-01-13T02:15 tidegate | hook open-incident succeeded
            2026-01-13T02:16 tidegate | the rollback is confirmed: no late write can disturb it"#]],
    );
}

#[test]
fn without_requests_nothing_is_proven_and_the_phase_is_overdue() {
    check(
        "triptrip.yaml",
        "triptrip.traffic-drop.scenario.yaml",
        &expect![[r#"
            outcome: held
            2026-01-13T01:00 operator | rollout started
            2026-01-13T01:00 tidegate | every route is ready
            2026-01-13T01:00 tidegate | hook record-baseline succeeded
            2026-01-13T01:00 tidegate | phase pre-release entered
            2026-01-13T01:00 tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01
            2026-01-13T01:31 tidegate | the gate of phase pre-release passed
            2026-01-13T01:31 tidegate | 1 approval(s) asked for phase pre-release, until 2026-01-13T05:31
            2026-01-13T01:42 tech-lead@triptrip.com | phase pre-release approved, 1 of 1
            2026-01-13T01:42 tidegate | phase one-percent entered
            2026-01-13T01:42 tidegate | the weights of phase one-percent are in effect from 2026-01-13T01:43
            2026-01-13T01:48 tidegate | the gate of phase one-percent passed
            2026-01-13T01:48 tidegate | phase five-percent entered
            2026-01-13T01:48 tidegate | the weights of phase five-percent are in effect from 2026-01-13T01:49
            2026-01-13T01:54 tidegate | the gate of phase five-percent passed
            2026-01-13T01:54 tidegate | phase quarter entered
            2026-01-13T01:54 tidegate | the weights of phase quarter are in effect from 2026-01-13T01:55
            2026-01-13T02:16 tidegate | phase quarter is overdue: it should take at most 20m; a person decides"#]],
    );
}

#[test]
fn a_hand_that_closes_the_gate_is_not_overruled() {
    check(
        "triptrip.yaml",
        "triptrip.hand.scenario.yaml",
        &expect![[r#"
            outcome: completed
            2026-01-13T01:00 operator | rollout started
            2026-01-13T01:00 tidegate | every route is ready
            2026-01-13T01:00 tidegate | hook record-baseline succeeded
            2026-01-13T01:00 tidegate | phase pre-release entered
            2026-01-13T01:00 tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01
            2026-01-13T01:31 tidegate | the gate of phase pre-release passed
            2026-01-13T01:31 tidegate | 1 approval(s) asked for phase pre-release, until 2026-01-13T05:31
            2026-01-13T01:42 tech-lead@triptrip.com | phase pre-release approved, 1 of 1
            2026-01-13T01:42 tidegate | phase one-percent entered
            2026-01-13T01:42 tidegate | the weights of phase one-percent are in effect from 2026-01-13T01:43
            2026-01-13T01:48 tidegate | the gate of phase one-percent passed
            2026-01-13T01:48 tidegate | phase five-percent entered
            2026-01-13T01:48 tidegate | the weights of phase five-percent are in effect from 2026-01-13T01:49
            2026-01-13T01:54 tidegate | the gate of phase five-percent passed
            2026-01-13T01:54 tidegate | phase quarter entered
            2026-01-13T01:54 tidegate | the weights of phase quarter are in effect from 2026-01-13T01:55
            2026-01-13T02:00 somebody else | api was closed to 0% by hand; adopted, holding
            2026-01-13T02:16 tidegate | phase quarter is overdue: it should take at most 20m; a person decides
            2026-01-13T02:35 tech-lead@example.com | resumed: it was another service
            2026-01-13T02:35 tidegate | the weights of phase quarter are in effect from 2026-01-13T02:36
            2026-01-13T02:47 tidegate | the gate of phase quarter passed
            2026-01-13T02:47 tidegate | phase half entered
            2026-01-13T02:47 tidegate | the weights of phase half are in effect from 2026-01-13T02:48
            2026-01-13T03:04 tidegate | the gate of phase half passed
            2026-01-13T03:04 tidegate | phase everyone entered
            2026-01-13T03:04 tidegate | the weights of phase everyone are in effect from 2026-01-13T03:05
            2026-01-13T03:10 tidegate | the gate of phase everyone passed
            2026-01-13T03:10 tidegate | hook compare-baseline succeeded
            2026-01-13T03:10 tidegate | watching for 2h
            2026-01-13T05:11 tidegate | making the canary the new stable
            2026-01-13T05:11 tidegate | completed"#]],
    );
}

#[test]
fn without_agreement_nothing_begins() {
    check(
        "triptrip.yaml",
        "triptrip.refused.scenario.yaml",
        &expect![[r#"
            outcome: held
            2026-01-13T01:00 operator | rollout started
            2026-01-13T01:00 tidegate | every route is ready
            2026-01-13T01:00 tidegate | hook record-baseline succeeded
            2026-01-13T01:00 tidegate | phase pre-release entered
            2026-01-13T01:00 tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01
            2026-01-13T01:31 tidegate | the gate of phase pre-release passed
            2026-01-13T01:31 tidegate | 1 approval(s) asked for phase pre-release, until 2026-01-13T05:31
            2026-01-13T01:42 tech-lead@triptrip.com | phase pre-release rejected: not now"#]],
    );
}

#[test]
fn data_that_differ_hold_the_shadow_phase() {
    check(
        "property-sync.yaml",
        "property-sync.data-mismatch.scenario.yaml",
        &expect![[r#"
            outcome: held
            2026-01-13T01:00 operator | rollout started
            2026-01-13T01:00 tidegate | every route is ready
            2026-01-13T01:00 tidegate | hook backup-database succeeded
            2026-01-13T01:00 tidegate | hook run-migration succeeded
            2026-01-13T01:00 tidegate | hook start-new-system succeeded
            2026-01-13T01:00 tidegate | phase shadow entered
            2026-01-13T01:00 tidegate | the weights of phase shadow are in effect from 2026-01-13T01:01
            2026-01-13T04:04 tidegate | medium incident: mismatches >= 1; holding, a person should decide by 2026-01-14T04:04"#]],
    );
}

#[test]
fn errors_after_hours_set_the_alarm_off() {
    check(
        "lightning-talk-circle.yaml",
        "lightning-talk-circle.bad.scenario.yaml",
        &expect![[r#"
            outcome: rolled back
            2026-01-13T01:00 operator | rollout started
            2026-01-13T01:00 tidegate | every route is ready
            2026-01-13T01:00 tidegate | phase prepare entered
            2026-01-13T01:01 tidegate | the weights of phase prepare are in effect from 2026-01-13T01:02
            2026-01-13T01:08 tidegate | the gate of phase prepare passed
            2026-01-13T01:08 tidegate | hook announce succeeded
            2026-01-13T01:08 tidegate | phase canary entered
            2026-01-13T01:09 tidegate | the weights of phase canary are in effect from 2026-01-13T01:10
            2026-01-14T01:13 tidegate | the gate of phase canary passed
            2026-01-14T01:13 tidegate | 1 approval(s) asked for phase canary, until 2026-01-15T01:13
            2026-01-14T01:24 infra-lead@example.com | phase canary approved, 1 of 1
            2026-01-14T01:24 tidegate | phase early-adopters entered
            2026-01-14T01:24 tidegate | the weights of phase early-adopters are in effect from 2026-01-14T01:25
            2026-01-14T06:27 alarm lightning-talk-new-5xx-critical | rolling back: alarm lightning-talk-new-5xx-critical went off
            2026-01-14T06:27 tidegate | all traffic is back on stable, under-a-second after the decision
            2026-01-14T06:27 tidegate | hook drain of web succeeded
            2026-01-14T06:27 tidegate | hook send-rollback-alert succeeded
            2026-01-14T06:27 tidegate | hook stop-data-sync succeeded
            2026-01-14T06:31 tidegate | the rollback is confirmed: no late write can disturb it"#]],
    );
}
