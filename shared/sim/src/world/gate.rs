//! The gate that every call of a port goes through: it is numbered, named, takes its time, and may go wrong.

use std::collections::BTreeMap;

use domain::time::{SignedDuration, Timestamp};
use engine::trouble::Trouble;
use rand::RngExt as _;

use super::{
    State, World,
    dice::{between, happens},
    planned::Interruptions,
};
use crate::{CallMade, Fault, FaultKind, Met};

/// How long a caller waits for an answer: the attempt timeout of a traffic write.
const GIVES_UP_AFTER: SignedDuration = SignedDuration::from_secs(3);

/// The longest that a late landing by chance is under way: within the bound that a rollback is guarded for.
const LATE_MAX: SignedDuration = SignedDuration::from_mins(6);

/// Numbers and names the calls.
#[derive(Debug, Default)]
pub(super) struct Gate {
    pub(super) faults: Vec<Fault>,
    /// What comes between calls.
    pub(super) interruptions: Interruptions,
    counts: BTreeMap<&'static str, u64>,
    made: Vec<CallMade>,
    /// When the store answers again.
    pub(super) store_down: Option<Timestamp>,
}

/// What a call meets.
struct Meeting {
    request: SignedDuration,
    answer: SignedDuration,
    down: bool,
    fault: Option<FaultKind>,
}

impl Gate {
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            ..Self::default()
        }
    }

    pub(super) fn made(&self) -> &[CallMade] {
        &self.made
    }

    /// The number of the call that is made next.
    pub(super) fn next_number(&self) -> u64 {
        let made = u64::try_from(self.made.len()).unwrap_or(u64::MAX);
        made.saturating_add(1)
    }

    pub(super) fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }
}

impl State {
    fn meet(&mut self, call: &'static str, by: &'static str, at: Timestamp) -> Meeting {
        let metrics_out = self.provider.down.is_some_and(|until| at < until);
        let gate = &mut self.gate;
        let number = gate.next_number();
        let count = gate.counts.entry(call).or_default();
        *count = count.saturating_add(1);
        let of_name = *count;
        let millis = SignedDuration::from_millis;
        let rng = &mut self.dice.calls;
        // A read of DynamoDB takes a few milliseconds; the control planes take tens to hundreds.
        let slowest = if call.starts_with("store.") { 20 } else { 200 };
        let request = between(rng, millis(2), millis(slowest));
        let answer = between(rng, millis(1), millis(slowest / 4));
        let by_chance = happens(rng, self.scenario.network.faults).then(|| by_chance(rng));
        let planned = gate
            .faults
            .iter()
            .find(|fault| fault.strikes(number, call, of_name))
            .map(|fault| fault.kind);
        let down = call.starts_with("store.") && gate.store_down.is_some_and(|until| at < until);
        let fault = planned.or(by_chance);
        let met = if down || (metrics_out && call == "metrics.read") {
            Met::Outage
        } else {
            fault.map_or(Met::Nothing, Met::Fault)
        };
        gate.made.push(CallMade {
            number,
            call,
            by,
            at,
            met,
        });
        Meeting {
            request,
            answer,
            down,
            fault,
        }
    }
}

fn by_chance(rng: &mut rand_chacha::ChaCha8Rng) -> FaultKind {
    let delay = between(rng, GIVES_UP_AFTER, LATE_MAX);
    match rng.random_range(0..6) {
        0 => FaultKind::TimeoutBefore,
        1 => FaultKind::TimeoutAfter,
        2 => FaultKind::Throttle,
        3 => FaultKind::CrashAfter,
        4 => FaultKind::LateLanding(delay),
        _ => FaultKind::CrashLateLanding(delay),
    }
}

impl World {
    /// Makes a call that writes: its effect happens while the caller waits, or late if a fault has it so.
    pub(super) async fn call<T: 'static, E: 'static>(
        &self,
        call: &'static str,
        failed: fn(Trouble) -> E,
        effect: impl FnOnce(&mut State, Timestamp) -> Result<T, E> + 'static,
    ) -> Result<T, E> {
        self.let_others_go_first().await;
        let met = self.meet(call);
        match met.fault {
            Some(FaultKind::LateLanding(delay)) if !met.down => {
                self.land_late(delay, effect);
                self.no_answer(call, failed).await
            }
            Some(FaultKind::CrashLateLanding(delay)) if !met.down => {
                self.land_late(delay, effect);
                self.runtime.crash().await;
                self.no_answer(call, failed).await
            }
            Some(_) | None => self.met(&met, call, failed, effect).await,
        }
    }

    /// Makes a call that only reads: one that would land late is never answered.
    pub(super) async fn look<T, E>(
        &self,
        call: &'static str,
        failed: fn(Trouble) -> E,
        answer: impl FnOnce(&mut State, Timestamp) -> Result<T, E>,
    ) -> Result<T, E> {
        self.let_others_go_first().await;
        let met = self.meet(call);
        self.met(&met, call, failed, answer).await
    }

    fn meet(&self, call: &'static str) -> Meeting {
        let (label, now) = (self.runtime.label(), self.runtime.now());
        self.state.borrow_mut().meet(call, label, now)
    }

    async fn no_answer<T, E>(&self, call: &'static str, failed: fn(Trouble) -> E) -> Result<T, E> {
        self.runtime.sleep(GIVES_UP_AFTER).await;
        Err(failed(Trouble::passing(format!(
            "{call}: no answer in 3 s"
        ))))
    }

    async fn met<T, E>(
        &self,
        met: &Meeting,
        call: &'static str,
        failed: fn(Trouble) -> E,
        effect: impl FnOnce(&mut State, Timestamp) -> Result<T, E>,
    ) -> Result<T, E> {
        let runtime = &self.runtime;
        if met.down {
            runtime.sleep(SignedDuration::from_secs(1)).await;
            let what = format!("{call}: service unavailable");
            return Err(failed(Trouble::passing(what)));
        }
        match met.fault {
            None => {
                runtime.sleep(met.request).await;
                let answer = self.apply(effect);
                runtime.sleep(met.answer).await;
                answer
            }
            Some(FaultKind::TimeoutBefore | FaultKind::LateLanding(_)) => {
                self.no_answer(call, failed).await
            }
            Some(FaultKind::TimeoutAfter) => {
                runtime.sleep(met.request).await;
                drop(self.apply(effect));
                self.no_answer(call, failed).await
            }
            Some(FaultKind::Throttle) => {
                runtime.sleep(met.answer).await;
                let what = format!("{call}: rate exceeded");
                Err(failed(Trouble::passing(what)))
            }
            Some(FaultKind::CrashAfter | FaultKind::CrashLateLanding(_)) => {
                runtime.sleep(met.request).await;
                drop(self.apply(effect));
                runtime.crash().await;
                self.no_answer(call, failed).await
            }
        }
    }

    fn apply<T>(&self, effect: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        effect(&mut self.state.borrow_mut(), self.runtime.now())
    }

    /// What was sent arrives by itself, whatever became of its sender.
    fn land_late<T: 'static>(
        &self,
        delay: SignedDuration,
        effect: impl FnOnce(&mut State, Timestamp) -> T + 'static,
    ) {
        let world = self.clone();
        self.runtime.spawn(UNDER_WAY, async move {
            world.runtime.sleep(delay).await;
            drop(world.apply(effect));
        });
    }
}

/// The label of requests that land after their sender gave up.
pub(crate) const UNDER_WAY: &str = "under way";
