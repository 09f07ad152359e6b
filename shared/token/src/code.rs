//! The short code that an approver types: shown beside the link, and no part of it.
//!
//! A program that opens links (a preview, a mail gateway, a scanner that even presses buttons) has the link and not the
//! code. A code has 30 bits, which is little: whoever takes codes must count the wrong ones. **The store holds the
//! count: after [`TRIES`] wrong codes a link takes none any more**, so that guessing succeeds once in 200 million links.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{
    claims::TokenId,
    keys::{self, BadKeys},
};

#[cfg(test)]
mod tests;

/// How many characters a code has.
pub const CODE_CHARS: usize = 6;

/// How many wrong codes a link takes before it takes none any more. To count is the store's.
pub const TRIES: u32 = 5;

/// As much as is looked at of what somebody typed.
const TYPED_CHARS_MAX: usize = 64;

/// Crockford's digits: no I, L, O and U, which are taken for others or make words.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many bits a digit has.
const DIGIT_BITS: u32 = 5;

/// Where in a code's thirty bits its digits end, the first one first.
const PLACES: [u32; CODE_CHARS] = [25, 20, 15, 10, 5, 0];

/// What is hashed is this and a link's id, so that a code is no other use of its key.
const PURPOSE: &[u8] = b"tidegate-code-v1.";

/// How the key is written in its parameter.
const FORM: &str = r#"{ "code": "<base64>" }"#;

/// What codes are made with: known to `notify`, which shows them, and to `approval`, which asks for them. `link` hands
/// on what was typed and cannot tell whether it is right.
pub struct CodeKey(Zeroizing<[u8; 32]>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    code: String,
}

impl CodeKey {
    /// The key that comes of 32 random bytes.
    #[must_use]
    pub fn generate(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads what [`parameter`](Self::parameter) writes.
    pub fn parse(text: &str) -> Result<Self, BadKeys> {
        let Written { code } = keys::json(text, FORM)?;
        let code = Zeroizing::new(code);
        keys::bytes(&code).map(Self)
    }

    /// The key as it is kept in a parameter.
    #[must_use]
    pub fn parameter(&self) -> Zeroizing<String> {
        let key = keys::base64(&self.0);
        Zeroizing::new(format!(r#"{{ "code": "{}" }}"#, key.as_str()))
    }

    /// The code of a link.
    #[must_use]
    pub fn code(&self, id: &TokenId) -> Code {
        // A key of a block's length is taken as it is, which makes this infallible; HMAC fills a shorter one up so.
        let mut block = Zeroizing::new([0; 64]);
        for (to, from) in block.iter_mut().zip(self.0.iter()) {
            *to = *from;
        }
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        mac.update(PURPOSE);
        mac.update(&id.0);
        let hash: [u8; 32] = mac.finalize().into_bytes().into();
        let [a, b, c, d, ..] = hash;
        Code(u32::from_be_bytes([a, b, c, d]) >> 2)
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKey(hidden)")
    }
}

/// The code of one link: thirty bits.
#[derive(Clone)]
pub struct Code(u32);

/// What somebody typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Typed {
    /// The code.
    Right,
    /// Another code: count it.
    Wrong,
    /// Nothing that could be a code: say how one looks. It was no try.
    NoCode,
}

impl Code {
    /// The code as it is shown to its approver, and to nobody else.
    #[must_use]
    pub fn expose(&self) -> String {
        let digit = |place| {
            let five = (self.0 >> place) & 31;
            DIGITS.get(five as usize).copied().map_or('?', char::from)
        };
        PLACES.into_iter().map(digit).collect()
    }

    /// Compares with what somebody typed: capital or small, with spaces or hyphens, O for 0, I or L for 1.
    ///
    /// How long it takes does not depend on how much of a code is right.
    pub fn typed(&self, text: &str) -> Typed {
        match read(text) {
            None => Typed::NoCode,
            Some(typed) if typed.ct_eq(&self.0).into() => Typed::Right,
            Some(_) => Typed::Wrong,
        }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(hidden)")
    }
}

/// Whether a text could be a code: what is not is worth neither a try nor a message.
#[must_use]
pub fn has_shape(text: &str) -> bool {
    read(text).is_some()
}

/// The thirty bits of six digits, however they were typed.
fn read(text: &str) -> Option<u32> {
    if text.len() > TYPED_CHARS_MAX {
        return None;
    }
    let mut bits = 0;
    let mut digits = 0;
    for typed in text.chars() {
        if typed.is_whitespace() || typed == '-' {
            continue;
        }
        let digit = match typed.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let value = DIGITS
            .iter()
            .position(|known| char::from(*known) == digit)?;
        digits += 1;
        if digits > CODE_CHARS {
            return None;
        }
        bits = bits << DIGIT_BITS | u32::try_from(value).ok()?;
    }
    (digits == CODE_CHARS).then_some(bits)
}
