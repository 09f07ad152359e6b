//! What follows from time: deadlines first, then the way forward.

use std::collections::BTreeMap;

use super::{Turn, incident, nudge, rollback, stall};
use crate::{
    judge::Finding,
    ledger::{Actor, Fact, Shown},
    name::RouteName,
    plan::{Finish, gate::Otherwise, phase::Phase},
    rollout::{
        Cause, Gate, Hold, HookKey, HookMoment, HookRun, HookState, IncidentSource, IncidentState,
        IntentKind, Next, Notice, Status, Tally,
    },
    time::{SignedDuration, Timestamp, later},
    traffic::Epoch,
    waiting,
};

/// After so many retakes people are told that a change is stuck.
const STUCK_AFTER: u32 = 3;

/// The most moves one tick makes: gate, entering, weights, and one to spare for each.
const MOVES_MAX: usize = 8;

/// Time has passed.
pub(super) fn tick(turn: &mut Turn) {
    tell_if_late(turn);
    if !turn.next.status.is_forward() {
        return;
    }
    incident::acceptance_over(turn);
    if !turn.next.status.is_forward() {
        return;
    }
    incidents_due(turn);
    nudge::nudge(turn);
    approval_expired(turn);
    overdue(turn);
    for _ in 0..MOVES_MAX {
        let before = turn.next.status.clone();
        advance(turn);
        if turn.next.status == before {
            break;
        }
    }
    stall::tell(turn);
}

/// An intent ran past its deadline: the change is taken up again, in a new epoch, so that whatever was
/// sent for the old one is refused.
pub(super) fn overran(turn: &mut Turn, epoch: Epoch) {
    let Some(intent) = turn.next.intent else {
        return;
    };
    if intent.epoch != epoch || turn.now <= intent.deadline {
        return;
    }
    // What stood in its way is no news when it still does.
    let obstacles = std::mem::take(&mut turn.next.obstacles);
    turn.open_intent(intent.kind);
    turn.next.obstacles = obstacles;
    let retakes = intent.retakes.saturating_add(1);
    if let Some(intent) = &mut turn.next.intent {
        intent.retakes = retakes;
    }
    if retakes == STUCK_AFTER && turn.next.notices.insert(Notice::ChangeStuck) {
        turn.say(Actor::Plan, Fact::ChangeStuck { tries: retakes });
    }
}

/// A change is refused, and will be until somebody does something about it: that is told once for each reason.
pub(super) fn obstructed(turn: &mut Turn, epoch: Epoch, routes: &BTreeMap<RouteName, String>) {
    if turn.next.intent.is_none_or(|intent| intent.epoch != epoch) {
        return;
    }
    for (route, why) in routes {
        let known = turn.next.obstacles.insert(route.clone(), why.clone());
        if known.as_ref() != Some(why) {
            let fact = Fact::RouteObstructed {
                route: route.clone(),
                why: why.clone(),
            };
            turn.say(Actor::Plan, fact);
        }
    }
}

fn tell_if_late(turn: &mut Turn) {
    let Status::RollingBack { began, .. } = turn.next.status else {
        return;
    };
    let within = turn.next.plan.rollback.within;
    if turn.now > later(began, within) && turn.next.notices.insert(Notice::RollbackLate) {
        turn.say(Actor::Plan, Fact::RollbackLate { within });
    }
}

/// The earliest incident that nobody has decided on in time.
fn overdue_incident(turn: &Turn) -> Option<(IncidentSource, Otherwise)> {
    turn.next
        .incidents
        .iter()
        .filter_map(|(source, incident)| match incident.state {
            IncidentState::Open {
                due: Some(due),
                otherwise,
            } if due <= turn.now => Some((due, source, otherwise)),
            IncidentState::Open { .. } | IncidentState::Accepted { .. } => None,
        })
        .min()
        .map(|(_, source, otherwise)| (source.clone(), otherwise))
}

fn incidents_due(turn: &mut Turn) {
    while let Some((source, then)) = overdue_incident(turn) {
        let fact = Fact::IncidentOverdue {
            source: source.clone(),
            then,
        };
        turn.say(Actor::Plan, fact);
        match then {
            Otherwise::Rollback => {
                let cause = Cause::IncidentOverdue(source.to_string());
                rollback::roll_back(turn, Actor::Plan, cause, Vec::new());
                return;
            }
            Otherwise::Hold => ask_again(turn, &source),
        }
    }
}

fn ask_again(turn: &mut Turn, source: &IncidentSource) {
    let (high, medium) = (
        turn.next.plan.severities.high,
        turn.next.plan.severities.medium,
    );
    let Some(incident) = turn.next.incidents.get_mut(source) else {
        return;
    };
    let within = if incident.severity == crate::plan::severity::Severity::High {
        high.within
    } else {
        medium.within
    };
    if let IncidentState::Open { due, .. } = &mut incident.state {
        *due = Some(later(turn.now, within.max(SignedDuration::from_mins(1))));
    }
}

