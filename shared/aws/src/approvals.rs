//! What people answered, on its way from `link` to `approval`.

use engine::trouble::Trouble;
use token::answer::Envelope;

use crate::trouble::trouble;

/// Hands on what was answered.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Approvals {
    /// Hands it on. It may arrive more than once, and later.
    async fn publish(&self, envelope: &Envelope) -> Result<(), Trouble>;
}

/// The topic that `approval` listens to.
#[derive(Debug, Clone)]
pub struct Topic {
    sns: aws_sdk_sns::Client,
    arn: String,
}

impl Topic {
    /// The topic of this ARN.
    #[must_use]
    pub const fn new(sns: aws_sdk_sns::Client, arn: String) -> Self {
        Self { sns, arn }
    }
}

impl Approvals for Topic {
    /// One round trip; the message is the envelope as JSON.
    async fn publish(&self, envelope: &Envelope) -> Result<(), Trouble> {
        // Texts become JSON in any case.
        let message = serde_json::to_string(envelope)
            .map_err(|_| Trouble::lasting("the answer cannot be written as JSON"))?;
        let publish = self.sns.publish().topic_arn(&self.arn).message(message);
        let sent = publish.send().await;
        sent.map(drop).map_err(|error| trouble("Publish", &error))
    }
}
