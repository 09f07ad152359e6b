//! Who makes links: `notify`, with the private key.

use std::fmt;

use domain::time::{SignedDuration, since};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{
    claims::{APPROVER_BYTES_MAX, Claims, is_approver},
    keys::{self, BadKeys, Kid, PublicKey, SEED_BYTES},
    link::SignedLink,
    wire,
};

#[cfg(test)]
mod tests;

/// The longest time that a link is good for: so long after it last signed, a key can be retired.
pub const LIFETIME_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How the private key is written in its parameter.
const FORM: &str = r#"{ "kid": "…", "seed": "<base64>" }"#;

/// Makes links.
///
/// The seed is wiped from memory with it. ring does not wipe the key that it derives, so one is derived for each
/// link and lives as long as its signing.
pub struct Signer {
    kid: Kid,
    seed: Zeroizing<[u8; SEED_BYTES]>,
}

/// Why claims are not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsignable {
    /// The approver has no name, a long one, or one that breaks lines.
    #[error("an approver has 1 to {APPROVER_BYTES_MAX} bytes and no control characters")]
    Approver,
    /// The link would expire before it was made.
    #[error("a link expires after it was made")]
    Never,
    /// The link would be good for longer than [`LIFETIME_MAX`].
    #[error("a link is good for at most {} days", LIFETIME_MAX.as_hours() / 24)]
    Lifetime,
    /// A time lies in another century than is written.
    #[error("a link's times lie between the years 1678 and 2261")]
    Time,
    /// The derived key could not be made; ring takes any seed of this length.
    #[error("the private key cannot be used; make another")]
    Key,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    kid: String,
    seed: String,
}

impl Signer {
    /// The signer that comes of 32 random bytes. The same bytes give the same key.
    #[must_use]
    pub fn generate(kid: Kid, seed: [u8; SEED_BYTES]) -> Self {
        Self {
            kid,
            seed: Zeroizing::new(seed),
        }
    }

    /// Reads what [`parameter`](Self::parameter) writes.
    pub fn parse(text: &str) -> Result<Self, BadKeys> {
        let Written { kid, seed } = keys::json(text, FORM)?;
        let seed = Zeroizing::new(seed);
        Ok(Self {
            kid: Kid::new(&kid)?,
            seed: keys::bytes(&seed)?,
        })
    }

    /// The private key as it is kept in a parameter that only `notify` may read.
    #[must_use]
    pub fn parameter(&self) -> Zeroizing<String> {
        let seed = keys::base64(&self.seed);
        Zeroizing::new(format!(
            r#"{{ "kid": "{}", "seed": "{}" }}"#,
            self.kid,
            seed.as_str()
        ))
    }

    /// The name of its key.
    #[must_use]
    pub const fn kid(&self) -> &Kid {
        &self.kid
    }

    /// What its links are verified with.
    pub fn public(&self) -> Result<PublicKey, BadKeys> {
        // ring takes every seed of this length, and no seed makes a weak key.
        let weak = || BadKeys::Weak(self.kid.clone());
        let pair = self.pair().ok_or_else(weak)?;
        let bytes = pair.public_key().as_ref().try_into();
        PublicKey::new(&self.kid, bytes.map_err(|_| weak())?)
    }

    /// A link that says this and nothing else.
    pub fn sign(&self, claims: &Claims) -> Result<SignedLink, Unsignable> {
        if !is_approver(claims.approver.as_str()) {
            return Err(Unsignable::Approver);
        }
        if claims.expires <= claims.issued {
            return Err(Unsignable::Never);
        }
        if since(claims.expires, claims.issued) > LIFETIME_MAX {
            return Err(Unsignable::Lifetime);
        }
        // Every text in claims is shorter than its place, now that the approver is.
        let payload = wire::payload(&self.kid, claims).ok_or(Unsignable::Time)?;
        let pair = self.pair().ok_or(Unsignable::Key)?;
        let signature = pair.sign(&wire::signed(&payload));
        let token = wire::spell(&payload, signature.as_ref());
        Ok(SignedLink::new(claims.id, token))
    }

    fn pair(&self) -> Option<Ed25519KeyPair> {
        Ed25519KeyPair::from_seed_unchecked(self.seed.as_slice()).ok()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}, hidden)", self.kid)
    }
}
