//! What must hold of every history, whatever happened: heads, ledger and the world's own record of its targets.

use std::collections::BTreeMap;

use domain::{
    ledger::{self, Actor, Chain, Entry, Fact, Line},
    name::RouteName,
    plan::route::Route,
    rollout::{Next, Rollout, Status},
    time::{SignedDuration, Timestamp, earlier, later, since},
    traffic::Weight,
};
use sim::{Outcome, Rewired, Writer};

use super::{clock::Clock, run::Run};

/// How long a change takes from its decision to its read-back while nothing strikes.
const CHANGE: SignedDuration = SignedDuration::from_secs(15);

/// How long a change may be on its way to the last client once it is known to be in effect, on any route.
const SETTLES: SignedDuration = SignedDuration::from_secs(60);

/// How long a caller waits for an answer.
const ANSWER: SignedDuration = SignedDuration::from_secs(3);

/// Everything that is wrong with a history, each in words.
pub(super) fn wrongs(run: &Run, clock: &Clock) -> Vec<String> {
    let mut wrong = Vec::new();
    steps(run, &mut wrong);
    gates(run, clock, &mut wrong);
    clocks(run, clock, &mut wrong);
    chain(run, &mut wrong);
    calendar(run, &mut wrong);
    restored(run, clock, &mut wrong);
    fences(run, &mut wrong);
    agreement(run, clock, &mut wrong);
    wrong
}

/// Each commit against the one before it.
fn steps(run: &Run, wrong: &mut Vec<String>) {
    for pair in run.heads.windows(2) {
        let [(_, before), (at, after)] = pair else {
            continue;
        };
        let mut must = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{what} (revision {} at {at})", after.revision));
            }
        };
        let raised = after.desired.raises_over(&before.desired);
        let went_back = before.status.is_rollback();
        must(
            !(went_back && raised),
            "a weight was raised after a rollback",
        );
        must(
            !went_back || after.status.is_rollback(),
            "a rollback was undone",
        );
        must(
            !went_back || after.desired.is_closed(),
            "a rollback left a weight",
        );
        must(
            after.revision == before.revision + 1,
            "a revision was skipped",
        );
        must(after.epoch >= before.epoch, "an epoch went back");
        let opened = after.intent.is_some() && after.intent != before.intent;
        let decided = opened || after.desired != before.desired;
        must(
            !decided || after.epoch > before.epoch,
            "weights were decided in an old epoch",
        );
        let own = after
            .intent
            .is_none_or(|intent| intent.epoch == after.epoch);
        must(own, "an intent is of another epoch");
        let confirmed = matches!(after.status, Status::RolledBack { .. });
        let closed = run
            .plan
            .routes
            .keys()
            .all(|route| run.at(route, *at) == Weight::ZERO);
        let touched = run.was_touched(earlier(*at, ANSWER), *at);
        must(
            !confirmed || closed || touched,
            "a rollback was confirmed while a route was open",
        );
        let entries = entries_of(run, before, after);
        let asked = entries
            .iter()
            .any(|entry| matches!(entry.actor, Actor::Person(_)));
        let held = !before.holds.is_empty()
            || before.holding_incidents().next().is_some()
            || before.routes.values().any(|route| route.drift.is_some());
        must(
            !(raised && held) || asked,
            "a held rollout raised a weight by itself",
        );
        let said = entries.iter().any(|entry| entry.before != entry.after);
        let changed = before.desired != after.desired;
        must(!changed || said, "a weight changed without an entry");
    }
}

/// The entries that a commit appended.
fn entries_of<'a>(run: &'a Run, before: &Rollout, after: &Rollout) -> &'a [Entry] {
    let at = |seq: u64| usize::try_from(seq).unwrap_or(usize::MAX);
    let entries = at(before.chain.seq)..at(after.chain.seq);
    run.ledger.get(entries).unwrap_or(&[])
}

