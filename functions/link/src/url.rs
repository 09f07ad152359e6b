//! What a Function URL sends and takes (payload format 2.0).

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pages::{Reply, Request};
use serde_json::{Map, Value, json};

/// Why a payload is no request. It does not say what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRequest(pub(crate) &'static str);

/// Reads a request. A body in base64 is decoded first of all: what Slack signs is what Slack sent.
pub(crate) fn read(payload: &Value) -> Result<Request, NoRequest> {
    if payload.get("version").and_then(Value::as_str) != Some("2.0") {
        return Err(NoRequest("the payload is not of version 2.0"));
    }
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    let method = payload.pointer("/requestContext/http/method");
    let method = method.and_then(Value::as_str);
    let method = method.ok_or(NoRequest("the payload has no method"))?;
    let path = text("rawPath").ok_or(NoRequest("the payload has no path"))?;
    let body = text("body").unwrap_or_default();
    let body = if payload.get("isBase64Encoded") == Some(&Value::Bool(true)) {
        let decoded = STANDARD.decode(body);
        decoded.map_err(|_| NoRequest("the body is not the base64 that it says it is"))?
    } else {
        body.as_bytes().to_vec()
    };
    Ok(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: text("rawQueryString").unwrap_or_default().to_owned(),
        headers: headers(payload),
        body,
    })
}

fn headers(payload: &Value) -> BTreeMap<String, String> {
    let all = payload.get("headers").and_then(Value::as_object);
    let all = all.into_iter().flatten();
    all.filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?.to_owned())))
        .collect()
}

/// Writes a reply.
pub(crate) fn write(reply: Reply) -> Value {
    let headers = reply.headers.into_iter();
    let headers: Map<String, Value> = headers
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect();
    json!({
        "statusCode": reply.status,
        "headers": headers,
        "body": reply.body,
        "isBase64Encoded": false,
    })
}
