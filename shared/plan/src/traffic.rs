//! Warnings about measurements that too little traffic makes worthless.

use std::collections::BTreeSet;

use domain::{
    name::RouteName,
    plan::{
        Plan,
        gate::Limit,
        metric::{AlbMeasure, Metric, Source},
        severity::Severity,
    },
    traffic::{Weight, Weights},
};

use crate::{
    advice::conditions,
    condition::Written,
    decode::At,
    guard::entries,
    leaf::spell,
    metric::requests_for,
    problem::{Code, Fault, Report},
    written::{PlanText, named},
};

/// Says which measurements will have too little to go by.
pub(crate) fn advise(written: &PlanText, plan: &Plan, report: &mut Report) {
    few_for_a_percentile(written, plan, report);
    let expected = written
        .expect
        .as_ref()
        .and_then(|at| at.value.requests_per_minute.as_ref())
        .map(|at| at.value.0);
    for (text, phase) in entries(&written.phases).zip(&plan.phases) {
        let look = Look {
            plan,
            expected,
            weights: &phase.weights,
            during: format!("in `{}`", phase.name),
        };
        look.at_all(conditions(&text.value), report);
    }
    if let Some(watch) = &written.watch {
        let weights = plan.all_at(Weight::FULL);
        let look = Look {
            plan,
            expected,
            weights: &weights,
            during: "in the watch".to_owned(),
        };
        look.at_all(
            entries(&watch.value.require).chain(entries(&watch.value.rollback)),
            report,
        );
    }
    blind_incidents(written, plan, expected, report);
}

/// A percentile of few requests is the latency of one or two of them.
fn few_for_a_percentile(written: &PlanText, plan: &Plan, report: &mut Report) {
    for (name, text) in named(&written.metrics) {
        let Some(min) = text.as_ref().and_then(|at| at.value.min_requests.as_ref()) else {
            continue;
        };
        let Some((_, measure)) = plan.metrics.get(&name.value).and_then(alb) else {
            continue;
        };
        let needed = requests_for(measure);
        if matches!(measure, AlbMeasure::Latency { .. }) && min.value.0 < needed {
            let fault = Fault::new(
                Code::TooLittleTraffic,
                format!(
                    "{} requests are few for this percentile: one or two of them decide it",
                    min.value.0
                ),
                format!("at least {needed}, so that ten lie above it"),
                format!("write `min_requests: {needed}`, or measure a lower percentile"),
            );
            report.warn(&min.place, fault);
        }
    }
}

fn alb(metric: &Metric) -> Option<(&RouteName, AlbMeasure)> {
    match &metric.source {
        Source::Alb { route, measure } => Some((route, *measure)),
        Source::CloudWatch(_) => None,
    }
}

/// What a condition will have to go by at some weights.
struct Look<'a> {
    plan: &'a Plan,
    expected: Option<u64>,
    weights: &'a Weights,
    during: String,
}

/// Why a measurement says nothing.
enum Blind {
    NoCanary,
    NoStable,
    Few { seen: u64, needed: u64 },
}

impl Look<'_> {
    fn at_all<'t>(&self, conditions: impl Iterator<Item = &'t At<Written>>, report: &mut Report) {
        let mut seen = BTreeSet::new();
        for condition in conditions {
            if let Some(blind) = self.blind(&condition.value)
                && seen.insert(&condition.value.metric.value)
            {
                self.warn(&condition.value, &blind, report);
            }
        }
    }

    fn blind(&self, written: &Written) -> Option<Blind> {
        let metric = self.plan.metrics.get(&written.metric.value)?;
        let (route, measure) = alb(metric)?;
        let weight = self.weights.get(route);
        let with_stable = matches!(written.limit.value, Limit::Stable { .. });
        // A number of requests is evidence even if it is none.
        if measure == AlbMeasure::Requests && !with_stable {
            return None;
        }
        if weight == Weight::ZERO {
            return Some(Blind::NoCanary);
        }
        if with_stable && weight == Weight::FULL {
            return Some(Blind::NoStable);
        }
        let share = if with_stable {
            weight.min(weight.rest())
        } else {
            weight
        };
        let minutes = u64::try_from(metric.window.as_mins()).unwrap_or(0);
        let seen = self
            .expected?
            .saturating_mul(minutes)
            .saturating_mul(u64::from(share.permille()))
            / 1000;
        let needed = metric.min_requests.max(requests_for(measure));
        (seen < needed).then_some(Blind::Few { seen, needed })
    }

    fn warn(&self, written: &Written, blind: &Blind, report: &mut Report) {
        let name = &written.metric.value;
        let window = self
            .plan
            .metrics
            .get(name)
            .map(|metric| spell(metric.window))
            .unwrap_or_default();
        let (found, expected, mend) = match blind {
            Blind::NoCanary => (
                format!(
                    "`{name}` will say nothing {}: the route has no weight there, and the canary no requests",
                    self.during
                ),
                "a metric that exists without traffic".to_owned(),
                "move the condition to a phase with traffic, or measure it with `cloudwatch: { … }`",
            ),
            Blind::NoStable => (
                format!(
                    "`{name}` has nothing to be compared with {}: stable has no requests there",
                    self.during
                ),
                "a fixed limit where the canary has all of the traffic".to_owned(),
                "compare with a number, such as `< 1%`",
            ),
            Blind::Few { seen, needed } => (
                format!(
                    "`{name}` will have about {seen} requests in its window of {window} {}",
                    self.during
                ),
                format!("at least {needed}, or the measurement says nothing"),
                "make the window longer, the weight higher, or measure a lower percentile",
            ),
        };
        report.warn(
            &written.metric.place,
            Fault::new(Code::TooLittleTraffic, found, expected, mend),
        );
    }
}

/// A critical rule that cannot see the canary at its smallest weight does not guard it.
fn blind_incidents(written: &PlanText, plan: &Plan, expected: Option<u64>, report: &mut Report) {
    let rules = written.incidents.iter().flat_map(|at| at.value.rules());
    for (_, rule) in rules.filter(|(severity, _)| *severity == Severity::Critical) {
        for phase in plan
            .phases
            .iter()
            .filter(|phase| !phase.weights.is_closed())
        {
            let look = Look {
                plan,
                expected,
                weights: &phase.weights,
                during: format!("in `{}`", phase.name),
            };
            let blind = look
                .blind(&rule.value)
                .filter(|blind| matches!(blind, Blind::Few { .. }));
            if let Some(blind) = blind {
                look.warn(&rule.value, &blind, report);
                break;
            }
        }
    }
}
