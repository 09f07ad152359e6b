//! What follows from routes having been read: acknowledgement, drift, a hand that closed the gate.

use std::collections::BTreeMap;

use super::{Turn, rollback, tick};
use crate::{
    ledger::{Actor, Fact},
    name::RouteName,
    rollout::{Hold, IntentKind, Next, Notice, Status},
    target::{Floor, Goal, Propagation, Seen},
    time::{Timestamp, later},
    traffic::{Epoch, Weight},
};

/// Routes were read under a head of this epoch, not before `read_at`.
pub(super) fn observed(
    turn: &mut Turn,
    epoch: Epoch,
    read_at: Timestamp,
    routes: &BTreeMap<RouteName, Seen>,
) {
    if epoch != turn.next.epoch {
        return;
    }
    if turn.next.intent.is_some() {
        if !adopt(turn, routes) {
            acknowledge(turn, routes);
        }
        return;
    }
    match turn.next.status {
        Status::Guarding { .. } => guard(turn, read_at, routes),
        Status::Starting
        | Status::Entering(_)
        | Status::Shifting
        | Status::Baking
        | Status::AwaitingApproval
        | Status::Watching
        | Status::AwaitingFinish
        | Status::Finishing => compare(turn, routes),
        Status::RollingBack { .. }
        | Status::RolledBack { .. }
        | Status::Completed { .. }
        | Status::Superseded { .. } => {}
    }
}

/// Takes over what somebody else has closed while it was to be raised; false if nobody has.
///
/// What was decided for the other routes is seen through, in a new epoch, and then the rollout is held. What
/// was being finished is not: it stands at its last phase again.
fn adopt(turn: &mut Turn, routes: &BTreeMap<RouteName, Seen>) -> bool {
    let closed: Vec<(&RouteName, &Seen)> = routes
        .iter()
        .filter(|(route, seen)| turn.next.is_closed_by_hand(route, seen))
        .collect();
    for (route, seen) in &closed {
        take_over(turn, route, seen);
    }
    if closed.is_empty() {
        return false;
    }
    if turn.next.status != Status::Starting {
        tick::leave_gate(turn);
    }
    turn.open_intent(IntentKind::Shift);
    for (route, seen) in closed {
        tell_closed(turn, route, seen.weight);
    }
    true
}

/// What a route was seen to be is what it shall be. Its epoch, if it has one, is not ours: the next is newer.
fn take_over(turn: &mut Turn, route: &RouteName, seen: &Seen) {
    let next = &mut turn.next;
    next.desired.set(route.clone(), seen.weight);
    next.epoch = next.epoch.max(seen.epoch.unwrap_or_default());
    next.holds.insert(Hold::HandClosed);
    if let Some(state) = next.routes.get_mut(route) {
        state.floor = floor(seen);
    }
}

fn floor(seen: &Seen) -> Floor {
    Floor {
        weight: seen.weight,
        carrier: seen.carrier,
    }
}

/// Notes which routes have reached the open intent's goal, and closes it when all have.
fn acknowledge(turn: &mut Turn, routes: &BTreeMap<RouteName, Seen>) {
    for (route, seen) in routes {
        let goal = turn.next.goal(route);
        let (epoch, now) = (turn.next.epoch, turn.now);
        let Some(state) = turn.next.routes.get_mut(route) else {
            continue;
        };
        if seen.reaches(goal, epoch) {
            state.acknowledged = Some(epoch);
            turn.next.obstacles.remove(route);
            state.floor = floor(seen);
            state.effective = state.effective.or(effective(seen, now));
        }
    }
    let epoch = turn.next.epoch;
    let all = turn
        .next
        .routes
        .values()
        .all(|state| state.acknowledged == Some(epoch));
    if let (true, Some(intent)) = (all, turn.next.intent) {
        close(turn, intent.kind);
    }
}

fn effective(seen: &Seen, now: Timestamp) -> Option<Timestamp> {
    match seen.propagation {
        Propagation::Pending => None,
        Propagation::Done => Some(later(now, seen.settle)),
    }
}

