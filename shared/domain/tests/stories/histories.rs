//! Random plans and random histories: events in any order, doubled, late, under clocks that disagree.

use domain::{
    decide::{Decision, Refusal, decide},
    event::{AlarmChange, AlarmReading, AlarmState, Command, Event, HookOutcome, Named},
    name::Person,
    plan::{
        Finish, Plan,
        calendar::Calendar,
        gate::{GateLimits, Otherwise},
        hook::HookFailure,
        phase::Phase,
        route::Route,
        severity::{IncidentRule, InsufficientData, Severity},
    },
    rollout::Rollout,
    time::{SignedDuration, Timestamp, later},
    traffic::{Epoch, Weights},
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    plans::{
        MINUTE, alarm, alias, approval, checklist, dns, errors, guard, hook, in_place, item,
        only_at_night, owned_rule, phase, phase_name, plan, route, watch, weight,
    },
    story::{Do, Glance, Measure, START, Story, start_of},
};

/// One event of a history, and what came of it.
pub(crate) struct Moment {
    pub(crate) before: Rollout,
    pub(crate) event: Event,
    pub(crate) now: Timestamp,
    pub(crate) answer: Result<Decision, Refusal>,
}

impl Moment {
    pub(crate) fn after(&self) -> &Rollout {
        self.answer
            .as_ref()
            .map_or(&self.before, |decision| &decision.next)
    }
}

