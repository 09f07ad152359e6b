//! Whether people would be told: `control` asks `notify`, which alone may read the address of Slack's webhook.

use std::time::Duration;

use aws_sdk_lambda::{Client, config, primitives::Blob};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use engine::trouble::Trouble;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::trouble::trouble;

/// How long `notify` has for an answer: longer than it gives Slack, shorter than whoever asks waits.
const PATIENCE: Duration = Duration::from_secs(8);

/// What was heard of Slack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heard {
    /// It would take a message.
    Answers,
    /// Nobody has named a webhook.
    Unnamed,
    /// It would not, or nobody knows.
    Trouble(String),
}

/// Knows whether people would be told.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Teller {
    /// What is heard of Slack.
    async fn slack(&self) -> Result<Heard, Trouble>;
}

/// What `notify` is asked.
#[must_use]
pub fn question() -> Value {
    json!({ "listens": "slack" })
}

/// The function `notify`.
#[derive(Debug, Clone)]
pub struct Notify {
    lambda: Client,
    function: String,
}

impl Notify {
    /// The function of this name.
    #[must_use]
    pub const fn new(lambda: Client, function: String) -> Self {
        Self { lambda, function }
    }
}

impl Teller for Notify {
    async fn slack(&self) -> Result<Heard, Trouble> {
        let limits = TimeoutConfig::builder()
            .operation_attempt_timeout(PATIENCE)
            .operation_timeout(PATIENCE)
            .build();
        let once = config::Builder::new()
            .retry_config(RetryConfig::disabled())
            .timeout_config(limits);
        let invoke = self.lambda.invoke().function_name(&self.function);
        let invoke = invoke.payload(Blob::new(question().to_string()));
        let answer = invoke.customize().config_override(once).send().await;
        let answer = answer.map_err(|error| trouble("Invoke", &error))?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        if let Some(kind) = answer.function_error {
            let what = format!("Invoke: {} failed ({kind})", self.function);
            return Err(Trouble::lasting(what));
        }
        serde_json::from_slice(&payload).map_err(|_| {
            Trouble::lasting(format!("Invoke: {} answered something else", self.function))
        })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::script::{Answer, Script, run};

    fn check(answer: Answer, expected: &Expect) {
        let script = Script::new([answer]);
        let lambda = Client::new(&script.config());
        let heard = run(Notify::new(lambda, "tidegate-notify".to_owned()).slack());
        let asked = &script.asked()[0];
        assert!(asked.uri.contains("/tidegate-notify/invocations"));
        assert_eq!(asked.body, br#"{"listens":"slack"}"#);
        expected.assert_eq(&match heard {
            Ok(heard) => format!("{heard:?}"),
            Err(trouble) => trouble.what,
        });
    }

    #[test]
    fn what_notify_hears_is_passed_on() {
        let ok = |answer| Answer::Json(200, answer);
        check(ok(json!("answers")), &expect!["Answers"]);
        check(ok(json!("unnamed")), &expect!["Unnamed"]);
        check(
            ok(json!({ "trouble": "Slack was not reached" })),
            &expect![[r#"Trouble("Slack was not reached")"#]],
        );
        check(
            ok(json!({ "batchItemFailures": [] })),
            &expect!["Invoke: tidegate-notify answered something else"],
        );
        let failed = ("x-amz-function-error", "Unhandled");
        check(
            Answer::Text(200, failed, "{}".to_owned()),
            &expect!["Invoke: tidegate-notify failed (Unhandled)"],
        );
        let denied = json!({ "__type": "AccessDeniedException", "message": "you may not" });
        check(
            Answer::Json(403, denied),
            &expect!["Invoke: AccessDeniedException you may not"],
        );
    }
}
