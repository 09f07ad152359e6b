//! A rollout as a record: everything that is shown of one.

use std::collections::BTreeMap;

use domain::{
    event::AlarmState,
    judge::{Finding, Role, Verdict},
    name::RouteName,
    plan::people::Locale,
    rollout::{
        AlarmSeen, HookRun, HookState, Incident as Breach, IncidentState, IntentKind, Rollout,
        Status, Tally, alarm_name,
    },
    target::{Carrier, Seen},
    time::{Timestamp, later},
    traffic::Weights,
    waiting, words,
};
use serde::{Deserialize, Serialize};

/// Where a rollout stands. Instants are RFC 3339 in UTC, weights tenths of a percent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// `shop#7`.
    pub rollout: String,
    /// When this was so.
    pub now: String,
    /// Where it stands, by [`Status::name`].
    pub status: String,
    /// Whether it has not ended.
    pub active: bool,
    /// Whether traffic goes back, or went.
    pub back: bool,
    /// Why traffic goes back, or went.
    pub cause: Option<String>,
    /// The same in Japanese.
    #[serde(default)]
    pub cause_ja: Option<String>,
    /// The zone of the plan's calendar, by its IANA name; `UTC` without one.
    #[serde(default)]
    pub zone: String,
    /// SHA-256 of the plan's text.
    pub plan: String,
    /// Who started it.
    pub started_by: String,
    /// When.
    pub started_at: String,
    /// Grows with every commit.
    pub revision: u64,
    /// Grows with every decision about the weights.
    pub epoch: u64,
    /// The plan's phases, in order.
    pub phases: Vec<Phase>,
    /// The index of the phase whose weights were last decided.
    pub phase: Option<usize>,
    /// Whether the plan has a watch after its phases.
    pub watch: bool,
    /// Each route with what it should be and what it is.
    pub routes: BTreeMap<String, Route>,
    /// The change that is being made.
    pub change: Option<Change>,
    /// What is waited for, in words.
    pub waiting: String,
    /// Why nothing advances until a person says so, in words.
    pub holds: Vec<String>,
    /// Breaches that people were told of.
    pub incidents: Vec<Incident>,
    /// Evidence of the phase, or of the watch, since its weights are in effect.
    pub gate: Option<Gate>,
    /// The guarding alarms.
    pub alarms: Vec<Alarm>,
    /// Hooks that are due or have run.
    pub hooks: Vec<Hook>,
    /// What comes at which time by itself, the next first.
    pub deadlines: Vec<Deadline>,
    /// The end of the ledger, `<seq>:<hash>`.
    pub ledger: String,
}

/// A phase of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// Its weights.
    pub weights: BTreeMap<String, u16>,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// What the canary should have.
    pub desired: u16,
    /// What it was read to have just now.
    pub seen: Option<u16>,
    /// Whether what carries its weight is there.
    pub ready: Option<bool>,
    /// Why it could not be read.
    pub trouble: Option<String>,
    /// Why it is not what was decided, where trying again alone will not help.
    #[serde(default)]
    pub obstacle: Option<String>,
    /// A weight higher than desired that somebody else wrote.
    pub drift: Option<u16>,
    /// When the weight that was read back reaches, or reached, the last client.
    pub effective: Option<String>,
}

/// The change that is being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `prepare`, `shift`, `finish` or `rollback`.
    pub kind: String,
    /// The decision it belongs to.
    pub epoch: u64,
    /// Nothing is written for it after this.
    pub deadline: String,
    /// How often it has been taken up again.
    pub retakes: u32,
}

/// A breach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// What opened it.
    pub source: String,
    /// How bad it is.
    pub severity: String,
    /// When it was found.
    pub opened: String,
    /// By when somebody should decide.
    pub due: Option<String>,
    /// Who lets the rollout go on in spite of it.
    pub accepted_by: Option<String>,
    /// Until when; without a time until the source has recovered.
    #[serde(default)]
    pub accepted_until: Option<String>,
}

/// Evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Since when the weights are in effect.
    pub since: String,
    /// When the bake, or the watch, has lasted for its least time.
    pub until: String,
    /// When the phase is overdue.
    pub overdue: Option<String>,
    /// Who asked to skip what is left of the bake.
    pub promoted_by: Option<String>,
    /// Every required condition with what was counted of it.
    pub conditions: Vec<Condition>,
    /// Each item of the checklist with who confirmed it.
    pub checklist: BTreeMap<String, Option<String>>,
    /// Who has approved.
    pub approvals: Vec<String>,
    /// How many must.
    pub needed: u32,
    /// When people were asked to.
    pub asked: Option<String>,
}

/// A condition with its newest measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// As the plan writes it.
    pub condition: String,
    /// `pass`, `fail`, `inconclusive` or `error`; none before the first measurement.
    pub verdict: Option<String>,
    /// Why it is no evidence.
    pub doubt: Option<String>,
    /// The canary's value.
    pub value: Option<String>,
    /// Stable's value.
    pub stable: Option<String>,
    /// What the canary's value was made from.
    pub samples: u64,
    /// The end of the window that was measured.
    pub measured: Option<String>,
    /// Passed measurements in a row.
    pub passes: u32,
    /// Failed measurements in the phase.
    pub failures: u32,
    /// Measurements in a row that could not be made.
    pub errors: u32,
}

/// A guarding alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// How bad it is when it goes off.
    pub severity: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`; none if it could not be read.
    pub state: Option<String>,
    /// Since when.
    pub since: Option<String>,
}

/// A hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// Its name.
    pub name: String,
    /// `due`, `done` or `failed`.
    pub state: String,
    /// How many of its runs failed.
    pub failures: u32,
}

/// Something that comes at a time by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Deadline {
    /// When.
    pub at: String,
    /// What.
    pub what: String,
}

/// A rollout in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// `shop#7`.
    pub rollout: String,
    /// Where it stands.
    pub status: String,
    /// Whether it has not ended.
    pub active: bool,
    /// The phase whose weights were last decided.
    pub phase: Option<String>,
    /// The weights that should be.
    pub desired: BTreeMap<String, u16>,
    /// What is waited for, in words.
    pub waiting: String,
    /// Who started it.
    pub started_by: String,
    /// When.
    pub started_at: String,
}

/// What the routes were read to be, or why they could not be read.
pub type Looked = BTreeMap<RouteName, Result<Seen, String>>;

impl View {
    /// A rollout as it is at `now`, with its routes as they were read.
    #[must_use]
    pub fn of(rollout: &Rollout, looked: &Looked, now: Timestamp) -> Self {
        let plan = &rollout.plan;
        let phases = plan.phases.iter().map(|phase| Phase {
            name: phase.name.to_string(),
            weights: permilles(&phase.weights),
        });
        let hooks = rollout
            .hooks
            .iter()
            .filter_map(|(key, run)| Some(hook(rollout.hook_name(*key)?, run)));
        let zone = &plan.calendar.zone;
        let japanese = words::Parts {
            locale: Locale::Ja,
            zone,
        };
        let cause = rollout.status.cause();
        Self {
            rollout: rollout.id.to_string(),
            now: now.to_string(),
            status: rollout.status.name().to_owned(),
            active: rollout.status.is_active(),
            back: rollout.status.is_rollback(),
            cause: cause.map(ToString::to_string),
            cause_ja: cause.map(|cause| japanese.cause(cause)),
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            plan: plan.hash.to_string(),
            started_by: rollout.started_by.to_string(),
            started_at: rollout.started_at.to_string(),
            revision: rollout.revision,
            epoch: rollout.epoch.0,
            phases: phases.collect(),
            phase: rollout.phase,
            watch: plan.watch.is_some(),
            routes: routes(rollout, looked),
            change: rollout.intent.map(|intent| Change {
                kind: kind(intent.kind).to_owned(),
                epoch: intent.epoch.0,
                deadline: intent.deadline.to_string(),
                retakes: intent.retakes,
            }),
            waiting: words::waiting(&waiting::of(rollout, now), now),
            holds: rollout.holds.iter().map(ToString::to_string).collect(),
            incidents: rollout
                .incidents
                .iter()
                .map(|(source, breach)| incident(source.to_string(), breach))
                .collect(),
            gate: gate(rollout),
            alarms: alarms(rollout),
            hooks: hooks.collect(),
            deadlines: deadlines(rollout, now),
            ledger: rollout.chain.to_string(),
        }
    }
}

