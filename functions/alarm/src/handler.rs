//! `alarm`: an alarm has changed its state, and traffic goes back before anything else is done.
//!
//! The event is its own retry: it is let go only when every rollout that the alarm guards has decided and its weights
//! were read back. From a queue, messages fail one by one, and each comes again after the visibility timeout until it
//! is put aside; one that nobody can read is put aside in the same way, and stops no other. From a topic or straight
//! from the alarm, the invocation fails, and Lambda brings it again.

use aws::{
    alarm_event::{Heard, Incoming, Path, Said, parse},
    invocation::{Invocation, until},
    telemetry::{Gauges, Measured, Metric, Unit, chain},
};
use domain::{
    event::{AlarmChange, AlarmState},
    rollout::{Cause, Rollout, Status, alarm_name},
    time::{SignedDuration, Timestamp},
};
use engine::{
    hear::hear_or_close,
    ports::{Clock as _, Marks, Ports},
    trouble::EngineError,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// What is kept back of the invocation's time. Short: the function has ten seconds.
const TO_SPARE: SignedDuration = SignedDuration::from_secs(1);

/// What is kept back for the answer whatever is under way: a message that is not through must not take those with it
/// that are.
const TO_ANSWER: SignedDuration = SignedDuration::from_millis(300);

/// Hears every message of a payload, side by side. The answer to a queue says which must come again; for the other
/// paths that is an error.
pub async fn handle<P: Ports, M: Marks, G: Gauges>(
    ports: &P,
    marks: &M,
    gauges: &G,
    payload: &Value,
    invocation: &Invocation,
) -> Result<Value, String> {
    let messages = parse(payload).map_err(|poison| {
        tracing::error!(error = %poison, "an event that nobody can read");
        poison.to_string()
    })?;
    let ear = Ear {
        ports,
        marks,
        gauges,
        deadline: invocation.deadline(TO_SPARE),
    };
    let stop = invocation.deadline(TO_ANSWER);
    let outcomes = join_all(messages.iter().map(|message| ear.in_time(message, stop))).await;
    answer(&messages, outcomes)
}

/// A partial batch response, or the first error where there can be none.
fn answer(messages: &[Incoming], outcomes: Vec<Result<(), String>>) -> Result<Value, String> {
    let mut failures = Vec::new();
    for (message, outcome) in messages.iter().zip(outcomes) {
        let Err(why) = outcome else {
            continue;
        };
        match &message.path {
            Path::Queue {
                message_id: Some(id),
            } => failures.push(json!({ "itemIdentifier": id })),
            // An item without an id fails the whole batch, which is what must happen (Lambda, "partial batch responses").
            Path::Queue { message_id: None } | Path::Topic | Path::Bus | Path::Alarm => {
                return Err(why);
            }
        }
    }
    Ok(json!({ "batchItemFailures": failures }))
}

/// What messages are heard with.
struct Ear<'a, P, M, G> {
    ports: &'a P,
    marks: &'a M,
    gauges: &'a G,
    deadline: Timestamp,
}

