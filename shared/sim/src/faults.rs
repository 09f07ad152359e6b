//! Faults: what goes wrong at which call of a port.

use domain::time::{SignedDuration, Timestamp};

/// Something that goes wrong at a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// At which call.
    pub at: FaultAt,
    /// What goes wrong.
    pub kind: FaultKind,
}

/// A call among all calls of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultAt {
    /// The call of this number; they count from 1 over all ports.
    Number(u64),
    /// The call of this name that comes so many-th; they count from 1.
    Nth {
        /// The call's name, `router.write` for example.
        call: String,
        /// How many-th.
        nth: u64,
    },
}

/// What goes wrong at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// The request never arrives, and the caller waits in vain.
    TimeoutBefore,
    /// The request has its effect, and the answer is lost.
    TimeoutAfter,
    /// The request is refused because there were too many.
    Throttle,
    /// The request has its effect, and the caller dies before the answer comes.
    CrashAfter,
    /// The caller gives up, and the request has its effect so long after.
    LateLanding(SignedDuration),
    /// The caller dies, and the request has its effect so long after.
    CrashLateLanding(SignedDuration),
}

/// A call that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallMade {
    /// Counts from 1 over all ports.
    pub number: u64,
    /// Its name, `router.write` for example.
    pub call: &'static str,
    /// The invocation that made it: `start`, `sweep`, `alarm` or `command`.
    pub by: &'static str,
    /// When.
    pub at: Timestamp,
    /// What it met.
    pub met: Met,
}

/// What a call met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// Nothing: it was answered.
    Nothing,
    /// A fault.
    Fault(FaultKind),
    /// The service that was called was out.
    Outage,
}

impl Fault {
    /// A fault at the call of this number.
    #[must_use]
    pub const fn at_number(number: u64, kind: FaultKind) -> Self {
        Self {
            at: FaultAt::Number(number),
            kind,
        }
    }

    /// A fault at the call of this name that comes so many-th.
    #[must_use]
    pub fn at_nth(call: &str, nth: u64, kind: FaultKind) -> Self {
        Self {
            at: FaultAt::Nth {
                call: call.to_owned(),
                nth,
            },
            kind,
        }
    }

    /// Whether it strikes at the call of this number and name that comes so many-th.
    pub(crate) fn strikes(&self, number: u64, name: &str, of_name: u64) -> bool {
        match &self.at {
            FaultAt::Number(at) => *at == number,
            FaultAt::Nth { call, nth } => call == name && *nth == of_name,
        }
    }
}
