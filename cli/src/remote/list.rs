//! `tidegate list`: rollouts, each in a line.

use std::io::{self, Write};

use aws::control::{Do, Done, view::Brief};

use super::{
    Account, Cloud,
    answer::{self, Form},
    page,
};
use crate::{
    args::remote::{At, List},
    console::{Console, Ink, Paint},
    exit::Exit,
    failure::Failure,
    layout::{COLUMNS, cut},
};

/// Lists rollouts.
pub(super) async fn run(
    what: &List,
    at: &At,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Result<Exit, Failure> {
    let form = Form::of(what.json);
    let account = answer::open(at, form, console, cloud).await?;
    let service = what.service.as_ref().map(ToString::to_string);
    let rollouts = ask(service, form, at, console, &account).await?;
    if form == Form::Text {
        let paint = console.paint();
        print(&rollouts, console.out, paint)?;
    }
    Ok(Exit::Ok)
}

/// The active rollouts, or those of a service.
pub(super) async fn ask(
    service: Option<String>,
    form: Form,
    at: &At,
    console: &mut Console<'_>,
    account: &impl Account,
) -> Result<Vec<Brief>, Failure> {
    let done = answer::question(Do::List { service }, form, at, console, account).await?;
    match done {
        Done::List { rollouts } => Ok(rollouts),
        Done::Changed(_) | Done::Status(_) | Done::History { .. } | Done::Doctor { .. } => {
            Err(answer::strange(at, form, console))
        }
    }
}

/// A table; what is waited for has the rest of the line.
pub(super) fn print(rollouts: &[Brief], out: &mut dyn Write, paint: Paint) -> io::Result<()> {
    if rollouts.is_empty() {
        return writeln!(
            out,
            "no rollout is active\n`tidegate start PLAN` starts one; `tidegate list SERVICE` shows \
             those of before"
        );
    }
    let rows: Vec<[String; 4]> = rollouts.iter().map(row).collect();
    let heads = ["ROLLOUT", "STATUS", "PHASE", "CANARY"];
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(n, head)| {
            let cells = rows.iter().filter_map(|row| row.get(n));
            let cells = cells.map(|cell| cell.chars().count());
            cells.chain([head.len()]).max().unwrap_or_default()
        })
        .collect();
    let line = |cells: &[String]| -> String {
        let cells = cells.iter().zip(&widths);
        let padded: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}  "))
            .collect();
        padded.concat()
    };
    let head = line(&heads.map(str::to_owned));
    writeln!(
        out,
        "{}",
        paint.text(Ink::Faint, &format!("{head}WAITS FOR"))
    )?;
    for (row, rollout) in rows.iter().zip(rollouts) {
        let row = line(row);
        // However wide the names are, something is said of what is waited for.
        let room = COLUMNS.saturating_sub(row.chars().count()).max(24);
        let rest = if rollout.active {
            cut(&rollout.waiting, room)
        } else {
            format!("nothing; began {}", page::date(&rollout.started_at))
        };
        writeln!(out, "{row}{rest}")?;
    }
    Ok(())
}

fn row(rollout: &Brief) -> [String; 4] {
    [
        rollout.rollout.clone(),
        rollout.status.clone(),
        rollout.phase.clone().unwrap_or_else(|| "–".to_owned()),
        page::weights(&rollout.desired),
    ]
}
