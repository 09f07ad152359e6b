//! `tidegate report`: what happened to a rollout on AWS, from its head and its verified ledger.

use aws::control::{
    Do, Done,
    view::{Incident, View},
};
use domain::{
    ledger::{self, Chain, Line},
    name::{AlarmArn, RolloutId},
    plan::{people::Locale, severity::Severity},
    rollout::IncidentSource,
    words::Parts,
};
use jiff::tz::TimeZone;
use pages::report::{Course, Subject, breach, report};

use super::{
    Account, Cloud,
    answer::{self, Form},
};
use crate::{
    args::{remote::At, report::Report},
    console::Console,
    exit::Exit,
    failure::Failure,
    file,
};

/// Writes a report.
pub(super) async fn run(
    what: &Report,
    at: &At,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Result<Exit, Failure> {
    let account = answer::open(at, Form::Text, console, cloud).await?;
    let rollout = what.rollout.to_string();
    let done = answer::question(Do::Status { rollout }, Form::Text, at, console, &account).await?;
    let (view, now) = match done {
        Done::Status(view) => match view.now.parse() {
            Ok(now) => (view, now),
            Err(_) => return Err(answer::strange(at, Form::Text, console)),
        },
        Done::Changed(_) | Done::List { .. } | Done::History { .. } | Done::Doctor { .. } => {
            return Err(answer::strange(at, Form::Text, console));
        }
    };
    let (lines, end) = history(&view, at, console, &account).await?;
    let locale = what.lang.into();
    let Some(subject) = subject(&view, end, locale) else {
        return Err(answer::strange(at, Form::Text, console));
    };
    let verified = ledger::verify(Chain::of(&subject.id), &lines, Some(end));
    verified.map_err(|broken| Failure::Ledger(format!("{}: {broken}", subject.id)))?;
    let made = report(&subject, &lines, locale, now);
    let text = if what.html {
        made.html()
    } else {
        made.markdown()
    };
    match &what.out {
        Some(path) => {
            file::write(path, &text)?;
            writeln!(console.out, "report: {}", path.display())?;
        }
        None => write!(console.out, "{text}")?,
    }
    Ok(Exit::Ok)
}

/// The ledger of the very rollout that was shown, and its end.
async fn history(
    view: &View,
    at: &At,
    console: &mut Console<'_>,
    account: &impl Account,
) -> Result<(Vec<Line>, Chain), Failure> {
    let rollout = view.rollout.clone();
    let done = answer::question(Do::History { rollout }, Form::Text, at, console, account).await?;
    match done {
        Done::History { entries, end, .. } => match Chain::parse(&end) {
            Some(end) => Ok((entries.into_iter().map(Line::from).collect(), end)),
            None => Err(answer::strange(at, Form::Text, console)),
        },
        Done::Changed(_) | Done::List { .. } | Done::Status(_) | Done::Doctor { .. } => {
            Err(answer::strange(at, Form::Text, console))
        }
    }
}

/// What a view says of a rollout; none if it says something that is not understood.
fn subject(view: &View, end: Chain, locale: Locale) -> Option<Subject> {
    let course = match view.status.as_str() {
        "completed" => Course::Completed,
        "superseded" => Course::Superseded,
        "guarding" | "rolled back" => Course::RolledBack,
        _ if view.back => Course::GoesBack,
        _ => Course::Runs,
    };
    let zone = TimeZone::get(&view.zone).unwrap_or(TimeZone::UTC);
    let parts = Parts {
        locale,
        zone: &zone,
    };
    let incidents = view.incidents.iter().map(|one| said(&parts, one));
    let cause = match locale {
        Locale::En => view.cause.clone(),
        Locale::Ja => view.cause_ja.clone().or_else(|| view.cause.clone()),
    };
    Some(Subject {
        id: RolloutId::parse(&view.rollout)?,
        plan: view.plan.clone(),
        started_by: view.started_by.clone(),
        started_at: view.started_at.parse().ok()?,
        course,
        cause,
        incidents: incidents.collect::<Option<_>>()?,
        zone,
        end,
    })
}

/// `alarm new-5xx (critical), Tue 13 Jan 2026 10:01 UTC; accepted by kim`
fn said(parts: &Parts<'_>, incident: &Incident) -> Option<String> {
    let source = match incident.source.strip_prefix("alarm ") {
        Some(name) => IncidentSource::Alarm(AlarmArn::new(name)),
        None => IncidentSource::Condition(incident.source.clone()),
    };
    let severities = [
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];
    let mut severities = severities.into_iter();
    let severity = severities.find(|severity| severity.to_string() == incident.severity)?;
    let opened = incident.opened.parse().ok()?;
    let by = incident.accepted_by.as_deref();
    Some(breach(parts, &source, severity, opened, by))
}
