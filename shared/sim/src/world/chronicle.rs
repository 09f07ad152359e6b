//! What really happened in a world, for whoever checks a rollout against it. Nothing in it decides anything.

use std::{cell::Ref, collections::BTreeMap};

use domain::{
    event::AlarmChange, name::RouteName, plan::route::Route, target::Seen, time::Timestamp,
};

use super::{State, World};
use crate::scenario::Happening;

/// What really happened in a world, whatever any port said of it.
#[derive(Debug, Default)]
pub struct Chronicle {
    /// What each route was when the world began.
    pub began: BTreeMap<RouteName, (Timestamp, Seen)>,
    /// The steps of the timeline, as they came.
    pub happened: Vec<(Timestamp, Happening)>,
    /// Every change of a target's configuration, in the order in which they landed.
    pub rewired: Vec<Rewired>,
    /// Every change of an alarm's state.
    pub alarms: Vec<AlarmChange>,
}

/// A change of a target's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewired {
    /// When it landed.
    pub at: Timestamp,
    /// The route, as the plan calls it.
    pub route: RouteName,
    /// What the route is configured to be from then on.
    pub seen: Seen,
    /// When every server of the target has it; resolvers keep an older answer for its TTL.
    pub served: Timestamp,
    /// Whose it was.
    pub by: Writer,
}

/// Whose a change of a target was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// One of our functions.
    Function,
    /// Somebody else: a hand in the console, the team's tooling.
    Stranger,
}

impl World {
    /// What really happened so far.
    #[must_use]
    pub fn chronicle(&self) -> Ref<'_, Chronicle> {
        Ref::map(self.state.borrow(), |state| &state.chronicle)
    }
}

impl State {
    /// Notes what every route is before anything happens.
    pub(super) fn note_beginning(&mut self, at: Timestamp) {
        for (name, route) in &self.plan.clone().routes {
            let seen = self.read_route(route, at).seen;
            self.chronicle.began.insert(name.clone(), (at, seen));
        }
    }

    /// Notes that a target was changed and when its servers have that.
    pub(super) fn note_rewired(
        &mut self,
        route: &Route,
        at: Timestamp,
        served: Timestamp,
        by: Writer,
    ) {
        let seen = self.read_route(route, at).seen;
        let mut routes = self.plan.routes.iter();
        if let Some((name, _)) = routes.find(|(_, of_plan)| *of_plan == route) {
            self.chronicle.rewired.push(Rewired {
                at,
                route: name.clone(),
                seen,
                served,
                by,
            });
        }
    }
}
