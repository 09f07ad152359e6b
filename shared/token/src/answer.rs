//! What is answered on a link's page or in Slack, on its way from `link` to `approval`; and what became of it.
//!
//! `link` faces the internet: it hands on what came and can neither check a code nor change anything. `approval` trusts
//! nothing of it but what is signed.

use std::fmt;

use domain::{plan::people::Locale, time::Timestamp};
use serde::{Deserialize, Serialize};

/// The longest reason that is handed on, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// What `link` publishes, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Envelope {
    /// Somebody answered on the page of a link.
    Link(Answer),
    /// Somebody pressed a button in Slack, or something that says so: only `approval` can check it.
    Slack(Interaction),
}

/// What somebody answered on the page of a link.
///
/// `Debug` shows which answer it is and nothing that opens anything.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The token of the link, which says who, what and where.
    pub token: String,
    /// What was typed as its code.
    pub code: String,
    /// Which sending of the form this is: the page waits for what becomes of it.
    pub attempt: Attempt,
    /// Why, in the approver's own words.
    #[serde(default)]
    pub reason: String,
    /// The items of the checklist that were ticked.
    #[serde(default)]
    pub items: Vec<String>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({})", self.attempt)
    }
}

/// A request of Slack's, as it came.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interaction {
    /// `X-Slack-Request-Timestamp`
    pub timestamp: String,
    /// `X-Slack-Signature`
    pub signature: String,
    /// The raw body, base64 already taken off.
    pub body: String,
}

impl fmt::Debug for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interaction({} bytes)", self.body.len())
    }
}

/// The name of one sending of a form: 16 hexadecimal digits, drawn by `link`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, derive_more::Display,
)]
#[serde(try_from = "String", into = "String")]
pub struct Attempt(String);

/// Why a text names no attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an attempt is 16 hexadecimal digits")]
pub struct BadAttempt;

impl Attempt {
    /// The attempt of eight random bytes.
    #[must_use]
    pub fn of(bytes: [u8; 8]) -> Self {
        Self(format!("{:016x}", u64::from_be_bytes(bytes)))
    }

    /// Reads what `Display` writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 16 && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }
}

impl TryFrom<String> for Attempt {
    type Error = BadAttempt;

    fn try_from(text: String) -> Result<Self, BadAttempt> {
        Self::parse(&text).ok_or(BadAttempt)
    }
}

impl From<Attempt> for String {
    fn from(attempt: Attempt) -> Self {
        attempt.0
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Which.
    pub attempt: Attempt,
    /// What became of it.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
}

/// A sentence without its full stop in every language: whoever looks may read another than the plan's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub struct Why {
    /// In English.
    pub en: String,
    /// In Japanese.
    pub ja: String,
}

/// As it is kept; before there were two languages it was a sentence in English.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    English(String),
    Both(Both),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    en: String,
    ja: String,
}

impl From<Kept> for Why {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::English(en) => Self { ja: en.clone(), en },
            Kept::Both(Both { en, ja }) => Self { en, ja },
        }
    }
}

impl Why {
    /// The sentence in that language.
    #[must_use]
    pub fn in_language(&self, locale: Locale) -> &str {
        match locale {
            Locale::En => &self.en,
            Locale::Ja => &self.ja,
        }
    }
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// What was asked for is done.
    Done,
    /// The code was wrong.
    WrongCode {
        /// How many more may be tried.
        left: u32,
    },
    /// What was typed is no code at all. It was no try.
    NoCode,
    /// Too many codes were wrong: the link takes none any more.
    Locked,
    /// The rollout does not take it: it has moved on, or this person may not. A sentence says why.
    Refused {
        /// Why.
        why: Why,
    },
    /// It was decided and what it changes was not seen in time, or it could not be decided. It is tried on.
    Unsure {
        /// What is known.
        why: Why,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        Answer {
            token: "aaaa.bbbb".to_owned(),
            code: "7K2M9Q".to_owned(),
            attempt: Attempt::of([0xab; 8]),
            reason: "looks good".to_owned(),
            items: vec!["dashboards".to_owned()],
        }
    }

    #[test]
    fn what_is_handed_on_reads_back_and_nothing_else_does() {
        let slack = Interaction {
            timestamp: "1531420618".to_owned(),
            signature: "v0=a2".to_owned(),
            body: "payload=%7B%7D".to_owned(),
        };
        for envelope in [Envelope::Link(answer()), Envelope::Slack(slack)] {
            let text = serde_json::to_string(&envelope).unwrap();
            assert_eq!(serde_json::from_str::<Envelope>(&text).unwrap(), envelope);
        }
        let bad = [
            r#"{"link":{"token":"a","code":"b","attempt":"c"}}"#,
            r#"{"link":{"token":"a","code":"b","attempt":"abababababababab","by":"ann"}}"#,
            r#"{"view":{}}"#,
        ];
        for text in bad {
            assert!(serde_json::from_str::<Envelope>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_outcome_in_english_alone_is_read() {
        let old = r#"{"refused":{"why":"it is over"}}"#;
        let Outcome::Refused { why } = serde_json::from_str(old).unwrap() else {
            panic!("it was refused");
        };
        for locale in [Locale::En, Locale::Ja] {
            assert_eq!(why.in_language(locale), "it is over");
        }
        let new = serde_json::to_string(&Outcome::Refused { why }).unwrap();
        assert_eq!(
            new,
            r#"{"refused":{"why":{"en":"it is over","ja":"it is over"}}}"#
        );
        for bad in ["7", r#"{"en":"x"}"#, r#"{"en":"x","ja":"y","de":"z"}"#] {
            assert!(serde_json::from_str::<Why>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_answer_is_not_shown() {
        let slack = Interaction {
            timestamp: "1".to_owned(),
            signature: "v0=secret".to_owned(),
            body: "secret".to_owned(),
        };
        let shown = format!("{:?} {:?}", answer(), Envelope::Slack(slack));
        assert_eq!(
            shown,
            "Answer(abababababababab) Slack(Interaction(6 bytes))"
        );
    }
}
