//! The plan: what a team writes and reviews, as checked types.
//!
//! A [`Plan`] is made by the `plan` crate from text, or by hand in tests; both go through
//! [`Plan::check`], so that the state machine may rely on what is documented here.

pub mod calendar;
pub mod gate;
pub mod hook;
pub mod metric;
pub mod people;
pub mod phase;
pub mod rollback;
pub mod route;
pub mod severity;

use std::{collections::BTreeMap, fmt, sync::Arc};

use crate::{
    name::{GroupName, HookName, MetricName, RouteName, ServiceName},
    time::SignedDuration,
    traffic::{Weight, Weights},
};
use calendar::Calendar;
use gate::Condition;
use hook::Hook;
use metric::Metric;
use people::{Folder, Handles, Locale, Notify, Person};
use phase::{Phase, Watch};
use rollback::RollbackPolicy;
use route::Route;
use severity::{AlarmGuard, IncidentRule, LEVELS_MAX, Level, SeverityPolicy};

/// The most phases a plan may have.
pub const PHASES_MAX: usize = 32;
/// The most routes a plan may have; each is converged side by side.
pub const ROUTES_MAX: usize = 16;
/// The most metrics a plan may have.
pub const METRICS_MAX: usize = 64;
/// The most alarms a plan may have: what one `DescribeAlarms` call takes (`CloudWatch` API).
pub const ALARMS_MAX: usize = 100;
/// The most conditions in one list.
pub const CONDITIONS_MAX: usize = 32;

/// A checked plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Plan {
    /// What is moved.
    pub service: ServiceName,
    /// The text, as reviewed: what is kept, and read again by whoever comes next.
    pub text: Arc<str>,
    /// SHA-256 of the text.
    pub hash: PlanHash,
    /// Where weights live; at least one.
    pub routes: BTreeMap<RouteName, Route>,
    /// What can be measured.
    pub metrics: BTreeMap<MetricName, Metric>,
    /// Alarms that guard the whole rollout.
    pub alarms: Vec<AlarmGuard>,
    /// Conditions that open an incident in any phase and in the watch.
    pub incidents: Vec<IncidentRule>,
    /// What an incident of each severity does.
    pub severities: SeverityPolicy,
    /// Who is told when nobody decides, level by level.
    pub escalation: Vec<Level>,
    /// Weights to hold, in order; at least one, and the last brings every route to 100 %.
    pub phases: Vec<Phase>,
    /// What is watched, and how long, after the last phase.
    pub watch: Option<Watch>,
    /// How traffic goes back.
    pub rollback: RollbackPolicy,
    /// When weights may be raised.
    pub calendar: Calendar,
    /// Effects outside Tidegate, by name.
    pub hooks: BTreeMap<HookName, Hook>,
    /// Who may decide, each by any of their names.
    pub groups: BTreeMap<GroupName, Vec<Person>>,
    /// What people are called in Slack, in AWS and by mail.
    pub people: BTreeMap<Person, Handles>,
    /// Who is told.
    pub notify: Notify,
    /// Where the reports of rollouts that have ended are kept.
    pub reports: Option<Folder>,
    /// The language that people are told in.
    pub locale: Locale,
    /// What happens with the routes when the watch has ended.
    pub finish: Finish,
    /// How long after completion a `rollback` still goes back to stable, without phases.
    pub fast_track: SignedDuration,
}

/// What happens with the routes when everything has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finish {
    /// Tidegate makes the canary the new stable where the base rule lives, and removes its own objects.
    Auto,
    /// The team's own tooling does that; the rollout waits for `tidegate finish`.
    Manual,
}

/// SHA-256 of a plan's text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanHash(pub [u8; 32]);

impl PlanHash {
    /// The hash of a plan's text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        use sha2::{Digest as _, Sha256};
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Why types that fit together by shape still do not make a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// There is no route.
    #[error("a plan needs at least one route")]
    NoRoute,
    /// There is no phase.
    #[error("a plan needs at least one phase")]
    NoPhase,
    /// A limit of this module is passed.
    #[error("a plan has at most {max} {what}, this has {found}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
        /// How many there are.
        found: usize,
    },
    /// The last phase leaves traffic on stable.
    #[error("the last phase must bring every route to 100%, `{0}` stays at {1}")]
    NotFull(RouteName, Weight),
    /// Something is named that is not declared.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// The kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A condition compares different kinds of quantity.
    #[error("`{0}` is compared with something of another kind")]
    Incomparable(MetricName),
}

