//! Nodes → records, and the JSON Schema of the same records.
//!
//! Each key of the language is declared once, in a [`record!`], with its documentation, its type and
//! whether it must be there. Decoding never stops at the first problem: what cannot be read is
//! reported and left out, and everything else is looked at all the same.

use serde_json::{Map as JsonMap, Value, json};

use crate::{
    problem::{Code, Fault, Place, Report, either, is_hidden, nearest, quote},
    yaml::{Entry, Kind, Node, Scalar},
};

/// Something that can stand in a plan.
pub(crate) trait Decode: Sized {
    /// What it looks like, for `add …` in a message.
    const EXAMPLE: &'static str;

    /// Reads it; what is wrong goes into the report.
    fn decode(node: &Node, report: &mut Report) -> Option<Self>;

    /// Its JSON Schema; records put theirs into `defs` and return a reference.
    fn schema(defs: &mut JsonMap<String, Value>) -> Value;
}

/// Something that is written as one word or one text.
pub(crate) trait Leaf: Sized {
    /// What it is, with an article: `a duration, such as 24h`.
    const EXPECTED: &'static str;
    /// One of them.
    const EXAMPLE: &'static str;
    /// Whether any text will do, so that only its looks can tell that something else was meant.
    const FREE: bool = false;

    /// Reads it.
    fn read(scalar: &Scalar) -> Result<Self, Fault>;

    /// Its JSON Schema.
    fn schema() -> Value;
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
    /// Where its key stands, if it has one.
    pub(crate) heading: Place,
}

/// A value of a record; none if it is not there, or if it could not be read, which is reported then.
pub(crate) type Slot<T> = Option<At<T>>;

impl<T: Leaf> Decode for T {
    const EXAMPLE: &'static str = <T as Leaf>::EXAMPLE;

    fn decode(node: &Node, report: &mut Report) -> Option<Self> {
        let Kind::Scalar(scalar) = &node.kind else {
            wrong_kind(node, T::EXPECTED, <T as Leaf>::EXAMPLE, report);
            return None;
        };
        match read_leaf(scalar) {
            Ok(value) => Some(value),
            Err(fault) => {
                let place = match &fault.range {
                    Some(range) => node.part(range.clone()),
                    None if scalar.is_nothing() => node.heading.clone(),
                    None => node.place.clone(),
                };
                report.error(&place, fault);
                None
            }
        }
    }

    fn schema(_: &mut JsonMap<String, Value>) -> Value {
        <T as Leaf>::schema()
    }
}

fn read_leaf<T: Leaf>(scalar: &Scalar) -> Result<T, Fault> {
    let mend = format!("write `{}` or the like", T::EXAMPLE);
    if scalar.is_nothing() {
        return Err(Fault::new(
            Code::NoValue,
            "there is no value here",
            T::EXPECTED,
            format!("{mend}, or delete the key"),
        ));
    }
    if let Some(c) = scalar.text.chars().find(|c| is_hidden(*c)) {
        let found = format!("a character that cannot be seen: U+{:04X}", u32::from(c));
        return Err(Fault::new(
            Code::HiddenCharacter,
            found,
            T::EXPECTED,
            "delete it",
        ));
    }
    if let Some(taken) = scalar.taken_for().filter(|_| T::FREE) {
        return Err(Fault::new(
            Code::AmbiguousText,
            format!("many YAML readers take {} for {taken}", quote(&scalar.text)),
            T::EXPECTED,
            format!("write it in quotes: `\"{}\"`", scalar.text),
        ));
    }
    T::read(scalar)
}

fn wrong_kind(node: &Node, expected: &str, example: &str, report: &mut Report) {
    // What was refused has been reported already.
    if matches!(node.kind, Kind::Refused) {
        return;
    }
    report.error(
        &node.place,
        Fault::new(
            Code::WrongKind,
            format!("{} stands here", node.describe()),
            expected,
            format!("write `{example}` or the like"),
        ),
    );
}

/// Decodes a value and remembers its place.
pub(crate) fn decode_at<T: Decode>(node: &Node, report: &mut Report) -> Slot<T> {
    T::decode(node, report).map(|value| At {
        value,
        place: node.place.clone(),
        heading: node.heading.clone(),
    })
}

/// A list of at least `MIN` and at most `MAX` values.
#[derive(Debug, Clone)]
pub(crate) struct List<T, const MIN: usize, const MAX: usize>(pub(crate) Vec<At<T>>);

impl<T: Decode, const MIN: usize, const MAX: usize> Decode for List<T, MIN, MAX> {
    const EXAMPLE: &'static str = "[ … ]";

    fn decode(node: &Node, report: &mut Report) -> Option<Self> {
        let Kind::List(items) = &node.kind else {
            let example = format!("[{}]", T::EXAMPLE);
            wrong_kind(node, "a list", &example, report);
            return None;
        };
        if items.len() < MIN {
            let found = if items.is_empty() {
                "an empty list".to_owned()
            } else {
                format!("a list of {}", items.len())
            };
            let mend = format!("add `{}`", T::EXAMPLE);
            let fault = Fault::new(Code::TooFew, found, format!("at least {MIN}"), mend);
            report.error(&node.heading, fault);
        }
        too_many(node, items.len(), MAX, report);
        Some(Self(
            items
                .iter()
                .take(MAX)
                .filter_map(|item| decode_at(item, report))
                .collect(),
        ))
    }

