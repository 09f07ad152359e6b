//! How quick the core is: decisions, verdicts, a ledger verified, a whole rollout in the box.
//!
//! All on the lightning-talk plan. What a decision costs is to be seen beside one commit to a table, which
//! takes milliseconds; what a verified ledger costs, in memory and as a file, beside one SHA-256 of as many bytes.

use std::{fs, sync::Arc};

use divan::{Bencher, black_box, counter::ItemsCount};
use domain::{
    decide::{Start, begin, decide},
    event::{AlarmChange, AlarmReading, AlarmState, Command, Event},
    judge::{Finding, Query, Reading, Readings, Role, judge, queries},
    ledger::{Chain, Entry, Line, export, verify},
    name::{Person, RolloutId},
    plan::Plan,
    rollout::{Origin, Rollout},
    target::{Carrier, Leftover, Propagation, Seen},
    time::{SignedDuration, Timestamp, later},
    traffic::{Epoch, Weights},
};
use sha2::{Digest as _, Sha256};
use sim::{Scenario, Simulation};

const PLANS: &str = "../infra/plans";
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn main() {
    divan::main();
}

#[expect(
    clippy::expect_used,
    reason = "a benchmark without its plan has nothing to say"
)]
fn read(name: &str) -> String {
    fs::read_to_string(format!("{PLANS}/{name}")).expect("the file is in the tree")
}

#[expect(
    clippy::expect_used,
    reason = "a benchmark without its plan has nothing to say"
)]
fn plan() -> Arc<Plan> {
    let text = read("lightning-talk-circle.yaml");
    Arc::new(plan::parse(&text).expect("the plan is checked").plan)
}

fn after(secs: i64) -> Timestamp {
    later(NOW, SignedDuration::from_secs(secs))
}

#[expect(
    clippy::expect_used,
    reason = "a benchmark without a rollout has nothing to say"
)]
fn next(rollout: &Rollout, event: &Event, now: Timestamp) -> Rollout {
    decide(rollout, event, now).expect("it is not refused").next
}

fn reached(rollout: &Rollout) -> Event {
    let one = |name: &domain::name::RouteName| {
        let weight = rollout.goal(name).weight();
        let seen = Seen {
            weight,
            base: weight,
            carrier: Carrier::Ready,
            leftover: Leftover::Some,
            epoch: None,
            propagation: Propagation::Done,
            settle: SignedDuration::ZERO,
        };
        (name.clone(), seen)
    };
    Event::Observed {
        epoch: rollout.epoch,
        read_at: rollout.started_at,
        routes: rollout.plan.routes.keys().map(one).collect(),
    }
}

/// A rollout whose last phase is in effect.
#[expect(
    clippy::expect_used,
    reason = "a benchmark without a rollout has nothing to say"
)]
fn baking() -> Rollout {
    let plan = plan();
    let well = AlarmReading::State {
        state: AlarmState::Ok,
        since: NOW,
        reason: String::new(),
    };
    let start = Start {
        id: RolloutId {
            service: plan.service.clone(),
            number: 1,
        },
        alarms: plan
            .alarms
            .iter()
            .map(|guard| (guard.arn.clone(), well.clone()))
            .collect(),
        plan,
        by: Person::new("ann"),
        origin: Origin::Fresh,
        from: Weights::default(),
        epoch: Epoch(0),
        override_reason: Some("a benchmark".to_owned()),
    };
    let begun = begin(start, NOW).expect("it starts").next;
    let rollout = next(&begun, &reached(&begun), after(1));
    let by = Person::new("ann");
    let command = Command::PromoteFull {
        reason: "the last phase has the most conditions".to_owned(),
    };
    let rollout = next(&rollout, &Event::Asked { by, command }, after(2));
    let rollout = next(&rollout, &reached(&rollout), after(3));
    assert_eq!(rollout.status.name(), "baking");
    rollout
}

/// An answer to every question, and the questions' conditions with their roles.
fn answered(rollout: &Rollout, now: Timestamp) -> Readings {
    let conditions = rollout
        .required()
        .iter()
        .chain(rollout.rollback_conditions());
    let asked = conditions.flat_map(|condition| {
        let metric = &rollout.plan.metrics[&condition.metric];
        queries(condition, metric, now)
    });
    let answer = |query: Query| {
        let reading = Reading::Ratio {
            part: 0,
            whole: 100_000,
        };
        (query, reading)
    };
    asked.map(answer).collect()
}

fn judge_all(rollout: &Rollout, readings: &Readings, now: Timestamp) -> Vec<Finding> {
    let required = rollout.required().iter().map(|one| (one, Role::Require));
    let back = rollout.rollback_conditions().iter();
    let since = rollout.gate.as_ref().map_or(NOW, |gate| gate.since);
    required
        .chain(back.map(|one| (one, Role::Rollback)))
        .map(|(condition, role)| {
            let metric = &rollout.plan.metrics[&condition.metric];
            judge(condition, role, metric, readings, since, now)
        })
        .collect()
}

/// A sweep that finds nothing to do.
#[divan::bench]
fn tick_while_baking(bencher: Bencher<'_, '_>) {
    let rollout = baking();
    bencher.bench(|| decide(black_box(&rollout), &Event::Tick, after(7_200)));
}

