//! What holds a rollout back although nobody has decided that it should.

use derive_more::Display;

use crate::{name::PhaseName, plan::calendar::Shut};

/// Something that holds a rollout back, or does no more, and that nobody has decided.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Display)]
pub enum Stall {
    /// A phase, or the watch, has lasted long enough, and its evidence is not there.
    #[display("phase {phase} has lasted long enough and its gate lacks evidence")]
    NoEvidence {
        /// The phase; the last one for the watch.
        phase: PhaseName,
    },
    /// Conditions could not be measured for a while.
    #[display("could not be measured for a while: {}", conditions.join("; "))]
    Unmeasured {
        /// Which, as they are written.
        conditions: Vec<String>,
    },
    /// Every condition is measured again.
    #[display("every condition is measured again")]
    MeasuredAgain,
    /// Everything is there for a phase, and the calendar does not let weights be raised.
    #[display("phase {phase} waits for {}", shut_words(shut))]
    Calendar {
        /// The phase that would begin.
        phase: PhaseName,
        /// Why, and until when.
        shut: Shut,
    },
}

impl Stall {
    /// A short name that stays the same.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::NoEvidence { .. } => "gate-waits",
            Self::Unmeasured { .. } => "unmeasured",
            Self::MeasuredAgain => "measured-again",
            Self::Calendar { .. } => "calendar-shut",
        }
    }

    /// The phase that it is about, if it names one.
    #[must_use]
    pub const fn phase(&self) -> Option<&PhaseName> {
        match self {
            Self::NoEvidence { phase } | Self::Calendar { phase, .. } => Some(phase),
            Self::Unmeasured { .. } | Self::MeasuredAgain => None,
        }
    }
}

fn shut_words(shut: &Shut) -> String {
    let what = match &shut.freeze {
        Some(name) => format!("the freeze {name} to end"),
        None => "the calendar to open".to_owned(),
    };
    match shut.opens {
        Some(opens) => format!("{what} at {opens:.0}"),
        None => what,
    }
}
