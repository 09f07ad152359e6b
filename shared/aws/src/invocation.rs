//! One invocation of a function: what it is called in logs, and until when it may work.

use std::pin::pin;

use domain::time::{SignedDuration, Timestamp, earlier, since};
use engine::ports::Clock;
use futures_util::future::{Either, select};
use tracing::Span;

/// One invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// What Lambda calls it.
    pub request_id: String,
    /// When Lambda ends it.
    pub ends: Timestamp,
}

impl Invocation {
    /// An invocation with the end in milliseconds since 1970 that its context names (`Lambda-Runtime-Deadline-Ms`).
    #[must_use]
    pub fn new(request_id: &str, ends: u64) -> Self {
        let ends = i64::try_from(ends).ok();
        let ends = ends.and_then(|millis| Timestamp::from_millisecond(millis).ok());
        Self {
            request_id: request_id.to_owned(),
            ends: ends.unwrap_or(Timestamp::MAX),
        }
    }

    /// Until when to work, so that there is time to spare for the answer.
    #[must_use]
    pub fn deadline(&self, to_spare: SignedDuration) -> Timestamp {
        earlier(self.ends, to_spare)
    }

    /// What every line of its log stands in.
    #[must_use]
    pub fn span(&self) -> Span {
        tracing::info_span!("invocation", request_id = %self.request_id)
    }
}

/// What a piece of work comes to, unless it is not done by `at`: then it is dropped where it is.
///
/// The engine's own deadline is between calls, and a call that is under way takes seconds more. Dropped work is no more
/// than a crash, which the next visitor mends; an invocation that Lambda ends says nothing to anybody.
pub async fn until<C: Clock, F: Future>(clock: &C, at: Timestamp, work: F) -> Option<F::Output> {
    let time_is_up = pin!(clock.sleep(since(at, clock.now())));
    match select(pin!(work), time_is_up).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(((), _)) => None,
    }
}
