//! One request, and its answer as a person reads it.

use aws::control::{Answer, Asked, Changed, Do, Done, FailureKind, Outcome};
use std::fmt::{Display, Write as _};

use serde_json::{Value, json};

use super::{Account, Cloud, Unanswered, page, unanswered::Effect};
use crate::{
    args::remote::{At, Once},
    console::{Console, Ink},
    exit::Exit,
    failure::Failure,
    json,
};

/// The key of a question: it changes nothing, so nothing is done twice; the record wants one.
pub(super) const NO_KEY: &str = "00000000-0000-0000-0000-000000000000";

/// What is wrong with an answer that is one, but to something else.
pub(super) const ANOTHER: &str = "it is the answer to another question";

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For a person.
    Text,
    /// As `control` gave it, on standard output.
    Json,
}

impl Form {
    pub(super) const fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

/// Asks for a change, and says what became of it.
pub(super) async fn change(
    what: Do,
    once: &Once,
    at: &At,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Result<Exit, Failure> {
    let form = Form::of(once.json);
    let verb = what.verb();
    let aim = Aim::of(&what);
    let key = match &once.key {
        Some(key) => key.clone(),
        None => cloud
            .key()
            .map_err(|why| unanswered(&why, None, form, console))?,
    };
    let account = open(at, form, console, cloud).await?;
    let answer = account.call(&key, what).await;
    let raw = answer.map_err(|why| {
        let failure = unanswered(&why, Some(&key), form, console);
        with_direct(aim, failure)
    })?;
    let done = read(&raw, Some(&key), at, form, console)?;
    let Done::Changed(changed) = done else {
        let why = garbled(at, &ANOTHER);
        return Err(unanswered(&why, Some(&key), form, console));
    };
    if form == Form::Text {
        tell(verb, &changed, console)?;
    }
    if changed.converged {
        return Ok(Exit::Ok);
    }
    let why = changed.why.as_deref().unwrap_or("no reason was given");
    let rollout = &changed.rollout;
    let label = console.paint_err().text(Ink::Ask, "not yet:");
    writeln!(
        console.err,
        "{label} it is decided, but the weights were not read back so: {why}\n  \
         the sweep goes on with it every minute; look with `tidegate status {rollout} --watch`"
    )?;
    if aim == Aim::Back {
        writeln!(console.err, "  {DIRECT}")?;
    }
    Ok(Exit::Unconverged)
}

/// What is left to whoever cannot wait for the functions.
const DIRECT: &str = "if traffic must go back now: `tidegate rollback --direct PLAN`";

/// What was asked for: whether it cannot wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// Traffic goes back to stable.
    Back,
    /// Anything else.
    Else,
}

impl Aim {
    fn of(what: &Do) -> Self {
        if let Do::Ask {
            command: Asked::Rollback { .. } | Asked::Abort { .. },
            ..
        } = what
        {
            Self::Back
        } else {
            Self::Else
        }
    }
}

/// A failure, with the way that is left if traffic was to go back and nobody has named it yet.
fn with_direct(aim: Aim, failure: Failure) -> Failure {
    if let Failure::Remote(text) = &failure
        && aim == Aim::Back
        && !text.contains("--direct")
    {
        return Failure::Remote(format!("{text}\n  {DIRECT}"));
    }
    failure
}

fn tell(verb: &str, changed: &Changed, console: &mut Console<'_>) -> Result<(), Failure> {
    let paint = console.paint();
    let good = if changed.converged {
        paint.text(Ink::Good, "ok")
    } else {
        paint.text(Ink::Ask, "decided")
    };
    let by = paint.text(Ink::Faint, &format!("by {}", changed.by));
    writeln!(console.out, "{good} {verb} {}  {by}", changed.rollout)?;
    for note in &changed.notes {
        let label = paint.text(Ink::Ask, "note:");
        writeln!(console.out, "{label} {note}")?;
    }
    if let Some(view) = &changed.status {
        writeln!(console.out)?;
        page::print(view, console.out, paint)?;
    }
    Ok(())
}

/// Opens the account.
pub(super) async fn open<C: Cloud>(
    at: &At,
    form: Form,
    console: &mut Console<'_>,
    cloud: &C,
) -> Result<C::Account, Failure> {
    let account = cloud.open(at).await;
    account.map_err(|why| unanswered(&why, None, form, console))
}

/// An answer to another question.
pub(super) fn strange(at: &At, form: Form, console: &mut Console<'_>) -> Failure {
    let why = garbled(at, &ANOTHER);
    unanswered(&why, None, form, console)
}

/// Asks for something that changes nothing.
pub(super) async fn question(
    what: Do,
    form: Form,
    at: &At,
    console: &mut Console<'_>,
    account: &impl Account,
) -> Result<Done, Failure> {
    let answer = account.call(NO_KEY, what).await;
    let raw = answer.map_err(|why| unanswered(&why, None, form, console))?;
    read(&raw, None, at, form, console)
}

/// What was done or found; in JSON the answer is printed as it came.
fn read(
    raw: &Value,
    key: Option<&str>,
    at: &At,
    form: Form,
    console: &mut Console<'_>,
) -> Result<Done, Failure> {
    let answer: Answer = match serde_json::from_value(raw.clone()) {
        Ok(answer) => answer,
        Err(error) => {
            let garbled = garbled(at, &error);
            return Err(unanswered(&garbled, key, form, console));
        }
    };
    if form == Form::Json {
        json::line(console.out, raw)?;
    }
    match answer.outcome {
        Outcome::Ok(done) => Ok(*done),
        Outcome::Error(failure) => Err(refused(&failure, key)),
    }
}

/// An answer that is none, or to another question.
pub(super) fn garbled(at: &At, said: &impl Display) -> Unanswered {
    Unanswered::Garbled {
        function: at.function_name(),
        said: said.to_string(),
    }
}

/// Says that there is no answer: what to do next, and with which key it is safe to ask again.
pub(super) fn unanswered(
    why: &Unanswered,
    key: Option<&str>,
    form: Form,
    console: &mut Console<'_>,
) -> Failure {
    if form == Form::Json {
        let answer = json!({
            "version": aws::control::VERSION,
            "error": { "kind": "no-answer", "message": why.to_string(), "problems": [] },
        });
        // What cannot be written here is said on standard error.
        let _ = json::line(console.out, &answer);
    }
    let mut text = format!("{why}\n  {}", why.advice());
    if let Some(said) = why.said() {
        let _ = write!(text, "\n  in detail: {said}");
    }
    if let (Some(key), Effect::Possible) = (key, why.effect()) {
        text.push_str(&again(key));
    }
    Failure::Remote(text)
}

fn again(key: &str) -> String {
    format!("\n  it may have been done; repeated like this it is not done twice: --key {key}")
}

/// `control` says no.
pub(super) fn refused(failure: &aws::control::Failure, key: Option<&str>) -> Failure {
    let mut text = failure.message.clone();
    for problem in &failure.problems {
        let found = problem.get("found").and_then(Value::as_str);
        let at = problem.get("path").and_then(Value::as_str);
        if let Some(found) = found {
            let _ = write!(text, "\n  {}: {found}", at.unwrap_or("plan"));
        }
    }
    let _ = write!(text, "\n  {}", advice(failure.kind));
    if let (Some(key), FailureKind::Store | FailureKind::Other) = (key, failure.kind) {
        text.push_str(&again(key));
    }
    Failure::Remote(text)
}

/// What to do when `control` says no.
pub(super) const fn advice(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Refused => "nothing was done; `tidegate status` says how it stands",
        FailureKind::NotFound => "`tidegate list` shows what there is",
        FailureKind::Taken => {
            "one rollout at a time: wait for it, roll it back, or take over with `start --supersede`"
        }
        FailureKind::InvalidPlan => {
            "nothing was done; do the functions have the version of this command?"
        }
        FailureKind::Store => "if traffic must go back now: `tidegate rollback --direct PLAN`",
        FailureKind::Alarms => {
            "nothing was done; `tidegate doctor PLAN` looks at the alarms, `tidegate start --reason TEXT` overrides them"
        }
        FailureKind::Routes => "nothing was done; `tidegate doctor PLAN` looks at the routes",
        FailureKind::Contended => "nothing was done; repeat the command in a few seconds",
        FailureKind::Caller => {
            "nothing was done; sign in again, and is the clock of this machine right?"
        }
        FailureKind::Version | FailureKind::Malformed => {
            "nothing was done; install the version of tidegate that the functions have"
        }
        FailureKind::Other => "look how it stands with `tidegate status`",
    }
}
