//! `tidegate rollback --direct`: the gate is shut with the caller's own rights, when nobody else can.

use std::io::{self, Read};

use domain::{
    name::RolloutId,
    plan::Plan,
    time::{SignedDuration, Spell, later},
};
use engine::{
    close::{self, Closed},
    ports::{Clock as _, Ports as _},
};
use serde::Serialize;

use super::{
    Account, Cloud,
    answer::{self, Form},
};
use crate::{
    args::remote::{At, Rollback},
    console::{Console, Ink},
    exit::Exit,
    failure::Failure,
    json, validate, words,
};

/// How long it tries; a Route 53 change alone takes seconds to be read back.
const LASTS: SignedDuration = SignedDuration::from_secs(60);

/// Closes every route of a plan.
pub(super) async fn run(
    what: &Rollback,
    at: &At,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Result<Exit, Failure> {
    let form = Form::of(what.once.json);
    let Some(path) = &what.direct else {
        return Err(Failure::Argument("name the plan".to_owned()));
    };
    let Some(plan) = validate::read(path, console)? else {
        let nothing = "nothing was done; the routes are taken from a plan without errors";
        writeln!(console.err, "{nothing}")?;
        return Ok(Exit::Problems);
    };
    let account = answer::open(at, form, console, cloud).await?;
    // STS may be down with the rest; who it is, is then found out by what is refused.
    let caller = account.caller().await.ok();
    introduce(&plan, caller.as_deref(), console)?;
    if !what.yes && !confirmed(&plan, console)? {
        let why = "not confirmed, and nothing was done";
        return Err(Failure::Remote(why.to_owned()));
    }
    // Which of the service's rollouts it is, only the table knows; the routes ask for the service.
    let owner = RolloutId {
        service: plan.service.clone(),
        number: 0,
    };
    let ports = account.ports();
    let began = ports.clock().now();
    let closed = close::close(ports, &owner, &plan, later(began, LASTS)).await;
    let took = ports.clock().now().duration_since(began);
    let all = closed.iter().all(|route| route.outcome.is_ok());
    match form {
        Form::Json => json::line(console.out, &Direct::new(&plan, &closed))?,
        Form::Text => tell(&plan, &closed, took, console)?,
    }
    Ok(if all { Exit::Ok } else { Exit::Problems })
}

/// What will be done, on standard error: standard output is for what was.
fn introduce(plan: &Plan, caller: Option<&str>, console: &mut Console<'_>) -> io::Result<()> {
    let strong = console.paint_err();
    let service = strong.text(Ink::Strong, plan.service.as_str());
    let rights = caller.unwrap_or("your own credentials");
    writeln!(
        console.err,
        "Every route of {service} goes to stable now, past Tidegate's functions and its table,\n\
         with the rights of {rights}:\n"
    )?;
    let width = plan.routes.keys().map(|name| name.as_str().len()).max();
    let width = width.unwrap_or_default();
    for (name, route) in &plan.routes {
        writeln!(console.err, "  {name:<width$}  {}", words::route(route))?;
    }
    writeln!(console.err)
}

/// Whether the service's name is typed: a `y` is typed too easily.
fn confirmed(plan: &Plan, console: &mut Console<'_>) -> Result<bool, Failure> {
    write!(console.err, "Type {} to go on: ", plan.service)?;
    console.err.flush()?;
    let typed = line(console.input).map_err(Failure::Input)?;
    writeln!(console.err)?;
    Ok(typed.trim() == plan.service.as_str())
}

/// A line of input, and not a byte more.
fn line(input: &mut dyn Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while input.read(&mut byte)? == 1 && byte != *b"\n" {
        bytes.extend(byte);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn tell(
    plan: &Plan,
    closed: &[Closed],
    took: SignedDuration,
    console: &mut Console<'_>,
) -> io::Result<()> {
    let paint = console.paint();
    for route in closed {
        match &route.outcome {
            Ok(()) => {
                let good = paint.text(Ink::Good, "closed    ");
                writeln!(console.out, "{good}  {}: read back on stable", route.route)?;
            }
            Err(why) => {
                let bad = paint.text(Ink::Bad, "NOT CLOSED");
                writeln!(console.out, "{bad}  {}: {why}", route.route)?;
            }
        }
    }
    let open = closed.iter().filter(|route| route.outcome.is_err()).count();
    let service = &plan.service;
    if open == 0 {
        writeln!(
            console.out,
            "\nall traffic of {service} goes to stable, in {}\n\
             When the functions are back the rollout finds it so and holds. Then say\n  \
             tidegate rollback {service} --reason '…'",
            Spell(took)
        )
    } else {
        writeln!(
            console.out,
            "\n{} of {service} may still send traffic to the canary\n\
             Run it again, which harms nothing; or set the route to stable by hand in the console.",
            words::counted(open, "route")
        )
    }
}

/// `tidegate rollback --direct PLAN --json`.
#[derive(Serialize)]
struct Direct {
    service: String,
    routes: Vec<DirectRoute>,
}

#[derive(Serialize)]
struct DirectRoute {
    route: String,
    /// Whether it was read back on stable.
    closed: bool,
    why: Option<String>,
}

impl Direct {
    fn new(plan: &Plan, closed: &[Closed]) -> Self {
        let routes = closed.iter().map(|route| DirectRoute {
            route: route.route.to_string(),
            closed: route.outcome.is_ok(),
            why: route.outcome.clone().err(),
        });
        Self {
            service: plan.service.to_string(),
            routes: routes.collect(),
        }
    }
}
