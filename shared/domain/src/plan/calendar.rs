//! The calendar: when weights may be raised.
//!
//! A calendar only ever stops a raise. Rollbacks do not look at it.

use jiff::{
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};

use crate::time::{SignedDuration, Timestamp, later};

/// When weights may be raised, in one time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The zone that dates and times are in.
    pub zone: TimeZone,
    /// If not empty, weights are raised only inside one of these.
    pub only_in: Vec<Window>,
    /// Weights are never raised inside one of these.
    pub freezes: Vec<Freeze>,
}

impl Default for Calendar {
    /// Always open.
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            only_in: Vec::new(),
            freezes: Vec::new(),
        }
    }
}

impl std::hash::Hash for Calendar {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.zone.iana_name().hash(state);
        self.only_in.hash(state);
        self.freezes.hash(state);
    }
}

/// A part of the day on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Window {
    /// The days; never empty.
    pub days: Vec<Weekday>,
    /// When it opens.
    pub opens: Time,
    /// When it shuts, the same day; later than it opens.
    pub shuts: Time,
}

/// Some days of every year, or of one year.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Freeze {
    /// What it is called, for people.
    pub name: String,
    /// The first day.
    pub from: Day,
    /// The last day, inclusive; of the next year if it is before `from` in the same.
    pub to: Day,
}

/// A day of every year, or of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Day {
    /// The year, if it is only in one.
    pub year: Option<i16>,
    /// 1–12.
    pub month: i8,
    /// 1–31; a day that a month does not have means its last.
    pub day: i8,
}

impl Day {
    fn in_year(self, year: i16) -> Option<Date> {
        let first = Date::new(self.year.unwrap_or(year), self.month, 1).ok()?;
        let day = self.day.clamp(1, first.days_in_month());
        Date::new(first.year(), self.month, day).ok()
    }
}

/// Why weights may not be raised now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shut {
    /// The freeze it is in, if it is in one; else it is outside every window.
    pub freeze: Option<String>,
    /// When it opens, if that is within [`SEARCHED`].
    pub opens: Option<Timestamp>,
}

/// How far ahead the next opening is looked for.
pub const SEARCHED: SignedDuration = SignedDuration::from_hours(24 * 400);

impl Calendar {
    /// Whether weights may be raised at `now`, and if not, why and until when.
    pub fn check(&self, now: Timestamp) -> Result<(), Shut> {
        let Err(freeze) = self.shut_at(now) else {
            return Ok(());
        };
        Err(Shut {
            freeze: freeze.map(str::to_owned),
            opens: self.next_opening(now),
        })
    }

    /// `Err(Some(name))` in a freeze, `Err(None)` outside every window.
    fn shut_at(&self, at: Timestamp) -> Result<(), Option<&str>> {
        let local = self.zone.to_datetime(at);
        if let Some(freeze) = self
            .freezes
            .iter()
            .find(|freeze| freeze.covers(local.date()))
        {
            return Err(Some(&freeze.name));
        }
        if self.only_in.is_empty() || self.only_in.iter().any(|window| window.covers(local)) {
            return Ok(());
        }
        Err(None)
    }

    /// The first opening after `now`: weights can only become free at a midnight or when a window opens.
    fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        let end = later(now, SEARCHED);
        let mut date = self.zone.to_datetime(now).date();
        loop {
            let mut times: Vec<Time> = self.only_in.iter().map(|window| window.opens).collect();
            times.push(Time::midnight());
            times.sort_unstable();
            for time in times {
                let at = self.zone.to_timestamp(date.to_datetime(time)).ok()?;
                if end < at {
                    return None;
                }
                if at > now && self.shut_at(at).is_ok() {
                    return Some(at);
                }
            }
            date = date.tomorrow().ok()?;
        }
    }
}

impl Window {
    fn covers(&self, at: DateTime) -> bool {
        self.days.contains(&at.weekday()) && self.opens <= at.time() && at.time() < self.shuts
    }
}

impl Freeze {
    fn covers(&self, date: Date) -> bool {
        // One that runs over the new year began in this year or in the last.
        [date.year(), date.year().saturating_sub(1)]
            .into_iter()
            .filter_map(|year| self.dates(year))
            .any(|(from, to)| from <= date && date <= to)
    }

