//! A rollout goes back from wherever it stands, whatever holds it.

use std::fmt::Write as _;

use domain::{decide::decide, event::Command, judge::Window, rollout::Status};
use expect_test::expect;

use crate::{
    plans::MINUTE,
    situations::{Situation, forward},
    story::{Do, Measure, asked, at, critical, roll_back},
};

#[test]
fn a_rollout_is_rolled_back_from_every_status() {
    let mut table = String::new();
    for situation in forward() {
        let abort = asked(Command::Abort {
            reason: "not today".to_owned(),
        });
        writeln!(
            table,
            "{:<26} alarm {:<12} rollback {:<12} abort {:<12} condition {}",
            situation.name,
            outcome(&situation, &critical(situation.time)),
            outcome(&situation, &roll_back()),
            outcome(&situation, &abort),
            outcome(&situation, &Do::Measured(Measure::Bad)),
        )
        .unwrap();
    }
    expect![[r#"
        starting                   alarm guarding     rollback guarding     abort guarding     condition not measured
        entering                   alarm guarding     rollback guarding     abort guarding     condition not measured
        shifting                   alarm guarding     rollback guarding     abort guarding     condition not measured
        baking                     alarm guarding     rollback guarding     abort guarding     condition guarding
        awaiting approval          alarm guarding     rollback guarding     abort guarding     condition guarding
        watching                   alarm guarding     rollback guarding     abort guarding     condition too soon
        awaiting finish            alarm guarding     rollback guarding     abort guarding     condition not measured
        finishing                  alarm guarding     rollback guarding     abort guarding     condition not measured
        settling                   alarm guarding     rollback guarding     abort guarding     condition not measured
        baking for the last time   alarm guarding     rollback guarding     abort guarding     condition too soon
        paused                     alarm guarding     rollback guarding     abort guarding     condition guarding
        held: weights set by hand  alarm guarding     rollback guarding     abort guarding     condition guarding
        held: closed by hand       alarm guarding     rollback guarding     abort guarding     condition guarding
        held: gate failed          alarm guarding     rollback guarding     abort guarding     condition guarding
        held: hook failed          alarm guarding     rollback guarding     abort guarding     condition guarding
        held: overdue              alarm guarding     rollback guarding     abort guarding     condition guarding
        held: rejected             alarm guarding     rollback guarding     abort guarding     condition guarding
        held: approval expired     alarm guarding     rollback guarding     abort guarding     condition guarding
        held: incident             alarm guarding     rollback guarding     abort guarding     condition guarding
        held: drift                alarm guarding     rollback guarding     abort guarding     condition guarding
        held: alarm unreadable     alarm guarding     rollback guarding     abort guarding     condition guarding
        frozen                     alarm guarding     rollback guarding     abort guarding     condition guarding
    "#]].assert_eq(&table);
}

/// Where it is when the event was heard, and traffic is read back.
fn outcome(situation: &Situation, what: &Do) -> String {
    let (before, now) = (&situation.story.rollout, at(situation.time));
    let event = situation.story.event(what, now).unwrap();
    let after = decide(before, &event, now).unwrap().next;
    let Status::RollingBack { .. } = after.status else {
        return match &before.gate {
            None => "not measured".to_owned(),
            Some(gate) if Window::newest(MINUTE, now).from < gate.since => "too soon".to_owned(),
            Some(_) => format!("{}!", after.status),
        };
    };
    assert!(after.desired.is_closed() && after.epoch > before.epoch);
    assert!(
        after
            .intent
            .is_some_and(|intent| intent.epoch == after.epoch)
    );
    assert!(after.holds.is_empty() && after.incidents.is_empty() && after.gate.is_none());
    let routes = crate::story::reached(&after, domain::target::Propagation::Done);
    let epoch = after.epoch;
    let observed = domain::event::Event::Observed {
        epoch,
        read_at: now,
        routes,
    };
    let restored = decide(&after, &observed, now).unwrap().next;
    restored.status.to_string()
}
