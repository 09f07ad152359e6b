//! Slack by an incoming webhook: a channel that takes one message after the other and answers `ok`.

use serde_json::{Value, json};

use engine::trouble::Trouble;

use super::{Named, Unsent};
use crate::exchange::{self, Answer, exchange};
use crate::secrets::Secret;

/// What a webhook says to a message without a text.
const NO_TEXT: [&str; 2] = ["no_text", "missing_text_or_fallback_or_attachments"];

impl Named {
    /// Posts to the webhook.
    pub(super) async fn post_to_webhook(
        &self,
        parameter: &str,
        address: &Secret,
        body: &Value,
    ) -> Result<(), Unsent> {
        let answer = self.ask_webhook(parameter, address, body).await?;
        // What is said to a message that was not taken may repeat it.
        answer.taken("Slack", "")
    }

    /// A message without a text is refused, and by that a webhook is known: it says that there is no text, one that
    /// was taken away says that there is no service (Slack, "Handling errors" of incoming webhooks).
    pub(super) async fn webhook_listens(
        &self,
        parameter: &str,
        address: &Secret,
    ) -> Result<(), Unsent> {
        let answer = self.ask_webhook(parameter, address, &json!({})).await?;
        if NO_TEXT.contains(&answer.word()) {
            return Ok(());
        }
        answer.taken("Slack", answer.word())
    }

    async fn ask_webhook(
        &self,
        parameter: &str,
        address: &Secret,
        body: &Value,
    ) -> Result<Answer, Unsent> {
        // The address is the secret: no error of what is done with it is shown.
        let Some(request) = exchange::json(address.expose(), body.to_string()) else {
            let what = format!("the parameter {parameter} holds no address of a webhook");
            return Err(Trouble::lasting(what).into());
        };
        exchange(&self.connector, "Slack", request, self.patience).await
    }
}
