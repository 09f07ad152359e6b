//! Somebody asks for something.

use domain::{
    decide::Refusal,
    event::{Command, Event},
    name::{EventKey, Person, RolloutId},
    rollout::Rollout,
    time::Timestamp,
};

use crate::{
    deliver::{Pauses, again, deliver, load},
    ports::{Ports, Store as _},
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
    if !head.status.is_active() {
        refuse_if_followed(ports, &head, deadline).await?;
    }
    let asked = Event::Asked { by, command };
    let head = deliver(ports, head, &asked, Some(key), deadline).await?;
    let head = pursue(ports, head, deadline).await?;
    if head.status.is_forward() {
        visit(ports, head, deadline).await
    } else {
        Ok(head)
    }
}

/// A rollout that has ended can be gone back from only while it is the service's newest.
async fn refuse_if_followed<P: Ports>(
    ports: &P,
    ended: &Rollout,
    deadline: Timestamp,
) -> Result<(), EngineError> {
    let mut pauses = Pauses::until(deadline);
    let newest = loop {
        match ports.store().newest(&ended.id.service).await {
            Ok(newest) => break newest,
            Err(trouble) => again(ports, &mut pauses, trouble).await?,
        }
    };
    match newest {
        Some(newest) if newest.id != ended.id => Err(EngineError::Refused(Refusal::Followed {
            by: newest.id.number,
        })),
        Some(_) | None => Ok(()),
    }
}
