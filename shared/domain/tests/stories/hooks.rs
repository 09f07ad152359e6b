//! Hooks: after one phase and before the next.

use domain::{
    event::{Command, HookOutcome},
    plan::{Plan, gate::Otherwise, hook::HookFailure},
};
use expect_test::expect;

use crate::{
    plans::{hook, plan},
    story::{Do, Story, asked, check_after, pause, resume, set_weight, start_of, to_first_bake},
};

fn fail() -> Do {
    Do::Hook(HookOutcome::Failed("exit 1".to_owned()))
}

fn succeed() -> Do {
    Do::Hook(HookOutcome::Succeeded)
}

/// One phase's end has a hook, and the next phase's beginning another.
fn hooked(on_failure: HookFailure) -> Plan {
    let mut plan = plan();
    plan.phases[0].after = vec![hook(&mut plan, "check", on_failure)];
    plan.phases[1].before = vec![hook(&mut plan, "warm", on_failure)];
    plan
}

#[test]
fn hooks_run_after_one_phase_and_before_the_next() {
    let steps = [
        ("1:10", succeed()),
        ("1:10", Do::Sweep),
        ("1:10", succeed()),
        ("1:10", Do::Tick),
        ("1:11", Do::Hook(HookOutcome::Running)),
        ("1:12", Do::Sweep),
        ("1:12", fail()),
        ("1:12", succeed()),
        ("1:12", Do::Tick),
    ];
    let plan = hooked(HookFailure::Gate(Otherwise::Hold));
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  (nothing to do)
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: hook check succeeded
            1:12  tidegate: hook warm failed, attempt 1: exit 1; trying again
            1:12  tidegate: hook warm succeeded
            1:12  tidegate: phase half entered [5% → 50%]
            = shifting at 50%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_hook_that_runs_for_longer_than_it_may_has_failed() {
    let running = || Do::Hook(HookOutcome::Running);
    let steps = [
        ("1:10", Do::Sweep),
        ("1:10", running()),
        ("1:11", running()),
        ("1:12", running()),
        ("1:13", running()),
        ("1:14", running()),
        ("1:15", running()),
    ];
    let plan = hooked(HookFailure::Gate(Otherwise::Hold));
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
        1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:12  tidegate: hook check failed, attempt 1: it is still running after 1m; trying again
        1:15  tidegate: hook check failed, attempt 2: it is still running after 1m; holding for a person
        = entering at 5% [a hook failed], waits for a person: a hook failed
    "#]],
    );
}

