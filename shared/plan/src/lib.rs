//! The language: text → checked plan, every error with its place; and the JSON Schema of the language.
//!
//! A plan is YAML (and JSON is YAML). It is read completely before anything starts: [`parse`] gives
//! either a plan that the state machine may rely on, or everything that is wrong with the text, each
//! problem with its place, what was expected and how to mend it. Text goes in and types come out, never
//! the other way round; nothing here does I/O.

mod advice;
mod arn;
mod calendar;
mod condition;
mod decode;
mod guard;
mod hook;
mod leaf;
mod metric;
mod names;
mod node;
mod number;
mod people;
mod phase;
mod problem;
mod record;
mod route;
mod schema;
mod show;
mod source;
mod traffic;
mod written;
mod yaml;

use domain::plan::Plan;

pub use problem::{Code, Problem, Problems, Severity, Span};
pub use schema::schema;
pub use show::{Color, render, to_json};

/// A plan that may be run, and what is dangerous about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The plan.
    pub plan: Plan,
    /// What is legal and dangerous, in the order of the file.
    pub warnings: Vec<Problem>,
}

/// Reads and checks a plan.
///
/// On failure every error is given at once. Warnings are given about plans without errors only, because
/// most of them look at the plan as a whole.
pub fn parse(text: &str) -> Result<Checked, Problems> {
    let mut report = problem::Report::default();
    match read(text, &mut report) {
        Some(plan) => Ok(Checked {
            plan,
            warnings: report.into_problems(),
        }),
        None => Err(Problems(errors(text, report))),
    }
}

/// The errors of a text that is no plan; there is always one.
fn errors(text: &str, mut report: problem::Report) -> Vec<Problem> {
    if !report.failed() {
        let fault = problem::Fault::new(
            Code::Unsound,
            "this plan could not be made, and nothing was found to be wrong with it",
            "a plan, or a reason",
            "please report this with the file",
        );
        report.error(&source::beginning(text), fault);
    }
    report
        .into_problems()
        .into_iter()
        .filter(|problem| problem.severity == Severity::Error)
        .collect()
}

fn read(text: &str, report: &mut problem::Report) -> Option<Plan> {
    let node = yaml::read(text, report)?;
    let written = <written::PlanText as decode::Decode>::decode(&node, report)?;
    let plan = written.plan(text, report)?;
    if let Err(unsound) = plan.check() {
        for reason in unsound {
            let fault = problem::Fault::new(
                Code::Unsound,
                reason.to_string(),
                "parts that fit together",
                "correct the plan; please report this message too, because it should have been a better one",
            );
            report.error(&node.place, fault);
        }
        return None;
    }
    advice::advise(&written, &plan, report);
    (!report.failed()).then_some(plan)
}
