//! People who do what is asked of them, as far as the scenario lets them.

use domain::{
    event::Command,
    name::{EventKey, Person},
    rollout::{Gate, Hold, Rollout, Status},
    time::{SignedDuration, Timestamp, later},
};
use engine::ports::Ports;

use super::Simulation;
use crate::scenario::Habit;

/// How long somebody thinks before refusing.
const REFUSES_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// The moment since which the team's own tooling is waited for.
pub(super) const FINISH: &str = "finish";

/// How long after the hand-over somebody says so.
const SAYS_SO_AFTER: SignedDuration = SignedDuration::from_mins(3);

impl<P: Ports + Clone + 'static> Simulation<P> {
    /// Lets people do what is theirs to do at the beginning of a minute.
    pub(super) fn run_people(&mut self, now: Timestamp) {
        let Some(rollout) = self.world.rollout() else {
            return;
        };
        if let Some(gate) = &rollout.gate {
            self.check_items(&rollout, gate, now);
            self.decide(&rollout, gate, now);
        }
        if rollout.status == Status::AwaitingFinish {
            self.finish(now);
        }
    }

    fn say(&self, by: &Person, command: Command, key: &str) {
        let (world, ports) = (self.world.clone(), self.ports.clone());
        let (by, key) = (by.clone(), EventKey::new(key));
        self.world.runtime.spawn("person", async move {
            world.persist(&ports, by, command, key).await;
        });
    }

    fn check_items(&self, rollout: &Rollout, gate: &Gate, now: Timestamp) {
        let (Habit::After(after), Some(phase)) =
            (self.scenario.people.checklist, rollout.current_phase())
        else {
            return;
        };
        if now < later(gate.since, after) || rollout.status != Status::Baking {
            return;
        }
        let anybody = rollout.plan.groups.values().flatten().next().cloned();
        let by = anybody.unwrap_or_else(|| Person::new("operator"));
        let items = phase.checklist.iter().map(|item| &item.name);
        for item in items.filter(|item| !gate.checked.contains_key(*item)) {
            let command = Command::Check {
                phase: phase.name.clone(),
                item: item.clone(),
            };
            let key = format!("{}/{}/check/{item}/{}", rollout.id, phase.name, gate.since);
            self.say(&by, command, &key);
        }
    }

    fn decide(&self, rollout: &Rollout, gate: &Gate, now: Timestamp) {
        let (Some(phase), Status::AwaitingApproval, Some(asked)) =
            (rollout.current_phase(), &rollout.status, gate.asked)
        else {
            return;
        };
        let Some(approval) = &phase.approval else {
            return;
        };
        let (after, refuses) = match self.scenario.people.approve {
            Habit::After(after) => (after, false),
            Habit::Refuse => (REFUSES_AFTER, true),
            Habit::Never => return,
        };
        if now < later(asked, after) || rollout.holds.contains(&Hold::Rejected) {
            return;
        }
        let groups = approval.from.iter();
        let mut people: Vec<&Person> = groups
            .filter_map(|group| rollout.plan.groups.get(group))
            .flatten()
            .filter(|person| !gate.approvals.contains(*person))
            .collect();
        people.dedup();
        let missing = (approval.needed as usize).saturating_sub(gate.approvals.len());
        for by in people.into_iter().take(if refuses { 1 } else { missing }) {
            let phase = phase.name.clone();
            let key = format!("{}/{phase}/decide/{by}/{asked}", rollout.id);
            let command = if refuses {
                let reason = "not now".to_owned();
                Command::Reject { phase, reason }
            } else {
                Command::Approve { phase }
            };
            self.say(by, command, &key);
        }
    }

    fn finish(&mut self, now: Timestamp) {
        let (Habit::After(after), Some(asked)) =
            (self.scenario.people.finish, self.anchors.get(FINISH))
        else {
            return;
        };
        let hands_over = later(*asked, after);
        if now < hands_over {
            return;
        }
        if !self.handed_over {
            self.handed_over = true;
            self.world.hand_over();
        }
        if now >= later(hands_over, SAYS_SO_AFTER) {
            let key = format!("finish/{now}");
            self.say(&Person::new("operator"), Command::Finish, &key);
        }
    }
}
