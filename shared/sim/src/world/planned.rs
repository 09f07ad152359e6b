//! What is planned while a world runs: faults at calls to come, invocations that come in between, alarms.
//!
//! A scenario says what happens at which time; whoever tries a flow call by call wants it at a call instead.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin};

use domain::{
    event::{AlarmChange, AlarmState},
    name::AlarmArn,
    time::{SignedDuration, later},
};

use super::{World, gate::UNDER_WAY};
use crate::Fault;

/// An invocation that waits for a call.
struct Interruption {
    label: &'static str,
    timeout: SignedDuration,
    work: Pin<Box<dyn Future<Output = ()>>>,
}

/// The invocations that come in between, each by the number of the call that it comes before.
#[derive(Default)]
pub(super) struct Interruptions(BTreeMap<u64, Interruption>);

impl fmt::Debug for Interruptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.0.iter();
        let labels = waiting.map(|(number, interruption)| (number, interruption.label));
        f.debug_map().entries(labels).finish()
    }
}

impl World {
    /// Sends something off as an invocation of its own, beside whatever else runs. It is dropped where it
    /// is if it crashes, or takes longer than this.
    pub fn send_off(
        &self,
        label: &'static str,
        timeout: SignedDuration,
        work: impl Future<Output = ()> + 'static,
    ) {
        self.set_going(label, timeout, work);
    }

    /// A fault at a call to come.
    pub fn plan_fault(&self, fault: Fault) {
        self.state.borrow_mut().gate.faults.push(fault);
    }

    /// Lets something run as an invocation of its own, to its end, before the call of this number is made:
    /// its maker was held up for so long.
    pub fn before_call(
        &self,
        number: u64,
        label: &'static str,
        timeout: SignedDuration,
        work: impl Future<Output = ()> + 'static,
    ) {
        let interruption = Interruption {
            label,
            timeout,
            work: Box::pin(work),
        };
        let mut state = self.state.borrow_mut();
        state.gate.interruptions.0.insert(number, interruption);
    }

    /// An alarm goes into a state and stays there. What there is to tell is returned, and nobody is told.
    #[must_use]
    pub fn set_alarm(&self, alarm: &AlarmArn, to: AlarmState) -> Option<AlarmChange> {
        let now = self.now();
        let mut state = self.state.borrow_mut();
        state.alarms.force(domain::rollout::alarm_name(alarm), to);
        let mut changes = state.evaluate_alarms(now).into_iter();
        changes.find(|change| change.arn == *alarm)
    }

    /// Whether a request is still under way whose sender has given up on it.
    #[must_use]
    pub fn is_something_under_way(&self) -> bool {
        self.runtime.any_alive(UNDER_WAY)
    }

    /// Ends the world: whatever is under way never arrives. It holds the world, which holds it.
    pub fn end(&self) {
        self.runtime.clear();
        let waiting = std::mem::take(&mut self.state.borrow_mut().gate.interruptions);
        drop(waiting);
    }

    fn set_going(
        &self,
        label: &'static str,
        timeout: SignedDuration,
        work: impl Future<Output = ()> + 'static,
    ) -> crate::runtime::TaskId {
        let runtime = self.runtime.clone();
        self.runtime.spawn(label, async move {
            let until = later(runtime.now(), timeout);
            // What it did not manage in its time is for whoever comes next.
            let _ended: Option<()> = runtime.until(until, work).await;
        })
    }

    /// Whatever was planned to come before the next call has its turn.
    pub(super) async fn let_others_go_first(&self) {
        let interruption = {
            let gate = &mut self.state.borrow_mut().gate;
            let next = gate.next_number();
            gate.interruptions.0.remove(&next)
        };
        if let Some(interruption) = interruption {
            let Interruption {
                label,
                timeout,
                work,
            } = interruption;
            let task = self.set_going(label, timeout, work);
            self.runtime.ended(task).await;
        }
    }
}
