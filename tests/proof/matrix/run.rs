//! One cell, run to its end: the flow, the trouble, every retry, and what must hold then.

use std::{cell::Ref, collections::BTreeMap, rc::Rc};

use domain::{
    ledger::{Entry, Fact},
    name::RolloutId,
    rollout::{Rollout, Status},
    time::{SignedDuration, Timestamp, since},
    traffic::Weight,
    waiting::{self, Waiting},
};
use sim::{CallMade, Fault, FaultKind, World};

use super::{
    bench::{Answer, Bench, Delivery, Handed, MINUTE, Message},
    cell::{At, Cell, Foreign, Landing, Sender, Trouble},
    checks::{Broken, HeldUp, Story},
    flow::{Flow, SEED},
    kind::{Kind, route, service},
};

/// What a flow does when nothing goes wrong.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// The flow's own calls.
    pub(crate) calls: Vec<&'static str>,
    /// When each was made, after the flow's beginning.
    pub(crate) at: Vec<SignedDuration>,
    /// How long the first rollout's ledger was when the flow had answered.
    words: u64,
    /// What the first rollout's ledger says at the end.
    facts: Vec<&'static str>,
}

impl Reference {
    /// The calls of this, and what comes of them as there.
    pub(crate) fn towards(self, there: &Self) -> Self {
        Self {
            calls: self.calls,
            at: self.at,
            ..there.clone()
        }
    }
}

/// How a cell ended.
pub(crate) struct Ran {
    /// What did not hold.
    pub(crate) broken: Vec<Broken>,
    /// Every call from the flow's beginning on; the flow's first has number 1.
    pub(crate) calls: Vec<CallMade>,
    /// When the flow began.
    pub(crate) began: Timestamp,
    /// How many calls had been made when the flow's message was first answered.
    pub(crate) answered_by: usize,
    /// When all was done that the flow does without a fault, after the fault.
    pub(crate) recovered: Option<SignedDuration>,
    /// How many calls had been made by then.
    pub(crate) recovered_by: usize,
    /// From the alarm's event, or a person's command, to traffic read back on stable.
    pub(crate) rolled_back: Option<SignedDuration>,
    /// From a rollback's beginning to its confirmation, as calls.
    pub(crate) confirmed_by: usize,
    /// The longest that the canary had weight after a rollback was read back and before it was confirmed.
    pub(crate) exposed: SignedDuration,
    /// The same after the rollback was confirmed.
    pub(crate) exposed_confirmed: SignedDuration,
    words: u64,
    facts: Vec<&'static str>,
    /// The ledgers, for whoever looks into a failure.
    pub(crate) ledger: String,
}

/// How long a world may take to come to rest.
const MINUTES_MAX: u32 = 30;

/// Runs a flow in which nothing goes wrong, and notes what it does.
pub(crate) fn refer<P: Handed>(flow: Flow, kind: Kind, ports: &dyn Fn(World) -> P) -> Reference {
    let trouble = Trouble::None;
    let cell = Cell {
        flow,
        kind,
        trouble,
    };
    let ran = run(&cell, None, ports);
    let own = ran.calls.get(..ran.answered_by).unwrap_or(&[]);
    Reference {
        calls: own.iter().map(|call| call.call).collect(),
        at: own.iter().map(|call| since(call.at, ran.began)).collect(),
        words: ran.words,
        facts: ran.facts,
    }
}

/// Runs a cell.
pub(crate) fn run<P: Handed>(
    cell: &Cell,
    reference: Option<&Reference>,
    ports: &dyn Fn(World) -> P,
) -> Ran {
    let prepared = cell.flow.prepare(cell.kind, SEED);
    let bench = prepared.behind(ports(prepared.world.clone()));
    let mut run = Run {
        cell,
        base: bench.world.calls().len(),
        began: bench.world.now(),
        back: None,
        reference,
        bench,
        own: None,
    };
    run.plan();
    let own = run.bench.send(cell.flow.message());
    if run.back.is_none() && is_rollback(&own.message, cell.flow) {
        run.back = Some(Rc::clone(&own));
    }
    run.own = Some(own);
    let rested = run.rest();
    let ran = run.look(rested);
    run.bench.world.end();
    ran
}