/// Every route has reached the goal of an intent of this kind.
fn close(turn: &mut Turn, kind: IntentKind) {
    turn.next.intent = None;
    // The next change that gets stuck is news again.
    turn.next.notices.remove(&Notice::ChangeStuck);
    match kind {
        IntentKind::Prepare | IntentKind::Shift => {
            if turn.next.status == Status::Starting {
                turn.next.status = Status::Entering(Next::Phase(0));
                turn.say(Actor::Plan, Fact::Prepared);
            } else {
                tick::bake_if_in_effect(turn);
            }
        }
        IntentKind::Finish => {
            turn.next.status = Status::Completed { at: turn.now };
            let finished = turn.next.shown.take();
            turn.say(Actor::Plan, Fact::Completed { finished });
        }
        IntentKind::Rollback => {
            if let Status::RollingBack { cause, began } = turn.next.status.clone() {
                rollback::restored(turn, cause, began);
            }
        }
    }
}

/// Looks after a rollback: a late write is undone, and when none can come any more it is confirmed.
fn guard(turn: &mut Turn, read_at: Timestamp, routes: &BTreeMap<RouteName, Seen>) {
    for (route, seen) in routes {
        if !seen.meets(Goal::Restored) {
            let Status::Guarding { cause, .. } = turn.next.status.clone() else {
                return;
            };
            let began = turn.now;
            turn.open_intent(IntentKind::Rollback);
            turn.next.notices.remove(&Notice::RollbackLate);
            turn.next.status = Status::RollingBack { cause, began };
            let fact = Fact::LateWriteUndone {
                route: route.clone(),
                found: seen.weight,
            };
            turn.say(Actor::Stranger, fact);
            return;
        }
    }
    settle(turn, routes);
    if turn
        .next
        .routes
        .keys()
        .all(|route| routes.contains_key(route))
    {
        rollback::confirm(turn, read_at);
    }
}

/// Notes which routes' weights have come into effect; a weight that is not the desired one has not.
fn settle(turn: &mut Turn, routes: &BTreeMap<RouteName, Seen>) {
    for (route, seen) in routes {
        let met = seen.meets(turn.next.goal(route));
        let now = turn.now;
        if let (true, Some(state)) = (met, turn.next.routes.get_mut(route)) {
            state.effective = state.effective.or(effective(seen, now));
        }
    }
}

/// Compares what was read with what is desired, while nothing is being changed.
fn compare(turn: &mut Turn, routes: &BTreeMap<RouteName, Seen>) {
    settle(turn, routes);
    for (route, seen) in routes {
        compare_route(turn, route, seen);
    }
    tick::bake_if_in_effect(turn);
}

fn compare_route(turn: &mut Turn, route: &RouteName, seen: &Seen) {
    let desired = turn.next.desired.get(route);
    let awaiting_finish = turn.next.status == Status::AwaitingFinish;
    let Some(state) = turn.next.routes.get_mut(route) else {
        return;
    };
    if awaiting_finish {
        state.base = Some(seen.base);
    }
    let drift = (seen.weight > desired).then_some(seen.weight);
    let was = std::mem::replace(&mut state.drift, drift);
    if let Some(found) = drift
        && was != drift
    {
        let route = route.clone();
        let fact = Fact::DriftFound {
            route,
            found,
            desired,
        };
        turn.say(Actor::Stranger, fact);
    }
    if seen.weight < desired {
        take_over(turn, route, seen);
        turn.next.epoch = turn.next.epoch.next();
        tell_closed(turn, route, seen.weight);
    } else if was.is_some() && drift.is_none() {
        let fact = Fact::DriftGone {
            route: route.clone(),
        };
        turn.say(Actor::Plan, fact);
        bake_anew(turn, route, seen);
    }
}

fn tell_closed(turn: &mut Turn, route: &RouteName, found: Weight) {
    let fact = Fact::HandClosed {
        route: route.clone(),
        found,
    };
    turn.say(Actor::Stranger, fact);
}

/// A drift is over: what was gathered while it lasted is no evidence of the phase's weights.
fn bake_anew(turn: &mut Turn, route: &RouteName, seen: &Seen) {
    if turn.next.gate.is_none() || !turn.next.status.is_phased() {
        return;
    }
    let now = turn.now;
    if let Some(state) = turn.next.routes.get_mut(route) {
        state.effective = effective(seen, now);
    }
    tick::leave_gate(turn);
}
