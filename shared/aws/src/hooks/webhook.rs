//! Hooks that are addresses: a signed POST, once, and no redirects.

use std::time::Duration;

use aws_smithy_runtime_api::client::{http::HttpConnector as _, orchestrator::HttpRequest};
use domain::{event::HookOutcome, name::EventKey, time::Timestamp};
use serde_json::Value;
use tokio::time::timeout;

use super::{Hooks, said, spelled};
use crate::{exchange::beginning, signed};

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
        let sent = signed::Sent {
            delivery: key.as_str(),
            kind: "application/json",
            body: &body,
        };
        let request = signed::request(url, sent, &[secret], now);
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
        let read = beginning(answer.into_body(), ANSWER_MAX).await;
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