/// No phase is skipped, none is left before its time, none without those who must agree.
fn gates(run: &Run, clock: &Clock, wrong: &mut Vec<String>) {
    for pair in run.heads.windows(2) {
        let [(_, before), (_, after)] = pair else {
            continue;
        };
        let entries = entries_of(run, before, after);
        let past_the_gates = entries
            .iter()
            .any(|entry| matches!(entry.fact, Fact::PromotedFull { .. }));
        if past_the_gates || after.status.is_rollback() {
            continue;
        }
        let index = |phase: Option<usize>| phase.map_or(0, |phase| phase + 1);
        if after.phase != before.phase && index(after.phase) != index(before.phase) + 1 {
            wrong.push(format!(
                "phase {:?} came after {:?}",
                after.phase, before.phase
            ));
        }
        let finishes = matches!(
            after.status,
            Status::Watching | Status::AwaitingFinish | Status::Finishing
        );
        let left = after.phase != before.phase || (finishes && before.status.is_phased());
        let decided = entries.last().map(|entry| entry.at);
        if let (true, Some(_), Some(at)) = (left, before.phase, decided) {
            leaving(run, clock, before, at, wrong);
        }
        let watched =
            before.status == Status::Watching && finishes && after.status != Status::Watching;
        if let (true, Some(watch), Some(gate), Some(at)) =
            (watched, &run.plan.watch, &before.gate, decided)
            && gate.promoted.is_none()
            && since(at, gate.since) < watch.lasts
        {
            let lasted = since(at, gate.since);
            wrong.push(format!("the watch was over after {lasted}"));
        }
    }
}

fn leaving(run: &Run, clock: &Clock, before: &Rollout, at: Timestamp, wrong: &mut Vec<String>) {
    let (Some(phase), Some(gate)) = (before.current_phase(), &before.gate) else {
        wrong.push(format!("a phase was left at {at} without a gate"));
        return;
    };
    let name = &phase.name;
    if matches!(
        before.status,
        Status::Entering(Next::Phase(_) | Next::Watch) | Status::Baking | Status::AwaitingApproval
    ) && before.desired != phase.weights
    {
        wrong.push(format!(
            "phase {name} was left at {}, not its weights",
            before.desired
        ));
    }
    for route in run.plan.routes.keys() {
        let weight = phase.weights.get(route);
        let Some(effect) = run.in_effect(clock, route, weight, at) else {
            wrong.push(format!(
                "phase {name} was left while {route} was not at {weight}"
            ));
            continue;
        };
        let baked = since(at, effect);
        if effect > gate.since && gate.promoted.is_none() {
            wrong.push(format!(
                "the bake of phase {name} was counted from {}, {route} had its weight at {effect}",
                gate.since
            ));
        }
        if gate.promoted.is_none() && baked < phase.bake {
            wrong.push(format!(
                "phase {name} was left after {baked}, baked too short"
            ));
        }
    }
    if let Some(approval) = &phase.approval {
        let may = |who: &&domain::name::Person| {
            let groups = approval
                .from
                .iter()
                .filter_map(|group| run.plan.groups.get(group));
            groups.flatten().any(|person| person == *who)
        };
        if gate.approvals.iter().filter(may).count() < approval.needed as usize {
            wrong.push(format!("phase {name} was left without approval"));
        }
    }
    for item in &phase.checklist {
        if !gate.checked.contains_key(&item.name) {
            wrong.push(format!("phase {name} was left without {}", item.name));
        }
    }
}

/// The bake's clock starts in time: a gate that waits for ever measures nothing.
fn clocks(run: &Run, clock: &Clock, wrong: &mut Vec<String>) {
    for stand in run.stands().iter().filter(|stand| !stand.is_watch) {
        let before = |at: Timestamp| at <= stand.from;
        // The last decision about the weights, and the last time that one was being carried out.
        let decided = run.heads.windows(2).rev().find_map(|pair| match pair {
            [(_, earlier), (at, head)] if before(*at) => {
                (head.intent.is_some() || head.epoch != earlier.epoch).then_some(*at)
            }
            _ => None,
        });
        let mut known = decided.unwrap_or(run.started);
        for route in run.plan.routes.keys() {
            let mut changes = run.changes(route).rev();
            let last = changes.find(|rewired| before(rewired.at));
            known = known.max(last.map_or(known, |rewired| rewired.served));
        }
        let by = later(clock.noticed(known), SETTLES);
        if stand.since > by {
            wrong.push(format!(
                "the bake was to be counted from {by}, it was from {}",
                stand.since
            ));
        }
    }
}

