//! An alarm is heard: its rollouts decide, and what they decide is seen through before the event is let go.

use domain::{
    event::{AlarmChange, Event},
    rollout::Rollout,
    time::Timestamp,
};
use futures_util::future::join_all;

use crate::{
    deliver::{Pauses, again, deliver, load},
    ports::{Ports, Store as _},
    pursue::pursue,
    trouble::EngineError,
};

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
