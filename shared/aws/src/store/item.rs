//! Items: what is read from their attributes, and the refusal of what a newer version wrote.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use engine::trouble::Trouble;

use super::key::{PK, SK};

/// An item as the SDK has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The attribute of an item's record version.
const VERSION: &str = "v";

/// An item's key, for messages.
fn name(item: &Item) -> String {
    let part = |attribute| match item.get(attribute) {
        Some(AttributeValue::S(text)) => text.as_str(),
        _ => "?",
    };
    format!("{}/{}", part(PK), part(SK))
}

/// An item that is not as Tidegate writes it.
pub(super) fn malformed(item: &Item, what: impl AsRef<str>) -> Trouble {
    Trouble::lasting(format!(
        "the item {} of the table {}: it was changed by something else than Tidegate; restore it from a backup",
        name(item),
        what.as_ref()
    ))
}

/// Refuses an item that a newer version wrote; older ones are read.
pub(super) fn check_version(item: &Item, known: u64) -> Result<(), Trouble> {
    let version = number(item, VERSION)?;
    if version > known {
        return Err(Trouble::lasting(format!(
            "the item {} of the table is a record of version {version}, and this function reads up to version \
             {known}: deploy the newer functions first, all of them",
            name(item)
        )));
    }
    Ok(())
}

/// The attribute of a record's version.
pub(super) fn version(version: u64) -> (String, AttributeValue) {
    (VERSION.to_owned(), numeric(&version))
}

/// A whole number, as `DynamoDB` has numbers.
pub(super) fn numeric(number: &impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A text attribute that must be there.
pub(super) fn text<'a>(item: &'a Item, attribute: &str) -> Result<&'a str, Trouble> {
    optional(item, attribute).ok_or_else(|| malformed(item, format!("has no text `{attribute}`")))
}

/// A text attribute that may be there.
pub(super) fn optional<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    match item.get(attribute) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

/// A whole number that must be there.
pub(super) fn number(item: &Item, attribute: &str) -> Result<u64, Trouble> {
    let number = match item.get(attribute) {
        Some(AttributeValue::N(digits)) => digits.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| malformed(item, format!("has no number `{attribute}`")))
}

/// A list of texts that must be there.
pub(super) fn texts(item: &Item, attribute: &str) -> Result<Vec<String>, Trouble> {
    let texts = match item.get(attribute) {
        Some(AttributeValue::L(list)) => list
            .iter()
            .map(|value| value.as_s().cloned().ok())
            .collect::<Option<Vec<String>>>(),
        _ => None,
    };
    texts.ok_or_else(|| malformed(item, format!("has no list of texts `{attribute}`")))
}

/// A list of maps that must be there.
pub(super) fn maps<'a>(item: &'a Item, attribute: &str) -> Result<Vec<&'a Item>, Trouble> {
    let maps = match item.get(attribute) {
        Some(AttributeValue::L(list)) => list
            .iter()
            .map(|value| value.as_m().ok())
            .collect::<Option<Vec<&Item>>>(),
        _ => None,
    };
    maps.ok_or_else(|| malformed(item, format!("has no list of maps `{attribute}`")))
}

/// About how many bytes an item takes (`DynamoDB`, "Item sizes").
pub(super) fn bytes(item: &Item) -> usize {
    let one =
        |(name, value): (&String, &AttributeValue)| name.len().saturating_add(value_bytes(value));
    item.iter().map(one).sum()
}

/// Lists and maps take a byte for each of their elements, and three for themselves.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is written is texts, numbers, and lists and maps of them"
)]
fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::L(list) => {
            3 + list
                .iter()
                .map(|value| 1 + value_bytes(value))
                .sum::<usize>()
        }
        AttributeValue::M(fields) => 3 + fields.len() + bytes(fields),
        _ => 1,
    }
}

/// A list of texts.
pub(super) fn list<T: ToString>(texts: impl IntoIterator<Item = T>) -> AttributeValue {
    let texts = texts.into_iter();
    AttributeValue::L(
        texts
            .map(|text| AttributeValue::S(text.to_string()))
            .collect(),
    )
}