#[test]
fn a_hook_that_fails_for_good_holds_and_is_tried_again_or_passed_over() {
    let failed = [("1:10", Do::Sweep), ("1:10", fail()), ("1:11", fail())];
    let retried = [
        ("1:11", Do::Tick),
        ("1:12", asked(Command::Retry)),
        ("1:12", succeed()),
        ("1:13", Do::Sweep),
    ];
    let resumed = [("1:12", resume()), ("1:13", Do::Sweep), ("1:13", succeed())];
    let plan = hooked(HookFailure::Gate(Otherwise::Hold));
    let before = [to_first_bake(), failed.to_vec()].concat();
    check_after(
        plan.clone(),
        &to_first_bake(),
        &failed,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: hook check failed, attempt 1: exit 1; trying again
            1:11  tidegate: hook check failed, attempt 2: exit 1; holding for a person
            = entering at 5% [a hook failed], waits for a person: a hook failed
        "#]],
    );
    check_after(
        plan.clone(),
        &before,
        &retried,
        &expect![[r#"
        1:12  ann: trying again what failed
        1:12  tidegate: hook check succeeded
        = entering at 5%, waits for hook warm
    "#]],
    );
    check_after(
        plan,
        &before,
        &resumed,
        &expect![[r#"
        1:12  ann: resumed: fine
        1:13  tidegate: hook warm succeeded
        = entering at 5%, waits for the next sweep, within a minute
    "#]],
    );
}

#[test]
fn a_hook_that_fails_for_good_sends_traffic_back_or_is_ignored() {
    let steps = [
        ("1:10", Do::Sweep),
        ("1:10", fail()),
        ("1:11", fail()),
        ("1:11", fail()),
        ("1:11", Do::Tick),
    ];
    let back = hooked(HookFailure::Gate(Otherwise::Rollback));
    check_after(
        back,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: hook check failed, attempt 1: exit 1; trying again
            1:11  tidegate: hook check failed, attempt 2: exit 1; rolling back
            1:11  tidegate: rolling back: hook check failed: exit 1 [5% → 0%]
            1:11  (nothing to do)
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
    let ignored = hooked(HookFailure::Ignore);
    check_after(
        ignored,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: hook check failed, attempt 1: exit 1; trying again
            1:11  tidegate: hook check failed, attempt 2: exit 1; going on without it
            1:11  tidegate: hook warm failed, attempt 1: exit 1; trying again
            = entering at 5%, waits for hook warm
        "#]],
    );
}

#[test]
fn hooks_wait_while_the_rollout_is_paused() {
    let steps = [
        ("1:10", Do::Sweep),
        ("1:10", pause()),
        ("1:11", succeed()),
        ("1:12", resume()),
        ("1:12", succeed()),
    ];
    let plan = hooked(HookFailure::Ignore);
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
        1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:10  ann: paused: a look
        1:11  (nothing to do)
        1:12  ann: resumed: fine
        1:12  tidegate: hook check succeeded
        = entering at 5%, waits for hook warm
    "#]],
    );
}

#[test]
fn hooks_run_again_when_the_phase_is_baked_again() {
    let steps = [
        ("1:10", Do::Sweep),
        ("1:10", succeed()),
        ("1:11", set_weight(1)),
        ("1:11", Do::Reached),
        ("1:12", resume()),
        ("1:12", Do::Reached),
        ("2:20", Do::Sweep),
        ("2:20", succeed()),
        ("2:20", succeed()),
        ("2:20", Do::Tick),
    ];
    let plan = hooked(HookFailure::Ignore);
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
        1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:10  tidegate: hook check succeeded
        1:11  ann: weights set by hand: by hand [5% → 1%]
        1:11  tidegate: the weights of phase canary are in effect from 2026-03-03T01:12:00Z
        1:12  ann: resumed: fine [1% → 5%]
        1:12  tidegate: the weights of phase canary are in effect from 2026-03-03T01:13:00Z
        2:20  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        2:20  tidegate: hook check succeeded
        2:20  tidegate: hook warm succeeded
        2:20  tidegate: phase half entered [5% → 50%]
        = shifting at 50%, waits for weights to be written and read back, tried again in 10s
    "#]],
    );
}

#[test]
fn a_failure_that_two_visitors_report_is_one_failure() {
    let failed = Do::Event(domain::event::Event::HookFinished {
        hook: domain::rollout::HookKey {
            moment: domain::rollout::HookMoment::After(0),
            index: 0,
        },
        run: 0,
        outcome: HookOutcome::Failed("exit 1".to_owned()),
    });
    let steps = [
        ("1:10", Do::Sweep),
        ("1:10", failed.clone()),
        ("1:10", failed),
        ("1:11", succeed()),
    ];
    let plan = hooked(HookFailure::Gate(Otherwise::Rollback));
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: hook check failed, attempt 1: exit 1; trying again
            1:11  tidegate: hook check succeeded
            = entering at 5%, waits for hook warm
        "#]],
    );
}

#[test]
fn hooks_run_again_when_the_phases_own_weights_are_set_by_hand() {
    let steps = [
        ("1:10", Do::Sweep),
        ("1:10", succeed()),
        ("1:11", set_weight(5)),
        ("1:11", Do::Reached),
        ("1:12", resume()),
        ("2:20", Do::Sweep),
        ("2:20", succeed()),
    ];
    let plan = hooked(HookFailure::Ignore);
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
        1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:10  tidegate: hook check succeeded
        1:11  ann: weights set by hand: by hand
        1:11  tidegate: the weights of phase canary are in effect from 2026-03-03T01:12:00Z
        1:12  ann: resumed: fine
        2:20  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        2:20  tidegate: hook check succeeded
        = entering at 5%, waits for hook warm
    "#]],
    );
}

#[test]
fn a_hook_that_has_failed_is_not_run_until_a_person_retries() {
    let steps = [
        ("1:10", Do::Sweep),
        ("1:10", fail()),
        ("1:11", fail()),
        ("1:12", succeed()),
        ("1:13", resume()),
        ("1:14", succeed()),
        ("1:15", asked(Command::Retry)),
        ("1:16", succeed()),
    ];
    check_after(
        hooked(HookFailure::Gate(Otherwise::Hold)),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: hook check failed, attempt 1: exit 1; trying again
            1:11  tidegate: hook check failed, attempt 2: exit 1; holding for a person
            1:12  (nothing to do)
            1:13  ann: resumed: fine
            1:14  tidegate: hook warm succeeded
            1:15  refused: nothing has failed that could be tried again
            1:16  (nothing to do)
            = entering at 5%, waits for the next sweep, within a minute
        "#]],
    );
}

#[test]
fn a_hook_that_has_failed_is_not_due_even_if_nothing_holds_the_rollout() {
    let mut story = Story::begin(start_of(hooked(HookFailure::Gate(Otherwise::Hold))));
    for (time, what) in to_first_bake() {
        story.step(time, &what);
    }
    story.step("1:10", &Do::Sweep);
    assert!(story.rollout.hook_due().is_some());
    story.step("1:10", &fail());
    story.step("1:11", &fail());
    story.rollout.holds.clear();
    assert_eq!(story.rollout.hook_due(), None);
}

#[test]
fn a_failure_that_a_hand_overtook_can_still_be_retried() {
    let steps = [
        ("1:10", Do::Sweep),
        ("1:10", fail()),
        ("1:11", fail()),
        ("1:12", set_weight(10)),
        ("1:13", Do::Reached),
        ("1:14", asked(Command::Retry)),
        ("1:14", asked(Command::Retry)),
    ];
    check_after(
        hooked(HookFailure::Gate(Otherwise::Hold)),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: hook check failed, attempt 1: exit 1; trying again
            1:11  tidegate: hook check failed, attempt 2: exit 1; holding for a person
            1:12  ann: weights set by hand: by hand [5% → 10%]
            1:13  tidegate: the weights of phase canary are in effect from 2026-03-03T01:14:00Z
            1:14  ann: trying again what failed
            1:14  refused: nothing has failed that could be tried again
            = baking at 10% [weights were set by hand], waits for a person: weights were set by hand
        "#]],
    );
}
