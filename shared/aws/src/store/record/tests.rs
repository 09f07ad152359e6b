//! Every head survives being kept, and the first version's heads are read for ever.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    event::AlarmState,
    judge::{Doubt, Finding, Role, Verdict, Window},
    ledger::{Chain, Hash, Shown},
    name::{AlarmArn, ItemName, MetricName, Person, PhaseName, RolloutId, RouteName, ServiceName},
    plan::{
        Plan,
        gate::{Condition, Limit, Op, Otherwise},
        severity::Severity,
    },
    quantity::{Dimension, Quantity},
    rollout::{
        AlarmSeen, Cause, Gate, Hold, HookKey, HookMoment, HookRun, HookState, Incident,
        IncidentSource, IncidentState, Intent, IntentKind, Next, Notice, Nudge, Origin, Question,
        Rollout, RouteState, Silence, Status, Tally,
    },
    target::{Carrier, Floor},
    time::{SignedDuration, Timestamp},
    traffic::{Epoch, Weight, Weights},
};
use proptest::{
    collection::{btree_map, btree_set, vec},
    option,
    prelude::*,
    sample::select,
};

mod kept;
mod mangled;

use super::{read, write};

const PLAN: &str = r"
service: shop
routes:
  web: { lambda_alias: { function: shop, alias: live, stable: 1, canary: 2 } }
phases:
  - { name: all, weight: 100%, bake: 1m, approval: { from: [leads], needed: 1 } }
groups: { leads: [ann] }
";

fn plan() -> Arc<Plan> {
    Arc::new(plan::parse(PLAN).unwrap().plan)
}

fn shop() -> RolloutId {
    RolloutId {
        service: ServiceName::new("shop").unwrap(),
        number: 7,
    }
}

fn instant() -> impl Strategy<Value = Timestamp> {
    let seconds = Timestamp::MIN.as_second() + 1..Timestamp::MAX.as_second();
    let parts = (seconds, 0..1_000_000_000);
    parts.prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
}

fn duration() -> impl Strategy<Value = SignedDuration> {
    let parts = (any::<i32>(), 0..1_000_000_000);
    parts.prop_map(|(seconds, nanos)| SignedDuration::new(seconds.into(), nanos))
}

fn words() -> impl Strategy<Value = String> {
    any::<String>()
}

fn person() -> impl Strategy<Value = Person> {
    words().prop_map(|text| Person::new(&text))
}

fn arn() -> impl Strategy<Value = AlarmArn> {
    words().prop_map(|text| AlarmArn::new(&text))
}

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9_-]{1,64}"
}

fn route() -> impl Strategy<Value = RouteName> {
    name().prop_map(|text| RouteName::new(&text).unwrap())
}

fn weight() -> impl Strategy<Value = Weight> {
    (0..=1000_u16).prop_map(|permille| Weight::from_permille(permille).unwrap())
}

fn severity() -> impl Strategy<Value = Severity> {
    use Severity::{Critical, High, Low, Medium};
    select(vec![Low, Medium, High, Critical])
}

fn otherwise() -> impl Strategy<Value = Otherwise> {
    select(vec![Otherwise::Hold, Otherwise::Rollback])
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        arn().prop_map(Cause::Alarm),
        words().prop_map(Cause::Condition),
        (person(), words()).prop_map(|(who, why)| Cause::Person(who, why)),
        (person(), words()).prop_map(|(who, why)| Cause::Aborted(who, why)),
        words().prop_map(Cause::IncidentOverdue),
        words().prop_map(Cause::NotApproved),
        words().prop_map(Cause::GateFailed),
        words().prop_map(Cause::HookFailed),
    ]
}

fn status() -> impl Strategy<Value = Status> {
    let plain = select(vec![
        Status::Starting,
        Status::Entering(Next::Watch),
        Status::Shifting,
        Status::Baking,
        Status::AwaitingApproval,
        Status::Watching,
        Status::AwaitingFinish,
        Status::Finishing,
    ]);
    prop_oneof![
        plain,
        any::<usize>().prop_map(|index| Status::Entering(Next::Phase(index))),
        instant().prop_map(|at| Status::Completed { at }),
        (cause(), instant()).prop_map(|(cause, began)| Status::RollingBack { cause, began }),
        (cause(), instant()).prop_map(|(cause, restored)| Status::Guarding { cause, restored }),
        (cause(), instant()).prop_map(|(cause, restored)| Status::RolledBack { cause, restored }),
        any::<u64>().prop_map(|by| Status::Superseded { by }),
    ]
}

fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        Just(Origin::Fresh),
        any::<u64>().prop_map(Origin::Retry),
        any::<u64>().prop_map(Origin::Superseded),
    ]
}

