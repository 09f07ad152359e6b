//! How a rollout stands, as `simulate` shows it in a terminal.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use aws::control::view::{Condition, Gate, Incident, Route, View};
use domain::{
    time::{Timestamp, since},
    traffic::Weight,
};
use jiff::tz::TimeZone;

use crate::{
    console::{Ink, Paint},
    layout::{COLUMNS, cut, fill},
    transcript::Line,
    words,
};

/// Columns of the names on the left.
const LABEL: usize = 11;
/// Columns of a bar.
const BAR: usize = 30;

/// Prints how a rollout stands.
pub(super) fn print(view: &View, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
    for line in lines(view) {
        writeln!(out, "{}", line.painted(paint))?;
    }
    Ok(())
}

/// How a rollout stands, in lines.
pub(super) fn lines(view: &View) -> Vec<Line> {
    let mut lines = vec![title(view), phases(view), Line::default()];
    if let Some(cause) = &view.cause {
        lines.extend(labelled("because", Ink::Bad, cause));
    }
    lines.extend(labelled("waits for", None, &view.waiting));
    for hold in &view.holds {
        lines.extend(labelled("held", Ink::Ask, hold));
    }
    for incident in &view.incidents {
        lines.extend(labelled("incident", Ink::Ask, &breach(incident)));
    }
    if let Some(gate) = view.gate.as_ref().filter(|_| view.active && !view.back) {
        lines.push(progress(view, gate));
    }
    let routes = view.routes.iter();
    for (name, route) in routes {
        lines.push(route_line(name, route));
        if let Some(why) = &route.trouble {
            lines.extend(labelled("", Ink::Bad, why));
        }
        if let Some(why) = &route.obstacle {
            let why = format!("cannot be changed: {why}");
            lines.extend(labelled("", Ink::Bad, &why));
        }
    }
    let below = below(view);
    if !below.is_empty() {
        lines.push(Line::default());
        lines.extend(below);
    }
    lines
}

/// `shop#7  baking                  Tue 13 Jan 10:01 UTC   day 1`
fn title(view: &View) -> Line {
    let now = instant(&view.now);
    let day = match (now, instant(&view.started_at)) {
        (Some(now), Some(start)) => since(now, start).as_hours() / 24 + 1,
        (Some(_) | None, _) => 1,
    };
    let clock = format!("{} UTC   day {day}", date(&view.now));
    let used = view.rollout.chars().count() + 2 + view.status.chars().count();
    let used = used + clock.chars().count();
    let gap = " ".repeat(COLUMNS.saturating_sub(used).max(1));
    Line::default()
        .with(Ink::Strong, view.rollout.as_str())
        .with(None, "  ")
        .with(status_ink(view), view.status.as_str())
        .with(None, gap)
        .with(Ink::Faint, clock)
}

fn status_ink(view: &View) -> Ink {
    let open = |incident: &Incident| incident.due.is_some() && incident.accepted_by.is_none();
    if view.back {
        Ink::Bad
    } else if !view.holds.is_empty()
        || view.incidents.iter().any(open)
        || view.status.starts_with("awaiting")
    {
        Ink::Ask
    } else if view.status == "completed" {
        Ink::Good
    } else {
        Ink::Canary
    }
}

/// Statuses behind the last phase, by their names.
const BEHIND: [&str; 4] = ["watching", "awaiting finish", "finishing", "completed"];

/// `● canary   ◉ early   ○ general   ○ watch`
fn phases(view: &View) -> Line {
    let here = if BEHIND.contains(&view.status.as_str()) {
        Some(view.phases.len())
    } else {
        view.phase
    };
    let names = view.phases.iter().map(|phase| phase.name.as_str());
    let watch = view.watch.then_some("watch");
    let mut line = Line::default();
    for (n, name) in names.chain(watch).enumerate() {
        let (ink, mark) = match here {
            Some(here) if n < here => (Ink::Faint, "●"),
            Some(here) if n == here => (Ink::Canary, "◉"),
            Some(_) | None => (Ink::Faint, "○"),
        };
        line = line.with(ink, format!("{mark} {name}   "));
    }
    line
}

