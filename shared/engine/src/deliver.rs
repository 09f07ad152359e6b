//! Load, decide, commit: one event brought to one rollout.

use domain::{
    decide::decide,
    event::Event,
    name::{EventKey, RolloutId},
    rollout::Rollout,
    time::{SignedDuration, Timestamp, later},
};

use crate::{
    ports::{Change, Clock as _, Commit, Ports, Store as _},
    trouble::{Chance, CommitError, EngineError, Trouble},
};

/// How often a lost race is run again.
const RACES_MAX: u32 = 16;

/// The first pause between tries; each next one is twice as long.
const PAUSE_FIRST: SignedDuration = SignedDuration::from_millis(100);

/// The longest pause between tries.
const PAUSE_MAX: SignedDuration = SignedDuration::from_secs(2);

/// Pauses between tries, until a deadline.
pub(crate) struct Pauses {
    next: SignedDuration,
    deadline: Timestamp,
}

impl Pauses {
    pub(crate) const fn until(deadline: Timestamp) -> Self {
        Self {
            next: PAUSE_FIRST,
            deadline,
        }
    }

    /// Waits before another try; false if there is no time for one.
    pub(crate) async fn wait<P: Ports>(&mut self, ports: &P) -> bool {
        let pause = self.next;
        if later(ports.clock().now(), pause) >= self.deadline {
            return false;
        }
        ports.clock().sleep(pause).await;
        self.next = pause.saturating_mul(2).min(PAUSE_MAX);
        true
    }
}

/// The rollout's head, tried for until the deadline.
pub async fn load<P: Ports>(
    ports: &P,
    id: &RolloutId,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    let mut pauses = Pauses::until(deadline);
    loop {
        match ports.store().load(id).await {
            Ok(Some(rollout)) => return Ok(rollout),
            Ok(None) => return Err(EngineError::NotFound(id.clone())),
            Err(trouble) => again(ports, &mut pauses, trouble).await?,
        }
    }
}

/// Pauses before another try, or gives up with the trouble.
pub(crate) async fn again<P: Ports>(
    ports: &P,
    pauses: &mut Pauses,
    trouble: Trouble,
) -> Result<(), EngineError> {
    if trouble.chance == Chance::Passing && pauses.wait(ports).await {
        Ok(())
    } else {
        Err(EngineError::Store(trouble))
    }
}

/// Brings an event to a rollout and returns its head after that.
///
/// Begins with a head that was read before, and reads it again whenever somebody else was quicker. An
/// event with a key that has had its effect before has no other.
pub async fn deliver<P: Ports>(
    ports: &P,
    mut head: Rollout,
    event: &Event,
    key: Option<&EventKey>,
    deadline: Timestamp,
) -> Result<Rollout, EngineError> {
    let mut pauses = Pauses::until(deadline);
    for _ in 0..RACES_MAX {
        let decision = match decide(&head, event, ports.clock().now()) {
            Ok(decision) => decision,
            Err(refusal) => {
                // What it asks for may be refused now because it was done before.
                return if is_done(ports, key, &mut pauses).await? {
                    Ok(head)
                } else {
                    Err(EngineError::Refused(refusal))
                };
            }
        };
        if !decision.changes(&head) {
            return Ok(head);
        }
        let commit = Commit {
            changes: vec![Change {
                expected: Some(head.revision),
                next: decision.next,
                entries: decision.entries,
            }],
            key: key.cloned(),
        };
        match ports.store().commit(&commit).await {
            Ok(()) => {
                let next = commit.changes.into_iter().next().map(|change| change.next);
                return Ok(next.unwrap_or(head));
            }
            Err(CommitError::Moved) => {}
            Err(CommitError::Duplicate) => return load(ports, &head.id, deadline).await,
            Err(CommitError::Taken(by)) => return Err(EngineError::Taken(by)),
            // It may have been made: the head tells.
            Err(CommitError::Trouble(trouble)) => again(ports, &mut pauses, trouble).await?,
        }
        head = load(ports, &head.id, deadline).await?;
    }
    Err(EngineError::Contended)
}

/// Whether an event with this key, if it has one, has had its effect; tried for until the deadline.
pub(crate) async fn is_done<P: Ports>(
    ports: &P,
    key: Option<&EventKey>,
    pauses: &mut Pauses,
) -> Result<bool, EngineError> {
    let Some(key) = key else {
        return Ok(false);
    };
    loop {
        match ports.store().is_done(key).await {
            Ok(done) => return Ok(done),
            Err(trouble) => again(ports, pauses, trouble).await?,
        }
    }
}
