//! What `link` reads of the world, and the one thing that it hands on.

use domain::{name::RolloutId, rollout::Rollout, time::Timestamp};
use engine::trouble::Trouble;
use pages::{Record, Told, Trend};
use token::{
    TokenId, Verifier,
    answer::{Attempt, Envelope},
};

/// What `link` reads of the world, and the one thing that it hands on.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait House {
    /// The time.
    fn now(&self) -> Timestamp;

    /// A name that no attempt had before.
    fn attempt(&self) -> Result<Attempt, Trouble>;

    /// The public keys that are in use.
    async fn verifier(&self) -> Result<Verifier, Trouble>;

    /// A rollout's head.
    async fn load(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble>;

    /// A rollout's ledger, from its first entry.
    async fn told(&self, id: &RolloutId) -> Result<Vec<Told>, Trouble>;

    /// What has become of a link.
    async fn record(&self, id: &TokenId) -> Result<Record, Trouble>;

    /// What was measured; what could not be read is a trend without values.
    async fn trends(&self, rollout: &Rollout) -> Vec<Trend>;

    /// Hands on what was answered.
    async fn publish(&self, envelope: &Envelope) -> Result<(), Trouble>;
}
