//! What must hold of every cell: I1 to I11 of the protocol on the whole history, what the world is at the end,
//! and that every event had one effect.

use std::{collections::BTreeMap, fmt};

use domain::{
    decide::decide,
    event::{Command, Event},
    ledger::{Actor, Chain, Entry, Fact, Line, verify},
    name::Person,
    plan::route::{Fence, Route},
    rollout::{IntentKind, Rollout, Status},
    target::{Goal, Seen},
    time::{SignedDuration, Timestamp, later, since},
    traffic::Weight,
};

use super::{
    bench::{Answer, Delivery, Message, Path},
    kind::{GATED, route},
};

/// Everything that happened to a world.
pub(crate) struct Story {
    /// When the flow began.
    pub(crate) began: Timestamp,
    /// Every head, with when it was committed; the first is the one that the flow found, if there was one.
    pub(crate) heads: Vec<(Timestamp, Rollout)>,
    /// The ledger of each rollout.
    pub(crate) ledgers: BTreeMap<u64, Vec<Entry>>,
    /// What the route was configured to be since when.
    pub(crate) configured: Vec<(Timestamp, Seen)>,
    /// Weights that somebody else wrote.
    pub(crate) by_hand: Vec<Weight>,
    /// What came, and what was answered.
    pub(crate) deliveries: Vec<std::rc::Rc<Delivery>>,
    /// Whether a write was held up between its head check and its landing.
    pub(crate) held_up: HeldUp,
}

/// Whether a write was held up between its head check and its landing: where the last writer wins it can then
/// land on top of a rollback, and nothing but the guard is there against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeldUp {
    /// None was.
    Nothing,
    /// One was.
    Write,
}

/// What does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Which rule.
    pub(crate) rule: &'static str,
    /// What was found.
    pub(crate) said: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.said)
    }
}

/// How long a write that is late may show where the last writer wins: a sweep finds it within a minute.
pub(crate) const PUT_RIGHT_WITHIN: SignedDuration = SignedDuration::from_secs(65);

