//! Every way of waiting, as a person reads it in a status.

use domain::{
    plan::gate::Otherwise,
    rollout::{Hold, IncidentSource},
    waiting::Waiting,
    words::waiting,
};
use expect_test::expect;

use crate::{
    plans::{alarm, item, weight},
    story::at,
};

#[test]
fn what_is_waited_for_is_one_sentence() {
    let now = at("1:00");
    let waits = [
        Waiting::Nothing,
        Waiting::Write { until: at("1:01") },
        Waiting::Effect { until: None },
        Waiting::Effect {
            until: Some(at("1:01")),
        },
        Waiting::Bake { until: at("5:30") },
        Waiting::Evidence {
            lacking: Vec::new(),
        },
        Waiting::Checklist {
            open: vec![item("backup"), item("team-told")],
        },
        Waiting::Approval {
            have: 0,
            needed: 2,
            until: Some(at("9:00")),
            otherwise: Otherwise::Rollback,
        },
        Waiting::Hook {
            name: "warm".to_owned(),
        },
        Waiting::Person {
            hold: Hold::HandClosed,
        },
        Waiting::Incident {
            source: IncidentSource::Alarm(alarm("errors")),
            until: Some(at("2:00")),
            otherwise: Otherwise::Hold,
        },
        Waiting::Drift {
            routes: vec![("web".to_owned(), weight(40))],
        },
        Waiting::Alarm {
            name: "errors".to_owned(),
        },
        Waiting::Finish,
        Waiting::Guard { until: at("1:07") },
        Waiting::Sweep,
    ];
    let said: Vec<String> = waits.iter().map(|wait| waiting(wait, now)).collect();
    expect![[r#"
        nothing: the rollout has ended
        weights to be written and read back, tried again in 1m
        the new weights to be put into effect
        the new weights to reach the last client, in 1m
        time at these weights, over in 4h 30m
        the first measurements
        somebody to confirm backup, team-told
        approval, 0 of 2; without an answer in 8h traffic goes back
        hook warm
        a person: somebody closed the gate by hand
        a person to decide on alarm errors; without an answer in 1h it goes on holding
        a weight that somebody else wrote to be put right: web at 40%
        alarm errors to be readable and to have data
        the canary to be made the new stable, and `tidegate finish`
        the time in which a late write could land to pass, in 7m
        the next sweep, within a minute"#]]
    .assert_eq(&said.join("\n"));
}
