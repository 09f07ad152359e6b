//! Keys and their names, and how they are written in parameters.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, MapAccess, Visitor},
};
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// How many bytes a private key is made from.
pub const SEED_BYTES: usize = 32;

/// How many public keys are active at most: two for a rotation, and two for one that begins before it is over.
pub const KEYS_MAX: usize = 4;

/// The longest name of a key.
pub const KID_CHARS_MAX: usize = 32;

/// The name of a key, as a token carries it: `2026-11`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(String);

/// A text that is no name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key's name has 1 to {KID_CHARS_MAX} small letters, digits, `-` and `_`")]
pub struct BadKid;

impl Kid {
    /// Takes a text as a key's name, if it is one.
    pub fn new(text: &str) -> Result<Self, BadKid> {
        let fits = (1..=KID_CHARS_MAX).contains(&text.len());
        let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if fits && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadKid)
        }
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a parameter holds no keys. Nothing of what it holds is in here: a JSON library would quote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    /// It is not the JSON that it should be.
    #[error("line {line}, column {column} is where this stops being `{form}`")]
    Json {
        /// What it should look like.
        form: &'static str,
        /// Where it stops to, from 1.
        line: usize,
        /// The column in that line.
        column: usize,
    },
    /// A key's name is none.
    #[error(transparent)]
    Kid(#[from] BadKid),
    /// A key is not base64 of 32 bytes.
    #[error("a key is 32 bytes in base64: 44 characters of A-Z, a-z, 0-9, + and /, the last one =")]
    Base64,
    /// A public key that anyone could sign for, or that has two spellings.
    #[error("`{0}` is no public key: anyone could sign for it")]
    Weak(Kid),
    /// There is no key, so nothing could be verified.
    #[error("there is no key")]
    NoKey,
    /// There are more keys than are ever active.
    #[error("at most {KEYS_MAX} keys are active at once, this has {0}; take out what was retired")]
    TooMany(usize),
    /// There is another key of that name: what was signed with one would be refused by the other.
    #[error("there is another key `{0}`; a new key needs a new name")]
    Taken(Kid),
}

/// A public key: verifies, and cannot sign.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// The vertical coordinates of all points whose order divides eight, the sign's bit left out. A signature under such a
/// key can be made by anyone, and ring would take it. Two have a second spelling, which [`ABOVE`] holds.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
];

/// The field's prime: coordinates from here on are others, spelt a second time.
const ABOVE: [u8; 32] = {
    let mut prime = SMALL_ORDER[4];
    prime[0] = 0xed;
    prime
};

impl PublicKey {
    /// Takes 32 bytes as the public key of that name, unless anyone could sign for it.
    pub fn new(kid: &Kid, bytes: [u8; 32]) -> Result<Self, BadKeys> {
        let mut coordinate = bytes;
        coordinate[31] &= 0x7f;
        let twice = coordinate.iter().rev().ge(ABOVE.iter().rev());
        if twice || SMALL_ORDER.contains(&coordinate) {
            return Err(BadKeys::Weak(kid.clone()));
        }
        Ok(Self(bytes))
    }

    /// Whether this key made that signature. ring refuses an `S` that is not below the group's order and compares `R`
    /// byte by byte, so there is one signature that is taken for each that was made.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(message, signature).is_ok()
    }

    /// The key in base64.
    pub(crate) fn text(&self) -> String {
        BASE64.encode(self.0)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// Reads 32 bytes of base64.
pub(crate) fn bytes(text: &str) -> Result<Zeroizing<[u8; 32]>, BadKeys> {
    // One byte more than is needed, because the decoder guesses in groups of three.
    let mut bytes = Zeroizing::new([0; 33]);
    let length = BASE64.decode_slice(text, bytes.as_mut_slice());
    match (length, bytes.first_chunk()) {
        (Ok(32), Some(bytes)) => Ok(Zeroizing::new(*bytes)),
        _ => Err(BadKeys::Base64),
    }
}

/// Writes 32 bytes as base64.
pub(crate) fn base64(bytes: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(BASE64.encode(bytes))
}

/// Reads a parameter's JSON.
pub(crate) fn json<T: DeserializeOwned>(text: &str, form: &'static str) -> Result<T, BadKeys> {
    serde_json::from_str(text).map_err(|error| BadKeys::Json {
        form,
        line: error.line(),
        column: error.column(),
    })
}

/// Texts by their names, each name once: JSON libraries take the last of two, and a key that was believed to be
/// retired could stand behind another.
#[derive(Debug)]
pub(crate) struct Once(pub(crate) BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Once;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("keys by their names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
                let mut once = BTreeMap::new();
                while let Some((name, text)) = map.next_entry()? {
                    if once.insert(name, text).is_some() {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(Once(once))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
