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
            2026-01-13T01:00:23.136Z operator | rollout started
            2026-01-13T01:00:23.47Z tidegate | every route is ready
            2026-01-13T01:00:23.718Z tidegate | hook record-baseline succeeded
            2026-01-13T01:00:23.737Z tidegate | phase pre-release entered
            2026-01-13T01:00:23.813Z tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01:23Z
            2026-01-13T01:31:49.167Z tidegate | the gate of phase pre-release passed
            2026-01-13T01:31:49.167Z tidegate | approval of phase pre-release asked, 1 needed, until 2026-01-13T05:31:49Z
            2026-01-13T01:42:00.005Z tech-lead | phase pre-release approved, 1 of 1
            2026-01-13T01:42:00.524Z tidegate | phase one-percent entered
            2026-01-13T01:42:00.958Z tidegate | the weights of phase one-percent are in effect from 2026-01-13T01:43:00Z
            2026-01-13T01:48:01.613Z tidegate | the gate of phase one-percent passed
            2026-01-13T01:48:01.613Z tidegate | phase five-percent entered
            2026-01-13T01:48:02.165Z tidegate | the weights of phase five-percent are in effect from 2026-01-13T01:49:02Z
            2026-01-13T01:54:33.177Z tidegate | the gate of phase five-percent passed
            2026-01-13T01:54:33.177Z tidegate | phase quarter entered
            2026-01-13T01:54:33.646Z tidegate | the weights of phase quarter are in effect from 2026-01-13T01:55:33Z
            2026-01-13T02:05:37.564Z tidegate | the gate of phase quarter passed
            2026-01-13T02:05:37.564Z tidegate | phase half entered
            2026-01-13T02:05:38.022Z tidegate | the weights of phase half are in effect from 2026-01-13T02:06:38Z
            2026-01-13T02:22:46.661Z tidegate | the gate of phase half passed
            2026-01-13T02:22:46.661Z tidegate | phase everyone entered
            2026-01-13T02:22:46.967Z tidegate | the weights of phase everyone are in effect from 2026-01-13T02:23:46Z
            2026-01-13T02:28:54.061Z tidegate | the gate of phase everyone passed
            2026-01-13T02:28:54.2Z tidegate | hook compare-baseline succeeded
            2026-01-13T02:28:54.208Z tidegate | watching for 2h
            2026-01-13T04:29:16.69Z tidegate | making the canary the new stable
            2026-01-13T04:29:17.631Z tidegate | completed"#]],
    );
}

