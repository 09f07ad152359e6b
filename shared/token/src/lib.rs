//! What a decision link says, signed.
//!
//! `notify` signs a link for one approver and one action ([`Signer`]); `link`, which faces the internet, and
//! `approval`, which acts on it, hold public keys only ([`Verifier`]). A link that was forwarded is worth nothing
//! alone: a decision needs the short [`code`] too, and what makes codes is not known to `link`.
//!
//! A link that verifies was made by this deployment, has not been changed by a bit and has not expired. Whether it
//! still fits the rollout (its phase, epoch and plan, and that it acts once) is for whoever has the head before it.
//!
//! Beside it stands [`slack_signature`], which answers the same question of a button pressed in Slack.
//!
//! This crate is pure: time, randomness and keys are arguments.

pub mod answer;
mod audience;
mod claims;
pub mod code;
mod keys;
mod link;
mod sign;
pub mod slack_signature;
mod verify;
mod wire;

pub use audience::{Audience, BadAudience};
pub use claims::{ACCEPTED_FOR, APPROVER_BYTES_MAX, Action, Claims, TokenId};
pub use keys::{BadKeys, BadKid, KEYS_MAX, KID_CHARS_MAX, Kid, PublicKey, SEED_BYTES};
pub use link::{SignedLink, in_path};
pub use sign::{LIFETIME_MAX, Signer, Unsignable};
pub use verify::{EARLY_MAX, Refused, Verifier};
pub use wire::{TOKEN_CHARS_MAX, VERSION};

#[cfg(test)]
mod sample;
