//! Hooks that are addresses: a signed POST, once, and no redirects.
//!
//! The signature is `v1=` and the hexadecimal HMAC-SHA256, by the shared secret, of the timestamp's header, a dot and
//! the body. Whoever receives it refuses an old timestamp, so that a call that was overheard cannot be sent again.

use std::{fmt::Write as _, time::Duration};

use aws_smithy_runtime_api::{
    client::{http::HttpConnector as _, orchestrator::HttpRequest},
    http::HttpError,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use domain::{event::HookOutcome, name::EventKey, time::Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::time::timeout;

use super::{Hooks, said, spelled};
use crate::secrets::Secret;

/// As much of an answer as is read, in bytes.
const ANSWER_MAX: usize = 4096;

impl Hooks {
    /// Calls an address.
    pub(super) async fn call(
        &self,
        url: &str,
        key: &EventKey,
        told: &Value,
        patience: Duration,
    ) -> Result<HookOutcome, String> {
        if !may_call(url) {
            return Err(format!("{url} does not begin with `https://`"));
        }
        let Some(parameter) = &self.signed_with else {
            return Err("there is no secret to sign web hooks with".to_owned());
        };
        let now = Timestamp::now();
        let secret = self.secrets.get(parameter, now).await;
        let secret = secret.map_err(|trouble| trouble.what)?;
        let body = told.to_string();
        let request = request(url, key, &body, &secret, now);
        let request = request.map_err(|_| format!("{url} cannot be called"))?;
        match timeout(patience, self.exchange(request)).await {
            Ok(Ok((status, _))) if (200..300).contains(&status) => Ok(HookOutcome::Succeeded),
            Ok(Ok((status, _))) if (300..400).contains(&status) => Err(format!(
                "{url} answered {status}; redirects are not followed"
            )),
            Ok(Ok((status, answer))) => Err(format!("{url} answered {status}: {}", said(&answer))),
            Ok(Err(what)) => Err(format!("{url} {what}")),
            Err(_) => Err(format!("{url} did not answer within {}", spelled(patience))),
        }
    }

    /// The status, and the beginning of the body of an answer that is not as it should be.
    async fn exchange(&self, request: HttpRequest) -> Result<(u16, String), String> {
        let answer = self.connector.call(request).await;
        let answer = answer.map_err(|error| {
            let what = if error.is_timeout() {
                "did not take the connection in time"
            } else {
                "could not be reached"
            };
            what.to_owned()
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok((status.as_u16(), String::new()));
        }
        let mut body = ByteStream::new(answer.into_body());
        let mut read = Vec::new();
        // What was answered is known by now; a body that breaks off takes nothing away.
        while let Some(Ok(some)) = body.next().await {
            read.extend_from_slice(&some);
            if read.len() >= ANSWER_MAX {
                read.truncate(ANSWER_MAX);
                break;
            }
        }
        Ok((status.as_u16(), String::from_utf8_lossy(&read).into_owned()))
    }
}

/// An address of the open net is called under TLS only; one of this machine is a test's.
fn may_call(url: &str) -> bool {
    if url.starts_with("https://") {
        return true;
    }
    let Some(rest) = url.strip_prefix("http://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host);
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

fn request(
    url: &str,
    key: &EventKey,
    body: &str,
    secret: &Secret,
    now: Timestamp,
) -> Result<HttpRequest, HttpError> {
    let at = now.as_second().to_string();
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST")?;
    request.set_uri(url)?;
    let length = body.len().to_string();
    let signature = signature(secret, &at, body);
    for (name, value) in [
        ("content-type", "application/json"),
        ("content-length", length.as_str()),
        (
            "user-agent",
            concat!("tidegate/", env!("CARGO_PKG_VERSION")),
        ),
        ("x-tidegate-delivery", key.as_str()),
        ("x-tidegate-timestamp", at.as_str()),
        ("x-tidegate-signature", signature.as_str()),
    ] {
        let headers = request.headers_mut();
        headers.try_insert(name.to_owned(), value.to_owned())?;
    }
    Ok(request)
}

/// `v1=<hex>`
pub(super) fn signature(secret: &Secret, timestamp: &str, body: &str) -> String {
    let mut text = "v1=".to_owned();
    // HMAC takes keys of any length.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) {
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(body.as_bytes());
        for byte in mac.finalize().into_bytes() {
            let _infallible = write!(text, "{byte:02x}");
        }
    }
    text
}
