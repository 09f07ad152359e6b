//! Chance, from one seed, in a stream for each part of the world: one call more changes no traffic.

use domain::time::SignedDuration;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// The streams.
#[derive(Debug)]
pub(super) struct Dice {
    /// How long calls take and which meet a fault.
    pub(super) calls: ChaCha8Rng,
    /// Who comes, and what becomes of them.
    pub(super) requests: ChaCha8Rng,
    /// When changes reach the servers, and what resolvers draw.
    pub(super) targets: ChaCha8Rng,
    /// When measurements and alarm events come.
    pub(super) signals: ChaCha8Rng,
    /// When the sweep comes.
    pub(super) schedule: ChaCha8Rng,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        let stream = |number| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(number);
            rng
        };
        Self {
            calls: stream(1),
            requests: stream(2),
            targets: stream(3),
            signals: stream(4),
            schedule: stream(5),
        }
    }
}

/// A length between two, in whole milliseconds.
pub(super) fn between(
    rng: &mut ChaCha8Rng,
    least: SignedDuration,
    most: SignedDuration,
) -> SignedDuration {
    let (least, most) = (millis(least), millis(most));
    if most <= least {
        return SignedDuration::from_millis(least);
    }
    SignedDuration::from_millis(rng.random_range(least..=most))
}

/// Whether something that happens with this probability happens.
pub(super) fn happens(rng: &mut ChaCha8Rng, probability: f64) -> bool {
    // Drawn even if it is certain, so that a scenario's shares do not shift the stream.
    rng.random::<f64>() < probability
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
