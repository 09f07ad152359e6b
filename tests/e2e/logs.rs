//! What the functions have written, as CloudWatch Logs keeps it.

use serde_json::{Value, json};

use crate::{bed::Bed, driver::http};

/// Every line of every log.
pub(crate) fn all(bed: &Bed) -> String {
    let groups = call(bed, "DescribeLogGroups", &json!({}));
    let groups = groups["logGroups"].as_array().cloned().unwrap_or_default();
    assert!(!groups.is_empty(), "there are no logs");
    let mut all = String::new();
    for group in groups {
        let mut next = Value::Null;
        loop {
            let mut asked = json!({ "logGroupName": group["logGroupName"] });
            if !next.is_null() {
                asked["nextToken"] = next;
            }
            let page = call(bed, "FilterLogEvents", &asked);
            for event in page["events"].as_array().into_iter().flatten() {
                all.push_str(event["message"].as_str().unwrap_or_default());
                all.push('\n');
            }
            next = page["nextToken"].clone();
            if next.is_null() {
                break;
            }
        }
    }
    all
}

fn call(bed: &Bed, operation: &str, what: &Value) -> Value {
    let target = format!("Logs_20140328.{operation}");
    // Nobody checks the signature; its scope says which service is meant.
    let scope = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/logs/aws4_request, SignedHeaders=host, Signature=0";
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", target.as_str()),
        ("authorization", scope),
    ];
    let host = bed.endpoint().trim_start_matches("http://");
    let (status, body) = http(host, "POST", "/", &headers, &what.to_string());
    assert_eq!(status, 200, "{operation}: {body}");
    serde_json::from_str(&body).expect("it is JSON")
}
