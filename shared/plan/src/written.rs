//! The whole plan as it is written, and how it becomes a checked one.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    name::{HookName, MetricName, RouteName, ServiceName},
    plan::{
        Finish, METRICS_MAX, PHASES_MAX, Plan, PlanHash, ROUTES_MAX,
        people::Locale,
        phase::Phase,
        rollback::RollbackPolicy,
        route::{AlbMode, Route},
        severity::IncidentRule,
    },
    time::SignedDuration,
    traffic::{Weight, Weights},
};

use crate::{
    calendar::CalendarText,
    condition::Written,
    decode::{At, List, Named, Slot},
    guard::{Alarms, Escalation, IncidentsText, SeveritiesText, entries, escalation, guards},
    hook::HookText,
    leaf::{Whole, at_least},
    metric::MetricText,
    names::Names,
    people::{Channels, FolderText, Groups, People, members, notify, people},
    phase::{HOOKS_MAX, PhaseText, WatchText},
    problem::{Code, Fault, Report},
    record::{record, words},
    route::RouteText,
};

/// The most hooks of a plan.
const HOOKS_DECLARED_MAX: usize = 64;

record! {
    /// A plan: what is moved, in which phases, what must be true to go on, and what sends it back.
    PlanText as "a plan" {
        /// What is moved; it has at most one active rollout.
        required service: ServiceName,
        /// Where weights live.
        required routes: Named<RouteName, RouteText, 1, ROUTES_MAX>,
        /// What can be measured.
        optional metrics: Named<MetricName, MetricText, 0, METRICS_MAX>,
        /// Alarms that guard the whole rollout; one that is red at the start blocks it.
        optional alarms: Alarms,
        /// Conditions that open an incident in any phase and in the watch.
        optional incidents: IncidentsText,
        /// What an incident of each severity does.
        optional severities: SeveritiesText,
        /// Who is told when nobody decides on an incident or on an overdue phase, level by level.
        optional escalation: Escalation,
        /// Weights to hold, in order; the last phase brings every route to 100%.
        required phases: List<PhaseText, 1, PHASES_MAX>,
        /// What is watched after the last phase, and how long.
        optional watch: WatchText,
        /// How traffic goes back.
        optional rollback: RollbackText,
        /// When weights may be raised.
        optional calendar: CalendarText,
        /// Effects outside Tidegate, by name.
        optional hooks: Named<HookName, HookText, 0, HOOKS_DECLARED_MAX>,
        /// Who may decide: people by group.
        optional groups: Groups,
        /// What people are called in Slack, in AWS and by mail: each is one person wherever they decide.
        optional people: People,
        /// Who is told.
        optional notify: Channels,
        /// Where the report of each rollout that has ended is kept, as Markdown and as a page.
        optional reports: FolderText,
        /// The language of messages: `en` is English, `ja` is Japanese. The ledger is English in any case.
        default("en") locale: Locale,
        /// What happens with the routes when the watch has ended. `auto`: the canary becomes the new stable. `manual`: the team's own tooling does that, then `tidegate finish`.
        default("auto") finish: Finish,
        /// How long after completion a rollback still goes back to stable without phases.
        default("24h") fast_track: SignedDuration,
        /// What is expected of the service; used for warnings only.
        optional expect: ExpectText,
    }
}

record! {
    /// How traffic goes back, and what is done about it.
    RollbackText as "`rollback`" {
        /// The time by which traffic must be back; missed, people are told louder.
        default("5m") within: SignedDuration,
        /// How long the canary's targets get to finish what they are doing; set on the canary after traffic has gone.
        optional drain: SignedDuration,
        /// Hooks that run after traffic is back, in order.
        optional hooks: List<HookName, 0, HOOKS_MAX>,
    }
}

record! {
    /// What is expected of the service; used for warnings only.
    ExpectText as "`expect`" {
        /// How many requests a minute the service has when it has few.
        required requests_per_minute: Whole<1, 1_000_000_000>,
    }
}

words! { Finish, "what happens at the end" { "auto" = Self::Auto, "manual" = Self::Manual, } }