/// What happens, before it is known to what.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    /// Minutes since the last one; a clock may go a little backwards.
    pub(crate) minutes: i64,
    /// How many epochs the event is behind.
    pub(crate) behind: u64,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Do(Do),
    /// Everything that a sweep brings when all is well.
    Well,
    /// Everybody agrees to everything that is asked of them.
    Agreed,
    /// A word of an alarm, so many minutes old.
    Alarm(&'static str, AlarmState, i64),
    Asked(&'static str, Command),
    /// Somebody decides on what they were shown.
    Answered(&'static str, Command, Glance),
}

fn otherwise() -> impl Strategy<Value = Otherwise> {
    select(vec![Otherwise::Hold, Otherwise::Rollback])
}

fn severity() -> impl Strategy<Value = Severity> {
    select(vec![
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ])
}

fn some_route() -> impl Strategy<Value = Route> {
    select(vec![owned_rule(), in_place(), dns(), alias()])
}

fn some_phase() -> impl Strategy<Value = Phase> {
    let gate = (
        proptest::option::of((1..3_u32, otherwise())),
        any::<bool>(),
        proptest::option::of(60..300_i64),
        (proptest::option::of(0..3_u32), otherwise(), 0..3_u32),
    );
    (0..20_u16, 0..90_i64, gate).prop_map(|(weight, bake, (approved, listed, within, limits))| {
        let mut phase = phase("phase", weight * 5);
        phase.bake = MINUTE * i32::try_from(bake).unwrap();
        phase.within = within.map(SignedDuration::from_mins);
        phase.approval = approved.map(|(needed, otherwise)| approval(needed, otherwise));
        if listed {
            phase.checklist = checklist(&["logs"]);
        }
        phase.limits = GateLimits {
            failures: limits.0,
            errors: limits.0,
            then: limits.1,
            passes: limits.2,
            ..GateLimits::default()
        };
        phase
    })
}

/// A plan with any of the things that a plan can have.
pub(crate) fn some_plan() -> impl Strategy<Value = Plan> {
    let routes = (some_route(), proptest::option::of(some_route()));
    let alarms = (severity(), any::<bool>(), severity());
    let end = (any::<bool>(), any::<bool>(), any::<bool>());
    let hooks = (any::<bool>(), any::<bool>(), otherwise());
    let phases = vec(some_phase(), 1..5);
    (routes, phases, alarms, end, hooks).prop_map(|(routes, phases, alarms, end, hooks)| {
        let mut plan = plan();
        plan.phases = phases;
        plan.routes.insert(route("web"), routes.0);
        if let Some(second) = routes.1 {
            plan.routes.insert(route("apex"), second);
        }
        plan.alarms = vec![guard("errors", alarms.0)];
        if alarms.1 {
            plan.alarms[0].insufficient_data = InsufficientData::Ignore;
        }
        plan.incidents = vec![IncidentRule {
            severity: alarms.2,
            condition: errors(domain::plan::gate::Op::More, 4_000),
        }];
        plan.watch = end.0.then(watch);
        plan.finish = if end.1 { Finish::Auto } else { Finish::Manual };
        plan.calendar = if end.2 {
            only_at_night()
        } else {
            Calendar::default()
        };
        add_hooks(&mut plan, hooks);
        complete(&mut plan);
        plan
    })
}

fn add_hooks(plan: &mut Plan, (before, after, otherwise): (bool, bool, Otherwise)) {
    let warm = hook(plan, "warm", HookFailure::Gate(otherwise));
    let check = hook(plan, "check", HookFailure::Ignore);
    plan.rollback.hooks = vec![check.clone()];
    plan.rollback.drain = Some(MINUTE);
    for phase in &mut plan.phases {
        if before {
            phase.before = vec![warm.clone()];
        }
        if after {
            phase.after = vec![check.clone(), warm.clone()];
        }
    }
}

/// Names the phases, gives every route their weight, and makes the last one whole.
fn complete(plan: &mut Plan) {
    let last = plan.phases.len() - 1;
    for (index, phase) in plan.phases.iter_mut().enumerate() {
        phase.name = phase_name(&format!("phase-{index}"));
        let share = if index == last {
            weight(100)
        } else {
            phase.weights.get(&route("web"))
        };
        phase.weights = Weights::all(plan.routes.keys(), share);
    }
}

/// Something that a person asks for.
pub(crate) fn some_command() -> impl Strategy<Value = Command> {
    let why = || "because".to_owned();
    let phase = (0..3_u8).prop_map(|index| phase_name(&format!("phase-{index}")));
    prop_oneof![
        2 => Just(Command::Pause { reason: why() }),
        8 => Just(Command::Resume { reason: why() }),
        3 => Just(Command::Promote),
        1 => Just(Command::PromoteFull { reason: why() }),
        1 => Just(Command::Rollback { reason: why() }),
        1 => Just(Command::Abort { reason: why() }),
        3 => Just(Command::Retry),
        2 => (0..20_u16).prop_map(move |share| Command::SetWeight {
            weights: Weights::all([&route("web")], weight(share * 5)),
            reason: why(),
        }),
        2 => Just(Command::Finish),
        9 => phase.clone().prop_map(|phase| Command::Approve { phase }),
        1 => phase.clone().prop_map(move |phase| Command::Reject { phase, reason: why() }),
        6 => phase.prop_map(|phase| Command::Check { phase, item: item("logs") }),
        2 => (1..200_i64).prop_map(move |hours| Command::OverrideCalendar {
            until: later(START, SignedDuration::from_hours(hours)),
            reason: why(),
        }),
        2 => (1..20_i64).prop_map(move |hours| Command::Accept {
            incident: Named::Words("errors".to_owned()),
            until: later(START, SignedDuration::from_hours(hours)),
            reason: why(),
        }),
        1 => Just(Command::Supersede { by: 2 }),
    ]
}

fn asked() -> impl Strategy<Value = What> {
    let by = select(vec!["ann", "ben", "eve"]);
    (by, some_command()).prop_map(|(by, command)| What::Asked(by, command))
}

fn answered() -> impl Strategy<Value = What> {
    let by = select(vec!["ann", "ben", "eve"]);
    (by, some_command(), select(Glance::ALL.to_vec()))
        .prop_map(|(by, command, sight)| What::Answered(by, command, sight))
}

fn what() -> impl Strategy<Value = What> {
    let state = select(vec![
        AlarmState::Ok,
        AlarmState::Ok,
        AlarmState::InsufficientData,
        AlarmState::Alarm,
    ]);
    let measure = select(vec![
        Measure::Good,
        Measure::Good,
        Measure::Good,
        Measure::Poor,
        Measure::Poor,
        Measure::Bad,
        Measure::NoData,
        Measure::Broken,
    ]);
    let failed = HookOutcome::Failed("exit 1".to_owned());
    prop_oneof![
        40 => Just(What::Well),
        12 => Just(What::Agreed),
        8 => Just(What::Do(Do::Tick)),
        8 => Just(What::Do(Do::Reached)),
        1 => Just(What::Do(Do::Pending)),
        1 => (0..20_u16).prop_map(|share| What::Do(Do::Seen(vec![("web", share * 5)]))),
        1 => Just(What::Do(Do::Base(100))),
        3 => measure.prop_map(|measure| What::Do(Do::Measured(measure))),
        1 => (select(vec!["errors", "other"]), state, 0..300_i64)
            .prop_map(|(name, state, old)| What::Alarm(name, state, old)),
        1 => Just(What::Do(Do::Read("errors", AlarmReading::Unreadable("denied".to_owned())))),
        4 => Just(What::Do(Do::Hook(HookOutcome::Succeeded))),
        1 => Just(What::Do(Do::Hook(failed))),
        2 => Just(What::Do(Do::Overran)),
        1 => Just(What::Do(Do::Obstructed("denied"))),
        8 => asked(),
        1 => answered(),
    ]
}

/// How hard the properties are tried: quick by default, harder with `PROPTEST_CASES`.
pub(crate) fn effort() -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(48),
    }
}

