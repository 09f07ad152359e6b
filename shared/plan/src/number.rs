//! Numbers with units, exactly: no floating point between the file and the decision.

use domain::quantity::{Dimension, Quantity};

use crate::problem::{Code, Fault, quote};

/// A number that is not negative, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal(i64);

impl Decimal {
    /// Reads digits with at most one point between them and at most six decimals.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 6 {
            return None;
        }
        let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
        whole
            .parse::<i64>()
            .ok()?
            .checked_mul(1_000_000)?
            .checked_add(micros)
            .map(Self)
    }

    /// Millionths.
    pub(crate) const fn micros(self) -> i64 {
        self.0
    }
}

/// The units of limits: each with its dimension, and how many base units one of it is, as a fraction.
const UNITS: [(&str, Dimension, i64, i64); 17] = [
    ("%", Dimension::Ratio, 1, 100),
    ("us", Dimension::Time, 1, 1_000_000),
    ("ms", Dimension::Time, 1, 1_000),
    ("s", Dimension::Time, 1, 1),
    ("m", Dimension::Time, 60, 1),
    ("h", Dimension::Time, 3_600, 1),
    ("d", Dimension::Time, 86_400, 1),
    ("", Dimension::Count, 1, 1),
    ("B", Dimension::Data, 1, 1),
    ("kB", Dimension::Data, 1_000, 1),
    ("MB", Dimension::Data, 1_000_000, 1),
    ("GB", Dimension::Data, 1_000_000_000, 1),
    ("TB", Dimension::Data, 1_000_000_000_000, 1),
    ("KiB", Dimension::Data, 1 << 10, 1),
    ("MiB", Dimension::Data, 1 << 20, 1),
    ("GiB", Dimension::Data, 1 << 30, 1),
    ("TiB", Dimension::Data, 1 << 40, 1),
];

/// What a limit may be, for messages.
pub(crate) const LIMIT: &str =
    "a limit: a number with its unit, such as 0.1%, 500ms, 3 or 512MiB, or `1.1 x stable`";

/// Reads a number with its unit, such as `0.1%`.
pub(crate) fn quantity(text: &str) -> Result<Quantity, Fault> {
    let bad = |found: String, mend: String| Fault::new(Code::BadCondition, found, LIMIT, mend);
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let Some(decimal) = Decimal::parse(number) else {
        return Err(bad(
            format!("{} is no number", quote(text)),
            "write digits with at most one point and six decimals, such as `0.1%`".to_owned(),
        ));
    };
    let Some((_, dimension, times, over)) = UNITS.iter().find(|(name, ..)| *name == unit) else {
        let near = UNITS
            .iter()
            .map(|(name, ..)| *name)
            .find(|name| name.eq_ignore_ascii_case(unit));
        return Err(bad(
            format!("{} is no unit", quote(unit)),
            match near {
                Some(near) => format!("write `{number}{near}`"),
                None => "use one of %, us, ms, s, m, h, d, B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, or no unit for a plain number".to_owned(),
            },
        ));
    };
    let scaled = i128::from(decimal.micros()) * i128::from(*times);
    if scaled % i128::from(*over) != 0 {
        return Err(bad(
            format!("{} is finer than a millionth", quote(text)),
            "leave out the last decimals".to_owned(),
        ));
    }
    i64::try_from(scaled / i128::from(*over))
        .map(|micros| Quantity::new(micros, *dimension))
        .map_err(|_| {
            bad(
                format!("{} is too large", quote(text)),
                "write a smaller number".to_owned(),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_every_digit() {
        let read = |text| {
            quantity(text)
                .map(|quantity| quantity.to_string())
                .map_err(|fault| fault.found)
        };
        assert_eq!(read("0.1%"), Ok("0.1%".to_owned()));
        assert_eq!(read("500ms"), Ok("500ms".to_owned()));
        assert_eq!(read("1s"), Ok("1s".to_owned()));
        assert_eq!(read("0"), Ok("0".to_owned()));
        assert_eq!(read("512MiB"), Ok("512MiB".to_owned()));
        assert_eq!(
            read("0.00001%"),
            Err("`0.00001%` is finer than a millionth".to_owned())
        );
        assert_eq!(read("99999999999%"), Ok("99999999999%".to_owned()));
        assert_eq!(
            read("9999999999TiB"),
            Err("`9999999999TiB` is too large".to_owned())
        );
        assert_eq!(read("1.2.3"), Err("`1.2.3` is no number".to_owned()));
        assert_eq!(read("3 apples"), Err("` apples` is no unit".to_owned()));
    }
}
