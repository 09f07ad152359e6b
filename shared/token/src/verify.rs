//! Who takes links: `link` and `approval`, with public keys only.

use std::collections::BTreeMap;

use domain::time::{SignedDuration, Timestamp, later};
use serde::Deserialize;

use crate::{
    audience::Audience,
    claims::Claims,
    keys::{self, BadKeys, KEYS_MAX, Kid, Once, PublicKey},
    wire::{self, Reading, VERSION},
};

#[cfg(test)]
mod tests;

/// How far ahead of ours the clock of `notify` may be.
pub const EARLY_MAX: SignedDuration = SignedDuration::from_secs(30);

/// How public keys are written in their parameter.
const FORM: &str = r#"{ "keys": { "<kid>": "<base64>" } }"#;

/// Takes links that one of its keys has signed. It has at least one: without keys there is no verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    keys: BTreeMap<Kid, PublicKey>,
}

/// Why a link is not taken. None of it shows the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no link of ours, or only a part of one: a mail program may have broken the line.
    #[error("this is not a whole link")]
    Malformed,
    /// It is written in a version that came after this program. Nobody has checked that it is signed.
    #[error("the link is of version {version}, and this program reads up to version {VERSION}")]
    Newer {
        /// The version.
        version: u8,
    },
    /// The key that it names is not active, or not any more.
    #[error("the link was signed with a key that is not in use")]
    UnknownKey,
    /// Its key did not sign it: it was changed, or made up.
    #[error("the link's signature is wrong")]
    BadSignature,
    /// It is a link of another account, region or deployment.
    #[error("the link is for another deployment")]
    OtherAudience,
    /// It was good once.
    #[error("the link expired at {at}")]
    Expired {
        /// Until when.
        at: Timestamp,
    },
    /// It was made in the future: one of two clocks is wrong.
    #[error("the link was made in the future")]
    NotYet,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    keys: Once,
}

impl Verifier {
    /// A verifier with one key.
    #[must_use]
    pub fn new(kid: Kid, key: PublicKey) -> Self {
        Self {
            keys: BTreeMap::from([(kid, key)]),
        }
    }

    /// Reads what [`parameter`](Self::parameter) writes.
    pub fn parse(text: &str) -> Result<Self, BadKeys> {
        let Written { keys: Once(texts) } = keys::json(text, FORM)?;
        let mut keys = BTreeMap::new();
        for (kid, text) in texts {
            let kid = Kid::new(&kid)?;
            let key = PublicKey::new(&kid, *keys::bytes(&text)?)?;
            keys.insert(kid, key);
        }
        Self::of(keys)
    }

    /// The keys as they are kept in a parameter.
    #[must_use]
    pub fn parameter(&self) -> String {
        let keys: Vec<String> = self
            .keys
            .iter()
            .map(|(kid, key)| format!(r#""{kid}": "{}""#, key.text()))
            .collect();
        format!(r#"{{ "keys": {{ {} }} }}"#, keys.join(", "))
    }

    /// The names of its keys.
    pub fn kids(&self) -> impl Iterator<Item = &Kid> {
        self.keys.keys()
    }

    /// The same with one key more: how a rotation begins, before anything is signed with the new key.
    pub fn with(mut self, kid: Kid, key: PublicKey) -> Result<Self, BadKeys> {
        match self.keys.get(&kid) {
            Some(known) if *known != key => Err(BadKeys::Taken(kid)),
            Some(_) | None => {
                self.keys.insert(kid, key);
                Self::of(self.keys)
            }
        }
    }

    /// The same without a key: how a rotation ends, when the last link that it signed has expired.
    pub fn without(mut self, kid: &Kid) -> Result<Self, BadKeys> {
        self.keys.remove(kid);
        Self::of(self.keys)
    }

    fn of(keys: BTreeMap<Kid, PublicKey>) -> Result<Self, BadKeys> {
        match keys.len() {
            0 => Err(BadKeys::NoKey),
            1..=KEYS_MAX => Ok(Self { keys }),
            more => Err(BadKeys::TooMany(more)),
        }
    }

    /// What a token claims, if it is for this audience and good at `now`.
    ///
    /// Of an unsigned text no more is read than its version and the name of a key.
    pub fn verify(
        &self,
        token: &str,
        audience: &Audience,
        now: Timestamp,
    ) -> Result<Claims, Refused> {
        let (payload, signature) = wire::unspell(token).ok_or(Refused::Malformed)?;
        let mut reading = Reading::of(&payload);
        let version = match reading.version() {
            Some(version @ 1..=VERSION) => version,
            Some(version) if version > VERSION => return Err(Refused::Newer { version }),
            Some(_) | None => return Err(Refused::Malformed),
        };
        let kid = reading.kid().ok_or(Refused::Malformed)?;
        let signature = signature.try_into().map_err(|_| Refused::Malformed)?;
        let key = self.keys.get(&kid).ok_or(Refused::UnknownKey)?;
        if !key.signed(&wire::signed(&payload), &signature) {
            return Err(Refused::BadSignature);
        }
        let claims = reading.claims(version).ok_or(Refused::Malformed)?;
        if claims.audience != *audience {
            return Err(Refused::OtherAudience);
        }
        if claims.issued > later(now, EARLY_MAX) {
            return Err(Refused::NotYet);
        }
        if claims.expires <= now {
            return Err(Refused::Expired { at: claims.expires });
        }
        Ok(claims)
    }
}
