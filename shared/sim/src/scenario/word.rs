//! The words of a scenario: numbers with units and moments of a rollout, as types.

use std::fmt;

use domain::{
    time::{SignedDuration, Spell, Timestamp},
    traffic::Weight,
};
use serde::{Deserialize, Deserializer, de};

/// A text or a bare number, as YAML gives it.
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl de::Visitor<'_> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a word or a number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.trim().to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

macro_rules! from_word {
    ($name:ident, $parse:expr) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let Scalar(text) = Scalar::deserialize(deserializer)?;
                let parse: fn(&str) -> Result<$name, String> = $parse;
                parse(&text).map_err(de::Error::custom)
            }
        }
    };
}

fn split_unit(text: &str) -> Result<(f64, &str), String> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = number
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite());
    let number = number.ok_or_else(|| format!("`{text}` does not begin with a number"))?;
    Ok((number, unit.trim()))
}

/// A share between 0 and 1, written in percent: `0.1%`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Share(pub f64);

fn parse_share(text: &str) -> Result<Share, String> {
    match split_unit(text)? {
        (number, "%") if (0.0..=100.0).contains(&number) => Ok(Share(number / 100.0)),
        (0.0, "") => Ok(Share(0.0)),
        _ => Err(format!(
            "`{text}` is not a share; write a percentage from 0% to 100%"
        )),
    }
}

from_word!(Share, parse_share);

/// A length of time: `250ms`, `90s`, `30m`, `1h30m`, `2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span(pub(super) SignedDuration);

pub(super) fn parse_span(text: &str) -> Result<Span, String> {
    let wrong =
        || format!("`{text}` is not a length of time; write one such as 250ms, 30m or 1h30m");
    let mut rest = text;
    let mut millis = 0.0;
    while !rest.is_empty() {
        let (number, after) = split_unit(rest)?;
        let end = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let in_millis = match unit.trim() {
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return Err(wrong()),
        };
        millis += number * in_millis;
        rest = next;
    }
    // Ten years are more than any scenario needs, and far from any limit of time.
    if text.is_empty() || !(0.0..=315_360_000_000.0).contains(&millis) {
        return Err(wrong());
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most ten years")]
    Ok(Span(SignedDuration::from_millis(millis.round() as i64)))
}

from_word!(Span, parse_span);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Spell(self.0).fmt(f)
    }
}

/// A number in base units, whatever it counts: `3`, `1.2s`, `0.1%`, `512MiB`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Amount(pub f64);

fn parse_amount(text: &str) -> Result<Amount, String> {
    let (number, unit) = split_unit(text)?;
    let factor = match unit {
        "" | "B" | "s" => 1.0,
        "%" => 0.01,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3_600.0,
        "KiB" => 1_024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        _ => {
            return Err(format!(
                "`{text}` has no unit that is known; write 3, 1.2s, 250ms, 0.1% or 512MiB"
            ));
        }
    };
    Ok(Amount(number * factor))
}

from_word!(Amount, parse_amount);

/// A route's weight, with one decimal at most: `12.5%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Percent(pub(super) Weight);

fn parse_percent(text: &str) -> Result<Percent, String> {
    let Share(share) = parse_share(text)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1000"
    )]
    let permille = (share * 1000.0).round() as u16;
    Weight::from_permille(permille)
        .map(Percent)
        .ok_or_else(|| format!("`{text}` is not a weight"))
}

from_word!(Percent, parse_percent);

/// A number, at least 0.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Number(pub(super) f64);

fn parse_number(text: &str) -> Result<Number, String> {
    match split_unit(text)? {
        (number, "") if number >= 0.0 => Ok(Number(number)),
        _ => Err(format!("`{text}` is not a number of at least 0")),
    }
}

from_word!(Number, parse_number);

/// An instant: `2026-01-13T01:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant(pub(super) Timestamp);

fn parse_instant(text: &str) -> Result<Instant, String> {
    let instant = text.parse().map(Instant);
    instant.map_err(|_| format!("`{text}` is not an instant; write 2026-01-13T01:00:00Z"))
}

from_word!(Instant, parse_instant);

/// A moment: `3h` after the beginning, or `early+30m` after the weights of phase `early` are in effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// What it counts from; the beginning if nothing.
    pub anchor: Option<String>,
    /// How long after.
    pub after: SignedDuration,
}

fn parse_when(text: &str) -> Result<When, String> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let Span(after) = parse_span(text)?;
        return Ok(When {
            anchor: None,
            after,
        });
    }
    let (anchor, after) = match text.split_once('+') {
        Some((anchor, after)) => (anchor.trim(), parse_span(after.trim())?.0),
        None => (text, SignedDuration::ZERO),
    };
    if anchor.is_empty() {
        return Err(format!(
            "`{text}` is not a moment; write 3h, or early+30m for a phase"
        ));
    }
    Ok(When {
        anchor: Some(anchor.to_owned()),
        after,
    })
}

from_word!(When, parse_when);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_units() {
        assert_eq!(parse_share("0.1%"), Ok(Share(0.001)));
        assert!(parse_share("0.1").is_err());
        let hours = |text| parse_span(text).map(|span| span.to_string());
        assert_eq!(hours("1h30m"), Ok("1h 30m".to_owned()));
        assert_eq!(hours("250ms"), Ok("250ms".to_owned()));
        assert!(hours("3 weeks").is_err());
        assert!(hours("").is_err());
        assert_eq!(parse_amount("1.5KiB"), Ok(Amount(1536.0)));
        let early = parse_when("early+30m").unwrap();
        assert_eq!(early.anchor.as_deref(), Some("early"));
        assert_eq!(early.after, SignedDuration::from_mins(30));
        assert_eq!(parse_when("3h").unwrap().anchor, None);
    }
}
