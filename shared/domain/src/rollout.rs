//! The rollout: the one record that says where traffic should be, and why.

mod incident;
mod status;

pub use incident::{Incident, IncidentMark, IncidentSource, IncidentState, Question};
pub use status::{Cause, Next, Status, alarm_name};

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    event::AlarmState,
    judge::{Finding, Verdict},
    ledger::{Chain, Shown},
    name::{AlarmArn, ItemName, Person, RolloutId, RouteName},
    plan::{Plan, gate::Condition, hook::Hook, phase::Phase, severity::Severity},
    target::{Floor, Goal, Seen},
    time::{SignedDuration, Timestamp},
    traffic::{Epoch, Weight, Weights},
    waiting,
};

/// How long after its commit a change may be written.
pub const INTENT_LASTS: SignedDuration = SignedDuration::from_secs(10);

/// How long after its intent's deadline an old write may still land where the last writer wins: a signed
/// request is taken for 5 minutes (AWS `SigV4`), a server may work on it for one, clocks differ by one.
pub const LATE_WRITE_BOUND: SignedDuration = SignedDuration::from_mins(7);

/// One run of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rollout {
    /// `<service>#<number>`.
    pub id: RolloutId,
    /// The plan it runs.
    pub plan: Arc<Plan>,
    /// Who started it.
    pub started_by: Person,
    /// When.
    pub started_at: Timestamp,
    /// What it follows.
    pub origin: Origin,
    /// Grows with every commit; a commit is refused if it has moved.
    pub revision: u64,
    /// Grows with every decision about the weights.
    pub epoch: Epoch,
    /// Where it stands.
    pub status: Status,
    /// The phase whose weights were last decided; none before the first.
    pub phase: Option<usize>,
    /// The weights that the world should have.
    pub desired: Weights,
    /// The change that is being made, if one is.
    pub intent: Option<Intent>,
    /// From when on no late write can land on a target that takes every write.
    pub late_until: Timestamp,
    /// What is known of each route.
    pub routes: BTreeMap<RouteName, RouteState>,
    /// Why a route is not what was decided, where trying again alone will not help.
    pub obstacles: BTreeMap<RouteName, String>,
    /// Evidence of the phase whose weights are in effect, or of the watch.
    pub gate: Option<Gate>,
    /// What the last phase, or the watch, has shown, while the canary is being made the new stable.
    pub shown: Option<Box<Shown>>,
    /// Why nothing advances until a person says so.
    pub holds: BTreeSet<Hold>,
    /// Breaches that people were told of and that are not over.
    pub incidents: BTreeMap<IncidentSource, Incident>,
    /// Every breach that people were told of, over or not.
    pub breached: BTreeSet<IncidentSource>,
    /// Who has been asked to decide on what, as long as nobody has.
    pub nudges: BTreeMap<Question, Nudge>,
    /// The last known state of each guarding alarm.
    pub alarms: BTreeMap<AlarmArn, AlarmSeen>,
    /// Hooks that are due or have run.
    pub hooks: BTreeMap<HookKey, HookRun>,
    /// What people were told once and need not hear again.
    pub notices: BTreeSet<Notice>,
    /// Until when the calendar is overridden.
    pub calendar_override: Option<Timestamp>,
    /// The end of the ledger.
    pub chain: Chain,
}

/// What a rollout follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Nothing.
    Fresh,
    /// The same plan's rollout of this number, which was rolled back.
    Retry(u64),
    /// A rollout of this number, which it took the routes from.
    Superseded(u64),
}

/// The write-ahead note of a traffic change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Intent {
    /// The decision it belongs to.
    pub epoch: Epoch,
    /// What is being done.
    pub kind: IntentKind,
    /// Nothing is written for it after this.
    pub deadline: Timestamp,
    /// How often it has been taken up again.
    pub retakes: u32,
}

/// What a traffic change is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntentKind {
    /// Put in place what carries weight.
    Prepare,
    /// Set the desired weights.
    Shift,
    /// Make the canary the new stable.
    Finish,
    /// Everything back to stable.
    Rollback,
}

/// What is known of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RouteState {
    /// The epoch whose goal was last read back.
    pub acknowledged: Option<Epoch>,
    /// When that epoch's weight reaches, or reached, the last client; unknown while it propagates.
    pub effective: Option<Timestamp>,
    /// A weight higher than desired that somebody else wrote.
    pub drift: Option<Weight>,
    /// The canary's share that would be left without what is ours, once the watch has passed.
    pub base: Option<Weight>,
    /// What it was when it was last as decided.
    pub floor: Floor,
}