impl Plan {
    /// Whether the parts fit together; everything that is wrong, not just the first.
    pub fn check(&self) -> Result<(), Vec<Unsound>> {
        let mut found = Vec::new();
        self.check_limits(&mut found);
        self.check_phases(&mut found);
        for condition in self.conditions() {
            match self.metrics.get(&condition.metric) {
                None => found.push(Unsound::Unknown {
                    what: "metric",
                    name: condition.metric.to_string(),
                }),
                Some(metric) if !condition.fits(metric) => {
                    found.push(Unsound::Incomparable(condition.metric.clone()));
                }
                Some(_) => {}
            }
        }
        for hook in self.hooks_named() {
            if !self.hooks.contains_key(hook) {
                found.push(Unsound::Unknown {
                    what: "hook",
                    name: hook.to_string(),
                });
            }
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    fn check_limits(&self, found: &mut Vec<Unsound>) {
        if self.routes.is_empty() {
            found.push(Unsound::NoRoute);
        }
        if self.phases.is_empty() {
            found.push(Unsound::NoPhase);
        }
        let limits = [
            ("phases", PHASES_MAX, self.phases.len()),
            ("routes", ROUTES_MAX, self.routes.len()),
            ("metrics", METRICS_MAX, self.metrics.len()),
            ("alarms", ALARMS_MAX, self.alarms.len()),
            ("levels of escalation", LEVELS_MAX, self.escalation.len()),
        ];
        for (what, max, count) in limits {
            if count > max {
                found.push(Unsound::TooMany {
                    what,
                    max,
                    found: count,
                });
            }
        }
    }

    fn check_phases(&self, found: &mut Vec<Unsound>) {
        for phase in &self.phases {
            for (route, _) in phase.weights.iter() {
                if !self.routes.contains_key(route) {
                    found.push(Unsound::Unknown {
                        what: "route",
                        name: route.to_string(),
                    });
                }
            }
            if let Some(approval) = &phase.approval {
                for group in &approval.from {
                    if !self.groups.contains_key(group) {
                        found.push(Unsound::Unknown {
                            what: "group",
                            name: group.to_string(),
                        });
                    }
                }
            }
        }
        if let Some(last) = self.phases.last() {
            for route in self.routes.keys() {
                let weight = last.weights.get(route);
                if weight != Weight::FULL {
                    found.push(Unsound::NotFull(route.clone(), weight));
                }
            }
        }
    }

    /// The person whom the plan knows by this name or handle; whom it does not know is called as they are.
    #[must_use]
    pub fn person(&self, called: &Person) -> Person {
        people::person(&self.people, called)
    }

    /// Whether the plan knows somebody: by a handle, or as a member of a group.
    #[must_use]
    pub fn knows(&self, called: &Person) -> bool {
        let person = self.person(called);
        self.people.contains_key(&person)
            || self.groups.keys().any(|group| self.is_in(group, &person))
    }

    /// Whether somebody is in a group, by whatever name.
    #[must_use]
    pub fn is_in(&self, group: &GroupName, called: &Person) -> bool {
        let person = self.person(called);
        let mut members = self.groups.get(group).into_iter().flatten();
        members.any(|member| self.person(member) == person)
    }

    /// Every condition of the plan.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let phases = self
            .phases
            .iter()
            .flat_map(|phase| phase.require.iter().chain(&phase.rollback));
        let watch = self
            .watch
            .iter()
            .flat_map(|watch| watch.require.iter().chain(&watch.rollback));
        let incidents = self.incidents.iter().map(|rule| &rule.condition);
        phases.chain(watch).chain(incidents)
    }

    fn hooks_named(&self) -> impl Iterator<Item = &HookName> {
        let phases = self
            .phases
            .iter()
            .flat_map(|phase| phase.before.iter().chain(&phase.after));
        phases.chain(&self.rollback.hooks)
    }

    /// All routes at one weight.
    #[must_use]
    pub fn all_at(&self, weight: Weight) -> Weights {
        Weights::all(self.routes.keys(), weight)
    }
}