    fn dates(&self, year: i16) -> Option<(Date, Date)> {
        let from = self.from.in_year(year)?;
        let to = self.to.in_year(from.year())?;
        if self.to.year.is_none() && to < from {
            return Some((from, self.to.in_year(from.year().checked_add(1)?)?));
        }
        Some((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        Calendar {
            zone: TimeZone::get("Asia/Tokyo").unwrap(),
            only_in: vec![Window {
                days: vec![Weekday::Tuesday],
                opens: jiff::civil::time(10, 0, 0, 0),
                shuts: jiff::civil::time(14, 0, 0, 0),
            }],
            freezes: vec![Freeze {
                name: "year-end".to_owned(),
                from: day(None, 12, 28),
                to: day(None, 1, 3),
            }],
        }
    }

    #[track_caller]
    fn check(at: &str, expected: &str) {
        let at: Timestamp = at.parse().unwrap();
        let said = match calendar().check(at) {
            Ok(()) => "open".to_owned(),
            Err(Shut { freeze, opens }) => format!(
                "{} until {}",
                freeze.as_deref().unwrap_or("outside"),
                opens.map_or("?".to_owned(), |at| at.to_string())
            ),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn weights_are_raised_on_tuesdays_but_not_at_the_turn_of_the_year() {
        // 2026-01-06 is a Tuesday; Tokyo is nine hours ahead of UTC.
        check("2026-01-06T01:00:00Z", "open");
        check("2026-01-06T04:59:59Z", "open");
        check("2026-01-06T05:00:00Z", "outside until 2026-01-13T01:00:00Z");
        check(
            "2025-12-30T01:30:00Z",
            "year-end until 2026-01-06T01:00:00Z",
        );
        check(
            "2026-01-02T01:30:00Z",
            "year-end until 2026-01-06T01:00:00Z",
        );
    }

    fn frozen(from: Day, to: Day) -> Calendar {
        Calendar {
            freezes: vec![Freeze {
                name: "frozen".to_owned(),
                from,
                to,
            }],
            ..Calendar::default()
        }
    }

    fn day(year: impl Into<Option<i16>>, month: i8, day: i8) -> Day {
        Day {
            year: year.into(),
            month,
            day,
        }
    }

    fn opens(calendar: &Calendar, at: &str) -> Result<(), Option<String>> {
        let shut = calendar.check(at.parse().unwrap());
        shut.map_err(|shut| shut.opens.map(|at| at.to_string()))
    }

    #[test]
    fn a_freeze_within_a_year_is_over_in_that_year() {
        let summer = frozen(day(None, 8, 1), day(None, 8, 15));
        let opening = Err(Some("2026-08-16T00:00:00Z".to_owned()));
        assert_eq!(opens(&summer, "2026-08-10T12:00:00Z"), opening);
        assert_eq!(opens(&summer, "2026-08-16T00:00:00Z"), Ok(()));
        assert_eq!(opens(&summer, "2026-10-01T00:00:00Z"), Ok(()));
    }

    #[test]
    fn a_freeze_can_be_one_day() {
        let one = frozen(day(None, 12, 24), day(None, 12, 24));
        let opening = Err(Some("2026-12-25T00:00:00Z".to_owned()));
        assert_eq!(opens(&one, "2026-12-24T23:59:59Z"), opening);
        assert_eq!(opens(&one, "2026-12-25T00:00:00Z"), Ok(()));
    }

    #[test]
    fn an_opening_is_looked_for_as_far_as_four_hundred_days() {
        // 2027-02-05 is 400 days after 2026-01-01.
        let at_last = frozen(day(2026, 1, 1), day(2027, 2, 4));
        let opening = Err(Some("2027-02-05T00:00:00Z".to_owned()));
        assert_eq!(opens(&at_last, "2026-01-01T00:00:00Z"), opening);
        let too_late = frozen(day(2026, 1, 1), day(2027, 2, 5));
        assert_eq!(opens(&too_late, "2026-01-01T00:00:00Z"), Err(None));
    }

    #[test]
    fn calendars_that_differ_are_hashed_differently() {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let hash = |calendar: &Calendar| {
            let mut hasher = DefaultHasher::new();
            calendar.hash(&mut hasher);
            hasher.finish()
        };
        assert_ne!(hash(&Calendar::default()), hash(&calendar()));
    }

    #[test]
    fn a_calendar_without_entries_is_always_open() {
        assert_eq!(Calendar::default().check(Timestamp::UNIX_EPOCH), Ok(()));
    }
}
