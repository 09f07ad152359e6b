//! What somebody decides on a link or in Slack, perhaps long after it was shown to them.

use std::fmt::Write as _;

use domain::{
    decide::decide,
    event::{Command, Event, Named},
    name::Person,
};
use expect_test::{expect, expect_file};
use proptest::{prelude::*, sample::select};

use crate::{
    histories::{effort, history, live, some_command, some_plan},
    plans::{approval, plan},
    situations::statuses,
    story::{
        Do, Glance, answered, approve, at, check_after, pause, reject, resume, roll_back, tick_off,
        to_first_bake,
    },
};

/// What can be decided on a link.
fn decisions() -> Vec<Do> {
    let accept = Command::Accept {
        incident: Named::Words("alarm errors".to_owned()),
        until: at("99:00"),
        reason: "known".to_owned(),
    };
    vec![
        approve("ben", "canary"),
        reject("ben", "canary"),
        tick_off("canary", "logs"),
        Do::Asked("ben", accept),
        roll_back(),
        pause(),
    ]
}

fn event(what: &Do, sight: Glance, rollout: &domain::rollout::Rollout) -> (Command, Event) {
    let Do::Asked(by, command) = what else {
        panic!("{what:?} is no decision of a person");
    };
    let answered = Event::Answered {
        by: Person::new(by),
        command: command.clone(),
        shown: sight.of(rollout),
    };
    (command.clone(), answered)
}

#[test]
fn every_stale_link_has_an_answer_in_every_status() {
    let mut table = String::new();
    for situation in statuses() {
        let (rollout, now) = (&situation.story.rollout, at(situation.time));
        writeln!(table, "{}", situation.name).unwrap();
        for sight in [Glance::OtherEpoch, Glance::OtherPhase, Glance::OtherPlan] {
            for what in decisions() {
                let (command, event) = event(&what, sight, rollout);
                let answer = match decide(rollout, &event, now) {
                    Ok(decision) if decision.next.status != rollout.status => {
                        format!("→ {}", decision.next.status)
                    }
                    Ok(_) => "stays".to_owned(),
                    Err(refusal) => format!("refused: {refusal}"),
                };
                let name = format!("{} on {sight:?}", command.verb());
                writeln!(table, "    {name:<22} {answer}").unwrap();
            }
        }
    }
    expect_file!["answered.txt"].assert_eq(&table);
}

#[test]
fn a_link_is_for_the_phase_that_it_showed() {
    let mut plan = plan();
    plan.phases[0].approval = Some(approval(1, domain::plan::gate::Otherwise::Hold));
    let mut before = to_first_bake();
    before.push(("1:10", Do::Sweep));
    let stale = |sight| {
        let phase = crate::plans::phase_name("canary");
        Do::Answered("ann", Command::Approve { phase }, sight)
    };
    let steps = [
        ("1:10", stale(Glance::OtherEpoch)),
        ("1:10", stale(Glance::OtherPhase)),
        ("1:10", stale(Glance::OtherPlan)),
        ("1:11", answered(pause())),
        ("1:11", resume()),
        ("1:12", answered(approve("ann", "canary"))),
        ("1:13", Do::Sweep),
        ("1:14", answered(approve("ben", "canary"))),
        (
            "1:15",
            Do::Answered(
                "ben",
                Command::Rollback {
                    reason: "slow".to_owned(),
                },
                Glance::OtherEpoch,
            ),
        ),
    ];
    check_after(
        plan,
        &before,
        &steps,
        &expect![[r#"
        1:10  refused: the rollout has moved on since this was shown: it is awaiting approval in phase canary now
        1:10  refused: the rollout has moved on since this was shown: it is awaiting approval in phase canary now
        1:10  refused: this was asked about another plan than the rollout runs
        1:11  ann: paused: a look
        1:11  ann: resumed: fine
        1:12  ann: phase canary approved, 1 of 1
        1:13  tidegate: phase half entered [5% → 50%]
        1:13  tidegate: the weights of phase half are in effect from 2026-03-03T01:14:00Z
        1:14  refused: this concerns phase canary, but the rollout is in half
        1:15  ben: rolling back: slow [50% → 0%]
        = rolling back at 0%, waits for weights to be written and read back, tried again in 10s
    "#]],
    );
}

proptest! {
    #![proptest_config(effort())]

    /// 6
    #[test]
    fn a_decision_on_what_is_not_so_any_more_never_raises_a_weight(
        plan in some_plan(),
        history in history(60),
        command in some_command(),
        sight in select(vec![Glance::OtherEpoch, Glance::OtherPhase, Glance::OtherPlan]),
    ) {
        for moment in live(&plan, &history) {
            let rollout = moment.after();
            let answered = Event::Answered {
                by: Person::new("ann"),
                command: command.clone(),
                shown: sight.of(rollout),
            };
            let Ok(decision) = decide(rollout, &answered, moment.now) else { continue };
            prop_assert!(command.is_safe_any_time() && sight != Glance::OtherPlan);
            prop_assert!(!decision.next.desired.raises_over(&rollout.desired));
            prop_assert!(!decision.next.status.is_forward() || decision.next.desired == rollout.desired);
        }
    }

    /// A decision on what is so is what a person asks for, and nothing else.
    #[test]
    fn a_decision_on_what_is_so_is_as_good_as_asked_for(
        plan in some_plan(), history in history(60), command in some_command()
    ) {
        for moment in live(&plan, &history) {
            let rollout = moment.after();
            let by = Person::new("ann");
            let asked = Event::Asked { by: by.clone(), command: command.clone() };
            let answered = Event::Answered { by, command: command.clone(), shown: Glance::Now.of(rollout) };
            prop_assert_eq!(
                decide(rollout, &answered, moment.now),
                decide(rollout, &asked, moment.now)
            );
        }
    }
}
