//! Hands: pause and resume, set-weight, a gate that somebody closes, and a weight that somebody raises.

use domain::{
    event::Command,
    plan::{Finish, Plan},
};
use expect_test::expect;

use crate::{
    plans::{dns, plan, route, watch, weight},
    story::{
        Do, Measure, approve, asked, check_after, critical, pause, resume, roll_back, set_weight,
        tick_off, to_first_bake,
    },
};

/// Two routes, side by side through all phases.
fn two_routes() -> Plan {
    let mut plan = plan();
    plan.routes.insert(route("apex"), dns());
    for (phase, percent) in plan.phases.iter_mut().zip([5, 50, 100]) {
        phase.weights.set(route("apex"), weight(percent));
    }
    plan
}

fn in_second_bake() -> Vec<(&'static str, Do)> {
    let mut steps = to_first_bake();
    steps.extend([("1:10", Do::Sweep), ("1:20", Do::Sweep)]);
    steps
}

#[test]
fn nothing_advances_while_it_is_paused_and_evidence_goes_on_gathering() {
    let steps = [
        ("0:20", pause()),
        ("0:21", pause()),
        ("1:10", Do::Sweep),
        ("1:11", resume()),
        ("1:11", resume()),
        ("1:11", Do::Tick),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  ann: paused: a look
            1:11  ann: resumed: fine
            1:11  refused: nothing holds the rollout, so there is nothing to resume
            1:11  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:11  tidegate: phase half entered [5% → 50%]
            = shifting at 50%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_reason_is_asked_for() {
    let steps = [
        (
            "0:20",
            asked(Command::Pause {
                reason: " ".to_owned(),
            }),
        ),
        (
            "0:20",
            asked(Command::Rollback {
                reason: String::new(),
            }),
        ),
    ];
    check_after(
        plan(),
        &to_first_bake(),
        &steps,
        &expect![[r#"
            0:20  refused: `pause` needs a reason; it goes into the ledger
            0:20  refused: `rollback` needs a reason; it goes into the ledger
            = baking at 5%, waits for time at these weights, over in 42m
        "#]],
    );
}

#[test]
fn weights_set_by_hand_hold_and_a_resume_bakes_the_phase_anew() {
    let steps = [
        ("1:21", set_weight(10)),
        ("1:21", Do::Reached),
        ("2:40", Do::Sweep),
        ("2:41", resume()),
        ("2:41", Do::Reached),
        ("2:50", Do::Sweep),
    ];
    check_after(
        plan(),
        &in_second_bake(),
        &steps,
        &expect![[r#"
            1:21  ann: weights set by hand: by hand [50% → 10%]
            1:21  tidegate: the weights of phase half are in effect from 2026-03-03T01:22:00Z
            2:41  ann: resumed: fine [10% → 50%]
            2:41  tidegate: the weights of phase half are in effect from 2026-03-03T02:42:00Z
            = baking at 50%, waits for time at these weights, over in 52m
        "#]],
    );
}

#[test]
fn a_resume_while_weights_are_being_set_by_hand_does_not_bake_at_them() {
    let steps = [
        ("1:21", set_weight(10)),
        ("1:21", resume()),
        ("1:22", Do::Reached),
        ("1:23", resume()),
    ];
    check_after(
        plan(),
        &in_second_bake(),
        &steps,
        &expect![[r#"
            1:21  ann: weights set by hand: by hand [50% → 10%]
            1:21  refused: weights are being changed at this moment; ask again in a few seconds
            1:22  tidegate: the weights of phase half are in effect from 2026-03-03T01:23:00Z
            1:23  ann: resumed: fine [10% → 50%]
            = shifting at 50%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_weight_that_a_route_cannot_express_is_refused_with_the_nearest() {
    let permille = domain::traffic::Weight::from_permille(2).unwrap();
    let set = |name, weight| {
        asked(Command::SetWeight {
            weights: [(route(name), weight)].into_iter().collect(),
            reason: "by hand".to_owned(),
        })
    };
    let steps = [
        ("1:21", set("apex", permille)),
        ("1:21", set("none", weight(10))),
        ("1:21", set("apex", weight(10))),
        ("1:21", set("web", weight(10))),
    ];
    check_after(
        two_routes(),
        &in_second_bake(),
        &steps,
        &expect![[r#"
            1:21  refused: apex cannot express 0.2%; the nearest it can are 0% and 0.4%
            1:21  refused: the plan has no route `none`
            1:21  ann: weights set by hand: by hand [50% → apex 10%, web 50%]
            1:21  refused: weights are being changed at this moment; ask again in a few seconds
            = shifting at apex 10%, web 50% [weights were set by hand], waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn approvals_and_ticks_do_not_outlive_weights_set_by_hand() {
    let mut plan = plan();
    plan.phases[0].approval = Some(crate::plans::approval(
        2,
        domain::plan::gate::Otherwise::Hold,
    ));
    plan.phases[0].checklist = crate::plans::checklist(&["logs"]);
    let steps = [
        ("1:09", tick_off("canary", "logs")),
        ("1:10", Do::Sweep),
        ("1:11", approve("ann", "canary")),
        ("1:12", set_weight(1)),
        ("1:12", Do::Reached),
        ("1:13", resume()),
        ("1:13", Do::Reached),
        ("2:20", Do::Sweep),
        ("2:20", tick_off("canary", "logs")),
        ("2:20", Do::Sweep),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:09  ann: logs confirmed
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: approval of phase canary asked, 2 needed, until 2026-03-03T03:10:00Z
            1:11  ann: phase canary approved, 1 of 2
            1:12  ann: weights set by hand: by hand [5% → 1%]
            1:12  tidegate: the weights of phase canary are in effect from 2026-03-03T01:13:00Z
            1:13  ann: resumed: fine [1% → 5%]
            1:13  tidegate: the weights of phase canary are in effect from 2026-03-03T01:14:00Z
            2:20  ann: logs confirmed
            2:20  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            2:20  tidegate: approval of phase canary asked, 2 needed, until 2026-03-03T04:20:00Z
            = awaiting approval at 5%, waits for approval, 0 of 2; without an answer in 2h it goes on holding
        "#]],
    );
}

#[test]
fn a_hand_that_closes_the_gate_is_not_overruled_until_a_person_resumes() {
    let steps = [
        ("1:30", Do::Seen(vec![("web", 0)])),
        ("1:31", Do::Seen(vec![("web", 0)])),
        ("2:40", Do::Sweep),
        ("2:41", resume()),
        ("2:41", Do::Reached),
    ];
    check_after(
        plan(),
        &in_second_bake(),
        &steps,
        &expect![[r#"
            1:30  somebody else: web was closed to 0% by hand; adopted, holding [50% → 0%]
            2:41  ann: resumed: fine [0% → 50%]
            2:41  tidegate: the weights of phase half are in effect from 2026-03-03T02:42:00Z
            = baking at 50%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn a_hand_that_closes_one_route_leaves_the_other() {
    let steps = [
        ("1:30", Do::Seen(vec![("apex", 50), ("web", 0)])),
        ("1:31", Do::Sweep),
        ("1:32", resume()),
    ];
    check_after(
        two_routes(),
        &in_second_bake(),
        &steps,
        &expect![[r#"
            1:30  somebody else: web was closed to 0% by hand; adopted, holding [50% → apex 50%, web 0%]
            1:32  ann: resumed: fine [apex 50%, web 0% → 50%]
            = shifting at 50%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_hand_that_closes_the_gate_after_all_phases_leads_back_to_the_last_phase() {
    let mut plan = plan();
    plan.phases.truncate(1);
    plan.phases[0].weights.set(route("web"), weight(100));
    plan.watch = Some(watch());
    let steps = [
        ("1:10", Do::Sweep),
        ("1:30", Do::Seen(vec![("web", 0)])),
        ("1:31", resume()),
        ("1:31", Do::Reached),
        ("1:40", Do::Sweep),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: watching for 1h
            1:30  somebody else: web was closed to 0% by hand; adopted, holding [100% → 0%]
            1:31  ann: resumed: fine [0% → 100%]
            1:31  tidegate: the weights of phase canary are in effect from 2026-03-03T01:32:00Z
            = baking at 100%, waits for time at these weights, over in 52m
        "#]],
    );
}

#[test]
fn a_weight_that_somebody_raised_is_told_once_and_stops_the_advance() {
    let steps = [
        ("1:30", Do::Seen(vec![("web", 80)])),
        ("1:31", Do::Seen(vec![("web", 80)])),
        ("2:31", Do::Measured(Measure::Good)),
        ("2:31", Do::Tick),
    ];
    check_after(
        plan(),
        &in_second_bake(),
        &steps,
        &expect![[r#"
            1:30  somebody else: web is at 80%, it should be at 50%; holding
            = baking at 50%, waits for a weight that somebody else wrote to be put right: web at 80%
        "#]],
    );
}

#[test]
fn a_raised_weight_is_put_right_by_a_resume() {
    let steps = [
        ("1:30", Do::Seen(vec![("web", 80)])),
        ("1:31", resume()),
        ("1:31", Do::Reached),
        ("2:31", Do::Sweep),
    ];
    check_after(
        plan(),
        &in_second_bake(),
        &steps,
        &expect![[r#"
            1:30  somebody else: web is at 80%, it should be at 50%; holding
            1:31  ann: resumed: fine
            1:31  tidegate: the weights of phase half are in effect from 2026-03-03T01:32:00Z
            = baking at 50%, waits for time at these weights, over in 1m
        "#]],
    );
}

#[test]
fn a_raised_weight_is_put_right_by_a_rollback() {
    let steps = [
        ("1:30", Do::Seen(vec![("web", 80)])),
        ("1:31", roll_back()),
        ("1:31", Do::Reached),
    ];
    check_after(
        plan(),
        &in_second_bake(),
        &steps,
        &expect![[r#"
            1:30  somebody else: web is at 80%, it should be at 50%; holding
            1:31  ann: rolling back: it smells [50% → 0%]
            1:31  tidegate: all traffic is back on stable, 0s after the decision
            = guarding at 0%, waits for the time in which a late write could land to pass, in 1m
        "#]],
    );
}

#[test]
fn time_at_weights_that_somebody_raised_is_not_time_of_the_phase() {
    let steps = [
        ("1:30", Do::Seen(vec![("web", 80)])),
        ("2:00", Do::Seen(vec![("web", 50)])),
        ("2:20", Do::Sweep),
        ("3:00", Do::Sweep),
        ("3:02", Do::Sweep),
    ];
    check_after(
        plan(),
        &in_second_bake(),
        &steps,
        &expect![[r#"
            1:30  somebody else: web is at 80%, it should be at 50%; holding
            2:00  tidegate: web is as it should be again
            2:00  tidegate: the weights of phase half are in effect from 2026-03-03T02:01:00Z
            3:02  tidegate: the gate of phase half passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            3:02  tidegate: phase all entered [50% → 100%]
            3:02  tidegate: the weights of phase all are in effect from 2026-03-03T03:03:00Z
            = baking at 100%, waits for time at these weights, over in 1h 1m
        "#]],
    );
}

#[test]
fn a_raised_weight_that_is_then_closed_by_hand_is_adopted_in_the_same_look() {
    let steps = [
        ("1:30", Do::Seen(vec![("web", 80)])),
        ("2:20", Do::Measured(Measure::Good)),
        ("2:20", Do::Seen(vec![("web", 0)])),
        ("2:20", Do::Tick),
    ];
    check_after(
        plan(),
        &in_second_bake(),
        &steps,
        &expect![[r#"
            1:30  somebody else: web is at 80%, it should be at 50%; holding
            2:20  somebody else: web was closed to 0% by hand; adopted, holding [50% → 0%]
            = baking at 0% [somebody closed the gate by hand], waits for a person: somebody closed the gate by hand
        "#]],
    );
}

#[test]
fn an_alarm_sends_back_what_a_hand_has_left() {
    let steps = [
        ("1:30", Do::Seen(vec![("apex", 50), ("web", 0)])),
        ("1:31", critical("1:31")),
    ];
    check_after(
        two_routes(),
        &in_second_bake(),
        &steps,
        &expect![[r#"
            1:30  somebody else: web was closed to 0% by hand; adopted, holding [50% → apex 50%, web 0%]
            1:31  alarm errors: rolling back: alarm errors went off; it had begun by 2026-03-03T01:31:00Z [apex 50%, web 0% → 0%]
            = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_route_closed_by_hand_counts_as_full_again_once_its_base_is_the_canary() {
    let mut plan = plan();
    plan.phases.truncate(1);
    plan.phases[0].weights.set(route("web"), weight(100));
    plan.finish = Finish::Manual;
    let steps = [
        ("1:10", Do::Sweep),
        ("1:30", Do::Seen(vec![("web", 0)])),
        ("1:31", asked(Command::Finish)),
        ("1:32", Do::Base(100)),
        ("1:33", asked(Command::Finish)),
        ("1:33", Do::Reached),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
            1:10  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
            1:10  tidegate: the watch passed; waiting for the canary to be made the new stable, and `tidegate finish`
            1:30  somebody else: web was closed to 0% by hand; adopted, holding [100% → 0%]
            1:31  refused: web would send 0% to the canary without Tidegate's rule; make the canary the new stable first
            1:33  ann: making the canary the new stable [0% → 100%]
            1:33  tidegate: completed
            = completed at 100% [somebody closed the gate by hand], waits for nothing: the rollout has ended
        "#]],
    );
}

#[test]
fn a_hand_that_closes_the_gate_while_weights_are_raised_is_not_raised_over() {
    let before = [
        in_second_bake(),
        vec![("2:30", Do::Measured(Measure::Good)), ("2:30", Do::Tick)],
    ]
    .concat();
    let steps = [
        ("2:30", Do::Seen(vec![("web", 0)])),
        ("2:31", Do::Reached),
        ("2:40", Do::Tick),
        ("2:50", resume()),
        ("2:50", Do::Reached),
    ];
    check_after(
        plan(),
        &before,
        &steps,
        &expect![[r#"
        2:30  somebody else: web was closed to 0% by hand; adopted, holding [100% → 0%]
        2:31  tidegate: the weights of phase all are in effect from 2026-03-03T02:32:00Z
        2:50  ann: resumed: fine [0% → 100%]
        2:50  tidegate: the weights of phase all are in effect from 2026-03-03T02:51:00Z
        = baking at 100%, waits for time at these weights, over in 1h 1m
    "#]],
    );
}

#[test]
fn what_carries_the_weight_is_not_made_again_when_somebody_took_it_away() {
    let gone = |name| {
        let mut seen = crate::story::seen(0);
        seen.carrier = domain::target::Carrier::Missing;
        (route(name), seen)
    };
    let closed = Do::Event(domain::event::Event::Observed {
        epoch: domain::traffic::Epoch(2),
        read_at: crate::story::at("0:11"),
        routes: [gone("web")].into_iter().collect(),
    });
    // The first weight is being given: the change is open.
    let before = [("0:00", Do::Reached), ("0:01", Do::Tick)];
    check_after(
        plan(),
        &before,
        &[("0:11", closed), ("0:11", Do::Reached)],
        &expect![[r#"
            0:11  somebody else: web was closed to 0% by hand; adopted, holding [5% → 0%]
            0:11  tidegate: the weights of phase canary are in effect from 2026-03-03T00:12:00Z
            = baking at 0% [somebody closed the gate by hand], waits for a person: somebody closed the gate by hand
        "#]],
    );
}

#[test]
fn a_hand_that_closes_the_gate_while_it_is_finished_leads_back_to_the_last_phase() {
    let mut plan = plan();
    plan.watch = None;
    plan.phases.truncate(1);
    plan.phases[0].weights.set(route("web"), weight(100));
    let mut before = to_first_bake();
    before.extend([("1:10", Do::Measured(Measure::Good)), ("1:10", Do::Tick)]);
    let steps = [
        ("1:10", Do::Seen(vec![("web", 0)])),
        ("1:11", Do::Reached),
        ("1:20", resume()),
        ("1:20", Do::Reached),
        ("2:30", Do::Sweep),
    ];
    check_after(
        plan,
        &before,
        &steps,
        &expect![[r#"
        1:10  somebody else: web was closed to 0% by hand; adopted, holding [100% → 0%]
        1:11  tidegate: the weights of phase canary are in effect from 2026-03-03T01:12:00Z
        1:20  ann: resumed: fine [0% → 100%]
        1:20  tidegate: the weights of phase canary are in effect from 2026-03-03T01:21:00Z
        2:30  tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        2:30  tidegate: making the canary the new stable
        2:30  tidegate: completed
        = completed at 100%, waits for nothing: the rollout has ended
    "#]],
    );
}

#[test]
fn a_gate_closed_under_an_epoch_of_its_own_is_told_from_a_weight_not_yet_raised() {
    let mut plan = plan();
    plan.routes.insert(route("web"), crate::plans::alias());
    let seen = |epoch: domain::traffic::Epoch, at: &str| {
        let mut seen = crate::story::seen(0);
        seen.epoch = Some(epoch);
        Do::Event(domain::event::Event::Observed {
            epoch: domain::traffic::Epoch(2),
            read_at: crate::story::at(at),
            routes: [(route("web"), seen)].into_iter().collect(),
        })
    };
    // The first weight is being given: the change is open.
    let before = [("0:00", Do::Reached), ("0:01", Do::Tick)];
    let own = domain::traffic::Epoch(2);
    check_after(
        plan.clone(),
        &before,
        &[("0:11", seen(own, "0:11"))],
        &expect![[r#"
            = shifting at 5%, waits for weights to be written and read back, tried again any moment
        "#]],
    );
    check_after(
        plan,
        &before,
        &[("0:11", seen(own.leap(), "0:11"))],
        &expect![[r#"
            0:11  somebody else: web was closed to 0% by hand; adopted, holding [5% → 0%]
            = shifting at 0% [somebody closed the gate by hand], waits for weights to be written and read back, tried again in 10s
        "#]],
    );
}

#[test]
fn a_drift_in_the_watch_that_is_gone_does_not_end_the_watch() {
    let mut plan = plan();
    plan.phases.drain(..2);
    plan.watch = Some(watch());
    let steps = [
        ("1:10", Do::Sweep),
        ("1:20", Do::Seen(vec![("web", 50)])),
        ("1:21", Do::Seen(vec![("web", 100)])),
        ("1:22", Do::Seen(vec![("web", 50)])),
    ];
    check_after(
        plan,
        &to_first_bake(),
        &steps,
        &expect![[r#"
        1:10  tidegate: the gate of phase all passed (error_rate < 0.1%: pass (0.05%, 600 samples))
        1:10  tidegate: watching for 1h
        1:20  somebody else: web was closed to 50% by hand; adopted, holding [100% → 50%]
        1:21  somebody else: web is at 100%, it should be at 50%; holding
        1:22  tidegate: web is as it should be again
        = watching at 50% [somebody closed the gate by hand], waits for a person: somebody closed the gate by hand
    "#]],
    );
}
