//! What a person lets be for a while, with a reason.

use crate::{
    decide::{Refusal, Turn},
    event::Named,
    ledger::{Actor, Fact, Terms},
    name::Person,
    plan::severity::Severity,
    rollout::{IncidentMark, IncidentSource, IncidentState},
    time::Timestamp,
};

/// Accepts an incident until a time; after that it is as new.
pub(super) fn accept(
    turn: &mut Turn,
    by: &Person,
    incident: &Named,
    until: Timestamp,
    reason: String,
) -> Result<(), Refusal> {
    if until <= turn.now {
        return Err(Refusal::Past(until));
    }
    let source = match incident {
        Named::Words(asked) => named(turn, asked).ok_or_else(|| Refusal::UnknownIncident {
            asked: asked.clone(),
            open: open(turn),
        }),
        Named::Shown(mark) => {
            shown(turn, *mark).ok_or_else(|| Refusal::IncidentOver { open: open(turn) })
        }
    }?;
    let accepted = IncidentState::Accepted {
        by: by.clone(),
        until: Some(until),
    };
    if let Some(incident) = turn.next.incidents.get_mut(&source)
        && incident.state != accepted
    {
        incident.state = accepted;
        let fact = Fact::IncidentAccepted {
            source,
            terms: Some(Terms { until, reason }),
        };
        turn.say(Actor::Person(by.clone()), fact);
    }
    Ok(())
}

/// The incident that somebody was shown, if it is not over and nobody has accepted it since.
fn shown(turn: &Turn, mark: IncidentMark) -> Option<IncidentSource> {
    let mut held = turn.next.holding_incidents();
    let (source, _) = held.find(|(source, incident)| incident.mark(source) == mark)?;
    Some(source.clone())
}

/// The incident that is called so; the word `alarm` need not be typed.
fn named(turn: &Turn, text: &str) -> Option<IncidentSource> {
    let text = text.trim();
    let incidents = turn.next.incidents.iter();
    incidents
        .filter(|(_, incident)| incident.severity > Severity::Low)
        .map(|(source, _)| source)
        .find(|source| {
            let name = source.to_string();
            name == text || name.strip_prefix("alarm ") == Some(text)
        })
        .cloned()
}

fn open(turn: &Turn) -> Vec<IncidentSource> {
    let open = turn.next.holding_incidents();
    open.map(|(source, _)| source.clone()).collect()
}