fn intent() -> impl Strategy<Value = Intent> {
    use IntentKind::{Finish, Prepare, Rollback, Shift};
    let kind = select(vec![Prepare, Shift, Finish, Rollback]);
    (any::<u64>(), kind, instant(), any::<u32>()).prop_map(|(epoch, kind, deadline, retakes)| {
        Intent {
            epoch: Epoch(epoch),
            kind,
            deadline,
            retakes,
        }
    })
}

fn route_state() -> impl Strategy<Value = RouteState> {
    let floor = (weight(), select(vec![Carrier::Missing, Carrier::Ready]));
    (
        option::of(any::<u64>()),
        option::of(instant()),
        option::of(weight()),
        option::of(weight()),
        floor,
    )
        .prop_map(|(acknowledged, effective, drift, base, floor)| RouteState {
            acknowledged: acknowledged.map(Epoch),
            effective,
            drift,
            base,
            floor: Floor {
                weight: floor.0,
                carrier: floor.1,
            },
        })
}

fn quantity() -> impl Strategy<Value = Quantity> {
    use Dimension::{Count, Data, Ratio, Time};
    let dimension = select(vec![Ratio, Time, Count, Data]);
    (any::<i64>(), dimension).prop_map(|(micros, dimension)| Quantity::new(micros, dimension))
}

fn condition() -> impl Strategy<Value = Condition> {
    let op = select(vec![
        Op::Less,
        Op::AtMost,
        Op::More,
        Op::AtLeast,
        Op::Equal,
        Op::NotEqual,
    ]);
    let limit = prop_oneof![
        quantity().prop_map(Limit::Fixed),
        any::<u32>().prop_map(|factor_milli| Limit::Stable { factor_milli }),
    ];
    (name(), op, limit, option::of(duration())).prop_map(|(metric, op, limit, lasting)| Condition {
        metric: MetricName::new(&metric).unwrap(),
        op,
        limit,
        lasting,
    })
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let doubt = prop_oneof![
        Just(Doubt::TooSoon),
        Just(Doubt::NoData),
        Just(Doubt::NoStable),
        any::<(u64, u64)>().prop_map(|(have, need)| Doubt::TooFew { have, need }),
        any::<(u64, u64)>().prop_map(|(have, need)| Doubt::TooFewStable { have, need }),
    ];
    prop_oneof![
        Just(Verdict::Pass),
        Just(Verdict::Fail),
        doubt.prop_map(Verdict::Inconclusive),
        words().prop_map(Verdict::Error),
    ]
}

fn finding() -> impl Strategy<Value = Finding> {
    let role = prop_oneof![
        Just(Role::Require),
        Just(Role::Rollback),
        severity().prop_map(Role::Incident),
    ];
    let values = (option::of(quantity()), option::of(quantity()), any::<u64>());
    (condition(), role, verdict(), values, instant(), instant()).prop_map(
        |(condition, role, verdict, (current, stable, samples), from, to)| Finding {
            condition,
            role,
            verdict,
            current,
            stable,
            samples,
            window: Window { from, to },
        },
    )
}

fn tally() -> impl Strategy<Value = Tally> {
    let counts = any::<[u32; 4]>();
    (option::of(finding()), counts).prop_map(|(last, counts)| Tally {
        last,
        passes: counts[0],
        failures: counts[1],
        consecutive_failures: counts[2],
        errors: counts[3],
    })
}

fn gate() -> impl Strategy<Value = Gate> {
    let item = name().prop_map(|text| ItemName::new(&text).unwrap());
    (
        instant(),
        vec(tally(), 0..4),
        option::of(person()),
        btree_map(item, person(), 0..4),
        btree_set(person(), 0..4),
        option::of(instant()),
        option::of(instant()),
    )
        .prop_map(
            |(since, tallies, promoted, checked, approvals, asked, overdue)| Gate {
                since,
                tallies,
                promoted,
                checked,
                approvals,
                asked,
                overdue,
            },
        )
}

fn hold() -> impl Strategy<Value = Hold> {
    select(vec![
        Hold::Paused,
        Hold::WeightSet,
        Hold::HandClosed,
        Hold::GateFailed,
        Hold::HookFailed,
        Hold::Overdue,
        Hold::Rejected,
        Hold::ApprovalExpired,
    ])
}

fn incidents() -> impl Strategy<Value = BTreeMap<IncidentSource, Incident>> {
    let source = prop_oneof![
        arn().prop_map(IncidentSource::Alarm),
        words().prop_map(IncidentSource::Condition),
    ];
    let state = prop_oneof![
        (option::of(instant()), otherwise())
            .prop_map(|(due, otherwise)| IncidentState::Open { due, otherwise }),
        (person(), option::of(instant()))
            .prop_map(|(by, until)| IncidentState::Accepted { by, until }),
    ];
    let incident = (severity(), instant(), state).prop_map(|(severity, opened, state)| Incident {
        severity,
        opened,
        state,
    });
    btree_map(source, incident, 0..4)
}

