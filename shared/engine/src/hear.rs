//! An alarm is heard: its rollouts decide, and what they decide is seen through before the event is let go.

use domain::{
    event::{AlarmChange, AlarmReading, AlarmState, Event},
    rollout::Rollout,
    time::{SignedDuration, Timestamp, later},
};
use futures_util::future::join_all;

use crate::{
    close::close_found,
    deliver::{Pauses, again, deliver, load},
    ports::{Alarms as _, Clock as _, Marks, Ports, Store as _},
    pursue::pursue,
    trouble::{EngineError, Trouble},
};

/// How long the store is tried before the gate is closed without it.
pub const STORE_PATIENCE: SignedDuration = SignedDuration::from_secs(4);

/// Brings an alarm's change to every active rollout that it guards; returns their heads after it.
///
/// An error means that the event must come again: it is its own retry.
pub async fn hear<P: Ports>(
    ports: &P,
    change: &AlarmChange,
    deadline: Timestamp,
) -> Result<Vec<Rollout>, EngineError> {
    let mut pauses = Pauses::until(deadline);
    let guarded = loop {
        match ports.store().guarded_by(&change.arn).await {
            Ok(guarded) => break guarded,
            Err(trouble) => again(ports, &mut pauses, trouble).await?,
        }
    };
    let event = Event::AlarmChanged(change.clone());
    let event = &event;
    join_all(guarded.into_iter().map(|id| async move {
        let head = load(ports, &id, deadline).await?;
        let head = deliver(ports, head, event, None, deadline).await?;
        pursue(ports, head, deadline).await
    }))
    .await
    .into_iter()
    .collect()
}

/// Hears an alarm, and closes the gate without the store when it has not answered for some seconds.
///
/// That is an error all the same: the event must come again until the rollout itself has decided. Nothing raises the
/// weights in between, because it finds them closed by somebody else.
pub async fn hear_or_close<P: Ports, M: Marks>(
    ports: &P,
    marks: &M,
    change: &AlarmChange,
    deadline: Timestamp,
) -> Result<Vec<Rollout>, EngineError> {
    let patience = deadline.min(later(ports.clock().now(), STORE_PATIENCE));
    match hear(ports, change, patience).await {
        Err(EngineError::Store(store)) if is_red(ports, change).await => {
            Err(close_marked(ports, marks, change, store, deadline).await)
        }
        // What was decided is seen through in the time that is left.
        Err(EngineError::NotConverged { .. }) => hear(ports, change, deadline).await,
        heard => heard,
    }
}

/// Whether the alarm is red now, as far as anybody knows: what it said may have come late.
async fn is_red<P: Ports>(ports: &P, change: &AlarmChange) -> bool {
    if change.state != AlarmState::Alarm {
        return false;
    }
    let readings = ports.alarms().read(std::slice::from_ref(&change.arn)).await;
    match readings.first() {
        Some(AlarmReading::State { state, .. }) => *state == AlarmState::Alarm,
        Some(AlarmReading::Unreadable(_)) | None => true,
    }
}

async fn close_marked<P: Ports, M: Marks>(
    ports: &P,
    marks: &M,
    change: &AlarmChange,
    store: Trouble,
    deadline: Timestamp,
) -> EngineError {
    let mut pauses = Pauses::until(deadline);
    let found = loop {
        match marks.guarded_by(&change.arn).await {
            Ok(found) => break found,
            Err(trouble) => {
                if again(ports, &mut pauses, trouble).await.is_err() {
                    break Vec::new();
                }
            }
        }
    };
    let closed = close_found(ports, &found, deadline).await;
    EngineError::WithoutStore { closed, store }
}
