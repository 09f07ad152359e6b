//! A rollout as small as one can be.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    decide::{Start, begin},
    name::{Person, PhaseName, RolloutId, RouteName, ServiceName},
    plan::{
        Finish, Plan, PlanHash,
        calendar::Calendar,
        gate::GateLimits,
        people::{Locale, Notify},
        phase::Phase,
        rollback::RollbackPolicy,
        route::{LambdaAliasRoute, Route},
        severity::SeverityPolicy,
    },
    rollout::{Origin, Rollout},
    time::{SignedDuration, Timestamp},
    traffic::{Epoch, Weight, Weights},
};

/// When everything begins.
pub(crate) const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// A rollout whose first intent has this epoch.
pub(crate) fn head(epoch: u64) -> Rollout {
    let web = RouteName::new("web").unwrap();
    let service = ServiceName::new("shop").unwrap();
    let route = Route::LambdaAlias(LambdaAliasRoute {
        function: "shop".to_owned(),
        alias: "live".to_owned(),
        stable: "1".to_owned(),
        canary: "2".to_owned(),
    });
    let phase = Phase {
        name: PhaseName::new("all").unwrap(),
        weights: Weights::all([&web], Weight::FULL),
        bake: SignedDuration::ZERO,
        within: None,
        require: Vec::new(),
        rollback: Vec::new(),
        limits: GateLimits::default(),
        approval: None,
        checklist: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
    };
    let plan = Plan {
        service: service.clone(),
        text: "".into(),
        hash: PlanHash([0; 32]),
        routes: BTreeMap::from([(web, route)]),
        metrics: BTreeMap::new(),
        alarms: Vec::new(),
        incidents: Vec::new(),
        severities: SeverityPolicy::default(),
        escalation: Vec::new(),
        phases: vec![phase],
        watch: None,
        rollback: RollbackPolicy::default(),
        calendar: Calendar::default(),
        hooks: BTreeMap::new(),
        groups: BTreeMap::new(),
        people: BTreeMap::new(),
        notify: Notify::default(),
        reports: None,
        locale: Locale::En,
        finish: Finish::Auto,
        fast_track: SignedDuration::ZERO,
    };
    let start = Start {
        id: RolloutId { service, number: 1 },
        plan: Arc::new(plan),
        by: Person::new("ann"),
        origin: Origin::Fresh,
        from: Weights::default(),
        epoch: Epoch(epoch - 1),
        alarms: BTreeMap::new(),
        override_reason: None,
    };
    begin(start, NOW).unwrap().next
}