impl PlanText {
    /// The checked plan, if there is one; everything that is wrong goes into the report.
    pub(crate) fn plan(&self, text: &str, report: &mut Report) -> Option<Plan> {
        let names = self.names(report);
        let phases = self.phases(&names, report);
        for condition in self.conditions() {
            names.check_condition(&condition.value, report);
        }
        let alarms = guards(&self.alarms, report);
        let rollback = self.rollback(&names, report);
        let hooks = self.hooks(report);
        let severities = self.severities.as_ref().map(|at| at.value.policy(report));
        let escalation = escalation(&self.escalation, &names, report);
        let calendar = self
            .calendar
            .as_ref()
            .and_then(|at| at.value.calendar(report));
        let notify = notify(&self.notify, report);
        if report.failed() {
            return None;
        }
        let incidents = self.incidents.iter().flat_map(|at| at.value.rules());
        Some(Plan {
            service: self.service.as_ref()?.value.clone(),
            text: text.into(),
            hash: PlanHash::of(text),
            routes: whole(names.routes)?,
            metrics: whole(names.metrics)?,
            alarms,
            incidents: incidents
                .map(|(severity, rule)| IncidentRule {
                    severity,
                    condition: rule.value.condition(),
                })
                .collect(),
            severities: severities.unwrap_or_default(),
            escalation,
            phases,
            watch: self.watch.as_ref().and_then(|at| at.value.watch()),
            rollback,
            calendar: calendar.unwrap_or_default(),
            hooks,
            groups: names.groups,
            people: names.people,
            notify,
            reports: self.reports.as_ref().map(|at| at.value.0.clone()),
            locale: self.locale.as_ref()?.value,
            finish: self.finish.as_ref()?.value,
            fast_track: self.fast_track.as_ref()?.value,
        })
    }

    fn names(&self, report: &mut Report) -> Names {
        let mut names = Names::default();
        for (name, route) in named(&self.routes) {
            let built = route.as_ref().and_then(|at| at.value.route(report));
            names.routes.insert(name.value.clone(), built);
        }
        self.refuse_shared_targets(&names, report);
        for (name, _) in named(&self.hooks) {
            names.hooks.insert(name.value.clone());
        }
        names.people = people(&self.people, report);
        for (name, group) in named(&self.groups) {
            let all = group
                .as_ref()
                .map(|group| members(group, &names, report))
                .unwrap_or_default();
            names.groups.insert(name.value.clone(), all);
        }
        for (name, metric) in named(&self.metrics) {
            let built = metric.as_ref().and_then(|at| at.value.metric(report));
            names.metrics.insert(name.value.clone(), built);
            if let Some(route) = metric.as_ref().and_then(|at| at.value.alb.as_ref())
                && names.route(route, report)
                && let Some(Some(target)) = names.routes.get(&route.value)
            {
                refuse_unmeasured(route, target, report);
            }
        }
        names
    }

    /// Two routes with one target would write over each other.
    fn refuse_shared_targets(&self, names: &Names, report: &mut Report) {
        let mut seen: Vec<(Vec<String>, &RouteName)> = Vec::new();
        for (name, _) in named(&self.routes) {
            let Some(Some(route)) = names.routes.get(&name.value) else {
                continue;
            };
            let targets = targets(route);
            let shared = seen
                .iter()
                .find(|(others, _)| others.iter().any(|other| targets.contains(other)));
            if let Some((_, first)) = shared {
                let fault = Fault::new(
                    Code::SharedTarget,
                    format!("`{}` writes where `{first}` does", name.value),
                    "a target of its own for every route",
                    "delete one of the two, or correct its target or its priority",
                );
                report.error(&name.place, fault);
            }
            seen.push((targets, &name.value));
        }
    }

    fn phases(&self, names: &Names, report: &mut Report) -> Vec<Phase> {
        let mut weights = Weights::all(names.routes(), Weight::ZERO);
        let mut seen = BTreeSet::new();
        let mut phases = Vec::new();
        for written in entries(&self.phases) {
            if let Some(name) = &written.value.name
                && !seen.insert(&name.value)
            {
                let fault = Fault::new(
                    Code::Repeated,
                    format!("there is a phase `{}` already", name.value),
                    "a name for each phase",
                    "give this one another name",
                );
                report.error(&name.place, fault);
            }
            weights = written.value.weights(weights, names, report);
            phases.extend(written.value.phase(&weights, names, report));
        }
        self.refuse_rest(&weights, report);
        phases
    }

    /// The last phase must bring every route to 100 %; said only if the weights could be read.
    fn refuse_rest(&self, weights: &Weights, report: &mut Report) {
        let Some(last) = entries(&self.phases).last() else {
            return;
        };
        if !entries(&self.phases).all(|phase| phase.value.has_weights()) {
            return;
        }
        let place = last.value.weights_heading(last);
        for (route, weight) in weights.iter().filter(|(_, weight)| *weight != Weight::FULL) {
            let fault = Fault::new(
                Code::NotFull,
                format!("the last phase leaves `{route}` at {weight}"),
                "100% on every route in the last phase",
                "add a phase with `weight: 100%`",
            );
            report.error(place, fault);
        }
    }

