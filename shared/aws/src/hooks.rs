//! Hooks: functions that are invoked, addresses that are called, automations that are started.
//!
//! Each is told the run's key. A run that is asked for twice is one run as far as whoever runs it looks at the key;
//! an automation does.

mod automation;
mod function;
#[cfg(test)]
mod tests;
mod webhook;

use std::{sync::Arc, time::Duration};

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use domain::{
    event::HookOutcome,
    name::{EventKey, HookName, RolloutId},
    plan::hook::{Hook, HookTarget},
    time::SignedDuration,
};
use engine::ports;
use serde_json::{Value, json};

use crate::secrets::Secrets;

/// How long an answer is waited for, whatever a hook's own timeout is: the function that waits has other rollouts to
/// look after.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much of an answer is repeated in a message.
const SAID_CHARS_MAX: usize = 200;

/// What runs hooks.
#[derive(Debug, Clone)]
pub struct Hooks {
    lambda: aws_sdk_lambda::Client,
    ssm: aws_sdk_ssm::Client,
    connector: SharedHttpConnector,
    secrets: Arc<Secrets>,
    signed_with: Option<String>,
    patience: Duration,
}

impl Hooks {
    /// Hooks that are run by these clients. Web hooks are signed with the secret in the parameter `signed_with`;
    /// without one there are none.
    #[must_use]
    pub fn new(
        lambda: aws_sdk_lambda::Client,
        ssm: aws_sdk_ssm::Client,
        connector: SharedHttpConnector,
        signed_with: Option<String>,
    ) -> Self {
        let secrets = Arc::new(Secrets::new(ssm.clone()));
        Self {
            lambda,
            ssm,
            connector,
            secrets,
            signed_with,
            patience: PATIENCE,
        }
    }

    /// Waits for an answer at most so long.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// How long this hook's answer is waited for.
    fn patience(&self, hook: &Hook) -> Duration {
        let timeout = Duration::try_from(hook.timeout).unwrap_or_default();
        self.patience.min(timeout)
    }
}

impl ports::Hooks for Hooks {
    async fn run(&self, name: &HookName, hook: &Hook, key: &EventKey) -> HookOutcome {
        let told = told(name, key);
        let outcome = match &hook.run {
            HookTarget::Lambda(function) => self.invoke(function, &told, self.patience(hook)).await,
            HookTarget::Webhook(url) => self.call(url, key, &told, self.patience(hook)).await,
            HookTarget::Ssm(document) => self.automate(document, key, hook.timeout).await,
        };
        outcome.unwrap_or_else(HookOutcome::Failed)
    }
}

/// What a hook is told. The rollout is what the key begins with.
fn told(name: &HookName, key: &EventKey) -> Value {
    let rollout = key.as_str().split('/').next().and_then(RolloutId::parse);
    json!({
        "rollout": rollout.map(|rollout| rollout.to_string()),
        "hook": name.as_str(),
        "key": key.as_str(),
    })
}

/// The beginning of what somebody answered, on one line.
fn said(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SAID_CHARS_MAX)
        .collect();
    let more = text.chars().nth(SAID_CHARS_MAX).is_some();
    format!("{}{}", line.trim(), if more { "…" } else { "" })
}

fn spelled(duration: Duration) -> String {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    domain::time::Spell(duration).to_string()
}
