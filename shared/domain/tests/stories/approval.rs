//! People who approve, and a checklist.

use std::collections::BTreeMap;

use domain::{
    event::AlarmReading,
    name::Person,
    plan::{
        gate::{FourEyes, Otherwise},
        people::Handles,
    },
};
use expect_test::expect;
use proptest::prelude::*;

use crate::{
    plans::{approval, checklist, plan},
    story::{Do, Measure, approve, check_after, ok, reject, resume, tick_off, to_first_bake},
};

/// The first phase needs this many of the leads; at 1:10 they have been asked.
fn asked(needed: u32, otherwise: Otherwise) -> (domain::plan::Plan, Vec<(&'static str, Do)>) {
    let mut plan = plan();
    plan.phases[0].approval = Some(approval(needed, otherwise));
    let mut steps = to_first_bake();
    steps.push(("1:10", Do::Sweep));
    (plan, steps)
}

#[test]
fn two_different_leads_approve() {
    let (plan, asked) = asked(2, Otherwise::Hold);
    let steps = [
        ("1:11", approve("eve", "canary")),
        ("1:11", approve("ann", "half")),
        ("1:11", approve("ann", "canary")),
        ("1:11", approve("ann", "canary")),
        ("1:12", Do::Sweep),
        ("1:13", approve("ben", "canary")),
        ("1:14", Do::Sweep),
        ("1:14", approve("ben", "canary")),
    ];
    check_after(
        plan,
        &asked,
        &steps,
        &expect![[r#"
            1:11  refused: eve may not approve this phase; leads may
            1:11  refused: this concerns phase half, but the rollout is in canary
            1:11  ann: phase canary approved, 1 of 2
            1:13  ben: phase canary approved, 2 of 2
            1:14  tidegate: phase half entered [5% → 50%]
            1:14  tidegate: the weights of phase half are in effect from 2026-03-03T01:15:00Z
            1:14  refused: this concerns phase canary, but the rollout is in half
            = baking at 50%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn nobody_approves_and_it_holds_until_somebody_resumes() {
    let (plan, asked) = asked(1, Otherwise::Hold);
    let steps = [
        ("3:11", Do::Sweep),
        ("3:12", Do::Sweep),
        ("4:00", resume()),
        ("5:59", Do::Sweep),
        ("6:00", Do::Tick),
    ];
    check_after(
        plan,
        &asked,
        &steps,
        &expect![[r#"
            3:11  tidegate: nobody approved phase canary in time; holding for a person
            4:00  ann: resumed: fine
            6:00  tidegate: nobody approved phase canary in time; holding for a person
            = awaiting approval at 5% [nobody approved in time], waits for a person: nobody approved in time
        "#]],
    );
}

#[test]
fn nobody_approves_and_traffic_goes_back() {
    let (plan, asked) = asked(1, Otherwise::Rollback);
    check_after(
        plan,
        &asked,
        &[("3:11", Do::Sweep)],
        &expect![[r#"
            3:11  tidegate: nobody approved phase canary in time; rolling back
            3:11  tidegate: rolling back: nobody approved phase canary in time [5% → 0%]
            3:11  tidegate: all traffic is back on stable, 0s after the decision
            = guarding at 0%, waits for the time in which a late write could land to pass, in 1m
        "#]],
    );
}

#[test]
fn an_approval_in_time_does_not_expire_while_something_else_is_waited_for() {
    let (plan, asked) = asked(1, Otherwise::Rollback);
    let steps = [
        ("1:11", approve("ann", "canary")),
        (
            "1:11",
            Do::Read("errors", AlarmReading::Unreadable("denied".to_owned())),
        ),
        ("1:11", Do::Tick),
        ("3:30", Do::Sweep),
        ("3:31", Do::Read("errors", ok("-1"))),
        ("3:31", Do::Sweep),
    ];
    check_after(
        plan,
        &asked,
        &steps,
        &expect![[r#"
            1:11  ann: phase canary approved, 1 of 1
            3:31  tidegate: phase half entered [5% → 50%]
            3:31  tidegate: the weights of phase half are in effect from 2026-03-03T03:32:00Z
            = baking at 50%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn who_approved_is_not_asked_again_when_the_evidence_was_in_doubt_for_a_while() {
    let (mut plan, asked) = asked(1, Otherwise::Rollback);
    plan.calendar = crate::plans::only_at_night();
    let steps = [
        ("1:11", approve("ann", "canary")),
        ("1:12", Do::Sweep),
        ("9:00", Do::Measured(Measure::NoData)),
        ("9:00", Do::Tick),
        ("9:10", Do::Sweep),
    ];
    check_after(
        plan,
        &asked,
        &steps,
        &expect![[r#"
            1:11  ann: phase canary approved, 1 of 1
            1:12  tidegate: phase half waits for the calendar to open at 2026-03-03T20:00:00Z
            9:00  tidegate: phase canary has lasted long enough and its gate lacks evidence (error_rate < 0.1%: inconclusive: no data)
            9:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            = entering at 5%, waits for the calendar to open, in 10h 50m
        "#]],
    );
}

#[test]
fn a_rejection_holds_and_a_resume_asks_everybody_again() {
    let (plan, asked) = asked(2, Otherwise::Hold);
    let steps = [
        ("1:11", approve("ann", "canary")),
        ("1:12", reject("ben", "canary")),
        ("1:12", reject("ben", "canary")),
        ("1:13", Do::Sweep),
        ("2:00", resume()),
        ("2:01", Do::Sweep),
    ];
    check_after(
        plan,
        &asked,
        &steps,
        &expect![[r#"
            1:11  ann: phase canary approved, 1 of 2
            1:12  ben: phase canary rejected: not yet
            2:00  ann: resumed: fine
            = awaiting approval at 5%, waits for approval, 0 of 2; without an answer in 1h 59m it goes on holding
        "#]],
    );
}

#[test]
fn a_rejection_sends_traffic_back_if_the_plan_says_so() {
    let (plan, asked) = asked(1, Otherwise::Rollback);
    let steps = [("1:12", reject("ben", "canary")), ("1:12", Do::Reached)];
    check_after(
        plan,
        &asked,
        &steps,
        &expect![[r#"
            1:12  ben: phase canary rejected: not yet
            1:12  ben: rolling back: ben did not agree to go on from canary: not yet [5% → 0%]
            1:12  tidegate: all traffic is back on stable, 0s after the decision
            = guarding at 0%, waits for the time in which a late write could land to pass, in 1m
        "#]],
    );
}

#[test]
fn an_approval_before_anybody_was_asked_is_refused() {
    let (plan, _) = asked(1, Otherwise::Hold);
    let steps = [("0:06", approve("ann", "canary"))];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:06  refused: `approve` is not possible while the rollout is baking
            = baking at 5%, waits for time at these weights, over in 56m
        "#]],
    );
}

#[test]
fn a_checklist_is_ticked_item_by_item() {
    let mut plan = plan();
    plan.phases[0].checklist = checklist(&["logs", "costs"]);
    let steps = [
        ("0:10", tick_off("canary", "logs")),
        ("0:10", tick_off("canary", "logs")),
        ("0:10", tick_off("canary", "mood")),
        ("0:10", tick_off("half", "logs")),
        ("1:10", Do::Sweep),
        ("1:11", tick_off("canary", "costs")),
        ("1:12", Do::Sweep),
        ("1:12", tick_off("half", "logs")),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:10  ann: logs confirmed
            0:10  refused: the phase has no checklist item `mood`
            0:10  refused: this concerns phase half, but the rollout is in canary
            1:11  ann: costs confirmed
            1:12  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:12  tidegate: phase half entered [5% → 50%]
            1:12  tidegate: the weights of phase half are in effect from 2026-03-03T01:13:00Z
            1:12  refused: the phase has no checklist item `logs`
            = baking at 50%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn a_pause_does_not_give_approvers_more_time() {
    let (plan, asked) = asked(1, Otherwise::Hold);
    let steps = [
        ("2:00", crate::story::pause()),
        ("3:00", resume()),
        ("3:05", Do::Sweep),
        ("3:15", Do::Sweep),
    ];
    check_after(
        plan,
        &asked,
        &steps,
        &expect![[r#"
            2:00  ann: paused: a look
            3:00  ann: resumed: fine
            3:15  tidegate: nobody approved phase canary in time; holding for a person
            = awaiting approval at 5% [nobody approved in time], waits for a person: nobody approved in time
        "#]],
    );
}

/// Ann starts it, and is `U2CERLKJA` in Slack and the session `ann` of a role in AWS.
fn with_handles(needed: u32, four_eyes: FourEyes) -> (domain::plan::Plan, Vec<(&'static str, Do)>) {
    let (mut plan, asked) = asked(needed, Otherwise::Hold);
    plan.phases[0].approval.as_mut().unwrap().four_eyes = four_eyes;
    let handles = Handles {
        slack: Some("U2CERLKJA".to_owned()),
        aws: Some("ann".to_owned()),
        email: Some("ann@example.com".to_owned()),
    };
    plan.people = BTreeMap::from([(Person::new("ann"), handles)]);
    (plan, asked)
}

const IN_AWS: &str = "arn:aws:sts::111122223333:assumed-role/deploy/ann";

#[test]
fn who_started_it_may_not_approve_it_by_whatever_name() {
    let (plan, asked) = with_handles(1, FourEyes::Required);
    let steps = [
        ("1:11", approve("ann", "canary")),
        ("1:11", approve("U2CERLKJA", "canary")),
        ("1:11", approve(IN_AWS, "canary")),
        ("1:11", approve("Ann@Example.com", "canary")),
        ("1:12", approve("ben", "canary")),
        ("1:12", reject("U2CERLKJA", "canary")),
    ];
    check_after(
        plan,
        &asked,
        &steps,
        &expect![[r#"
        1:11  refused: ann started this rollout and may not approve it too; another approver must
        1:11  refused: ann started this rollout and may not approve it too; another approver must
        1:11  refused: ann started this rollout and may not approve it too; another approver must
        1:11  refused: ann started this rollout and may not approve it too; another approver must
        1:12  ben: phase canary approved, 1 of 1
        1:12  ann: phase canary rejected: not yet
        = awaiting approval at 5% [an approver did not agree], waits for a person: an approver did not agree
    "#]],
    );
}

#[test]
fn one_person_by_three_names_is_one_of_two() {
    let (plan, asked) = with_handles(2, FourEyes::Waived);
    let steps = [
        ("1:11", approve("U2CERLKJA", "canary")),
        ("1:12", approve(IN_AWS, "canary")),
        ("1:13", approve("ann", "canary")),
        (
            "1:14",
            approve(
                "arn:aws:sts::111122223333:assumed-role/deploy/joann",
                "canary",
            ),
        ),
        ("1:15", Do::Sweep),
        ("1:16", approve("ben", "canary")),
        ("1:17", Do::Sweep),
    ];
    check_after(
        plan,
        &asked,
        &steps,
        &expect![[r#"
        1:11  ann: phase canary approved, 1 of 2
        1:14  refused: arn:aws:sts::111122223333:assumed-role/deploy/joann may not approve this phase; leads may
        1:16  ben: phase canary approved, 2 of 2
        1:17  tidegate: phase half entered [5% → 50%]
        1:17  tidegate: the weights of phase half are in effect from 2026-03-03T01:18:00Z
        = baking at 50%, waits for time at these weights, over in 1h 1m
    "#]],
    );
}

#[test]
fn a_group_has_its_members_by_any_name() {
    let (mut plan, asked) = with_handles(1, FourEyes::Waived);
    let leads = domain::name::GroupName::new("leads").unwrap();
    plan.groups = BTreeMap::from([(leads, vec![Person::new("ann@example.com")])]);
    let steps = [
        ("1:11", approve("ben", "canary")),
        ("1:11", approve("U2CERLKJA", "canary")),
    ];
    check_after(
        plan,
        &asked,
        &steps,
        &expect![[r#"
        1:11  refused: ben may not approve this phase; leads may
        1:11  ann: phase canary approved, 1 of 1
        = awaiting approval at 5%, waits for the next sweep, within a minute
    "#]],
    );
}

proptest! {
    /// Whatever ann is called, her own rollout does not go on by her word.
    #[test]
    fn nobody_approves_their_own_rollout(
        names in proptest::collection::vec(
            proptest::sample::select(vec!["ann", "U2CERLKJA", IN_AWS, "ann@example.com", "eve"]), 1..8
        )
    ) {
        let (plan, asked) = with_handles(1, FourEyes::Required);
        let mut story = crate::story::Story::begin(crate::story::start_of(plan));
        for (time, what) in &asked {
            story.step(time, what);
        }
        for name in names {
            story.step("1:11", &crate::story::answered(approve(name, "canary")));
            story.step("1:12", &Do::Sweep);
        }
        prop_assert!(story.rollout.gate.unwrap().approvals.is_empty());
        prop_assert_eq!(story.rollout.phase, Some(0));
    }
}
