//! English.

mod step;
mod title;

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::{
    Tone,
    account::Scene,
    instant,
    language::{Label, Language, Planned, Step, Unwell, Value},
};
use crate::{
    decide::Refusal,
    judge::{Doubt, Role, Verdict},
    name::PhaseName,
    plan::gate::Condition,
    rollout::{Cause, IncidentSource},
    time::{Spell, Timestamp},
    traffic::{Weight, Weights},
    waiting::Waiting,
};

/// English, with times in a zone.
#[derive(Debug)]
pub(super) struct English<'a> {
    pub(super) zone: &'a TimeZone,
}

impl Language for English<'_> {
    fn title(&self, scene: &Scene<'_>) -> String {
        title::of(self, scene)
    }

    fn label(&self, label: &Label) -> String {
        let name = match label {
            Label::PhaseOfPlan(number, name) => return format!("Phase {number}, {name}"),
            Label::ResultOf(name) => return format!("Phase {name} was held"),
            Label::NextPhase(name) => return format!("Next phase, {name}"),
            Label::Service => "Service",
            Label::Plan => "Plan",
            Label::StartedBy => "Started by",
            Label::StartedAt => "Started",
            Label::Follows => "Follows",
            Label::Least => "Takes",
            Label::Routes => "Routes",
            Label::Watch => "Watched after that",
            Label::Deciders => "Who decides",
            Label::SendsBack => "Sends traffic back",
            Label::Channels => "Messages go to",
            Label::Phase => "Phase",
            Label::Traffic => "Traffic",
            Label::By => "By",
            Label::Reason => "Reason",
            Label::Alarms => "Alarms",
            Label::Cause => "Cause",
            Label::Detected => "Detected",
            Label::Decided => "Decided",
            Label::Affected => "Affected",
            Label::BackBy => "Back on stable by",
            Label::InEffectFrom => "In effect from",
            Label::Held => "Held",
            Label::Watched => "Watched",
            Label::ApprovedBy => "Approved by",
            Label::Confirmed => "Confirmed",
            Label::Requires => "Needed to go on",
            Label::Duration => "Took",
            Label::CompletedAt => "Completed",
            Label::Phases => "Phases passed",
            Label::ClosedIncidents => "Incidents that are over",
            Label::OpenIncidents => "Open incidents",
            Label::Severity => "Severity",
            Label::DecideBy => "Decide by",
            Label::Told => "Told",
            Label::Unmeasured => "Not measured",
            Label::Said => "Error",
            Label::Current => "now",
            Label::Threshold => "threshold",
            Label::Stable => "stable",
            Label::Samples => "samples",
        };
        name.to_owned()
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => text.clone(),
            Value::List(items) => items.join(", "),
            Value::ListOfMore(items, more) => format!("{} and {more} more", items.join(", ")),
            Value::Span(span) => Spell(*span).to_string(),
            Value::Least(span, None) => format!("at least {}", Spell(*span)),
            Value::Least(span, Some(ends)) => {
                format!(
                    "at least {}, done {} at the earliest",
                    Spell(*span),
                    self.at(*ends)
                )
            }
            Value::Time(at) => self.at(*at),
            Value::Traffic { before, after } => traffic(before, after),
            Value::Share(weights) => {
                format!("requests that the canary served, {weights} of the traffic")
            }
            Value::Phase { name, number, of } => phase(name, *number, *of),
            Value::Planned(planned) => self.planned(planned),
            Value::Held { lasted, least } => {
                format!("{} (at least {})", Spell(*lasted), Spell(*least))
            }
            Value::Confirmed(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|(item, by)| format!("{item} (by {by})"))
                    .collect();
                items.join(", ")
            }
            Value::Threshold(condition) => threshold(condition),
            Value::Cause(cause) => why(cause),
            Value::Severity(severity) => severity.to_string(),
            Value::Sources(sources) if sources.is_empty() => "none".to_owned(),
            Value::Sources(sources) => {
                let sources: Vec<String> = sources.iter().map(IncidentSource::to_string).collect();
                sources.join(", ")
            }
            Value::Retried(number) => format!("#{number}, which was rolled back"),
            Value::TookOver(number) => format!("#{number}, from whose weights it goes on"),
            Value::SendsBack {
                alarms,
                conditions,
                more,
            } => sends_back(alarms, conditions, *more),
            Value::Unwell(alarms) => {
                let alarms: Vec<String> = alarms
                    .iter()
                    .map(|(name, how)| format!("{name} {}", unwell(*how)))
                    .collect();
                alarms.join(", ")
            }
        }
    }

    fn verdict(&self, role: Role, verdict: &Verdict) -> String {
        match (verdict, role) {
            (Verdict::Pass, Role::Require) => "passed".to_owned(),
            (Verdict::Fail, Role::Require) => "failed".to_owned(),
            (Verdict::Pass, Role::Rollback | Role::Incident(_)) => "not breached".to_owned(),
            (Verdict::Fail, Role::Rollback | Role::Incident(_)) => "breached".to_owned(),
            (Verdict::Inconclusive(doubt), _) => {
                format!("not enough evidence, {}", missing(*doubt))
            }
            (Verdict::Error(why), _) => format!("could not be measured, {why}"),
        }
    }

    fn flag(&self, tone: Tone) -> Option<&'static str> {
        match tone {
            Tone::Note | Tone::Good => None,
            Tone::Ask => Some("[needs a person]"),
            Tone::Bad => Some("[bad]"),
        }
    }

    fn step(&self, scene: &Scene<'_>, step: &Step) -> String {
        step::of(self, scene, step)
    }

    fn refusal(&self, refusal: &Refusal) -> String {
        refusal.to_string()
    }

    fn waiting(&self, waiting: &Waiting, now: Timestamp) -> String {
        super::waiting(waiting, now)
    }
}

