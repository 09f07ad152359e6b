//! The way forward.

use domain::{
    event::Command,
    plan::{Finish, Plan, gate::Op, phase::Watch},
};
use expect_test::expect;

use crate::{
    plans::{dns, errors, phase, plan, route, watch, weight},
    story::{Do, Measure, Story, asked, check, check_after, critical, start_of, to_first_bake},
};

#[test]
fn a_rollout_goes_its_way() {
    check(
        plan(),
        &[
            ("0:00", Do::Reached),
            ("0:01", Do::Sweep),
            ("0:30", Do::Sweep),
            ("1:02", Do::Sweep),
            ("2:04", Do::Sweep),
            ("3:06", Do::Sweep),
        ],
        &expect![[r#"
            0:00  tidegate: every route is ready
            0:01  tidegate: phase canary entered [0% → 5%]
            0:01  tidegate: the weights of phase canary are in effect from 2026-03-03T00:02:00Z
            1:02  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:02  tidegate: phase half entered [5% → 50%]
            1:02  tidegate: the weights of phase half are in effect from 2026-03-03T01:03:00Z
            2:04  tidegate: the gate of phase half passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            2:04  tidegate: phase all entered [50% → 100%]
            2:04  tidegate: the weights of phase all are in effect from 2026-03-03T02:05:00Z
            3:06  tidegate: the gate of phase all passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            3:06  tidegate: making the canary the new stable
            3:06  tidegate: completed
            = completed at 100%, waits for nothing: the rollout has ended
        "#]],
    );
}

fn whole() -> Plan {
    let mut plan = plan();
    plan.phases.truncate(1);
    plan.phases[0].weights.set(route("web"), weight(100));
    plan
}

#[test]
fn a_phase_of_nothing_is_a_phase() {
    let mut plan = plan();
    plan.phases[0] = phase("shadow", 0);
    let steps = [
        ("0:00", Do::Reached),
        ("0:01", Do::Sweep),
        ("0:30", Do::Sweep),
        ("1:02", Do::Sweep),
    ];
    check(
        plan,
        &steps,
        &expect![[r#"
        0:00  tidegate: every route is ready
        0:01  tidegate: phase shadow entered
        0:01  tidegate: the weights of phase shadow are in effect from 2026-03-03T00:02:00Z
        1:02  tidegate: the gate of phase shadow passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:02  tidegate: phase half entered [0% → 50%]
        1:02  tidegate: the weights of phase half are in effect from 2026-03-03T01:03:00Z
        = baking at 50%, waits for time at these weights, over in 1h 1m
    "#]],
    );
}

#[test]
fn a_watch_has_time_and_conditions_of_its_own() {
    let mut plan = whole();
    plan.watch = Some(watch());
    let steps = [
        ("1:10", Do::Sweep),
        ("2:09", Do::Sweep),
        ("2:10", Do::Measured(Measure::Poor)),
        ("2:10", Do::Tick),
        ("2:11", Do::Sweep),
    ];
    check_after(
        plan.clone(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
        1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:10  tidegate: watching for 1h
        2:11  tidegate: making the canary the new stable
        2:11  tidegate: completed
        = completed at 100%, waits for nothing: the rollout has ended
    "#]],
    );
    let bad = [("1:10", Do::Sweep), ("1:20", Do::Measured(Measure::Bad))];
    check_after(
        plan,
        &to_first_bake(),
        &bad,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: watching for 1h
            1:20  tidegate: rolling back: error_rate > 1%: 5%; it had begun by 2026-03-03T01:18:00Z [100% → 0%] (error_rate > 1%: fail (5%, 600 samples))
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn in_the_watch_its_own_conditions_matter_and_not_the_last_phases() {
    let mut plan = whole();
    let (require, rollback) = (errors(Op::Less, 2_000), errors(Op::More, 3_000));
    plan.watch = Some(Watch {
        require: vec![require.clone()],
        rollback: vec![rollback.clone()],
        ..watch()
    });
    let mut story = Story::begin(start_of(plan));
    for (time, what) in to_first_bake() {
        story.step(time, &what);
    }
    assert!(!story.rollout.required().contains(&require));
    story.step("1:10", &Do::Sweep);
    assert_eq!(story.rollout.status.name(), "watching");
    assert_eq!(story.rollout.required(), [require]);
    assert_eq!(story.rollout.rollback_conditions(), [rollback]);
}

#[test]
fn the_last_phases_evidence_is_none_of_the_watch() {
    let mut plan = whole();
    plan.watch = Some(watch());
    let steps = [("1:10", Do::Sweep), ("2:11", Do::Tick)];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: watching for 1h
            2:11  tidegate: could not be measured for a while: error_rate < 0.1%
            = watching at 100%, waits for the first measurements
        "#]],
    );
}

#[test]
fn a_watch_can_be_cut_short_but_not_its_conditions() {
    let mut plan = whole();
    plan.watch = Some(watch());
    let steps = [
        ("1:10", Do::Sweep),
        ("1:20", asked(Command::Promote)),
        ("1:20", Do::Tick),
        ("1:21", Do::Sweep),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
        1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:10  tidegate: watching for 1h
        1:20  ann: the rest of the bake of phase canary skipped
        1:21  tidegate: making the canary the new stable
        1:21  tidegate: completed
        = completed at 100%, waits for nothing: the rollout has ended
    "#]],
    );
}

#[test]
fn a_manual_finish_waits_until_the_base_is_the_new_stable() {
    let mut plan = whole();
    plan.finish = Finish::Manual;
    let steps = [
        ("1:10", Do::Sweep),
        ("1:11", asked(Command::Finish)),
        ("1:12", Do::Base(30)),
        ("1:12", asked(Command::Finish)),
        ("1:13", Do::Base(100)),
        ("1:13", Do::Tick),
        ("1:14", asked(Command::Finish)),
        ("1:14", asked(Command::Finish)),
        ("1:14", Do::Reached),
        ("1:15", asked(Command::Finish)),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
        1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:10  tidegate: the watch passed; waiting for the canary to be made the new stable, and `tidegate finish`
        1:11  refused: web would send 0% to the canary without Tidegate's rule; make the canary the new stable first
        1:12  refused: web would send 30% to the canary without Tidegate's rule; make the canary the new stable first
        1:14  ann: making the canary the new stable
        1:14  tidegate: completed
        = completed at 100%, waits for nothing: the rollout has ended
    "#]],
    );
}

#[test]
fn another_rollout_takes_over_but_not_while_weights_are_changing() {
    let take_over = || asked(Command::Supersede { by: 2 });
    let steps = [
        ("1:10", Do::Measured(Measure::Good)),
        ("1:10", Do::Tick),
        ("1:10", take_over()),
        ("1:10", Do::Reached),
        ("1:11", take_over()),
        ("1:11", take_over()),
        ("1:12", Do::Seen(vec![("web", 0)])),
        ("1:12", critical("1:12")),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
        1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:10  tidegate: phase half entered [5% → 50%]
        1:10  refused: weights are being changed at this moment; ask again in a few seconds
        1:10  tidegate: the weights of phase half are in effect from 2026-03-03T01:11:00Z
        1:11  ann: superseded by rollout 2
        1:11  refused: the rollout has ended: it is superseded
        = superseded at 50%, waits for nothing: the rollout has ended
    "#]],
    );
}

#[test]
fn a_change_that_is_still_on_its_way_is_not_yet_in_effect() {
    let mut plan = plan();
    plan.routes.insert(route("web"), dns());
    let steps = [
        ("0:01", Do::Tick),
        ("0:01", Do::Pending),
        ("0:02", Do::Pending),
        ("0:02", Do::Tick),
        ("0:03", Do::Seen(vec![("web", 5)])),
    ];
    check_after(
        plan,
        &to_first_bake()[..1],
        &steps,
        &expect![[r#"
        0:01  tidegate: phase canary entered [0% → 5%]
        0:03  tidegate: the weights of phase canary are in effect from 2026-03-03T00:04:00Z
        = baking at 5%, waits for time at these weights, over in 1h 1m
    "#]],
    );
}

#[test]
fn a_route_that_was_changed_on_its_way_into_effect_is_not_in_effect() {
    let mut plan = plan();
    plan.routes.insert(route("web"), dns());
    let steps = [
        ("0:01", Do::Tick),
        ("0:01", Do::Pending),
        ("0:02", Do::Seen(vec![("web", 80)])),
        ("0:03", Do::Seen(vec![("web", 5)])),
    ];
    check_after(
        plan,
        &to_first_bake()[..1],
        &steps,
        &expect![[r#"
        0:01  tidegate: phase canary entered [0% → 5%]
        0:02  somebody else: web is at 80%, it should be at 5%; holding
        0:03  tidegate: web is as it should be again
        0:03  tidegate: the weights of phase canary are in effect from 2026-03-03T00:04:00Z
        = baking at 5%, waits for time at these weights, over in 1h 1m
    "#]],
    );
}

#[test]
fn a_phase_is_in_effect_when_its_last_route_is() {
    let mut plan = plan();
    plan.routes.insert(route("apex"), dns());
    plan.phases[0].weights.set(route("apex"), weight(5));
    plan.phases[2].weights.set(route("apex"), weight(100));
    let steps = [
        ("0:01", Do::Tick),
        ("0:01", Do::Seen(vec![("web", 5)])),
        ("0:02", Do::Tick),
        ("0:03", Do::Seen(vec![("apex", 5)])),
    ];
    check_after(
        plan.clone(),
        &to_first_bake()[..1],
        &steps[..3],
        &expect![[r#"
            0:01  tidegate: phase canary entered [0% → 5%]
            = shifting at 5%, waits for weights to be written and read back, tried again any moment
        "#]],
    );
    check_after(
        plan,
        &to_first_bake()[..1],
        &steps,
        &expect![[r#"
        0:01  tidegate: phase canary entered [0% → 5%]
        0:03  tidegate: the weights of phase canary are in effect from 2026-03-03T00:04:00Z
        = baking at 5%, waits for time at these weights, over in 1h 1m
    "#]],
    );
}
