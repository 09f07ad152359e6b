//! The router port: which call of which service brings a route nearer to its goal.

use domain::{
    plan::route::Route,
    target::Goal,
    time::{SignedDuration, Timestamp, later},
};
use engine::{
    ports::{RouteRef, Router, Target, Write},
    trouble::{Trouble, WriteError},
};

use super::{
    State, World,
    balancer::Refused,
    chronicle::Writer,
    dice::between,
    marks::{Mark, as_marked, unmarked},
    route_key,
    zones::{Stamp, Zones},
};

impl State {
    pub(super) fn read_route(&self, route: &Route, now: Timestamp) -> Target {
        match route {
            Route::Alb(alb) => self.balancer.read(alb, route.settle()),
            Route::Route53(records) => self.zones.read(records, now),
            Route::LambdaAlias(alias) => self.functions.read(alias, route.settle()),
        }
    }

    pub(super) fn insync_of(&mut self, now: Timestamp) -> Timestamp {
        let least = SignedDuration::from_secs(5);
        let most = self.scenario.network.insync;
        later(now, between(&mut self.dice.targets, least, most))
    }

    fn write_route(
        &mut self,
        mark: &Mark,
        write: &Write,
        stamp: Stamp,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let route = &mark.route;
        let written = match unmarked(write) {
            Some(write) => self.write_weights(route, &write, stamp, now),
            None => Ok(()),
        };
        if written.is_ok() {
            if write.goal == Goal::Prepared || !mark.is_of_a_rule() {
                self.marked.insert(route_key(route), mark.clone());
            }
            self.rewire(route, now, Writer::Function);
        }
        written
    }

    fn write_weights(
        &mut self,
        route: &Route,
        write: &Write,
        stamp: Stamp,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        match route {
            Route::Alb(alb) => self
                .balancer
                .write(alb, write)
                .map_err(|refused| match refused {
                    Refused::RuleNotFound => WriteError::Fenced,
                    Refused::PriorityInUse => {
                        WriteError::Trouble(Trouble::lasting("PriorityInUse: another rule has it"))
                    }
                }),
            Route::Route53(records) => {
                let insync = self.insync_of(now);
                let batch = Zones::batch(records, write, stamp);
                let changed = self.zones.change(&records.zone, batch, insync);
                changed.map_err(|_| WriteError::Fenced)
            }
            Route::LambdaAlias(alias) => {
                let written = self.functions.write(alias, write);
                written.map_err(|_| WriteError::Fenced)
            }
        }
    }
}

impl Router for World {
    async fn read(&self, route: RouteRef<'_>) -> Result<Target, Trouble> {
        self.look(
            "router.read",
            |trouble| trouble,
            |state, now| {
                let target = state.read_route(route.route, now);
                Ok(as_marked(&state.marked, &Mark::of(route), target))
            },
        )
        .await
    }

    async fn write(&self, route: RouteRef<'_>, write: &Write) -> Result<(), WriteError> {
        let (mark, write) = (Mark::of(route), write.clone());
        let stamp = self.state.borrow_mut().zones.stamp();
        self.call("router.write", WriteError::Trouble, move |state, now| {
            state.write_route(&mark, &write, stamp, now)
        })
        .await
    }

    async fn set_drain(&self, route: RouteRef<'_>, drain: SignedDuration) -> Result<(), Trouble> {
        let name = route.name.clone();
        self.call(
            "router.set_drain",
            |trouble| trouble,
            move |state, _| {
                state.drains.insert(name, drain);
                Ok(())
            },
        )
        .await
    }
}
