//! `tidegate status`: how a rollout stands.

use aws::control::{Do, Done, view::View};

use super::{
    Account, Cloud,
    answer::{self, Form},
    list, page, watch,
};
use crate::{
    args::remote::{At, Status, Target},
    console::Console,
    exit::Exit,
    failure::Failure,
};

/// Shows how a rollout stands.
pub(super) async fn run(
    what: &Status,
    at: &At,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Result<Exit, Failure> {
    let form = Form::of(what.json);
    let account = answer::open(at, form, console, cloud).await?;
    let target = match &what.rollout {
        Some(target) => target.clone(),
        None => match only(form, at, console, &account).await? {
            Some(target) => target,
            None => return Ok(Exit::Ok),
        },
    };
    if what.watch {
        return watch::run(&target, form, at, console, &account).await;
    }
    let rollout = target.to_string();
    let done = answer::question(Do::Status { rollout }, form, at, console, &account).await?;
    let view = view(done, at, form, console)?;
    if form == Form::Text {
        let paint = console.paint();
        page::print(&view, console.out, paint)?;
    }
    Ok(Exit::Ok)
}

/// The rollout of an answer.
fn view(done: Done, at: &At, form: Form, console: &mut Console<'_>) -> Result<View, Failure> {
    match done {
        Done::Status(view) => Ok(view),
        Done::Changed(_) | Done::List { .. } | Done::History { .. } | Done::Doctor { .. } => {
            Err(answer::strange(at, form, console))
        }
    }
}

/// The only active rollout; none if there are others or none, which are listed then.
async fn only(
    form: Form,
    at: &At,
    console: &mut Console<'_>,
    account: &impl Account,
) -> Result<Option<Target>, Failure> {
    let rollouts = list::ask(None, Form::Text, at, console, account).await?;
    if let [only] = &rollouts[..] {
        return Ok(Target::parse(&only.rollout));
    }
    if form == Form::Json {
        let why = "name the rollout: it is not the only active one".to_owned();
        return Err(Failure::Argument(why));
    }
    let paint = console.paint();
    list::print(&rollouts, console.out, paint)?;
    Ok(None)
}