/// A history of up to so many happenings.
pub(crate) fn history(most: usize) -> impl Strategy<Value = Vec<Happening>> {
    let behind = prop_oneof![12 => Just(0_u64), 1 => Just(1_u64), 1 => Just(3_u64)];
    let minutes = prop_oneof![6 => 0..4_i64, 1 => -1..0_i64, 6 => 4..70_i64];
    let one = (minutes, behind, what()).prop_map(|(minutes, behind, what)| Happening {
        minutes,
        behind,
        what,
    });
    vec(one, 0..most)
}

/// Lives a history through, event by event.
pub(crate) fn live(plan: &Plan, history: &[Happening]) -> Vec<Moment> {
    let mut story = Story::begin(start_of(plan.clone()));
    let mut now = START;
    let mut moments = Vec::new();
    for happening in history {
        now = later(now, MINUTE * i32::try_from(happening.minutes).unwrap());
        for part in parts(&story, &happening.what) {
            let Some(event) = event(&story, &part, happening.behind, now) else {
                continue;
            };
            let answer = decide(&story.rollout, &event, now);
            let before = story.rollout.clone();
            if let Ok(decision) = &answer {
                story.rollout = decision.next.clone();
            }
            moments.push(Moment {
                before,
                event,
                now,
                answer,
            });
        }
    }
    moments
}

fn parts(story: &Story, what: &What) -> Vec<What> {
    match what {
        What::Well => [
            Do::Reached,
            Do::Measured(Measure::Good),
            Do::Hook(HookOutcome::Succeeded),
            Do::Tick,
            Do::Reached,
        ]
        .map(What::Do)
        .to_vec(),
        What::Agreed => agreed(story),
        What::Do(_) | What::Alarm(..) | What::Asked(..) | What::Answered(..) => vec![what.clone()],
    }
}

fn agreed(story: &Story) -> Vec<What> {
    let reason = "fine".to_owned();
    let mut asked = vec![What::Asked("ann", Command::Resume { reason })];
    if let Some(phase) = story.rollout.current_phase() {
        let phase = &phase.name;
        let approve = |by| {
            let phase = phase.clone();
            What::Asked(by, Command::Approve { phase })
        };
        let (phase, item) = (phase.clone(), item("logs"));
        asked.push(What::Asked("eve", Command::Check { phase, item }));
        asked.extend([approve("ann"), approve("ben")]);
    }
    asked.extend([What::Do(Do::Base(100)), What::Asked("ann", Command::Finish)]);
    asked
}

fn event(story: &Story, what: &What, behind: u64, now: Timestamp) -> Option<Event> {
    let event = match what {
        What::Do(what) => story.event(what, now)?,
        What::Well | What::Agreed => Event::Tick,
        What::Alarm(name, state, old) => Event::AlarmChanged(AlarmChange {
            arn: alarm(name),
            state: *state,
            at: later(now, SignedDuration::from_mins(-old)),
            reason: String::new(),
        }),
        What::Asked(by, command) => Event::Asked {
            by: Person::new(by),
            command: command.clone(),
        },
        What::Answered(by, command, sight) => {
            story.event(&Do::Answered(by, command.clone(), *sight), now)?
        }
    };
    Some(delayed(event, behind))
}

/// The event as it comes when its sender had read an older head.
fn delayed(event: Event, behind: u64) -> Event {
    let old = |epoch: Epoch| Epoch(epoch.0.saturating_sub(behind));
    match event {
        Event::Overran { epoch } => Event::Overran { epoch: old(epoch) },
        Event::Obstructed { epoch, routes } => Event::Obstructed {
            epoch: old(epoch),
            routes,
        },
        Event::Measured { epoch, findings } => Event::Measured {
            epoch: old(epoch),
            findings,
        },
        Event::Observed {
            epoch,
            read_at,
            routes,
        } => Event::Observed {
            epoch: old(epoch),
            read_at,
            routes,
        },
        Event::Tick
        | Event::AlarmChanged(_)
        | Event::AlarmsRead(_)
        | Event::HookFinished { .. }
        | Event::Asked { .. }
        | Event::Answered { .. } => event,
    }
}
