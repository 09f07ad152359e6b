//! `tidegate`: what an operator types.
//!
//! A command is a function from arguments to text on two writers and an exit code. What it would ask the
//! process for, the terminal and the clock among it, is an argument, so that tests can run every command.

pub mod args;
pub mod console;
mod demo;
pub mod exit;
mod failure;
mod file;
mod history;
mod json;
mod layout;
mod live;
mod play;
#[cfg(feature = "aws")]
pub mod remote;
#[cfg(not(feature = "aws"))]
#[path = "remote/absent.rs"]
pub mod remote;
mod report;
#[cfg(test)]
mod sample;
mod show;
mod simulate;
mod timeline;
mod transcript;
mod validate;
mod words;

use std::ffi::OsString;

use clap::Parser as _;
use domain::time::Timestamp;

use args::{Arguments, Command};
use console::{Console, Paint};
use exit::Exit;
use failure::Failure;

/// The real time: the only place that asks for it.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Runs a command, on AWS where it needs that.
pub fn run(
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
    console: &mut Console<'_>,
) -> Exit {
    run_on(arguments, console, &remote::REAL)
}

/// Runs a command, with something in the place of AWS.
pub fn run_on(
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
    console: &mut Console<'_>,
    cloud: &impl remote::Cloud,
) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let program = program(&arguments);
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return answer(&error, console),
    };
    console.choose(arguments.color);
    let done = match &arguments.command {
        Command::Validate(what) => validate::run(what, console),
        Command::Schema(_) => schema(console),
        Command::Show(what) => show::run(what, console),
        Command::Simulate(what) => simulate::run(what, console),
        Command::History(what) => remote::history(what, &arguments, console, cloud)
            .unwrap_or_else(|| history::run(what, console)),
        #[cfg(feature = "aws")]
        Command::Remote(what) => remote::run(what, &arguments.at, console, cloud),
        Command::Demo(what) => demo::run(what, &program, console),
    };
    match done {
        Ok(exit) => exit,
        Err(failure) => failure.report(console),
    }
}

/// What to type to call the command again: its path, if it was called by one.
fn program(arguments: &[OsString]) -> String {
    let name = arguments.first().map(|name| name.to_string_lossy());
    match name {
        Some(name) if name.contains('/') => name.into_owned(),
        Some(_) | None => "tidegate".to_owned(),
    }
}

/// Help, the version, or what could not be understood.
fn answer(error: &clap::Error, console: &mut Console<'_>) -> Exit {
    let (stream, paint, exit) = if error.use_stderr() {
        let paint = console.paint_err();
        (&mut console.err, paint, Exit::Usage)
    } else {
        let paint = console.paint();
        (&mut console.out, paint, Exit::Ok)
    };
    let text = error.render();
    // If even this cannot be written, the exit code is what is left.
    let _ = match paint {
        Paint::Colors => write!(stream, "{}", text.ansi()),
        Paint::Plain => write!(stream, "{text}"),
    };
    exit
}

fn schema(console: &mut Console<'_>) -> Result<Exit, Failure> {
    writeln!(console.out, "{:#}", plan::schema())?;
    Ok(Exit::Ok)
}
