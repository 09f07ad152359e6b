//! What a plan declares, so that every use of a name can be checked.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    name::{GroupName, HookName, MetricName, Person, RouteName},
    plan::{
        gate::Limit,
        metric::Metric,
        people::{Handles, person},
        route::Route,
    },
    quantity::{Dimension, Quantity},
    traffic::Weight,
};

use crate::{
    condition::Written,
    decode::At,
    problem::{Code, Fault, Report, either, nearest, quote},
};

/// The names of a plan; a value is none if the declaration was no good, which has been reported.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) routes: BTreeMap<RouteName, Option<Route>>,
    pub(crate) metrics: BTreeMap<MetricName, Option<Metric>>,
    pub(crate) hooks: BTreeSet<HookName>,
    pub(crate) groups: BTreeMap<GroupName, Vec<Person>>,
    pub(crate) people: BTreeMap<Person, Handles>,
}

impl Names {
    /// Every route.
    pub(crate) fn routes(&self) -> impl Iterator<Item = &RouteName> {
        self.routes.keys()
    }

    /// Whether there is such a route; if not, that is reported.
    pub(crate) fn route(&self, name: &At<RouteName>, report: &mut Report) -> bool {
        known(
            "route",
            name,
            name.value.as_str(),
            self.routes.keys().map(RouteName::as_str),
            report,
        )
    }

    /// Whether there is such a hook; if not, that is reported.
    pub(crate) fn hook(&self, name: &At<HookName>, report: &mut Report) -> bool {
        known(
            "hook",
            name,
            name.value.as_str(),
            self.hooks.iter().map(HookName::as_str),
            report,
        )
    }

    /// Whether there is such a group; if not, that is reported.
    pub(crate) fn group(&self, name: &At<GroupName>, report: &mut Report) -> bool {
        known(
            "group",
            name,
            name.value.as_str(),
            self.groups.keys().map(GroupName::as_str),
            report,
        )
    }

    /// The person who is called so.
    pub(crate) fn person(&self, called: &Person) -> Person {
        person(&self.people, called)
    }

    /// How many different people are in some groups.
    pub(crate) fn people(&self, groups: &[GroupName]) -> usize {
        let members = groups.iter().filter_map(|group| self.groups.get(group));
        let people = members.flatten().map(|member| self.person(member));
        people.collect::<BTreeSet<_>>().len()
    }

    /// Whether a route's target can express a weight; if not, that is reported.
    pub(crate) fn check_weight(&self, route: &RouteName, weight: &At<Weight>, report: &mut Report) {
        let Some(Some(target)) = self.routes.get(route) else {
            return;
        };
        let (below, above) = target.nearest(weight.value);
        if below == above {
            return;
        }
        let fault = Fault::new(
            Code::Inexpressible,
            format!("the target of `{route}` cannot express {}", weight.value),
            "a weight that it can: two Route 53 records share in steps of one in 256 at least",
            format!("write `{below}` or `{above}`"),
        );
        report.error(&weight.place, fault);
    }

    /// Checks that a condition names a metric and compares it with something of its kind.
    pub(crate) fn check_condition(&self, written: &Written, report: &mut Report) {
        let metrics = self.metrics.keys().map(MetricName::as_str);
        if !known(
            "metric",
            &written.metric,
            written.metric.value.as_str(),
            metrics,
            report,
        ) {
            return;
        }
        let Some(Some(metric)) = self.metrics.get(&written.metric.value) else {
            return;
        };
        let name = &written.metric.value;
        let fault = match written.limit.value {
            Limit::Fixed(limit) if limit.dimension != metric.dimension() => Fault::new(
                Code::Incomparable,
                format!(
                    "`{name}` cannot be compared with {}",
                    quote(&limit.to_string())
                ),
                metric.dimension().describe(),
                with_unit(limit, metric.dimension()),
            ),
            Limit::Stable { .. } if !metric.has_stable() => Fault::new(
                Code::Incomparable,
                format!("`{name}` is not measured on stable"),
                "a metric that stable has too",
                format!(
                    "add `stable: {{ … }}` to the metric `{name}`, with the dimensions of stable's series"
                ),
            ),
            Limit::Fixed(_) | Limit::Stable { .. } => return,
        };
        report.error(&written.limit.place, fault);
    }
}

fn with_unit(limit: Quantity, wanted: Dimension) -> String {
    let number = match limit.dimension {
        Dimension::Count => limit.to_string(),
        Dimension::Ratio | Dimension::Time | Dimension::Data => {
            return format!("write {}", wanted.describe());
        }
    };
    match wanted {
        Dimension::Ratio => format!("write `{number}%`"),
        Dimension::Time => format!("write `{number}ms` or `{number}s`"),
        Dimension::Data => format!("write `{number}B` or `{number}MiB`"),
        Dimension::Count => format!("write `{number}`"),
    }
}

fn known<'a, T>(
    what: &str,
    written: &At<T>,
    name: &str,
    declared: impl Iterator<Item = &'a str> + Clone,
    report: &mut Report,
) -> bool {
    if declared.clone().any(|other| other == name) {
        return true;
    }
    let expected = if declared.clone().next().is_none() {
        format!("one that is declared under `{what}s`, where there are none")
    } else {
        format!(
            "one that is declared under `{what}s`: {}",
            either(declared.clone())
        )
    };
    let mend = match nearest(name, declared) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add it under `{what}s`"),
    };
    let found = format!("there is no {what} {}", quote(name));
    report.error(
        &written.place,
        Fault::new(Code::UnknownReference, found, expected, mend),
    );
    false
}
