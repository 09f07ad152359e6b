//! `tidegate start`: a plan becomes a rollout.

use aws::control::Do;

use super::{Cloud, answer};
use crate::{
    args::remote::{At, Start},
    console::Console,
    exit::Exit,
    failure::Failure,
    validate,
};

/// Starts a rollout of a plan that was checked here first.
pub(super) async fn run(
    what: &Start,
    at: &At,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Result<Exit, Failure> {
    let Some(plan) = validate::read(&what.plan, console)? else {
        return Ok(Exit::Problems);
    };
    let request = Do::Start {
        plan: plan.text.to_string(),
        supersede: what.supersede,
        reason: what.reason.clone(),
    };
    answer::change(request, &what.once, at, console, cloud).await
}
