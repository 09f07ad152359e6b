//! A message in Slack: its blocks, and a text for where blocks are not shown.
//!
//! Limits are those of Block Kit (Slack, "Reference: blocks"); what is too long is cut where a character ends, and never
//! inside of an entity or a link.

mod clip;
mod parts;

use domain::{
    rollout::Rollout,
    words::{Message, Phrase, Tone},
};
use serde_json::{Value, json};
use token::Action;

use crate::{
    news::News,
    offer::{Offer, action_id, label},
};
use clip::{clipped, escaped, packed};
use parts::{Confirm, actions, bar_of, button, context, evidence_line, fields_of, section};

/// The most blocks of a message.
const BLOCKS_MAX: usize = 50;
/// The most characters of the text of a section.
const SECTION_CHARS_MAX: usize = 3_000;
/// What fits a screen; Slack takes more (`text`, 40 000 characters).
const TEXT_CHARS_MAX: usize = 3_000;
/// The most people whose links stand in one message to all.
const DECIDERS_SHOWN_MAX: usize = 8;

/// Whose links go with a message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Links<'a> {
    /// Nobody's.
    None,
    /// Everybody's: the webhook knows one channel only.
    Everybodys,
    /// One person's, in a message to them.
    Personal(&'a Offer),
    /// Buttons that ask who presses them.
    Buttons,
}

/// The body of a message, without where it goes.
pub(crate) fn message(news: &News, links: Links<'_>) -> Value {
    let mut blocks = vec![section(&heading(&news.message))];
    if let Some(bar) = bar(news) {
        blocks.push(section(&bar));
    }
    let (named, unnamed): (Vec<_>, Vec<_>) = news
        .message
        .fields
        .iter()
        .partition(|field| !field.label.is_empty());
    blocks.extend(fields_of(&named));
    let alone = unnamed
        .iter()
        .map(|field| clipped(&field.value, SECTION_CHARS_MAX))
        .chain(news.message.evidence.iter().map(evidence_line));
    blocks.extend(
        packed(alone, SECTION_CHARS_MAX)
            .iter()
            .map(|text| section(text)),
    );
    let mut tail = decisions(news, links);
    tail.extend(context(&below(news, links)));
    blocks.truncate(BLOCKS_MAX.saturating_sub(tail.len()));
    blocks.append(&mut tail);
    body(&text(news), &blocks)
}

/// The one message of a rollout that is changed as it goes on: what happened last, the weights, what is awaited.
pub(crate) fn root(news: &News, rollout: &Rollout) -> Value {
    let standing = news.say(&Phrase::Standing(&rollout.status));
    let title = format!("{}: {standing}", rollout.id);
    let mut blocks = vec![section(&format!("*{}*", escaped(&title)))];
    let phase = rollout.current_phase().map(|phase| {
        let number = rollout.phase.map_or(0, |index| index.saturating_add(1));
        let count = rollout.plan.phases.len();
        format!("  {} ({number}/{count})", escaped(phase.name.as_str()))
    });
    if let Some(bar) = bar_of(&news.say(&Phrase::Canary), &rollout.desired.to_string()) {
        blocks.push(section(&format!("{bar}{}", phase.unwrap_or_default())));
    }
    let said = clipped(&news.message.heading(), SECTION_CHARS_MAX);
    blocks.push(section(&said));
    blocks.extend(context(&below(news, Links::None)));
    body(&escaped(&title), &blocks)
}

