//! What links, codes and Slack's requests are checked with: parameters that are kept for some minutes.

use aws::secrets::{Secret, Secrets};
use domain::time::Timestamp;
use engine::trouble::Trouble;
use token::{Verifier, code::CodeKey, slack_signature::SigningSecret};

/// What links, codes and Slack's requests are checked with.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Keys {
    /// The public keys of those who sign links.
    async fn verifier(&self, now: Timestamp) -> Result<Verifier, Trouble>;

    /// What codes are made with.
    async fn code_key(&self, now: Timestamp) -> Result<CodeKey, Trouble>;

    /// What Slack signs with; none where no Slack app is set up.
    async fn slack(&self, now: Timestamp) -> Result<Option<SigningSecret>, Trouble>;
}

/// Keys in parameters.
#[derive(Debug)]
pub struct Parameters {
    secrets: Secrets,
    verifying: String,
    code: String,
    slack: Option<String>,
}

impl Parameters {
    /// Keys by the names of their parameters.
    #[must_use]
    pub const fn new(
        secrets: Secrets,
        verifying: String,
        code: String,
        slack: Option<String>,
    ) -> Self {
        Self {
            secrets,
            verifying,
            code,
            slack,
        }
    }

    async fn read<T, E: std::fmt::Display>(
        &self,
        name: &str,
        now: Timestamp,
        parse: impl FnOnce(&Secret) -> Result<T, E>,
    ) -> Result<T, Trouble> {
        let secret = self.secrets.get(name, now).await?;
        parse(&secret).map_err(|bad| Trouble::lasting(format!("the parameter {name}: {bad}")))
    }
}

impl Keys for Parameters {
    async fn verifier(&self, now: Timestamp) -> Result<Verifier, Trouble> {
        let parse = |secret: &Secret| Verifier::parse(secret.expose());
        self.read(&self.verifying, now, parse).await
    }

    async fn code_key(&self, now: Timestamp) -> Result<CodeKey, Trouble> {
        let parse = |secret: &Secret| CodeKey::parse(secret.expose());
        self.read(&self.code, now, parse).await
    }

    async fn slack(&self, now: Timestamp) -> Result<Option<SigningSecret>, Trouble> {
        let Some(name) = &self.slack else {
            return Ok(None);
        };
        let parse = |secret: &Secret| SigningSecret::new(secret.expose());
        self.read(name, now, parse).await.map(Some)
    }
}