/// A rule: what it is called, and what it finds wrong.
type Rule = (&'static str, fn(&Story) -> Option<String>);

const RULES: [Rule; 14] = [
    ("I1 nothing rises after a rollback", no_raise_after_rollback),
    ("I2 a confirmed rollback is closed", confirmed_is_closed),
    ("I3 no phase is skipped or cut short", no_phase_is_skipped),
    ("I4 a rollback is not undone", rollback_is_not_undone),
    ("I5 the gated phase has its approval", gated_has_approval),
    ("I6 what is acknowledged was so", acknowledged_was_so),
    ("I7 one intent, in its epoch", one_intent_in_its_epoch),
    ("I8 an approval counts once", approval_counts_once),
    ("I9 a rollback is always accepted", rollback_is_accepted),
    ("I10 the ledger verifies", ledger_verifies),
    ("I11 no weight without words", no_weight_without_words),
    ("one event has one effect", one_effect),
    ("an answer is true", answers_are_true),
    ("the world is what was decided", world_is_as_decided),
];

impl Story {
    /// Everything that does not hold.
    pub(crate) fn check(&self) -> Vec<Broken> {
        let broken = RULES.into_iter().filter_map(|(rule, find)| {
            let said = find(self)?;
            Some(Broken { rule, said })
        });
        broken.chain(self.exposed_wrongly()).collect()
    }

    /// Each commit with what it was made on; a new rollout was made on nothing.
    fn commits(&self) -> impl Iterator<Item = (Timestamp, Option<&Rollout>, &Rollout)> {
        self.heads.iter().enumerate().map(|(index, (at, next))| {
            let earlier = self.heads[..index].iter().rev();
            let before = earlier
                .map(|(_, head)| head)
                .find(|head| head.id == next.id);
            (*at, before, next)
        })
    }

    /// Each commit of a rollout that there was before.
    fn moves(&self) -> impl Iterator<Item = (Timestamp, &Rollout, &Rollout)> {
        let commits = self.commits();
        commits.filter_map(|(at, before, next)| Some((at, before?, next)))
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.ledgers.values().flatten()
    }

    pub(crate) fn newest(&self) -> Option<&Rollout> {
        let heads = self.heads.iter().map(|(_, head)| head);
        let number = heads.clone().map(|head| head.id.number).max()?;
        heads.rev().find(|head| head.id.number == number)
    }

    /// What the route was configured to be from when to when.
    fn pieces(&self) -> impl Iterator<Item = (Timestamp, Timestamp, Seen)> {
        self.configured
            .iter()
            .enumerate()
            .map(|(index, (from, seen))| {
                let next = self.configured.get(index + 1);
                (*from, next.map_or(Timestamp::MAX, |(to, _)| *to), *seen)
            })
    }

    fn seen_at(&self, at: Timestamp) -> Option<Seen> {
        let before = self.configured.iter().rev().find(|(from, _)| *from <= at);
        before.map(|(_, seen)| *seen)
    }

    /// Whether the last writer wins at the target by now, so that the guard is all that there is.
    fn last_writer_wins(&self) -> bool {
        let finishes = self.heads.iter().any(|(_, head)| {
            head.intent
                .is_some_and(|intent| intent.kind == IntentKind::Finish)
        });
        let plan = self.heads.first().map(|(_, head)| &head.plan);
        plan.is_some_and(|plan| {
            plan.routes.values().any(|route| {
                let gives_up = finishes && !matches!(route, Route::LambdaAlias(_));
                gives_up || route.fence() == Fence::LastWriterWins
            })
        })
    }

    /// Every time that the canary had weight after a rollback was read back, with how long.
    pub(crate) fn exposures(&self) -> Vec<(Timestamp, SignedDuration)> {
        self.exposures_since(|status| matches!(status, Status::Guarding { .. }))
    }

    /// The same after a rollback was confirmed.
    pub(crate) fn exposures_confirmed(&self) -> Vec<(Timestamp, SignedDuration)> {
        self.exposures_since(|status| matches!(status, Status::RolledBack { .. }))
    }

    /// Every time that the canary had weight after a rollback was so far, and before another rollout began.
    fn exposures_since(&self, so_far: fn(&Status) -> bool) -> Vec<(Timestamp, SignedDuration)> {
        let reached = self.heads.iter().find(|(_, head)| so_far(&head.status));
        let Some((since_when, of)) = reached else {
            return Vec::new();
        };
        let mut later = self.heads.iter();
        let followed = later.find(|(_, head)| head.id.number > of.id.number);
        let until = followed.map_or(Timestamp::MAX, |(at, _)| *at);
        self.pieces()
            .filter(|(from, to, seen)| {
                to > since_when && *from < until && seen.weight > Weight::ZERO
            })
            .map(|(from, to, _)| (from, since(to.min(until), from.max(*since_when))))
            .collect()
    }

    fn exposed_wrongly(&self) -> Option<Broken> {
        let rule = "re-exposed after a rollback";
        let exposures = self.exposures();
        let (at, lasts) = exposures.into_iter().max_by_key(|(_, lasts)| *lasts)?;
        if !self.last_writer_wins() || self.held_up == HeldUp::Nothing {
            let said = format!("at {at}, although no late write can land there");
            return Some(Broken { rule, said });
        }
        (lasts > PUT_RIGHT_WITHIN).then(|| Broken {
            rule,
            said: format!("at {at} for {lasts:#}, longer than {PUT_RIGHT_WITHIN:#}"),
        })
    }
}

fn no_raise_after_rollback(story: &Story) -> Option<String> {
    story.moves().find_map(|(at, before, next)| {
        let raises = before.status.is_rollback() && next.desired.raises_over(&before.desired);
        raises.then(|| format!("{} to {} at {at}", next.id, next.desired))
    })
}

fn confirmed_is_closed(story: &Story) -> Option<String> {
    let confirmed = story
        .heads
        .iter()
        .find(|(_, head)| matches!(head.status, Status::RolledBack { .. }))?;
    let (at, head) = confirmed;
    let followed = story
        .heads
        .iter()
        .find(|(_, other)| other.id.number > head.id.number);
    let until = followed.map_or(Timestamp::MAX, |(at, _)| *at);
    let open = story.pieces().find(|(from, to, seen)| {
        let overlaps = to > at && *from < until;
        overlaps && seen.weight > Weight::ZERO
    });
    open.map(|(from, _, seen)| format!("{} from {from}, confirmed at {at}", seen.weight))
}

fn no_phase_is_skipped(story: &Story) -> Option<String> {
    let nobody_decided = story.configured.iter().find(|(at, seen)| {
        let decided = story.heads.iter().take_while(|(when, _)| when <= at);
        let mut weights = decided.map(|(_, head)| head.desired.get(&route()));
        *at > story.began
            && seen.weight > Weight::ZERO
            && !story.by_hand.contains(&seen.weight)
            && !weights.any(|weight| weight == seen.weight)
    });
    if let Some((at, seen)) = nobody_decided {
        return Some(format!("{} at {at}, which nobody decided", seen.weight));
    }
    story.moves().find_map(|(at, before, next)| {
        if next.phase == before.phase {
            return None;
        }
        let follows = before.phase.map_or(0, |phase| phase + 1);
        if next.phase != Some(follows) {
            return Some(format!("{:?} after {:?}", next.phase, before.phase));
        }
        let phase = before.current_phase()?;
        let baked = before
            .gate
            .as_ref()
            .map(|gate| later(gate.since, phase.bake));
        let early = baked.is_none_or(|baked| at < baked);
        early.then(|| format!("{} left at {at}, baked {baked:?}", phase.name))
    })
}

fn rollback_is_not_undone(story: &Story) -> Option<String> {
    story.moves().find_map(|(at, before, next)| {
        let undone = before.status.is_rollback() && !next.status.is_rollback();
        undone.then(|| format!("{} after {} at {at}", next.status, before.status))
    })
}

fn gated_has_approval(story: &Story) -> Option<String> {
    story.moves().find_map(|(at, before, next)| {
        let enters = next.phase == Some(GATED + 1) && before.phase != next.phase;
        let phase = before.plan.phases.get(GATED)?;
        let needed = phase.approval.as_ref()?.needed as usize;
        let counted = before.gate.as_ref().map_or(0, |gate| gate.approvals.len());
        let ledger = story.ledgers.get(&next.id.number)?.iter();
        let written = ledger
            .filter(|entry| {
                entry.seq <= next.chain.seq && matches!(entry.fact, Fact::Approved { .. })
            })
            .count();
        let lacks = counted.min(written) < needed;
        (enters && lacks).then(|| {
            format!(
                "entered at {at}: {counted} approvals, {written} in the ledger, {needed} needed"
            )
        })
    })
}

fn acknowledged_was_so(story: &Story) -> Option<String> {
    story.moves().find_map(|(closed, before, next)| {
        let intent = before.intent?;
        if next.intent.is_some() {
            return None;
        }
        let goal = before.goal(&route());
        let opened = story.heads.iter().find(|(_, head)| {
            head.id == next.id && head.intent.is_some_and(|open| open.epoch == intent.epoch)
        });
        let opened = opened.map_or(closed, |(at, _)| *at);
        let was_so = story.pieces().any(|(from, to, seen)| {
            from <= closed && to >= opened && seen.reaches(goal, intent.epoch)
        });
        (!was_so).then(|| format!("{goal:?} of epoch {} at {closed}", intent.epoch))
    })
}

fn one_intent_in_its_epoch(story: &Story) -> Option<String> {
    story.commits().find_map(|(at, before, next)| {
        let astray = next.intent.is_some_and(|intent| intent.epoch != next.epoch);
        if astray {
            return Some(format!("{:?} in epoch {} at {at}", next.intent, next.epoch));
        }
        let before = before?;
        let changed =
            next.desired != before.desired || next.intent.is_some() && next.intent != before.intent;
        let wrong = next.epoch < before.epoch || changed && next.epoch == before.epoch;
        wrong.then(|| format!("epoch {} after {} at {at}", next.epoch, before.epoch))
    })
}

fn approval_counts_once(story: &Story) -> Option<String> {
    let approved = |entry: &&Entry| matches!(entry.fact, Fact::Approved { .. });
    let mut seen = Vec::new();
    for entry in story.entries().filter(approved) {
        if seen.contains(&&entry.actor) {
            return Some(format!("{} approved twice", entry.actor));
        }
        seen.push(&entry.actor);
    }
    None
}

fn rollback_is_accepted(story: &Story) -> Option<String> {
    let asked = Event::Asked {
        by: Person::new("ann"),
        command: Command::Rollback {
            reason: "it is slow".to_owned(),
        },
    };
    story.heads.iter().find_map(|(at, head)| {
        if !head.status.is_forward() {
            return None;
        }
        let decided = decide(head, &asked, *at);
        let accepted = decided.is_ok_and(|decision| {
            let next = decision.next;
            let intent = next.intent.map(|intent| intent.kind);
            next.desired.is_closed() && intent == Some(IntentKind::Rollback)
        });
        (!accepted).then(|| format!("refused while {} at {at}", head.status))
    })
}

fn ledger_verifies(story: &Story) -> Option<String> {
    story.ledgers.iter().find_map(|(number, entries)| {
        let lines: Vec<Line> = entries.iter().map(Entry::line).collect();
        let of_number = |head: &&(Timestamp, Rollout)| head.1.id.number == *number;
        let head = &story.heads.iter().rfind(of_number)?.1;
        let verified = verify(Chain::of(&head.id), &lines, Some(head.chain));
        verified.err().map(|broken| format!("#{number}: {broken}"))
    })
}

fn no_weight_without_words(story: &Story) -> Option<String> {
    story.moves().find_map(|(at, before, next)| {
        if next.desired == before.desired {
            return None;
        }
        let ledger = story.ledgers.get(&next.id.number)?;
        let written = ledger.iter().any(|entry| {
            let by_this = before.chain.seq < entry.seq && entry.seq <= next.chain.seq;
            by_this && entry.after == next.desired && entry.epoch == next.epoch
        });
        (!written).then(|| format!("{} from {at}", next.desired))
    })
}

/// Facts that one rollout has once at most, in any of the flows.
fn happens_once(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Started { .. }
            | Fact::Prepared
            | Fact::PhaseEntered { .. }
            | Fact::Approved { .. }
            | Fact::Resumed { .. }
            | Fact::HandClosed { .. }
            | Fact::DriftFound { .. }
            | Fact::HookSucceeded { .. }
            | Fact::RollbackBegan { .. }
            | Fact::RollbackConfirmed
            | Fact::WatchBegan { .. }
            | Fact::FinishBegan { .. }
            | Fact::Completed { .. }
            | Fact::Superseded { .. }
    )
}

