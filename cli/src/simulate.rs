//! `tidegate simulate`: a plan played in the box.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

use domain::ledger::{Entry, Line, export};
use sim::{Outcome, Scenario, Summary};

use crate::{
    args::Simulate,
    console::{Console, Ink, Paint},
    exit::Exit,
    failure::Failure,
    file,
    play::{Pace, Play},
    report::Report,
    transcript::Voice,
    validate, words,
};

/// How long a run takes in a terminal, without the pauses for reading.
const RUN: Duration = Duration::from_secs(13);

/// Plays a plan.
pub(crate) fn run(what: &Simulate, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let Some(plan) = validate::read(&what.plan, console)? else {
        return Ok(Exit::Problems);
    };
    let plan = Arc::new(plan);
    let scenario = match &what.scenario {
        None => Scenario::default(),
        Some(path) => Scenario::parse(&file::read(path)?)
            .map_err(|error| Failure::Scenario(format!("{}:{error}", path.display())))?,
    };
    let run = Play {
        plan: plan.clone(),
        scenario,
        seed: what.seed,
        pace: what.speed.map(Pace::asked),
        whole: RUN,
        voice: Voice::Ledger,
        desk: None,
    };
    let summary = if what.json {
        run.json(console)?
    } else {
        let Some(summary) = run.show(console)? else {
            return Ok(Exit::Stopped);
        };
        let paint = console.paint();
        print(&summary, console.out, paint)?;
        summary
    };
    if let Some(path) = &what.report {
        let report = Report {
            plan: &plan,
            summary: &summary,
            seed: what.seed,
        };
        file::write(path, &report.page())?;
        if !what.json {
            writeln!(console.out, "\nreport: {}", path.display())?;
        }
    }
    if let Some(path) = &what.ledger {
        let said = export(&summary, path)?;
        if !what.json {
            writeln!(console.out, "\nledger: {said}")?;
        }
    }
    Ok(match summary.outcome {
        Outcome::Completed => Exit::Ok,
        Outcome::RolledBack => Exit::RolledBack,
        Outcome::Held | Outcome::TimedOut => Exit::Held,
        Outcome::Refused(_) => Exit::Problems,
    })
}

/// Exports the ledger, if there is one; says where it is and how it ends.
fn export(summary: &Summary, path: &Path) -> Result<String, Failure> {
    let Some(rollout) = &summary.rollout else {
        return Ok("none, the rollout did not start".to_owned());
    };
    let lines: Vec<Line> = summary.ledger.iter().map(Entry::line).collect();
    file::write(path, &export::write(&rollout.id, &lines))?;
    Ok(format!("{}\nends at {}", path.display(), rollout.chain))
}

/// The outcome and its numbers.
pub(crate) fn print(summary: &Summary, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
    let (ink, outcome) = words::outcome(&summary.outcome);
    writeln!(out, "\n{}", paint.text(ink, &outcome))?;
    for number in words::numbers(summary) {
        let label = paint.text(Ink::Faint, &format!("{:<18}", number.label));
        let value = paint.text(Ink::Strong, &format!("{:>12}", number.value));
        let note = paint.text(Ink::Faint, &number.note);
        writeln!(out, "{label}{value}  {note}")?;
    }
    Ok(())
}
