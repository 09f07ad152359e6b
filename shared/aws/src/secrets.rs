//! Secrets: parameters of Systems Manager, kept for a few minutes and never shown.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_ssm::{Client, types::ParameterType};
use domain::time::{SignedDuration, Timestamp};
use engine::trouble::Trouble;

use crate::trouble::{answered, code, if_there, trouble};

#[cfg(test)]
mod tests;

/// How long a secret is used after it was read: one that was changed is in use everywhere soon.
pub const KEPT: SignedDuration = SignedDuration::from_mins(5);

/// Something that must not be seen in logs, errors or messages.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Takes a text as a secret.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

/// How a parameter is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Encrypted.
    Secure,
    /// Readable by whoever may read parameters.
    Plain,
}

/// Secrets by the names of their parameters.
#[derive(Debug)]
pub struct Secrets {
    client: Client,
    kept: Mutex<BTreeMap<String, (Timestamp, Secret)>>,
}

impl Secrets {
    /// Secrets that a client can read.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self {
            client,
            kept: Mutex::new(BTreeMap::new()),
        }
    }

    /// The secret in a parameter, as it is or was less than five minutes before `now`.
    pub async fn get(&self, name: &str, now: Timestamp) -> Result<Secret, Trouble> {
        if let Some(secret) = self.kept(name, now) {
            return Ok(secret);
        }
        let answer = self
            .client
            .get_parameter()
            .name(name)
            .with_decryption(true)
            .send()
            .await
            .map_err(|error| match code(&error) {
                Some("ParameterNotFound") => {
                    Trouble::lasting(format!("GetParameter: there is no parameter {name}"))
                }
                Some("AccessDeniedException") => Trouble::lasting(format!(
                    "GetParameter: the function's role may not read {name}; it needs ssm:GetParameter, and kms:Decrypt \
                     if the parameter has a key of its own"
                )),
                _ => trouble("GetParameter", &error),
            })?;
        let value = answer.parameter.and_then(|parameter| parameter.value);
        let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
            return Err(Trouble::lasting(format!("the parameter {name} is empty")));
        };
        // A line break at the end comes from an editor and is in no secret.
        let secret = Secret::new(value.trim_end_matches(['\r', '\n']));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(name.to_owned(), (now, secret.clone()));
        Ok(secret)
    }

    /// What a secret stands for. What is wrong with its text is told without the text.
    pub async fn parsed<T, E: fmt::Display>(
        &self,
        name: &str,
        now: Timestamp,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Trouble> {
        let secret = self.get(name, now).await?;
        parse(secret.expose())
            .map_err(|bad| Trouble::lasting(format!("the parameter {name}: {bad}")))
    }

    /// Forgets a secret: it is read anew when it is needed.
    pub fn forget(&self, name: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(name);
    }

    /// How a parameter is kept, whose value is not asked for; none if there is no such parameter.
    pub async fn kind(&self, name: &str) -> Result<Option<Kind>, Trouble> {
        // Without decryption the answer has the value only of what is no secret.
        let call = self.client.get_parameter().name(name);
        let answer = call.with_decryption(false).send().await;
        let answer = if_there(answered("GetParameter", "ParameterNotFound", answer))?;
        let parameter = answer.and_then(|answer| answer.parameter);
        Ok(parameter.map(|parameter| match parameter.r#type {
            Some(ParameterType::SecureString) => Kind::Secure,
            Some(_) | None => Kind::Plain,
        }))
    }

    fn kept(&self, name: &str, now: Timestamp) -> Option<Secret> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, secret) = kept.get(name)?;
        let age = now.duration_since(*read_at);
        // A clock that was set back makes it old, not young for ever.
        (SignedDuration::ZERO..KEPT)
            .contains(&age)
            .then(|| secret.clone())
    }
}
