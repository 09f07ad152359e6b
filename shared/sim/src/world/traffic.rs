//! Requests: how many come to which side in a minute, and what becomes of them.

use std::{collections::BTreeMap, f64::consts::TAU};

use domain::{
    judge::Side,
    name::RouteName,
    time::{SignedDuration, Timestamp, later},
    traffic::Weight,
};
use rand_distr::{Distribution as _, Poisson};

use super::{
    State,
    histogram::{Histogram, Shape, as_f64, some_of},
};
use crate::{
    RouteFrame, SideFrame,
    scenario::{Ailment, Health, Malady},
};

/// The two sides, in the order of all pairs of them.
pub(super) const SIDES: [Side; 2] = [Side::Canary, Side::Stable];

/// What is the matter with requests now, and what has become of all of them.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    maladies: Vec<(Timestamp, Malady)>,
    shapes: [Shape; 2],
    /// All of them.
    pub(crate) sent: u64,
    /// Those that the canary was to answer.
    pub(crate) to_canary: u64,
    /// Those that failed because it was the canary.
    pub(crate) failed_by_canary: u64,
}

/// What became of a side's requests in a minute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SideMinute {
    /// Requests that a target was chosen for.
    pub(super) requests: u64,
    /// Of those, answered with a 5xx or not at all.
    pub(super) server_errors: u64,
    /// Of those, answered with a 4xx.
    pub(super) client_errors: u64,
    /// Requests that no target was chosen for: the load balancer's own 503.
    unseen: u64,
    pub(super) latency: Histogram,
}

/// What the clients of both sides of every route saw in a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Minute {
    pub(crate) routes: BTreeMap<RouteName, RouteFrame>,
    pub(super) sides: BTreeMap<RouteName, [SideMinute; 2]>,
}

impl Minute {
    pub(crate) fn frames(&self) -> BTreeMap<RouteName, [SideFrame; 2]> {
        let frame = |side, minute: &SideMinute| {
            let at = |permille| {
                let seconds = minute.latency.percentile(permille)?;
                SignedDuration::try_from_secs_f64(seconds).ok()
            };
            SideFrame {
                side,
                requests: minute.requests + minute.unseen,
                errors: minute.server_errors + minute.unseen,
                unseen: minute.unseen,
                client_errors: minute.client_errors,
                p50: at(500),
                p95: at(950),
                p99: at(990),
            }
        };
        self.sides
            .iter()
            .map(|(route, [canary, stable])| {
                let frames = [frame(Side::Canary, canary), frame(Side::Stable, stable)];
                (route.clone(), frames)
            })
            .collect()
    }
}

/// How a side does in a minute: its health, and the share of requests that find no target.
#[derive(Debug, Clone, Copy)]
struct Condition {
    health: Health,
    unseen: f64,
}

impl Requests {
    /// Something is the matter from now on, for as long as it lasts.
    pub(crate) fn befall(&mut self, malady: Malady, now: Timestamp) {
        self.maladies.push((now, malady));
    }

    /// What is the matter in a minute, with the part of the minute that it takes, and how far it has come.
    fn ailing(
        &self,
        route: &RouteName,
        from: Timestamp,
    ) -> impl Iterator<Item = (&Malady, f64, f64)> {
        let to = later(from, SignedDuration::from_mins(1));
        self.maladies.iter().filter_map(move |(began, malady)| {
            let ends = later(*began, malady.lasts);
            let overlap = to.min(ends).duration_since(from.max(*began)).as_secs_f64();
            let here = malady
                .route
                .as_deref()
                .is_none_or(|name| name == route.as_str());
            if overlap <= 0.0 || !here {
                return None;
            }
            let elapsed = to.min(ends).duration_since(*began).as_secs_f64();
            let progress = elapsed / malady.lasts.as_secs_f64().max(1.0);
            Some((malady, overlap / 60.0, progress.clamp(0.0, 1.0)))
        })
    }

