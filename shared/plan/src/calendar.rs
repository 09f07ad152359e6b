//! The calendar: when weights may be raised.

use domain::plan::calendar::{Calendar, Day, Freeze, Window};
use jiff::{
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use serde_json::{Value, json};

use crate::{
    decode::{Leaf, List},
    guard::entries,
    leaf::Text,
    node::Scalar,
    problem::{Code, Fault, Report, nearest, quote},
    record::{record, words},
};

/// The most windows, and the most freezes.
const ENTRIES_MAX: usize = 64;

record! {
    /// When weights may be raised. Rollbacks do not look at it.
    CalendarText as "`calendar`" {
        /// The IANA time zone that days and times are in.
        required zone: Zone,
        /// If given, weights are raised only inside one of these.
        optional only_in: List<WindowText, 1, ENTRIES_MAX>,
        /// Weights are never raised inside one of these.
        optional freeze: List<FreezeText, 1, ENTRIES_MAX>,
    }
}

record! {
    /// A part of the day on some days of the week.
    WindowText as "a window" {
        /// The days of the week.
        required days: List<Weekday, 1, 7>,
        /// When it opens.
        required from: Clock,
        /// When it shuts, the same day.
        required to: Clock,
    }
}

record! {
    /// Days on which nothing is raised.
    FreezeText as "a freeze" {
        /// What it is called.
        required name: Text<100>,
        /// The first day: of every year, such as 12-28, or of one, such as 2027-04-29.
        required from: DayText,
        /// The last day, inclusive; of the next year if it comes before `from` in the year.
        required to: DayText,
    }
}

words! { Weekday, "a day of the week" {
    "mon" = Self::Monday,
    "tue" = Self::Tuesday,
    "wed" = Self::Wednesday,
    "thu" = Self::Thursday,
    "fri" = Self::Friday,
    "sat" = Self::Saturday,
    "sun" = Self::Sunday,
} }

/// A time zone of the IANA database.
#[derive(Debug, Clone)]
pub(crate) struct Zone(TimeZone);

impl Leaf for Zone {
    const EXPECTED: &'static str = "an IANA time zone, such as Asia/Tokyo";
    const EXAMPLE: &'static str = "Asia/Tokyo";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.text.as_str();
        let database = jiff::tz::db();
        if let Ok(zone) = database.get(text) {
            return Ok(Self(zone));
        }
        let known: Vec<String> = database
            .available()
            .map(|name| name.as_str().to_owned())
            .collect();
        let mend = match (text, nearest(text, known.iter().map(String::as_str))) {
            ("JST", _) => "write `Asia/Tokyo`".to_owned(),
            (_, Some(near)) => format!("did you mean `{near}`?"),
            (_, None) => {
                "write `Asia/Tokyo`, `UTC` or the like; abbreviations have more than one meaning"
                    .to_owned()
            }
        };
        Err(Fault::new(
            Code::BadDate,
            format!("there is no time zone {}", quote(text)),
            Self::EXPECTED,
            mend,
        ))
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9_+/-]+$", "examples": [Self::EXAMPLE, "UTC"] })
    }
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock(Time);

impl Leaf for Clock {
    const EXPECTED: &'static str = "a time of day from 00:00 to 23:59";
    const EXAMPLE: &'static str = "\"10:00\"";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.text.as_str();
        let mend = match text {
            "24:00" => "write `\"23:59\"`",
            _ => "write hours and minutes with two digits each, as in `\"10:00\"`",
        };
        // Without quotes, YAML 1.1 takes 10:00 for six hundred; a plan must not mean two things.
        if !scalar.plain && text.len() == 5 {
            let time = text.split_once(':').and_then(|(hour, minute)| {
                Time::new(two_digits(hour)?, two_digits(minute)?, 0, 0).ok()
            });
            if let Some(time) = time {
                return Ok(Self(time));
            }
        }
        if let Some(taken) = scalar.taken_for() {
            let mend = if scalar.is_short() {
                format!("write it in quotes: `\"{text}\"`")
            } else {
                "write hours and minutes with two digits each, in quotes".to_owned()
            };
            return Err(Fault::new(
                Code::AmbiguousText,
                format!("some YAML readers take {} for {taken}", quote(text)),
                Self::EXPECTED,
                mend,
            ));
        }
        Err(Fault::new(
            Code::BadDate,
            format!("{} is no time of day", quote(text)),
            Self::EXPECTED,
            mend,
        ))
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" })
    }
}