fn approval_expired(turn: &mut Turn) {
    let answered = turn.next.holds.contains(&Hold::ApprovalExpired) || has_quorum(turn);
    if turn.next.status != Status::AwaitingApproval || answered {
        return;
    }
    let Some((phase, then)) = waiting::approval_deadline(&turn.next)
        .filter(|deadline| *deadline <= turn.now)
        .and_then(|_| {
            let phase = turn.next.current_phase()?;
            Some((phase.name.clone(), phase.approval.as_ref()?.otherwise))
        })
    else {
        return;
    };
    let why = format!("nobody approved phase {phase} in time");
    turn.say(Actor::Plan, Fact::ApprovalExpired { phase, then });
    match then {
        Otherwise::Hold => {
            turn.next.holds.insert(Hold::ApprovalExpired);
        }
        Otherwise::Rollback => {
            rollback::roll_back(turn, Actor::Plan, Cause::NotApproved(why), Vec::new());
        }
    }
}

fn overdue(turn: &mut Turn) {
    let now = turn.now;
    let Some(gate) = &mut turn.next.gate else {
        return;
    };
    if gate.overdue.is_none_or(|overdue| now < overdue) {
        return;
    }
    gate.overdue = None;
    let said = turn
        .next
        .current_phase()
        .and_then(|phase| Some((phase.name.clone(), phase.within?)));
    if let Some((phase, within)) = said {
        turn.next.holds.insert(Hold::Overdue);
        turn.say(Actor::Plan, Fact::Overdue { phase, within });
    }
}

/// One move on the way forward, if there is one to make.
fn advance(turn: &mut Turn) {
    if turn.next.intent.is_some() {
        return;
    }
    match turn.next.status {
        Status::Shifting => bake_if_in_effect(turn),
        Status::Baking => leave_bake(turn),
        Status::AwaitingApproval => leave_approval(turn),
        Status::Entering(next) => enter(turn, next),
        Status::Watching => leave_watch(turn),
        Status::Starting
        | Status::AwaitingFinish
        | Status::Finishing
        | Status::Completed { .. }
        | Status::RollingBack { .. }
        | Status::Guarding { .. }
        | Status::RolledBack { .. }
        | Status::Superseded { .. } => {}
    }
}

/// Starts the bake's clock, once the weights of every route are known to reach the last client.
pub(super) fn bake_if_in_effect(turn: &mut Turn) {
    if turn.next.status != Status::Shifting || turn.next.intent.is_some() {
        return;
    }
    let times: Option<Vec<Timestamp>> = turn
        .next
        .routes
        .values()
        .map(|route| route.effective)
        .collect();
    let Some(since) = times.and_then(|times| times.into_iter().max()) else {
        return;
    };
    let Some(phase) = turn.next.current_phase().cloned() else {
        return;
    };
    turn.next.gate = Some(Gate::of_phase(&phase, since));
    turn.next.status = Status::Baking;
    let fact = Fact::InEffect {
        phase: phase.name,
        since,
    };
    turn.say(Actor::Plan, fact);
}

/// Leaves the gate for weights that have to come into effect anew. Whatever it had gathered is gone, and
/// the hooks at its end run again.
pub(super) fn leave_gate(turn: &mut Turn) {
    turn.next.gate = None;
    turn.next.shown = None;
    turn.next.notices.remove(&Notice::GateWaits);
    turn.next.status = Status::Shifting;
    let Some(phase) = turn.next.phase else {
        return;
    };
    let next = phase.saturating_add(1);
    for (key, run) in &mut turn.next.hooks {
        if [HookMoment::After(phase), HookMoment::Before(next)].contains(&key.moment) {
            *run = HookRun {
                runs: run.runs.saturating_add(1),
                failures: 0,
                since: None,
                state: HookState::Due,
            };
        }
    }
}

impl Gate {
    fn of_phase(phase: &Phase, since: Timestamp) -> Self {
        Self {
            since,
            tallies: vec![Tally::default(); phase.require.len()],
            promoted: None,
            checked: BTreeMap::new(),
            approvals: std::collections::BTreeSet::new(),
            asked: None,
            overdue: phase.within.map(|within| later(since, within)),
        }
    }
}

fn leave_bake(turn: &mut Turn) {
    if !waiting::gate_is_open(&turn.next, turn.now) {
        return;
    }
    let Some(phase) = turn.next.current_phase().cloned() else {
        return;
    };
    let passed = Fact::GatePassed {
        phase: phase.name.clone(),
        shown: shown(turn),
    };
    let evidence = evidence(turn);
    // People who approved before the evidence was in doubt for a while are not asked again.
    let approval = phase.approval.filter(|_| !has_quorum(turn));
    let Some(approval) = approval else {
        turn.next.status = Status::Entering(turn.next.following());
        turn.say_on(Actor::Plan, passed, evidence);
        return;
    };
    turn.next.status = Status::AwaitingApproval;
    if let Some(gate) = &mut turn.next.gate {
        gate.asked.get_or_insert(turn.now);
    }
    turn.say_on(Actor::Plan, passed, evidence);
    let until = waiting::approval_deadline(&turn.next);
    let fact = Fact::ApprovalAsked {
        phase: phase.name,
        needed: approval.needed,
        until,
    };
    turn.say(Actor::Plan, fact);
}

