//! What many runs were and how they ended, counted.

use std::{collections::BTreeMap, fmt::Write as _};

use domain::{
    ledger::Fact,
    rollout::Cause,
    time::{SignedDuration, Spell},
};
use sim::Outcome;

use super::{
    duty::Kind,
    oracle::{Class, Verdict},
    run::Run,
};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Completed,
    Held,
    TimedOut,
    Refused,
    ByAlarm,
    ByCondition,
    ByGate,
    ByDeadline,
    ByHook,
    Unapproved,
    ByPerson,
}

/// How long the duties of a kind took.
#[derive(Debug, Clone, Copy, Default)]
struct Speed {
    kept: u64,
    sum: SignedDuration,
    slowest: SignedDuration,
    /// The one that came nearest to its bound, with the bound.
    nearest: Option<(SignedDuration, SignedDuration)>,
}

/// What many runs were and how they ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    runs: u64,
    minutes: u64,
    ends: BTreeMap<(Class, End), u64>,
    had_to_complete: u64,
    moot: u64,
    faults: u64,
    outages: u64,
    struck: u64,
    speeds: BTreeMap<Kind, Speed>,
}

impl Tally {
    pub(super) fn count(&mut self, run: &Run, verdict: &Verdict) {
        self.runs += 1;
        self.minutes += run.minutes.len() as u64;
        *self.ends.entry((verdict.class, end(run))).or_default() += 1;
        self.had_to_complete += u64::from(verdict.had_to_complete);
        self.moot += verdict.moot;
        self.faults += verdict.faults;
        self.outages += verdict.outages;
        self.struck += u64::from(verdict.faults + verdict.outages > 0);
        for (kind, took, might) in &verdict.kept {
            let speed = self.speeds.entry(*kind).or_default();
            speed.add(&Speed {
                kept: 1,
                sum: *took,
                slowest: *took,
                nearest: Some((*took, *might)),
            });
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.minutes += other.minutes;
        for (key, count) in &other.ends {
            *self.ends.entry(*key).or_default() += count;
        }
        self.had_to_complete += other.had_to_complete;
        self.moot += other.moot;
        self.faults += other.faults;
        self.outages += other.outages;
        self.struck += other.struck;
        for (kind, speed) in &other.speeds {
            self.speeds.entry(*kind).or_default().add(speed);
        }
    }

    pub(super) fn runs(&self) -> u64 {
        self.runs
    }

    /// How many runs were of a class, in percent.
    pub(super) fn percent(&self, class: Class) -> u64 {
        let of_class = self.ends.iter().filter(|((of, _), _)| *of == class);
        let count: u64 = of_class.map(|(_, count)| count).sum();
        count * 100 / self.runs.max(1)
    }

    /// The figures, for whoever runs the tests.
    pub(super) fn table(&self) -> String {
        let mut table = String::new();
        let classes = [
            (Class::Healthy, "must not go back"),
            (Class::Sick, "must go back in time"),
            (Class::Troubled, "must hold in time"),
            (Class::Asked, "must obey in time"),
            (Class::Grey, "either, with a reason"),
            (Class::Refused, "must not start"),
        ];
        for (class, what) in classes {
            let ends = self.ends.iter().filter(|((of, _), _)| *of == class);
            let count: u64 = ends.clone().map(|(_, count)| count).sum();
            let ends: Vec<String> = ends
                .map(|((_, end), count)| format!("{} {count}", end.word()))
                .collect();
            let name = format!("{class:?}").to_lowercase();
            let _ = writeln!(
                table,
                "{name:>9} {count:>8}  {what:<22} {}",
                ends.join(", ")
            );
        }
        let _ = writeln!(
            table,
            "{} runs of {} virtual minutes; {} had to complete; {} runs were struck by {} faults and {} calls into outages",
            self.runs, self.minutes, self.had_to_complete, self.struck, self.faults, self.outages
        );
        for (kind, speed) in &self.speeds {
            let _ = writeln!(table, "{}", speed.line(*kind));
        }
        let _ = writeln!(
            table,
            "{} times the reason was gone before the time to act on it was up",
            self.moot
        );
        table
    }
}

impl Speed {
    fn add(&mut self, other: &Self) {
        self.kept += other.kept;
        self.sum = self.sum.saturating_add(other.sum);
        self.slowest = self.slowest.max(other.slowest);
        let left =
            |(took, might): (SignedDuration, SignedDuration)| (might.saturating_sub(took), took);
        let both = self.nearest.into_iter().chain(other.nearest);
        self.nearest = both.min_by_key(|nearest| left(*nearest));
    }

    fn line(&self, kind: Kind) -> String {
        let what = match kind {
            Kind::GoBack => "went back",
            Kind::Hold => "held",
            Kind::Obey => "obeyed",
        };
        let mean = self.sum.as_secs() / i64::try_from(self.kept.max(1)).unwrap_or(1);
        let mean = SignedDuration::from_secs(mean);
        let (took, might) = self.nearest.unwrap_or_default();
        format!(
            "{what} {} times, in {} on the mean, {} at the slowest; nearest to its bound: {} of {}",
            self.kept,
            Spell(mean),
            Spell(self.slowest),
            Spell(took),
            Spell(might)
        )
    }
}

impl End {
    const fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Held => "held",
            Self::TimedOut => "still waiting",
            Self::Refused => "refused",
            Self::ByAlarm => "back by an alarm",
            Self::ByCondition => "back by a condition",
            Self::ByGate => "back by a gate",
            Self::ByDeadline => "back by a deadline",
            Self::ByHook => "back by a hook",
            Self::Unapproved => "back without approval",
            Self::ByPerson => "back by a person",
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else a ledger says is no cause of a rollback"
)]
fn end(run: &Run) -> End {
    let cause = run.ledger.iter().find_map(|entry| match &entry.fact {
        Fact::RollbackBegan { cause, .. } => Some(cause),
        _ => None,
    });
    match (cause, &run.outcome) {
        (Some(cause), _) => match cause {
            Cause::Alarm(_) => End::ByAlarm,
            Cause::Condition(_) => End::ByCondition,
            Cause::GateFailed(_) => End::ByGate,
            Cause::IncidentOverdue(_) => End::ByDeadline,
            Cause::HookFailed(_) => End::ByHook,
            Cause::NotApproved(_) => End::Unapproved,
            Cause::Person(..) | Cause::Aborted(..) => End::ByPerson,
        },
        (None, Outcome::Completed) => End::Completed,
        (None, Outcome::Held) => End::Held,
        (None, Outcome::Refused(_)) => End::Refused,
        (None, Outcome::TimedOut | Outcome::RolledBack) => End::TimedOut,
    }
}
