//! What people are told of an entry, as attributes of its item.
//!
//! Older items have a message as lines of text; these are read too, because a stream keeps them for a day.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::words::{Evidence, Field, Mark, Message, Tone};
use engine::trouble::Trouble;

use crate::store::item::{self, Item};

/// The attribute that every message has.
const TONE: &str = "tone";
/// The attribute that a message as lines of text has.
const LINES: &str = "text";

/// The most bytes of what one item carries more: an item has at most 400 KB (`DynamoDB`, "Item sizes"), and what it
/// carries beside that is one entry.
const MORE_BYTES_MAX: usize = 300_000;

/// Entries that go into one item, with the titles of their messages alone if they are too many to be told in full:
/// what many alarms have to say must not cost the rollback that is among them.
pub(super) fn fit(mut more: Vec<Item>) -> Vec<Item> {
    let bytes: usize = more.iter().map(item::bytes).sum();
    if bytes > MORE_BYTES_MAX {
        for item in more.iter_mut().filter(|item| is_in(item)) {
            for part in ["fields", "rows", "next"] {
                item.insert(part.to_owned(), AttributeValue::L(Vec::new()));
            }
        }
    }
    more
}

/// Whether an item has a message.
pub(super) fn is_in(item: &Item) -> bool {
    item.contains_key(TONE)
}

/// Adds a message to its entry.
pub(super) fn write(item: &mut Item, message: Message) {
    let text = AttributeValue::S;
    let evidence = message.evidence.into_iter().map(row);
    let attributes = [
        (TONE, text(tone_word(message.tone).to_owned())),
        ("title", text(message.title)),
        ("fields", fields(message.fields)),
        ("rows", AttributeValue::L(evidence.collect())),
        ("next", item::list(message.next)),
    ];
    let flag = message.flag.map(|flag| ("flag", text(flag)));
    let attributes = attributes.into_iter().chain(flag);
    item.extend(attributes.map(|(name, value)| (name.to_owned(), value)));
}

fn fields(fields: Vec<Field>) -> AttributeValue {
    let one = |Field { label, value }| {
        let parts = [("label", label), ("value", value)];
        map(parts.map(|(name, text)| (name, AttributeValue::S(text))))
    };
    AttributeValue::L(fields.into_iter().map(one).collect())
}

fn row(row: Evidence) -> AttributeValue {
    let text = AttributeValue::S;
    map([
        ("mark", text(mark_word(row.mark).to_owned())),
        ("metric", text(row.metric)),
        ("verdict", text(row.verdict)),
        ("values", fields(row.values)),
    ])
}

fn map<const N: usize>(attributes: [(&str, AttributeValue); N]) -> AttributeValue {
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
    AttributeValue::M(attributes.into())
}

/// The message of an entry, if it has one.
pub(super) fn read(item: &Item) -> Result<Option<Message>, Trouble> {
    let Some(word) = item::optional(item, TONE) else {
        return Ok(None);
    };
    let tone = TONES
        .into_iter()
        .find(|tone| tone_word(*tone) == word)
        .ok_or_else(|| item::malformed(item, format!("has an unknown tone `{word}`")))?;
    let title = item::text(item, "title")?.to_owned();
    if item.contains_key(LINES) {
        return Ok(Some(Message {
            tone,
            flag: None,
            title,
            fields: unnamed(item::texts(item, LINES)?),
            evidence: Vec::new(),
            next: Vec::new(),
        }));
    }
    let rows = item::maps(item, "rows")?.into_iter();
    Ok(Some(Message {
        tone,
        flag: item::optional(item, "flag").map(str::to_owned),
        title,
        fields: read_fields(item, "fields")?,
        evidence: rows.map(read_row).collect::<Result<_, _>>()?,
        next: item::texts(item, "next")?,
    }))
}

/// Lines of text as what stands alone.
fn unnamed(lines: Vec<String>) -> Vec<Field> {
    let one = |value| Field {
        label: String::new(),
        value,
    };
    lines.into_iter().map(one).collect()
}