impl Run {
    /// A route's changes, oldest first.
    fn changes(&self, route: &RouteName) -> impl DoubleEndedIterator<Item = &Rewired> {
        self.rewired
            .iter()
            .filter(move |rewired| rewired.route == *route)
    }

    /// Whether somebody else wrote to a target between two instants. What is done between a read and what is
    /// committed on it can be seen by nobody.
    fn was_touched(&self, from: Timestamp, to: Timestamp) -> bool {
        let strangers = self.rewired.iter();
        strangers
            .filter(|rewired| rewired.by == Writer::Stranger)
            .any(|rewired| from <= rewired.at && rewired.at <= to)
    }

    /// How a route was configured at an instant.
    pub(super) fn at(&self, route: &RouteName, at: Timestamp) -> Weight {
        let mut changes = self.changes(route).rev();
        let last = changes.find(|rewired| rewired.at <= at);
        last.map_or(Weight::ZERO, |rewired| rewired.seen.weight)
    }

    /// Since when the last client has had a weight that a route has at an instant, but for what was over
    /// before anybody could see it.
    fn in_effect(
        &self,
        clock: &Clock,
        route: &RouteName,
        weight: Weight,
        at: Timestamp,
    ) -> Option<Timestamp> {
        let ttl = match self.plan.routes.get(route)? {
            Route::Route53(records) => records.ttl,
            Route::Alb(_) | Route::LambdaAlias(_) => SignedDuration::ZERO,
        };
        let mut until = at;
        let mut effect = None;
        for rewired in self.changes(route).rev().filter(|rewired| rewired.at <= at) {
            if rewired.seen.weight == weight {
                effect = Some(later(rewired.served, ttl));
            } else if until > clock.noticed(rewired.at) {
                return effect;
            }
            until = rewired.at;
        }
        // It began at nothing.
        if weight == Weight::ZERO {
            Some(self.started)
        } else {
            effect
        }
    }
}

/// The ledger is whole, and every entry goes on where the one before it ended.
fn chain(run: &Run, wrong: &mut Vec<String>) {
    let lines: Vec<Line> = run.ledger.iter().map(Entry::line).collect();
    if let Some((_, head)) = run.heads.last()
        && let Err(broken) = ledger::verify(Chain::of(&head.id), &lines, Some(head.chain))
    {
        wrong.push(format!("the ledger does not verify: {broken}"));
    }
    for pair in run.ledger.windows(2) {
        if let [one, next] = pair
            && one.after != next.before
        {
            wrong.push(format!(
                "entry {} does not go on where the last ended",
                next.seq
            ));
        }
    }
    let desired = run.heads.last().map(|(_, head)| &head.desired);
    let last = run.ledger.last().map(|entry| &entry.after);
    if last != desired {
        wrong.push("the ledger's last weights are not the head's".to_owned());
    }
}

/// Nothing is raised by the plan before the calendar opens; the windows of these plans are in UTC.
fn calendar(run: &Run, wrong: &mut Vec<String>) {
    let overridden = run
        .ledger
        .iter()
        .any(|entry| matches!(entry.fact, Fact::CalendarOverridden { .. }));
    let Some(window) = run.plan.calendar.only_in.first().filter(|_| !overridden) else {
        return;
    };
    let opens = i64::from(window.opens.hour()) * 60 + i64::from(window.opens.minute());
    for entry in &run.ledger {
        let minute = entry.at.as_second().rem_euclid(86_400) / 60;
        let raised = entry.after.raises_over(&entry.before);
        // A person may go past every gate, and this is one.
        let past = run
            .ledger
            .iter()
            .any(|other| other.at == entry.at && matches!(other.fact, Fact::PromotedFull { .. }));
        if raised && entry.actor == Actor::Plan && minute < opens && !past {
            wrong.push(format!("the calendar was shut at {}", entry.at));
        }
    }
}

