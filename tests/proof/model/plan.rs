//! The plan that the model runs: one route, one critical alarm, an approval before the last phase.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    event::{AlarmChange, AlarmReading, AlarmState, Command, Event},
    name::{AlarmArn, GroupName, Person, PhaseName, RolloutId, RouteName, ServiceName},
    plan::{
        Finish, Plan, PlanHash,
        calendar::Calendar,
        gate::{Approval, FourEyes, GateLimits, Otherwise},
        people::{Locale, Notify},
        phase::{Phase, Watch},
        rollback::RollbackPolicy,
        severity::{AlarmGuard, InsufficientData, Severity, SeverityPolicy},
    },
    time::{SignedDuration, Timestamp, later},
    traffic::{Weight, Weights},
};

use super::target::Fence;

pub(crate) fn began() -> Timestamp {
    "2026-01-13T01:00:00Z".parse().unwrap()
}

pub(crate) fn route() -> RouteName {
    RouteName::new("web").unwrap()
}

pub(crate) fn alarm() -> AlarmArn {
    AlarmArn::new("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:critical")
}

pub(crate) fn person() -> Person {
    Person::new("mika")
}

pub(crate) fn rollout_id() -> RolloutId {
    RolloutId {
        service: ServiceName::new("shop").unwrap(),
        number: 1,
    }
}

pub(crate) fn well() -> AlarmReading {
    AlarmReading::State {
        state: AlarmState::Ok,
        since: began(),
        reason: String::new(),
    }
}

pub(crate) fn alarm_change() -> AlarmChange {
    AlarmChange {
        arn: alarm(),
        state: AlarmState::Alarm,
        at: later(began(), SignedDuration::from_secs(1)),
        reason: String::new(),
    }
}

fn asked(command: Command) -> Event {
    Event::Asked {
        by: person(),
        command,
    }
}

pub(crate) fn asked_rollback() -> Event {
    asked(Command::Rollback {
        reason: "it is slow".to_owned(),
    })
}

pub(crate) fn asked_resume() -> Event {
    asked(Command::Resume {
        reason: "looked at".to_owned(),
    })
}

pub(crate) fn asked_approval(phase: &PhaseName) -> Event {
    asked(Command::Approve {
        phase: phase.clone(),
    })
}

fn weight(phase: usize, phases: usize) -> Weight {
    Weight::nearest(phase as u64 + 1, phases as u64)
}

pub(crate) fn phase_name(index: usize) -> PhaseName {
    PhaseName::new(&format!("phase-{}", index + 1)).unwrap()
}

fn phase(index: usize, phases: usize) -> Phase {
    let asks = index + 2 == phases;
    Phase {
        name: phase_name(index),
        weights: Weights::all([&route()], weight(index, phases)),
        bake: SignedDuration::ZERO,
        within: None,
        require: Vec::new(),
        rollback: Vec::new(),
        limits: GateLimits::default(),
        approval: asks.then(|| Approval {
            from: vec![GroupName::new("leads").unwrap()],
            needed: 1,
            expires: None,
            otherwise: Otherwise::Hold,
            four_eyes: FourEyes::Waived,
        }),
        checklist: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
    }
}

/// What comes after the last phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ending {
    /// The canary is made the new stable at once.
    Finish,
    /// A watch that lasts longer than any walk.
    Watch,
    /// The team's own tooling makes it that.
    Manual,
}

/// So many phases in equal steps to 100 %.
pub(crate) fn plan(fence: Fence, phases: usize, ending: Ending) -> Arc<Plan> {
    let plan = Plan {
        service: rollout_id().service,
        text: "model".into(),
        hash: PlanHash::of("model"),
        routes: BTreeMap::from([(route(), fence.route())]),
        metrics: BTreeMap::new(),
        alarms: vec![AlarmGuard {
            arn: alarm(),
            severity: Severity::Critical,
            insufficient_data: InsufficientData::Hold,
        }],
        incidents: Vec::new(),
        severities: SeverityPolicy::default(),
        escalation: Vec::new(),
        phases: (0..phases).map(|index| phase(index, phases)).collect(),
        watch: (ending == Ending::Watch).then(|| Watch {
            lasts: SignedDuration::from_hours(1),
            require: Vec::new(),
            rollback: Vec::new(),
        }),
        // Nothing is late: that it is told changes a head, and no weight.
        rollback: RollbackPolicy {
            within: SignedDuration::from_hours(10_000),
            ..RollbackPolicy::default()
        },
        calendar: Calendar::default(),
        hooks: BTreeMap::new(),
        groups: BTreeMap::from([(GroupName::new("leads").unwrap(), vec![person()])]),
        people: BTreeMap::new(),
        notify: Notify::default(),
        reports: None,
        locale: Locale::En,
        finish: match ending {
            Ending::Finish | Ending::Watch => Finish::Auto,
            Ending::Manual => Finish::Manual,
        },
        fast_track: SignedDuration::ZERO,
    };
    assert_eq!(plan.check(), Ok(()));
    Arc::new(plan)
}
