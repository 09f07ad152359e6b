//! Whether a scenario speaks of what the plan has.

use std::collections::BTreeSet;

use domain::{
    name::{HookName, MetricName, RouteName},
    plan::Plan,
    rollout::alarm_name,
};

use super::{Happening, Scenario};

/// Moments that are no phase's.
const ANCHORS: [&str; 2] = ["watch", "rollback"];

impl Scenario {
    /// What the scenario names that the plan does not have, each in words; nothing if it fits.
    #[must_use]
    pub fn misfits(&self, plan: &Plan) -> Vec<String> {
        let phases: BTreeSet<&str> = plan
            .phases
            .iter()
            .map(|phase| phase.name.as_str())
            .collect();
        let routes: BTreeSet<&str> = plan.routes.keys().map(RouteName::as_str).collect();
        let metrics: BTreeSet<&str> = plan.metrics.keys().map(MetricName::as_str).collect();
        let hooks: BTreeSet<&str> = plan.hooks.keys().map(HookName::as_str).collect();
        let alarms: BTreeSet<&str> = plan
            .alarms
            .iter()
            .map(|guard| alarm_name(&guard.arn))
            .collect();
        let anchors: BTreeSet<&str> = phases.iter().copied().chain(ANCHORS).collect();
        let mut wrong = Vec::new();
        let mut named = |what: &str, name: &str, known: &BTreeSet<&str>| {
            if !known.contains(name) {
                let all: Vec<&str> = known.iter().copied().collect();
                let all = all.join(", ");
                wrong.push(format!("the plan has no {what} `{name}`; it has: {all}"));
            }
        };
        for route in self.traffic.routes.keys() {
            named("route", route, &routes);
        }
        for metric in self.metrics.keys() {
            named("metric", metric, &metrics);
        }
        for alarm in self.alarms.keys() {
            named("alarm", alarm, &alarms);
        }
        for hook in self.hooks.keys() {
            named("hook", hook, &hooks);
        }
        for step in &self.timeline {
            if let Some(anchor) = &step.at.anchor {
                named("phase", anchor, &anchors);
            }
            match &step.what {
                Happening::Malady(malady) => {
                    if let Some(route) = &malady.route {
                        named("route", route, &routes);
                    }
                }
                Happening::DataMismatch { metric, .. } => named("metric", metric, &metrics),
                Happening::Alarm { name, .. } => named("alarm", name, &alarms),
                Happening::Hand { route, .. } => named("route", route, &routes),
                Happening::Person { .. }
                | Happening::StoreOutage(_)
                | Happening::MetricsOutage(_) => {}
            }
        }
        wrong
    }
}
