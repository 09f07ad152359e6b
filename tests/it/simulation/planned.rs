//! What can be planned at calls to come: invocations in between, faults, alarms.

use domain::{event::AlarmState, time::SignedDuration};
use engine::ports::Store as _;
use sim::{Fault, FaultKind, Scenario, World};

use super::faults::plan;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn world() -> World {
    World::new(plan(), Scenario::default(), 1)
}

/// Asks the store so often, one call after the other.
async fn asks(world: World, calls: u32) {
    let service = plan().service.clone();
    for _ in 0..calls {
        let _answer = world.newest(&service).await;
    }
}

fn told(world: &World) -> String {
    let calls = world.calls().into_iter();
    let told: Vec<String> = calls
        .map(|call| format!("{} {}", call.number, call.by))
        .collect();
    told.join(", ")
}

#[test]
fn an_invocation_comes_between_two_calls_and_runs_to_its_end() {
    let world = world();
    world.before_call(2, "other", MINUTE, asks(world.clone(), 2));
    world.invoke("one", MINUTE, asks(world.clone(), 2));
    assert_eq!(told(&world), "1 one, 2 other, 3 other, 4 one");
    world.end();
}

#[test]
fn who_is_held_up_goes_on_although_what_came_between_crashed() {
    let world = world();
    world.before_call(2, "other", MINUTE, asks(world.clone(), 2));
    world.plan_fault(Fault::at_number(2, FaultKind::CrashAfter));
    let ended = world.invoke("one", MINUTE, asks(world.clone(), 2));
    assert_eq!(told(&world), "1 one, 2 other, 3 one");
    assert_eq!(ended, Some(()));
    world.end();
}

#[test]
fn an_alarm_that_is_set_is_told_once_and_stays() {
    let world = world();
    let alarm = plan().alarms[0].arn.clone();
    let change = world.set_alarm(&alarm, AlarmState::Alarm).unwrap();
    assert_eq!(
        (change.arn, change.state),
        (alarm.clone(), AlarmState::Alarm)
    );
    assert_eq!(world.set_alarm(&alarm, AlarmState::Alarm), None);
}
