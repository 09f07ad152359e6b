//! Records: mappings with known keys, and words that stand for values.
//!
//! Each key of the language is declared once, in a [`record!`], with its documentation, its type and
//! whether it must be there; decoder, suggestions and JSON Schema come from that.

use serde_json::{Map as JsonMap, Value, json};

use crate::{
    decode::{Decode, Slot, decode_at, wrong_kind},
    node::{Entry, Kind, Node},
    problem::{Code, Fault, Place, Report, either, nearest, quote},
};

/// Whether a key must be there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Presence {
    /// It must.
    Required,
    /// It need not.
    Optional,
    /// If it is not, this is what it would say.
    Default(&'static str),
}

/// The keys of a mapping, taken one by one.
pub(crate) struct Fields<'a> {
    what: &'static str,
    heading: &'a Place,
    entries: Vec<Option<&'a Entry>>,
    all: &'static [&'static str],
}

impl<'a> Fields<'a> {
    /// The keys of a node, if it is a mapping.
    pub(crate) fn open(
        node: &'a Node,
        what: &'static str,
        all: &'static [&'static str],
        report: &mut Report,
    ) -> Option<Self> {
        let Kind::Map(entries) = &node.kind else {
            let example = format!("{}: …", all.first().copied().unwrap_or_default());
            wrong_kind(node, what, &example, report);
            return None;
        };
        Some(Self {
            what,
            heading: &node.heading,
            entries: entries.iter().map(Some).collect(),
            all,
        })
    }

    /// The value of a key.
    pub(crate) fn take<T: Decode>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        presence: Presence,
        report: &mut Report,
    ) -> Slot<T> {
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| entry.is_some_and(|entry| entry.key == key))
            .and_then(Option::take);
        match (entry, presence) {
            (Some(entry), _) => decode_at(&entry.value, report),
            (None, Presence::Optional) => None,
            (None, Presence::Default(text)) => {
                decode_at(&Node::implied(text, self.heading), report)
            }
            (None, Presence::Required) if self.misspelt(key) => None,
            (None, Presence::Required) => {
                let fault = Fault::new(
                    Code::MissingKey,
                    format!("`{key}` is missing"),
                    format!("`{key}`: {}", sentence(doc)),
                    format!("add `{key}: {}`", T::EXAMPLE),
                );
                report.error(self.heading, fault);
                None
            }
        }
    }

    /// Whether a key is there that `close` will say is meant to be this one.
    fn misspelt(&self, key: &str) -> bool {
        self.entries.iter().flatten().any(|entry| {
            entry.key != key && nearest(&entry.key, self.all.iter().copied()) == Some(key)
        })
    }

    /// Exactly one of some keys must be there.
    pub(crate) fn pick_one(&self, keys: &[&'static str], report: &mut Report) {
        let there: Vec<&Entry> = self
            .entries
            .iter()
            .flatten()
            .copied()
            .filter(|entry| keys.contains(&entry.key.as_str()))
            .collect();
        let either = either(keys.iter().copied());
        match there.as_slice() {
            [_] => {}
            [] if keys.iter().any(|key| self.misspelt(key)) => {}
            [] => report.error(
                self.heading,
                Fault::new(
                    Code::PickOne,
                    format!("none of {either} is here"),
                    "exactly one of them",
                    "add one of them",
                ),
            ),
            [first, second, ..] => report.error(
                &second.place,
                Fault::new(
                    Code::PickOne,
                    format!("`{}` and `{}` are both here", first.key, second.key),
                    format!("exactly one of {either}"),
                    "delete one of them",
                ),
            ),
        }
    }

    /// Whatever has not been taken is unknown.
    pub(crate) fn close(self, report: &mut Report) {
        for entry in self.entries.into_iter().flatten() {
            let known = self.all.iter().copied();
            let mend = nearest(&entry.key, known.clone()).map_or_else(
                || "delete it".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let fault = Fault::new(
                Code::UnknownKey,
                format!("{} has no key {}", self.what, quote(&entry.key)),
                either(known),
                mend,
            );
            report.error(&entry.place, fault);
        }
    }
}

/// A doc comment as a part of a sentence: without its full stop and with a small first letter.
pub(crate) fn sentence(doc: &str) -> String {
    let doc = doc.trim();
    let first = doc.split(". ").next().unwrap_or(doc).trim_end_matches('.');
    let mut chars = first.chars();
    let small_second = first
        .chars()
        .nth(1)
        .is_some_and(|c| c.is_lowercase() || c == ' ');
    match chars.next() {
        Some(c) if small_second => c.to_lowercase().chain(chars).collect(),
        Some(_) | None => first.to_owned(),
    }
}

/// One key of a record's schema.
pub(crate) struct FieldSchema {
    pub(crate) key: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) presence: Presence,
    pub(crate) schema: Value,
}