/// A label and a text, broken between words.
fn labelled(label: &str, ink: impl Into<Option<Ink>>, text: &str) -> Vec<Line> {
    let ink = ink.into();
    let words = text.split(' ').map(str::to_owned);
    let texts = fill(words, COLUMNS - LABEL).into_iter().enumerate();
    texts
        .map(|(n, text)| {
            let label = if n == 0 { label } else { "" };
            Line::default()
                .with(Ink::Faint, format!("{label:<LABEL$}"))
                .with(ink, text)
        })
        .collect()
}

/// `critical: alarm new-5xx, since Tue 13 Jan 10:01; kim lets it go on`
fn breach(incident: &Incident) -> String {
    let what = format!(
        "{}: {}, since {}",
        incident.severity,
        incident.source,
        date(&incident.opened)
    );
    match (&incident.accepted_by, &incident.due) {
        (Some(by), _) => match &incident.accepted_until {
            Some(until) => format!("{what}; {by} lets it go on until {}", date(until)),
            None => format!("{what}; {by} lets it go on"),
        },
        (None, Some(due)) => format!("{what}; decide by {}", date(due)),
        (None, None) => what,
    }
}

/// How much of the bake, or of the watch, is over.
fn progress(view: &View, gate: &Gate) -> Line {
    let (Some(now), Some(from), Some(until)) = (
        instant(&view.now),
        instant(&gate.since),
        instant(&gate.until),
    ) else {
        return Line::default();
    };
    let whole = since(until, from).as_secs().max(1);
    let past = since(now, from).as_secs().min(whole);
    let share = Weight::nearest(
        u64::try_from(past).unwrap_or_default(),
        u64::try_from(whole).unwrap_or(1),
    );
    let (full, rest) = words::bar(share, BAR);
    let overdue = gate.overdue.as_deref().and_then(instant);
    let label = if view.status == "watching" {
        "watch"
    } else {
        "bake"
    };
    Line::default()
        .with(Ink::Faint, format!("{label:<LABEL$}"))
        .with(None, full)
        .with(Ink::Faint, rest)
        .with(None, format!("  {}", words::progress(now, until, overdue)))
}

/// A route's share, as it was read if it could be, and what is to be known besides.
fn route_line(name: &str, route: &Route) -> Line {
    let shown = weight(route.seen.unwrap_or(route.desired));
    let (full, rest) = words::bar(shown, BAR);
    let name = cut(name, LABEL - 1);
    let (ink, note) = beside(route);
    Line::default()
        .with(Ink::Faint, format!("{name:<LABEL$}"))
        .with(Ink::Canary, full)
        .with(Ink::Faint, rest)
        .with(Ink::Canary, format!("  {:<6}", shown.to_string()))
        .with(ink, note)
}

fn beside(route: &Route) -> (Ink, String) {
    let desired = weight(route.desired);
    if route.trouble.is_some() {
        return (Ink::Bad, "wanted; cannot be read:".to_owned());
    }
    if let Some(drift) = route.drift {
        let drift = weight(drift);
        return (
            Ink::Bad,
            format!("wanted {desired}; somebody wrote {drift}"),
        );
    }
    match route.seen {
        Some(seen) if seen == route.desired => (Ink::Faint, "as decided".to_owned()),
        Some(_) => (Ink::Ask, format!("wanted {desired}")),
        None => (Ink::Faint, "wanted; not read".to_owned()),
    }
}

