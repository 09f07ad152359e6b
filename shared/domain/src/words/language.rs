//! What a language must be able to say.
//!
//! A language answers every method for every variant, so that a new fact, label, value or step is a list of compile
//! errors, one in each language.

use super::{Tone, account::Scene};
use crate::{
    decide::Refusal,
    judge::{Role, Verdict},
    name::{Person, PhaseName},
    plan::{
        gate::{Condition, Otherwise},
        phase::Phase,
        severity::Severity,
    },
    rollout::{Cause, IncidentSource},
    time::{SignedDuration, Timestamp},
    traffic::Weights,
    waiting::Waiting,
};

/// A language that people are told in.
pub(super) trait Language {
    /// What the reader should notice before reading, if anything.
    fn flag(&self, tone: Tone) -> Option<&'static str>;
    /// What happened, in one line without the rollout's name.
    fn title(&self, scene: &Scene<'_>) -> String;
    /// The name of something that is known.
    fn label(&self, label: &Label) -> String;
    /// What is known.
    fn value(&self, value: &Value) -> String;
    /// What a measurement says of a condition.
    fn verdict(&self, role: Role, verdict: &Verdict) -> String;
    /// What happens next, in one sentence or two.
    fn step(&self, scene: &Scene<'_>, step: &Step) -> String;
    /// Why something that a person asked for is not done: a sentence without its full stop.
    fn refusal(&self, refusal: &Refusal) -> String;
    /// What is waited for, until when, and what happens then, in few words.
    fn waiting(&self, waiting: &Waiting, now: Timestamp) -> String;
}

/// The name of something that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Label {
    Service,
    Plan,
    StartedBy,
    StartedAt,
    Follows,
    /// How long everything takes at least.
    Least,
    Routes,
    /// A phase of the plan, by its number and name.
    PhaseOfPlan(usize, PhaseName),
    Watch,
    Deciders,
    /// What sends traffic back.
    SendsBack,
    Channels,
    Phase,
    Traffic,
    By,
    Reason,
    Alarms,
    Cause,
    Detected,
    Decided,
    /// The traffic that the canary had.
    Affected,
    BackBy,
    /// How long the phase has been held.
    Held,
    /// How long the watch lasted.
    Watched,
    /// How long a phase was held that is over.
    ResultOf(PhaseName),
    InEffectFrom,
    ApprovedBy,
    Confirmed,
    /// The phase that comes next, by its name.
    NextPhase(PhaseName),
    /// What must be true to go on.
    Requires,
    Duration,
    CompletedAt,
    Phases,
    /// Breaches that people were told of and that are over.
    ClosedIncidents,
    OpenIncidents,
    Severity,
    DecideBy,
    /// Who is told because nobody has decided.
    Told,
    /// Conditions that could not be measured.
    Unmeasured,
    /// The words of whoever failed or refused.
    Said,
    // Of a measurement:
    Current,
    Threshold,
    Stable,
    Samples,
}

/// What is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// What is the same in every language: names, numbers, somebody's own words.
    Text(String),
    /// Several of these.
    List(Vec<String>),
    /// The same, and how many more there are.
    ListOfMore(Vec<String>, usize),
    Span(SignedDuration),
    /// A time at the earliest, with how long it takes until then.
    Least(SignedDuration, Option<Timestamp>),
    Time(Timestamp),
    Traffic {
        before: Weights,
        after: Weights,
    },
    /// The canary's share alone.
    Share(Weights),
    Phase {
        name: PhaseName,
        number: usize,
        of: usize,
    },
    Planned(Box<Planned>),
    /// How long a phase was held, and how long it had to be.
    Held {
        lasted: SignedDuration,
        least: SignedDuration,
    },
    /// What was confirmed, and by whom.
    Confirmed(Vec<(String, Person)>),
    Threshold(Condition),
    Cause(Cause),
    Severity(Severity),
    Sources(Vec<IncidentSource>),
    /// A rollout before this one, which was rolled back.
    Retried(u64),
    /// A rollout before this one, which was running.
    TookOver(u64),
    SendsBack {
        alarms: Vec<String>,
        conditions: Vec<String>,
        /// How many more conditions there are.
        more: usize,
    },
    /// Alarms that are not as they should be.
    Unwell(Vec<(String, Unwell)>),
}

/// How an alarm is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unwell {
    Red,
    NoData,
    Unreadable,
    NotRead,
}

/// A phase that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) phase: Phase,
    /// When it begins at the earliest, if that is known.
    pub(super) from: Option<Timestamp>,
}

/// What comes when a phase was held long enough and everything that is required is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum After {
    /// People are asked: so many of these groups.
    Approval(u32, Vec<String>),
    /// The next phase begins.
    Phase(PhaseName),
    /// The watch begins.
    Watch(SignedDuration),
    /// The end.
    Finish,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The first phase begins when the routes are ready.
    FirstPhase,
    /// What happens if something goes wrong, and what a person can do.
    IfTrouble { within: SignedDuration },
    /// The weights are being set; then the phase is held for so long.
    SetThenHold {
        bake: SignedDuration,
        /// Until then at the earliest.
        until: Timestamp,
    },
    /// The next phase begins.
    Begins(PhaseName),
    /// The phase is held.
    Hold {
        until: Timestamp,
        overdue: Option<Timestamp>,
    },
    /// What comes after that.
    Then(After),
    /// Traffic is going back.
    Back { by: Timestamp },
    /// Hooks that run when it is back.
    HooksThen(Vec<String>),
    /// What to do if the functions are dead.
    CloseByHand,
    /// A person should decide on an incident.
    Decide {
        due: Option<Timestamp>,
        otherwise: Otherwise,
    },
    /// It holds nothing.
    NothingHeld,
    /// A failed hook is run again.
    HookAgain,
    /// Traffic goes back, which has a message of its own.
    GoesBack,
    /// The canary is being made the new stable.
    Switch,
    /// What is wrong must be found and mended by people.
    FindCause,
    /// It can be started again.
    Retry,
    /// Going back is still possible.
    StillBack { until: Timestamp },
    /// The old side is not needed after that.
    RemoveOld,
    /// The watch goes on, and what comes after it.
    Watch {
        until: Timestamp,
        then: crate::plan::Finish,
    },
    /// It is tried again without anybody's doing.
    TriedAgain,
    /// Nobody sees how the canary is.
    Unwatched,
    /// What refuses the change must be mended.
    Mend,
    /// A person should look at a rollback that is late.
    RollbackLate,
    /// The newer rollout goes on from here.
    GoesOnIn(u64),
    /// The rollout waits for this.
    Wait(Waiting),
}