/// The schema of a record.
pub(crate) fn record_schema(doc: &str, fields: Vec<FieldSchema>, one_of: &[&str]) -> Value {
    let mut properties = JsonMap::new();
    let mut required = Vec::new();
    for field in fields {
        let mut schema = match field.schema {
            Value::Object(schema) if !schema.contains_key("$ref") => schema,
            // What stands beside `$ref` is not looked at by every editor.
            Value::Object(reference) => {
                JsonMap::from_iter([("allOf".to_owned(), json!([reference]))])
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => JsonMap::new(),
        };
        schema.insert("description".to_owned(), field.doc.trim().into());
        match field.presence {
            Presence::Required => required.push(field.key),
            Presence::Optional => {}
            Presence::Default(text) => {
                let value = text
                    .parse::<u64>()
                    .map_or_else(|_| text.into(), Value::from);
                schema.insert("default".to_owned(), value);
            }
        }
        properties.insert(field.key.to_owned(), schema.into());
    }
    let mut schema = json!({
        "type": "object",
        "description": doc.trim(),
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if !one_of.is_empty() {
        let picks: Vec<Value> = one_of
            .iter()
            .map(|key| json!({ "required": [key] }))
            .collect();
        schema["oneOf"] = json!(picks);
    }
    schema
}

/// Declares a record of the language: its keys, each with its documentation, its type, and whether it
/// is `required`, `optional` or has a `default("…")`.
///
/// `one of […]` after the name: exactly one of these keys. `short key`: a lone value stands for this key.
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        $name:ident as $what:literal $(, one of [$($one:literal),+])? $(, short $short:ident)? {
            $( $(#[doc = $field_doc:literal])+ $presence:ident $(($default:literal))? $field:ident: $type:ty, )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        pub(crate) struct $name {
            $( $(#[doc = $field_doc])+ pub(crate) $field: $crate::decode::Slot<$type>, )+
        }

        impl $name {
            const KEYS: &[&str] = &[$( $crate::record::key(stringify!($field)), )+];
        }

        impl $crate::decode::Decode for $name {
            const EXAMPLE: &'static str = "{ … }";

            fn decode(
                node: &$crate::node::Node,
                report: &mut $crate::problem::Report,
            ) -> Option<Self> {
                $( let long = $crate::record::lengthen(node, $crate::record::key(stringify!($short)));
                   let node = long.as_ref().unwrap_or(node); )?
                let mut fields = $crate::record::Fields::open(node, $what, Self::KEYS, report)?;
                $( fields.pick_one(&[$($one),+], report); )?
                let record = Self {
                    $( $field: fields.take(
                        $crate::record::key(stringify!($field)),
                        concat!($($field_doc),+),
                        $crate::record::presence!($presence $(($default))?),
                        report,
                    ), )+
                };
                fields.close(report);
                Some(record)
            }

            fn schema(defs: &mut serde_json::Map<String, serde_json::Value>) -> serde_json::Value {
                let name = stringify!($name);
                if !defs.contains_key(name) {
                    // Its place is taken first, so that a record may contain itself.
                    defs.insert(name.to_owned(), serde_json::Value::Null);
                    let fields = vec![$( $crate::record::FieldSchema {
                        key: $crate::record::key(stringify!($field)),
                        doc: concat!($($field_doc),+),
                        presence: $crate::record::presence!($presence $(($default))?),
                        schema: <$type as $crate::decode::Decode>::schema(defs),
                    }, )+];
                    let one_of: &[&str] = &[$($($one),+)?];
                    let schema = $crate::record::record_schema(concat!($($doc),+), fields, one_of);
                    $( let schema = $crate::record::short_schema(
                        &schema, $crate::record::key(stringify!($short))); )?
                    defs.insert(name.to_owned(), schema);
                }
                serde_json::json!({ "$ref": format!("#/$defs/{name}") })
            }
        }
    };
}

macro_rules! presence {
    (required) => {
        $crate::record::Presence::Required
    };
    (optional) => {
        $crate::record::Presence::Optional
    };
    (default($text:literal)) => {
        $crate::record::Presence::Default($text)
    };
}

/// Declares the words that stand for the values of an enum.
macro_rules! words {
    ($type:ty, $what:literal { $( $word:literal = $value:expr, )+ }) => {
        impl $crate::decode::Leaf for $type {
            const EXPECTED: &'static str = $what;
            const EXAMPLE: &'static str = $crate::record::first(&[$($word),+]);

            fn read(scalar: &$crate::node::Scalar) -> Result<Self, $crate::problem::Fault> {
                match scalar.text.as_str() {
                    $( $word => Ok($value), )+
                    other => Err($crate::record::unknown_word(other, $what, &[$($word),+])),
                }
            }

            fn schema() -> serde_json::Value {
                serde_json::json!({ "enum": [$($word),+] })
            }
        }
    };
}

pub(crate) use {presence, record, words};

/// The key that a field is written as: `r#for` is written `for`.
pub(crate) const fn key(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// The first of some words.
pub(crate) const fn first(words: &[&'static str]) -> &'static str {
    match words {
        [first, ..] => first,
        [] => "",
    }
}

/// A lone value as the mapping that it stands for.
pub(crate) fn lengthen(node: &Node, key: &'static str) -> Option<Node> {
    matches!(node.kind, Kind::Scalar(_)).then(|| Node {
        place: node.place.clone(),
        heading: node.heading.clone(),
        kind: Kind::Map(vec![Entry {
            key: key.to_owned(),
            place: node.heading.clone(),
            value: node.clone(),
        }]),
    })
}

/// The schema of a record that a lone value may stand for.
pub(crate) fn short_schema(record: &Value, key: &str) -> Value {
    let lone = record["properties"][key].clone();
    json!({ "anyOf": [lone, record] })
}

/// A word that is none of those there are.
pub(crate) fn unknown_word(written: &str, what: &str, words: &[&str]) -> Fault {
    let mend = nearest(written, words.iter().copied()).map_or_else(
        || "use one of them".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Fault::new(
        Code::UnknownWord,
        format!("{} is no such word", quote(written)),
        format!("{what}: {}", either(words.iter().copied())),
        mend,
    )
}
