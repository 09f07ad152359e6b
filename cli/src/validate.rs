//! `tidegate validate`: everything that is wrong with a plan.

use std::path::Path;

use domain::plan::Plan;
use plan::{Checked, Problem};

use crate::{
    args::Validate,
    console::{Console, Ink, Paint},
    exit::Exit,
    failure::Failure,
    file, json, words,
};

/// Checks a plan and shows its problems.
pub(crate) fn run(what: &Validate, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let source = file::read(&what.plan)?;
    let name = what.plan.display().to_string();
    let (checked, errors) = match plan::parse(&source) {
        Ok(checked) => (Some(checked), Vec::new()),
        Err(problems) => (None, problems.to_vec()),
    };
    let warnings = checked
        .as_ref()
        .map_or(&[][..], |checked| &checked.warnings[..]);
    let problems = if checked.is_some() { warnings } else { &errors };
    let usable = checked.is_some() && (warnings.is_empty() || !what.deny_warnings);
    if what.json {
        let answer = json::Validation::new(&name, checked.as_ref().map(|c| &c.plan), problems);
        json::line(console.out, &answer)?;
    } else {
        complain(problems, &name, &source, console)?;
        if let (Some(checked), true) = (&checked, usable) {
            praise(&checked.plan, &name, console)?;
        }
        if !problems.is_empty() {
            let tally = words::tally(errors.len(), warnings.len());
            writeln!(console.err, "{name}: {tally}")?;
        }
    }
    Ok(if usable { Exit::Ok } else { Exit::Problems })
}

/// Reads a plan for another command: its errors are shown as `validate` shows them, its warnings are not.
pub(crate) fn read(path: &Path, console: &mut Console<'_>) -> Result<Option<Plan>, Failure> {
    let source = file::read(path)?;
    match plan::parse(&source) {
        Ok(Checked { plan, .. }) => Ok(Some(plan)),
        Err(problems) => {
            let name = path.display().to_string();
            complain(&problems, &name, &source, console)?;
            let tally = words::tally(problems.len(), 0);
            writeln!(console.err, "{name}: {tally}")?;
            Ok(None)
        }
    }
}

fn complain(
    problems: &[Problem],
    name: &str,
    source: &str,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    if problems.is_empty() {
        return Ok(());
    }
    let color = match console.paint_err() {
        Paint::Colors => plan::Color::Always,
        Paint::Plain => plan::Color::Never,
    };
    let text = plan::render(problems, name, source, color);
    write!(console.err, "{text}")?;
    Ok(())
}

fn praise(plan: &Plan, name: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    let good = console.paint().text(Ink::Good, "ok");
    writeln!(console.out, "{good} {name}: {}", words::outline(plan))?;
    Ok(())
}