fn one_effect(story: &Story) -> Option<String> {
    for entries in story.ledgers.values() {
        for (index, entry) in entries.iter().enumerate() {
            let before = &entries[..index];
            // What a fact carries for messages, such as when it was looked at, makes no other fact of it.
            let said = entry.fact.to_string();
            let same = |other: &Entry| other.actor == entry.actor && other.fact.to_string() == said;
            let again = before.iter().any(same);
            let began = matches!(entry.fact, Fact::RollbackBegan { .. })
                && before
                    .iter()
                    .any(|other| matches!(other.fact, Fact::RollbackBegan { .. }));
            if happens_once(&entry.fact) && again || began {
                return Some(format!("twice: {}", entry.fact));
            }
        }
    }
    let mut starters = Vec::new();
    for entry in story.entries() {
        if matches!(entry.fact, Fact::Started { .. }) {
            if starters.contains(&&entry.actor) {
                return Some(format!("{} started two rollouts with one key", entry.actor));
            }
            starters.push(&entry.actor);
        }
    }
    None
}

/// Whether what somebody asked for was done for him.
fn was_done(story: &Story, message: &Message) -> bool {
    let of = |by: &Person, wanted: fn(&Fact) -> bool| {
        let actor = Actor::Person(by.clone());
        let mut entries = story.entries();
        entries.any(|entry| entry.actor == actor && wanted(&entry.fact))
    };
    match message {
        Message::Start(by, _) => of(by, |fact| matches!(fact, Fact::Started { .. })),
        Message::Ask(by, Command::Approve { .. }, _) => {
            of(by, |fact| matches!(fact, Fact::Approved { .. }))
        }
        Message::Ask(by, Command::Resume { .. }, _) => {
            of(by, |fact| matches!(fact, Fact::Resumed { .. }))
        }
        Message::Ask(by, Command::Rollback { .. }, _) => {
            of(by, |fact| matches!(fact, Fact::RollbackBegan { .. }))
        }
        Message::Ask(..) | Message::Sweep | Message::Alarm => false,
    }
}