#[test]
fn latency_that_drifts_is_found() {
    check(
        "triptrip.yaml",
        "triptrip.latency-drift.scenario.yaml",
        &expect![[r#"
            outcome: rolled back
            2026-01-13T01:00:23.136Z operator | rollout started
            2026-01-13T01:00:23.47Z tidegate | every route is ready
            2026-01-13T01:00:23.718Z tidegate | hook record-baseline succeeded
            2026-01-13T01:00:23.737Z tidegate | phase pre-release entered
            2026-01-13T01:00:23.813Z tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01:23Z
            2026-01-13T01:31:49.167Z tidegate | the gate of phase pre-release passed
            2026-01-13T01:31:49.167Z tidegate | approval of phase pre-release asked, 1 needed, until 2026-01-13T05:31:49Z
            2026-01-13T01:42:00.005Z tech-lead | phase pre-release approved, 1 of 1
            2026-01-13T01:42:00.524Z tidegate | phase one-percent entered
            2026-01-13T01:42:00.958Z tidegate | the weights of phase one-percent are in effect from 2026-01-13T01:43:00Z
            2026-01-13T01:48:01.613Z tidegate | the gate of phase one-percent passed
            2026-01-13T01:48:01.613Z tidegate | phase five-percent entered
            2026-01-13T01:48:02.165Z tidegate | the weights of phase five-percent are in effect from 2026-01-13T01:49:02Z
            2026-01-13T01:54:33.177Z tidegate | the gate of phase five-percent passed
            2026-01-13T01:54:33.177Z tidegate | phase quarter entered
            2026-01-13T01:54:33.646Z tidegate | the weights of phase quarter are in effect from 2026-01-13T01:55:33Z
            2026-01-13T02:03:26.814Z tidegate | the gate failed: p99 < 500ms failed 4 times; rolling back
            2026-01-13T02:03:26.814Z tidegate | rolling back: p99 < 500ms failed 4 times; it had begun by 2026-01-13T02:01:00Z
            2026-01-13T02:03:27.166Z tidegate | all traffic is back on stable, 352ms after the decision
            2026-01-13T02:03:27.342Z tidegate | hook drain of api succeeded
            2026-01-13T02:03:27.537Z tidegate | hook verify-recovery succeeded
            2026-01-13T02:03:27.752Z tidegate | hook open-incident succeeded
            2026-01-13T02:04:33.393Z tidegate | the rollback is confirmed: no late write can disturb it"#]],
    );
}

#[test]
fn errors_that_creep_up_are_found() {
    check(
        "triptrip.yaml",
        "triptrip.slow-leak.scenario.yaml",
        &expect![[r#"
            outcome: rolled back
            2026-01-13T01:00:23.136Z operator | rollout started
            2026-01-13T01:00:23.47Z tidegate | every route is ready
            2026-01-13T01:00:23.718Z tidegate | hook record-baseline succeeded
            2026-01-13T01:00:23.737Z tidegate | phase pre-release entered
            2026-01-13T01:00:23.813Z tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01:23Z
            2026-01-13T01:31:49.167Z tidegate | the gate of phase pre-release passed
            2026-01-13T01:31:49.167Z tidegate | approval of phase pre-release asked, 1 needed, until 2026-01-13T05:31:49Z
            2026-01-13T01:42:00.005Z tech-lead | phase pre-release approved, 1 of 1
            2026-01-13T01:42:00.524Z tidegate | phase one-percent entered
            2026-01-13T01:42:00.958Z tidegate | the weights of phase one-percent are in effect from 2026-01-13T01:43:00Z
            2026-01-13T01:48:01.613Z tidegate | the gate of phase one-percent passed
            2026-01-13T01:48:01.613Z tidegate | phase five-percent entered
            2026-01-13T01:48:02.165Z tidegate | the weights of phase five-percent are in effect from 2026-01-13T01:49:02Z
            2026-01-13T01:54:33.177Z tidegate | the gate of phase five-percent passed
            2026-01-13T01:54:33.177Z tidegate | phase quarter entered
            2026-01-13T01:54:33.646Z tidegate | the weights of phase quarter are in effect from 2026-01-13T01:55:33Z
            2026-01-13T02:05:37.564Z tidegate | the gate of phase quarter passed
            2026-01-13T02:05:37.564Z tidegate | phase half entered
            2026-01-13T02:05:38.022Z tidegate | the weights of phase half are in effect from 2026-01-13T02:06:38Z
            2026-01-13T02:15:30.425Z tidegate | the gate failed: error_rate <= 1.1 x stable failed 4 times; rolling back
            2026-01-13T02:15:30.425Z tidegate | rolling back: error_rate <= 1.1 x stable failed 4 times; it had begun by 2026-01-13T02:13:00Z
            2026-01-13T02:15:30.922Z tidegate | all traffic is back on stable, 497ms after the decision
            2026-01-13T02:15:31.077Z tidegate | hook drain of api succeeded
            2026-01-13T02:15:31.276Z tidegate | hook verify-recovery succeeded
            2026-01-13T02:15:31.418Z tidegate | hook open-incident succeeded
            2026-01-13T02:16:55.52Z tidegate | the rollback is confirmed: no late write can disturb it"#]],
    );
}

#[test]
fn without_requests_nothing_is_proven_and_the_phase_is_overdue() {
    check(
        "triptrip.yaml",
        "triptrip.traffic-drop.scenario.yaml",
        &expect![[r#"
            outcome: held
            2026-01-13T01:00:23.136Z operator | rollout started
            2026-01-13T01:00:23.47Z tidegate | every route is ready
            2026-01-13T01:00:23.718Z tidegate | hook record-baseline succeeded
            2026-01-13T01:00:23.737Z tidegate | phase pre-release entered
            2026-01-13T01:00:23.813Z tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01:23Z
            2026-01-13T01:31:49.167Z tidegate | the gate of phase pre-release passed
            2026-01-13T01:31:49.167Z tidegate | approval of phase pre-release asked, 1 needed, until 2026-01-13T05:31:49Z
            2026-01-13T01:42:00.005Z tech-lead | phase pre-release approved, 1 of 1
            2026-01-13T01:42:00.524Z tidegate | phase one-percent entered
            2026-01-13T01:42:00.958Z tidegate | the weights of phase one-percent are in effect from 2026-01-13T01:43:00Z
            2026-01-13T01:48:01.613Z tidegate | the gate of phase one-percent passed
            2026-01-13T01:48:01.613Z tidegate | phase five-percent entered
            2026-01-13T01:48:02.165Z tidegate | the weights of phase five-percent are in effect from 2026-01-13T01:49:02Z
            2026-01-13T01:54:33.177Z tidegate | the gate of phase five-percent passed
            2026-01-13T01:54:33.177Z tidegate | phase quarter entered
            2026-01-13T01:54:33.646Z tidegate | the weights of phase quarter are in effect from 2026-01-13T01:55:33Z
            2026-01-13T02:16:55.659Z tidegate | phase quarter is overdue: it should take at most 20m; a person decides"#]],
    );
}

#[test]
fn a_hand_that_closes_the_gate_is_not_overruled() {
    check(
        "triptrip.yaml",
        "triptrip.hand.scenario.yaml",
        &expect![[r#"
            outcome: completed
            2026-01-13T01:00:23.136Z operator | rollout started
            2026-01-13T01:00:23.47Z tidegate | every route is ready
            2026-01-13T01:00:23.718Z tidegate | hook record-baseline succeeded
            2026-01-13T01:00:23.737Z tidegate | phase pre-release entered
            2026-01-13T01:00:23.813Z tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01:23Z
            2026-01-13T01:31:49.167Z tidegate | the gate of phase pre-release passed
            2026-01-13T01:31:49.167Z tidegate | approval of phase pre-release asked, 1 needed, until 2026-01-13T05:31:49Z
            2026-01-13T01:42:00.005Z tech-lead | phase pre-release approved, 1 of 1
            2026-01-13T01:42:00.524Z tidegate | phase one-percent entered
            2026-01-13T01:42:00.958Z tidegate | the weights of phase one-percent are in effect from 2026-01-13T01:43:00Z
            2026-01-13T01:48:01.613Z tidegate | the gate of phase one-percent passed
            2026-01-13T01:48:01.613Z tidegate | phase five-percent entered
            2026-01-13T01:48:02.165Z tidegate | the weights of phase five-percent are in effect from 2026-01-13T01:49:02Z
            2026-01-13T01:54:33.177Z tidegate | the gate of phase five-percent passed
            2026-01-13T01:54:33.177Z tidegate | phase quarter entered
            2026-01-13T01:54:33.646Z tidegate | the weights of phase quarter are in effect from 2026-01-13T01:55:33Z
            2026-01-13T02:00:27.741Z somebody else | api was closed to 0% by hand; adopted, holding
            2026-01-13T02:16:55.58Z tidegate | phase quarter is overdue: it should take at most 20m; a person decides
            2026-01-13T02:35:33.663Z tech-lead@example.com | resumed: it was another service
            2026-01-13T02:35:34.237Z tidegate | the weights of phase quarter are in effect from 2026-01-13T02:36:34Z
            2026-01-13T02:47:56.255Z tidegate | the gate of phase quarter passed
            2026-01-13T02:47:56.255Z tidegate | phase half entered
            2026-01-13T02:47:56.555Z tidegate | the weights of phase half are in effect from 2026-01-13T02:48:56Z
            2026-01-13T03:04:25.491Z tidegate | the gate of phase half passed
            2026-01-13T03:04:25.491Z tidegate | phase everyone entered
            2026-01-13T03:04:26.061Z tidegate | the weights of phase everyone are in effect from 2026-01-13T03:05:26Z
            2026-01-13T03:10:46.795Z tidegate | the gate of phase everyone passed
            2026-01-13T03:10:46.924Z tidegate | hook compare-baseline succeeded
            2026-01-13T03:10:46.947Z tidegate | watching for 2h
            2026-01-13T05:11:42.573Z tidegate | making the canary the new stable
            2026-01-13T05:11:43.154Z tidegate | completed"#]],
    );
}

#[test]
fn without_agreement_nothing_begins() {
    check(
        "triptrip.yaml",
        "triptrip.refused.scenario.yaml",
        &expect![[r#"
            outcome: held
            2026-01-13T01:00:23.136Z operator | rollout started
            2026-01-13T01:00:23.47Z tidegate | every route is ready
            2026-01-13T01:00:23.718Z tidegate | hook record-baseline succeeded
            2026-01-13T01:00:23.737Z tidegate | phase pre-release entered
            2026-01-13T01:00:23.813Z tidegate | the weights of phase pre-release are in effect from 2026-01-13T01:01:23Z
            2026-01-13T01:31:49.167Z tidegate | the gate of phase pre-release passed
            2026-01-13T01:31:49.167Z tidegate | approval of phase pre-release asked, 1 needed, until 2026-01-13T05:31:49Z
            2026-01-13T01:42:00.005Z tech-lead | phase pre-release rejected: not now"#]],
    );
}

#[test]
fn data_that_differ_hold_the_shadow_phase() {
    check(
        "property-sync.yaml",
        "property-sync.data-mismatch.scenario.yaml",
        &expect![[r#"
            outcome: held
            2026-01-13T01:00:23.136Z operator | rollout started
            2026-01-13T01:00:23.47Z tidegate | every route is ready
            2026-01-13T01:00:23.718Z tidegate | hook backup-database succeeded
            2026-01-13T01:00:23.809Z tidegate | hook run-migration succeeded
            2026-01-13T01:00:23.873Z tidegate | hook start-new-system succeeded
            2026-01-13T01:00:23.887Z tidegate | phase shadow entered
            2026-01-13T01:00:23.99Z tidegate | the weights of phase shadow are in effect from 2026-01-13T01:01:23Z
            2026-01-13T04:04:10.883Z tidegate | medium incident: mismatches >= 1; it had begun by 2026-01-13T04:02:00Z; holding, a person should decide by 2026-01-14T04:04:10Z
            2026-01-13T04:04:10.903Z tidegate | mismatches >= 1 waits for a decision; level 1 is told: developers; holding, a person should decide by 2026-01-14T04:04:10Z
            2026-01-13T04:19:58.078Z tidegate | mismatches >= 1 waits for a decision; level 2 is told: senior-developers; holding, a person should decide by 2026-01-14T04:04:10Z
            2026-01-13T05:04:45.981Z tidegate | mismatches >= 1 waits for a decision; level 3 is told: tech-leads; holding, a person should decide by 2026-01-14T04:04:10Z
            2026-01-13T08:04:25.036Z tidegate | mismatches >= 1 waits for a decision; level 4 is told: cto; holding, a person should decide by 2026-01-14T04:04:10Z"#]],
    );
}

#[test]
fn errors_after_hours_set_the_alarm_off() {
    check(
        "lightning-talk-circle.yaml",
        "lightning-talk-circle.bad.scenario.yaml",
        &expect![[r#"
            outcome: rolled back
            2026-01-13T01:00:23.136Z operator | rollout started
            2026-01-13T01:00:23.602Z tidegate | every route is ready
            2026-01-13T01:00:23.858Z tidegate | phase prepare entered
            2026-01-13T01:01:21.102Z tidegate | the weights of phase prepare are in effect from 2026-01-13T01:02:21Z
            2026-01-13T01:08:00.618Z tidegate | the gate of phase prepare passed
            2026-01-13T01:08:00.808Z tidegate | hook announce succeeded
            2026-01-13T01:08:00.823Z tidegate | phase canary entered
            2026-01-13T01:09:31.801Z tidegate | the weights of phase canary are in effect from 2026-01-13T01:10:31Z
            2026-01-14T01:13:32.734Z tidegate | the gate of phase canary passed
            2026-01-14T01:13:32.734Z tidegate | approval of phase canary asked, 1 needed, until 2026-01-15T01:13:32Z
            2026-01-14T01:24:00.019Z infra-lead@example.com | phase canary approved, 1 of 1
            2026-01-14T01:24:00.445Z tidegate | phase early-adopters entered
            2026-01-14T01:24:45.635Z tidegate | the weights of phase early-adopters are in effect from 2026-01-14T01:25:45Z
            2026-01-14T06:29:41.422Z tidegate | rolling back: error_rate > 1% for 2m: 14.798%; it had begun by 2026-01-14T06:27:00Z
            2026-01-14T06:29:41.964Z tidegate | all traffic is back on stable, 542ms after the decision
            2026-01-14T06:29:42.096Z tidegate | hook drain of web succeeded
            2026-01-14T06:29:42.303Z tidegate | hook send-rollback-alert succeeded
            2026-01-14T06:29:42.409Z tidegate | hook stop-data-sync succeeded
            2026-01-14T06:32:54.853Z tidegate | the rollback is confirmed: no late write can disturb it"#]],
    );
}
