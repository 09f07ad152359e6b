//! Everything that a worker brings to a rollout, small enough to be part of a state.

use std::collections::BTreeMap;

use domain::{
    event::{AlarmReading, AlarmState, Event},
    target::{Carrier, Leftover, Propagation, Seen},
    time::{SignedDuration, earlier, later},
    traffic::{Epoch, Weight},
};

use super::{
    heads::{E0, t0},
    plan::{alarm, alarm_change, asked_approval, asked_resume, asked_rollback, phase_name, route},
};

/// An event, with epochs relative to the head that it is brought to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Word {
    Tick,
    /// The open intent ran over.
    Overran,
    /// The alarm's event.
    AlarmHeard,
    /// The alarm's state was read.
    AlarmRead(AlarmState),
    /// The route was read, before or after the last late write could land.
    Observed(Bound, Sight),
    AskedRollback,
    /// Approval of the phase of this index.
    AskedApproval(u8),
    AskedResume,
}

/// An epoch beside another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Age {
    Older,
    Same,
}

/// On which side of the instant from which on no late write can land.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Bound {
    Before,
    After,
}

/// What a route was seen to be, with its epoch relative to the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Sight {
    pub(crate) weight: Weight,
    pub(crate) base: Weight,
    pub(crate) carrier: Carrier,
    pub(crate) leftover: Leftover,
    /// How many epochs newer, where it carries one; everything older is one older.
    pub(crate) newer: Option<i8>,
    pub(crate) propagation: Propagation,
}

impl Sight {
    pub(crate) fn seen(self) -> Seen {
        let epoch = |newer: i8| Epoch(E0.0.saturating_add_signed(i64::from(newer)));
        Seen {
            weight: self.weight,
            base: self.base,
            carrier: self.carrier,
            leftover: self.leftover,
            epoch: self.newer.map(epoch),
            propagation: self.propagation,
            settle: SignedDuration::ZERO,
        }
    }
}

impl Word {
    pub(crate) fn event(self) -> Event {
        match self {
            Self::Tick => Event::Tick,
            Self::Overran => Event::Overran { epoch: E0 },
            Self::AlarmHeard => Event::AlarmChanged(alarm_change()),
            Self::AlarmRead(state) => {
                let since = match state {
                    AlarmState::Ok | AlarmState::InsufficientData => t0(),
                    AlarmState::Alarm => later(t0(), SignedDuration::from_secs(1)),
                };
                let reason = String::new();
                let reading = AlarmReading::State {
                    state,
                    since,
                    reason,
                };
                Event::AlarmsRead(BTreeMap::from([(alarm(), reading)]))
            }
            Self::Observed(bound, sight) => Event::Observed {
                epoch: E0,
                read_at: match bound {
                    Bound::Before => earlier(t0(), SignedDuration::from_secs(1)),
                    Bound::After => t0(),
                },
                routes: BTreeMap::from([(route(), sight.seen())]),
            },
            Self::AskedRollback => asked_rollback(),
            Self::AskedApproval(phase) => asked_approval(&phase_name(usize::from(phase))),
            Self::AskedResume => asked_resume(),
        }
    }
}
