//! Whether the checks bite: flawed ports before the world, and what the reference model says of them.

use std::{
    cell::RefCell,
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    rc::Rc,
};

use domain::{
    event::{AlarmReading, AlarmState},
    judge::{Query, Reading, Side, Window},
    name::{AlarmArn, EventKey, RolloutId, ServiceName},
    plan::{
        Plan,
        metric::{AlbMeasure, Source},
    },
    quantity::{Dimension, Quantity},
    rollout::Rollout,
    target::Propagation,
    time::{SignedDuration, Timestamp, later},
};
use engine::{
    ports::{Alarms, Commit, Metrics, Ports, RouteRef, Router, Store, Target, Write},
    trouble::{CommitError, Trouble, WriteError},
};
use expect_test::{Expect, expect};
use sim::World;

use super::{oracle, run::Story};
use crate::report;

/// How many seeds a flaw is given.
const SEEDS: u64 = 150;

/// How many kinds of broken promises are shown of each.
const PROMISES: usize = 4;

/// What is wrong with the ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    /// Nothing.
    None,
    /// What is absent reads as if all were well.
    AbsentPasses,
    /// Weights are in effect as soon as they are written.
    BakesFromCommit,
    /// The sweep never learns of an alarm, and no event of one comes.
    NeverPolls,
    /// A condition that must last is judged by its newest minute alone.
    IgnoresFor,
    /// The newest minutes are measured although their data is not complete.
    TakesPartialData,
    /// The canary's numbers are stable's.
    MeasuresStable,
    /// A route is taken to be written when the write was sent.
    NeverReadsBack,
    /// Commits are made on no condition.
    CommitsBlindly,
}

/// The world behind flawed ports.
#[derive(Debug, Clone)]
struct Flawed {
    world: World,
    flaw: Flaw,
    /// What was last written to each route, for whoever does not read it back.
    written: Rc<RefCell<BTreeMap<String, Write>>>,
}

impl Flawed {
    fn new(world: World, flaw: Flaw) -> Self {
        Self {
            world,
            flaw,
            written: Rc::default(),
        }
    }
}

impl Ports for Flawed {
    type Store = Self;
    type Router = Self;
    type Metrics = Self;
    type Alarms = Self;
    type Hooks = World;
    type Clock = World;

    fn store(&self) -> &Self {
        self
    }

    fn router(&self) -> &Self {
        self
    }

    fn metrics(&self) -> &Self {
        self
    }

    fn alarms(&self) -> &Self {
        self
    }

    fn hooks(&self) -> &World {
        &self.world
    }

    fn clock(&self) -> &World {
        &self.world
    }
}

impl Store for Flawed {
    async fn load(&self, id: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        Store::load(&self.world, id).await
    }

    async fn newest(&self, service: &ServiceName) -> Result<Option<Rollout>, Trouble> {
        self.world.newest(service).await
    }

    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        let mut commit = commit.clone();
        if self.flaw == Flaw::CommitsBlindly {
            let now = self.world.rollout().map(|head| head.revision);
            for change in &mut commit.changes {
                change.expected = now;
            }
        }
        self.world.commit(&commit).await
    }

    async fn is_done(&self, key: &EventKey) -> Result<bool, Trouble> {
        self.world.is_done(key).await
    }

    async fn active(&self) -> Result<Vec<RolloutId>, Trouble> {
        self.world.active().await
    }

    async fn guarded_by(&self, alarm: &AlarmArn) -> Result<Vec<RolloutId>, Trouble> {
        self.world.guarded_by(alarm).await
    }
}

impl Router for Flawed {
    async fn read(&self, route: RouteRef<'_>) -> Result<Target, Trouble> {
        let mut target = Router::read(&self.world, route).await?;
        if self.flaw == Flaw::BakesFromCommit {
            target.seen.propagation = Propagation::Done;
            target.seen.settle = SignedDuration::ZERO;
        }
        let written = self.written.borrow();
        if let (Flaw::NeverReadsBack, Some(write)) = (self.flaw, written.get(route.name.as_str())) {
            target.seen.weight = write.goal.weight();
            target.seen.epoch = target.seen.epoch.map(|_| write.epoch);
        }
        Ok(target)
    }

