//! `pause`, `resume`, `promote`, `rollback` and the others: one request each.

use std::collections::BTreeMap;

use aws::control::{Asked, Do};
use domain::time::Timestamp;

use super::{Cloud, answer};
use crate::{
    args::remote::{At, Once, Reasoned, Remote, Target},
    console::Console,
    exit::Exit,
    failure::Failure,
};

/// What the ledger says where a reason is due and none was typed: an emergency must not wait for a sentence.
const NO_REASON: &str = "no reason given";

/// Asks something of a rollout.
pub(super) async fn run(
    what: &Remote,
    at: &At,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Result<Exit, Failure> {
    if let Remote::Rollback(what) = what
        && what.yes
    {
        let why = "--yes goes with --direct PLAN; otherwise nothing is asked back";
        return Err(Failure::Argument(why.to_owned()));
    }
    let Some((rollout, command, once)) = asked(what, console.surroundings.now) else {
        return Err(Failure::Argument("name a rollout or a service".to_owned()));
    };
    let what = Do::Ask {
        rollout: rollout.to_string(),
        command,
    };
    answer::change(what, once, at, console, cloud).await
}

/// What is asked, of which rollout; none for what is no request to a rollout.
fn asked(what: &Remote, now: Timestamp) -> Option<(&Target, Asked, &Once)> {
    Some(match what {
        Remote::Pause(what) => {
            let reason = reason(what.reason.as_deref());
            plainly(what, Asked::Pause { reason })
        }
        Remote::Resume(what) => {
            let reason = reason(what.reason.as_deref());
            plainly(what, Asked::Resume { reason })
        }
        Remote::Abort(what) => {
            let reason = reason(what.reason.as_deref());
            plainly(what, Asked::Abort { reason })
        }
        Remote::Promote(what) => {
            let command = match &what.reason {
                Some(reason) if what.full => Asked::PromoteFull {
                    reason: reason.clone(),
                },
                Some(_) | None => Asked::Promote {},
            };
            (&what.rollout, command, &what.once)
        }
        Remote::Rollback(what) => {
            let reason = reason(what.reason.as_deref());
            let command = Asked::Rollback { reason };
            (what.rollout.as_ref()?, command, &what.once)
        }
        Remote::Retry(what) => (&what.rollout, Asked::Retry {}, &what.once),
        Remote::Finish(what) => (&what.rollout, Asked::Finish {}, &what.once),
        Remote::SetWeight(what) => {
            let weights = what.weights();
            let weights = weights.iter();
            let weights: BTreeMap<String, u16> = weights
                .map(|(route, weight)| (route.to_string(), weight.permille()))
                .collect();
            let reason = what.reason.clone();
            let command = Asked::SetWeight { weights, reason };
            (&what.rollout, command, &what.once)
        }
        Remote::Approve(_) | Remote::Reject(_) | Remote::Check(_) => decided(what)?,
        Remote::OverrideCalendar(what) => {
            let command = Asked::OverrideCalendar {
                until: what.until.instant(now).to_string(),
                reason: what.reason.clone(),
            };
            (&what.rollout, command, &what.once)
        }
        Remote::Accept(what) => {
            let command = Asked::Accept {
                incident: what.incident.clone(),
                until: what.until.instant(now).to_string(),
                reason: what.reason.clone(),
            };
            (&what.rollout, command, &what.once)
        }
        Remote::Start(_)
        | Remote::Status(_)
        | Remote::List(_)
        | Remote::Report(_)
        | Remote::Doctor(_)
        | Remote::Keys(_) => return None,
    })
}

/// What a person decides on in a phase.
fn decided(what: &Remote) -> Option<(&Target, Asked, &Once)> {
    if let Remote::Approve(what) = what {
        let phase = what.phase.to_string();
        return Some((&what.rollout, Asked::Approve { phase }, &what.once));
    }
    if let Remote::Reject(what) = what {
        let command = Asked::Reject {
            phase: what.phase.to_string(),
            reason: what.reason.clone(),
        };
        return Some((&what.rollout, command, &what.once));
    }
    let Remote::Check(what) = what else {
        return None;
    };
    let command = Asked::Check {
        phase: what.phase.to_string(),
        item: what.item.to_string(),
    };
    Some((&what.rollout, command, &what.once))
}

fn plainly(what: &Reasoned, command: Asked) -> (&Target, Asked, &Once) {
    (&what.rollout, command, &what.once)
}

fn reason(typed: Option<&str>) -> String {
    typed.unwrap_or(NO_REASON).to_owned()
}