fn body(text: &str, blocks: &[Value]) -> Value {
    json!({
        "text": text,
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// Whether a message of a thread is shown in the channel too.
pub(crate) fn is_for_all(message: &Message) -> bool {
    match message.tone {
        Tone::Ask | Tone::Bad => true,
        Tone::Note | Tone::Good => false,
    }
}

fn heading(message: &Message) -> String {
    format!("*{}*", clipped(&message.heading(), SECTION_CHARS_MAX - 2))
}

/// The weights as they were decided with the entry.
fn bar(news: &News) -> Option<String> {
    bar_of(&news.say(&Phrase::Canary), &news.told.line.after)
}

/// The message as plain text.
fn text(news: &News) -> String {
    let mut lines = vec![heading(&news.message)];
    let below = news.message.lines().into_iter();
    lines.extend(
        below
            .chain(news.notes.iter().cloned())
            .map(|line| escaped(&line)),
    );
    let whole = lines.join("\n");
    clip::cut(&whole, TEXT_CHARS_MAX)
}

/// What happens next, what happened to other messages, and the way to the status page.
fn below(news: &News, links: Links<'_>) -> Vec<String> {
    let next = news.message.next.iter().map(|step| format!("→ {step}"));
    let mut said: Vec<String> = next
        .chain(news.notes.iter().cloned())
        .map(|line| clipped(&line, SECTION_CHARS_MAX))
        .collect();
    let hint = match links {
        Links::Buttons if news.offers.iter().any(|offer| offer.slack.is_some()) => {
            Some(Phrase::Privately)
        }
        Links::Everybodys | Links::Personal(_) if !news.offers.is_empty() => Some(Phrase::Personal),
        Links::None | Links::Everybodys | Links::Personal(_) | Links::Buttons => None,
    };
    said.extend(hint.map(|hint| escaped(&news.say(&hint))));
    let ways = news.ways().into_iter();
    let ways: Vec<String> = ways
        .map(|(name, address)| format!("<{address}|{}>", escaped(&name)))
        .collect();
    if !ways.is_empty() {
        said.push(ways.join(" · "));
    }
    said
}

/// What can be decided with it.
fn decisions(news: &News, links: Links<'_>) -> Vec<Value> {
    match links {
        Links::None => Vec::new(),
        Links::Personal(offer) => personal(news, offer),
        Links::Everybodys => {
            let shown = news.offers.iter().take(DECIDERS_SHOWN_MAX);
            let mut blocks: Vec<Value> = shown.flat_map(|offer| personal(news, offer)).collect();
            let more = news.offers.len().saturating_sub(DECIDERS_SHOWN_MAX);
            if more > 0 {
                blocks.push(section(&escaped(&news.say(&Phrase::MoreDeciders(more)))));
            }
            blocks
        }
        Links::Buttons if news.buttons.is_empty() => Vec::new(),
        Links::Buttons => {
            let one = |it: &crate::offer::Button| {
                let words = news.say(&label(it.action));
                let confirm = confirm(news, it.action, &words);
                button(&words, action_id(it.action), &it.token, confirm.as_ref())
            };
            vec![actions(
                &news.buttons.iter().map(one).collect::<Vec<Value>>(),
            )]
        }
    }
}

/// What Slack asks before a button is pressed for good: sending traffic back asks for nothing else.
fn confirm(news: &News, action: Action, words: &str) -> Option<Confirm> {
    let rollout = news
        .rollout
        .as_ref()
        .filter(|_| action == Action::Rollback)?;
    Some(Confirm {
        title: words.to_owned(),
        text: news.say(&Phrase::RollBackDoes {
            rollout: &rollout.id.to_string(),
            within: rollout.plan.rollback.within,
        }),
        yes: words.to_owned(),
        no: news.say(&Phrase::Cancel),
    })
}

/// A person's links, each with its code.
fn personal(news: &News, offer: &Offer) -> Vec<Value> {
    let name = match &offer.slack {
        Some(id) => format!("<@{id}>"),
        None => format!("*{}*", escaped(offer.person.as_str())),
    };
    let link = |press: &crate::offer::Press| {
        let words = escaped(&news.say(&label(press.action)));
        let code = escaped(&news.say(&Phrase::Code(&format!("`{}`", press.code))));
        format!("<{}|{words}> · {code}", press.address)
    };
    let lines = std::iter::once(name).chain(offer.presses.iter().map(link));
    let sections = packed(lines, SECTION_CHARS_MAX);
    sections.iter().map(|text| section(text)).collect()
}
