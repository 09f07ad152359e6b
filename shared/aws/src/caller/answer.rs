//! What STS answers: JSON if it takes the hint, XML otherwise. One value is looked for in it.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::byte_stream::ByteStream;
use domain::name::Person;
use serde_json::Value;

use super::CallerError;

/// An answer has some hundred bytes.
const BYTES_MAX: usize = 16 * 1024;

/// The longest ARN of a principal (IAM).
const ARN_CHARS_MAX: usize = 2048;

/// Who signed, if AWS says so.
pub(super) async fn read(answer: HttpResponse) -> Result<Person, CallerError> {
    let status = answer.status();
    let body = collect(answer).await?;
    if status.is_server_error() {
        return Err(CallerError::Unreachable(format!(
            "STS answered with status {}",
            status.as_u16()
        )));
    }
    if !status.is_success() {
        let code = value(&body, &["Error", "Code"]);
        let message = value(&body, &["Error", "Message"]);
        let said = [code, message].into_iter().flatten().collect::<Vec<_>>();
        return Err(CallerError::Refused(if said.is_empty() {
            format!("status {}", status.as_u16())
        } else {
            printable(&said.join(": "))
        }));
    }
    let path = [
        "GetCallerIdentityResponse",
        "GetCallerIdentityResult",
        "Arn",
    ];
    match value(&body, &path) {
        Some(arn) if is_principal(&arn) => Ok(Person::new(&arn)),
        Some(_) | None => Err(CallerError::Unreachable(
            "STS answered without saying who".to_owned(),
        )),
    }
}

async fn collect(answer: HttpResponse) -> Result<String, CallerError> {
    let mut stream = ByteStream::new(answer.into_body());
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk
            .map_err(|_| CallerError::Unreachable("the answer of STS was cut off".to_owned()))?;
        bytes.extend_from_slice(&chunk);
        if bytes.len() > BYTES_MAX {
            return Err(CallerError::Unreachable(
                "the answer of STS is too long".to_owned(),
            ));
        }
    }
    String::from_utf8(bytes)
        .map_err(|_| CallerError::Unreachable("the answer of STS is no text".to_owned()))
}

/// The text at a path in JSON, or the text of the path's last element in XML.
fn value(body: &str, path: &[&str]) -> Option<String> {
    if body.trim_start().starts_with('{') {
        let json: Value = serde_json::from_str(body).ok()?;
        let found = path.iter().try_fold(&json, |json, key| json.get(key))?;
        return found.as_str().map(str::to_owned);
    }
    let last = path.last()?;
    let (_, rest) = body.split_once(&format!("<{last}>"))?;
    let (text, _) = rest.split_once(&format!("</{last}>"))?;
    Some(text.trim().to_owned())
}

/// `arn:aws:iam::123456789012:user/ann`, `arn:aws:sts::123456789012:assumed-role/Deployer/ann@example.com`.
fn is_principal(arn: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_/:".contains(c);
    let mut parts = arn.splitn(6, ':');
    parts.next() == Some("arn")
        && parts
            .next()
            .is_some_and(|partition| partition.starts_with("aws"))
        && matches!(parts.next(), Some("iam" | "sts"))
        && arn.len() <= ARN_CHARS_MAX
        && arn.chars().all(plain)
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
