//! When two states are the same: what matters of them, with everything that only grows made relative.
//!
//! Epochs, revisions, fences and times only grow, and the protocol only compares them. So two states that
//! differ in nothing but how far they have grown behave alike. The plan never changes, and no decision reads
//! the ledger's chain.

use std::hash::{DefaultHasher, Hash, Hasher};

use domain::{
    rollout::{Intent, Rollout},
    traffic::Epoch,
};
use engine::{
    converge::{Converge, Step},
    ports::Write,
};

use super::{
    State,
    plan::route,
    worker::{Todo, Worker},
};

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.hash_newest(hasher);
        // Workers are alike, and so are writes on their way: their order does not matter.
        let mut workers: Vec<Option<u64>> = self
            .workers
            .iter()
            .map(|worker| {
                worker
                    .as_ref()
                    .map(|worker| digest(|hasher| self.hash_worker(worker, hasher)))
            })
            .collect();
        workers.sort_unstable();
        let mut flights: Vec<u64> = self
            .flights
            .iter()
            .map(|write| digest(|hasher| self.hash_write(write, hasher)))
            .collect();
        flights.sort_unstable();
        (workers, flights).hash(hasher);
        let target = &self.target;
        (target.fence, target.weight, target.carrier, target.base).hash(hasher);
        self.behind(target.epoch).hash(hasher);
        (self.alarm, self.left, self.seen).hash(hasher);
    }
}

fn digest(what: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut hasher = DefaultHasher::new();
    what(&mut hasher);
    hasher.finish()
}

impl State {
    fn behind(&self, epoch: Epoch) -> u64 {
        self.head.epoch.0.abs_diff(epoch.0)
    }

    /// Everything of the newest head that a decision can depend on.
    fn hash_newest<H: Hasher>(&self, hasher: &mut H) {
        let head = &self.head;
        std::mem::discriminant(&head.status).hash(hasher);
        (head.phase, &head.desired, &head.holds).hash(hasher);
        self.hash_intent(head.intent, hasher);
        for route in head.routes.values() {
            let acknowledged = route.acknowledged == Some(head.epoch);
            (acknowledged, route.effective.is_some(), route.drift).hash(hasher);
        }
        if let Some(gate) = &head.gate {
            (&gate.approvals, gate.asked.is_some()).hash(hasher);
        }
        for seen in head.alarms.values() {
            seen.state.hash(hasher);
        }
        (self.now >= head.late_until).hash(hasher);
    }

    fn hash_intent<H: Hasher>(&self, intent: Option<Intent>, hasher: &mut H) {
        let intent = intent.map(|intent| {
            let expired = self.now > intent.deadline;
            (intent.kind, self.behind(intent.epoch), expired)
        });
        intent.hash(hasher);
    }

    /// A head that is not the newest loses its race whatever it says; it matters for what is done before.
    fn hash_head_of<H: Hasher>(&self, head: &Rollout, hasher: &mut H) {
        let fresh = head.revision == self.head.revision;
        fresh.hash(hasher);
        if !fresh {
            let status = &head.status;
            (status.is_active(), status.is_rollback()).hash(hasher);
            self.behind(head.epoch).hash(hasher);
            self.hash_intent(head.intent, hasher);
            head.goal(&route()).hash(hasher);
        }
    }

    fn hash_worker<H: Hasher>(&self, worker: &Worker, hasher: &mut H) {
        worker.job.hash(hasher);
        self.hash_head_of(&worker.head, hasher);
        for todo in &worker.todo {
            match todo {
                Todo::Report(epoch, seen) => {
                    (
                        self.behind(*epoch),
                        seen.weight,
                        seen.carrier,
                        seen.leftover,
                    )
                        .hash(hasher);
                }
                Todo::Overran(epoch) => self.behind(*epoch).hash(hasher),
                Todo::Deliver(_)
                | Todo::PollAlarms
                | Todo::TickIfOpen
                | Todo::Observe
                | Todo::Pursue => todo.hash(hasher),
            }
        }
        worker.converge.is_some().hash(hasher);
        if let Some(converge) = &worker.converge {
            self.hash_converge(converge, hasher);
        }
    }

    fn hash_converge<H: Hasher>(&self, converge: &Converge, hasher: &mut H) {
        let step = converge.step();
        std::mem::discriminant(step).hash(hasher);
        match step {
            Step::Target | Step::End(_) => {}
            Step::Head(target) | Step::Write(target) => {
                let current = target.fence.0 == self.target.mark.to_string();
                (current, target.seen.weight, target.seen.carrier).hash(hasher);
            }
        }
        if let Ok(engine::converge::Call::Write(write)) = converge.next() {
            self.hash_write(&write, hasher);
        }
    }

    fn hash_write<H: Hasher>(&self, write: &Write, hasher: &mut H) {
        let current = write.fence.0 == self.target.mark.to_string();
        (write.goal, self.behind(write.epoch), current).hash(hasher);
    }
}
