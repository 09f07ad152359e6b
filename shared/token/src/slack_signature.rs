//! Whether a request comes from Slack: the signature `v0` over its timestamp and its raw body.
//!
//! Lambda hands a body over in base64 if it likes (`isBase64Encoded`). What is signed is what Slack sent: decoded, and
//! not parsed and written again. Who pressed the button, and whether they may, is said by the body.

use std::fmt;

use domain::time::{SignedDuration, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// The header with the time of sending, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "x-slack-request-timestamp";

/// The header with the signature: `v0=` and 64 hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "x-slack-signature";

/// How far the time of sending may be from now, either way; this far is near enough.
pub const SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);

/// The version of the signature, as header and signed text begin.
const VERSION: &str = "v0";

/// The longest timestamp that is looked at: ten digits last until the year 2286.
const TIMESTAMP_CHARS_MAX: usize = 12;

/// The signing secret of a Slack app.
#[derive(Clone)]
pub struct SigningSecret(Zeroizing<String>);

/// A signing secret that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signing secret is empty; copy it from \"Basic Information\" of the Slack app")]
pub struct NoSecret;

impl SigningSecret {
    /// Takes a text as the secret. An empty one would let everybody sign.
    pub fn new(text: &str) -> Result<Self, NoSecret> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NoSecret);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(hidden)")
    }
}

/// A request, as far as it is signed.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    /// The value of [`TIMESTAMP_HEADER`].
    pub timestamp: Option<&'a str>,
    /// The value of [`SIGNATURE_HEADER`].
    pub signature: Option<&'a str>,
    /// The body as it was sent.
    pub body: &'a [u8],
}

impl fmt::Debug for Signed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({} bytes, hidden)", self.body.len())
    }
}

/// Why a request is not taken for Slack's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSlack {
    /// It has no time of sending, or none that is a whole number of seconds.
    #[error("`{TIMESTAMP_HEADER}` is not there, or is no number of seconds")]
    Timestamp,
    /// It has no signature, or none of this version.
    #[error("`{SIGNATURE_HEADER}` is not there, or is not `v0=` and 64 hexadecimal digits")]
    Signature,
    /// It was sent long ago, perhaps to somebody else, or our clock is wrong.
    #[error("the request was sent at {sent}, more than five minutes from now")]
    Stale {
        /// When, by its own word, which nobody has checked.
        sent: Timestamp,
    },
    /// Another secret has signed it, or it was changed.
    #[error("the signature is wrong; is the signing secret that of this Slack app?")]
    Wrong,
}

/// Holds a request to its signature.
pub fn verify(secret: &SigningSecret, request: Signed<'_>, now: Timestamp) -> Result<(), NotSlack> {
    let timestamp = request.timestamp.ok_or(NotSlack::Timestamp)?;
    let sent = seconds(timestamp).ok_or(NotSlack::Timestamp)?;
    let signature = request.signature.and_then(unspell);
    let signature = signature.ok_or(NotSlack::Signature)?;
    if now.duration_since(sent).abs() > SKEW_MAX {
        return Err(NotSlack::Stale { sent });
    }
    // HMAC takes keys of any length; if it did not, nothing would be verified.
    let mac = Hmac::<Sha256>::new_from_slice(secret.0.as_bytes());
    let mut mac = mac.map_err(|_| NotSlack::Wrong)?;
    for part in [VERSION, ":", timestamp, ":"] {
        mac.update(part.as_bytes());
    }
    mac.update(request.body);
    // Takes the same time wherever the first difference is.
    mac.verify_slice(&signature).map_err(|_| NotSlack::Wrong)
}

fn seconds(text: &str) -> Option<Timestamp> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.len() > TIMESTAMP_CHARS_MAX {
        return None;
    }
    Timestamp::from_second(text.parse().ok()?).ok()
}

/// The bytes of `v0=<hex>`.
fn unspell(text: &str) -> Option<[u8; 32]> {
    let hex = text.strip_prefix(VERSION)?.strip_prefix('=')?;
    let hex: &[u8; 64] = hex.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    let (pairs, _) = hex.as_chunks();
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