/// Every condition of the phase is counted.
#[divan::bench]
fn measured_while_baking(bencher: Bencher<'_, '_>) {
    let (rollout, now) = (baking(), after(7_200));
    let event = Event::Measured {
        epoch: rollout.epoch,
        findings: judge_all(&rollout, &answered(&rollout, now), now),
    };
    bencher.bench(|| decide(black_box(&rollout), &event, now));
}

/// An alarm goes off: the decision to go back, with its entry hashed.
#[divan::bench]
fn alarm_to_rollback(bencher: Bencher<'_, '_>) {
    let (rollout, now) = (baking(), after(7_200));
    let critical = rollout
        .plan
        .alarms
        .iter()
        .max_by_key(|guard| guard.severity);
    let Some(critical) = critical else { return };
    let event = Event::AlarmChanged(AlarmChange {
        arn: critical.arn.clone(),
        state: AlarmState::Alarm,
        at: now,
        reason: String::new(),
    });
    assert!(next(&rollout, &event, now).status.is_rollback());
    bencher.bench(|| decide(black_box(&rollout), &event, now));
}

/// All conditions of the phase, from answers that are there.
#[divan::bench]
fn judge_a_phase(bencher: Bencher<'_, '_>) {
    let (rollout, now) = (baking(), after(7_200));
    let readings = answered(&rollout, now);
    let conditions = rollout.required().len() + rollout.rollback_conditions().len();
    bencher
        .counter(ItemsCount::new(conditions))
        .bench(|| judge_all(black_box(&rollout), &readings, now));
}

/// A ledger of so many entries, as long as the busiest rollout's, and where it begins.
fn ledger(length: usize) -> (Chain, Vec<Line>) {
    let mut rollout = baking();
    let mut lines: Vec<Line> = Vec::new();
    let start = Chain::of(&rollout.id);
    rollout.chain = start;
    while lines.len() < length {
        for reason in ["a look at the graphs", "all is well"] {
            let by = Person::new("ann@example.com");
            let reason = reason.to_owned();
            let command = if rollout.holds.is_empty() {
                Command::Pause { reason }
            } else {
                Command::Resume { reason }
            };
            let asked = Event::Asked { by, command };
            let Ok(decision) = decide(&rollout, &asked, after(7_200)) else {
                return (start, lines);
            };
            lines.extend(decision.entries.iter().map(Entry::line));
            rollout = decision.next;
        }
    }
    (start, lines)
}

#[divan::bench]
fn verify_ten_thousand_entries(bencher: Bencher<'_, '_>) {
    let (start, lines) = ledger(10_000);
    bencher
        .counter(ItemsCount::new(lines.len()))
        .bench(|| verify(start, black_box(&lines), None));
}

/// The floor of the one before: the same bytes, hashed at once.
#[divan::bench]
fn hash_the_bytes_of_ten_thousand_entries(bencher: Bencher<'_, '_>) {
    let (_, lines) = ledger(10_000);
    let mut bytes = Vec::new();
    for line in &lines {
        for text in [
            &line.at,
            &line.actor,
            &line.kind,
            &line.what,
            &line.before,
            &line.after,
            &line.previous,
        ] {
            bytes.extend_from_slice(text.as_bytes());
        }
        // Lengths and numbers, as the digest takes them.
        bytes.extend_from_slice(&[0; 12 * 8]);
    }
    bencher
        .counter(ItemsCount::new(lines.len()))
        .bench(|| Sha256::digest(black_box(&bytes)));
}

/// A ledger of ten thousand entries, exported.
fn exported() -> String {
    let (_, lines) = ledger(10_000);
    export::write(&baking().id, &lines)
}

/// From the bytes of the file to the verdict, every byte of its spelling included.
#[divan::bench]
fn verify_an_exported_file(bencher: Bencher<'_, '_>) {
    let file = exported();
    bencher
        .counter(ItemsCount::new(file.lines().count() - 2))
        .bench(|| export::verify(black_box(file.as_bytes()), None));
}

/// The floor of the one before: the same file, hashed at once.
#[divan::bench]
fn hash_the_bytes_of_an_exported_file(bencher: Bencher<'_, '_>) {
    let file = exported();
    bencher
        .counter(ItemsCount::new(file.lines().count() - 2))
        .bench(|| Sha256::digest(black_box(file.as_bytes())));
}

/// A whole rollout in the box, days of it, to completion.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn simulate_a_rollout(bencher: Bencher<'_, '_>) {
    let plan = plan();
    let text = read("lightning-talk-circle.good.scenario.yaml");
    let Ok(scenario) = Scenario::parse(&text) else {
        return;
    };
    bencher.bench(|| {
        let mut simulation = Simulation::new(Arc::clone(&plan), scenario.clone(), 1);
        simulation.run();
        simulation
    });
}

/// The plan from its text, every check included.
#[divan::bench]
fn read_the_plan(bencher: Bencher<'_, '_>) {
    let text = read("lightning-talk-circle.yaml");
    bencher.bench(|| plan::parse(black_box(&text)));
}
