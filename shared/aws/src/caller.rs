//! Who asks: a call to STS that the caller signs and `control` makes, as EKS does it.
//!
//! Lambda does not tell a function who invoked it. So the caller signs `sts:GetCallerIdentity` for a URL, with a
//! header that names the very request, and sends what it signed. `control` builds the call from that and makes
//! it: what AWS answers is who signed. Nothing of the address is taken from the caller, and nothing but the known
//! parameters is passed on. The header binds the signature to one request: seen by somebody else, it proves nothing
//! more than that one request, which has its effect once.

mod answer;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, SharedHttpConnector},
    orchestrator::HttpRequest,
};
use domain::{
    name::Person,
    time::{SignedDuration, Spell, Timestamp, later, since},
};
use serde::{Deserialize, Serialize};

use crate::control::Digest;

/// The header that binds a proof to a request.
const HEADER: &str = "x-tidegate-request";

/// What is asked of STS.
const QUESTION: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// How long a proof holds: to send it takes seconds, and clocks differ.
const HOLDS: Duration = Duration::from_mins(5);

/// The longest that a proof of others may hold.
const HOLDS_MAX: SignedDuration = SignedDuration::from_secs(900);

/// How far a caller's clock may be ahead (`SigV4`).
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

/// STS answers in milliseconds.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// The parameters of a signed URL that are passed on; each exactly as it is written, and once.
const PARAMETERS: [&str; 9] = [
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

/// The proof of who asks: the query of the signed URL. Its host and its headers are known.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// `Action=GetCallerIdentity&…&X-Amz-Signature=…`
    pub query: String,
}

/// A proof is good for five minutes: it is not for logs.
impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// Why it is not known who asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallerError {
    /// The proof is none.
    #[error("the proof of who asks is not one: {0}")]
    Malformed(String),
    /// It has expired, or the caller's clock is behind.
    #[error("the proof of who asks was signed {} ago and holds for {}: is the clock right where it was signed?", Spell(*.ago), Spell(*.holds))]
    Expired {
        /// How long ago it was signed.
        ago: SignedDuration,
        /// How long it holds.
        holds: SignedDuration,
    },
    /// The caller's clock is ahead.
    #[error("the proof of who asks was signed {} in the future: is the clock right where it was signed?", Spell(*.0))]
    Ahead(SignedDuration),
    /// STS does not take it.
    #[error("AWS does not accept the proof of who asks: {0}")]
    Refused(String),
    /// STS was not reached.
    #[error("AWS could not be asked who asks: {0}")]
    Unreachable(String),
}

/// Why a proof could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the proof of who asks could not be signed")]
pub struct SigningError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Makes the proof that whoever has the credentials asks for the request with this digest.
pub fn prove(
    credentials: &Credentials,
    region: &str,
    digest: &Digest,
    now: SystemTime,
) -> Result<Proof, SigningError> {
    let host = host(region);
    let url = format!("https://{host}/?{QUESTION}");
    let digest = digest.to_string();
    let headers = [("host", host.as_str()), (HEADER, digest.as_str())];
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(HOLDS);
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| SigningError(error.into()))?
        .into();
    let body = SignableBody::Bytes(&[]);
    let request = SignableRequest::new("GET", &url, headers.into_iter(), body)
        .map_err(|error| SigningError(error.into()))?;
    let (signed, _) = sign(request, &params)
        .map_err(|error| SigningError(error.into()))?
        .into_parts();
    let mut query = QUESTION.to_owned();
    for (name, value) in signed.params() {
        query.push('&');
        query.push_str(name);
        query.push('=');
        encode(value, &mut query);
    }
    Ok(Proof { query })
}

/// Where a region's STS is.
fn host(region: &str) -> String {
    let end = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("sts.{region}.amazonaws.com{end}")
}

/// As `SigV4` encodes a parameter: everything but unreserved characters (RFC 3986).
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            into.push(byte.into());
        } else {
            // Writing to a string does not fail.
            let _written = write!(into, "%{byte:02X}");
        }
    }
}

/// Finds out who asks.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Callers {
    /// Who has signed the request with this digest.
    async fn who(
        &self,
        proof: &Proof,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Person, CallerError>;
}

