//! The report of a rollout: what happened, how long it took, who knew and who decided, and what nobody knows yet.
//!
//! It says what the ledger and the rollout's head say, and nothing else. What they do not say is named as unknown, and
//! becomes a question for whoever looks back at the rollout.

mod blocks;
mod html;
mod markdown;
pub(crate) mod story;
mod words;

use domain::{
    ledger::{Chain, Line},
    name::RolloutId,
    plan::{people::Locale, severity::Severity},
    rollout::{IncidentSource, IncidentState, Rollout, Status},
    time::Timestamp,
    words::Parts,
};
use jiff::tz::TimeZone;

use crate::curves::Steps;

/// How a rollout stands when its report is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It has not ended.
    Runs,
    /// Traffic goes back.
    GoesBack,
    /// Traffic is back.
    RolledBack,
    /// It was completed.
    Completed,
    /// Another rollout has its routes.
    Superseded,
}

/// What a rollout's head says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Which.
    pub id: RolloutId,
    /// SHA-256 of the plan's text.
    pub plan: String,
    /// Who started it.
    pub started_by: String,
    /// When.
    pub started_at: Timestamp,
    /// How it stands.
    pub course: Course,
    /// Why traffic went back, in words.
    pub cause: Option<String>,
    /// Breaches that people were told of and that are not over, in words.
    pub incidents: Vec<String>,
    /// The zone that times are shown in.
    pub zone: TimeZone,
    /// The end of the ledger.
    pub end: Chain,
}

impl Subject {
    /// What a head says, in words of that language.
    #[must_use]
    pub fn of(rollout: &Rollout, locale: Locale) -> Self {
        let zone = &rollout.plan.calendar.zone;
        let parts = Parts { locale, zone };
        let cause = rollout.status.cause();
        let incidents = rollout.incidents.iter().map(|(source, incident)| {
            let accepted_by = match &incident.state {
                IncidentState::Open { .. } => None,
                IncidentState::Accepted { by, .. } => Some(by.as_str()),
            };
            breach(
                &parts,
                source,
                incident.severity,
                incident.opened,
                accepted_by,
            )
        });
        Self {
            id: rollout.id.clone(),
            plan: rollout.plan.hash.to_string(),
            started_by: rollout.started_by.to_string(),
            started_at: rollout.started_at,
            course: course(&rollout.status),
            cause: cause.map(|cause| parts.cause(cause)),
            incidents: incidents.collect(),
            zone: zone.clone(),
            end: rollout.chain,
        }
    }
}

/// A breach that is not over, in words.
#[must_use]
pub fn breach(
    parts: &Parts<'_>,
    source: &IncidentSource,
    severity: Severity,
    opened: Timestamp,
    accepted_by: Option<&str>,
) -> String {
    let what = words::breach(
        parts.locale,
        &parts.source(source),
        &parts.severity(severity),
        &parts.time(opened),
    );
    match accepted_by {
        Some(by) => words::accepted(parts.locale, &what, by),
        None => what,
    }
}

const fn course(status: &Status) -> Course {
    match status {
        Status::RollingBack { .. } => Course::GoesBack,
        Status::Guarding { .. } | Status::RolledBack { .. } => Course::RolledBack,
        Status::Completed { .. } => Course::Completed,
        Status::Superseded { .. } => Course::Superseded,
        Status::Starting
        | Status::Entering(_)
        | Status::Shifting
        | Status::Baking
        | Status::AwaitingApproval
        | Status::Watching
        | Status::AwaitingFinish
        | Status::Finishing => Course::Runs,
    }
}

/// The breaches that people were told of and that are not over by the end of these lines, in the ledger's words. A
/// rollback ends them all.
#[must_use]
pub fn still_open(lines: &[Line]) -> Vec<String> {
    story::still_open(lines)
}

/// A report, in one language.
#[derive(Debug)]
pub struct Report {
    locale: Locale,
    title: String,
    blocks: Vec<Block>,
}

impl Report {
    /// Its heading.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }
}

/// A piece of a report.
#[derive(Debug)]
enum Block {
    /// A heading.
    Heading(&'static str),
    /// A sentence.
    Text(String),
    /// Names and what is known under them.
    Facts(Vec<(&'static str, String)>),
    /// A head and rows.
    Table(Vec<&'static str>, Vec<Vec<String>>),
    /// Items.
    List(Vec<String>),
    /// A command.
    Command(String),
    /// Weights over time; a page draws it.
    Weights(Drawing),
}

/// What a chart of weights is drawn from.
struct Drawing {
    steps: Vec<Steps>,
    label: String,
    from: Timestamp,
    to: Timestamp,
    zone: TimeZone,
}

impl std::fmt::Debug for Drawing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Drawing({})", self.label)
    }
}

/// The report of a rollout, from its head and its whole ledger, as it is `now`.
#[must_use]
pub fn report(subject: &Subject, ledger: &[Line], locale: Locale, now: Timestamp) -> Report {
    let story = story::Story::of(ledger);
    Report {
        locale,
        title: format!("{}: {}", words::title(locale, subject.course), subject.id),
        blocks: blocks::of(subject, &story, locale, now),
    }
}
