//! Alarms of both kinds are read as they are, and the emulator's account is not anybody's.
//!
//! States are set by `SetAlarmState`: what is tried is the reading, not the evaluation.

use aws::alarms::{Actions, Alarms, Kind};
use aws_sdk_cloudwatch::{
    Client,
    types::{ComparisonOperator, StateValue, Statistic},
};
use domain::{
    event::{AlarmReading, AlarmState},
    name::AlarmArn,
    time::{SignedDuration, Timestamp, earlier},
};
use engine::ports::Alarms as _;

use crate::bed::Bed;

fn arn(name: &str) -> AlarmArn {
    AlarmArn::new(&format!(
        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}"
    ))
}

/// An alarm on a metric of its own, in a state.
async fn metric(client: &Client, name: &str, actions: Actions, state: StateValue) {
    let put = client.put_metric_alarm().alarm_name(name);
    put.namespace("Tidegate/Wire")
        .metric_name(name)
        .statistic(Statistic::Sum)
        .period(60)
        .evaluation_periods(1)
        .threshold(1.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .actions_enabled(actions == Actions::Enabled)
        .send()
        .await
        .expect("the alarm is made");
    set(client, name, state).await;
}

async fn set(client: &Client, name: &str, state: StateValue) {
    let set = client.set_alarm_state().alarm_name(name);
    let set = set.state_value(state).state_reason("set by a test");
    set.send().await.expect("the state is set");
}

/// The state and the words; not read is no state.
fn state(reading: &AlarmReading) -> (Option<AlarmState>, &str) {
    match reading {
        AlarmReading::State { state, reason, .. } => (Some(*state), reason),
        AlarmReading::Unreadable(why) => (None, why),
    }
}

#[test]
fn metric_and_composite_alarms_are_read_together() {
    let bed = Bed::shared();
    bed.run(async {
        let client = bed.clients().cloudwatch;
        metric(&client, "wire-red", Actions::Enabled, StateValue::Alarm).await;
        metric(&client, "wire:green", Actions::Enabled, StateValue::Ok).await;
        let composite = client.put_composite_alarm().alarm_name("wire-composite");
        let composite = composite.alarm_rule("ALARM(\"wire-red\")");
        composite.send().await.expect("the alarm is made");
        set(&client, "wire-composite", StateValue::Alarm).await;
        let alarms = Alarms::new(client);
        let asked = [
            arn("wire-composite"),
            arn("wire-gone"),
            arn("wire:green"),
            arn("wire-red"),
        ];
        let readings = alarms.read(&asked).await;
        let states: Vec<_> = readings.iter().map(|reading| state(reading).0).collect();
        assert_eq!(
            states,
            [
                Some(AlarmState::Alarm),
                None,
                Some(AlarmState::Ok),
                Some(AlarmState::Alarm)
            ]
        );
        assert_eq!(state(&readings[3]).1, "set by a test");
        assert_eq!(
            state(&readings[1]).1,
            "the alarm arn:aws:cloudwatch:us-east-1:000000000000:alarm:wire-gone does not exist"
        );
        let AlarmReading::State { since, .. } = readings[3] else {
            panic!("{:?}", readings[3]);
        };
        let hour = SignedDuration::from_hours(1);
        assert!(since > earlier(Timestamp::now(), hour), "{since}");
    });
}

#[test]
fn more_alarms_than_a_call_takes_are_read() {
    let bed = Bed::shared();
    bed.run(async {
        let client = bed.clients().cloudwatch;
        let names: Vec<String> = (0..103).map(|at| format!("wire-many-{at:03}")).collect();
        for name in &names {
            metric(&client, name, Actions::Enabled, StateValue::Ok).await;
        }
        let asked: Vec<AlarmArn> = names.iter().map(|name| arn(name)).collect();
        let readings = Alarms::new(client).read(&asked).await;
        let ok = readings
            .iter()
            .filter(|reading| state(reading).0 == Some(AlarmState::Ok));
        assert_eq!(ok.count(), 103);
    });
}

#[test]
fn an_inspection_says_what_can_be_relied_on() {
    let bed = Bed::shared();
    bed.run(async {
        let client = bed.clients().cloudwatch;
        metric(&client, "wire-mute", Actions::Disabled, StateValue::Ok).await;
        let elsewhere = AlarmArn::new("arn:aws:cloudwatch:eu-west-1:000000000000:alarm:wire-mute");
        let foreign = AlarmArn::new("arn:aws:cloudwatch:us-east-1:999999999999:alarm:wire-mute");
        let alarms = Alarms::new(client);
        let inspected = alarms.inspect(&[arn("wire-mute"), elsewhere, foreign]).await;
        let mute = inspected[0].as_ref().expect("it is there");
        assert_eq!((mute.actions, mute.kind), (Actions::Disabled, Kind::Metric));
        let why: Vec<&str> = inspected[1..]
            .iter()
            .map(|inspected| inspected.as_ref().expect_err("it is not here").as_str())
            .collect();
        assert_eq!(
            why,
            [
                "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:wire-mute is in eu-west-1, and alarms are read in us-east-1",
                "the alarm arn:aws:cloudwatch:us-east-1:999999999999:alarm:wire-mute does not exist here; \
                 arn:aws:cloudwatch:us-east-1:000000000000:alarm:wire-mute does, in another account",
            ]
        );
    });
}
