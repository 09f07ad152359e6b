//! From what a target is configured to be to what clients get: servers that learn of a change after a
//! while, cookies that keep a client on its side, resolvers that keep an answer for its TTL.

use domain::{
    plan::route::Route,
    time::{SignedDuration, Timestamp, later},
};
use rand::RngExt as _;

use super::{
    State,
    chronicle::Writer,
    dice::{Dice, between},
};

/// What makes a route the same route in any plan.
pub(crate) fn route_key(route: &Route) -> String {
    match route {
        Route::Alb(alb) => alb.base.arn().to_owned(),
        Route::Route53(records) => format!("{}/{}", records.zone, records.name),
        Route::LambdaAlias(alias) => format!("{}:{}", alias.function, alias.alias),
    }
}

/// What a target serves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Served {
    /// The canary's share among clients that are free to go either way.
    pub(super) share: f64,
    /// How long a client is kept on its side; none if there is but one side to be kept on.
    pub(super) sticky: Option<SignedDuration>,
}

/// A resolver with a cache.
#[derive(Debug, Clone, Copy)]
struct Resolver {
    /// Its part of all clients.
    load: f64,
    /// The canary's part of its answers: 0 or 1.
    answer: f64,
    /// When it asks again.
    expires: Timestamp,
}

/// What stands between a target and its clients.
#[derive(Debug)]
pub(super) struct Wire {
    /// What the servers have had since when; oldest first, never empty.
    steps: Vec<(Timestamp, Served)>,
    /// The canary's share of the clients that have a cookie.
    kept: f64,
    resolvers: Vec<Resolver>,
    ttl: SignedDuration,
}

impl Wire {
    pub(super) fn new(route: &Route, resolvers: u32, start: Timestamp, dice: &mut Dice) -> Self {
        let (count, ttl) = match route {
            Route::Route53(records) => (resolvers, records.ttl.max(SignedDuration::from_secs(1))),
            Route::Alb(_) | Route::LambdaAlias(_) => (0, SignedDuration::ZERO),
        };
        // A few resolvers have most of the clients: the n-th has 1/n of what the first has.
        let weights: Vec<f64> = (1..=count).map(|n| 1.0 / f64::from(n)).collect();
        let sum: f64 = weights.iter().sum();
        let rng = &mut dice.targets;
        let resolvers = weights
            .into_iter()
            .map(|weight| Resolver {
                load: weight / sum,
                answer: 0.0,
                expires: later(start, between(rng, SignedDuration::ZERO, ttl)),
            })
            .collect();
        let nothing = Served {
            share: 0.0,
            sticky: None,
        };
        Self {
            steps: vec![(start, nothing)],
            kept: 0.0,
            resolvers,
            ttl,
        }
    }

    /// The servers will have this from an instant on; they never go back to an older change.
    fn set(&mut self, served: Served, from: Timestamp) {
        let last = self.steps.last().map_or(from, |(since, _)| *since);
        self.steps.push((from.max(last), served));
    }

    fn served_at(&self, at: Timestamp) -> Served {
        let reached = self.steps.iter().rev().find(|(since, _)| *since <= at);
        let served = reached.or(self.steps.first()).map(|(_, served)| *served);
        served.unwrap_or(Served {
            share: 0.0,
            sticky: None,
        })
    }

    /// The canary's share of the requests between two instants.
    fn share(&mut self, from: Timestamp, to: Timestamp, dice: &mut Dice) -> f64 {
        let share = if self.resolvers.is_empty() {
            self.by_request(from, to)
        } else {
            self.by_name(from, to, dice)
        };
        // What was overtaken before now will not be asked for again.
        let current = self.steps.iter().rposition(|(since, _)| *since <= to);
        self.steps.drain(..current.unwrap_or(0));
        share.clamp(0.0, 1.0)
    }

    /// Each request is sent by the weights, unless a cookie says where.
    fn by_request(&mut self, from: Timestamp, to: Timestamp) -> f64 {
        let mut moments = vec![from];
        let between = self.steps.iter().map(|(since, _)| *since);
        moments.extend(between.filter(|since| from < *since && *since < to));
        moments.push(to);
        let mut sum = 0.0;
        for pair in moments.windows(2) {
            let [begin, end] = [pair[0], pair[1]];
            let lasts = end.duration_since(begin).as_secs_f64();
            let served = self.served_at(begin);
            self.kept = match served.sticky {
                // Clients come and go: those that are kept approach the weights as their cookies run out.
                Some(sticky) => {
                    let rest = (-lasts / sticky.as_secs_f64().max(1.0)).exp();
                    served.share + (self.kept - served.share) * rest
                }
                None => served.share,
            };
            sum += self.kept * lasts;
        }
        sum / to.duration_since(from).as_secs_f64().max(0.001)
    }

    /// Each resolver asks when its answer has run out, and all its clients go where it says.
    fn by_name(&mut self, from: Timestamp, to: Timestamp, dice: &mut Dice) -> f64 {
        let whole = to.duration_since(from).as_secs_f64().max(0.001);
        let mut resolvers = std::mem::take(&mut self.resolvers);
        let mut sum = 0.0;
        for resolver in &mut resolvers {
            let mut at = from;
            while resolver.expires < to {
                sum += resolver.load * resolver.answer * secs(at, resolver.expires);
                at = resolver.expires.max(at);
                let canary = dice.targets.random::<f64>() < self.served_at(at).share;
                resolver.answer = if canary { 1.0 } else { 0.0 };
                resolver.expires = later(resolver.expires, self.ttl);
            }
            sum += resolver.load * resolver.answer * secs(at, to);
        }
        self.resolvers = resolvers;
        sum / whole
    }
}

fn secs(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

impl State {
    /// What a route's target serves now comes to its servers: a load balancer's nodes and a zone's servers
    /// take their time, an alias is read for each invocation.
    pub(super) fn rewire(&mut self, route: &Route, now: Timestamp, by: Writer) {
        let second = SignedDuration::from_secs(1);
        let (served, from) = match route {
            Route::Alb(alb) => {
                let most = self.scenario.network.propagation;
                let takes = between(&mut self.dice.targets, second, most);
                (self.balancer.served(alb), later(now, takes))
            }
            Route::Route53(records) => {
                let from = self.zones.insync(&records.zone).unwrap_or(now);
                (self.zones.served(records), from)
            }
            Route::LambdaAlias(alias) => (self.functions.served(alias), later(now, second)),
        };
        if let Some(wire) = self.wires.get_mut(&route_key(route)) {
            wire.set(served, from);
        }
        self.note_rewired(route, now, from, by);
    }

    /// The canary's share of a route's requests between two instants.
    pub(super) fn realised(&mut self, route: &Route, from: Timestamp, to: Timestamp) -> f64 {
        let wire = self.wires.get_mut(&route_key(route));
        wire.map_or(0.0, |wire| wire.share(from, to, &mut self.dice))
    }
}
