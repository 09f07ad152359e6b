//! How a story is told: steps in, and what the ledger says, the status, weights and what is waited for out.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use domain::{
    decide::{Decision, Refusal, Start, begin, decide},
    event::{AlarmChange, AlarmReading, AlarmState, Command, Event, HookOutcome, Sight},
    judge::{Doubt, Finding, Role, Verdict, Window},
    ledger::{self, Entry, Line},
    name::{Person, PhaseName, RolloutId, RouteName},
    plan::{Plan, PlanHash, gate::Condition},
    quantity::{Dimension, Quantity},
    rollout::{Origin, Rollout},
    target::{Carrier, Goal, Leftover, Propagation, Seen},
    time::{SignedDuration, Timestamp, later},
    traffic::{Epoch, Weight, Weights},
    words,
};
use expect_test::Expect;

use crate::plans::{alarm, item, phase_name, route, weight};

/// What happens in a step, told without the epochs that a real event carries.
#[derive(Debug, Clone)]
pub(crate) enum Do {
    Tick,
    /// Every route is seen to be as it is wanted.
    Reached,
    /// The same, but the target says that it is still at work.
    Pending,
    /// Routes are seen at these percentages.
    Seen(Vec<(&'static str, u16)>),
    /// A base is seen at this percentage, and the route where it is wanted.
    Base(u16),
    /// Every condition that matters is measured, with this answer to `require`.
    Measured(Measure),
    Alarm(&'static str, AlarmState, &'static str),
    Read(&'static str, AlarmReading),
    /// The hook that is due ends so.
    Hook(HookOutcome),
    /// The open intent is past its deadline.
    Overran,
    /// The route `web` cannot be changed, for this reason.
    Obstructed(&'static str),
    Asked(&'static str, Command),
    /// Somebody decides on what they were shown.
    Answered(&'static str, Command, Glance),
    /// What a sweep does when all is well: routes and metrics are looked at, then time passes.
    Sweep,
    /// Any event as it is.
    Event(Event),
}

/// What somebody was shown who decides now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glance {
    /// The rollout as it stands.
    Now,
    /// Another epoch of it.
    OtherEpoch,
    /// Another phase of it.
    OtherPhase,
    /// Another plan.
    OtherPlan,
}

impl Glance {
    pub(crate) const ALL: [Self; 4] = [
        Self::Now,
        Self::OtherEpoch,
        Self::OtherPhase,
        Self::OtherPlan,
    ];

    /// What is shown of a rollout.
    pub(crate) fn of(self, rollout: &Rollout) -> Sight {
        let now = Sight::of(rollout);
        match self {
            Self::Now => now,
            Self::OtherEpoch => Sight {
                epoch: now.epoch.next(),
                ..now
            },
            Self::OtherPhase => Sight {
                phase: Some(phase_name("elsewhere")),
                ..now
            },
            Self::OtherPlan => Sight {
                plan: PlanHash([9; 32]),
                ..now
            },
        }
    }
}

/// What measurements say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Good,
    /// The requirement fails, but nothing that sends traffic back.
    Poor,
    /// What sends traffic back holds.
    Bad,
    NoData,
    Broken,
}

/// Midnight of a Tuesday.
pub(crate) const START: Timestamp = Timestamp::constant(1_772_496_000, 0);

/// `h:mm` or `h:mm:ss` after the start.
pub(crate) fn at(text: &str) -> Timestamp {
    let mut parts = text.split(':').map(|part| part.parse::<i64>().unwrap());
    let mut next = || parts.next().unwrap_or(0);
    let secs = next() * 3600 + next() * 60 + next();
    later(START, SignedDuration::from_secs(secs))
}

pub(crate) fn ok(since: &str) -> AlarmReading {
    reading(AlarmState::Ok, since)
}

pub(crate) fn reading(state: AlarmState, since: &str) -> AlarmReading {
    AlarmReading::State {
        state,
        since: at(since),
        reason: String::new(),
    }
}

/// A start of a plan whose alarms have been well for an hour.
pub(crate) fn start_of(plan: Plan) -> Start {
    let well = AlarmReading::State {
        state: AlarmState::Ok,
        since: at("-1"),
        reason: String::new(),
    };
    let alarms = plan.alarms.iter();
    Start {
        alarms: alarms
            .map(|guard| (guard.arn.clone(), well.clone()))
            .collect(),
        id: RolloutId {
            service: plan.service.clone(),
            number: 1,
        },
        plan: Arc::new(plan),
        by: Person::new("ann"),
        origin: Origin::Fresh,
        from: Weights::default(),
        epoch: Epoch(0),
        override_reason: None,
    }
}

/// A rollout as the story goes on.
pub(crate) struct Story {
    pub(crate) rollout: Rollout,
    pub(crate) lines: Vec<Line>,
    pub(crate) told: String,
    /// Every entry, with the rollout as it stood then.
    pub(crate) entries: Vec<(Rollout, Entry)>,
}

impl Story {
    pub(crate) fn begin(start: Start) -> Self {
        let begun = begin(start, START).unwrap();
        let entries = begun.entries.iter();
        Self {
            lines: entries.clone().map(Entry::line).collect(),
            told: String::new(),
            entries: entries
                .map(|entry| (begun.next.clone(), entry.clone()))
                .collect(),
            rollout: begun.next,
        }
    }

    /// Takes a step at a time, and tells it.
    pub(crate) fn step(&mut self, time: &str, what: &Do) {
        for part in self.parts(what, at(time)) {
            let Some(event) = self.event(&part, at(time)) else {
                writeln!(self.told, "{time:<5} (nothing to do)").unwrap();
                continue;
            };
            match decide(&self.rollout, &event, at(time)) {
                Ok(decision) => {
                    self.rollout = decision.next.clone();
                    self.tell(time, &decision);
                }
                Err(refusal) => self.refused(time, &refusal),
            }
        }
    }

    /// A sweep sees intents through before and after time passes.
    fn parts(&self, what: &Do, now: Timestamp) -> Vec<Do> {
        if !matches!(what, Do::Sweep) {
            return vec![what.clone()];
        }
        let mut parts = vec![Do::Reached];
        if self
            .rollout
            .gate
            .as_ref()
            .is_some_and(|gate| gate.since < now)
        {
            parts.push(Do::Measured(Measure::Good));
        }
        parts.extend([Do::Tick, Do::Reached]);
        parts
    }

    fn tell(&mut self, time: &str, decision: &Decision) {
        for entry in &decision.entries {
            self.lines.push(entry.line());
            self.entries.push((decision.next.clone(), entry.clone()));
            writeln!(self.told, "{time:<5} {}", sentence(entry)).unwrap();
        }
    }

    fn refused(&mut self, time: &str, refusal: &Refusal) {
        writeln!(self.told, "{time:<5} refused: {refusal}").unwrap();
    }

    /// The status, the weights and what is waited for.
    pub(crate) fn end(&mut self, time: &str) {
        let waiting = domain::waiting::of(&self.rollout, at(time));
        let words = words::waiting(&waiting, at(time));
        let holds: Vec<String> = self.rollout.holds.iter().map(ToString::to_string).collect();
        let held = if holds.is_empty() {
            String::new()
        } else {
            format!(" [{}]", holds.join(", "))
        };
        let (status, desired) = (&self.rollout.status, &self.rollout.desired);
        writeln!(
            self.told,
            "= {status} at {desired}{held}, waits for {words}"
        )
        .unwrap();
        let end = ledger::verify(ledger::Chain::of(&self.rollout.id), &self.lines, None).unwrap();
        assert_eq!(
            end, self.rollout.chain,
            "the chain does not end where the head says"
        );
    }

    pub(crate) fn event(&self, what: &Do, now: Timestamp) -> Option<Event> {
        let rollout = &self.rollout;
        let epoch = rollout.epoch;
        let observed = |routes| Event::Observed {
            epoch,
            read_at: now,
            routes,
        };
        Some(match what {
            Do::Tick | Do::Sweep => Event::Tick,
            Do::Reached => observed(reached(rollout, Propagation::Done)),
            Do::Pending => observed(reached(rollout, Propagation::Pending)),
            Do::Seen(weights) => observed(seen_at(weights)),
            Do::Base(percent) => {
                let mut routes = reached(rollout, Propagation::Done);
                for seen in routes.values_mut() {
                    seen.base = weight(*percent);
                }
                observed(routes)
            }
            Do::Measured(measure) => Event::Measured {
                epoch,
                findings: findings(rollout, *measure, now),
            },
            Do::Alarm(name, state, since) => Event::AlarmChanged(AlarmChange {
                arn: alarm(name),
                state: *state,
                at: at(since),
                reason: String::new(),
            }),
            Do::Read(name, reading) => {
                Event::AlarmsRead(BTreeMap::from([(alarm(name), reading.clone())]))
            }
            Do::Hook(outcome) => {
                let hook = rollout.hook_due()?;
                Event::HookFinished {
                    hook,
                    run: rollout.hooks.get(&hook)?.runs,
                    outcome: outcome.clone(),
                }
            }
            Do::Overran => Event::Overran {
                epoch: rollout.intent?.epoch,
            },
            Do::Obstructed(why) => Event::Obstructed {
                epoch: rollout.intent?.epoch,
                routes: BTreeMap::from([(route("web"), (*why).to_owned())]),
            },
            Do::Asked(by, command) => Event::Asked {
                by: Person::new(by),
                command: command.clone(),
            },
            Do::Answered(by, command, sight) => Event::Answered {
                by: Person::new(by),
                command: command.clone(),
                shown: sight.of(rollout),
            },
            Do::Event(event) => event.clone(),
        })
    }
}

fn sentence(entry: &Entry) -> String {
    let mut said = format!("{}: {}", entry.actor, entry.fact);
    if entry.before != entry.after {
        write!(said, " [{} → {}]", entry.before, entry.after).unwrap();
    }
    for finding in &entry.evidence {
        write!(said, " ({finding})").unwrap();
    }
    said
}

pub(crate) fn seen(percent: u16) -> Seen {
    Seen {
        weight: weight(percent),
        base: Weight::ZERO,
        carrier: Carrier::Ready,
        leftover: if percent == 0 {
            Leftover::None
        } else {
            Leftover::Some
        },
        epoch: None,
        propagation: Propagation::Done,
        settle: SignedDuration::from_secs(60),
    }
}

fn seen_at(weights: &[(&str, u16)]) -> BTreeMap<RouteName, Seen> {
    let one = |(name, percent): &(&str, u16)| (route(name), seen(*percent));
    weights.iter().map(one).collect()
}

pub(crate) fn reached(rollout: &Rollout, propagation: Propagation) -> BTreeMap<RouteName, Seen> {
    let one = |name: &RouteName| {
        let goal = rollout.goal(name);
        let seen = Seen {
            weight: goal.weight(),
            leftover: match goal {
                Goal::Restored | Goal::Finished => Leftover::None,
                Goal::Prepared | Goal::Weight(_) => Leftover::Some,
            },
            propagation,
            ..seen(0)
        };
        (name.clone(), seen)
    };
    rollout.plan.routes.keys().map(one).collect()
}

pub(crate) fn finding(
    condition: &Condition,
    role: Role,
    measure: Measure,
    now: Timestamp,
) -> Finding {
    let verdict = match measure {
        Measure::NoData => Verdict::Inconclusive(Doubt::NoData),
        Measure::Broken => Verdict::Error("throttled".to_owned()),
        Measure::Poor if role == Role::Require => Verdict::Fail,
        Measure::Good | Measure::Poor => Verdict::Pass,
        Measure::Bad => Verdict::Fail,
    };
    let micros = match measure {
        Measure::Good => Some(500),
        Measure::Poor => Some(5_000),
        Measure::Bad => Some(50_000),
        Measure::NoData | Measure::Broken => None,
    };
    Finding {
        condition: condition.clone(),
        role,
        verdict,
        current: micros.map(|micros| Quantity::new(micros, Dimension::Ratio)),
        stable: None,
        samples: 600,
        window: Window::newest(SignedDuration::from_mins(1), now),
    }
}

/// A finding for every condition that matters now, as a visit would bring it.
pub(crate) fn findings(rollout: &Rollout, measure: Measure, now: Timestamp) -> Vec<Finding> {
    let back = rollout.rollback_conditions().iter();
    let incidents = rollout.plan.incidents.iter();
    let required = rollout.required().iter();
    back.map(|condition| (condition, Role::Rollback))
        .chain(incidents.map(|rule| (&rule.condition, Role::Incident(rule.severity))))
        .chain(required.map(|condition| (condition, Role::Require)))
        .map(|(condition, role)| finding(condition, role, measure, now))
        .collect()
}

/// Tells the story of a plan and compares it with what is expected of it.
#[track_caller]
pub(crate) fn check(plan: Plan, steps: &[(&str, Do)], expected: &Expect) {
    Story::begin(start_of(plan)).go(steps, expected);
}

/// The same, but what came before is only done, not told.
#[track_caller]
pub(crate) fn check_after(
    plan: Plan,
    before: &[(&str, Do)],
    steps: &[(&str, Do)],
    expected: &Expect,
) {
    let mut story = Story::begin(start_of(plan));
    for (time, what) in before {
        story.step(time, what);
    }
    story.told.clear();
    story.go(steps, expected);
}

/// The same for any start; what the start itself says is told too.
#[track_caller]
pub(crate) fn check_start(start: Start, steps: &[(&str, Do)], expected: &Expect) {
    let mut story = match begin(start.clone(), START) {
        Ok(begun) => {
            let mut story = Story::begin(start);
            story.lines.clear();
            story.tell("0:00", &begun);
            story
        }
        Err(refusal) => {
            expected.assert_eq(&refusal.to_string());
            return;
        }
    };
    story.go(steps, expected);
}

impl Story {
    #[track_caller]
    fn go(&mut self, steps: &[(&str, Do)], expected: &Expect) {
        let mut last = "0:00";
        for (time, what) in steps {
            self.step(time, what);
            last = time;
        }
        self.end(last);
        expected.assert_eq(&self.told);
    }
}
pub(crate) fn pause() -> Do {
    asked(Command::Pause {
        reason: "a look".to_owned(),
    })
}

pub(crate) fn resume() -> Do {
    asked(Command::Resume {
        reason: "fine".to_owned(),
    })
}

pub(crate) fn roll_back() -> Do {
    asked(Command::Rollback {
        reason: "it smells".to_owned(),
    })
}

pub(crate) fn set_weight(percent: u16) -> Do {
    asked(Command::SetWeight {
        weights: Weights::all([&route("web")], weight(percent)),
        reason: "by hand".to_owned(),
    })
}

pub(crate) fn approve(by: &'static str, phase: &str) -> Do {
    Do::Asked(
        by,
        Command::Approve {
            phase: phase_name(phase),
        },
    )
}

pub(crate) fn reject(by: &'static str, phase: &str) -> Do {
    Do::Asked(
        by,
        Command::Reject {
            phase: phase_name(phase),
            reason: "not yet".to_owned(),
        },
    )
}

pub(crate) fn tick_off(phase: &str, name: &str) -> Do {
    let phase: PhaseName = phase_name(phase);
    let item = item(name);
    asked(Command::Check { phase, item })
}

/// The same, decided on what is shown of the rollout as it stands.
pub(crate) fn answered(what: Do) -> Do {
    let Do::Asked(by, command) = what else {
        return what;
    };
    Do::Answered(by, command, Glance::Now)
}

pub(crate) fn asked(command: Command) -> Do {
    Do::Asked("ann", command)
}

pub(crate) fn critical(since: &'static str) -> Do {
    Do::Alarm("errors", AlarmState::Alarm, since)
}

/// The steps from the start to a phase of [`crate::plans::plan`] that is in effect and has good evidence but
/// no time, at 0:05 in the first.
pub(crate) fn to_first_bake() -> Vec<(&'static str, Do)> {
    vec![
        ("0:00", Do::Reached),
        ("0:01", Do::Sweep),
        ("0:05", Do::Sweep),
    ]
}
