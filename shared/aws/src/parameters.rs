//! Parameters that an operator makes: the keys of links, and what links are verified with.
//!
//! `tidegate keys` writes them, with the rights of whoever types; no function may.

use aws_sdk_ssm::{Client, types::ParameterType};
use domain::time::Timestamp;
use engine::trouble::Trouble;

use crate::{
    alarms::timestamp,
    secrets::Secret,
    trouble::{answered, code, if_there, trouble},
};

#[cfg(test)]
mod tests;

/// What a parameter holds.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its value.
    pub secret: Secret,
    /// When it was written last.
    pub since: Timestamp,
}

/// What may be lost by writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Nothing: a parameter that is there stays as it is.
    Nothing,
    /// What stood there before.
    Former,
}

/// What became of a secret that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is kept.
    Done,
    /// Something else is kept under that name, and still is.
    Taken,
}

/// Parameters of the client's account and region, all encrypted.
#[derive(Debug, Clone)]
pub struct Parameters {
    client: Client,
}

impl Parameters {
    /// Parameters that a client can read and write.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// What a parameter holds now; none if there is no such parameter.
    pub async fn find(&self, name: &str) -> Result<Option<Found>, Trouble> {
        let call = self.client.get_parameter().name(name);
        let answer = call.with_decryption(true).send().await;
        if let Err(error) = &answer
            && code(error) == Some("AccessDeniedException")
        {
            return Err(Trouble::lasting(format!(
                "you may not read {name}; it needs ssm:GetParameter, and kms:Decrypt if it has a key of its own"
            )));
        }
        let answer = if_there(answered("GetParameter", "ParameterNotFound", answer))?;
        let Some(parameter) = answer.and_then(|answer| answer.parameter) else {
            return Ok(None);
        };
        let since = parameter.last_modified_date.as_ref().and_then(timestamp);
        match (parameter.value, since) {
            (Some(value), Some(since)) => Ok(Some(Found {
                secret: Secret::new(value.trim_end_matches(['\r', '\n'])),
                since,
            })),
            (Some(_) | None, _) => Err(Trouble::lasting(format!(
                "GetParameter: the answer about {name} has no value, or does not say since when"
            ))),
        }
    }

    /// Keeps a secret, encrypted with that key or, without one, with the key that AWS manages for parameters.
    pub async fn keep(
        &self,
        name: &str,
        secret: &Secret,
        over: Over,
        key: Option<&str>,
    ) -> Result<Kept, Trouble> {
        let call = self.client.put_parameter().name(name);
        let call = call
            .value(secret.expose())
            .set_key_id(key.map(str::to_owned));
        let call = call.r#type(ParameterType::SecureString);
        match call.overwrite(over == Over::Former).send().await {
            Ok(_) => Ok(Kept::Done),
            Err(error) => match code(&error) {
                Some("ParameterAlreadyExists") => Ok(Kept::Taken),
                Some("AccessDeniedException") => Err(Trouble::lasting(format!(
                    "you may not write {name}; it needs ssm:PutParameter, and kms:Encrypt if it has a key of its own"
                ))),
                // What was asked has the secret in it, and an answer may quote what was asked.
                Some("ValidationException") => Err(Trouble::lasting(format!(
                    "PutParameter: {name} is no name of a parameter; one is written /tidegate/<deployment>/<what>"
                ))),
                Some(_) | None => Err(trouble("PutParameter", &error)),
            },
        }
    }
}
