//! What `--json` prints: every shape that a tool may rely on.

use std::io::{self, Write};

use domain::{
    plan::{Plan, phase::Phase},
    time::SignedDuration,
};
use serde::Serialize;
use sim::Outcome;

use crate::{history::Reading, timeline};

/// Prints one value in a line.
pub(crate) fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    writeln!(out)
}

/// `tidegate validate --json`.
#[derive(Serialize)]
pub(crate) struct Validation<'a> {
    file: &'a str,
    /// Whether it may be run.
    valid: bool,
    /// Its service, if it may.
    service: Option<String>,
    /// Errors, or else warnings.
    problems: serde_json::Value,
}

impl<'a> Validation<'a> {
    pub(crate) fn new(file: &'a str, plan: Option<&Plan>, problems: &[plan::Problem]) -> Self {
        Self {
            file,
            valid: plan.is_some(),
            service: plan.map(|plan| plan.service.to_string()),
            problems: plan::to_json(problems),
        }
    }
}

/// `tidegate show --json`.
#[derive(Serialize)]
pub(crate) struct Timeline {
    service: String,
    /// SHA-256 of the plan's text.
    plan: String,
    zone: String,
    start: String,
    phases: Vec<Stage>,
    watch: Option<Span>,
    ends: String,
}

#[derive(Serialize)]
struct Span {
    begins: String,
    ends: String,
}

#[derive(Serialize)]
struct Stage {
    name: String,
    begins: String,
    overdue: Option<String>,
    /// Percent of each route.
    weights: std::collections::BTreeMap<String, f64>,
    bake_seconds: i64,
    require: Vec<String>,
    rollback: Vec<String>,
    checklist: Vec<String>,
    approval: Option<Approval>,
    before: Vec<String>,
    after: Vec<String>,
}

#[derive(Serialize)]
struct Approval {
    from: Vec<String>,
    needed: u32,
    expires_seconds: Option<i64>,
}

impl Timeline {
    pub(crate) fn new(plan: &Plan, timeline: &timeline::Timeline<'_>) -> Self {
        Self {
            service: plan.service.to_string(),
            plan: plan.hash.to_string(),
            zone: crate::words::zone(&plan.calendar.zone).to_owned(),
            start: timeline.start.to_string(),
            phases: timeline.stages.iter().map(Stage::new).collect(),
            watch: timeline.watch.map(|(begins, ends)| Span {
                begins: begins.to_string(),
                ends: ends.to_string(),
            }),
            ends: timeline.ends.to_string(),
        }
    }
}

impl Stage {
    fn new(stage: &timeline::Stage<'_>) -> Self {
        let Phase {
            name,
            weights,
            bake,
            within: _,
            require,
            rollback,
            limits: _,
            approval,
            checklist,
            before,
            after,
        } = stage.phase;
        Self {
            name: name.to_string(),
            begins: stage.begins.to_string(),
            overdue: stage.overdue.map(|at| at.to_string()),
            weights: weights
                .iter()
                .map(|(route, weight)| (route.to_string(), percent(weight)))
                .collect(),
            bake_seconds: bake.as_secs(),
            require: texts(require),
            rollback: texts(rollback),
            checklist: checklist.iter().map(|item| item.name.to_string()).collect(),
            approval: approval.as_ref().map(|approval| Approval {
                from: texts(&approval.from),
                needed: approval.needed,
                expires_seconds: approval.expires.map(|expires| expires.as_secs()),
            }),
            before: texts(before),
            after: texts(after),
        }
    }
}

fn texts(all: &[impl ToString]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

fn percent(weight: domain::traffic::Weight) -> f64 {
    f64::from(weight.permille()) / 10.0
}

/// `tidegate history --verify --json`.
#[derive(Serialize)]
pub(crate) struct Verification<'a> {
    file: &'a str,
    /// Whether it is a ledger as it was exported, and has the end that was given.
    verified: bool,
    rollout: Option<String>,
    /// How many were read and verified.
    entries: u64,
    /// The ledger's end, `<seq>:<hash>`.
    end: Option<String>,
    /// Whether that was compared with one from elsewhere: else nobody knows what was cut off behind it.
    compared: bool,
    problem: Option<Refusal>,
}

#[derive(Serialize)]
struct Refusal {
    line: usize,
    column: Option<usize>,
    why: String,
}

impl<'a> Verification<'a> {
    pub(crate) fn new(file: &'a str, reading: &Reading, compared: bool) -> Self {
        let (whole, refused) = match &reading.ended {
            Ok(whole) => (Some(whole), None),
            Err(refused) => (None, Some(refused)),
        };
        Self {
            file,
            verified: whole.is_some(),
            rollout: reading.rollout.as_ref().map(ToString::to_string),
            entries: reading.lines.last().map_or(0, |line| line.seq),
            end: whole.map(|whole| whole.end.to_string()),
            compared,
            problem: refused.map(|refused| Refusal {
                line: refused.line,
                column: refused.column,
                why: refused.why.to_string(),
            }),
        }
    }
}

/// The last line of `tidegate simulate --json`.
#[derive(Serialize)]
pub(crate) struct Summary {
    #[serde(rename = "type")]
    kind_of_line: &'static str,
    service: String,
    /// SHA-256 of the plan's text.
    plan: String,
    seed: u64,
    outcome: &'static str,
    /// The outcome in words.
    said: String,
    started: String,
    ended: String,
    trouble_began: Option<String>,
    seconds_to_detect: Option<f64>,
    seconds_to_roll_back: Option<f64>,
    requests: u64,
    canary_requests: u64,
    canary_failures: u64,
    entries: usize,
    /// How often each port was called.
    calls: std::collections::BTreeMap<&'static str, u64>,
}

impl Summary {
    pub(crate) fn new(plan: &Plan, seed: u64, summary: &sim::Summary) -> Self {
        let seconds = |long: Option<SignedDuration>| long.map(|long| long.as_secs_f64());
        Self {
            kind_of_line: "summary",
            service: plan.service.to_string(),
            plan: plan.hash.to_string(),
            seed,
            outcome: outcome(&summary.outcome),
            said: summary.outcome.to_string(),
            started: summary.started.to_string(),
            ended: summary.ended.to_string(),
            trouble_began: summary.trouble_began.map(|at| at.to_string()),
            seconds_to_detect: seconds(summary.detected),
            seconds_to_roll_back: seconds(summary.restored),
            requests: summary.requests,
            canary_requests: summary.canary_requests,
            canary_failures: summary.canary_failures,
            entries: summary.ledger.len(),
            calls: summary.calls.clone(),
        }
    }
}

const fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "completed",
        Outcome::RolledBack => "rolled-back",
        Outcome::Held => "held",
        Outcome::TimedOut => "timed-out",
        Outcome::Refused(_) => "refused",
    }
}