/// Asks AWS.
#[derive(Debug, Clone)]
pub struct Sts {
    connector: SharedHttpConnector,
    region: String,
    url: String,
    /// Whether it is asked at another address than its own: a VPC's endpoint, or an emulator.
    elsewhere: bool,
}

impl Sts {
    /// STS of a region, or wherever `endpoint` says instead.
    #[must_use]
    pub fn new(connector: SharedHttpConnector, region: String, endpoint: Option<&str>) -> Self {
        let url = endpoint.map_or_else(
            || format!("https://{}", host(&region)),
            |endpoint| endpoint.trim_end_matches('/').to_owned(),
        );
        Self {
            connector,
            region,
            url,
            elsewhere: endpoint.is_some(),
        }
    }
}

impl Callers for Sts {
    async fn who(
        &self,
        proof: &Proof,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Person, CallerError> {
        check(proof, &self.region, now)?;
        let unreachable = |error: &dyn std::error::Error| {
            CallerError::Unreachable(crate::telemetry::chain(error))
        };
        let mut request = HttpRequest::get(format!("{}/?{}", self.url, proof.query))
            .map_err(|_| malformed("it makes no address"))?;
        let headers = request.headers_mut();
        headers.insert(HEADER, digest.to_string());
        headers.insert("accept", "application/json");
        // Whoever answers at another address checks the signature, which names this one.
        if self.elsewhere {
            headers.insert("host", host(&self.region));
        }
        let asked = async {
            let answer = self.connector.call(request).await;
            let answer = answer.map_err(|error| unreachable(&error))?;
            answer::read(answer).await
        };
        match tokio::time::timeout(ANSWERS_WITHIN, asked).await {
            Ok(who) => who,
            Err(_) => Err(CallerError::Unreachable(format!(
                "STS did not answer within {} s",
                ANSWERS_WITHIN.as_secs()
            ))),
        }
    }
}

/// Whether a proof is what [`prove`] makes, for this region and this time. Who signed it, AWS will say.
fn check(proof: &Proof, region: &str, now: Timestamp) -> Result<(), CallerError> {
    let mut parameters: BTreeMap<&str, &str> = BTreeMap::new();
    for part in proof.query.split('&') {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| malformed("a parameter has no value"))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~%".contains(c);
        if !PARAMETERS.contains(&name) || !value.chars().all(plain) {
            return Err(malformed("it has a parameter that does not belong there"));
        }
        if parameters.insert(name, value).is_some() {
            return Err(malformed("it has a parameter twice"));
        }
    }
    let value = |name: &'static str| {
        let value = parameters.get(name).copied();
        value.ok_or_else(|| malformed(&format!("{name} is missing")))
    };
    if value("Action")? != "GetCallerIdentity" || value("Version")? != "2011-06-15" {
        return Err(malformed("it asks something else than who signed it"));
    }
    if value("X-Amz-SignedHeaders")? != "host%3Bx-tidegate-request" {
        return Err(malformed(
            "it does not sign the request that it is sent with",
        ));
    }
    let scope = value("X-Amz-Credential")?;
    if !scope.ends_with(&format!("%2F{region}%2Fsts%2Faws4_request")) {
        return Err(malformed(&format!("it is not signed for STS in {region}")));
    }
    value("X-Amz-Signature")?;
    let signed: Timestamp = value("X-Amz-Date")?
        .parse()
        .map_err(|_| malformed("X-Amz-Date is no instant"))?;
    let holds: i64 = value("X-Amz-Expires")?
        .parse()
        .map_err(|_| malformed("X-Amz-Expires is no number"))?;
    let holds = SignedDuration::from_secs(holds);
    if holds > HOLDS_MAX {
        return Err(malformed("it holds for too long"));
    }
    if now > later(signed, holds) {
        let ago = since(now, signed);
        return Err(CallerError::Expired { ago, holds });
    }
    if signed > later(now, AHEAD_MAX) {
        return Err(CallerError::Ahead(since(signed, now)));
    }
    Ok(())
}

fn malformed(why: &str) -> CallerError {
    CallerError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests;
