//! Hooks that are Lambda functions.

use std::time::Duration;

use aws_sdk_lambda::{config, primitives::Blob, types::InvocationType};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use domain::event::HookOutcome;
use serde_json::Value;

use super::{Hooks, said, spelled};
use crate::trouble::trouble;

impl Hooks {
    /// Invokes a function and waits for what it returns. One that needs longer than that returns
    /// `{"status":"running"}` and is invoked again a minute later, with the same key.
    ///
    /// Never sent twice: how often it is tried is the plan's to say.
    pub(super) async fn invoke(
        &self,
        function: &str,
        told: &Value,
        patience: Duration,
    ) -> Result<HookOutcome, String> {
        let limits = TimeoutConfig::builder()
            .operation_attempt_timeout(patience)
            .operation_timeout(patience)
            .build();
        let once = config::Builder::new()
            .retry_config(RetryConfig::disabled())
            .timeout_config(limits);
        let answer = self
            .lambda
            .invoke()
            .function_name(function)
            .invocation_type(InvocationType::RequestResponse)
            .payload(Blob::new(told.to_string()))
            .customize()
            .config_override(once)
            .send()
            .await
            .map_err(|error| {
                if matches!(error, SdkError::TimeoutError(_)) {
                    let patience = spelled(patience);
                    format!("Invoke: {function} did not answer within {patience}")
                } else {
                    trouble("Invoke", &error).what
                }
            })?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
        match answer.function_error {
            Some(kind) => {
                let message = payload.get("errorMessage").and_then(Value::as_str);
                let message = message.map_or_else(|| said(&payload.to_string()), said);
                Err(format!("Invoke: {function} failed ({kind}): {message}"))
            }
            None if payload.get("status").and_then(Value::as_str) == Some("running") => {
                Ok(HookOutcome::Running)
            }
            None => Ok(HookOutcome::Succeeded),
        }
    }
}
