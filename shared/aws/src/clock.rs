//! The time, as the machine has it.

use std::time::Duration;

use engine::ports;
use jiff::{SignedDuration, Timestamp};

/// The machine's clock. Those of two Lambda functions may differ by some seconds; the protocol bears a minute
/// (`domain::rollout::LATE_WRITE_BOUND`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clock;

impl ports::Clock for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: SignedDuration) {
        // A negative duration is over already.
        let duration = Duration::try_from(duration).unwrap_or_default();
        tokio::time::sleep(duration).await;
    }
}