impl Brief {
    /// A rollout as it is at `now`.
    #[must_use]
    pub fn of(rollout: &Rollout, now: Timestamp) -> Self {
        Self {
            rollout: rollout.id.to_string(),
            status: rollout.status.name().to_owned(),
            active: rollout.status.is_active(),
            phase: rollout.current_phase().map(|phase| phase.name.to_string()),
            desired: permilles(&rollout.desired),
            waiting: words::waiting(&waiting::of(rollout, now), now),
            started_by: rollout.started_by.to_string(),
            started_at: rollout.started_at.to_string(),
        }
    }
}

fn permilles(weights: &Weights) -> BTreeMap<String, u16> {
    weights
        .iter()
        .map(|(route, weight)| (route.to_string(), weight.permille()))
        .collect()
}

const fn kind(kind: IntentKind) -> &'static str {
    match kind {
        IntentKind::Prepare => "prepare",
        IntentKind::Shift => "shift",
        IntentKind::Finish => "finish",
        IntentKind::Rollback => "rollback",
    }
}

fn routes(rollout: &Rollout, looked: &Looked) -> BTreeMap<String, Route> {
    let route = |name: &RouteName| {
        let state = rollout.routes.get(name).copied().unwrap_or_default();
        let (seen, trouble) = match looked.get(name) {
            Some(Ok(seen)) => (Some(*seen), None),
            Some(Err(why)) => (None, Some(why.clone())),
            None => (None, None),
        };
        Route {
            desired: rollout.desired.get(name).permille(),
            seen: seen.map(|seen| seen.weight.permille()),
            ready: seen.map(|seen| seen.carrier == Carrier::Ready),
            trouble,
            obstacle: rollout.obstacles.get(name).cloned(),
            drift: state.drift.map(domain::traffic::Weight::permille),
            effective: state.effective.map(|at| at.to_string()),
        }
    };
    let names = rollout.plan.routes.keys();
    names.map(|name| (name.to_string(), route(name))).collect()
}

fn incident(source: String, breach: &Breach) -> Incident {
    let mut incident = Incident {
        source,
        severity: breach.severity.to_string(),
        opened: breach.opened.to_string(),
        due: None,
        accepted_by: None,
        accepted_until: None,
    };
    match &breach.state {
        IncidentState::Open { due, .. } => incident.due = due.map(|at| at.to_string()),
        IncidentState::Accepted { by, until } => {
            incident.accepted_by = Some(by.to_string());
            incident.accepted_until = until.map(|at| at.to_string());
        }
    }
    incident
}

fn hook(name: String, run: &HookRun) -> Hook {
    let state = match run.state {
        HookState::Due => "due",
        HookState::Done => "done",
        HookState::Failed => "failed",
    };
    Hook {
        name,
        state: state.to_owned(),
        failures: run.failures,
    }
}

/// When the bake, or the watch, has lasted for its least time.
fn baked(rollout: &Rollout) -> Option<Timestamp> {
    let gate = rollout.gate.as_ref()?;
    let least = match (&rollout.status, &rollout.plan.watch) {
        (Status::Watching, Some(watch)) => watch.lasts,
        _ => rollout.current_phase()?.bake,
    };
    Some(later(gate.since, least))
}

