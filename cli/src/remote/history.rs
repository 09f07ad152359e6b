//! `tidegate history` of a rollout on AWS: its ledger, verified against the end that its head has.

use aws::control::{Do, Done};
use domain::{
    ledger::{self, Chain, Line, export},
    name::RolloutId,
};
use serde::Serialize;

use super::{
    Cloud,
    answer::{self, Form},
};
use crate::{
    args::{
        History,
        remote::{At, Target},
    },
    console::{Console, Ink},
    exit::Exit,
    failure::Failure,
    file,
    history::{entries, tell, through},
    json,
};

/// The rollout that is meant; none if it is a file: one that is there, or whose name no service can have.
pub(super) fn target(what: &History) -> Option<Target> {
    if what.file.exists() {
        return None;
    }
    Target::parse(what.file.to_str()?)
}

/// Prints a ledger, or whether it verifies.
pub(super) async fn run(
    what: &History,
    target: &Target,
    at: &At,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Result<Exit, Failure> {
    // With --verify the answer is ours, not control's.
    let form = Form::of(what.json && !what.verify);
    let account = answer::open(at, form, console, cloud).await?;
    let rollout = target.to_string();
    let done = answer::question(Do::History { rollout }, form, at, console, &account).await?;
    let Done::History {
        rollout,
        entries,
        end,
    } = done
    else {
        return Err(answer::strange(at, form, console));
    };
    let (Some(id), Some(end)) = (RolloutId::parse(&rollout), Chain::parse(&end)) else {
        return Err(answer::strange(at, form, console));
    };
    let lines: Vec<Line> = entries.into_iter().map(Line::from).collect();
    let verified = verify(&id, &lines, end, what.end);
    if let Some(path) = &what.ledger {
        file::write(path, &export::write(&id, &lines))?;
    }
    match form {
        Form::Json => verified.map_err(Failure::Ledger)?,
        Form::Text if what.json => return verification(&id, &lines, end, verified.err(), console),
        Form::Text => print(what, &id, &lines, end, verified, console)?,
    }
    Ok(Exit::Ok)
}

/// Verifies the chain up to the head's end, and that an end from elsewhere lies on it.
fn verify(id: &RolloutId, lines: &[Line], end: Chain, given: Option<Chain>) -> Result<(), String> {
    ledger::verify(Chain::of(id), lines, Some(end)).map_err(|broken| format!("{id}: {broken}"))?;
    let Some(given) = given else {
        return Ok(());
    };
    let hash = given.hash.to_string();
    if lines
        .iter()
        .any(|line| line.seq == given.seq && line.hash == hash)
    {
        return Ok(());
    }
    Err(format!(
        "{id}: entry {} does not have the hash that `--end` gives",
        given.seq
    ))
}

fn print(
    what: &History,
    id: &RolloutId,
    lines: &[Line],
    end: Chain,
    verified: Result<(), String>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let paint = console.paint();
    if !what.verify {
        tell(id, lines, console.out, paint)?;
    }
    verified.map_err(Failure::Ledger)?;
    let went = through(what, id, lines)?;
    let count = entries(end.seq);
    if what.verify {
        let good = paint.text(Ink::Good, "ok");
        writeln!(console.out, "{good} {id}: {count}, as its head says")?;
    } else {
        writeln!(
            console.out,
            "\n{count}, and the chain of hashes verifies up to the end that the head has"
        )?;
    }
    let end = paint.text(Ink::Faint, &format!("ends at {end}"));
    writeln!(console.out, "{end}")?;
    if let Some(went) = went {
        writeln!(console.out, "{}", paint.text(Ink::Faint, &went))?;
    }
    if let Some(path) = &what.ledger {
        writeln!(console.out, "\nledger: {}", path.display())?;
    }
    Ok(())
}

/// `tidegate history ROLLOUT --verify --json`.
#[derive(Serialize)]
struct Verification {
    rollout: String,
    /// Whether it is the ledger that the head ends with.
    verified: bool,
    entries: usize,
    /// The head's end, `<seq>:<hash>`.
    end: String,
    problem: Option<String>,
}

fn verification(
    id: &RolloutId,
    lines: &[Line],
    end: Chain,
    problem: Option<String>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let verified = problem.is_none();
    let answer = Verification {
        rollout: id.to_string(),
        verified,
        entries: lines.len(),
        end: end.to_string(),
        problem,
    };
    json::line(console.out, &answer)?;
    Ok(if verified { Exit::Ok } else { Exit::Problems })
}
