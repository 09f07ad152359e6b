//! The queue between alarms and the function that hears them.
//!
//! An event comes at least once and in no order (`EventBridge`, SQS). A message that was received is hidden
//! for the visibility timeout and comes again unless it was deleted, which it is only after the rollback was
//! read back: the event is its own retry.

use std::{cell::Cell, rc::Rc};

use domain::{
    event::AlarmChange,
    time::{SignedDuration, later},
};
use engine::ports::Ports;

use super::{
    World,
    dice::{between, happens},
};

/// How long the function may take.
const FUNCTION_TIMEOUT: SignedDuration = SignedDuration::from_secs(10);

/// What it leaves of that to answer in time.
const TO_SPARE: SignedDuration = SignedDuration::from_secs(1);

/// How long a received message is hidden.
const VISIBILITY_TIMEOUT: SignedDuration = SignedDuration::from_secs(15);

/// How often a message is received before it is put aside.
const RECEIVES_MAX: u32 = 20;

/// The label of the invocations that hear alarms.
const ALARM: &str = "alarm";

impl World {
    /// Evaluates the alarms and sends what changed on its way.
    pub(crate) fn evaluate_alarms<P: Ports + Clone + 'static>(&self, ports: &P) {
        let now = self.now();
        let changes = self.state.borrow_mut().evaluate_alarms(now);
        for change in changes {
            self.send(ports, &change);
        }
    }

    fn send<P: Ports + Clone + 'static>(&self, ports: &P, change: &AlarmChange) {
        let mut state = self.state.borrow_mut();
        let network = state.scenario.network;
        let rng = &mut state.dice.signals;
        let lost = happens(rng, network.alarms_lost);
        let doubled = happens(rng, network.alarms_doubled);
        let mut delay = || between(rng, SignedDuration::from_millis(200), network.alarm_delay);
        let delays = [delay(), delay()];
        let copies = match (lost, doubled) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2,
        };
        drop(state);
        for delay in delays.into_iter().take(copies) {
            let (world, ports, change) = (self.clone(), ports.clone(), change.clone());
            self.runtime.spawn("queue", async move {
                world.runtime.sleep(delay).await;
                world.deliver(&ports, &change).await;
            });
        }
    }

    async fn deliver<P: Ports + Clone + 'static>(&self, ports: &P, change: &AlarmChange) {
        let deleted = Rc::new(Cell::new(false));
        for _ in 0..RECEIVES_MAX {
            let (world, ports) = (self.clone(), ports.clone());
            let (change, deleted_by) = (change.clone(), Rc::clone(&deleted));
            self.runtime.spawn(ALARM, async move {
                let timeout = later(world.now(), FUNCTION_TIMEOUT);
                let deadline = domain::time::earlier(timeout, TO_SPARE);
                let heard = engine::hear::hear_or_close(&ports, &world, &change, deadline);
                if let Some(Ok(_)) = world.runtime.until(timeout, heard).await {
                    deleted_by.set(true);
                }
            });
            self.runtime.sleep(VISIBILITY_TIMEOUT).await;
            if deleted.get() {
                return;
            }
        }
    }
}
