//! The way back: the rollback, its hooks, the guard, and what is late.

use domain::{
    event::{Command, HookOutcome},
    plan::{Plan, gate::Otherwise, hook::HookFailure},
};
use expect_test::expect;

use crate::{
    plans::{HOUR, MINUTE, alias, dns, hook, in_place, plan, route, weight},
    story::{Do, Measure, asked, check_after, critical, roll_back, to_first_bake},
};

fn abort() -> Do {
    asked(Command::Abort {
        reason: "not today".to_owned(),
    })
}

fn fail() -> Do {
    Do::Hook(HookOutcome::Failed("exit 1".to_owned()))
}

fn succeed() -> Do {
    Do::Hook(HookOutcome::Succeeded)
}

/// With a drain on its ALB and two hooks after a rollback.
fn with_hooks() -> Plan {
    let mut plan = plan();
    let page = hook(&mut plan, "page", HookFailure::Gate(Otherwise::Hold));
    let clean = hook(&mut plan, "clean", HookFailure::Ignore);
    plan.rollback.hooks = vec![page, clean];
    plan.rollback.drain = Some(MINUTE);
    plan
}

/// In place, where the last writer wins.
fn unfenced() -> Plan {
    let mut plan = plan();
    plan.routes.insert(route("web"), in_place());
    plan
}

#[test]
fn a_condition_sends_traffic_back_and_says_what_it_saw() {
    let steps = [
        ("0:20", Do::Measured(Measure::Bad)),
        ("0:20", Do::Measured(Measure::Bad)),
        ("0:20", Do::Reached),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  tidegate: rolling back: error_rate > 1%: 5%; it had begun by 2026-03-03T00:18:00Z [5% → 0%] (error_rate > 1%: fail (5%, 600 samples))
            0:20  tidegate: all traffic is back on stable, 0s after the decision
            = guarding at 0%, waits for the time in which a late write could land to pass, in 1m
        "#]],
    );
}

