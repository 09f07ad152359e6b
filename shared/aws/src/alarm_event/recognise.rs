//! From a payload to what it says: which form it has is looked for, not believed.

use domain::{name::AlarmArn, time::Timestamp};
use serde_json::Value;

use super::{Edited, EditedActions, Heard, HeardState, Incoming, Operation, Path, Poison, Said};
use crate::arn_parts::ArnParts;

/// A rule's event in a topic's notification in a queue's record is the deepest that can be set up.
const ENVELOPES_MAX: u32 = 3;

/// Every message of a payload that a function was invoked with. An error if it is nothing that can be told apart into
/// messages: then the invocation as a whole is what cannot be used.
pub fn parse(payload: &Value) -> Result<Vec<Incoming>, Poison> {
    if let Some(records) = payload.get("Records").and_then(Value::as_array) {
        return Ok(records.iter().map(record).collect());
    }
    let path = if payload.get("alarmData").is_some() {
        Path::Alarm
    } else if payload.get("detail-type").is_some() {
        Path::Bus
    } else {
        Path::Topic
    };
    let said = Ok(message(payload, ENVELOPES_MAX)?);
    Ok(vec![Incoming { path, said }])
}

/// A record of a queue or of a topic.
fn record(record: &Value) -> Incoming {
    if let Some(sns) = get(record, &["Sns", "sns"]) {
        return Incoming {
            path: Path::Topic,
            said: envelope(sns, ENVELOPES_MAX),
        };
    }
    let message_id = get(record, &["messageId", "MessageId"]).and_then(Value::as_str);
    let path = Path::Queue {
        message_id: message_id
            .filter(|id| !id.is_empty())
            .map(ToOwned::to_owned),
    };
    let body = get(record, &["body", "Body"]).and_then(Value::as_str);
    let said = body
        .ok_or(Poison::Unknown)
        .and_then(|body| text(body, ENVELOPES_MAX));
    Incoming { path, said }
}

fn get<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| value.get(name))
}

fn text(text: &str, envelopes: u32) -> Result<Said, Poison> {
    let value: Value = serde_json::from_str(text).map_err(|_| Poison::NotJson)?;
    message(&value, envelopes)
}

/// A topic's envelope.
fn envelope(sns: &Value, envelopes: u32) -> Result<Said, Poison> {
    let envelopes = envelopes.checked_sub(1).ok_or(Poison::Nested)?;
    let inner = sns.get("Message").and_then(Value::as_str);
    text(inner.ok_or(Poison::Unknown)?, envelopes)
}

/// A message of any form.
fn message(value: &Value, envelopes: u32) -> Result<Said, Poison> {
    if let Some(kind) = value.get("detail-type").and_then(Value::as_str) {
        return match kind {
            "CloudWatch Alarm State Change" => state_change(value).map(Said::Heard),
            "CloudWatch Alarm Configuration Change" => edited(value).map(Said::Edited),
            _ => Err(Poison::Unknown),
        };
    }
    if let Some(data) = value.get("alarmData") {
        return action(value, data).map(Said::Heard);
    }
    if value.get("AlarmName").is_some() || value.get("AlarmArn").is_some() {
        return notification(value).map(Said::Heard);
    }
    if value.get("Message").is_some() {
        return envelope(value, envelopes);
    }
    Err(Poison::Unknown)
}

/// `EventBridge`: "CloudWatch Alarm State Change".
fn state_change(event: &Value) -> Result<Heard, Poison> {
    let detail = &event["detail"];
    let (arn, name) = who(event, detail)?;
    let state = &detail["state"];
    Ok(heard(arn, name, state, event))
}

/// The alarm's own invocation of a function.
fn action(event: &Value, data: &Value) -> Result<Heard, Poison> {
    let arn = event
        .get("alarmArn")
        .and_then(Value::as_str)
        .and_then(named);
    let (arn, name) = arn.ok_or(Poison::Nameless)?;
    Ok(heard(arn, name, &data["state"], event))
}

fn heard(arn: AlarmArn, name: String, state: &Value, event: &Value) -> Heard {
    let word = |key: &str| state.get(key).and_then(Value::as_str);
    Heard {
        arn,
        name,
        state: HeardState::of(word("value")),
        at: word("timestamp").and_then(timestamp),
        reason: word("reason").unwrap_or_default().to_owned(),
        raw: event.clone(),
    }
}

/// What a topic is told. Its `Region` is a display name (`EU (Ireland)`), so the ARN is the only address.
fn notification(message: &Value) -> Result<Heard, Poison> {
    let word = |key: &str| message.get(key).and_then(Value::as_str);
    let (arn, name) = word("AlarmArn").and_then(named).ok_or(Poison::Nameless)?;
    Ok(Heard {
        arn,
        name,
        state: HeardState::of(word("NewStateValue")),
        at: word("StateChangeTime").and_then(timestamp),
        reason: word("NewStateReason").unwrap_or_default().to_owned(),
        raw: message.clone(),
    })
}

/// `EventBridge`: "CloudWatch Alarm Configuration Change".
fn edited(event: &Value) -> Result<Edited, Poison> {
    let detail = &event["detail"];
    let (arn, name) = who(event, detail)?;
    let operation = match detail.get("operation").and_then(Value::as_str) {
        Some("create") => Operation::Create,
        Some("update") => Operation::Update,
        Some("delete") => Operation::Delete,
        other => Operation::Other(other.unwrap_or_default().to_owned()),
    };
    let enabled = detail["configuration"].get("actionsEnabled");
    let actions = match enabled.and_then(Value::as_bool) {
        Some(true) => EditedActions::Enabled,
        Some(false) => EditedActions::Disabled,
        None => EditedActions::Unsaid,
    };
    let at = event.get("time").and_then(Value::as_str);
    Ok(Edited {
        arn,
        name,
        operation,
        actions,
        at: at.and_then(timestamp),
        raw: event.clone(),
    })
}

/// Which alarm an event of the bus is about: by its resource, or by where it happened and the alarm's name.
fn who(event: &Value, detail: &Value) -> Result<(AlarmArn, String), Poison> {
    let resources = event.get("resources").and_then(Value::as_array);
    let resources = resources.map(Vec::as_slice).unwrap_or_default();
    if let Some(found) = resources.iter().filter_map(Value::as_str).find_map(named) {
        return Ok(found);
    }
    let word = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = word(detail, "alarmName");
    let place = word(event, "region").zip(word(event, "account"));
    let (Some(name), Some((region, account))) = (name, place) else {
        return Err(Poison::Nameless);
    };
    let partition = match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        Some(_) | None => "aws",
    };
    let arn = format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}");
    named(&arn).ok_or(Poison::Nameless)
}

/// An alarm's ARN and name, if it is one.
fn named(arn: &str) -> Option<(AlarmArn, String)> {
    let name = ArnParts::of("cloudwatch", arn)?.alarm()?;
    Some((AlarmArn::new(arn), name.to_owned()))
}

/// `2019-10-02T17:04:40.989+0000`, or with `Z` or `+00:00`; anything else is no time.
fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let (local, zone) = text.split_at_checked(text.len().checked_sub(5)?)?;
        let (hours, minutes) = zone.split_at_checked(3)?;
        format!("{local}{hours}:{minutes}").parse().ok()
    })
}
