//! Quantities: a number that knows what it counts, so that a latency is never compared with a percentage.
//!
//! Numbers are whole millionths of the base unit. That makes them equal, ordered and hashable without
//! surprises, and one decision is the same on every machine.

use std::{cmp::Ordering, fmt};

/// What a number measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// A share; the base unit is 1 (= 100 %).
    Ratio,
    /// A length of time; the base unit is one second.
    Time,
    /// A plain number of things.
    Count,
    /// An amount of data; the base unit is one byte.
    Data,
}

impl Dimension {
    /// The dimension's name and a number that has it, for messages.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Ratio => "a percentage, such as 0.1%",
            Self::Time => "a duration, such as 500ms",
            Self::Count => "a plain number, such as 3",
            Self::Data => "an amount of data, such as 512MiB",
        }
    }
}

/// A number with its dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantity {
    /// Millionths of the dimension's base unit.
    pub micros: i64,
    /// What is measured.
    pub dimension: Dimension,
}

impl Quantity {
    /// A quantity of so many millionths of the base unit.
    #[must_use]
    pub const fn new(micros: i64, dimension: Dimension) -> Self {
        Self { micros, dimension }
    }

    /// The share of `part` in `whole`; none of nothing has no share.
    ///
    /// Rounded, but never to nothing or to everything: one error in ten million is not no error.
    #[must_use]
    pub fn ratio(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 {
            return None;
        }
        let (part, whole) = (u128::from(part), u128::from(whole));
        let rounded = (part * 2_000_000 + whole) / (2 * whole);
        let micros = if part == 0 || part >= whole {
            rounded
        } else {
            rounded.clamp(1, 999_999)
        };
        let micros = i64::try_from(micros).unwrap_or(i64::MAX);
        Some(Self::new(micros, Dimension::Ratio))
    }

    /// A quantity from a measured number of base units; a number that is none has no quantity.
    #[must_use]
    pub fn measured(value: f64, dimension: Dimension) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast of a float saturates"
        )]
        let micros = (value * 1e6).round() as i64;
        Some(Self::new(micros, dimension))
    }

    /// Compares with a limit that is `factor` thousandths of `other`; different dimensions cannot be compared.
    #[must_use]
    pub fn compare_scaled(self, other: Self, factor_milli: u32) -> Option<Ordering> {
        if self.dimension != other.dimension {
            return None;
        }
        let limit = i128::from(other.micros) * i128::from(factor_milli);
        Some((i128::from(self.micros) * 1000).cmp(&limit))
    }
}

/// Writes `micros` millionths without trailing zeros and with at most `places` decimals.
fn decimal(micros: i128, places: u32) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let step = 10_i128.pow(6 - places.min(6));
    let rounded = (micros.abs() + step / 2) / step * step;
    let whole = rounded / 1_000_000;
    let fraction = format!("{:06}", rounded % 1_000_000);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = i128::from(self.micros);
        let text = match self.dimension {
            Dimension::Ratio => format!("{}%", decimal(micros * 100, 3)),
            Dimension::Time if micros.abs() < 1_000_000 => {
                format!("{}ms", decimal(micros * 1000, 1))
            }
            Dimension::Time if micros.abs() < 120_000_000 => format!("{}s", decimal(micros, 2)),
            Dimension::Time => format!("{}m", decimal(micros / 60, 1)),
            Dimension::Count => decimal(micros, 3),
            Dimension::Data => data(micros),
        };
        f.pad(&text)
    }
}

fn data(micros: i128) -> String {
    const UNITS: [(u32, &str); 4] = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    for (shift, unit) in UNITS {
        if micros.abs() >= 1_000_000 << shift {
            return format!("{}{unit}", decimal(micros >> shift, 1));
        }
    }
    format!("{}B", decimal(micros, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_reads_with_its_unit() {
        let show = |value, dimension| Quantity::measured(value, dimension).map(|q| q.to_string());
        assert_eq!(show(0.001, Dimension::Ratio).as_deref(), Some("0.1%"));
        assert_eq!(show(0.5, Dimension::Time).as_deref(), Some("500ms"));
        assert_eq!(show(1.0, Dimension::Time).as_deref(), Some("1s"));
        assert_eq!(show(119.99, Dimension::Time).as_deref(), Some("119.99s"));
        assert_eq!(show(120.0, Dimension::Time).as_deref(), Some("2m"));
        assert_eq!(show(300.0, Dimension::Time).as_deref(), Some("5m"));
        assert_eq!(show(3.0, Dimension::Count).as_deref(), Some("3"));
        assert_eq!(show(1536.0, Dimension::Data).as_deref(), Some("1.5KiB"));
        assert_eq!(show(f64::NAN, Dimension::Count), None);
    }

    #[test]
    fn a_quantity_is_rounded_to_what_is_read() {
        let count = |micros| Quantity::new(micros, Dimension::Count).to_string();
        assert_eq!(count(1_000_499), "1");
        assert_eq!(count(1_000_500), "1.001");
        assert_eq!(count(-1_000_500), "-1.001");
    }

    #[test]
    fn a_dimension_is_described_by_a_number_that_has_it() {
        for (dimension, number) in [
            (Dimension::Ratio, "0.1%"),
            (Dimension::Time, "500ms"),
            (Dimension::Count, "3"),
            (Dimension::Data, "512MiB"),
        ] {
            let (_, example) = dimension.describe().split_once("such as ").unwrap();
            assert_eq!(example, number);
        }
    }

    #[test]
    fn a_share_is_never_rounded_to_nothing_or_everything() {
        let micros = |part, whole| Quantity::ratio(part, whole).map(|ratio| ratio.micros);
        assert_eq!(micros(0, 0), None);
        assert_eq!(micros(0, 10), Some(0));
        assert_eq!(micros(1, 3), Some(333_333));
        assert_eq!(micros(2, 3), Some(666_667));
        assert_eq!(micros(1, 10_000_000), Some(1));
        assert_eq!(micros(9_999_999, 10_000_000), Some(999_999));
        assert_eq!(micros(10, 10), Some(1_000_000));
    }

    #[test]
    fn a_factor_of_stable_is_exact() {
        let ratio = |micros| Quantity::new(micros, Dimension::Ratio);
        assert_eq!(
            ratio(1100).compare_scaled(ratio(1000), 1100),
            Some(Ordering::Equal)
        );
        assert_eq!(
            ratio(1101).compare_scaled(ratio(1000), 1100),
            Some(Ordering::Greater)
        );
        let second = Quantity::new(1_000_000, Dimension::Time);
        assert_eq!(ratio(1).compare_scaled(second, 1000), None);
    }
}
