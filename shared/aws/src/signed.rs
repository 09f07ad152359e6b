//! Calls that whoever receives them can check: a timestamp, a name of the delivery, and a signature over both body and
//! timestamp.
//!
//! The signature is `v1=` and the hexadecimal HMAC-SHA256, by a shared secret, of the timestamp's header, a dot and the
//! body; with two secrets there are two, with a comma between them, so that a secret is changed without a call being
//! refused. Whoever receives it refuses an old timestamp, so that a call that was overheard cannot be sent again.

use std::fmt::Write as _;

use aws_smithy_runtime_api::{client::orchestrator::HttpRequest, http::HttpError};
use aws_smithy_types::body::SdkBody;
use domain::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secrets::Secret;

/// What is sent, and under which name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    /// The same for the same message, however often it is sent.
    pub(crate) delivery: &'a str,
    /// What the body is.
    pub(crate) kind: &'a str,
    pub(crate) body: &'a str,
}

/// A signed POST.
pub(crate) fn request(
    url: &str,
    sent: Sent<'_>,
    secrets: &[Secret],
    now: Timestamp,
) -> Result<HttpRequest, HttpError> {
    let at = now.as_second().to_string();
    let mut request = HttpRequest::new(SdkBody::from(sent.body));
    request.set_method("POST")?;
    request.set_uri(url)?;
    let length = sent.body.len().to_string();
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| signature(secret, &at, sent.body))
        .collect();
    let signatures = signatures.join(",");
    for (name, value) in [
        ("content-type", sent.kind),
        ("content-length", length.as_str()),
        (
            "user-agent",
            concat!("tidegate/", env!("CARGO_PKG_VERSION")),
        ),
        ("x-tidegate-delivery", sent.delivery),
        ("x-tidegate-timestamp", at.as_str()),
        ("x-tidegate-signature", signatures.as_str()),
    ] {
        let headers = request.headers_mut();
        headers.try_insert(name.to_owned(), value.to_owned())?;
    }
    Ok(request)
}

/// `v1=<hex>`
pub(crate) fn signature(secret: &Secret, timestamp: &str, body: &str) -> String {
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