/// Evidence of a phase, or of the watch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Gate {
    /// When the weights were in effect on every route.
    pub since: Timestamp,
    /// A tally for each `require` condition, in the plan's order.
    pub tallies: Vec<Tally>,
    /// Who asked to skip what is left of the bake.
    pub promoted: Option<Person>,
    /// Who has confirmed what.
    pub checked: BTreeMap<ItemName, Person>,
    /// Who has approved.
    pub approvals: BTreeSet<Person>,
    /// When people were asked to approve.
    pub asked: Option<Timestamp>,
    /// When the phase is overdue; moved on when a person resumes.
    pub overdue: Option<Timestamp>,
}

/// The measurements of one condition, counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Tally {
    /// The newest measurement.
    pub last: Option<Finding>,
    /// Passed measurements in a row.
    pub passes: u32,
    /// Failed measurements in the phase.
    pub failures: u32,
    /// Failed measurements in a row.
    pub consecutive_failures: u32,
    /// Measurements in a row that could not be made.
    pub errors: u32,
}

impl Tally {
    /// Counts a measurement, once for each window.
    pub fn count(&mut self, finding: Finding) {
        if let Some(last) = &self.last
            && finding.window.to <= last.window.to
        {
            return;
        }
        match finding.verdict {
            Verdict::Pass => {
                self.passes = self.passes.saturating_add(1);
                self.consecutive_failures = 0;
                self.errors = 0;
            }
            Verdict::Fail => {
                self.passes = 0;
                self.failures = self.failures.saturating_add(1);
                self.consecutive_failures = self.consecutive_failures.saturating_add(1);
                self.errors = 0;
            }
            Verdict::Inconclusive(_) => self.passes = 0,
            Verdict::Error(_) => {
                self.passes = 0;
                self.errors = self.errors.saturating_add(1);
            }
        }
        self.last = Some(finding);
    }
}

/// Why nothing advances until a person says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hold {
    /// A person paused it.
    Paused,
    /// A person set weights by hand.
    WeightSet,
    /// Somebody else made a weight lower.
    HandClosed,
    /// A gate's limits are used up.
    GateFailed,
    /// A hook has failed.
    HookFailed,
    /// A phase is overdue.
    Overdue,
    /// An approver did not agree.
    Rejected,
    /// Nobody approved in time.
    ApprovalExpired,
}

/// What people were told once and need not hear again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// Traffic is not back within the plan's time.
    RollbackLate,
    /// A change could not be put into effect in several tries.
    ChangeStuck,
    /// A phase, or the watch, has lasted long enough, and its evidence is not there.
    GateWaits,
    /// Conditions could not be measured for a while.
    Unmeasured,
    /// The calendar does not let the next phase begin.
    CalendarShut,
}

/// How often, and how far up, people were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nudge {
    /// Since when there is something to decide.
    pub since: Timestamp,
    /// How many levels of the plan's escalation were told.
    pub level: usize,
    /// When people were last told of it.
    pub told: Timestamp,
}

/// The last known state of an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlarmSeen {
    /// Its state; none if it could not be read.
    pub state: Option<AlarmState>,
    /// When it was entered, by the alarm itself.
    pub since: Timestamp,
    /// Whether it keeps weights from rising by saying nothing.
    pub silence: Silence,
}

/// Whether an alarm that must be well before weights rise says nothing: it has no data, or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Silence {
    /// It speaks.
    #[default]
    None,
    /// Since then; a call that fails once is not worth a word.
    Since(Timestamp),
    /// For so long that people were told.
    Told,
}

/// How long a guarding alarm says nothing before people are told that nothing advances because of it.
pub const SILENCE_BORNE: SignedDuration = SignedDuration::from_mins(5);

/// Which run of which hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HookKey {
    /// When it is due.
    pub moment: HookMoment,
    /// Its place in that moment's list.
    pub index: usize,
}

/// When a hook is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookMoment {
    /// When the phase's gates have passed.
    After(usize),
    /// Before the phase's weights are set.
    Before(usize),
    /// When traffic is back: the canary's targets get the plan's drain; the index is the route's.
    Drain,
    /// After traffic is back.
    Rollback,
}

/// How a hook's run stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HookRun {
    /// How many runs are over. Never goes back, so that whoever runs hooks knows a new run from the old.
    pub runs: u32,
    /// How often it has been tried and failed.
    pub failures: u32,
    /// When the run that is under way was first said to be.
    pub since: Option<Timestamp>,
    /// How it stands.
    pub state: HookState,
}

impl HookRun {
    /// A hook that has not been run.
    pub const DUE: Self = Self {
        runs: 0,
        failures: 0,
        since: None,
        state: HookState::Due,
    };
}

/// How a hook's run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookState {
    /// It is to be run, or looked at again.
    Due,
    /// It did what it should, or its failure does not matter.
    Done,
    /// It has failed for good.
    Failed,
}

impl Rollout {
    /// The phase whose weights were last decided.
    #[must_use]
    pub fn current_phase(&self) -> Option<&Phase> {
        self.phase.and_then(|index| self.plan.phases.get(index))
    }

