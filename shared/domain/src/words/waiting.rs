//! What is waited for, said to a person.

use crate::{
    plan::{calendar::Shut, gate::Otherwise},
    time::{Spell, Timestamp, since},
    waiting::Waiting,
};

/// One sentence: what is waited for, until when, and what happens then.
#[must_use]
pub fn waiting(waiting: &Waiting, now: Timestamp) -> String {
    let in_time = |at: Timestamp| {
        if at <= now {
            "any moment".to_owned()
        } else {
            format!("in {}", Spell(since(at, now)))
        }
    };
    match waiting {
        Waiting::Nothing => "nothing: the rollout has ended".to_owned(),
        Waiting::Write { until } => {
            format!(
                "weights to be written and read back, tried again {}",
                in_time(*until)
            )
        }
        Waiting::Effect { until: Some(until) } => {
            format!(
                "the new weights to reach the last client, {}",
                in_time(*until)
            )
        }
        Waiting::Effect { until: None } => "the new weights to be put into effect".to_owned(),
        Waiting::Bake { until } => format!("time at these weights, over {}", in_time(*until)),
        Waiting::Evidence { lacking } if lacking.is_empty() => "the first measurements".to_owned(),
        Waiting::Evidence { lacking } => format!("evidence: {}", list(lacking, "; ")),
        Waiting::Checklist { open } => format!("somebody to confirm {}", list(open, ", ")),
        Waiting::Approval {
            have,
            needed,
            until,
            otherwise,
        } => format!(
            "approval, {have} of {needed}{}",
            deadline(*until, *otherwise, in_time)
        ),
        Waiting::Calendar(shut) => calendar(shut, in_time),
        Waiting::Hook { name } => format!("hook {name}"),
        Waiting::Person { hold } => format!("a person: {hold}"),
        Waiting::Incident {
            source,
            until,
            otherwise,
        } => format!(
            "a person to decide on {source}{}",
            deadline(*until, *otherwise, in_time)
        ),
        Waiting::Drift { routes } => {
            let all: Vec<String> = routes
                .iter()
                .map(|(route, weight)| format!("{route} at {weight}"))
                .collect();
            format!(
                "a weight that somebody else wrote to be put right: {}",
                all.join(", ")
            )
        }
        Waiting::Alarm { name } => format!("alarm {name} to be readable and to have data"),
        Waiting::Finish => "the canary to be made the new stable, and `tidegate finish`".to_owned(),
        Waiting::Guard { until } => format!(
            "the time in which a late write could land to pass, {}",
            in_time(*until)
        ),
        Waiting::Sweep => "the next sweep, within a minute".to_owned(),
    }
}

fn list(items: &[impl ToString], between: &str) -> String {
    let all: Vec<String> = items.iter().map(ToString::to_string).collect();
    all.join(between)
}

fn deadline(
    until: Option<Timestamp>,
    otherwise: Otherwise,
    in_time: impl Fn(Timestamp) -> String,
) -> String {
    let Some(until) = until else {
        return String::new();
    };
    let then = match otherwise {
        Otherwise::Hold => "it goes on holding",
        Otherwise::Rollback => "traffic goes back",
    };
    format!("; without an answer {} {then}", in_time(until))
}

fn calendar(shut: &Shut, in_time: impl Fn(Timestamp) -> String) -> String {
    let why = match &shut.freeze {
        Some(name) => format!("the freeze {name} to end"),
        None => "the calendar to open".to_owned(),
    };
    match shut.opens {
        Some(opens) => format!("{why}, {}", in_time(opens)),
        None => why,
    }
}
