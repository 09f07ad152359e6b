//! What a rollout waits for, until when, and what happens then.
//!
//! The same questions decide whether it goes on, so what is shown is what holds.

use std::fmt;

use crate::{
    decide::lets_advance,
    judge::{COMPLETE_AFTER, Finding, Verdict},
    name::ItemName,
    plan::{calendar::Shut, gate::Otherwise, phase::Phase},
    rollout::{
        Gate, Hold, HookState, Incident, IncidentSource, IncidentState, Next, Rollout, Status,
        Tally,
    },
    time::{SignedDuration, Timestamp, earlier, later},
    traffic::Weight,
};

/// How old the end of a measurement's window may be to count as evidence.
///
/// The sweep measures every minute; ten missed ones mean that nobody is looking.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_mins(10);

/// What a rollout waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// Nothing: it has ended.
    Nothing,
    /// Weights to be written and read back.
    Write {
        /// When it is tried again.
        until: Timestamp,
    },
    /// Weights to reach the last client.
    Effect {
        /// When they will have, if that is known.
        until: Option<Timestamp>,
    },
    /// The bake, or the watch, to last long enough.
    Bake {
        /// When it has.
        until: Timestamp,
    },
    /// Evidence.
    Evidence {
        /// What does not pass yet; conditions that were not measured at all are not among them.
        lacking: Vec<Finding>,
    },
    /// Items of the checklist to be confirmed.
    Checklist {
        /// Which.
        open: Vec<ItemName>,
    },
    /// People to approve.
    Approval {
        /// How many have.
        have: u32,
        /// How many must.
        needed: u32,
        /// By when, if there is an end.
        until: Option<Timestamp>,
        /// What happens then.
        otherwise: Otherwise,
    },
    /// The calendar to open.
    Calendar(Shut),
    /// A hook to finish.
    Hook {
        /// Which.
        name: String,
    },
    /// A person to say how to go on.
    Person {
        /// Why.
        hold: Hold,
    },
    /// A person to decide on an incident.
    Incident {
        /// What.
        source: IncidentSource,
        /// By when, if there is an end.
        until: Option<Timestamp>,
        /// What happens then.
        otherwise: Otherwise,
    },
    /// Somebody else's weight to be put right.
    Drift {
        /// The route and its weight.
        routes: Vec<(String, Weight)>,
    },
    /// An alarm to be readable and to have data.
    Alarm {
        /// Its name.
        name: String,
    },
    /// The team's tooling, and `tidegate finish`.
    Finish,
    /// The time after which no late write can disturb a rollback.
    Guard {
        /// When it is over.
        until: Timestamp,
    },
    /// The sweep: everything is there to go on.
    Sweep,
}

/// What a rollout waits for at `now`.
#[must_use]
pub fn of(rollout: &Rollout, now: Timestamp) -> Waiting {
    if !rollout.status.is_active() {
        return Waiting::Nothing;
    }
    if let Some(intent) = rollout.intent {
        return Waiting::Write {
            until: intent.deadline,
        };
    }
    match rollout.status {
        Status::Shifting => effect(rollout),
        Status::Guarding { .. } => guard(rollout),
        Status::AwaitingFinish => Waiting::Finish,
        Status::Entering(_) => blocked(rollout)
            .or_else(|| gate_lacks(rollout, now))
            .unwrap_or_else(|| entering(rollout, now)),
        Status::AwaitingApproval => blocked(rollout)
            .or_else(|| gate_lacks(rollout, now))
            .unwrap_or_else(|| approval(rollout)),
        Status::Baking | Status::Watching => blocked(rollout)
            .or_else(|| gate_lacks(rollout, now))
            .unwrap_or(Waiting::Sweep),
        Status::Starting
        | Status::Finishing
        | Status::RollingBack { .. }
        | Status::Completed { .. }
        | Status::RolledBack { .. }
        | Status::Superseded { .. } => Waiting::Sweep,
    }
}

