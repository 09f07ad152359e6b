//! The small values: names, texts, whole numbers, durations, weights.

use domain::{
    name::{
        BadName, GroupName, HookName, ItemName, MetricName, NAME_CHARS_MAX, PhaseName, RouteName,
        ServiceName,
    },
    time::{SignedDuration, Spell},
    traffic::Weight,
};
use serde_json::{Value, json};

use crate::{
    decode::{At, Leaf},
    node::Scalar,
    number::Decimal,
    problem::{Code, Fault, Report, quote},
};

macro_rules! names {
    ($( $type:ident, $expected:literal, $example:literal; )+) => { $(
        impl Leaf for $type {
            const EXPECTED: &'static str = $expected;
            const EXAMPLE: &'static str = $example;
            const FREE: bool = true;

            fn read(scalar: &Scalar) -> Result<Self, Fault> {
                Self::new(&scalar.text).map_err(|bad| bad_name(&scalar.text, &bad, $expected))
            }

            fn schema() -> Value {
                json!({
                    "type": "string",
                    "pattern": format!("^[a-z0-9_-]{{1,{NAME_CHARS_MAX}}}$"),
                })
            }
        }
    )+ };
}

names! {
    ServiceName, "a service's name", "booking-api";
    RouteName, "a route's name", "web";
    MetricName, "a metric's name", "error_rate";
    PhaseName, "a phase's name", "canary";
    HookName, "a hook's name", "page-on-call";
    GroupName, "a group's name", "infra-leads";
    ItemName, "an item's name", "backup-done";
}

fn bad_name(text: &str, bad: &BadName, expected: &str) -> Fault {
    let plain = plain_name(text);
    let mend = if plain.is_empty() {
        "choose a name such as `new-checkout`".to_owned()
    } else {
        format!("write `{plain}`")
    };
    let fault = Fault::new(
        Code::BadName,
        format!("{} is no name: {bad}", quote(text)),
        expected,
        mend,
    );
    match bad {
        BadName::Character(c) => match text.find(*c) {
            Some(at) => fault.at(at..at + c.len_utf8()),
            None => fault,
        },
        BadName::Empty | BadName::TooLong(_) => fault,
    }
}

/// The nearest that a text comes to a name; empty if there is nothing to make one of.
pub(crate) fn plain_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        let c = c.to_ascii_lowercase();
        if matches!(c, 'a'..='z' | '0'..='9' | '_') {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        if name.len() == NAME_CHARS_MAX {
            break;
        }
    }
    name.trim_end_matches('-').to_owned()
}

/// Text for people: one line of at most `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<const MAX: usize>(pub(crate) String);

