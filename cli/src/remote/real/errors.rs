//! What the SDK says went wrong, as what a person can do something about.

use std::error::Error;

use aws::{caller::CallerError, telemetry::chain, trouble::code};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;

use super::super::Unanswered;

/// Credentials could not be had. The providers have no codes for why; what they say is what there is.
pub(super) fn credentials(error: &CredentialsError, profile: Option<&str>) -> Unanswered {
    let said = chain(error);
    if let Some(profile) = profile
        && said.contains("was not defined")
    {
        return Unanswered::NoProfile(profile.to_owned());
    }
    if said.contains("xpired") {
        return Unanswered::Expired(said);
    }
    Unanswered::NoCredentials(said)
}

/// A request could not be made; nothing was sent.
pub(super) fn unsent(error: &dyn Error) -> Unanswered {
    let said = chain(error);
    Unanswered::Other(format!("the request could not be made: {said}"))
}

/// `control` could not be invoked, or did not answer.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the SDK's own enum, which says that it will grow"
)]
pub(super) fn call(
    error: &SdkError<InvokeError, HttpResponse>,
    function: &str,
    region: &str,
) -> Unanswered {
    let function = function.to_owned();
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Unanswered::Silent(function),
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
            Unanswered::Unreachable {
                region: region.to_owned(),
                said: chain(error),
            }
        }
        SdkError::ServiceError(answer) => {
            let said = answer.err().message().unwrap_or_default().to_owned();
            refused(code(error).unwrap_or_default(), said, function, region)
        }
        _ => Unanswered::Other(chain(error)),
    }
}

/// What the codes of Lambda and of the signature mean.
fn refused(code: &str, said: String, function: String, region: &str) -> Unanswered {
    match code {
        "AccessDeniedException" | "AccessDenied" => Unanswered::Denied {
            call: "lambda:InvokeFunction",
            on: function,
            said,
        },
        "ResourceNotFoundException" => Unanswered::NoFunction {
            function,
            region: region.to_owned(),
        },
        "ExpiredTokenException" | "ExpiredToken" => Unanswered::Expired(said),
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "InvalidClientTokenId"
        | "SignatureDoesNotMatch" => Unanswered::Unknown(said),
        "TooManyRequestsException" | "ThrottlingException" => Unanswered::Busy(function),
        _ => Unanswered::Other(format!("Invoke {function}: {code} {said}")),
    }
}

/// AWS was asked who the caller is.
pub(super) fn caller(error: &CallerError, region: &str) -> Unanswered {
    let said = error.to_string();
    match error {
        CallerError::Refused(why) if why.contains("xpired") => Unanswered::Expired(said),
        CallerError::Refused(_)
        | CallerError::Malformed(_)
        | CallerError::Expired { .. }
        | CallerError::Ahead(_) => Unanswered::Unknown(said),
        CallerError::Unreachable(_) => Unanswered::Unreachable {
            region: region.to_owned(),
            said,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_something_that_a_person_can_do_something_about() {
        let of = |code: &str| {
            refused(
                code,
                "as AWS says it".to_owned(),
                "control".to_owned(),
                "eu-west-1",
            )
            .to_string()
        };
        for (code, expected) in [
            (
                "AccessDeniedException",
                "you may not call lambda:InvokeFunction on control",
            ),
            (
                "ResourceNotFoundException",
                "there is no function `control` in eu-west-1",
            ),
            ("ExpiredTokenException", "your AWS credentials have expired"),
            (
                "UnrecognizedClientException",
                "AWS does not take your credentials",
            ),
            (
                "TooManyRequestsException",
                "`control` is asked too much at this moment",
            ),
            (
                "ServiceException",
                "Invoke control: ServiceException as AWS says it",
            ),
        ] {
            assert_eq!(of(code), expected);
        }
    }

    #[test]
    fn credentials_that_are_missing_expired_or_of_no_profile_are_told_apart() {
        let error = |text: &'static str| CredentialsError::provider_error(text);
        let none = CredentialsError::not_loaded_no_source();
        assert!(matches!(
            credentials(&none, None),
            Unanswered::NoCredentials(_)
        ));
        let expired = error("the SSO token has expired");
        assert!(matches!(
            credentials(&expired, None),
            Unanswered::Expired(_)
        ));
        let profile = error("profile `prod` was not defined: it is not there");
        assert_eq!(
            credentials(&profile, Some("prod")),
            Unanswered::NoProfile("prod".to_owned())
        );
    }
}
