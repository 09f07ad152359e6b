//! Flows: a situation that a world is brought into without a fault, and the one invocation that is tried in it.
//!
//! `notify` is not among them: it moves no traffic, and what it reads, the ledger, is checked.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use domain::{
    rollout::Status,
    time::{SignedDuration, later},
    traffic::Weight,
};
use engine::start::IfActive;
use sim::World;

use super::{
    bench::{Bench, MINUTE, Message, approve, begin, resume, roll_back},
    kind::{Kind, route},
};

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Flow {
    /// A start, up to the first phase's weights.
    Start,
    /// A sweep that has nothing to do but look.
    Sweep,
    /// A sweep that enters the second phase.
    Advance,
    /// The second approval, which enters the last phase.
    Approve,
    /// A sweep that finds a weight higher than desired.
    Drift,
    /// A person's resume, which puts that right.
    Repair,
    /// A sweep that finds a weight lower than desired.
    Hand,
    /// A sweep that finishes.
    Complete,
    /// An alarm's event, which rolls back.
    Rollback,
    /// An alarm's event while the store does not answer: the gate is closed without it, if it can be found.
    Blind,
    /// A person's rollback.
    Command,
    /// A sweep that finds a red alarm whose event never comes.
    Polled,
    /// A sweep that looks after a rollback: drain, hooks, whether it can be confirmed.
    Guard,
}

/// How long the store does not answer: two deliveries of the alarm's event, and more.
const OUTAGE: SignedDuration = SignedDuration::from_secs(40);

/// How many sweeps there are between the moments of an undisturbed rollout.
#[derive(Debug, Clone, Copy)]
struct Calendar {
    /// From the start to the one that enters the second phase.
    enters_half: u32,
    /// From the start to the one that asks for the approval.
    asks: u32,
    /// From the approval to the one that completes.
    completes: u32,
}

static CALENDARS: LazyLock<BTreeMap<Kind, Calendar>> = LazyLock::new(|| {
    let kinds = Kind::ALL.into_iter();
    kinds.map(|kind| (kind, Calendar::of(kind))).collect()
});

/// The world of every cell; what a call takes is drawn from it.
pub(crate) const SEED: u64 = 11;

impl Calendar {
    fn of(kind: Kind) -> Self {
        let bench = Bench::new(kind, SEED);
        bench.bring(begin("ann", IfActive::Refuse));
        let mut sweeps = 0;
        let mut until = |reached: fn(&Status, Option<usize>) -> bool| {
            loop {
                bench.sweeps(1);
                sweeps += 1;
                let rollout = bench.world.rollout().expect("it was started");
                if reached(&rollout.status, rollout.phase) {
                    return sweeps;
                }
                assert!(sweeps < 100, "{}", rollout.status);
            }
        };
        let enters_half = until(|_, phase| phase == Some(1));
        let asks = until(|status, _| *status == Status::AwaitingApproval);
        bench.bring(approve("lee"));
        bench.bring(approve("kim"));
        let all = until(|status, _| matches!(status, Status::Completed { .. }));
        bench.world.end();
        Self {
            enters_half,
            asks,
            completes: all - asks,
        }
    }
}

impl Flow {
    pub(crate) const ALL: [Self; 13] = [
        Self::Start,
        Self::Sweep,
        Self::Advance,
        Self::Approve,
        Self::Drift,
        Self::Repair,
        Self::Hand,
        Self::Complete,
        Self::Rollback,
        Self::Blind,
        Self::Command,
        Self::Polled,
        Self::Guard,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Sweep => "sweep",
            Self::Advance => "advance",
            Self::Approve => "approve",
            Self::Drift => "drift",
            Self::Repair => "repair",
            Self::Hand => "hand",
            Self::Complete => "complete",
            Self::Rollback => "rollback",
            Self::Blind => "blind",
            Self::Command => "command",
            Self::Polled => "polled",
            Self::Guard => "guard",
        }
    }

    /// Brings a world to where the flow begins.
    pub(crate) fn prepare(self, kind: Kind, seed: u64) -> Bench<World> {
        let bench = Bench::new(kind, seed);
        if self == Self::Start {
            return bench;
        }
        let calendar = CALENDARS[&kind];
        bench.bring(begin("ann", IfActive::Refuse));
        match self {
            Self::Start => {}
            Self::Sweep => bench.sweeps(calendar.enters_half - 2),
            Self::Advance => bench.sweeps(calendar.enters_half - 1),
            Self::Complete => {
                bench.sweeps(calendar.asks);
                bench.bring(approve("lee"));
                bench.bring(approve("kim"));
                bench.sweeps(calendar.completes - 1);
            }
            Self::Approve
            | Self::Drift
            | Self::Repair
            | Self::Hand
            | Self::Rollback
            | Self::Blind
            | Self::Command
            | Self::Polled
            | Self::Guard => {
                bench.sweeps(calendar.asks);
                bench.bring(approve("lee"));
            }
        }
        self.disturb(&bench);
        bench.world.pass(match self.message() {
            Message::Sweep => MINUTE,
            Message::Start(..) | Message::Alarm | Message::Ask(..) => SignedDuration::from_secs(20),
        });
        if self == Self::Blind {
            let until = later(bench.world.now(), OUTAGE);
            bench.world.store_down_until(until);
        }
        if self == Self::Polled {
            bench.change();
        }
        bench
    }

    /// What happens before the flow that the flow is about.
    fn disturb(self, bench: &Bench<World>) {
        let by_hand = |permille| {
            let weight = Weight::from_permille(permille).expect("a weight");
            bench.world.write_by_hand(&route(), weight);
        };
        match self {
            Self::Drift => by_hand(800),
            Self::Repair => {
                by_hand(800);
                bench.sweeps(1);
            }
            Self::Hand => by_hand(200),
            Self::Guard => bench.bring(Message::Alarm),
            Self::Start
            | Self::Sweep
            | Self::Advance
            | Self::Approve
            | Self::Complete
            | Self::Rollback
            | Self::Blind
            | Self::Command
            | Self::Polled => {}
        }
    }

    /// The message whose invocation is tried.
    pub(crate) fn message(self) -> Message {
        match self {
            Self::Start => begin("ann", IfActive::Refuse),
            Self::Approve => approve("kim"),
            Self::Repair => resume("ann"),
            Self::Rollback | Self::Blind => Message::Alarm,
            Self::Command => roll_back("ann"),
            Self::Sweep
            | Self::Advance
            | Self::Drift
            | Self::Hand
            | Self::Complete
            | Self::Polled
            | Self::Guard => Message::Sweep,
        }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
