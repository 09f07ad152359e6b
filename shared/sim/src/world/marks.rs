//! What routes say of themselves: whose they are and which alarms guard them, so that a gate can be found
//! without the store.
//!
//! A rule of ours carries it as tags, given when it is made; the fencing record carries it in its text. A rule
//! that a new rollout takes over still says what the old one wrote, until it is marked anew (ELBv2 `AddTags`).

use std::collections::BTreeMap;

use domain::{
    name::{AlarmArn, RolloutId, RouteName},
    plan::{
        route::{AlbMode, AlbRoute, Route},
        severity::Severity,
    },
    target::{Carrier, Goal},
};
use engine::{
    ports::{FenceToken, Found, Marks, RouteRef, Target, Write},
    trouble::Trouble,
};

use super::{World, route_key};

/// What a route is marked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    owner: RolloutId,
    name: RouteName,
    pub(super) route: Route,
    /// The critical alarms that guard it.
    guards: Vec<AlarmArn>,
}

/// The marks, by what makes a route the same in any plan.
pub(super) type Marked = BTreeMap<String, Mark>;

/// How a fence says that the rule stands, but is marked by another rollout.
const FOREIGN: &str = "marked by another: ";

impl Mark {
    pub(super) fn of(route: RouteRef<'_>) -> Self {
        let critical = route
            .guards
            .iter()
            .filter(|guard| guard.severity == Severity::Critical);
        Self {
            owner: route.owner.clone(),
            name: route.name.clone(),
            route: route.route.clone(),
            guards: critical.map(|guard| guard.arn.clone()).collect(),
        }
    }

    /// Whether it stands on a rule, which keeps it through every change of weights.
    pub(super) const fn is_of_a_rule(&self) -> bool {
        is_owned(&self.route)
    }

    fn found(&self) -> Found {
        Found {
            owner: self.owner.clone(),
            name: self.name.clone(),
            route: self.route.clone(),
        }
    }
}

/// A rule of ours that another rollout has marked carries nothing for this one until it is marked anew.
pub(super) fn as_marked(marked: &Marked, mark: &Mark, mut target: Target) -> Target {
    let stands = is_owned(&mark.route) && target.seen.carrier == Carrier::Ready;
    let theirs = marked
        .get(&route_key(&mark.route))
        .is_some_and(|found| found != mark);
    if stands && theirs {
        target.seen.carrier = Carrier::Missing;
        target.fence = FenceToken(format!("{FOREIGN}{}", target.fence.0));
    }
    target
}

/// What is left to be written once the mark is as it should be: nothing, when that was all.
pub(super) fn unmarked(write: &Write) -> Option<Write> {
    match write.fence.0.strip_prefix(FOREIGN) {
        Some(_) if write.goal == Goal::Prepared => None,
        Some(rule) => Some(Write {
            fence: FenceToken(rule.to_owned()),
            ..write.clone()
        }),
        None => Some(write.clone()),
    }
}

const fn is_owned(route: &Route) -> bool {
    matches!(
        route,
        Route::Alb(AlbRoute {
            mode: AlbMode::Owned { .. },
            ..
        })
    )
}

impl Marks for World {
    async fn guarded_by(&self, alarm: &AlarmArn) -> Result<Vec<Found>, Trouble> {
        self.look(
            "marks.guarded_by",
            |trouble| trouble,
            |state, now| {
                let guarded = state
                    .marked
                    .values()
                    .filter(|mark| mark.guards.contains(alarm));
                let standing = guarded.filter(|mark| {
                    let there = state.read_route(&mark.route, now).seen.carrier == Carrier::Ready;
                    there && (is_owned(&mark.route) || matches!(mark.route, Route::Route53(_)))
                });
                Ok(standing.map(Mark::found).collect())
            },
        )
        .await
    }
}
