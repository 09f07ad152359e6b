//! One rollout in each status, and in each way of being held.

use domain::{
    event::{AlarmReading, Command, HookOutcome, Named},
    plan::{
        Finish, Plan,
        gate::{GateLimits, Otherwise},
        hook::HookFailure,
        severity::{IncidentRule, Severity},
    },
};

use crate::{
    plans::{HOUR, approval, checklist, errors, guard, hook, in_place, plan, route, watch},
    story::{
        Do, Measure, Story, answered, approve, asked, critical, pause, reject, set_weight,
        start_of, tick_off,
    },
};

/// Two phases with everything that a phase can have, a watch, and a finish by hand.
pub(crate) fn rich() -> Plan {
    let mut plan = plan();
    plan.phases.remove(1);
    plan.routes.insert(route("web"), in_place());
    plan.alarms.push(guard("slow", Severity::High));
    plan.incidents = vec![IncidentRule {
        severity: Severity::Medium,
        condition: errors(domain::plan::gate::Op::More, 20_000),
    }];
    let hold = HookFailure::Gate(Otherwise::Hold);
    let (warm, check) = (
        hook(&mut plan, "warm", hold),
        hook(&mut plan, "check", hold),
    );
    let first = &mut plan.phases[0];
    first.within = Some(HOUR * 4);
    first.before = vec![warm];
    first.after = vec![check];
    first.checklist = checklist(&["logs"]);
    first.approval = Some(approval(1, Otherwise::Hold));
    first.limits = GateLimits {
        failures: Some(1),
        ..GateLimits::default()
    };
    plan.watch = Some(watch());
    plan.finish = Finish::Manual;
    plan
}

/// The way of the rich plan from its start to completion.
fn way() -> Vec<(&'static str, Do)> {
    vec![
        ("0:00", Do::Reached),
        ("0:00", Do::Tick),
        ("0:00", Do::Hook(HookOutcome::Succeeded)),
        ("0:01", Do::Tick),
        ("0:01", Do::Pending),
        ("0:02", Do::Reached),
        ("1:10", tick_off("canary", "logs")),
        ("1:10", Do::Measured(Measure::Good)),
        ("1:10", Do::Tick),
        ("1:11", approve("ben", "canary")),
        ("1:11", Do::Tick),
        ("1:11", Do::Hook(HookOutcome::Succeeded)),
        ("1:12", Do::Tick),
        ("1:12", Do::Reached),
        ("2:20", Do::Measured(Measure::Good)),
        ("2:20", Do::Tick),
        ("3:30", Do::Measured(Measure::Good)),
        ("3:30", Do::Tick),
        ("3:31", Do::Base(100)),
        ("3:31", asked(Command::Finish)),
        ("3:31", Do::Reached),
    ]
}

/// A situation and the time at which something happens in it.
pub(crate) struct Situation {
    pub(crate) name: &'static str,
    pub(crate) story: Story,
    pub(crate) time: &'static str,
}

fn situation(name: &'static str, mut steps: Vec<(&'static str, Do)>, plan: Plan) -> Situation {
    let mut story = Story::begin(start_of(plan));
    let time = steps.last().map_or("0:00", |(time, _)| *time);
    for (time, what) in steps.drain(..) {
        story.step(time, &what);
    }
    Situation { name, story, time }
}

fn on_the_way(name: &'static str, steps: usize, then: &[(&'static str, Do)]) -> Situation {
    let mut all = way();
    all.truncate(steps);
    all.extend_from_slice(then);
    situation(name, all, rich())
}

/// One in each status, in the order of a life.
pub(crate) fn statuses() -> Vec<Situation> {
    let back = ("1:10", critical("1:10"));
    vec![
        on_the_way("starting", 0, &[]),
        on_the_way("entering", 2, &[]),
        on_the_way("shifting", 4, &[]),
        on_the_way("baking", 8, &[]),
        on_the_way("awaiting approval", 9, &[]),
        on_the_way("watching", 16, &[]),
        on_the_way("awaiting finish", 19, &[]),
        on_the_way("finishing", 20, &[]),
        on_the_way("completed", 21, &[]),
        on_the_way("rolling back", 8, std::slice::from_ref(&back)),
        on_the_way("guarding", 8, &[back.clone(), ("1:10", Do::Reached)]),
        on_the_way(
            "rolled back",
            8,
            &[back, ("1:10", Do::Reached), ("1:20", Do::Reached)],
        ),
        on_the_way(
            "superseded",
            8,
            &[("1:10", asked(Command::Supersede { by: 2 }))],
        ),
    ]
}

