//! What an SDK says went wrong, as the engine's [`Trouble`]: can trying again help?

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use engine::trouble::Trouble;

/// Codes that say "not now": throttling, and work that has not ended.
const PASSING: [&str; 14] = [
    "InternalFailure",
    "InternalServerError",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "ResourceConflictException",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// The code of an answer that is an error, as the service's API names it.
pub fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
}

/// Why there is no answer about something; most callers need not know which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// It is not there.
    Missing(Trouble),
    /// Nobody knows whether it is.
    Trouble(Trouble),
}

impl From<NoAnswer> for Trouble {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::Missing(trouble) | NoAnswer::Trouble(trouble) => trouble,
        }
    }
}

impl From<Trouble> for NoAnswer {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// An answer, with the code told apart that says that what was asked about is not there (`RuleNotFound`; some services
/// write `ResourceNotFoundException`).
pub(crate) fn answered<T, E: ProvideErrorMetadata>(
    call: &'static str,
    missing: &str,
    answer: Result<T, SdkError<E, HttpResponse>>,
) -> Result<T, NoAnswer> {
    answer.map_err(|error| {
        let code = code(&error).unwrap_or_default();
        let is_missing = code.strip_suffix("Exception").unwrap_or(code) == missing;
        let trouble = trouble(call, &error);
        if is_missing {
            NoAnswer::Missing(trouble)
        } else {
            NoAnswer::Trouble(trouble)
        }
    })
}

/// Nothing, if what was asked about is not there.
pub(crate) fn if_there<T>(answer: Result<T, NoAnswer>) -> Result<Option<T>, Trouble> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(NoAnswer::Missing(_)) => Ok(None),
        Err(NoAnswer::Trouble(trouble)) => Err(trouble),
    }
}

/// What went wrong in `call`, which is named as the API names it (`ModifyRule`).
///
/// A request that was not answered may have had its effect; so may one that was answered with a 5xx.
pub fn trouble<E: ProvideErrorMetadata>(
    call: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> Trouble {
    match error {
        SdkError::ConstructionFailure(_) => Trouble::lasting(format!("{call} could not be built")),
        SdkError::TimeoutError(_) => Trouble::passing(format!("{call} was not answered in time")),
        SdkError::DispatchFailure(failure) if failure.is_user() => Trouble::lasting(format!(
            "{call} could not be sent: the client is set up wrongly"
        )),
        SdkError::DispatchFailure(_) => Trouble::passing(format!("{call} could not be sent")),
        SdkError::ResponseError(_) => Trouble::passing(format!("{call}: the answer was cut off")),
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or("an error without a code");
            let message = answer.err().message().unwrap_or_default();
            let what = format!("{call}: {code} {message}").trim_end().to_owned();
            if PASSING.contains(&code) || answer.raw().status().is_server_error() {
                Trouble::passing(what)
            } else {
                Trouble::lasting(what)
            }
        }
        _ => Trouble::passing(format!("{call} failed")),
    }
}
