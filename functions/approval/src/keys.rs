//! What links, codes and Slack's requests are checked with: parameters that are kept for some minutes.

use aws::secrets::Secrets;
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
}

impl Keys for Parameters {
    async fn verifier(&self, now: Timestamp) -> Result<Verifier, Trouble> {
        let secrets = &self.secrets;
        secrets.parsed(&self.verifying, now, Verifier::parse).await
    }

    async fn code_key(&self, now: Timestamp) -> Result<CodeKey, Trouble> {
        self.secrets.parsed(&self.code, now, CodeKey::parse).await
    }

    async fn slack(&self, now: Timestamp) -> Result<Option<SigningSecret>, Trouble> {
        let Some(name) = &self.slack else {
            return Ok(None);
        };
        let secret = self.secrets.parsed(name, now, SigningSecret::new).await;
        secret.map(Some)
    }
}