/// Whether the same person was told on another path that the same thing is done.
fn was_done_elsewhere(story: &Story, message: &Message) -> bool {
    let Message::Ask(by, command, path) = message else {
        return false;
    };
    story.deliveries.iter().any(|delivery| {
        let Message::Ask(other_by, other_command, other_path) = &delivery.message else {
            return false;
        };
        let same = (other_by, other_command) == (by, command) && other_path != path;
        let answers = delivery.answers.borrow();
        same && matches!(answers.last(), Some((.., Answer::Done)))
    })
}

fn answers_are_true(story: &Story) -> Option<String> {
    let rolled_back = |rollout: &Rollout| rollout.status.is_rollback();
    let first = story
        .heads
        .iter()
        .rev()
        .find(|(_, head)| head.id.number == 1);
    for delivery in &story.deliveries {
        let answers = delivery.answers.borrow();
        let last = answers.last().map(|(.., answer)| answer);
        let message = &delivery.message;
        let done = was_done(story, message);
        let wrong = match (message, last) {
            // What was done before on the first path need not be done on the other.
            (Message::Sweep, _) | (Message::Ask(.., Path::Other), Some(Answer::Refused(_))) => None,
            (Message::Alarm, Some(Answer::Done)) => {
                let newest = story.newest();
                let on = newest.is_some_and(|newest| newest.status.is_forward());
                on.then_some("let go, and the rollout goes on")
            }
            (Message::Ask(_, Command::Rollback { .. }, _), Some(Answer::Done)) => {
                let back = first.is_some_and(|(_, head)| rolled_back(head));
                (!back).then_some("said to be done, and it is not")
            }
            (Message::Start(..) | Message::Ask(..), Some(Answer::Done)) => {
                (!done).then_some("said to be done, and it is not")
            }
            (Message::Start(..) | Message::Ask(..), Some(Answer::Refused(_))) => {
                let wrong = done && !was_done_elsewhere(story, message);
                wrong.then_some("refused, although it is done")
            }
            (_, Some(Answer::Refused(_) | Answer::Again(_)) | None) => Some("never answered"),
        };
        if let Some(wrong) = wrong {
            return Some(format!("{message:?}: {wrong}: {last:?}"));
        }
    }
    None
}

fn world_is_as_decided(story: &Story) -> Option<String> {
    let seen = story.seen_at(Timestamp::MAX)?;
    let Some(newest) = story.newest() else {
        let weight = seen.weight;
        return (weight > Weight::ZERO).then(|| format!("{weight}, and there is no rollout"));
    };
    if newest.intent.is_some() {
        return Some(format!("{} has an open intent", newest.status));
    }
    let goal = newest.goal(&route());
    let drift = newest.routes.values().any(|state| state.drift.is_some());
    // A rule that was made late, at no weight, is left over and harms nobody.
    let left_over =
        goal == Goal::Restored && story.held_up == HeldUp::Write && seen.weight == Weight::ZERO;
    let right = seen.meets(goal) || left_over || drift && seen.weight > goal.weight();
    (!right).then(|| format!("{} while {}, wanted {goal:?}", seen.weight, newest.status))
}