/// Conditions, checklist, approvals, and alarms that are not quiet.
fn below(view: &View) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(gate) = view.gate.as_ref().filter(|_| view.active && !view.back) {
        lines.extend(gate.conditions.iter().map(condition));
        for (item, by) in &gate.checklist {
            lines.push(match by {
                Some(by) => Line::default()
                    .with(Ink::Good, "✓ ")
                    .with(None, format!("{item:<36} "))
                    .with(Ink::Faint, format!("by {}", person(by))),
                None => Line::default()
                    .with(Ink::Ask, "○ ")
                    .with(None, format!("{item:<36} "))
                    .with(Ink::Faint, "to be confirmed"),
            });
        }
        if gate.needed > 0 {
            let have = gate.approvals.len();
            let who: Vec<&str> = gate.approvals.iter().map(|by| person(by)).collect();
            let text = format!("{have} of {} approvals  {}", gate.needed, who.join(", "));
            lines.push(Line::default().with(Ink::Faint, text));
        }
    }
    let mut quiet = 0;
    for alarm in &view.alarms {
        let state = alarm.state.as_deref().unwrap_or("cannot be read");
        if state == "OK" {
            quiet += 1;
            continue;
        }
        let ink = if state == "ALARM" { Ink::Bad } else { Ink::Ask };
        let text = format!("alarm {} ({}): {state}", alarm.name, alarm.severity);
        lines.push(Line::default().with(ink, "! ").with(None, text));
    }
    if quiet > 0 {
        let text = format!("  {} OK", words::counted(quiet, "alarm"));
        lines.push(Line::default().with(Ink::Faint, text));
    }
    lines
}

/// `✓ error_rate < 0.1%             0.02%   12,345 samples`
fn condition(condition: &Condition) -> Line {
    let (ink, mark) = match condition.verdict.as_deref() {
        Some("pass") => (Ink::Good, "✓"),
        Some("fail") => (Ink::Bad, "✗"),
        Some("error") => (Ink::Ask, "!"),
        Some(_) => (Ink::Ask, "?"),
        None => (Ink::Faint, "○"),
    };
    let value = condition.value.as_deref().unwrap_or("–");
    let basis = match (&condition.doubt, &condition.stable, &condition.verdict) {
        (Some(doubt), _, _) => doubt.clone(),
        (None, _, None) => "not measured yet".to_owned(),
        (None, Some(stable), Some(_)) => format!("stable {stable}, {}", samples(condition)),
        (None, None, Some(_)) => samples(condition),
    };
    let text = cut(&condition.condition, 36);
    Line::default()
        .with(ink, format!("{mark} "))
        .with(None, format!("{text:<36} "))
        .with(Ink::Strong, format!("{value:>9}"))
        .with(Ink::Faint, format!("   {basis}"))
}

fn samples(condition: &Condition) -> String {
    format!("{} samples", words::grouped(condition.samples))
}

/// Enough of an ARN to know the person: `Ops/kim` of `…:assumed-role/Ops/kim`, `kim` of `…:user/kim`.
fn person(arn: &str) -> &str {
    let name = arn.strip_prefix("arn:").and_then(|arn| arn.split_once('/'));
    name.map_or(arn, |(_, name)| name)
}

fn weight(permille: u16) -> Weight {
    Weight::from_permille(permille).unwrap_or(Weight::FULL)
}

/// One share if all routes have the same, else each with its name.
pub(super) fn weights(desired: &BTreeMap<String, u16>) -> String {
    let mut shares = desired.values();
    let first = shares.next().copied().unwrap_or_default();
    if shares.all(|share| *share == first) {
        return weight(first).to_string();
    }
    let each = desired.iter();
    let each: Vec<String> = each
        .map(|(route, share)| format!("{route} {}", weight(*share)))
        .collect();
    each.join(", ")
}

fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// `Tue 13 Jan 10:01`, in UTC; what is no instant stays as it is.
pub(super) fn date(text: &str) -> String {
    let at = instant(text).map(|at| words::short_date(at, &TimeZone::UTC));
    let at = at.map(|at| at.replace("  ", " "));
    at.unwrap_or_else(|| text.to_owned())
}