    async fn write(&self, route: RouteRef<'_>, write: &Write) -> Result<(), WriteError> {
        let name = route.name.to_string();
        self.written.borrow_mut().insert(name, write.clone());
        Router::write(&self.world, route, write).await
    }

    async fn set_drain(&self, route: RouteRef<'_>, drain: SignedDuration) -> Result<(), Trouble> {
        self.world.set_drain(route, drain).await
    }
}

impl Metrics for Flawed {
    async fn read(&self, plan: &Plan, queries: &[Query]) -> Vec<Reading> {
        let asked: Vec<Query> = queries.iter().map(|query| self.asks(query)).collect();
        let answers = Metrics::read(&self.world, plan, &asked).await;
        let answered = queries.iter().zip(&answers);
        match self.flaw {
            Flaw::AbsentPasses => answered
                .map(|(query, reading)| present(plan, query, reading))
                .collect(),
            Flaw::IgnoresFor => answered
                .map(|(query, reading)| newest(query, queries, &answers).unwrap_or(reading))
                .cloned()
                .collect(),
            Flaw::None
            | Flaw::BakesFromCommit
            | Flaw::NeverPolls
            | Flaw::TakesPartialData
            | Flaw::MeasuresStable
            | Flaw::NeverReadsBack
            | Flaw::CommitsBlindly => answers,
        }
    }
}

impl Flawed {
    /// What is really asked for.
    fn asks(&self, query: &Query) -> Query {
        let mut query = query.clone();
        let ahead = |at: Timestamp| later(at, SignedDuration::from_mins(2));
        if self.flaw == Flaw::TakesPartialData {
            query.window = Window {
                from: ahead(query.window.from),
                to: ahead(query.window.to),
            };
        }
        if self.flaw == Flaw::MeasuresStable {
            query.side = Side::Stable;
        }
        query
    }
}

/// The reading, or what it would be if there were data and all were well.
fn present(plan: &Plan, query: &Query, reading: &Reading) -> Reading {
    let (Reading::Absent, Some(metric)) = (reading, plan.metrics.get(&query.metric)) else {
        return reading.clone();
    };
    let whole = 1_000_000;
    let value = |micros, dimension: Dimension| Reading::Value {
        value: Quantity::new(micros, dimension),
        samples: whole,
    };
    match &metric.source {
        Source::Alb { measure, .. } => match measure {
            AlbMeasure::ServerErrorRatio | AlbMeasure::ClientErrorRatio => {
                Reading::Ratio { part: 0, whole }
            }
            AlbMeasure::SuccessRatio => Reading::Ratio { part: whole, whole },
            AlbMeasure::Latency { .. } => value(1_000, Dimension::Time),
            AlbMeasure::Requests => value(1_000_000_000_000, Dimension::Count),
        },
        Source::CloudWatch(source) => value(0, source.dimension),
    }
}

/// The answer for the newest minute of what is asked for, if that is asked for by the minute.
fn newest<'a>(query: &Query, queries: &[Query], answers: &'a [Reading]) -> Option<&'a Reading> {
    let minute = |window: Window| later(window.from, SignedDuration::from_mins(1)) == window.to;
    let alike = queries.iter().zip(answers).filter(|(other, _)| {
        other.metric == query.metric && other.side == query.side && minute(other.window)
    });
    let newest = alike.max_by_key(|(other, _)| other.window.to);
    newest
        .filter(|_| minute(query.window))
        .map(|(_, answer)| answer)
}

impl Alarms for Flawed {
    async fn read(&self, alarms: &[AlarmArn]) -> Vec<AlarmReading> {
        let readings = Alarms::read(&self.world, alarms).await;
        if self.flaw != Flaw::NeverPolls {
            return readings;
        }
        let well = AlarmReading::State {
            state: AlarmState::Ok,
            since: Timestamp::MIN,
            reason: String::new(),
        };
        vec![well; alarms.len()]
    }
}