/// Traffic is back in time, and stays.
fn restored(run: &Run, clock: &Clock, wrong: &mut Vec<String>) {
    let Some(decided) = run.rollback() else {
        return;
    };
    let sent = earlier(decided, ANSWER);
    let calm = !clock.is_struck("", sent, later(decided, CHANGE)) && !clock.landed_late(decided);
    let by = if calm {
        later(decided, CHANGE)
    } else {
        clock.noticed(decided)
    };
    let at = |entry: &&Entry| matches!(entry.fact, Fact::TrafficRestored { .. });
    let told = run.ledger.iter().find(at).map(|entry| entry.at);
    let closed = |at| {
        run.plan
            .routes
            .keys()
            .all(|route| run.at(route, at) == Weight::ZERO)
    };
    let mut moments: Vec<Timestamp> = vec![decided];
    moments.extend(
        run.rewired
            .iter()
            .map(|rewired| rewired.at)
            .filter(|at| *at >= decided),
    );
    let back = moments.into_iter().find(|at| closed(*at));
    if back.is_none_or(|back| back > by) && run.ended > by {
        wrong.push(format!(
            "weights were to be back by {by}, they were at {back:?}"
        ));
    }
    if told.is_none_or(|told| told > by) && run.ended > by {
        wrong.push(format!(
            "traffic was to be read back by {by}, it was at {told:?}"
        ));
    }
}

/// What a fence keeps out stays out: no write of ours opens a route again once it was seen closed.
fn fences(run: &Run, wrong: &mut Vec<String>) {
    let finished = run
        .heads
        .iter()
        .any(|(_, head)| head.status == Status::Finishing);
    let restored = run
        .ledger
        .iter()
        .find(|entry| matches!(entry.fact, Fact::TrafficRestored { .. }));
    let confirmed = run
        .ledger
        .iter()
        .find(|entry| entry.fact == Fact::RollbackConfirmed);
    let mut weights: BTreeMap<&RouteName, Weight> = BTreeMap::new();
    for rewired in &run.rewired {
        // What a hand left open is open still between two writes of ours that close it.
        let was = weights.insert(&rewired.route, rewired.seen.weight);
        if rewired.by != Writer::Function || rewired.seen.weight <= was.unwrap_or_default() {
            continue;
        }
        let after = |entry: Option<&Entry>| entry.is_some_and(|entry| rewired.at > entry.at);
        let fenced = run.is_fenced(&rewired.route) && !finished;
        if after(confirmed) || (fenced && after(restored)) {
            wrong.push(format!(
                "{} was opened again at {}",
                rewired.route, rewired.at
            ));
        }
    }
    let by_hand =
        confirmed.is_some_and(|entry| run.was_touched(earlier(entry.at, ANSWER), run.ended));
    let open = run.configured.values().any(|weight| *weight > Weight::ZERO);
    if run.outcome == Outcome::RolledBack && open && !by_hand {
        wrong.push("it was rolled back, and a route is open in the end".to_owned());
    }
}

/// Whenever nothing is being changed the world is as the head says, or the head says how it is not.
fn agreement(run: &Run, clock: &Clock, wrong: &mut Vec<String>) {
    for route in run.plan.routes.keys() {
        let mut since: Option<Timestamp> = None;
        let mut moments: Vec<Timestamp> = run.heads.iter().map(|(at, _)| *at).collect();
        moments.extend(run.changes(route).map(|rewired| rewired.at));
        moments.sort_unstable();
        moments.push(run.ended);
        for at in moments {
            let Some(head) = run.head_at(at) else {
                continue;
            };
            if agrees(run, head, route, at) {
                since = None;
                continue;
            }
            let since = *since.get_or_insert(at);
            if at > clock.noticed(since) {
                wrong.push(format!(
                    "{route} was at {} for too long, the head says {}",
                    run.at(route, at),
                    head.desired.get(route)
                ));
                break;
            }
        }
    }
}

fn agrees(run: &Run, head: &Rollout, route: &RouteName, at: Timestamp) -> bool {
    if !head.status.is_active() || head.intent.is_some() {
        return true;
    }
    let drift = head.routes.get(route).and_then(|state| state.drift);
    let found = run.at(route, at);
    // The team's tooling makes the canary the new stable, and says so later.
    let finishing = head.status == Status::AwaitingFinish;
    finishing || found == head.desired.get(route) || drift == Some(found)
}
