//! One POST and its answer: bounded in time and size, and never telling the address, which may be a secret.

use std::time::Duration;

use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, SharedHttpConnector},
    orchestrator::HttpRequest,
    result::ConnectorError,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use domain::time::SignedDuration;
use engine::trouble::{Chance, Trouble};

use crate::outlets::Unsent;

/// How long whoever is sent something has for an answer.
pub(crate) const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// As much of an answer as is read, in bytes.
const ANSWER_MAX: usize = 65_536;

/// The longest that anybody may ask us to wait.
const AGAIN_IN_MAX: SignedDuration = SignedDuration::from_hours(1);

/// Longer than any word that an answer says what is wrong with.
const WORD_CHARS_MAX: usize = 60;

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// How long to wait before the next try, if it says so.
    pub(crate) again_in: Option<SignedDuration>,
    pub(crate) body: Vec<u8>,
}

/// A POST of JSON to an address that may be a secret; none if it is no address.
pub(crate) fn json(address: &str, body: String) -> Option<HttpRequest> {
    let length = body.len().to_string();
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST").ok()?;
    request.set_uri(address.to_owned()).ok()?;
    let headers = request.headers_mut();
    headers.insert("content-type", "application/json; charset=utf-8");
    headers.insert("content-length", length);
    Some(request)
}

/// Sends a request to `who`, as messages call it. Redirects are answers like any other: they are not followed.
pub(crate) async fn exchange(
    connector: &SharedHttpConnector,
    who: &str,
    request: HttpRequest,
    patience: Duration,
) -> Result<Answer, Unsent> {
    let answered = async {
        let answer = connector.call(request).await?;
        let status = answer.status().as_u16();
        let again_in = answer.headers().get("retry-after").and_then(again_in);
        // The status says enough; a body that breaks off takes nothing away.
        let body = beginning(answer.into_body(), ANSWER_MAX).await;
        Ok::<_, ConnectorError>(Answer {
            status,
            again_in,
            body,
        })
    };
    match tokio::time::timeout(patience, answered).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(Trouble::passing(format!("{who} was not reached")).into()),
        Err(_) => Err(Trouble::passing(format!("{who} did not answer in time")).into()),
    }
}

/// The beginning of a body, so many bytes at most; what comes after a break is left out.
pub(crate) async fn beginning(body: SdkBody, max: usize) -> Vec<u8> {
    let mut body = ByteStream::new(body);
    let mut read = Vec::new();
    while let Some(Ok(some)) = body.next().await {
        read.extend_from_slice(&some);
        if read.len() >= max {
            read.truncate(max);
            break;
        }
    }
    read
}

/// `Retry-After` in seconds; one that is a date is not waited for.
fn again_in(value: &str) -> Option<SignedDuration> {
    let secs: u32 = value.trim().parse().ok()?;
    Some(SignedDuration::from_secs(secs.into()).min(AGAIN_IN_MAX))
}

impl Answer {
    /// What the status says: too many messages and their own failures pass, everything else of ours does not.
    pub(crate) fn taken(&self, who: &str, said: &str) -> Result<(), Unsent> {
        let chance = match self.status {
            200..=299 => return Ok(()),
            408 | 425 | 429 | 500..=599 => Chance::Passing,
            _ => Chance::Lasting,
        };
        let said = if said.is_empty() {
            String::new()
        } else {
            format!(" ({said})")
        };
        let redirects = if (300..400).contains(&self.status) {
            "; redirects are not followed"
        } else {
            ""
        };
        let status = self.status;
        Err(Unsent {
            trouble: Trouble {
                chance,
                what: format!("{who} answered with status {status}{said}{redirects}"),
            },
            again_in: self.again_in,
        })
    }

    /// The one word that was answered (`ok`, `no_text`, `no_service`); anything else is not repeated.
    pub(crate) fn word(&self) -> &str {
        word(std::str::from_utf8(&self.body).unwrap_or_default())
    }
}

/// A text if it is a word of small letters, which tells no secret; else nothing.
pub(crate) fn word(said: &str) -> &str {
    let said = said.trim();
    let letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    if said.len() <= WORD_CHARS_MAX && said.chars().all(letter) {
        said
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::run;

    #[test]
    fn of_a_long_body_the_beginning_is_read() {
        let body = |text: &str| SdkBody::from(text.to_owned());
        let read = |text, max| run(beginning(body(text), max));
        assert_eq!(read("no_text", 64), b"no_text");
        assert_eq!(read("no_text", 7), b"no_text");
        assert_eq!(read("no_text", 2), b"no");
    }
}
