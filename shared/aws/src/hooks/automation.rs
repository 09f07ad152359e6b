//! Hooks that are automation documents of Systems Manager.
//!
//! Started with a token made from the run's key: started again it is the same execution, whose state is asked for.
//! A call that was not answered may have started it, so the run goes on and the next visit asks again.

use std::fmt::Write as _;

use aws_sdk_ssm::types::{AutomationExecution, AutomationExecutionStatus as Status};
use domain::{
    event::HookOutcome,
    name::EventKey,
    time::{SignedDuration, Spell, Timestamp, later},
};
use engine::trouble::{Chance, Trouble};
use sha2::{Digest as _, Sha256};

use super::{Hooks, said};
use crate::trouble::trouble;

impl Hooks {
    /// Starts a document, or looks after its execution.
    pub(super) async fn automate(
        &self,
        document: &str,
        key: &EventKey,
        lasts: SignedDuration,
    ) -> Result<HookOutcome, String> {
        match self.execution(document, key).await {
            Ok(execution) => outcome(&execution, lasts, Timestamp::now()),
            Err(Trouble {
                chance: Chance::Passing,
                ..
            }) => Ok(HookOutcome::Running),
            Err(Trouble { what, .. }) => Err(what),
        }
    }

    async fn execution(
        &self,
        document: &str,
        key: &EventKey,
    ) -> Result<AutomationExecution, Trouble> {
        let started = self
            .ssm
            .start_automation_execution()
            .document_name(document)
            .client_token(token(key))
            .send()
            .await
            .map_err(|error| trouble("StartAutomationExecution", &error))?;
        let id = started.automation_execution_id;
        let id = id.ok_or_else(|| {
            Trouble::passing("StartAutomationExecution: the answer names no execution")
        })?;
        let found = self
            .ssm
            .get_automation_execution()
            .automation_execution_id(id)
            .send()
            .await
            .map_err(|error| trouble("GetAutomationExecution", &error))?;
        found
            .automation_execution
            .ok_or_else(|| Trouble::passing("GetAutomationExecution: the answer has no execution"))
    }
}

/// A token has the form of a UUID (`StartAutomationExecution`).
fn token(key: &EventKey) -> String {
    let hash = Sha256::digest(key.as_str().as_bytes());
    let mut token = String::new();
    for (at, byte) in hash.iter().take(16).enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            token.push('-');
        }
        let _infallible = write!(token, "{byte:02x}");
    }
    token
}

/// What an execution's state means for the run. One that outlasts the hook's timeout has failed, and goes on: stopping
/// it half way is not ours to decide.
fn outcome(
    execution: &AutomationExecution,
    lasts: SignedDuration,
    now: Timestamp,
) -> Result<HookOutcome, String> {
    let id = execution.automation_execution_id().unwrap_or("?");
    let failed = |status: &Status| {
        let why = execution.failure_message().map(said).unwrap_or_default();
        let text = format!("automation {id}: {status} {why}");
        Err(text.trim_end().to_owned())
    };
    match execution.automation_execution_status() {
        Some(Status::Success | Status::CompletedWithSuccess) => Ok(HookOutcome::Succeeded),
        Some(
            status @ (Status::Failed
            | Status::Timedout
            | Status::Cancelled
            | Status::Cancelling
            | Status::Rejected
            | Status::ChangeCalendarOverrideRejected
            | Status::CompletedWithFailure
            | Status::Exited),
        ) => failed(status),
        // It is at work, or waits for somebody; a state that is not known yet is not taken for success.
        Some(_) | None => {
            let started = execution.execution_start_time();
            let started = started.and_then(|at| Timestamp::from_second(at.secs()).ok());
            match started {
                Some(started) if later(started, lasts) < now => {
                    let lasts = Spell(lasts);
                    Err(format!("automation {id} is not over after {lasts}"))
                }
                Some(_) | None => Ok(HookOutcome::Running),
            }
        }
    }
}
