//! Somebody asks for something, or decides on what they were shown.

use domain::{
    decide::Refusal,
    event::{Command, Event, Sight},
    name::{EventKey, Person, RolloutId},
    rollout::Rollout,
    time::Timestamp,
};

use crate::{
    deliver::{Pauses, again, deliver, is_done, load},
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
    let asked = Event::Asked { by, command };
    bring(ports, id, [(asked, key)], deadline).await
}

/// One of the things that somebody decides at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decided {
    /// For what.
    pub command: Command,
    /// What makes it one decision, however often it comes.
    pub key: EventKey,
}

/// Does what a person decides on what a link or a message showed them, one after the other up to the first that is
/// refused; returns the rollout's head after it.
///
/// As [`ask`], but only while what they saw is so. A decision whose key is done is done: it is no error that what was
/// shown is not so any more, because that may be its own doing. Nothing advances before all of it is decided.
pub async fn answer<P: Ports>(
    ports: &P,
    id: &RolloutId,
    by: &Person,
    decisions: &[Decided],
    shown: &Sight,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    let events = decisions.iter().map(|decided| {
        let answered = Event::Answered {
            by: by.clone(),
            command: decided.command.clone(),
            shown: shown.clone(),
        };
        (answered, &decided.key)
    });
    bring(ports, id, events, deadline).await
}

async fn bring<'a, P: Ports>(
    ports: &P,
    id: &RolloutId,
    events: impl IntoIterator<Item = (Event, &'a EventKey)>,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    let mut head = load(ports, id, deadline).await?;
    for (event, key) in events {
        if !head.status.is_active() {
            refuse_if_followed(ports, &head, key, deadline).await?;
        }
        head = deliver(ports, head, &event, Some(key), deadline).await?;
    }
    let head = pursue(ports, head, deadline).await?;
    if head.status.is_forward() {
        visit(ports, head, deadline).await
    } else {
        Ok(head)
    }
}

/// A rollout that has ended can be gone back from only while it is the service's newest. What was done before that is
/// done.
async fn refuse_if_followed<P: Ports>(
    ports: &P,
    ended: &Rollout,
    key: &EventKey,
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
        Some(newest) if newest.id != ended.id => {
            if is_done(ports, Some(key), &mut pauses).await? {
                return Ok(());
            }
            Err(EngineError::Refused(Refusal::Followed {
                by: newest.id.number,
            }))
        }
        Some(_) | None => Ok(()),
    }
}
