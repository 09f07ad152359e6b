//! The plans that the stories run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Weekday, time};

use domain::{
    name::{AlarmArn, GroupName, HookName, ItemName, MetricName, Person, PhaseName, RouteName},
    plan::{
        Finish, Plan, PlanHash,
        calendar::Calendar,
        gate::{Approval, ChecklistItem, Condition, FourEyes, GateLimits, Limit, Op, Otherwise},
        hook::{Hook, HookFailure, HookTarget},
        metric::{AlbMeasure, Metric, Source},
        people::{Locale, Notify},
        phase::{Phase, Watch},
        rollback::RollbackPolicy,
        route::{AlbBase, AlbMode, AlbRoute, LambdaAliasRoute, RecordType, Route, Route53Route},
        severity::{AlarmGuard, InsufficientData, Severity, SeverityPolicy},
    },
    quantity::{Dimension, Quantity},
    time::SignedDuration,
    traffic::{Weight, Weights},
};

pub(crate) const HOUR: SignedDuration = SignedDuration::from_hours(1);
pub(crate) const MINUTE: SignedDuration = SignedDuration::from_mins(1);

pub(crate) fn route(name: &str) -> RouteName {
    RouteName::new(name).unwrap()
}

pub(crate) fn phase_name(name: &str) -> PhaseName {
    PhaseName::new(name).unwrap()
}

pub(crate) fn item(name: &str) -> ItemName {
    ItemName::new(name).unwrap()
}

pub(crate) fn weight(percent: u16) -> Weight {
    Weight::from_permille(percent * 10).unwrap()
}

pub(crate) fn alarm(name: &str) -> AlarmArn {
    AlarmArn::new(&format!(
        "arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:{name}"
    ))
}

/// `error_rate < 0.1%`
pub(crate) fn few_errors() -> Condition {
    errors(Op::Less, 1_000)
}

/// `error_rate > 1%`
pub(crate) fn many_errors() -> Condition {
    errors(Op::More, 10_000)
}

pub(crate) fn errors(op: Op, micros: i64) -> Condition {
    Condition {
        metric: MetricName::new("error_rate").unwrap(),
        op,
        limit: Limit::Fixed(Quantity::new(micros, Dimension::Ratio)),
        lasting: None,
    }
}

/// An hour at this weight, with few errors; back if there are many.
pub(crate) fn phase(name: &str, percent: u16) -> Phase {
    Phase {
        name: phase_name(name),
        weights: Weights::all([&route("web")], weight(percent)),
        bake: HOUR,
        within: None,
        require: vec![few_errors()],
        rollback: vec![many_errors()],
        limits: GateLimits::default(),
        approval: None,
        checklist: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
    }
}

pub(crate) fn owned_rule() -> Route {
    alb(AlbMode::Owned { priority: 5 })
}

pub(crate) fn in_place() -> Route {
    alb(AlbMode::InPlace)
}

fn alb(mode: AlbMode) -> Route {
    Route::Alb(AlbRoute {
        base: AlbBase::Rule("rule/base".to_owned()),
        mode,
        stable: "targetgroup/old".to_owned(),
        canary: "targetgroup/new".to_owned(),
    })
}

pub(crate) fn dns() -> Route {
    Route::Route53(Route53Route {
        zone: "Z1".to_owned(),
        name: "shop.example".to_owned(),
        types: BTreeSet::from([RecordType::A]),
        stable: "old".to_owned(),
        canary: "new".to_owned(),
        ttl: MINUTE,
    })
}

pub(crate) fn alias() -> Route {
    Route::LambdaAlias(LambdaAliasRoute {
        function: "shop".to_owned(),
        alias: "live".to_owned(),
        stable: "1".to_owned(),
        canary: "2".to_owned(),
    })
}

/// Canary 5 %, half, all; one owned rule, one metric, one critical alarm.
pub(crate) fn plan() -> Plan {
    Plan {
        service: domain::name::ServiceName::new("shop").unwrap(),
        text: "".into(),
        hash: PlanHash([7; 32]),
        routes: BTreeMap::from([(route("web"), owned_rule())]),
        metrics: BTreeMap::from([(
            MetricName::new("error_rate").unwrap(),
            Metric {
                source: Source::Alb {
                    route: route("web"),
                    measure: AlbMeasure::ServerErrorRatio,
                },
                window: MINUTE,
                min_requests: 100,
            },
        )]),
        alarms: vec![guard("errors", Severity::Critical)],
        incidents: Vec::new(),
        severities: SeverityPolicy::default(),
        escalation: Vec::new(),
        phases: vec![phase("canary", 5), phase("half", 50), phase("all", 100)],
        watch: None,
        rollback: RollbackPolicy::default(),
        calendar: Calendar::default(),
        hooks: BTreeMap::new(),
        groups: BTreeMap::from([(
            GroupName::new("leads").unwrap(),
            vec![Person::new("ann"), Person::new("ben")],
        )]),
        people: BTreeMap::new(),
        notify: Notify::default(),
        reports: None,
        locale: Locale::En,
        finish: Finish::Auto,
        fast_track: HOUR,
    }
}

pub(crate) fn guard(name: &str, severity: Severity) -> AlarmGuard {
    AlarmGuard {
        arn: alarm(name),
        severity,
        insufficient_data: InsufficientData::Hold,
    }
}

/// Approval by so many of the leads within two hours.
pub(crate) fn approval(needed: u32, otherwise: Otherwise) -> Approval {
    Approval {
        from: vec![GroupName::new("leads").unwrap()],
        needed,
        expires: Some(HOUR * 2),
        otherwise,
        four_eyes: FourEyes::Waived,
    }
}

pub(crate) fn checklist(names: &[&str]) -> Vec<ChecklistItem> {
    let one = |name: &&str| ChecklistItem {
        name: item(name),
        text: format!("{name} was looked at"),
    };
    names.iter().map(one).collect()
}

/// Declares a hook that is tried twice, and returns its name.
pub(crate) fn hook(plan: &mut Plan, name: &str, on_failure: HookFailure) -> HookName {
    let hook = Hook {
        run: HookTarget::Lambda(name.to_owned()),
        timeout: MINUTE,
        attempts: 2,
        on_failure,
    };
    let name = HookName::new(name).unwrap();
    plan.hooks.insert(name.clone(), hook);
    name
}

/// An hour of watching, with few errors at its end; back if there are many.
pub(crate) fn watch() -> Watch {
    Watch {
        lasts: HOUR,
        require: vec![few_errors()],
        rollback: vec![many_errors()],
    }
}

/// Open in the first hour of the day, and from eight in the evening until eleven.
pub(crate) fn only_at_night() -> Calendar {
    let window = |opens, shuts| domain::plan::calendar::Window {
        days: vec![Weekday::Tuesday, Weekday::Wednesday],
        opens: time(opens, 0, 0, 0),
        shuts: time(shuts, 0, 0, 0),
    };
    Calendar {
        only_in: vec![window(0, 1), window(20, 23)],
        ..Calendar::default()
    }
}
