//! Instants and durations, and how people read them.

use std::fmt;

pub use jiff::{SignedDuration, Timestamp};

/// The instant `by` after `at`, or the last one there is.
#[must_use]
pub fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// The instant `by` before `at`, or the first one there is.
#[must_use]
pub fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

/// How long after `earlier` `at` is; nothing if it is not after.
#[must_use]
pub fn since(at: Timestamp, earlier: Timestamp) -> SignedDuration {
    at.duration_since(earlier).max(SignedDuration::ZERO)
}

/// The beginning of the minute that `at` lies in.
#[must_use]
pub fn minute_of(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60).saturating_mul(60)).unwrap_or(at)
}

/// Shows a duration as a person would say it: `1h 30m`, `45s`, `3d`, with at most two parts.
#[derive(Debug, Clone, Copy)]
pub struct Spell(pub SignedDuration);

impl fmt::Display for Spell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
        let mut secs = self.0.as_secs().max(0);
        let Some(first) = UNITS.iter().position(|(unit, _)| secs >= *unit) else {
            let millis = self.0.as_millis();
            return if millis > 0 {
                write!(f, "{millis}ms")
            } else {
                write!(f, "0s")
            };
        };
        let mut said = 0;
        for (unit, letter) in UNITS.iter().skip(first).take(2) {
            let count = secs / unit;
            secs %= unit;
            if count > 0 {
                let space = if said > 0 { " " } else { "" };
                write!(f, "{space}{count}{letter}")?;
                said += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_as_a_person_says_it() {
        let say = |secs| Spell(SignedDuration::from_secs(secs)).to_string();
        assert_eq!(say(0), "0s");
        assert_eq!(say(45), "45s");
        assert_eq!(say(5_400), "1h 30m");
        assert_eq!(say(86_400 * 3), "3d");
        assert_eq!(say(86_400 + 61), "1d");
        assert_eq!(Spell(SignedDuration::from_millis(250)).to_string(), "250ms");
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_time() {
        assert_eq!(later(Timestamp::MAX, SignedDuration::MAX), Timestamp::MAX);
        assert_eq!(earlier(Timestamp::MIN, SignedDuration::MAX), Timestamp::MIN);
    }
}