fn effect(rollout: &Rollout) -> Waiting {
    let times: Option<Vec<Timestamp>> = rollout
        .routes
        .values()
        .map(|route| route.effective)
        .collect();
    Waiting::Effect {
        until: times.and_then(|times| times.into_iter().max()),
    }
}

fn guard(rollout: &Rollout) -> Waiting {
    if let Some(hook) = hook(rollout) {
        return hook;
    }
    let settled = rollout
        .routes
        .values()
        .filter_map(|route| route.effective)
        .max();
    Waiting::Guard {
        until: settled.map_or(rollout.late_until, |at| at.max(rollout.late_until)),
    }
}

fn entering(rollout: &Rollout, now: Timestamp) -> Waiting {
    match calendar(rollout, now) {
        Err(shut) => Waiting::Calendar(shut),
        Ok(()) => hook(rollout).unwrap_or(Waiting::Sweep),
    }
}

fn hook(rollout: &Rollout) -> Option<Waiting> {
    let (key, _) = rollout
        .hooks
        .iter()
        .find(|(_, run)| run.state == HookState::Due)?;
    Some(Waiting::Hook {
        name: rollout.hook_name(*key)?,
    })
}

fn approval(rollout: &Rollout) -> Waiting {
    let Some(approval) = rollout
        .current_phase()
        .and_then(|phase| phase.approval.as_ref())
    else {
        return Waiting::Sweep;
    };
    let have = rollout.gate.as_ref().map_or(0, |gate| gate.approvals.len());
    let have = u32::try_from(have).unwrap_or(u32::MAX);
    if have >= approval.needed {
        return Waiting::Sweep;
    }
    Waiting::Approval {
        have,
        needed: approval.needed,
        until: approval_deadline(rollout),
        otherwise: approval.otherwise,
    }
}

/// When the people who were asked to approve should have, if there is an end.
#[must_use]
pub fn approval_deadline(rollout: &Rollout) -> Option<Timestamp> {
    let approval = rollout.current_phase()?.approval.as_ref()?;
    let asked = rollout.gate.as_ref()?.asked?;
    Some(later(asked, approval.expires?))
}

/// Whether the calendar lets the next phase begin at `now`: it stops raises, and nothing else.
pub(crate) fn calendar(rollout: &Rollout, now: Timestamp) -> Result<(), Shut> {
    let Status::Entering(Next::Phase(next)) = rollout.status else {
        return Ok(());
    };
    let phase = rollout.plan.phases.get(next);
    if !phase.is_some_and(|phase| phase.weights.raises_over(&rollout.desired)) {
        return Ok(());
    }
    match rollout.calendar_override {
        Some(until) if now < until => Ok(()),
        Some(_) | None => rollout.plan.calendar.check(now),
    }
}

/// What stops every advance, whatever the evidence.
pub(crate) fn blocked(rollout: &Rollout) -> Option<Waiting> {
    let drift: Vec<(String, Weight)> = rollout
        .routes
        .iter()
        .filter_map(|(route, state)| Some((route.to_string(), state.drift?)))
        .collect();
    if !drift.is_empty() {
        return Some(Waiting::Drift { routes: drift });
    }
    if let Some((source, incident)) = first_due(rollout) {
        let (until, otherwise) = match incident.state {
            IncidentState::Open { due, otherwise } => (due, otherwise),
            IncidentState::Accepted { .. } => (None, Otherwise::Hold),
        };
        return Some(Waiting::Incident {
            source: source.clone(),
            until,
            otherwise,
        });
    }
    if let Some(hold) = rollout.holds.first() {
        return Some(Waiting::Person { hold: *hold });
    }
    rollout
        .plan
        .alarms
        .iter()
        .find(|guard| !lets_advance(guard, rollout.alarms.get(&guard.arn)))
        .map(|guard| Waiting::Alarm {
            name: crate::rollout::alarm_name(&guard.arn).to_owned(),
        })
}