/// What the model says of a flaw: in how many seeds it is caught, first in which, and by which promises.
fn caught(flaw: Flaw) -> String {
    let mut seeds = Vec::new();
    let mut promises: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 1..=SEEDS {
        let mut story = Story::of(seed);
        if flaw == Flaw::NeverPolls {
            story.scenario = without_alarm_events(&story.scenario);
        }
        let run = story
            .play(|world| Flawed::new(world, flaw))
            .unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        let broken: BTreeSet<String> = oracle::judge(&run)
            .broken
            .iter()
            .map(|promise| plain(promise))
            .collect();
        if !broken.is_empty() {
            seeds.push(seed);
        }
        for promise in broken {
            *promises.entry(promise).or_default() += 1;
        }
    }
    let first = seeds
        .first()
        .map_or(String::new(), |seed| format!(", first {seed}"));
    let mut told = format!(
        "{flaw:?}: caught in {} of {SEEDS} seeds{first}\n",
        seeds.len()
    );
    let mut promises: Vec<(String, u64)> = promises.into_iter().collect();
    promises.sort_by_key(|(_, count)| Reverse(*count));
    for (promise, count) in promises.into_iter().take(PROMISES) {
        let _ = writeln!(told, "  {count:>3} {promise}");
    }
    told
}

/// The same world, but every event of an alarm is lost.
fn without_alarm_events(scenario: &str) -> String {
    let key = "alarms_lost: ";
    let (before, after) = scenario.split_once(key).unwrap_or((scenario, "%"));
    let (_, after) = after.split_once('%').unwrap_or(("", after));
    format!("{before}{key}100%{after}")
}

/// A broken promise without its figures, and without what a ledger said of them.
fn plain(promise: &str) -> String {
    let figure = |word: &&str| !word.contains(|c: char| c.is_ascii_digit());
    let words: Vec<&str> = promise.split(' ').filter(figure).collect();
    let words = words.join(" ");
    words.split(':').take(2).collect::<Vec<&str>>().join(":")
}

#[track_caller]
fn check(flaws: &[Flaw], expected: &Expect) {
    let mut table = String::new();
    for flaw in flaws {
        table.push_str(&caught(*flaw));
    }
    report::show("random world, flawed on purpose", &table);
    expected.assert_eq(&table);
}

#[test]
fn flawed_metrics_are_caught() {
    check(
        &[
            Flaw::AbsentPasses,
            Flaw::IgnoresFor,
            Flaw::TakesPartialData,
            Flaw::MeasuresStable,
        ],
        &expect![[r#"
            AbsentPasses: caught in 8 of 150 seeds, first 19
                5 had no reason: rolling back
                3 a healthy canary was sent back
                2 had no reason: the gate of phase passed
                1 had no reason: medium incident
            IgnoresFor: caught in 8 of 150 seeds, first 38
                7 had no reason: rolling back
                6 a healthy canary was sent back
                2 nothing held a healthy canary, and it did not complete
                1 had no reason: medium incident
            TakesPartialData: caught in 22 of 150 seeds, first 11
               13 had no reason: rolling back
                9 a healthy canary was sent back
                4 had no reason: the gate of phase passed
                4 nothing held a healthy canary, and it did not complete
            MeasuresStable: caught in 43 of 150 seeds, first 3
               24 had no reason: the gate of phase passed
                7 did not go back by > for is true since
                4 did not go back by mismatches > for is true since
                4 did not go back by mismatches > is true since
        "#]],
    );
}

#[test]
fn flawed_stores_routers_and_alarms_are_caught_and_what_has_no_flaw_is_not() {
    check(
        &[
            Flaw::BakesFromCommit,
            Flaw::NeverPolls,
            Flaw::NeverReadsBack,
            Flaw::CommitsBlindly,
            Flaw::None,
        ],
        &expect![[r#"
            BakesFromCommit: caught in 103 of 150 seeds, first 1
              100 the bake of phase was counted from web had its weight at
               62 the bake of phase was counted from api had its weight at
               32 phase was left after baked too short
               31 the bake of phase was counted from apex had its weight at
            NeverPolls: caught in 9 of 150 seeds, first 29
                5 did not go back by critical alarm is red since
                4 did not hold by high alarm is red since
                1 did not hold by low alarm is red since
                1 did not hold by medium alarm is red since
            NeverReadsBack: caught in 16 of 150 seeds, first 6
                6 web was at for too long, the head says
                3 apex was at for too long, the head says
                3 phase was left while web was not at
                2 api was at for too long, the head says
            CommitsBlindly: caught in 16 of 150 seeds, first 30
               16 a revision was skipped (revision at
                8 the ledger does not verify: entry is missing
                6 a weight changed without an entry (revision at
                3 an epoch went back (revision at
            None: caught in 0 of 150 seeds
        "#]],
    );
}