    /// What a route is wanted to be now.
    #[must_use]
    pub fn goal(&self, route: &RouteName) -> Goal {
        if let Some(intent) = self.intent {
            return match intent.kind {
                IntentKind::Prepare => Goal::Prepared,
                IntentKind::Shift => Goal::Weight(self.desired.get(route)),
                IntentKind::Finish => Goal::Finished,
                IntentKind::Rollback => Goal::Restored,
            };
        }
        if self.status.is_rollback() {
            return Goal::Restored;
        }
        match self.status {
            Status::Completed { .. } => Goal::Finished,
            Status::Starting
            | Status::Entering(_)
            | Status::Shifting
            | Status::Baking
            | Status::AwaitingApproval
            | Status::Watching
            | Status::AwaitingFinish
            | Status::Finishing
            | Status::RollingBack { .. }
            | Status::Guarding { .. }
            | Status::RolledBack { .. }
            | Status::Superseded { .. } => Goal::Weight(self.desired.get(route)),
        }
    }

    /// What a route is at least while nobody but us changes it.
    #[must_use]
    pub fn floor(&self, route: &RouteName) -> Floor {
        self.routes
            .get(route)
            .map_or(Floor::NONE, |state| state.floor)
    }

    /// Whether a route that is being changed was seen as somebody else has closed it.
    pub(crate) fn is_closed_by_hand(&self, route: &RouteName, seen: &Seen) -> bool {
        seen.is_closed_under(self.goal(route), self.floor(route), self.epoch)
    }

    /// The conditions that must hold to go on from where the rollout stands.
    #[must_use]
    pub fn required(&self) -> &[Condition] {
        match (&self.status, &self.plan.watch) {
            (Status::Watching, Some(watch)) => &watch.require,
            _ => self
                .current_phase()
                .map_or(&[], |phase| phase.require.as_slice()),
        }
    }

    /// The conditions that send traffic back from where the rollout stands.
    #[must_use]
    pub fn rollback_conditions(&self) -> &[Condition] {
        match (&self.status, &self.plan.watch) {
            (Status::Watching, Some(watch)) => &watch.rollback,
            _ => self
                .current_phase()
                .map_or(&[], |phase| phase.rollback.as_slice()),
        }
    }

    /// The hook that a key stands for.
    #[must_use]
    pub fn hook(&self, key: HookKey) -> Option<(&crate::name::HookName, &Hook)> {
        let phase = |index: usize| self.plan.phases.get(index);
        let names = match key.moment {
            HookMoment::After(index) => &phase(index)?.after,
            HookMoment::Before(index) => &phase(index)?.before,
            HookMoment::Drain => return None,
            HookMoment::Rollback => &self.plan.rollback.hooks,
        };
        let name = names.get(key.index)?;
        Some((name, self.plan.hooks.get(name)?))
    }

    /// What a hook, or the setting of a drain, is called.
    #[must_use]
    pub fn hook_name(&self, key: HookKey) -> Option<String> {
        if key.moment == HookMoment::Drain {
            let route = self.plan.routes.keys().nth(key.index)?;
            return Some(format!("drain of {route}"));
        }
        self.hook(key).map(|(name, _)| name.to_string())
    }

    /// The hook that is to be run, or looked at again, now: they run one after the other.
    ///
    /// Those of a phase run only while nothing holds the rollout, those of a rollback once traffic is back.
    #[must_use]
    pub fn hook_due(&self) -> Option<HookKey> {
        let may_run = match self.status {
            Status::Entering(_) => waiting::blocked(self).is_none(),
            Status::Guarding { .. } => true,
            Status::Starting
            | Status::Shifting
            | Status::Baking
            | Status::AwaitingApproval
            | Status::Watching
            | Status::AwaitingFinish
            | Status::Finishing
            | Status::Completed { .. }
            | Status::RollingBack { .. }
            | Status::RolledBack { .. }
            | Status::Superseded { .. } => false,
        };
        if !may_run {
            return None;
        }
        let unfinished = self
            .hooks
            .iter()
            .find(|(_, run)| run.state != HookState::Done);
        match unfinished {
            Some((key, run)) if run.state == HookState::Due => Some(*key),
            _ => None,
        }
    }

    /// Incidents that hold the rollout.
    pub fn holding_incidents(&self) -> impl Iterator<Item = (&IncidentSource, &Incident)> {
        self.incidents.iter().filter(|(_, incident)| {
            incident.severity > Severity::Low
                && matches!(incident.state, IncidentState::Open { .. })
        })
    }

    /// What a person should decide now: incidents that have a deadline, and a phase that takes too long.
    pub fn questions(&self) -> impl Iterator<Item = Question> {
        let incidents = self
            .holding_incidents()
            .map(|(source, _)| Question::Incident(source.clone()));
        let overdue = self
            .current_phase()
            .filter(|_| self.holds.contains(&Hold::Overdue));
        incidents.chain(overdue.map(|phase| Question::Overdue(phase.name.clone())))
    }
}
