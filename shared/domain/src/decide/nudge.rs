//! What nobody has decided on yet: people are reminded, and others are told, as the plan says.

use super::Turn;
use crate::{
    ledger::{Actor, Fact},
    plan::{gate::Otherwise, severity::Severity},
    rollout::{IncidentState, Nudge, Question},
    time::{SignedDuration, Timestamp, later},
};

/// By when somebody should decide, and what happens then.
#[derive(Debug, Clone, Copy)]
struct Due {
    by: Option<Timestamp>,
    otherwise: Otherwise,
    remind: Option<SignedDuration>,
}

/// Asks again, and further up, on whatever nobody has decided on.
pub(super) fn nudge(turn: &mut Turn) {
    let open: Vec<Question> = turn.next.questions().collect();
    turn.next
        .nudges
        .retain(|question, _| open.contains(question));
    for question in open {
        let due = due(turn, &question);
        if due.remind.is_none() && turn.next.plan.escalation.is_empty() {
            continue;
        }
        let now = turn.now;
        let nudge = turn.next.nudges.entry(question.clone()).or_insert(Nudge {
            since: now,
            level: 0,
            told: now,
        });
        let nudge = *nudge;
        if !escalate(turn, &question, nudge, due) {
            remind(turn, &question, nudge, due);
        }
    }
}

/// Tells the levels whose time has come; false if none's has.
fn escalate(turn: &mut Turn, question: &Question, nudge: Nudge, due: Due) -> bool {
    let levels = turn.next.plan.escalation.iter().enumerate();
    let reached: Vec<(usize, String)> = levels
        .skip(nudge.level)
        .take_while(|(_, level)| later(nudge.since, level.after) <= turn.now)
        .map(|(index, level)| {
            let groups: Vec<String> = level.tell.iter().map(ToString::to_string).collect();
            (index.saturating_add(1), groups.join(", "))
        })
        .collect();
    let Some((highest, _)) = reached.last() else {
        return false;
    };
    let told = Nudge {
        level: *highest,
        told: turn.now,
        ..nudge
    };
    turn.next.nudges.insert(question.clone(), told);
    for (level, tell) in reached {
        let fact = Fact::Escalated {
            what: question.clone(),
            level,
            tell,
            due: due.by,
            otherwise: due.otherwise,
        };
        turn.say(Actor::Plan, fact);
    }
    true
}

fn remind(turn: &mut Turn, question: &Question, nudge: Nudge, due: Due) {
    if due
        .remind
        .is_none_or(|remind| turn.now < later(nudge.told, remind))
    {
        return;
    }
    let told = Nudge {
        told: turn.now,
        ..nudge
    };
    turn.next.nudges.insert(question.clone(), told);
    let fact = Fact::Reminded {
        what: question.clone(),
        due: due.by,
        otherwise: due.otherwise,
    };
    turn.say(Actor::Plan, fact);
}

/// A phase that takes too long waits for a person like a medium incident.
fn due(turn: &Turn, question: &Question) -> Due {
    let policy = turn.next.plan.severities;
    let medium = Due {
        by: None,
        otherwise: Otherwise::Hold,
        remind: policy.medium.remind,
    };
    let Question::Incident(source) = question else {
        return medium;
    };
    let Some(incident) = turn.next.incidents.get(source) else {
        return medium;
    };
    let (by, otherwise) = match incident.state {
        IncidentState::Open { due, otherwise } => (due, otherwise),
        IncidentState::Accepted { .. } => (None, Otherwise::Hold),
    };
    let remind = match incident.severity {
        Severity::High => policy.high.remind,
        Severity::Critical | Severity::Medium | Severity::Low => policy.medium.remind,
    };
    Due {
        by,
        otherwise,
        remind,
    }
}
