//! Nodes → values, and the JSON Schema of the same values.
//!
//! Decoding never stops at the first problem: what cannot be read is reported and left out, and
//! everything else is looked at all the same.

use serde_json::{Map as JsonMap, Value, json};

use crate::{
    node::{Kind, Node, Scalar},
    problem::{Code, Fault, Place, Report, is_hidden, quote},
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
            mend,
        ));
    }
    if let Some(c) = scalar.text.chars().find(|c| is_hidden(*c)) {
        let (found, mend) = if c == '\n' {
            (
                "a line break in the text".to_owned(),
                "write it in one line",
            )
        } else {
            let code = u32::from(c);
            (
                format!("a character that cannot be seen: U+{code:04X}"),
                "delete it",
            )
        };
        return Err(Fault::new(Code::HiddenCharacter, found, T::EXPECTED, mend));
    }
    if let Some(taken) = scalar.taken_for().filter(|_| T::FREE) {
        return Err(Fault::new(
            Code::AmbiguousText,
            format!("many YAML readers take {} for {taken}", quote(&scalar.text)),
            T::EXPECTED,
            if scalar.is_short() {
                format!("write it in quotes: `\"{}\"`", scalar.text)
            } else {
                "write it in quotes".to_owned()
            },
        ));
    }
    T::read(scalar)
}

pub(crate) fn wrong_kind(node: &Node, expected: &str, example: &str, report: &mut Report) {
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

/// A list of at least `MIN`, which is 0 or 1, and at most `MAX` values.
#[derive(Debug, Clone)]
pub(crate) struct List<T, const MIN: usize, const MAX: usize>(pub(crate) Vec<At<T>>);

impl<T: Decode, const MIN: usize, const MAX: usize> Decode for List<T, MIN, MAX> {
    const EXAMPLE: &'static str = "[ … ]";

    fn decode(node: &Node, report: &mut Report) -> Option<Self> {
        let Kind::List(items) = &node.kind else {
            let example = match &node.kind {
                Kind::Scalar(scalar) if scalar.is_short() => format!("[{}]", scalar.text),
                Kind::Scalar(_) | Kind::List(_) | Kind::Map(_) | Kind::Refused => {
                    format!("[{}]", T::EXAMPLE)
                }
            };
            wrong_kind(node, "a list", &example, report);
            return None;
        };
        if items.len() < MIN {
            let mend = format!("add `{}`", T::EXAMPLE);
            let fault = Fault::new(Code::TooFew, "an empty list", "at least one entry", mend);
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

/// Values by name, at least `MIN`, which is 0 or 1, in the order of the file; a value that could not be read still has its name.
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
            let fault = Fault::new(Code::TooFew, "an empty mapping", "at least one entry", mend);
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