fn nudges() -> impl Strategy<Value = BTreeMap<Question, Nudge>> {
    let question = prop_oneof![
        arn().prop_map(|arn| Question::Incident(IncidentSource::Alarm(arn))),
        words().prop_map(|text| Question::Incident(IncidentSource::Condition(text))),
        select(vec!["early", "late"])
            .prop_map(|name| Question::Overdue(PhaseName::new(name).unwrap())),
    ];
    let nudge = (instant(), any::<usize>(), instant());
    let nudge = nudge.prop_map(|(since, level, told)| Nudge { since, level, told });
    btree_map(question, nudge, 0..3)
}

fn alarms() -> impl Strategy<Value = BTreeMap<AlarmArn, AlarmSeen>> {
    let state = select(vec![
        AlarmState::Ok,
        AlarmState::Alarm,
        AlarmState::InsufficientData,
    ]);
    let silence = prop_oneof![
        Just(Silence::None),
        instant().prop_map(Silence::Since),
        Just(Silence::Told),
    ];
    let seen = (option::of(state), instant(), silence);
    let seen = seen.prop_map(|(state, since, silence)| AlarmSeen {
        state,
        since,
        silence,
    });
    btree_map(arn(), seen, 0..4)
}

fn hooks() -> impl Strategy<Value = BTreeMap<HookKey, HookRun>> {
    let moment = prop_oneof![
        any::<usize>().prop_map(HookMoment::After),
        any::<usize>().prop_map(HookMoment::Before),
        Just(HookMoment::Drain),
        Just(HookMoment::Rollback),
    ];
    let key = (moment, any::<usize>()).prop_map(|(moment, index)| HookKey { moment, index });
    let state = select(vec![HookState::Due, HookState::Done, HookState::Failed]);
    let run = (any::<u32>(), any::<u32>(), option::of(instant()), state);
    let run = run.prop_map(|(runs, failures, since, state)| HookRun {
        runs,
        failures,
        since,
        state,
    });
    btree_map(key, run, 0..4)
}

/// Any head at all, also those that no history leads to.
fn rollout() -> impl Strategy<Value = Rollout> {
    let began = (person(), instant(), origin());
    let place = (
        any::<u64>(),
        any::<u64>(),
        status(),
        option::of(any::<usize>()),
    );
    let notice = select(vec![
        Notice::RollbackLate,
        Notice::ChangeStuck,
        Notice::GateWaits,
        Notice::Unmeasured,
        Notice::CalendarShut,
    ]);
    let traffic = (
        btree_map(route(), weight(), 0..4),
        option::of(intent()),
        instant(),
        btree_map(route(), route_state(), 0..4),
        btree_map(route(), ".*", 0..2),
    );
    let evidence = (
        option::of(gate()),
        btree_set(hold(), 0..4),
        incidents(),
        nudges(),
        option::of(gate()),
    );
    let rest = (
        alarms(),
        hooks(),
        btree_set(notice, 0..2),
        option::of(instant()),
    );
    let chain = any::<(u64, [u8; 32])>();
    (began, place, traffic, evidence, rest, chain).prop_map(
        |(began, place, traffic, evidence, rest, chain)| Rollout {
            id: shop(),
            plan: plan(),
            started_by: began.0,
            started_at: began.1,
            origin: began.2,
            revision: place.0,
            epoch: Epoch(place.1),
            status: place.2,
            phase: place.3,
            desired: traffic.0.into_iter().collect::<Weights>(),
            intent: traffic.1,
            late_until: traffic.2,
            routes: traffic.3,
            obstacles: traffic.4,
            gate: evidence.0,
            holds: evidence.1,
            incidents: evidence.2.clone(),
            nudges: evidence.3,
            shown: evidence.4.as_ref().map(|gate| Box::new(shown(gate))),
            breached: evidence.2.keys().cloned().collect(),
            alarms: rest.0,
            hooks: rest.1,
            notices: rest.2,
            calendar_override: rest.3,
            chain: Chain {
                seq: chain.0,
                hash: Hash(chain.1),
            },
        },
    )
}

/// What a phase with this gate has shown.
fn shown(gate: &Gate) -> Shown {
    let checked = gate.checked.iter();
    Shown {
        phase: PhaseName::new("half").unwrap(),
        since: gate.since,
        until: gate.since,
        findings: gate
            .tallies
            .iter()
            .filter_map(|tally| tally.last.clone())
            .collect(),
        approvals: gate.approvals.iter().cloned().collect(),
        checked: checked
            .map(|(item, by)| (item.clone(), by.clone()))
            .collect(),
    }
}

proptest! {
    #[test]
    fn a_head_is_read_as_it_was_written(rollout in rollout()) {
        let document = write(&rollout).unwrap();
        let again = read(&document, rollout.id.clone(), plan()).unwrap();
        prop_assert_eq!(again, rollout);
    }
}