/// The holding incident that must be decided first.
fn first_due(rollout: &Rollout) -> Option<(&IncidentSource, &Incident)> {
    rollout
        .holding_incidents()
        .min_by_key(|(_, incident)| match incident.state {
            IncidentState::Open { due: Some(due), .. } => due,
            IncidentState::Open { due: None, .. } | IncidentState::Accepted { .. } => {
                Timestamp::MAX
            }
        })
}

/// Whether time, evidence and checklist are all there and nothing stops the advance.
pub(crate) fn gate_is_open(rollout: &Rollout, now: Timestamp) -> bool {
    blocked(rollout).is_none() && gate_lacks(rollout, now).is_none()
}

/// What the gate of the phase, or of the watch, still lacks.
fn gate_lacks(rollout: &Rollout, now: Timestamp) -> Option<Waiting> {
    let phase = rollout.current_phase()?;
    let Some(gate) = &rollout.gate else {
        // Weights that are not in effect have no evidence.
        return Some(effect(rollout));
    };
    let watching = rollout.status == Status::Watching;
    let until = baked_at(rollout, phase, gate);
    if now < until {
        return Some(Waiting::Bake { until });
    }
    let passes = if watching { 1 } else { phase.limits.passes };
    evidence_lacks(gate, passes, now).or_else(|| {
        if watching {
            None
        } else {
            checklist_lacks(gate, phase)
        }
    })
}

/// When the phase, or the watch, has lasted long enough.
fn baked_at(rollout: &Rollout, phase: &Phase, gate: &Gate) -> Timestamp {
    let watching = rollout.status == Status::Watching;
    let least = match (&rollout.plan.watch, watching) {
        (Some(watch), true) => watch.lasts,
        (_, true) => SignedDuration::ZERO,
        (_, false) => phase.bake,
    };
    match gate.promoted {
        Some(_) => gate.since,
        None => later(gate.since, least),
    }
}

/// Whether the phase, or the watch, had lasted long enough at a time.
pub(crate) fn has_baked(rollout: &Rollout, at: Timestamp) -> bool {
    let gate = rollout.current_phase().zip(rollout.gate.as_ref());
    gate.is_some_and(|(phase, gate)| at >= baked_at(rollout, phase, gate))
}

fn evidence_lacks(gate: &Gate, passes: u32, now: Timestamp) -> Option<Waiting> {
    let lacking: Vec<&Tally> = gate
        .tallies
        .iter()
        .filter(|tally| !convinces(tally, gate.since, passes, now))
        .collect();
    if lacking.is_empty() {
        return None;
    }
    Some(Waiting::Evidence {
        lacking: lacking
            .into_iter()
            .filter_map(|tally| tally.last.clone())
            .collect(),
    })
}

/// Whether a tally is evidence to go on: enough passes in a row, gathered in this phase, and not long ago.
fn convinces(tally: &Tally, since: Timestamp, passes: u32, now: Timestamp) -> bool {
    let oldest = earlier(earlier(now, COMPLETE_AFTER), FRESH_FOR);
    tally.passes >= passes.max(1)
        && tally.last.as_ref().is_some_and(|finding| {
            finding.verdict == Verdict::Pass
                && finding.window.from >= since
                && finding.window.to >= oldest
        })
}

fn checklist_lacks(gate: &Gate, phase: &Phase) -> Option<Waiting> {
    let open: Vec<ItemName> = phase
        .checklist
        .iter()
        .map(|item| &item.name)
        .filter(|item| !gate.checked.contains_key(*item))
        .cloned()
        .collect();
    if open.is_empty() {
        None
    } else {
        Some(Waiting::Checklist { open })
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paused => "it is paused",
            Self::WeightSet => "weights were set by hand",
            Self::HandClosed => "somebody closed the gate by hand",
            Self::GateFailed => "the gate failed",
            Self::HookFailed => "a hook failed",
            Self::Overdue => "the phase is overdue",
            Self::Rejected => "an approver did not agree",
            Self::ApprovalExpired => "nobody approved in time",
        })
    }
}