/// Whether a message asks for a rollback, or finds that one is due.
fn is_rollback(message: &Message, flow: Flow) -> bool {
    match flow {
        Flow::Rollback | Flow::Blind | Flow::Command | Flow::Polled => *message == flow.message(),
        Flow::Start
        | Flow::Sweep
        | Flow::Advance
        | Flow::Approve
        | Flow::Drift
        | Flow::Repair
        | Flow::Hand
        | Flow::Complete
        | Flow::Guard => false,
    }
}

/// Whether a world came to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rested {
    Yes,
    No,
}

struct Run<'a, P> {
    cell: &'a Cell,
    /// What the flow does without trouble; none while that is being found out.
    reference: Option<&'a Reference>,
    bench: Bench<P>,
    /// How many calls there were before the flow.
    base: usize,
    began: Timestamp,
    /// What the flow is about.
    own: Option<Rc<Delivery>>,
    /// What the rollback is timed from.
    back: Option<Rc<Delivery>>,
}

impl<P: Handed> Run<'_, P> {
    /// The number among all calls of one of the flow's.
    fn number(&self, call: usize) -> u64 {
        u64::try_from(self.base.saturating_add(call)).unwrap_or(u64::MAX)
    }

    fn fault(&self, at: At) {
        let fault = Fault::at_number(self.number(at.call), at.fault);
        self.bench.world.plan_fault(fault);
    }

    fn plan(&mut self) {
        match self.cell.trouble {
            Trouble::None => {}
            Trouble::Fault(at) => self.fault(at),
            Trouble::Double(first, second) => {
                self.fault(first);
                self.fault(second);
            }
            Trouble::Between(call, foreign) => {
                let message = foreign.message(self.cell.flow);
                let number = self.number(call);
                let delivery = self.bench.send_before(number, message);
                if matches!(foreign, Foreign::Alarm | Foreign::Rollback) {
                    self.back = Some(delivery);
                }
            }
            Trouble::Landing(landing) => {
                self.fault(At {
                    call: landing.write,
                    fault: landing.fault(),
                });
                let alarm = self.bench.send_after(landing.alarm, Message::Alarm);
                self.back = Some(alarm);
            }
        }
    }

    /// Lets time pass, with a sweep each minute, until nothing is open any more and nothing comes.
    fn rest(&self) -> Rested {
        // How it stood when the last sweep came, if nothing was open then and no trouble was to come.
        let mut before = None;
        let mut sweep: Option<Rc<Delivery>> = None;
        for _ in 0..MINUTES_MAX {
            self.bench.world.pass(MINUTE);
            let rests = (self.is_over() && self.is_at_rest()).then(|| self.words());
            let looked = sweep.is_some_and(|sweep| sweep.is_answered());
            if looked && rests.is_some() && rests == before {
                return Rested::Yes;
            }
            before = rests;
            sweep = self.bench.sweep();
        }
        Rested::No
    }

    /// Whether no planned trouble is to come any more.
    fn is_over(&self) -> bool {
        let made = self.bench.world.calls().len().saturating_sub(self.base);
        let lands = self.bench.world.is_something_under_way();
        match self.cell.trouble {
            Trouble::None => true,
            Trouble::Fault(at) | Trouble::Double(_, at) => at.call <= made && !lands,
            Trouble::Between(call, _) => call <= made,
            // One that is not to land before any call is still under way at the end.
            Trouble::Landing(landing) => landing.write <= made && !(lands && landing.boundary > 0),
        }
    }

    fn words(&self) -> (u64, u64) {
        let newest = self.bench.world.rollout();
        newest.map_or((0, 0), |newest| (newest.id.number, newest.chain.seq))
    }

    fn is_at_rest(&self) -> bool {
        let world = &self.bench.world;
        let over = self
            .bench
            .deliveries
            .borrow()
            .iter()
            .all(|one| one.is_over());
        over && world.rollout().is_none_or(|newest| {
            let waiting = waiting::of(&newest, world.now());
            newest.intent.is_none() && waits_for_people(&waiting)
        })
    }

    fn look(&self, rested: Rested) -> Ran {
        let world = &self.bench.world;
        let mut calls = world.calls().split_off(self.base);
        for (call, number) in calls.iter_mut().zip(1..) {
            call.number = number;
        }
        let (answered_at, answered_by) = self.answered();
        let words = self.reference.map(|reference| reference.words);
        let recovered_at = words.and_then(|words| self.said_by(words));
        let recovered_at = recovered_at.unwrap_or(answered_at);
        let restored = self.restored();
        let story = self.story();
        let mut ran = Ran {
            broken: story.check(),
            began: self.began,
            answered_by,
            recovered: Some(since(recovered_at, self.went_wrong(&calls))),
            recovered_by: calls.iter().filter(|call| call.at <= recovered_at).count(),
            rolled_back: restored,
            confirmed_by: self.confirmed_by(&calls),
            exposed: longest(story.exposures()),
            exposed_confirmed: longest(story.exposures_confirmed()),
            words: self.words_by(answered_at),
            facts: facts(&story),
            ledger: show(&story, &calls),
            calls,
        };
        match rested {
            Rested::Yes if self.happened(&ran) => {}
            Rested::Yes => ran.note("the cell is real", "its trouble never came".to_owned()),
            Rested::No => {
                let status = story
                    .newest()
                    .map_or("nothing", |newest| newest.status.name());
                let said = format!("{status} after {MINUTES_MAX} minutes");
                ran.note("it comes to rest", said);
            }
        }
        self.compare(&mut ran, &story);
        ran
    }

    /// What differs from the same flow without trouble, and what took too long.
    fn compare(&self, ran: &mut Ran, story: &Story) {
        let Some(reference) = self.reference else {
            return;
        };
        let undisturbed = match self.cell.trouble {
            Trouble::None | Trouble::Fault(_) | Trouble::Double(..) => true,
            Trouble::Between(_, foreign) => {
                matches!(foreign, Foreign::Same | Foreign::Again | Foreign::Sweep)
            }
            Trouble::Landing(_) => false,
        };
        // A start that could not read its alarms is refused, and its caller told so.
        let refused = self.cell.flow == Flow::Start && story.newest().is_none();
        if self.could_not_read_alarms() && !refused {
            let said = "it began without having read its alarms".to_owned();
            ran.note("no data is never a pass", said);
        }
        if undisturbed && !refused && ran.facts != reference.facts {
            let said = format!("{:?} instead of {:?}", ran.facts, reference.facts);
            ran.note("it ends as without trouble", said);
        }
        if self.back.is_some() {
            self.time(ran, story);
        }
    }

    /// Whether the flow is a start whose read of the alarms was not answered.
    fn could_not_read_alarms(&self) -> bool {
        let fails = |at: At| at.call == 1 && at.fault != FaultKind::CrashAfter;
        let first = match self.cell.trouble {
            Trouble::Fault(at) => fails(at),
            Trouble::None | Trouble::Double(..) | Trouble::Between(..) | Trouble::Landing(_) => {
                false
            }
        };
        first && self.cell.flow == Flow::Start
    }

    fn time(&self, ran: &mut Ran, story: &Story) {
        let within = self.cell.within();
        match ran.rolled_back {
            Some(took) if took > within => {
                ran.note("it is back in time", format!("{took:#}, bound {within:#}"));
            }
            Some(_) => {}
            None if self.was_refused() => {}
            None => {
                let on = story
                    .newest()
                    .is_some_and(|newest| newest.status.is_forward());
                if on {
                    ran.note("it is back in time", "never".to_owned());
                }
            }
        }
    }

    /// Whether there was nothing to roll back, and whoever asked for it was told so.
    fn was_refused(&self) -> bool {
        let answers = self.back.as_ref().map(|back| back.answers.borrow());
        let last = answers.as_ref().and_then(|answers| answers.last());
        last.is_some_and(|(.., answer)| matches!(answer, Answer::Refused(_)))
    }

    /// Whether what was planned has happened.
    fn happened(&self, ran: &Ran) -> bool {
        let made = ran.calls.len();
        match self.cell.trouble {
            Trouble::None => true,
            Trouble::Fault(at) => at.call <= made,
            Trouble::Double(_, second) => second.call <= made,
            Trouble::Between(..) | Trouble::Landing(_) => {
                let deliveries = self.bench.deliveries.borrow();
                deliveries.iter().all(|one| one.began.get().is_some())
            }
        }
    }

    /// When the flow's message was first answered, and how many of the flow's calls had been made by then.
    fn answered(&self) -> (Timestamp, usize) {
        let answers = self.own.as_ref().map(|own| own.answers.borrow());
        let first = answers.as_ref().and_then(|answers| answers.first());
        first.map_or((self.bench.world.now(), 0), |(at, calls, _)| {
            (*at, calls.saturating_sub(self.base))
        })
    }

    fn heads(&self) -> Ref<'_, [(Timestamp, Rollout)]> {
        self.bench.world.heads()
    }

    fn words_by(&self, at: Timestamp) -> u64 {
        let heads = self.heads();
        let mut first = heads
            .iter()
            .filter(|(when, head)| *when <= at && head.id.number == 1);
        first.next_back().map_or(0, |(_, head)| head.chain.seq)
    }

    /// When the first rollout's ledger had become so long.
    fn said_by(&self, words: u64) -> Option<Timestamp> {
        let heads = self.heads();
        let mut first = heads.iter().filter(|(_, head)| head.id.number == 1);
        let said = first.find(|(_, head)| head.chain.seq >= words);
        said.map(|(at, _)| *at)
    }

    /// When the trouble began.
    fn went_wrong(&self, calls: &[CallMade]) -> Timestamp {
        let of_call = |call: usize| call.checked_sub(1).and_then(|index| calls.get(index));
        let call = match &self.cell.trouble {
            Trouble::None => None,
            Trouble::Fault(at) | Trouble::Double(at, _) => of_call(at.call),
            Trouble::Between(call, _) => of_call(*call),
            Trouble::Landing(landing) => of_call(landing.write),
        };
        call.map_or(self.began, |call| call.at)
    }

    /// How long it took from what the rollback is timed from to traffic read back on stable.
    fn restored(&self) -> Option<SignedDuration> {
        let (from, _) = self.back.as_ref()?.began.get()?;
        let heads = self.heads();
        let restored = heads
            .iter()
            .find(|(at, head)| *at >= from && matches!(head.status, Status::Guarding { .. }))?;
        Some(since(restored.0, from))
    }

    fn confirmed_by(&self, calls: &[CallMade]) -> usize {
        let heads = self.heads();
        let confirmed = heads
            .iter()
            .find(|(_, head)| matches!(head.status, Status::RolledBack { .. }));
        confirmed.map_or(0, |(at, _)| {
            calls.iter().filter(|call| call.at <= *at).count()
        })
    }

    fn story(&self) -> Story {
        let world = &self.bench.world;
        let heads: Vec<_> = {
            let all = self.heads();
            let found = all.iter().rposition(|(at, _)| *at < self.began);
            all.iter().skip(found.unwrap_or(0)).cloned().collect()
        };
        let numbers = heads.iter().map(|(_, head)| head.id.number);
        let ledgers: BTreeMap<u64, Vec<Entry>> = numbers
            .map(|number| {
                let service = service();
                (number, world.ledger(&RolloutId { service, number }))
            })
            .collect();
        Story {
            began: self.began,
            heads,
            ledgers,
            configured: world.configured_over_time(&route()),
            by_hand: [200, 800]
                .into_iter()
                .filter_map(Weight::from_permille)
                .collect(),
            deliveries: self.bench.deliveries.borrow().clone(),
            held_up: self.held_up(),
        }
    }

    fn held_up(&self) -> HeldUp {
        // After the head check comes the write, unless broken ports look once more.
        let is_write = |call: usize| {
            let calls = self.reference.map(|reference| reference.calls.as_slice());
            let rest = calls.and_then(|calls| calls.get(call - 1..));
            matches!(
                rest,
                Some(["router.write", ..] | ["router.read", "router.write", ..])
            )
        };
        match self.cell.trouble {
            Trouble::Landing(_) => HeldUp::Write,
            Trouble::Between(call, _) if is_write(call) => HeldUp::Write,
            Trouble::None | Trouble::Fault(_) | Trouble::Double(..) | Trouble::Between(..) => {
                HeldUp::Nothing
            }
        }
    }
}

