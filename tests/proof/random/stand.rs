//! Where a rollout stood when: the times in which a phase's weights, or the watch's, were held and measured.

use domain::{
    event::AlarmState,
    plan::{
        gate::{Condition, GateLimits},
        severity::{AlarmGuard, InsufficientData, Severity},
    },
    rollout::{Rollout, Status, alarm_name},
    time::Timestamp,
};

use super::run::Run;

/// A time in which the conditions of a phase, or of the watch, were measured.
#[derive(Debug, Clone)]
pub(super) struct Stand {
    /// The phase; the watch has the last one's.
    pub(super) phase: usize,
    pub(super) is_watch: bool,
    /// From when on evidence counts.
    pub(super) since: Timestamp,
    /// When the head said so.
    pub(super) from: Timestamp,
    /// When it said something else; the run's end if it never did.
    pub(super) to: Timestamp,
    /// Whether it ended by a rollback.
    pub(super) went_back: bool,
}

/// What a rollout is measured by, if it is.
fn key(head: &Rollout) -> Option<(usize, bool, Timestamp)> {
    let gate = head.gate.as_ref()?;
    let measured = head.status.is_forward() && head.intent.is_none();
    let phase = head.phase.filter(|_| measured)?;
    Some((phase, head.status == Status::Watching, gate.since))
}

impl Run {
    /// Every stand of the rollout, in order.
    pub(super) fn stands(&self) -> Vec<Stand> {
        let mut stands: Vec<Stand> = Vec::new();
        let mut open = false;
        for (at, head) in &self.heads {
            let now = key(head);
            if let (Some(last), true) = (stands.last_mut(), open) {
                if now == Some((last.phase, last.is_watch, last.since)) {
                    continue;
                }
                last.to = *at;
                last.went_back = head.status.is_rollback();
            }
            open = now.is_some();
            if let Some((phase, is_watch, since)) = now {
                stands.push(Stand {
                    phase,
                    is_watch,
                    since,
                    from: *at,
                    to: self.ended,
                    went_back: false,
                });
            }
        }
        stands
    }

    /// The minutes whose beginnings are the ends of windows of a condition that lie within a stand and whose
    /// data was there in it.
    pub(super) fn ends(&self, stand: &Stand, condition: &Condition) -> std::ops::Range<i64> {
        let first = self.minute(stand.since);
        let whole = self.begin(first) == stand.since;
        let first = if whole { first } else { first + 1 };
        let last = self.minute(domain::time::earlier(stand.to, super::clock::DATA));
        first + self.reach(condition)..last + 1
    }

    pub(super) fn rollback_conditions(&self, stand: &Stand) -> &[Condition] {
        match (&self.plan.watch, stand.is_watch) {
            (Some(watch), true) => &watch.rollback,
            (None, true) => &[],
            (_, false) => {
                let phase = self.plan.phases.get(stand.phase);
                phase.map_or(&[], |phase| &phase.rollback)
            }
        }
    }

    pub(super) fn required(&self, stand: &Stand) -> &[Condition] {
        match (&self.plan.watch, stand.is_watch) {
            (Some(watch), true) => &watch.require,
            (None, true) => &[],
            (_, false) => {
                let phase = self.plan.phases.get(stand.phase);
                phase.map_or(&[], |phase| &phase.require)
            }
        }
    }

    /// How much failing is borne; in the watch any.
    pub(super) fn limits(&self, stand: &Stand) -> Option<GateLimits> {
        let phase = self.plan.phases.get(stand.phase)?;
        (!stand.is_watch).then_some(phase.limits)
    }

    /// When a guarding alarm was red, by the alarm itself.
    pub(super) fn red(&self, guard: &AlarmGuard) -> Vec<(Timestamp, Timestamp)> {
        let rule = self.scenario.alarms.get(alarm_name(&guard.arn));
        let starts = rule.map_or(AlarmState::Ok, |rule| rule.starts);
        let is_red = |state: AlarmState| match state {
            AlarmState::Alarm => true,
            AlarmState::InsufficientData => guard.insufficient_data == InsufficientData::Alarm,
            AlarmState::Ok => false,
        };
        let mut red = Vec::new();
        let mut since = is_red(starts).then_some(self.started);
        for change in self.alarms.iter().filter(|change| change.arn == guard.arn) {
            match (since, is_red(change.state)) {
                (Some(from), false) => {
                    red.push((from, change.at));
                    since = None;
                }
                (None, true) => since = Some(change.at),
                (Some(_), true) | (None, false) => {}
            }
        }
        red.extend(since.map(|from| (from, self.ended)));
        red
    }

    /// From the first commit until the rollout was sent back or had ended.
    pub(super) fn forward(&self) -> Option<(Timestamp, Timestamp)> {
        let (from, _) = self.heads.first()?;
        let over = self
            .heads
            .iter()
            .find(|(_, head)| !head.status.is_forward());
        Some((*from, over.map_or(self.ended, |(at, _)| *at)))
    }

    /// Every condition of a plan that opens an incident, with its severity.
    pub(super) fn incident_rules(&self) -> impl Iterator<Item = (Severity, &Condition)> {
        let rules = self.plan.incidents.iter();
        rules.map(|rule| (rule.severity, &rule.condition))
    }
}