    fn schema(defs: &mut JsonMap<String, Value>) -> Value {
        json!({ "type": "array", "items": T::schema(defs), "minItems": MIN, "maxItems": MAX })
    }
}

fn too_many(node: &Node, found: usize, max: usize, report: &mut Report) {
    if found > max {
        let fault = Fault::new(
            Code::TooMany,
            format!("{found} entries"),
            format!("at most {max}"),
            "leave some out, or split the plan",
        );
        report.error(&node.heading, fault);
    }
}

/// Values by name, in the order of the file; a value that could not be read still has its name.
#[derive(Debug, Clone)]
pub(crate) struct Named<K, V, const MIN: usize, const MAX: usize>(pub(crate) Vec<(At<K>, Slot<V>)>);

impl<K: Leaf, V: Decode, const MIN: usize, const MAX: usize> Decode for Named<K, V, MIN, MAX> {
    const EXAMPLE: &'static str = "{ … }";

    fn decode(node: &Node, report: &mut Report) -> Option<Self> {
        let Kind::Map(entries) = &node.kind else {
            let example = format!("{{ {}: {} }}", K::EXAMPLE, V::EXAMPLE);
            wrong_kind(node, "a mapping of names", &example, report);
            return None;
        };
        if entries.len() < MIN {
            let mend = format!("add `{}: {}`", K::EXAMPLE, V::EXAMPLE);
            let fault = Fault::new(
                Code::TooFew,
                "an empty mapping",
                format!("at least {MIN}"),
                mend,
            );
            report.error(&node.heading, fault);
        }
        too_many(node, entries.len(), MAX, report);
        let mut named = Vec::new();
        for entry in entries.iter().take(MAX) {
            let value = decode_at(&entry.value, report);
            let key = Node::implied(&entry.key, &entry.place);
            if let Some(key) = decode_at(&key, report) {
                named.push((key, value));
            }
        }
        Some(Self(named))
    }

    fn schema(defs: &mut JsonMap<String, Value>) -> Value {
        json!({
            "type": "object",
            "propertyNames": K::schema(),
            "additionalProperties": V::schema(defs),
            "minProperties": MIN,
            "maxProperties": MAX,
        })
    }
}

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
            wrong_kind(node, what, "{ … }", report);
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
                    sentence(doc),
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
            const KEYS: &[&str] = &[$( $crate::decode::key(stringify!($field)), )+];
        }

        impl $crate::decode::Decode for $name {
            const EXAMPLE: &'static str = "{ … }";

            fn decode(
                node: &$crate::yaml::Node,
                report: &mut $crate::problem::Report,
            ) -> Option<Self> {
                $( let long = $crate::decode::lengthen(node, $crate::decode::key(stringify!($short)));
                   let node = long.as_ref().unwrap_or(node); )?
                let mut fields = $crate::decode::Fields::open(node, $what, Self::KEYS, report)?;
                $( fields.pick_one(&[$($one),+], report); )?
                let record = Self {
                    $( $field: fields.take(
                        $crate::decode::key(stringify!($field)),
                        concat!($($field_doc),+),
                        $crate::decode::presence!($presence $(($default))?),
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
                    let fields = vec![$( $crate::decode::FieldSchema {
                        key: $crate::decode::key(stringify!($field)),
                        doc: concat!($($field_doc),+),
                        presence: $crate::decode::presence!($presence $(($default))?),
                        schema: <$type as $crate::decode::Decode>::schema(defs),
                    }, )+];
                    let one_of: &[&str] = &[$($($one),+)?];
                    let schema = $crate::decode::record_schema(concat!($($doc),+), fields, one_of);
                    $( let schema = $crate::decode::short_schema(
                        &schema, $crate::decode::key(stringify!($short))); )?
                    defs.insert(name.to_owned(), schema);
                }
                serde_json::json!({ "$ref": format!("#/$defs/{name}") })
            }
        }
    };
}

macro_rules! presence {
    (required) => {
        $crate::decode::Presence::Required
    };
    (optional) => {
        $crate::decode::Presence::Optional
    };
    (default($text:literal)) => {
        $crate::decode::Presence::Default($text)
    };
}

/// Declares the words that stand for the values of an enum.
macro_rules! words {
    ($type:ty, $what:literal { $( $word:literal = $value:expr, )+ }) => {
        impl $crate::decode::Leaf for $type {
            const EXPECTED: &'static str = $what;
            const EXAMPLE: &'static str = $crate::decode::first(&[$($word),+]);

            fn read(scalar: &$crate::yaml::Scalar) -> Result<Self, $crate::problem::Fault> {
                match scalar.text.as_str() {
                    $( $word => Ok($value), )+
                    other => Err($crate::decode::unknown_word(other, $what, &[$($word),+])),
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