impl<const MAX: usize> Leaf for Text<MAX> {
    const EXPECTED: &'static str = "a text";
    const EXAMPLE: &'static str = "…";
    const FREE: bool = true;

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let length = scalar.text.chars().count();
        if scalar.text.trim().is_empty() {
            let found = "an empty text";
            return Err(Fault::new(
                Code::NoValue,
                found,
                "a text",
                "write something, or delete it",
            ));
        }
        if length > MAX {
            let found = format!("a text of {length} characters");
            let expected = format!("at most {MAX}");
            return Err(Fault::new(Code::TooLong, found, expected, "say it shorter"));
        }
        Ok(Self(scalar.text.clone()))
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole<const MIN: u64, const MAX: u64>(pub(crate) u64);

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    /// The number where fewer bits are wanted; `MAX` says that it fits.
    pub(crate) fn small(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl<const MIN: u64, const MAX: u64> Leaf for Whole<MIN, MAX> {
    const EXPECTED: &'static str = "a whole number";
    const EXAMPLE: &'static str = "1";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.text.as_str();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = text.len() > 1 && text.starts_with('0');
        if !digits || leading_zero || !scalar.plain {
            return Err(bad_whole(scalar));
        }
        let range = || format!("a whole number from {MIN} to {MAX}");
        let out_of_range = || {
            let nearest = if text == "0" { MIN } else { MAX };
            Fault::new(
                Code::OutOfRange,
                format!("{} is out of range", quote(text)),
                range(),
                format!("write `{nearest}` or a number nearer to it"),
            )
        };
        match text.parse() {
            Ok(number) if (MIN..=MAX).contains(&number) => Ok(Self(number)),
            Ok(_) | Err(_) => Err(out_of_range()),
        }
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

fn bad_whole(scalar: &Scalar) -> Fault {
    let meant = scalar.text.replace(['_', ','], "").parse::<f64>();
    let whole = meant
        .ok()
        .filter(|number| *number >= 0.0 && *number < 1e15 && number.fract() == 0.0);
    let mend = match whole {
        Some(number) => format!("write `{number}`"),
        None => "write digits only, such as `200`".to_owned(),
    };
    let found = if scalar.plain {
        format!("{} is no plain whole number", quote(&scalar.text))
    } else {
        format!("{} is in quotes", quote(&scalar.text))
    };
    Fault::new(
        Code::BadNumber,
        found,
        "a whole number in plain digits",
        mend,
    )
}

/// The longest duration in a plan; nothing is rolled out for longer than a year.
const DURATION_MAX: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Milliseconds in each unit of a duration, longest first.
const UNITS: [(&str, i64); 6] = [
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl Leaf for SignedDuration {
    const EXPECTED: &'static str = "a duration, such as 24h, 90s or 1h30m";
    const EXAMPLE: &'static str = "24h";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        duration(&scalar.text)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^([0-9]+(w|d|h|ms|m|s))+$" })
    }
}

/// Reads a duration: whole numbers with units, the longest first.
pub(crate) fn duration(text: &str) -> Result<SignedDuration, Fault> {
    let mut rest = text;
    let mut total: i64 = 0;
    let mut units = UNITS.iter();
    if rest.is_empty() {
        return Err(bad_duration(text));
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let letters = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let Some((_, millis)) = units.find(|(name, _)| *name == unit) else {
            return Err(bad_duration(text));
        };
        let part = number
            .parse::<i64>()
            .ok()
            .and_then(|number| number.checked_mul(*millis));
        let Some(sum) = part.and_then(|part| total.checked_add(part)) else {
            return Err(if digits == 0 {
                bad_duration(text)
            } else {
                too_long(text)
            });
        };
        total = sum;
        rest = after;
    }
    let duration = SignedDuration::from_millis(total);
    if duration > DURATION_MAX {
        return Err(too_long(text));
    }
    Ok(duration)
}

/// Reports a time that is so short that it would be over before anyone could act in it.
pub(crate) fn at_least(time: &At<SignedDuration>, least: SignedDuration, report: &mut Report) {
    if time.value < least {
        let found = format!("{} is too short", quote(&spell(time.value)));
        let expected = format!("at least {}", spell(least));
        let mend = format!("write `{}` or longer", spell(least));
        report.error(
            &time.place,
            Fault::new(Code::OutOfRange, found, expected, mend),
        );
    }
}

fn too_long(text: &str) -> Fault {
    let found = format!("{} is longer than a year", quote(text));
    Fault::new(
        Code::OutOfRange,
        found,
        "at most 366d",
        "write a shorter duration",
    )
}

fn bad_duration(text: &str) -> Fault {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let word = text
        .get(digits.len()..)
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let unit = match word.as_str() {
        "week" | "weeks" | "w" => "w",
        "day" | "days" | "d" => "d",
        "hour" | "hours" | "hr" | "hrs" | "h" => "h",
        "minute" | "minutes" | "min" | "mins" | "m" => "m",
        "second" | "seconds" | "sec" | "secs" | "s" => "s",
        "millisecond" | "milliseconds" | "msec" | "ms" => "ms",
        _ => "",
    };
    let (found, mend) = if digits.is_empty() || digits.len() > 9 {
        (
            format!("{} is no duration", quote(text)),
            "write `24h`, `90s` or `1h30m`".to_owned(),
        )
    } else if word.is_empty() {
        (
            format!("{} has no unit", quote(text)),
            format!("write `{digits}h`, `{digits}m` or `{digits}s`"),
        )
    } else if unit.is_empty() {
        (
            format!("{} is no duration", quote(text)),
            "write whole numbers with `w`, `d`, `h`, `m`, `s` or `ms`, the longest first, as in `1h30m`".to_owned(),
        )
    } else {
        (
            format!("{} is no duration", quote(text)),
            format!("write `{digits}{unit}`"),
        )
    };
    Fault::new(Code::BadDuration, found, SignedDuration::EXPECTED, mend)
}

/// A duration as it is written in a plan.
pub(crate) fn spell(duration: SignedDuration) -> String {
    Spell(duration).to_string().replace(' ', "")
}

impl Leaf for Weight {
    const EXPECTED: &'static str = "a weight from 0% to 100% with at most one decimal, such as 5%";
    const EXAMPLE: &'static str = "5%";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.text.as_str();
        let bad =
            |found: String, mend: String| Fault::new(Code::BadWeight, found, Self::EXPECTED, mend);
        let Some(number) = text.strip_suffix('%').and_then(Decimal::parse) else {
            let (found, mend) = match Decimal::parse(text.trim()) {
                Some(number) if number.micros() > 1_000_000 || number.micros() == 0 => (
                    format!("{} has no `%`", quote(text)),
                    format!("write `{}%`", text.trim()),
                ),
                Some(number) => (
                    format!("{} has no `%`", quote(text)),
                    format!(
                        "write `{}`, or `{}%`",
                        percent(number.micros()),
                        text.trim()
                    ),
                ),
                None => (
                    format!("{} is no weight", quote(text)),
                    "write `5%`".to_owned(),
                ),
            };
            return Err(bad(found, mend));
        };
        if number.micros() > 100_000_000 {
            return Err(bad(
                format!("{} is more than everything", quote(text)),
                "write `100%`".to_owned(),
            ));
        }
        if number.micros() % 100_000 != 0 {
            let below = number.micros() / 100_000;
            let weight = |permille: i64| percent(permille * 1_000);
            let mend = format!("write `{}` or `{}`", weight(below), weight(below + 1));
            return Err(bad(format!("{} has too many decimals", quote(text)), mend));
        }
        u16::try_from(number.micros() / 100_000)
            .ok()
            .and_then(Self::from_permille)
            .ok_or_else(|| {
                bad(
                    format!("{} is no weight", quote(text)),
                    "write `5%`".to_owned(),
                )
            })
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^(100(\\.0)?|[0-9]{1,2}(\\.[0-9])?)%$" })
    }
}

fn percent(micros: i64) -> String {
    domain::quantity::Quantity::new(micros, domain::quantity::Dimension::Ratio).to_string()
}
