//! Reading a request: its version first, then the rest, and what it is known by.

use std::fmt;

use domain::name::EventKey;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Failure, FailureKind, Request, VERSION};

/// The longest key of a request; a UUID has 36 characters.
const KEY_CHARS_MAX: usize = 64;

/// SHA-256 of what a request asks for and of its key: what a caller signs, and what the request is known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of what is asked for, as JSON, and of the request's key.
    ///
    /// It is taken over the text that was sent, with its keys in order, and not over what this version makes of
    /// it: a caller of another version has signed the same.
    #[must_use]
    pub fn of(what: &Value, key: &str) -> Self {
        let mut text = String::from("tidegate control 1\n");
        text.push_str(key);
        text.push('\n');
        spell(what, &mut text);
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// The digest of a request that is about to be sent.
    pub fn of_request(request: &Request) -> Result<Self, serde_json::Error> {
        Ok(Self::of(
            &serde_json::to_value(&request.what)?,
            &request.key,
        ))
    }

    /// What makes the request one event: the same key with something else asked for is another.
    #[must_use]
    pub fn event_key(&self) -> EventKey {
        EventKey::new(&format!("control/{self}"))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// JSON without spaces, the keys of each object in the order of their bytes.
fn spell(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                spell(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (n, (key, item)) in fields.into_iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                spell(item, text);
            }
            text.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

/// Reads a request, and what it is known by.
pub fn read(payload: &Value) -> Result<(Request, Digest), Failure> {
    match payload.get("version").and_then(Value::as_u64) {
        Some(version) if version == u64::from(VERSION) => {}
        Some(version) => {
            return Err(Failure::new(
                FailureKind::Version,
                format!(
                    "this `control` reads requests of version {VERSION}, this one has version {version}; use the same \
                     release of the command and of the functions"
                ),
            ));
        }
        None => {
            return Err(malformed("a request has a `version`, which is a number"));
        }
    }
    let request: Request = serde_json::from_value(payload.clone())
        .map_err(|error| malformed(format!("this is no request: {error}")))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if request.key.len() < 8 || request.key.len() > KEY_CHARS_MAX || !request.key.chars().all(plain)
    {
        return Err(malformed(format!(
            "`key` should be a UUID: 8 to {KEY_CHARS_MAX} letters, digits and `-`"
        )));
    }
    let digest = Digest::of(payload.get("do").unwrap_or(&Value::Null), &request.key);
    Ok((request, digest))
}

fn malformed(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Malformed, message)
}
