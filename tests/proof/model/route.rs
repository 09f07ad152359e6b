//! Production's convergences and closings, made small: each is kept once, as if its epoch were [`E0`].

use std::{
    collections::{HashMap, HashSet},
    sync::{PoisonError, RwLock},
};

use domain::{
    target::{Carrier, Floor, Goal},
    time::{SignedDuration, later},
    traffic::{Epoch, Weight},
};
use engine::{
    close::{self, Closing},
    converge::{Call, Converge, Outcome, Step},
    ports::{FenceToken, Target as Read},
};

use super::{
    event::{Age, Sight},
    heads::{E0, HeadId, Heads, t0},
    target::LEAPT,
};

/// A convergence, by its place in [`Routes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConvergeId(u16);

/// What a convergence wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    ReadTarget,
    ReadHead,
    /// The goal to write, and what the route was read to be before.
    Write(Goal, Carrier, Weight),
    /// What was read is to be said.
    Said,
    Ended,
}

/// Whether somebody has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Written {
    No,
    Yes,
}

/// What it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Answer {
    Target(Sight),
    /// The head, as its decision sees it.
    Head(HeadId, Age),
    Written,
}

#[derive(Debug, Default)]
pub(crate) struct Routes(RwLock<Tables>);

#[derive(Debug, Default)]
struct Tables {
    all: Vec<(Converge, Wants)>,
    written: HashSet<ConvergeId>,
    ids: HashMap<Converge, ConvergeId>,
    answered: HashMap<(ConvergeId, Answer), ConvergeId>,
}

impl Routes {
    fn read<T>(&self, look: impl FnOnce(&Tables) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn intern(&self, converge: Converge) -> ConvergeId {
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = tables.ids.get(&converge) {
            return *id;
        }
        let id = u16::try_from(tables.all.len()).expect("there are only so many convergences");
        let wants = match converge.next() {
            Ok(Call::ReadTarget) => Wants::ReadTarget,
            Ok(Call::ReadHead) => Wants::ReadHead,
            Ok(Call::Write(write)) => {
                let (carrier, base) = match converge.step() {
                    Step::Write(read) => (read.seen.carrier, read.seen.base),
                    Step::Target | Step::Head(_) | Step::End(_) => (Carrier::Missing, Weight::ZERO),
                };
                Wants::Write(write.goal, carrier, base)
            }
            Err(Outcome::Reached(_) | Outcome::Closed(_)) => Wants::Said,
            Err(Outcome::Overtaken | Outcome::Failed(_)) => Wants::Ended,
        };
        tables.all.push((converge.clone(), wants));
        tables.ids.insert(converge, ConvergeId(id));
        ConvergeId(id)
    }

    pub(crate) fn begin(&self, goal: Goal, floor: Floor) -> ConvergeId {
        self.intern(Converge::new(
            goal,
            floor,
            E0,
            later(t0(), SignedDuration::from_secs(10)),
        ))
    }

    /// What closing a route that was read like this wants written, if anything; `written` is what it has done.
    pub(crate) fn closes(sight: Sight, written: Written) -> Option<Goal> {
        let read = || Read {
            seen: sight.seen(),
            fence: FenceToken(String::new()),
        };
        let mut closing = Closing::until(later(t0(), SignedDuration::from_secs(10)));
        if written == Written::Yes {
            // It wrote what it wanted of the route as it was before.
            closing.on_written(Ok(()));
        }
        closing.on_target(Ok(read()), t0());
        match closing.next() {
            Ok(close::Call::Write(write)) => Some(write.goal),
            Ok(close::Call::ReadTarget) | Err(_) => None,
        }
    }

    pub(crate) fn wants(&self, id: ConvergeId) -> Wants {
        self.read(|tables| tables.all[usize::from(id.0)].1)
    }

    fn answer(
        &self,
        id: ConvergeId,
        answer: Answer,
        give: impl FnOnce(&mut Converge),
    ) -> ConvergeId {
        if let Some(known) = self.read(|tables| tables.answered.get(&(id, answer)).copied()) {
            return known;
        }
        let mut converge = self.read(|tables| tables.all[usize::from(id.0)].0.clone());
        give(&mut converge);
        let next = self.intern(converge);
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        tables.answered.insert((id, answer), next);
        next
    }

    /// The route was read. To an old convergence every epoch of now is a newer one.
    pub(crate) fn target(&self, id: ConvergeId, age: Age, sight: Sight) -> ConvergeId {
        let mut sight = sight;
        if age == Age::Older {
            sight.newer = sight
                .newer
                .map(|newer| if newer >= 0 { LEAPT } else { newer });
        }
        self.answer(id, Answer::Target(sight), |converge| {
            let (seen, fence) = (sight.seen(), FenceToken(String::new()));
            converge.on_target(Ok(Read { seen, fence }));
        })
    }

    /// The head was read: to an old convergence it is a newer one.
    pub(crate) fn head(&self, id: ConvergeId, age: Age, heads: &Heads, head: HeadId) -> ConvergeId {
        self.answer(id, Answer::Head(head, age), |converge| {
            let mut rollout = heads.rollout(head);
            let expired = rollout.intent.is_some_and(|intent| intent.deadline < t0());
            if age == Age::Older {
                rollout.epoch = Epoch(E0.0 + 1);
                if let Some(intent) = &mut rollout.intent {
                    intent.epoch = rollout.epoch;
                }
            }
            // Its own deadline is its intent's: it has passed when that has.
            let late = SignedDuration::from_secs(if expired { 20 } else { 0 });
            converge.on_head(Ok(Some(&rollout)), later(t0(), late));
        })
    }

    pub(crate) fn written(&self, id: ConvergeId) -> ConvergeId {
        let next = self.answer(id, Answer::Written, |converge| converge.on_written(Ok(())));
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        tables.written.insert(next);
        next
    }

    /// Whether it has just written.
    pub(crate) fn has_written(&self, id: ConvergeId) -> bool {
        self.read(|tables| tables.written.contains(&id))
    }
}