impl English<'_> {
    fn at(&self, at: Timestamp) -> String {
        instant::english(at, self.zone)
    }

    /// `canary 5%, held for at least 1d, from Tue 3 Mar 2026 09:00 JST, then 1 of leads (ann, ben) approves`
    fn planned(&self, Planned { phase, from }: &Planned) -> String {
        let mut said = format!(
            "{}, held for at least {}",
            share(&phase.weights),
            Spell(phase.bake)
        );
        if let Some(from) = from {
            let _ = write!(said, ", from {}", self.at(*from));
        }
        if let Some(approval) = &phase.approval {
            let groups: Vec<String> = approval.from.iter().map(ToString::to_string).collect();
            let _ = write!(
                said,
                ", then approval by {} of {}",
                approval.needed,
                groups.join(" or ")
            );
        }
        said
    }
}

/// `half (2 of 3)`
fn phase(name: &PhaseName, number: usize, of: usize) -> String {
    format!("{name} ({number} of {of})")
}

/// `canary 5%`, or each route with its own: `canary public 5%, web 100%`.
fn share(weights: &Weights) -> String {
    format!("canary {weights}")
}

/// `canary 5% → 50%, stable 95% → 50%`; each route by itself if they differ.
fn traffic(before: &Weights, after: &Weights) -> String {
    if let (Some(before), Some(after)) = (before.uniform(), after.uniform()) {
        return split(before, after);
    }
    let routes: Vec<String> = after
        .iter()
        .map(|(route, weight)| format!("{route}: {}", split(before.get(route), weight)))
        .collect();
    routes.join("; ")
}

fn split(before: Weight, after: Weight) -> String {
    if before == after {
        return format!("canary {after}, stable {}", after.rest());
    }
    format!(
        "canary {before} → {after}, stable {} → {}",
        before.rest(),
        after.rest()
    )
}

/// `< 0.1%`, `> 1.1 x stable for 2m`
fn threshold(condition: &Condition) -> String {
    let limit = format!("{} {}", condition.op.symbol(), condition.limit);
    match condition.lasting {
        Some(lasting) => format!("{limit} for {}", Spell(lasting)),
        None => limit,
    }
}

fn sends_back(alarms: &[String], conditions: &[String], more: usize) -> String {
    let mut parts = Vec::new();
    match alarms {
        [] => {}
        [one] => parts.push(format!("alarm {one}")),
        [..] => parts.push(format!("alarms {}", alarms.join(", "))),
    }
    parts.extend(conditions.iter().cloned());
    let said = parts.join("; ");
    if more == 0 {
        said
    } else {
        format!("{said}; and {more} more")
    }
}

const fn unwell(how: Unwell) -> &'static str {
    match how {
        Unwell::Red => "is in ALARM",
        Unwell::NoData => "has no data",
        Unwell::Unreadable => "could not be read",
        Unwell::NotRead => "was not read",
    }
}

/// What is missing.
fn missing(doubt: Doubt) -> String {
    match doubt {
        Doubt::TooSoon => "it is too soon after the change".to_owned(),
        Doubt::NoData => "there is no data".to_owned(),
        Doubt::TooFew { have, need } => format!("{have} of {need} samples"),
        Doubt::NoStable => "stable has nothing to compare with".to_owned(),
        Doubt::TooFewStable { have, need } => format!("{have} of {need} samples on stable"),
    }
}

/// Why traffic goes back, in a few words.
fn why(cause: &Cause) -> String {
    match cause {
        Cause::Alarm(_)
        | Cause::Condition(_)
        | Cause::IncidentOverdue(_)
        | Cause::NotApproved(_)
        | Cause::GateFailed(_)
        | Cause::HookFailed(_) => cause.to_string(),
        Cause::Person(who, _) => format!("{who} asked for it"),
        Cause::Aborted(who, _) => format!("{who} aborted the rollout"),
    }
}
