//! Somebody else at the targets: a hand in the console, the team's own tooling.

use domain::{name::RouteName, plan::route::Route, target::Seen, time::Timestamp, traffic::Weight};

use super::{World, chronicle::Writer};

impl World {
    /// Somebody writes a route's weight himself; nothing happens if the plan has no such route.
    pub fn write_by_hand(&self, name: &RouteName, weight: Weight) {
        let now = self.now();
        let mut state = self.state.borrow_mut();
        let Some(route) = state.plan.routes.get(name).cloned() else {
            return;
        };
        match &route {
            Route::Alb(alb) => state.balancer.by_hand(alb, weight),
            Route::Route53(records) => {
                let insync = state.insync_of(now);
                state.zones.by_hand(records, weight, insync);
            }
            Route::LambdaAlias(alias) => state.functions.by_hand(alias, weight),
        }
        state.rewire(&route, now, Writer::Stranger);
    }

    /// The team's own tooling makes the canary the new stable of every route.
    pub fn hand_over(&self) {
        let now = self.now();
        let mut state = self.state.borrow_mut();
        for route in state.plan.clone().routes.values() {
            match route {
                Route::Alb(alb) => state.balancer.hand_over(alb),
                Route::Route53(records) => {
                    let insync = state.insync_of(now);
                    state.zones.by_hand(records, Weight::FULL, insync);
                }
                Route::LambdaAlias(alias) => state.functions.by_hand(alias, Weight::FULL),
            }
            state.rewire(route, now, Writer::Stranger);
        }
    }

    /// The canary's share that a route is configured to give now, without a call.
    #[must_use]
    pub fn configured(&self, name: &RouteName) -> Option<Weight> {
        let state = self.state.borrow();
        let route = state.plan.routes.get(name)?;
        Some(state.read_route(route, self.now()).seen.weight)
    }

    /// Every change of what a route is configured to be, oldest first, without a call.
    #[must_use]
    pub fn configured_over_time(&self, name: &RouteName) -> Vec<(Timestamp, Seen)> {
        let chronicle = self.chronicle();
        let began = chronicle.began.get(name).copied();
        let changes = chronicle
            .rewired
            .iter()
            .filter(|change| change.route == *name)
            .map(|change| (change.at, change.seen));
        began.into_iter().chain(changes).collect()
    }
}