    fn rollback(&self, names: &Names, report: &mut Report) -> RollbackPolicy {
        let usual = RollbackPolicy::default();
        let Some(written) = self.rollback.as_ref().map(|at| &at.value) else {
            return usual;
        };
        for hook in entries(&written.hooks) {
            names.hook(hook, report);
        }
        if let Some(within) = &written.within {
            at_least(within, SignedDuration::from_secs(10), report);
        }
        if let Some(drain) = &written.drain {
            let seconds = drain.value.as_secs();
            if drain.value.subsec_nanos() != 0 || seconds > 3_600 {
                let fault = Fault::new(
                    Code::OutOfRange,
                    "a load balancer cannot drain for so long, or not for so exact a time",
                    "whole seconds, at most 1h",
                    "write `30s`",
                );
                report.error(&drain.place, fault);
            }
        }
        RollbackPolicy {
            within: written.within.as_ref().map_or(usual.within, |at| at.value),
            drain: written.drain.as_ref().map(|at| at.value),
            hooks: entries(&written.hooks).map(|at| at.value.clone()).collect(),
        }
    }

    fn hooks(&self, report: &mut Report) -> BTreeMap<HookName, domain::plan::hook::Hook> {
        named(&self.hooks)
            .filter_map(|(name, hook)| {
                let hook = hook.as_ref()?.value.hook(report)?;
                Some((name.value.clone(), hook))
            })
            .collect()
    }

    /// Every condition of the plan.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &At<Written>> {
        let phases = entries(&self.phases)
            .flat_map(|phase| entries(&phase.value.require).chain(entries(&phase.value.rollback)));
        let watch = self
            .watch
            .iter()
            .flat_map(|watch| entries(&watch.value.require).chain(entries(&watch.value.rollback)));
        let incidents = self
            .incidents
            .iter()
            .flat_map(|at| at.value.rules().map(|(_, rule)| rule));
        phases.chain(watch).chain(incidents)
    }
}

/// The entries of a mapping that may not be there.
#[expect(
    clippy::ref_option,
    reason = "a slot is a field of a record, and is lent as it is"
)]
pub(crate) fn named<K, V, const MIN: usize, const MAX: usize>(
    slot: &Slot<Named<K, V, MIN, MAX>>,
) -> impl Iterator<Item = &(At<K>, Slot<V>)> {
    slot.iter().flat_map(|at| &at.value.0)
}

/// All of the values, if every one could be read.
fn whole<K: Ord, V>(values: BTreeMap<K, Option<V>>) -> Option<BTreeMap<K, V>> {
    values
        .into_iter()
        .map(|(name, value)| Some((name, value?)))
        .collect()
}

/// What a route writes to; two routes must not have any of it in common.
fn targets(route: &Route) -> Vec<String> {
    match route {
        Route::Alb(alb) => {
            let listener = alb.base.arn().replacen(":listener-rule/", ":listener/", 1);
            let listener = match &alb.base {
                domain::plan::route::AlbBase::Rule(_) => listener
                    .rsplit_once('/')
                    .map_or(listener.clone(), |(listener, _)| listener.to_owned()),
                domain::plan::route::AlbBase::Default(_) => listener,
            };
            match alb.mode {
                AlbMode::Owned { priority } => {
                    vec![alb.base.arn().to_owned(), format!("{listener} {priority}")]
                }
                AlbMode::InPlace => vec![alb.base.arn().to_owned()],
            }
        }
        Route::Route53(records) => {
            let set = |kind| format!("{} {} {kind}", records.zone, records.name);
            records.types.iter().map(set).collect()
        }
        Route::LambdaAlias(alias) => vec![format!("{}:{}", alias.function, alias.alias)],
    }
}

/// Only a load balancer has a load balancer's numbers.
fn refuse_unmeasured(written: &At<RouteName>, route: &Route, report: &mut Report) {
    let what = match route {
        Route::Alb(_) => return,
        Route::Route53(_) => "a set of DNS records",
        Route::LambdaAlias(_) => "a Lambda alias",
    };
    let fault = Fault::new(
        Code::UnknownReference,
        format!(
            "`{}` is {what}, which has no load balancer's numbers",
            written.value
        ),
        "the name of an `alb` route",
        "measure it with `cloudwatch: { … }`",
    );
    report.error(&written.place, fault);
}