fn leave_approval(turn: &mut Turn) {
    if has_quorum(turn) && waiting::gate_is_open(&turn.next, turn.now) {
        turn.next.status = Status::Entering(turn.next.following());
    }
}

/// Whether as many have approved as must.
fn has_quorum(turn: &Turn) -> bool {
    let gate = turn.next.gate.as_ref();
    let have = gate.map_or(0, |gate| gate.approvals.len());
    turn.next.current_phase().is_some_and(|phase| {
        let approval = phase.approval.as_ref();
        approval.is_none_or(|approval| have >= approval.needed as usize)
    })
}

/// What the phase, or the watch, has shown so far.
pub(super) fn shown(turn: &Turn) -> Option<Box<Shown>> {
    let (phase, gate) = turn.next.current_phase().zip(turn.next.gate.as_ref())?;
    Some(Box::new(Shown::of(&phase.name, gate, turn.now)))
}

fn evidence(turn: &Turn) -> Vec<Finding> {
    let tallies = turn.next.gate.iter().flat_map(|gate| &gate.tallies);
    tallies.filter_map(|tally| tally.last.clone()).collect()
}

/// Begins what comes next, once the calendar and the hooks allow and the evidence still does.
fn enter(turn: &mut Turn, next: Next) {
    if waiting::blocked(&turn.next).is_some() {
        return;
    }
    if turn.next.phase.is_some() && !waiting::gate_is_open(&turn.next, turn.now) {
        turn.next.status = Status::Baking;
        return;
    }
    if waiting::calendar(&turn.next, turn.now).is_err() {
        return;
    }
    queue_hooks(turn, next);
    if turn
        .next
        .hooks
        .values()
        .any(|run| run.state != HookState::Done)
    {
        return;
    }
    match next {
        Next::Phase(index) => enter_phase(turn, index),
        Next::Watch => begin_watch(turn),
    }
}

fn queue_hooks(turn: &mut Turn, next: Next) {
    let after = turn.next.phase.map(|index| {
        let count = turn
            .next
            .plan
            .phases
            .get(index)
            .map_or(0, |phase| phase.after.len());
        (HookMoment::After(index), count)
    });
    let before = match next {
        Next::Phase(index) => {
            let count = turn
                .next
                .plan
                .phases
                .get(index)
                .map_or(0, |phase| phase.before.len());
            Some((HookMoment::Before(index), count))
        }
        Next::Watch => None,
    };
    for (moment, count) in after.into_iter().chain(before) {
        for index in 0..count {
            turn.next
                .hooks
                .entry(HookKey { moment, index })
                .or_insert(HookRun::DUE);
        }
    }
}

pub(super) fn enter_phase(turn: &mut Turn, index: usize) {
    let Some((name, weights)) = turn
        .next
        .plan
        .phases
        .get(index)
        .map(|phase| (phase.name.clone(), phase.weights.clone()))
    else {
        return;
    };
    let finished = shown(turn);
    turn.next.phase = Some(index);
    turn.next.desired = weights;
    turn.next.gate = None;
    for told in [Notice::GateWaits, Notice::CalendarShut] {
        turn.next.notices.remove(&told);
    }
    turn.next.status = Status::Shifting;
    turn.open_intent(IntentKind::Shift);
    turn.say(
        Actor::Plan,
        Fact::PhaseEntered {
            phase: name,
            finished,
        },
    );
}

fn begin_watch(turn: &mut Turn) {
    let Some(watch) = turn.next.plan.watch.clone() else {
        finish(turn);
        return;
    };
    let finished = shown(turn);
    turn.next.gate = Some(Gate {
        since: turn.now,
        tallies: vec![Tally::default(); watch.require.len()],
        promoted: None,
        checked: BTreeMap::new(),
        approvals: std::collections::BTreeSet::new(),
        asked: None,
        overdue: None,
    });
    turn.next.notices.remove(&Notice::GateWaits);
    turn.next.status = Status::Watching;
    let lasts = watch.lasts;
    turn.say(Actor::Plan, Fact::WatchBegan { lasts, finished });
}

fn leave_watch(turn: &mut Turn) {
    if waiting::blocked(&turn.next).is_none() && waiting::gate_is_open(&turn.next, turn.now) {
        finish(turn);
    }
}

fn finish(turn: &mut Turn) {
    let finished = shown(turn);
    turn.next.gate = None;
    turn.next.shown.clone_from(&finished);
    match turn.next.plan.finish {
        Finish::Auto => {
            turn.next.status = Status::Finishing;
            turn.open_intent(IntentKind::Finish);
            turn.say(Actor::Plan, Fact::FinishBegan { finished });
        }
        Finish::Manual => {
            turn.next.status = Status::AwaitingFinish;
            turn.say(Actor::Plan, Fact::FinishAwaited { finished });
        }
    }
}

impl crate::rollout::Rollout {
    /// What comes after the phase whose weights were last decided.
    pub(crate) fn following(&self) -> Next {
        let next = self.phase.map_or(0, |index| index.saturating_add(1));
        if next < self.plan.phases.len() {
            Next::Phase(next)
        } else {
            Next::Watch
        }
    }
}
