//! Somebody asks for something.

use domain::{
    event::{Command, Event},
    name::{EventKey, Person, RolloutId},
    rollout::Rollout,
    time::Timestamp,
};

use crate::{
    deliver::{deliver, load},
    ports::Ports,
    pursue::pursue,
    trouble::EngineError,
    visit::visit,
};

/// Does what a person asks of a rollout; returns its head after it.
///
/// The answer comes when the decision is durable and what it changes was read back. Everything that could
/// stop the rollout is looked at again before anything advances because of it.
pub async fn ask<P: Ports>(
    ports: &P,
    id: &RolloutId,
    by: Person,
    command: Command,
    key: &EventKey,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    let head = load(ports, id, deadline).await?;
    let asked = Event::Asked { by, command };
    let head = deliver(ports, head, &asked, Some(key), deadline).await?;
    let head = pursue(ports, head, deadline).await?;
    if head.status.is_forward() {
        visit(ports, head, deadline).await
    } else {
        Ok(head)
    }
}
