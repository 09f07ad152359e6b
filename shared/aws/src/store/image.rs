//! Items as the table's stream shows them: `DynamoDB` JSON, `{"pk":{"S":"RO#shop#7"},"seq":{"N":"1"},…}`
//! (`DynamoDB` Streams API, `AttributeValue`).

use aws_sdk_dynamodb::types::AttributeValue;
use engine::trouble::Trouble;
use serde_json::{Map, Value};

use super::{
    entry::{self, Told},
    item::Item,
};

/// The entries of the ledger that a stream record's `NewImage` carries; none if it is another item.
pub fn entries_of_image(image: &Value) -> Result<Vec<Told>, Trouble> {
    let Some(fields) = image.as_object() else {
        return Err(Trouble::lasting(
            "a stream record has no image of its item: the stream's view must be NEW_IMAGE",
        ));
    };
    let item = attributes(fields);
    if entry::is_entry(&item) {
        entry::read(&item)
    } else {
        Ok(Vec::new())
    }
}

/// What no entry has is left out: an entry that lacks something says so when it is read.
fn attributes(fields: &Map<String, Value>) -> Item {
    fields
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), attribute(value)?)))
        .collect()
}

/// Texts, numbers, and lists and maps of them: all that entries have.
fn attribute(value: &Value) -> Option<AttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => Some(AttributeValue::S(text.clone())),
        ("N", Value::String(digits)) => Some(AttributeValue::N(digits.clone())),
        ("L", Value::Array(list)) => {
            let list: Option<Vec<AttributeValue>> = list.iter().map(attribute).collect();
            list.map(AttributeValue::L)
        }
        ("M", Value::Object(fields)) => Some(AttributeValue::M(attributes(fields))),
        _ => None,
    }
}