impl Ran {
    fn note(&mut self, rule: &'static str, said: String) {
        self.broken.push(Broken { rule, said });
    }
}

impl Landing {
    pub(crate) const fn fault(self) -> FaultKind {
        match self.sender {
            Sender::Dies => FaultKind::CrashLateLanding(self.delay),
            Sender::GivesUp => FaultKind::LateLanding(self.delay),
        }
    }
}

/// The sweep finds a red alarm, or an open change, within this: 60 s, 59 s more by the scheduler, 10 s for it.
pub(crate) const BY_THE_SWEEP: SignedDuration = SignedDuration::from_secs(129);

/// One delivery that is not answered costs the queue's visibility timeout.
pub(crate) const ONE_CRASH: SignedDuration = SignedDuration::from_secs(16);

/// Decided, written, read back.
pub(crate) const NO_FAULT: SignedDuration = SignedDuration::from_secs(3);

impl Cell {
    /// How soon traffic must be back after what asks for it.
    fn within(&self) -> SignedDuration {
        match (&self.trouble, self.flow) {
            (Trouble::None, Flow::Rollback | Flow::Command | Flow::Polled) => NO_FAULT,
            (Trouble::Double(..), Flow::Rollback) => ONE_CRASH.saturating_mul(2),
            // The list of active rollouts is some seconds behind: an alarm that goes off right after a start
            // finds nothing, and the sweep finds the alarm.
            (Trouble::Landing(_), Flow::Start) => BY_THE_SWEEP,
            (Trouble::Landing(_), _) | (Trouble::Fault(_), Flow::Rollback) => ONE_CRASH,
            _ => BY_THE_SWEEP,
        }
    }
}