    fn condition(&self, base: Health, route: &RouteName, side: Side, from: Timestamp) -> Condition {
        let mut health = base;
        let mut unseen = 0.0_f64;
        for (malady, part, progress) in self.ailing(route, from) {
            if !malady.sides.has(side) {
                continue;
            }
            let slower = match malady.ailment {
                Ailment::ErrorSpike => {
                    health.errors += malady.size * part;
                    1.0
                }
                Ailment::LatencyDrift => 1.0 + (malady.size - 1.0) * progress,
                Ailment::SlowLeak => {
                    health.errors += malady.size * progress * part;
                    1.0 + progress
                }
                Ailment::Outage => {
                    health.errors = health.errors.max(part);
                    1.0
                }
                Ailment::EmptyTargets => {
                    unseen = unseen.max(part);
                    1.0
                }
                Ailment::TrafficDrop => 1.0,
            };
            // In steps of a tenth of a percent, so that a minute's distribution can be used again.
            let slower = (slower * 1000.0).round() / 1000.0;
            health.p50 *= slower;
            health.p99 *= slower;
        }
        health.errors = health.errors.min(1.0);
        Condition { health, unseen }
    }

    /// The share of requests that still come.
    fn coming(&self, route: &RouteName, from: Timestamp) -> f64 {
        self.ailing(route, from)
            .filter(|(malady, ..)| malady.ailment == Ailment::TrafficDrop)
            .map(|(malady, part, _)| (1.0 - malady.size * part).clamp(0.0, 1.0))
            .product()
    }
}

impl State {
    /// Requests of a minute that has just ended.
    pub(crate) fn serve(&mut self, from: Timestamp, to: Timestamp) -> Minute {
        let mut minute = Minute {
            routes: BTreeMap::new(),
            sides: BTreeMap::new(),
        };
        for (name, route) in &self.plan.clone().routes {
            let share = self.realised(route, from, to);
            let count = self.arrivals(name, from);
            let to_canary = some_of(count, share, &mut self.dice.requests);
            let sides = self.answer(name, [to_canary, count - to_canary], from);
            let frame = RouteFrame {
                configured: self.read_route(route, to).seen.weight,
                realised: Weight::nearest(to_canary, count),
            };
            self.requests.sent += count;
            self.requests.to_canary += to_canary;
            minute.routes.insert(name.clone(), frame);
            minute.sides.insert(name.clone(), sides);
        }
        minute
    }

    /// How many come in a minute: more at the day's peak.
    fn arrivals(&mut self, route: &RouteName, from: Timestamp) -> u64 {
        let traffic = &self.scenario.traffic;
        let rate = traffic.routes.get(route.as_str());
        let rate = rate.copied().unwrap_or(traffic.rate);
        let day = 86_400.0;
        let since_peak = as_seconds(from) - traffic.peak.as_secs_f64();
        let wave = 1.0 + traffic.swing * (since_peak / day * TAU).cos();
        let mean = rate * wave * self.requests.coming(route, from);
        let Ok(counts) = Poisson::new(mean) else {
            return 0;
        };
        let count: f64 = counts.sample(&mut self.dice.requests);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count is not negative, and a cast of a float saturates"
        )]
        let count = count as u64;
        count
    }

    /// What becomes of a minute's requests to the canary and to stable.
    fn answer(&mut self, route: &RouteName, counts: [u64; 2], from: Timestamp) -> [SideMinute; 2] {
        let bases = [self.scenario.canary, self.scenario.stable];
        let conditions: [Condition; 2] =
            std::array::from_fn(|at| self.requests.condition(bases[at], route, SIDES[at], from));
        let [_, of_stable] = conditions;
        let failing = |of: &Condition| of.unseen + (1.0 - of.unseen) * of.health.errors;
        std::array::from_fn(|at| {
            let (count, condition) = (counts[at], &conditions[at]);
            let rng = &mut self.dice.requests;
            let unseen = some_of(count, condition.unseen, rng);
            let requests = count - unseen;
            let server_errors = some_of(requests, condition.health.errors, rng);
            let answered = requests - server_errors;
            let client_errors = some_of(answered, condition.health.client_errors, rng);
            if !self.requests.shapes[at].is_of(&condition.health) {
                self.requests.shapes[at] = Shape::new(&condition.health);
            }
            let latency = Histogram::draw(requests, &self.requests.shapes[at], rng);
            if SIDES[at] == Side::Canary {
                // Of all that failed, those that stable would have answered.
                let (here, there) = (failing(condition), failing(&of_stable));
                let blame = if here > there {
                    1.0 - there / here
                } else {
                    0.0
                };
                let blamed = as_f64(unseen + server_errors) * blame;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of a count"
                )]
                let blamed = blamed.round() as u64;
                self.requests.failed_by_canary += blamed;
            }
            SideMinute {
                requests,
                server_errors,
                client_errors,
                unseen,
                latency,
            }
        })
    }
}

fn as_seconds(at: Timestamp) -> f64 {
    at.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64()
}
