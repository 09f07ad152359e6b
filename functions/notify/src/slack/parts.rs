//! The parts of a message in Block Kit.

use domain::words::{Evidence, Field, Mark};
use serde_json::{Value, json};

use super::clip::{clipped, cut, escaped, packed};

/// The most fields of a section, and the most characters of each.
const FIELDS_MAX: usize = 10;
const FIELD_CHARS_MAX: usize = 2_000;
/// The most characters of an element of a context.
const CONTEXT_CHARS_MAX: usize = 2_000;
/// The most elements of a context.
const ELEMENTS_MAX: usize = 10;
/// The most characters of a button.
const BUTTON_CHARS_MAX: usize = 75;
/// How many cells a bar of weights has.
const CELLS: u32 = 20;

pub(super) fn section(text: &str) -> Value {
    json!({ "type": "section", "text": mrkdwn(text) })
}

/// What is known, name over value, two beside one another.
pub(super) fn fields_of(fields: &[&Field]) -> Vec<Value> {
    let one = |field: &&Field| {
        let label = clipped(&field.label, FIELD_CHARS_MAX / 2);
        let text = format!("*{label}*\n{}", escaped(&field.value));
        mrkdwn(&cut(&text, FIELD_CHARS_MAX))
    };
    let sections = fields.chunks(FIELDS_MAX);
    let sections = sections.map(|some| some.iter().map(one).collect::<Vec<Value>>());
    sections
        .map(|fields| json!({ "type": "section", "fields": fields }))
        .collect()
}

/// `✓ *error_rate*: passed · now 0.05% · threshold < 0.1%`
pub(super) fn evidence_line(row: &Evidence) -> String {
    let mark = match row.mark {
        Mark::Good => '✓',
        Mark::Bad => '✗',
        Mark::Unknown => '?',
    };
    let values = row
        .values
        .iter()
        .map(|value| format!("{} {}", escaped(&value.label), escaped(&value.value)));
    let said = std::iter::once(escaped(&row.verdict)).chain(values);
    let said: Vec<String> = said.collect();
    let line = format!("{mark} *{}*: {}", escaped(&row.metric), said.join(" · "));
    cut(&line, FIELD_CHARS_MAX)
}

/// Small lines below everything.
pub(super) fn context(lines: &[String]) -> Vec<Value> {
    let texts = packed(lines.iter().cloned(), CONTEXT_CHARS_MAX);
    let elements: Vec<Value> = texts.iter().map(|text| mrkdwn(text)).collect();
    elements
        .chunks(ELEMENTS_MAX)
        .map(|some| json!({ "type": "context", "elements": some }))
        .collect()
}

/// What Slack asks before it sends that a button was pressed (Slack, "Confirmation dialog object").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Confirm {
    /// What it is, in 100 characters at most.
    pub(super) title: String,
    /// What pressing it does, in 300 at most.
    pub(super) text: String,
    /// The word for yes, in 30 at most.
    pub(super) yes: String,
    /// The word for no, in 30 at most.
    pub(super) no: String,
}

impl Confirm {
    fn block(&self) -> Value {
        let plain = |text: &str, chars_max: usize| json!({ "type": "plain_text", "text": clipped(text, chars_max) });
        json!({
            "title": plain(&self.title, 100),
            "text": plain(&self.text, 300),
            "confirm": plain(&self.yes, 30),
            "deny": plain(&self.no, 30),
            "style": "danger",
        })
    }
}

/// A button that says who pressed it; `value` comes back with it.
pub(super) fn button(words: &str, id: &str, value: &str, confirm: Option<&Confirm>) -> Value {
    let style = match id {
        "approve" => Some("primary"),
        "reject" | "rollback" => Some("danger"),
        _ => None,
    };
    let mut button = json!({
        "type": "button",
        "text": { "type": "plain_text", "text": clipped(words, BUTTON_CHARS_MAX), "emoji": false },
        "action_id": id,
        "value": value,
    });
    if let (Some(style), Some(fields)) = (style, button.as_object_mut()) {
        fields.insert("style".to_owned(), Value::from(style));
    }
    if let (Some(confirm), Some(fields)) = (confirm, button.as_object_mut()) {
        fields.insert("confirm".to_owned(), confirm.block());
    }
    button
}

pub(super) fn actions(buttons: &[Value]) -> Value {
    json!({ "type": "actions", "elements": buttons })
}

/// `canary` `███░░░` 25%, a line a route; none of what are no weights.
pub(super) fn bar_of(canary: &str, weights: &str) -> Option<String> {
    let lines: Vec<String> = weights
        .split(", ")
        .map(|part| {
            let (route, share) = part.rsplit_once([' ', '=']).unwrap_or(("", part));
            let tenths = tenths_of_percent(share)?;
            let cells = (tenths * CELLS).div_ceil(1_000).min(CELLS);
            let bar: String = (0..CELLS)
                .map(|n| if n < cells { '█' } else { '░' })
                .collect();
            let route = if route.is_empty() {
                String::new()
            } else {
                format!(" {}", escaped(route))
            };
            Some(format!(
                "{}{route} `{bar}` *{}*",
                escaped(canary),
                escaped(share)
            ))
        })
        .collect::<Option<_>>()?;
    Some(cut(&lines.join("\n"), FIELD_CHARS_MAX))
}

/// `12.5%` is 125.
fn tenths_of_percent(text: &str) -> Option<u32> {
    let text = text.strip_suffix('%')?;
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    let whole: u32 = whole.parse().ok().filter(|whole| *whole <= 100)?;
    let tenth: u32 = tenth.parse().ok().filter(|tenth| *tenth <= 9)?;
    Some(whole * 10 + tenth)
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_a_bar() {
        let check = |weights, expected: &str| {
            assert_eq!(bar_of("canary", weights).as_deref(), Some(expected));
        };
        check("0%", "canary `░░░░░░░░░░░░░░░░░░░░` *0%*");
        check("0.1%", "canary `█░░░░░░░░░░░░░░░░░░░` *0.1%*");
        check("50%", "canary `██████████░░░░░░░░░░` *50%*");
        check(
            "api 25%, web 100%",
            "canary api `█████░░░░░░░░░░░░░░░` *25%*\ncanary web `████████████████████` *100%*",
        );
        assert_eq!(bar_of("canary", ""), None);
        assert_eq!(bar_of("canary", "x"), None);
        assert_eq!(bar_of("canary", "1000%"), None);
    }
}