fn two_digits(text: &str) -> Option<i8> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// A day of every year, or of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayText(Day);

impl Leaf for DayText {
    const EXPECTED: &'static str = "a day: 12-28 for every year, or 2027-04-29 for one";
    const EXAMPLE: &'static str = "12-28";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.text.as_str();
        let parts: Vec<&str> = text.split('-').collect();
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let day = match parts.as_slice() {
            [month, day] => two_digits(month)
                .zip(two_digits(day))
                .map(|(month, day)| (None, month, day)),
            [year, month, day] if year.len() == 4 && digits(year) => year
                .parse::<i16>()
                .ok()
                .zip(two_digits(month).zip(two_digits(day)))
                .map(|(year, (month, day))| (Some(year), month, day)),
            _ => None,
        };
        // 2028 is a leap year: a 29 February of every year means the last day of February.
        let exists = |(year, month, day): &(Option<i16>, i8, i8)| {
            Date::new(year.unwrap_or(2028), *month, *day).is_ok()
        };
        match day.filter(exists) {
            Some((year, month, day)) => Ok(Self(Day { year, month, day })),
            None => Err(Fault::new(
                Code::BadDate,
                format!("{} is no day", quote(text)),
                Self::EXPECTED,
                "write month and day with two digits each, as in `12-28`",
            )),
        }
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^([0-9]{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$" })
    }
}

impl CalendarText {
    /// The calendar, as far as it is whole.
    pub(crate) fn calendar(&self, report: &mut Report) -> Option<Calendar> {
        Some(Calendar {
            zone: self.zone.as_ref()?.value.0.clone(),
            only_in: entries(&self.only_in)
                .filter_map(|at| at.value.window(report))
                .collect(),
            freezes: entries(&self.freeze)
                .filter_map(|at| at.value.freeze(report))
                .collect(),
        })
    }
}

impl WindowText {
    fn window(&self, report: &mut Report) -> Option<Window> {
        let (from, to) = (self.from.as_ref()?, self.to.as_ref()?);
        if to.value.0 <= from.value.0 {
            let fault = Fault::new(
                Code::Backwards,
                "the window shuts before it opens",
                "a time later than `from`, the same day",
                "for a window over midnight write two: one to \"23:59\", one from \"00:00\" on the day after",
            );
            report.error(&to.place, fault);
        }
        Some(Window {
            days: self
                .days
                .as_ref()?
                .value
                .0
                .iter()
                .map(|day| day.value)
                .collect(),
            opens: from.value.0,
            shuts: to.value.0,
        })
    }
}

impl FreezeText {
    fn freeze(&self, report: &mut Report) -> Option<Freeze> {
        let (from, to) = (self.from.as_ref()?, self.to.as_ref()?);
        let (first, last) = (from.value.0, to.value.0);
        let fault = match (first.year, last.year) {
            (None, Some(_)) => Some((
                "this is one day, and the freeze begins every year",
                "a day of every year, or a year in `from` too",
                "delete the year, or give `from` one",
            )),
            (Some(year), Some(until))
                if (until, last.month, last.day) < (year, first.month, first.day) =>
            {
                Some((
                    "the freeze ends before it begins",
                    "a day on or after `from`",
                    "exchange the two days",
                ))
            }
            (_, None) | (Some(_), Some(_)) => None,
        };
        if let Some((found, expected, mend)) = fault {
            report.error(
                &to.place,
                Fault::new(Code::Backwards, found, expected, mend),
            );
        }
        Some(Freeze {
            name: self.name.as_ref()?.value.0.clone(),
            from: first,
            to: last,
        })
    }
}
