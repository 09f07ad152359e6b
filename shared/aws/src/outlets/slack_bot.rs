//! Slack by a bot's token: messages that can be updated and have threads (`chat.postMessage`, `chat.update`).
//!
//! Every answer has status 200 and says `ok` or a word for what is wrong (Slack Web API, "Evaluating responses").

use engine::trouble::{Chance, Trouble};
use serde_json::{Value, json};

use super::{Method, Named, Posted, Unsent};
use crate::exchange::{self, exchange};
use crate::secrets::Secret;

/// Words that say "not now" (Slack Web API, errors of `chat.postMessage`).
const PASSING: [&str; 7] = [
    "accesslimited",
    "fatal_error",
    "internal_error",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
];

impl Named {
    /// Calls a method of Slack's with a bot's token.
    pub(super) async fn ask_bot(
        &self,
        token: &Secret,
        method: Method,
        body: &Value,
    ) -> Result<Posted, Unsent> {
        let said = self.call_slack(token, method.name(), body).await?;
        let text = |name| said.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Posted {
            channel: text("channel").unwrap_or_default(),
            ts: text("ts").unwrap_or_default(),
        })
    }

    /// Whether the token is good; nothing is posted.
    pub(super) async fn bot_listens(&self, token: &Secret) -> Result<(), Unsent> {
        let said = self.call_slack(token, "auth.test", &json!({})).await;
        said.map(|_| ())
    }

    async fn call_slack(
        &self,
        token: &Secret,
        method: &str,
        body: &Value,
    ) -> Result<Value, Unsent> {
        let url = format!("{}/{method}", self.settings.slack_api);
        let request = exchange::json(&url, body.to_string()).and_then(|mut request| {
            let token = format!("Bearer {}", token.expose());
            let headers = request.headers_mut();
            // An error of this would show the token.
            headers.try_insert("authorization", token).ok()?;
            Some(request)
        });
        let Some(request) = request else {
            let what = "the Slack token has characters that no token has";
            return Err(Trouble::lasting(what).into());
        };
        let answer = exchange(&self.connector, "Slack", request, self.patience).await?;
        answer.taken("Slack", "")?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match said.get("ok") {
            Some(Value::Bool(true)) => Ok(said),
            Some(_) => Err(refused(&said, method, answer.again_in)),
            None => Err(Trouble::passing("Slack answered something else").into()),
        }
    }
}

fn refused(said: &Value, method: &str, again_in: Option<domain::time::SignedDuration>) -> Unsent {
    let error = said.get("error").and_then(Value::as_str);
    let word = exchange::word(error.unwrap_or_default());
    let chance = if PASSING.contains(&word) {
        Chance::Passing
    } else {
        Chance::Lasting
    };
    let what = if word.is_empty() {
        format!("Slack refused {method}")
    } else {
        format!("Slack refused {method} ({word})")
    };
    Unsent {
        trouble: Trouble { chance, what },
        again_in,
    }
}