fn waits_for_people(waiting: &Waiting) -> bool {
    match waiting {
        Waiting::Nothing
        | Waiting::Checklist { .. }
        | Waiting::Approval { .. }
        | Waiting::Person { .. }
        | Waiting::Incident { .. }
        | Waiting::Drift { .. }
        | Waiting::Finish => true,
        Waiting::Write { .. }
        | Waiting::Effect { .. }
        | Waiting::Bake { .. }
        | Waiting::Evidence { .. }
        | Waiting::Calendar(_)
        | Waiting::Hook { .. }
        | Waiting::Alarm { .. }
        | Waiting::Guard { .. }
        | Waiting::Sweep => false,
    }
}

fn longest(exposures: Vec<(Timestamp, SignedDuration)>) -> SignedDuration {
    let lengths = exposures.into_iter().map(|(_, lasts)| lasts);
    lengths.max().unwrap_or_default()
}

/// The first rollout's facts, without those that a retry may say again: a hook that failed, and a gate that was
/// in doubt for a minute because a metric could not be read.
fn facts(story: &Story) -> Vec<&'static str> {
    let first = story.ledgers.get(&1).into_iter().flatten();
    first
        .filter(|entry| {
            !matches!(
                entry.fact,
                Fact::HookFailed { .. } | Fact::GatePassed { .. }
            )
        })
        .map(|entry| entry.fact.kind())
        .collect()
}

fn show(story: &Story, calls: &[CallMade]) -> String {
    let mut lines = Vec::new();
    for (number, entries) in &story.ledgers {
        for entry in entries {
            let at = entry.at;
            lines.push(format!("  #{number} {at} {}: {}", entry.actor, entry.fact));
        }
    }
    for (at, seen) in &story.configured {
        lines.push(format!("  weight {} from {at}", seen.weight));
    }
    for call in calls.iter().take(60) {
        lines.push(format!(
            "  {} {} {} by {}",
            call.number, call.at, call.call, call.by
        ));
    }
    lines.join("\n")
}
