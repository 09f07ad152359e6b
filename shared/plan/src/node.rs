//! Values as they stand in the file.

use std::{ops::Range, sync::Arc};

use crate::problem::{Place, Span, is_hidden, quote};

/// A value in the file.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    /// What to point at when the whole value is meant: its key, or else its beginning.
    pub(crate) heading: Place,
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Something that was refused and reported.
    Refused,
}

/// A text as it stands in the file.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// Without quotes.
    pub(crate) plain: bool,
    /// Where the text begins in the file, if it stands there unchanged, so that its parts can be pointed at.
    pub(crate) verbatim: Option<usize>,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

impl Node {
    /// A text that stands for one that is not in the file.
    pub(crate) fn implied(text: &str, heading: &Place) -> Self {
        Self {
            place: heading.clone(),
            heading: heading.clone(),
            kind: Kind::Scalar(Scalar {
                text: text.to_owned(),
                plain: true,
                verbatim: None,
            }),
        }
    }

    /// The place of some bytes of a scalar's text.
    pub(crate) fn part(&self, range: Range<usize>) -> Place {
        let Kind::Scalar(Scalar {
            text,
            verbatim: Some(begins),
            ..
        }) = &self.kind
        else {
            return self.place.clone();
        };
        let chars = |bytes: usize| text.get(..bytes).map_or(0, |part| part.chars().count());
        let whole = self.place.span;
        let ahead = begins.saturating_sub(whole.bytes.0);
        Place {
            path: Arc::clone(&self.place.path),
            span: Span {
                column: whole.column + ahead + chars(range.start),
                end_line: whole.line,
                end_column: whole.column + ahead + chars(range.end),
                bytes: (begins + range.start, begins + range.end),
                ..whole
            },
        }
    }

    /// What it is, for a message.
    pub(crate) fn describe(&self) -> String {
        match &self.kind {
            Kind::Scalar(scalar) if scalar.is_nothing() => "nothing".to_owned(),
            Kind::Scalar(scalar) => quote(&scalar.text),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) | Kind::Refused => "a mapping".to_owned(),
        }
    }
}

impl Scalar {
    /// A text that is part of a longer one.
    pub(crate) fn of(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            plain: false,
            verbatim: None,
        }
    }

    /// Whether YAML takes it for null.
    pub(crate) fn is_nothing(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Whether it can be repeated in a message as it is.
    pub(crate) fn is_short(&self) -> bool {
        let length = self.text.chars().count();
        (1..=40).contains(&length) && !self.text.contains(is_hidden)
    }

    /// What some YAML readers, of this version or the last, take it for although it is meant as text.
    pub(crate) fn taken_for(&self) -> Option<&'static str> {
        if !self.plain {
            return None;
        }
        let lower = self.text.to_ascii_lowercase();
        if matches!(
            lower.as_str(),
            "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false"
        ) {
            return Some("a yes-or-no word");
        }
        let number = lower.trim_start_matches(['+', '-']);
        let digits = number.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && number.contains(|c: char| c.is_ascii_digit());
        let only = |allowed: &str| {
            number
                .chars()
                .all(|c| c.is_ascii_digit() || allowed.contains(c))
        };
        let based = ["0x", "0o", "0b"].iter().any(|base| {
            number
                .strip_prefix(base)
                .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_hexdigit()))
        });
        if matches!(number, ".inf" | ".nan")
            || (digits && only(".e_+-") && !number.contains('-'))
            || based
        {
            return Some("a number");
        }
        if digits && only(":") && number.contains(':') {
            return Some("a number to the base of sixty");
        }
        None
    }
}

#[cfg(test)]
impl Node {
    /// The node as a reader of YAML 1.2's core schema sees it, which is what an editor checks.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.kind {
            Kind::Refused => Value::Null,
            Kind::List(items) => items.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.value.to_json()))
                .collect(),
            Kind::Scalar(scalar) if scalar.is_nothing() => Value::Null,
            Kind::Scalar(scalar) if scalar.plain => scalar
                .text
                .parse::<u64>()
                .map(Value::from)
                .or_else(|_| scalar.text.parse::<bool>().map(Value::from))
                .unwrap_or_else(|_| scalar.text.clone().into()),
            Kind::Scalar(scalar) => scalar.text.clone().into(),
        }
    }
}