#[test]
fn after_trouble_the_drain_is_set_and_the_hooks_run_once_traffic_is_back() {
    let steps = [
        ("0:20", critical("0:20")),
        ("0:20", succeed()),
        ("0:20", Do::Reached),
        ("0:20", fail()),
        ("0:20", succeed()),
        ("0:21", fail()),
        ("0:22", fail()),
        ("0:23", Do::Reached),
        ("0:24", succeed()),
        ("0:25", Do::Reached),
        ("0:26", succeed()),
    ];
    check_after(
        with_hooks(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            0:20  (nothing to do)
            0:20  tidegate: all traffic is back on stable, 0s after the decision
            0:20  tidegate: hook drain of web failed, attempt 1: exit 1; trying again
            0:20  tidegate: hook drain of web succeeded
            0:21  tidegate: hook page failed, attempt 1: exit 1; trying again
            0:22  tidegate: hook page failed, attempt 2: exit 1; going on without it
            0:24  tidegate: hook clean succeeded
            0:25  tidegate: the rollback is confirmed: no late write can disturb it
            0:26  (nothing to do)
            = rolled back at 0%, waits for nothing: the rollout has ended
        "#]],
    );
}

#[test]
fn after_a_change_of_mind_the_drain_is_set_but_no_hook_runs() {
    let steps = [
        ("0:20", abort()),
        ("0:20", Do::Reached),
        ("0:20", succeed()),
        ("0:20", succeed()),
        ("0:21", Do::Reached),
        ("0:22", abort()),
        ("0:22", roll_back()),
    ];
    check_after(
        with_hooks(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  ann: rolling back: aborted: not today [5% → 0%]
            0:20  tidegate: all traffic is back on stable, 0s after the decision
            0:20  tidegate: hook drain of web succeeded
            0:20  (nothing to do)
            0:21  tidegate: the rollback is confirmed: no late write can disturb it
            = rolled back at 0%, waits for nothing: the rollout has ended
        "#]],
    );
}

#[test]
fn a_rollback_that_takes_long_is_told_once() {
    let steps = [
        ("0:20", critical("0:20")),
        ("0:25", Do::Tick),
        ("0:25:01", Do::Tick),
        ("0:26", Do::Tick),
        ("0:27", Do::Reached),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            0:25:01 tidegate: traffic is not back within 5m
            0:27  tidegate: all traffic is back on stable, 7m after the decision
            = guarding at 0%, waits for the time in which a late write could land to pass, in 1m
        "#]],
    );
}

#[test]
fn a_change_that_does_not_get_through_is_taken_up_again_and_told_when_it_is_stuck() {
    let steps = [
        ("0:20", critical("0:20")),
        ("0:20:10", Do::Overran),
        ("0:20:11", Do::Overran),
        ("0:20:30", Do::Overran),
        ("0:21", Do::Overran),
        ("0:22", Do::Overran),
        ("0:23", Do::Reached),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            0:21  tidegate: the change could not be put into effect in 3 tries; trying again
            0:23  tidegate: all traffic is back on stable, 3m after the decision
            = guarding at 0%, waits for the time in which a late write could land to pass, in 1m
        "#]],
    );
}

#[test]
fn the_second_change_that_gets_stuck_is_told_too() {
    let mut stuck = vec![("1:10", Do::Measured(Measure::Good)), ("1:10", Do::Tick)];
    for time in ["1:11", "1:12", "1:13"] {
        stuck.push((time, Do::Overran));
    }
    stuck.extend([
        ("1:14", Do::Reached),
        ("2:20", Do::Measured(Measure::Good)),
        ("2:20", Do::Tick),
    ]);
    for time in ["2:21", "2:22", "2:23"] {
        stuck.push((time, Do::Overran));
    }
    check_after(
        plan(),
        &to_first_bake(),
        &stuck,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: phase half entered [5% → 50%]
            1:13  tidegate: the change could not be put into effect in 3 tries; trying again
            1:14  tidegate: the weights of phase half are in effect from 2026-03-03T01:15:00Z
            2:20  tidegate: the gate of phase half passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            2:20  tidegate: phase all entered [50% → 100%]
            2:23  tidegate: the change could not be put into effect in 3 tries; trying again
            = shifting at 100%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_change_that_is_refused_is_told_once_for_each_reason() {
    let steps = [
        ("0:20", critical("0:20")),
        ("0:20:01", Do::Obstructed("denied")),
        ("0:20:02", Do::Obstructed("denied")),
        ("0:20:11", Do::Overran),
        ("0:20:12", Do::Obstructed("denied")),
        ("0:20:13", Do::Obstructed("no such rule")),
        ("0:23", Do::Reached),
        ("0:24", Do::Obstructed("denied")),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            0:20:01 tidegate: web could not be changed: denied; it is tried again until that is mended
            0:20:13 tidegate: web could not be changed: no such rule; it is tried again until that is mended
            0:23  tidegate: all traffic is back on stable, 3m after the decision
            0:24  (nothing to do)
            = guarding at 0%, waits for the time in which a late write could land to pass, any moment
        "#]],
    );
}

#[test]
fn the_next_change_that_is_refused_is_told_too() {
    let steps = [
        ("1:10", Do::Measured(Measure::Good)),
        ("1:10", Do::Tick),
        ("1:11", Do::Obstructed("denied")),
        ("1:12", critical("1:12")),
        ("1:12", Do::Obstructed("denied")),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: phase half entered [5% → 50%]
            1:11  tidegate: web could not be changed: denied; it is tried again until that is mended
            1:12  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T01:12:00Z [50% → 0%]
            1:12  tidegate: web could not be changed: denied; it is tried again until that is mended
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn an_old_epoch_overruns_nothing() {
    let overran = Do::Event(domain::event::Event::Overran {
        epoch: domain::traffic::Epoch(1),
    });
    let steps = [("0:20", critical("0:20")), ("0:30", overran)];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            = rolling back at 0%, waits for weights to be written and read back, tried again any moment
        "#]],
    );
}

#[test]
fn where_the_last_writer_wins_a_rollback_is_guarded_for_seven_minutes() {
    let steps = [
        ("0:20", critical("0:20")),
        ("0:20", Do::Reached),
        ("0:21", Do::Reached),
        ("0:27:09", Do::Reached),
        ("0:27:10", Do::Reached),
    ];
    check_after(
        unfenced(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            0:20  tidegate: all traffic is back on stable, 0s after the decision
            0:27:10 tidegate: the rollback is confirmed: no late write can disturb it
            = rolled back at 0%, waits for nothing: the rollout has ended
        "#]],
    );
}

#[test]
fn a_late_write_is_undone_and_late_rollbacks_are_told_again() {
    let steps = [
        ("0:20", critical("0:20")),
        ("0:26", Do::Tick),
        ("0:26", Do::Reached),
        ("0:27", Do::Seen(vec![("web", 50)])),
        ("0:33", Do::Tick),
        ("0:33", Do::Reached),
        ("0:34:10", Do::Reached),
    ];
    check_after(
        unfenced(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            0:26  tidegate: traffic is not back within 5m
            0:26  tidegate: all traffic is back on stable, 6m after the decision
            0:27  somebody else: web was at 50% after the rollback; putting it right
            0:33  tidegate: traffic is not back within 5m
            0:33  tidegate: all traffic is back on stable, 6m after the decision
            0:34:10 tidegate: the rollback is confirmed: no late write can disturb it
            = rolled back at 0%, waits for nothing: the rollout has ended
        "#]],
    );
}

#[test]
fn a_hook_of_a_rollback_runs_once_however_often_traffic_is_put_back() {
    let mut plan = with_hooks();
    plan.routes.insert(route("web"), in_place());
    plan.rollback.drain = None;
    let steps = [
        ("0:20", critical("0:20")),
        ("0:20", Do::Reached),
        ("0:20", succeed()),
        ("0:21", Do::Seen(vec![("web", 50)])),
        ("0:21", succeed()),
        ("0:21", Do::Reached),
        ("0:21", succeed()),
        ("0:22", succeed()),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            0:20  tidegate: all traffic is back on stable, 0s after the decision
            0:20  tidegate: hook page succeeded
            0:21  somebody else: web was at 50% after the rollback; putting it right
            0:21  (nothing to do)
            0:21  tidegate: all traffic is back on stable, 0s after the decision
            0:21  tidegate: hook clean succeeded
            0:22  (nothing to do)
            = guarding at 0%, waits for the time in which a late write could land to pass, in 6m 10s
        "#]],
    );
}

#[test]
fn an_alias_needs_no_guard_since_its_fence_moves_with_every_decision() {
    let mut plan = plan();
    plan.routes.insert(route("web"), alias());
    let steps = [
        ("0:02", critical("0:02")),
        ("0:02", Do::Reached),
        ("0:03", Do::Reached),
    ];
    check_after(
        plan,
        &to_first_bake()[..2],
        &steps,
        &expect![[r#"
            0:02  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:02:00Z [5% → 0%]
            0:02  tidegate: all traffic is back on stable, 0s after the decision
            0:03  tidegate: the rollback is confirmed: no late write can disturb it
            = rolled back at 0%, waits for nothing: the rollout has ended
        "#]],
    );
}

#[test]
fn a_name_that_was_being_finished_is_guarded_since_its_fence_is_gone() {
    let mut plan = plan();
    plan.routes.insert(route("web"), dns());
    plan.phases.truncate(1);
    plan.phases[0].weights = domain::traffic::Weights::all([&route("web")], weight(100));
    let steps = [
        ("1:10", Do::Measured(Measure::Good)),
        ("1:10", Do::Tick),
        ("1:11", critical("1:11")),
        ("1:11", Do::Reached),
        ("1:14", Do::Reached),
        ("1:19", Do::Reached),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: making the canary the new stable
            1:11  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T01:11:00Z [100% → 0%]
            1:11  tidegate: all traffic is back on stable, 0s after the decision
            1:19  tidegate: the rollback is confirmed: no late write can disturb it
            = rolled back at 0%, waits for nothing: the rollout has ended
        "#]],
    );
}

#[test]
fn a_rollback_is_over_only_when_the_last_resolver_has_forgotten() {
    let mut plan = plan();
    plan.routes.insert(route("web"), dns());
    let steps = [
        ("0:20", critical("0:20")),
        ("0:20", Do::Pending),
        ("0:21", Do::Pending),
        ("0:22", Do::Reached),
        ("0:22:30", Do::Reached),
        ("0:23", Do::Reached),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            0:20  tidegate: all traffic is back on stable, 0s after the decision
            0:23  tidegate: the rollback is confirmed: no late write can disturb it
            = rolled back at 0%, waits for nothing: the rollout has ended
        "#]],
    );
}

#[test]
fn a_completed_rollout_goes_back_without_phases_for_a_while() {
    let mut plan = with_hooks();
    plan.phases.truncate(1);
    plan.phases[0].weights.set(route("web"), weight(100));
    plan.fast_track = HOUR;
    let before = [
        to_first_bake(),
        vec![("1:10", Do::Sweep), ("1:10", Do::Reached)],
    ]
    .concat();
    let steps = [
        ("1:20", critical("1:20")),
        ("1:20", abort()),
        ("2:09", roll_back()),
        ("2:09", Do::Reached),
        ("2:10", succeed()),
    ];
    check_after(
        plan.clone(),
        &before,
        &steps,
        &expect![[r#"
            1:20  refused: the rollout has ended: it is completed
            2:09  ann: rolling back: it smells [100% → 0%]
            2:09  tidegate: all traffic is back on stable, 0s after the decision
            2:10  tidegate: hook drain of web succeeded
            = guarding at 0%, waits for hook page
        "#]],
    );
    check_after(
        plan,
        &before,
        &[("2:10", roll_back())],
        &expect![[r#"
            2:10  refused: going back without phases was possible until 2026-03-03T02:10:00Z; start a rollout the other way round
            = completed at 100%, waits for nothing: the rollout has ended
        "#]],
    );
}

#[test]
fn nothing_moves_a_rollback_forward() {
    let commands = [
        Command::Promote,
        Command::Retry,
        Command::Finish,
        Command::Supersede { by: 2 },
        Command::Resume {
            reason: String::new(),
        },
        Command::PromoteFull {
            reason: "hotfix".to_owned(),
        },
    ];
    let mut steps = vec![("0:20", critical("0:20"))];
    steps.extend(commands.iter().map(|one| ("0:20", asked(one.clone()))));
    steps.extend([("0:20", Do::Reached), ("0:21", Do::Reached)]);
    steps.extend(commands.iter().map(|one| ("0:22", asked(one.clone()))));
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            0:20  refused: `promote` is not possible while the rollout is rolling back
            0:20  refused: `retry` is not possible while the rollout is rolling back
            0:20  refused: `finish` is not possible while the rollout is rolling back
            0:20  refused: `start --supersede` is not possible while the rollout is rolling back
            0:20  refused: `resume` is not possible while the rollout is rolling back
            0:20  refused: `promote --full` is not possible while the rollout is rolling back
            0:20  tidegate: all traffic is back on stable, 0s after the decision
            0:21  tidegate: the rollback is confirmed: no late write can disturb it
            0:22  refused: the rollout has ended: it is rolled back
            0:22  refused: the rollout was rolled back; trying again starts a new one
            0:22  refused: `finish` is not possible while the rollout is rolled back
            0:22  refused: the rollout has ended: it is rolled back
            0:22  refused: the rollout has ended: it is rolled back
            0:22  refused: the rollout has ended: it is rolled back
            = rolled back at 0%, waits for nothing: the rollout has ended
        "#]],
    );
}

#[test]
fn a_late_answer_of_an_old_epoch_confirms_nothing() {
    let old = Do::Event(domain::event::Event::Observed {
        epoch: domain::traffic::Epoch(2),
        read_at: crate::story::at("0:20"),
        routes: [(route("web"), crate::story::seen(0))]
            .into_iter()
            .collect(),
    });
    let steps = [("0:20", critical("0:20")), ("0:20", old)];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn what_was_read_before_the_last_late_write_could_land_confirms_nothing() {
    let mut plan = plan();
    plan.routes.insert(route("web"), in_place());
    let read = |read_at: &str| {
        Do::Event(domain::event::Event::Observed {
            epoch: domain::traffic::Epoch(3),
            read_at: crate::story::at(read_at),
            routes: [(route("web"), crate::story::seen(0))]
                .into_iter()
                .collect(),
        })
    };
    let steps = [
        ("0:20", critical("0:20")),
        ("0:20", Do::Reached),
        ("0:28", read("0:27")),
        ("0:29", read("0:28")),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T00:20:00Z [5% → 0%]
            0:20  tidegate: all traffic is back on stable, 0s after the decision
            0:29  tidegate: the rollback is confirmed: no late write can disturb it
            = rolled back at 0%, waits for nothing: the rollout has ended
        "#]],
    );
}