fn gate(rollout: &Rollout) -> Option<Gate> {
    let gate = rollout.gate.as_ref()?;
    let phase = rollout
        .current_phase()
        .filter(|_| rollout.status != Status::Watching);
    let checklist = phase.map_or(&[][..], |phase| phase.checklist.as_slice());
    let required = rollout.required().iter().map(ToString::to_string);
    Some(Gate {
        since: gate.since.to_string(),
        until: baked(rollout).unwrap_or(gate.since).to_string(),
        overdue: gate.overdue.map(|at| at.to_string()),
        promoted_by: gate.promoted.as_ref().map(ToString::to_string),
        conditions: required
            .zip(gate.tallies.iter())
            .map(|(condition, tally)| counted(condition, tally))
            .collect(),
        checklist: checklist
            .iter()
            .map(|item| {
                let by = gate.checked.get(&item.name).map(ToString::to_string);
                (item.name.to_string(), by)
            })
            .collect(),
        approvals: gate.approvals.iter().map(ToString::to_string).collect(),
        needed: phase
            .and_then(|phase| phase.approval.as_ref())
            .map_or(0, |approval| approval.needed),
        asked: gate.asked.map(|at| at.to_string()),
    })
}

/// How a verdict is called in a record.
#[must_use]
pub const fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive(_) => "inconclusive",
        Verdict::Error(_) => "error",
    }
}

fn counted(condition: String, tally: &Tally) -> Condition {
    let last = tally.last.as_ref();
    let doubt = |finding: &Finding| match &finding.verdict {
        Verdict::Pass | Verdict::Fail => None,
        Verdict::Inconclusive(doubt) => Some(doubt.to_string()),
        Verdict::Error(why) => Some(why.clone()),
    };
    debug_assert!(last.is_none_or(|finding| finding.role == Role::Require));
    Condition {
        condition,
        verdict: last.map(|finding| verdict(&finding.verdict).to_owned()),
        doubt: last.and_then(doubt),
        value: last.and_then(|finding| Some(finding.current?.to_string())),
        stable: last.and_then(|finding| Some(finding.stable?.to_string())),
        samples: last.map_or(0, |finding| finding.samples),
        measured: last.map(|finding| finding.window.to.to_string()),
        passes: tally.passes,
        failures: tally.failures,
        errors: tally.errors,
    }
}

/// An alarm's state as AWS writes it.
#[must_use]
pub const fn alarm_state(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Ok => "OK",
        AlarmState::Alarm => "ALARM",
        AlarmState::InsufficientData => "INSUFFICIENT_DATA",
    }
}

fn alarms(rollout: &Rollout) -> Vec<Alarm> {
    let guards = rollout.plan.alarms.iter();
    guards
        .map(|guard| {
            let seen: Option<&AlarmSeen> = rollout.alarms.get(&guard.arn);
            Alarm {
                arn: guard.arn.to_string(),
                name: alarm_name(&guard.arn).to_owned(),
                severity: guard.severity.to_string(),
                state: seen.and_then(|seen| Some(alarm_state(seen.state?).to_owned())),
                since: seen.map(|seen| seen.since.to_string()),
            }
        })
        .collect()
}

fn deadlines(rollout: &Rollout, now: Timestamp) -> Vec<Deadline> {
    let mut all: Vec<(Timestamp, String)> = Vec::new();
    if let Some(intent) = rollout.intent {
        all.push((intent.deadline, "the change is taken up again".to_owned()));
    }
    if let Some(until) = baked(rollout) {
        all.push((until, "the bake has lasted for its least time".to_owned()));
    }
    if let Some(gate) = &rollout.gate {
        all.extend(
            gate.overdue
                .map(|at| (at, "the phase is overdue".to_owned())),
        );
        let expires = rollout
            .current_phase()
            .and_then(|phase| phase.approval.as_ref()?.expires);
        if let (Some(asked), Some(expires)) = (gate.asked, expires) {
            all.push((later(asked, expires), "the approval expires".to_owned()));
        }
    }
    for (source, breach) in &rollout.incidents {
        if let IncidentState::Open { due: Some(due), .. } = breach.state {
            all.push((due, format!("a decision on {source} is due")));
        }
    }
    if matches!(rollout.status, Status::Guarding { .. }) {
        let what = "no late write can land any more".to_owned();
        all.push((rollout.late_until, what));
    }
    all.retain(|(at, _)| *at > now);
    all.sort();
    all.into_iter()
        .map(|(at, what)| Deadline {
            at: at.to_string(),
            what,
        })
        .collect()
}