fn read_fields(item: &Item, attribute: &str) -> Result<Vec<Field>, Trouble> {
    let one = |field: &Item| {
        Ok(Field {
            label: item::text(field, "label")?.to_owned(),
            value: item::text(field, "value")?.to_owned(),
        })
    };
    item::maps(item, attribute)?.into_iter().map(one).collect()
}

fn read_row(row: &Item) -> Result<Evidence, Trouble> {
    let word = item::text(row, "mark")?;
    Ok(Evidence {
        mark: MARKS
            .into_iter()
            .find(|mark| mark_word(*mark) == word)
            .ok_or_else(|| item::malformed(row, format!("has an unknown mark `{word}`")))?,
        metric: item::text(row, "metric")?.to_owned(),
        verdict: item::text(row, "verdict")?.to_owned(),
        values: read_fields(row, "values")?,
    })
}

const TONES: [Tone; 4] = [Tone::Note, Tone::Good, Tone::Ask, Tone::Bad];

const fn tone_word(tone: Tone) -> &'static str {
    match tone {
        Tone::Note => "note",
        Tone::Good => "good",
        Tone::Ask => "ask",
        Tone::Bad => "bad",
    }
}

const MARKS: [Mark; 3] = [Mark::Good, Mark::Bad, Mark::Unknown];

const fn mark_word(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "good",
        Mark::Bad => "bad",
        Mark::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(label: &str, value: &str) -> Field {
        Field {
            label: label.to_owned(),
            value: value.to_owned(),
        }
    }

    fn message() -> Message {
        Message {
            tone: Tone::Bad,
            flag: Some("[bad]".to_owned()),
            title: "shop#1: rolling back".to_owned(),
            fields: vec![field("Phase", "half (2 of 3)")],
            evidence: vec![Evidence {
                mark: Mark::Unknown,
                metric: "error_rate".to_owned(),
                verdict: "no data".to_owned(),
                values: vec![field("threshold", "< 0.1%")],
            }],
            next: vec!["Traffic goes back.".to_owned()],
        }
    }

    fn written(message: Message) -> Item {
        let mut item = Item::new();
        write(&mut item, message);
        item
    }

    #[test]
    fn a_message_comes_back_as_it_was_written() {
        for flag in [None, Some("[bad]".to_owned())] {
            let message = Message { flag, ..message() };
            let item = written(message.clone());
            assert!(is_in(&item));
            assert_eq!(read(&item), Ok(Some(message)));
        }
        assert_eq!(read(&Item::new()), Ok(None));
    }

    #[test]
    fn an_older_message_is_read_with_its_lines_as_they_were() {
        let lines = ["canary at 5%", "leads may approve."];
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let item = Item::from([
            (TONE.to_owned(), text("ask")),
            ("title".to_owned(), text("shop#1: approval")),
            (LINES.to_owned(), item::list(lines)),
        ]);
        let message = read(&item).unwrap().unwrap();
        assert_eq!(message.tone, Tone::Ask);
        assert_eq!(message.heading(), "shop#1: approval");
        assert_eq!(message.lines(), lines);
    }

    #[test]
    fn too_many_messages_for_an_item_are_their_titles() {
        let items = |count| -> Vec<Item> { (0..count).map(|_| written(message())).collect() };
        assert_eq!(fit(items(100)), items(100));
        let bytes: usize = items(1).iter().map(item::bytes).sum();
        let many = items(MORE_BYTES_MAX / bytes + 1);
        for item in fit(many) {
            let told = read(&item).unwrap().unwrap();
            assert_eq!(told.title, message().title);
            assert_eq!(told.lines(), Vec::<String>::new());
        }
    }

    #[test]
    fn a_message_that_somebody_changed_is_refused() {
        for attribute in ["title", "fields", "rows", "next"] {
            let mut item = written(message());
            item.remove(attribute);
            assert!(read(&item).is_err(), "{attribute}");
        }
        let mut item = written(message());
        item.insert(TONE.to_owned(), AttributeValue::S("shrill".to_owned()));
        assert!(read(&item).is_err());
    }
}
