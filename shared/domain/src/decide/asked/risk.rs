//! What a person lets be for a while, with a reason.

use crate::{
    decide::{Refusal, Turn},
    ledger::{Actor, Fact, Terms},
    name::Person,
    plan::severity::Severity,
    rollout::{IncidentSource, IncidentState},
    time::Timestamp,
};

/// Accepts an incident until a time; after that it is as new.
pub(super) fn accept(
    turn: &mut Turn,
    by: &Person,
    incident: &str,
    until: Timestamp,
    reason: String,
) -> Result<(), Refusal> {
    if until <= turn.now {
        return Err(Refusal::Past(until));
    }
    let Some(source) = named(turn, incident) else {
        return Err(Refusal::UnknownIncident {
            asked: incident.to_owned(),
            open: open(turn),
        });
    };
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

/// The incident that is called so; the word `alarm` need not be typed.
fn named(turn: &Turn, text: &str) -> Option<IncidentSource> {
    let text = text.trim();
    let holds = turn
        .next
        .incidents
        .iter()
        .filter(|(_, incident)| incident.severity > Severity::Low);
    holds
        .map(|(source, _)| source)
        .find(|source| {
            let name = source.to_string();
            name == text || name.strip_prefix("alarm ") == Some(text)
        })
        .cloned()
}

fn open(turn: &Turn) -> String {
    let open: Vec<String> = turn
        .next
        .holding_incidents()
        .map(|(source, _)| source.to_string())
        .collect();
    if open.is_empty() {
        "none is open".to_owned()
    } else {
        format!("open are: {}", open.join("; "))
    }
}
