//! Cells: what goes wrong where, with a name that says so and finds the cell again.

use std::fmt;

use domain::time::SignedDuration;
use engine::start::IfActive;
use sim::FaultKind;

use super::{
    bench::{Message, approve, begin, roll_back},
    flow::Flow,
    kind::Kind,
};

/// One thing to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) flow: Flow,
    pub(crate) kind: Kind,
    pub(crate) trouble: Trouble,
}

/// A fault at a call; the flow's calls count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) call: usize,
    pub(crate) fault: FaultKind,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing.
    None,
    /// A call meets a fault.
    Fault(At),
    /// So does a later one, of whoever goes on.
    Double(At, At),
    /// Something else runs to its end just before a call is made.
    Between(usize, Foreign),
    /// A write's request lands late, after an alarm's event came.
    Landing(Landing),
}

/// A write that lands late while a rollback is under way, or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Landing {
    /// Which call of the flow is the write.
    pub(crate) write: usize,
    /// What becomes of its sender.
    pub(crate) sender: Sender,
    /// Just before which call it lands.
    pub(crate) boundary: usize,
    /// How long after it was sent that is.
    pub(crate) delay: SignedDuration,
    /// How long after the flow's beginning the alarm's event comes.
    pub(crate) alarm: SignedDuration,
}

/// What becomes of the sender of a write that lands late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// It dies.
    Dies,
    /// It gives up on the request, and goes on.
    GivesUp,
}

/// What runs between two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Foreign {
    /// The flow's own message, once more.
    Same,
    /// The same person asks for the same thing on another path.
    Again,
    /// The sweep.
    Sweep,
    /// The alarm goes off.
    Alarm,
    /// A person rolls back.
    Rollback,
    /// A person approves.
    Approve,
    /// Somebody else starts a rollout of the service.
    Start,
    /// Somebody else starts one that takes over.
    Supersede,
}

impl Foreign {
    const ALL: [Self; 8] = [
        Self::Same,
        Self::Again,
        Self::Sweep,
        Self::Alarm,
        Self::Rollback,
        Self::Approve,
        Self::Start,
        Self::Supersede,
    ];

    /// What can come between the calls of a flow: everything that is not the flow's own message under another name.
    pub(crate) fn for_flow(flow: Flow) -> impl Iterator<Item = Self> {
        let own = flow.message();
        let all = Self::ALL.into_iter();
        all.filter(move |foreign| *foreign == Self::Same || foreign.message(flow) != own)
    }

    pub(crate) fn message(self, flow: Flow) -> Message {
        match self {
            Self::Same => flow.message(),
            Self::Again => flow.message().on_another_path(),
            Self::Sweep => Message::Sweep,
            Self::Alarm => Message::Alarm,
            Self::Rollback => roll_back("bob"),
            // Who has approved before does not count again, on whatever path.
            Self::Approve if flow == Flow::Approve => approve("lee").on_another_path(),
            Self::Approve => approve("kim"),
            Self::Start => begin("bob", IfActive::Refuse),
            Self::Supersede => begin("eve", IfActive::Supersede),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Again => "again",
            Self::Sweep => "sweep",
            Self::Alarm => "alarm",
            Self::Rollback => "rollback",
            Self::Approve => "approve",
            Self::Start => "start",
            Self::Supersede => "supersede",
        }
    }
}

/// How long after its sender died a request lands: whoever goes on has begun by then, and the sweep has not come.
const LATE: SignedDuration = SignedDuration::from_secs(30);

/// The faults that a call can meet: a write's effect may be there although its answer is not, and a target's may
/// come when nobody waits for it any more.
pub(crate) fn faults(call: &str) -> &'static [FaultKind] {
    match call {
        "router.write" => &[
            FaultKind::TimeoutBefore,
            FaultKind::TimeoutAfter,
            FaultKind::Throttle,
            FaultKind::CrashAfter,
            FaultKind::CrashLateLanding(LATE),
        ],
        "store.commit" | "router.set_drain" | "hooks.run" => &[
            FaultKind::TimeoutBefore,
            FaultKind::TimeoutAfter,
            FaultKind::Throttle,
            FaultKind::CrashAfter,
        ],
        _ => &[
            FaultKind::TimeoutBefore,
            FaultKind::Throttle,
            FaultKind::CrashAfter,
        ],
    }
}

fn fault_name(fault: FaultKind) -> &'static str {
    match fault {
        FaultKind::TimeoutBefore => "timeout-before",
        FaultKind::TimeoutAfter => "timeout-after",
        FaultKind::Throttle => "throttle",
        FaultKind::CrashAfter => "crash-after",
        FaultKind::LateLanding(_) => "late",
        FaultKind::CrashLateLanding(_) => "crash-late",
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.call, fault_name(self.fault))
    }
}

impl fmt::Display for Cell {
    /// The name that `CELL` takes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/", self.flow, self.kind)?;
        match &self.trouble {
            Trouble::None => write!(f, "none"),
            Trouble::Fault(at) => write!(f, "{at}"),
            Trouble::Double(first, second) => write!(f, "{first}+{second}"),
            Trouble::Between(call, foreign) => write!(f, "{call}<{}", foreign.name()),
            Trouble::Landing(landing) => {
                let sender = match landing.sender {
                    Sender::Dies => "dies",
                    Sender::GivesUp => "gives-up",
                };
                write!(f, "{}:late-{sender}<{}", landing.write, landing.boundary)
            }
        }
    }
}
