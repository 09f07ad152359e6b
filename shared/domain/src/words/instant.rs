//! Instants as people read them: in the zone of the plan's calendar, which is named.

use jiff::{Timestamp, Zoned, civil::Weekday, tz::TimeZone};

/// `Tue 3 Mar 2026 09:00 JST`
pub(super) fn english(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    at.strftime("%a %-d %b %Y %H:%M %Z").to_string()
}

/// `2026年3月3日(火) 09:00 JST`
pub(super) fn japanese(at: Timestamp, zone: &TimeZone) -> String {
    let at: Zoned = at.to_zoned(zone.clone());
    let day = match at.weekday() {
        Weekday::Monday => '月',
        Weekday::Tuesday => '火',
        Weekday::Wednesday => '水',
        Weekday::Thursday => '木',
        Weekday::Friday => '金',
        Weekday::Saturday => '土',
        Weekday::Sunday => '日',
    };
    let date = at.strftime("%Y年%-m月%-d日");
    let time = at.strftime("%H:%M %Z");
    format!("{date}({day}) {time}")
}
