//! `tidegate demo`: one plan, a good and a bad week.

pub(crate) mod desk;
mod loopback;
mod measured;
mod room;

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

use domain::plan::{Plan, people::ChannelKind};
use sim::{Scenario, Summary};

use desk::Desk;

use crate::{
    args::Demo,
    console::{Console, Ink, Paint},
    exit::Exit,
    failure::Failure,
    file, layout,
    play::{Pace, Play},
    report::Report,
    simulate,
    transcript::Voice,
    words,
};

const PLAN: &str = include_str!("../../infra/plans/lightning-talk-circle.yaml");
const GOOD: &str = include_str!("../../infra/plans/lightning-talk-circle.good.scenario.yaml");
const BAD: &str = include_str!("../../infra/plans/lightning-talk-circle.bad.scenario.yaml");

/// How long a run takes, without the pauses for reading.
const RUN: Duration = Duration::from_secs(12);

/// Plays both.
pub(crate) fn run(what: &Demo, program: &str, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let plan = plan::parse(PLAN).map_err(|problems| {
        Failure::Embedded(format!("plan: {}", words::tally(problems.len(), 0)))
    })?;
    let plan = Arc::new(plan.plan);
    let paint = console.paint();
    introduce(&plan, console.out, paint)?;
    let desk = match console.surroundings.random.seed().and_then(Desk::open) {
        Ok(desk) => Some(desk),
        Err(why) => {
            let text = words::no_links(&why);
            writeln!(console.out, "{}", paint.text(Ink::Faint, &text))?;
            None
        }
    };
    let mut last = None;
    for (heading, text) in [(words::GOOD_ACT, GOOD), (words::BAD_ACT, BAD)] {
        let scenario = Scenario::parse(text)
            .map_err(|error| Failure::Embedded(format!("scenario:{error}")))?;
        writeln!(console.out, "\n{}\n", paint.text(Ink::Strong, heading))?;
        if let Some(desk) = &desk {
            desk.begin();
        }
        let act = Play {
            plan: plan.clone(),
            scenario,
            seed: what.seed,
            pace: what.speed.map(Pace::asked),
            whole: RUN,
            voice: Voice::Messages,
            desk: desk.as_ref(),
        };
        let Some(summary) = act.show(console)? else {
            return Ok(Exit::Stopped);
        };
        simulate::print(&summary, console.out, paint)?;
        last = Some(summary);
    }
    let path = what
        .report
        .clone()
        .unwrap_or_else(|| console.surroundings.temporary.join("tidegate-demo.html"));
    if let Some(summary) = &last {
        report(&plan, summary, what.seed, &path)?;
    }
    next(program, &path, console.out, paint)?;
    Ok(Exit::Ok)
}

fn introduce(plan: &Plan, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
    let slack = plan
        .notify
        .channels
        .iter()
        .find(|channel| channel.kind == ChannelKind::Slack);
    let channel = slack.map_or("the team", |channel| &channel.to);
    for line in layout::fill(words::introduction(plan, channel), layout::COLUMNS) {
        writeln!(out, "{}", paint.text(Ink::Faint, &line))?;
    }
    Ok(())
}

fn report(plan: &Arc<Plan>, summary: &Summary, seed: u64, path: &Path) -> Result<(), Failure> {
    let report = Report {
        plan,
        summary,
        seed,
    };
    file::write(path, &report.page())?;
    Ok(())
}

/// What to try next.
fn next(program: &str, report: &Path, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
    let plan = "infra/plans/lightning-talk-circle.yaml";
    writeln!(out, "\n{}\n", paint.text(Ink::Strong, "Try next"))?;
    for (what, command) in [
        (
            "See the bad run as a page:",
            format!("open {}", report.display()),
        ),
        (
            "See the plan on a calendar:",
            format!("{program} show {plan}"),
        ),
        (
            "Play it again, or a plan of your own:",
            format!("{program} simulate {plan}"),
        ),
        ("And everything else:", format!("{program} --help")),
    ] {
        writeln!(out, "{}", paint.text(Ink::Faint, what))?;
        writeln!(out, "  {command}")?;
    }
    Ok(())
}
