//! Hooks that fail, weights that somebody else wrote, and changes that do not get through.

use domain::{
    event::{Command, HookOutcome},
    plan::{gate::Otherwise, hook::HookFailure},
};
use expect_test::expect_file;

use super::check;
use crate::{
    plans::{hook, in_place, plan, route},
    story::{Do, asked, critical, to_first_bake},
};

#[test]
fn a_hook_that_fails_says_what_follows() {
    let fail = || Do::Hook(HookOutcome::Failed("exit 1".to_owned()));
    for (on_failure, expected) in [
        (
            HookFailure::Gate(Otherwise::Hold),
            expect_file!["hook-holds.txt"],
        ),
        (
            HookFailure::Gate(Otherwise::Rollback),
            expect_file!["hook-back.txt"],
        ),
        (HookFailure::Ignore, expect_file!["hook-ignored.txt"]),
    ] {
        let mut plan = plan();
        plan.phases[0].after = vec![hook(&mut plan, "smoke-test", on_failure)];
        let mut before = to_first_bake();
        before.push(("1:10", Do::Sweep));
        before.push(("1:11", fail()));
        check(plan, &before, &[("1:12", fail())], &expected);
    }
}

#[test]
fn a_failed_hook_is_tried_again() {
    let mut plan = plan();
    let on_failure = HookFailure::Gate(Otherwise::Hold);
    plan.phases[0].after = vec![hook(&mut plan, "smoke-test", on_failure)];
    let mut before = to_first_bake();
    before.push(("1:10", Do::Sweep));
    let steps = [
        ("1:11", Do::Hook(HookOutcome::Failed("exit 1".to_owned()))),
        ("1:12", Do::Hook(HookOutcome::Failed("exit 1".to_owned()))),
        ("1:13", asked(Command::Retry)),
        ("1:14", Do::Hook(HookOutcome::Succeeded)),
    ];
    check(plan, &before, &steps, &expect_file!["hook-again.txt"]);
}

#[test]
fn what_somebody_else_wrote_is_told_with_what_to_do() {
    let steps = [("0:20", Do::Seen(vec![("web", 40)])), ("0:30", Do::Reached)];
    check(plan(), &to_first_bake(), &steps, &expect_file!["drift.txt"]);
    let steps = [("0:20", Do::Seen(vec![("web", 0)]))];
    check(plan(), &to_first_bake(), &steps, &expect_file!["hand.txt"]);
}

#[test]
fn a_late_write_after_a_rollback_is_undone() {
    let mut plan = plan();
    plan.routes.insert(route("web"), in_place());
    let steps = [("0:21", Do::Seen(vec![("web", 5)]))];
    let mut before = to_first_bake();
    before.extend([("0:20", critical("0:20")), ("0:20", Do::Reached)]);
    check(plan, &before, &steps, &expect_file!["late-write.txt"]);
}

#[test]
fn a_change_that_does_not_get_through_is_told() {
    let steps = [
        ("0:20:10", Do::Obstructed("ModifyRule: AccessDenied")),
        ("0:20:11", Do::Overran),
        ("0:20:30", Do::Overran),
        ("0:21", Do::Overran),
        ("0:22", Do::Tick),
        ("0:26", Do::Tick),
    ];
    let mut before = to_first_bake();
    before.push(("0:20", critical("0:20")));
    check(plan(), &before, &steps, &expect_file!["stuck.txt"]);
}