impl<P: Ports, M: Marks, G: Gauges> Ear<'_, P, M, G> {
    /// Hears one message, or says that it took too long.
    async fn in_time(&self, message: &Incoming, stop: Timestamp) -> Result<(), String> {
        let heard = until(self.ports.clock(), stop, self.message(message)).await;
        heard.unwrap_or_else(|| {
            tracing::error!(path = ?message.path, "an alarm is not through in time and comes again");
            Err("it was not through in time".to_owned())
        })
    }

    /// Hears one message. What went wrong is logged here, once.
    async fn message(&self, message: &Incoming) -> Result<(), String> {
        match &message.said {
            Ok(Said::Heard(heard)) => self.heard(heard).await,
            Ok(Said::Edited(edited)) => {
                // Before anything advances, the sweep reads the alarm as it is now; one that is gone holds the rollout.
                tracing::warn!(
                    alarm = %edited.arn,
                    operation = ?edited.operation,
                    actions = ?edited.actions,
                    "a guarding alarm was edited"
                );
                Ok(())
            }
            Err(poison) => {
                tracing::error!(error = %poison, path = ?message.path, "a message that nobody can read is left to the dead-letter queue");
                Err(poison.to_string())
            }
        }
    }

    async fn heard(&self, heard: &Heard) -> Result<(), String> {
        let began = self.ports.clock().now();
        let change = heard.change(self.ports.alarms()).await.map_err(|trouble| {
            tracing::error!(alarm = %heard.arn, error = %trouble, "an alarm that may be red could not be read");
            trouble.to_string()
        })?;
        tracing::info!(alarm = %change.arn, state = ?change.state, at = %change.at, reason = %change.reason, "heard");
        match hear_or_close(self.ports, self.marks, &change, self.deadline).await {
            Ok(rollouts) => {
                for rollout in &rollouts {
                    self.decided(&change, rollout, began);
                }
                Ok(())
            }
            Err(error) => {
                log_failure(&change, &error);
                Err(chain(&error))
            }
        }
    }

    /// Says how long it took from the alarm's own time until the weights were read back.
    fn decided(&self, change: &AlarmChange, rollout: &Rollout, began: Timestamp) {
        let restored = restored_by(change, rollout);
        let took = restored.map(|restored| restored.duration_since(change.at));
        let took_millis = took.map(|took| i64::try_from(took.as_millis()).unwrap_or(i64::MAX));
        tracing::info!(
            rollout = %rollout.id,
            epoch = rollout.epoch.0,
            status = rollout.status.name(),
            weights = %rollout.desired,
            alarm_to_restored_ms = took_millis,
            "an alarm was heard by the rollout that it guards"
        );
        // An event that comes once more finds what the first has done, and is not measured again.
        if let (Some(took), Some(restored)) = (took, restored)
            && restored >= began
        {
            self.gauges.note(&Measured {
                at: restored,
                of: vec![("Service", rollout.id.service.to_string())],
                metrics: vec![Metric {
                    name: "AlarmToRestored",
                    unit: Unit::Milliseconds,
                    value: took.as_secs_f64() * 1000.0,
                }],
                beside: vec![
                    ("rollout", rollout.id.to_string()),
                    ("alarm", alarm_name(&change.arn).to_owned()),
                ],
            });
        }
    }
}

/// When the weights were read back on stable, if this change was what sent them there.
fn restored_by(change: &AlarmChange, rollout: &Rollout) -> Option<Timestamp> {
    if change.state != AlarmState::Alarm {
        return None;
    }
    match &rollout.status {
        Status::Guarding {
            cause: Cause::Alarm(arn),
            restored,
        }
        | Status::RolledBack {
            cause: Cause::Alarm(arn),
            restored,
        } if *arn == change.arn => Some(*restored),
        Status::Starting
        | Status::Entering(_)
        | Status::Shifting
        | Status::Baking
        | Status::AwaitingApproval
        | Status::Watching
        | Status::AwaitingFinish
        | Status::Finishing
        | Status::Completed { .. }
        | Status::RollingBack { .. }
        | Status::Guarding { .. }
        | Status::RolledBack { .. }
        | Status::Superseded { .. } => None,
    }
}

fn log_failure(change: &AlarmChange, error: &EngineError) {
    let alarm = &change.arn;
    let why = chain(error);
    if let EngineError::WithoutStore { closed, .. } = error {
        let open = closed.iter().filter(|gate| gate.outcome.is_err()).count();
        tracing::error!(
            alarm = %alarm,
            found = closed.len(),
            open,
            error = %why,
            "THE STORE IS DOWN: a red alarm closes what can be found without it, and comes again until its rollouts have decided"
        );
    } else {
        tracing::error!(alarm = %alarm, error = %why, "an alarm is not through yet and comes again");
    }
}

#[cfg(test)]
mod tests;
