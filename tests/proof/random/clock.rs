//! By when something must have been noticed: what the plan promises, and what the faults that struck cost.

use domain::time::{SignedDuration, Timestamp, later};
use sim::{CallMade, FaultKind, Met};

use super::run::Run;

/// How long after its end a minute's data is complete.
pub(super) const DATA: SignedDuration = SignedDuration::from_mins(2);

/// A sweep comes every minute, at any second of it: two of them are at most so far apart.
const SWEEPS_APART: SignedDuration = SignedDuration::from_secs(119);

/// How long a sweep that nothing strikes may take to decide.
const VISIT: SignedDuration = SignedDuration::from_secs(10);

/// What one sweep costs that did not get through.
const SWEEP: SignedDuration = SignedDuration::from_secs(60);

/// A sweep gives up after this: what strikes later is no fault of it.
const SWEEP_LASTS: SignedDuration = SignedDuration::from_secs(51);

/// A sweep, and whether it met a fault or an outage.
#[derive(Debug, Clone, Copy)]
struct Sweep {
    at: Timestamp,
    spoiled: bool,
}

/// When the sweeps came, and which of them were spoiled.
#[derive(Debug)]
pub(super) struct Clock {
    sweeps: Vec<Sweep>,
    struck: Vec<CallMade>,
}

impl Clock {
    pub(super) fn of(run: &Run) -> Self {
        let struck: Vec<CallMade> = run
            .calls
            .iter()
            .filter(|call| call.met != Met::Nothing)
            .copied()
            .collect();
        let mut sweeps: Vec<Sweep> = Vec::new();
        let of_sweeps = run.calls.iter().filter(|call| call.by == "sweep");
        for call in of_sweeps.filter(|call| call.call == "store.active") {
            let minute = run.minute(call.at);
            let again = sweeps
                .last()
                .is_some_and(|last| run.minute(last.at) == minute);
            if !again {
                let until = later(call.at, SWEEP_LASTS);
                let spoiled = struck
                    .iter()
                    .any(|met| met.by == "sweep" && call.at <= met.at && met.at <= until);
                sweeps.push(Sweep {
                    at: call.at,
                    spoiled,
                });
            }
        }
        Self { sweeps, struck }
    }

    /// By when something that can be noticed from an instant on is noticed: by the first sweep that comes,
    /// and a minute later for each sweep that met a fault or an outage.
    pub(super) fn noticed(&self, from: Timestamp) -> Timestamp {
        let mut by = later(later(from, SWEEPS_APART), VISIT);
        for sweep in self.sweeps.iter().filter(|sweep| sweep.spoiled) {
            if later(sweep.at, SWEEP_LASTS) >= from && sweep.at <= by {
                by = later(by, SWEEP);
            }
        }
        by
    }

    /// Whether any call of these invocations met something between two instants.
    pub(super) fn is_struck(&self, by: &str, from: Timestamp, to: Timestamp) -> bool {
        let mut struck = self
            .struck
            .iter()
            .filter(|call| by.is_empty() || call.by == by);
        struck.any(|call| from <= call.at && call.at <= to)
    }

    /// Whether what was sent by somebody who had given up landed at an instant.
    pub(super) fn landed_late(&self, at: Timestamp) -> bool {
        self.struck.iter().any(|call| match call.met {
            Met::Fault(FaultKind::LateLanding(delay) | FaultKind::CrashLateLanding(delay)) => {
                later(call.at, delay) == at
            }
            Met::Fault(
                FaultKind::TimeoutBefore
                | FaultKind::TimeoutAfter
                | FaultKind::Throttle
                | FaultKind::CrashAfter,
            )
            | Met::Outage
            | Met::Nothing => false,
        })
    }

    /// Whether anything was sent that landed, or may land, after its sender had given up.
    pub(super) fn lands_late(&self) -> bool {
        self.struck.iter().any(|call| {
            let late = matches!(
                call.met,
                Met::Fault(FaultKind::LateLanding(_) | FaultKind::CrashLateLanding(_))
            );
            late && call.call == "router.write"
        })
    }

    /// How many faults struck, and how many calls met an outage.
    pub(super) fn counts(&self) -> (u64, u64) {
        let outages = self.struck.iter().filter(|call| call.met == Met::Outage);
        let outages = outages.count() as u64;
        (self.struck.len() as u64 - outages, outages)
    }

    /// How many sweeps were spoiled between two instants.
    pub(super) fn spoiled(&self, from: Timestamp, to: Timestamp) -> u64 {
        let spoiled = self.sweeps.iter().filter(|sweep| sweep.spoiled);
        spoiled
            .filter(|sweep| from <= sweep.at && sweep.at <= to)
            .count() as u64
    }
}
