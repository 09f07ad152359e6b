//! A template of `CloudFormation` as JSON: `!Sub x` is short for `Fn::Sub: x`.

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use serde_json::{Map, Value, json};

/// The whole text as one value.
pub(crate) fn parse(text: &str) -> Value {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
    };
    // The stream and the document begin.
    reader.next();
    reader.next();
    let first = reader.next();
    reader.value(first)
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Event<'a> {
        let event = self.events.next_event().expect("the template ends early");
        event.expect("the template is no YAML").0
    }

    fn value(&mut self, event: Event<'a>) -> Value {
        match event {
            Event::Scalar(text, style, _, tag) => {
                let value = if style == ScalarStyle::Plain && tag.is_none() {
                    plain(&text)
                } else {
                    Value::from(text.as_ref())
                };
                tagged(tag.as_deref(), value)
            }
            Event::SequenceStart(.., tag) => {
                let mut items = Vec::new();
                loop {
                    match self.next() {
                        Event::SequenceEnd => break,
                        item => items.push(self.value(item)),
                    }
                }
                tagged(tag.as_deref(), Value::Array(items))
            }
            Event::MappingStart(.., tag) => {
                let mut pairs = Map::new();
                loop {
                    let key = match self.next() {
                        Event::MappingEnd => break,
                        Event::Scalar(key, ..) => key.into_owned(),
                        other => panic!("a key of the template is {other:?}"),
                    };
                    let event = self.next();
                    let value = self.value(event);
                    assert!(
                        pairs.insert(key.clone(), value).is_none(),
                        "`{key}` stands twice in one mapping"
                    );
                }
                tagged(tag.as_deref(), Value::Object(pairs))
            }
            other => panic!("the template has {other:?}, which CloudFormation does not take"),
        }
    }
}

/// A scalar without quotes.
fn plain(text: &str) -> Value {
    match text {
        "true" => Value::from(true),
        "false" => Value::from(false),
        _ => match text.parse::<i64>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(text),
        },
    }
}

/// The long form of a short one.
fn tagged(tag: Option<&Tag>, value: Value) -> Value {
    let Some(tag) = tag else { return value };
    match tag.suffix.as_str() {
        "Ref" => json!({ "Ref": value }),
        "Condition" => json!({ "Condition": value }),
        function => json!({ (format!("Fn::{function}")): value }),
    }
}

#[test]
fn short_forms_are_long_ones() {
    let found =
        parse("a: !Sub x-${B}\nb: [!Ref C, \"1\", 2]\nc: !If [D, { e: true }, !GetAtt F.Arn]\n");
    assert_eq!(
        found,
        json!({
            "a": { "Fn::Sub": "x-${B}" },
            "b": [{ "Ref": "C" }, "1", 2],
            "c": { "Fn::If": ["D", { "e": true }, { "Fn::GetAtt": "F.Arn" }] },
        })
    );
}
