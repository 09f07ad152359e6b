//! What the engine and the plan language say went wrong, as answers.

use aws::{
    control::{Failure, FailureKind},
    telemetry::chain,
};
use domain::decide::Refusal;
use engine::trouble::{EngineError, Trouble};
use plan::{Color, Problem};
use serde_json::Value;

/// What the file is called in what is shown: only its text was sent.
const PLAN: &str = "plan";

/// Why the engine did not do what it was asked to.
pub(crate) fn of(error: &EngineError) -> Failure {
    let (kind, message) = match error {
        EngineError::NotFound(_) => (FailureKind::NotFound, error.to_string()),
        EngineError::Refused(refusal @ Refusal::AlarmsNotWell(_)) => {
            (FailureKind::Alarms, refusal.to_string())
        }
        EngineError::Refused(refusal) => (FailureKind::Refused, refusal.to_string()),
        EngineError::Taken(_) => (FailureKind::Taken, error.to_string()),
        EngineError::Alarms(_) => (FailureKind::Alarms, chain(error)),
        EngineError::Contended => (FailureKind::Contended, error.to_string()),
        // Nobody who asks is told about gates that were closed without the store: only an alarm closes them.
        EngineError::Store(_) | EngineError::WithoutStore { .. } => {
            return unanswered(&chain(error));
        }
        EngineError::NotConverged { .. } => (FailureKind::Other, error.to_string()),
    };
    Failure::new(kind, message)
}

/// The store could not be read, and nothing else was tried.
pub(crate) fn of_reading(trouble: &Trouble) -> Failure {
    Failure::new(
        FailureKind::Store,
        format!("the store could not be read: {trouble}"),
    )
}

fn unanswered(what: &str) -> Failure {
    Failure::new(
        FailureKind::Store,
        format!(
            "{what}; it may have been done all the same, and asking again with the same key does it once"
        ),
    )
}

/// Everything that is wrong with a plan, as a person reads it and as a tool does.
pub(crate) fn of_plan(problems: &[Problem], text: &str) -> Failure {
    let shown = match plan::to_json(problems) {
        Value::Array(all) => all,
        one @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)) => vec![one],
    };
    Failure {
        kind: FailureKind::InvalidPlan,
        message: plan::render(problems, PLAN, text, Color::Never),
        problems: shown,
    }
}
