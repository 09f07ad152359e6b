//! Items as the table's stream shows them: `DynamoDB` JSON, `{"pk":{"S":"RO#shop#7"},"seq":{"N":"1"},…}`
//! (`DynamoDB` Streams API, `AttributeValue`).

use aws_sdk_dynamodb::types::AttributeValue;
use engine::trouble::Trouble;
use serde_json::Value;

use super::{
    entry::{self, Told},
    item::Item,
};

/// The entry of the ledger that a stream record's `NewImage` is; none if it is another item.
pub fn entry_of_image(image: &Value) -> Result<Option<Told>, Trouble> {
    let Some(fields) = image.as_object() else {
        return Err(Trouble::lasting(
            "a stream record has no image of its item: the stream's view must be NEW_IMAGE",
        ));
    };
    // What no entry has is left out: an entry that lacks something says so when it is read.
    let item: Item = fields
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), attribute(value)?)))
        .collect();
    if entry::is_entry(&item) {
        entry::read(&item).map(Some)
    } else {
        Ok(None)
    }
}

/// Texts, numbers and lists of them: all that entries have.
fn attribute(value: &Value) -> Option<AttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => Some(AttributeValue::S(text.clone())),
        ("N", Value::String(digits)) => Some(AttributeValue::N(digits.clone())),
        ("L", Value::Array(list)) => {
            let list: Option<Vec<AttributeValue>> = list.iter().map(attribute).collect();
            list.map(AttributeValue::L)
        }
        _ => None,
    }
}