/// Every way of going forward, or of being kept from it.
pub(crate) fn forward() -> Vec<Situation> {
    let mut all = statuses();
    all.retain(|one| one.story.rollout.status.is_forward());
    let fail = || Do::Hook(HookOutcome::Failed("exit 1".to_owned()));
    let mut frozen = plan();
    frozen.calendar = crate::plans::only_at_night();
    all.extend([
        on_the_way("settling", 5, &[]),
        on_the_way("baking for the last time", 14, &[]),
        on_the_way("paused", 8, &[("1:10", pause())]),
        on_the_way(
            "held: weights set by hand",
            8,
            &[
                ("1:10", set_weight(1)),
                ("1:10", Do::Reached),
                ("1:20", Do::Tick),
            ],
        ),
        on_the_way(
            "held: closed by hand",
            8,
            &[("1:10", Do::Seen(vec![("web", 1)]))],
        ),
        on_the_way(
            "held: gate failed",
            7,
            &[
                ("1:08", Do::Measured(Measure::Poor)),
                ("1:09", Do::Measured(Measure::Poor)),
            ],
        ),
        on_the_way(
            "held: hook failed",
            11,
            &[("1:11", fail()), ("1:11", fail())],
        ),
        on_the_way("held: overdue", 6, &[("4:10", Do::Tick)]),
        on_the_way("held: rejected", 9, &[("1:10", reject("ben", "canary"))]),
        on_the_way("held: approval expired", 9, &[("3:11", Do::Tick)]),
        on_the_way(
            "held: incident",
            8,
            &[(
                "1:10",
                Do::Alarm("slow", domain::event::AlarmState::Alarm, "1:10"),
            )],
        ),
        on_the_way("held: drift", 8, &[("1:10", Do::Seen(vec![("web", 80)]))]),
        on_the_way(
            "held: alarm unreadable",
            8,
            &[(
                "1:10",
                Do::Read("errors", AlarmReading::Unreadable("denied".to_owned())),
            )],
        ),
        situation(
            "frozen",
            vec![
                ("0:00", Do::Reached),
                ("0:01", Do::Sweep),
                ("1:10", Do::Sweep),
            ],
            frozen,
        ),
    ]);
    all
}

/// Everything that can happen, with the weight that a hand would set.
pub(crate) fn everything(since: &'static str) -> Vec<(&'static str, Do)> {
    let red = domain::event::AlarmState::Alarm;
    vec![
        ("tick", Do::Tick),
        ("overran", Do::Overran),
        ("critical alarm", critical(since)),
        ("high alarm", Do::Alarm("slow", red, since)),
        (
            "alarms read as red",
            Do::Read("errors", crate::story::reading(red, since)),
        ),
        (
            "alarm unreadable",
            Do::Read("errors", AlarmReading::Unreadable("denied".to_owned())),
        ),
        ("measured good", Do::Measured(Measure::Good)),
        ("measured bad", Do::Measured(Measure::Bad)),
        ("seen as wanted", Do::Reached),
        ("seen lower", Do::Seen(vec![("web", 1)])),
        ("seen higher", Do::Seen(vec![("web", 60)])),
        ("seen as base", Do::Base(100)),
        (
            "hook failed",
            Do::Hook(HookOutcome::Failed("exit 1".to_owned())),
        ),
        ("hook succeeded", Do::Hook(HookOutcome::Succeeded)),
        ("pause", pause()),
        ("resume", crate::story::resume()),
        ("promote", asked(Command::Promote)),
        (
            "promote --full",
            asked(Command::PromoteFull {
                reason: "hotfix".to_owned(),
            }),
        ),
        ("rollback", crate::story::roll_back()),
        (
            "abort",
            asked(Command::Abort {
                reason: "not today".to_owned(),
            }),
        ),
        ("retry", asked(Command::Retry)),
        ("set-weight", set_weight(10)),
        ("finish", asked(Command::Finish)),
        ("approve", approve("ben", "canary")),
        ("reject", reject("ben", "canary")),
        ("check", tick_off("canary", "logs")),
        (
            "override-calendar",
            asked(Command::OverrideCalendar {
                until: crate::story::at("99:00"),
                reason: "agreed".to_owned(),
            }),
        ),
        (
            "accept",
            asked(Command::Accept {
                incident: Named::Words("alarm errors".to_owned()),
                until: crate::story::at("99:00"),
                reason: "known".to_owned(),
            }),
        ),
        ("start --supersede", asked(Command::Supersede { by: 2 })),
        ("approve by link", answered(approve("ben", "canary"))),
        ("reject by link", answered(reject("ben", "canary"))),
        ("roll back by link", answered(crate::story::roll_back())),
        ("hold by link", answered(pause())),
    ]
}

#[test]
fn the_situations_are_what_they_are_called() {
    for one in statuses() {
        assert_eq!(one.story.rollout.status.name(), one.name);
    }
    let held: Vec<String> = forward()
        .iter()
        .flat_map(|one| one.story.rollout.holds.iter().map(ToString::to_string))
        .collect();
    assert_eq!(held.len(), 8, "{held:?}");
}
