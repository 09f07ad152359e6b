//! The random world: seeded rollouts with random plans, traffic, incidents and faults, each checked against a
//! reference model that knows what a perfect gate would have done.
//!
//! `ROLLOUTS` says how many and `SEED` with which to begin; `ROLLOUTS=1 SEED=…` replays one and shows it.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

mod chance;
mod clock;
mod corpus;
mod duty;
mod history;
mod measures;
mod mutant;
mod oracle;
mod plans;
mod reason;
mod run;
mod scenarios;
mod stand;
mod tally;
mod truth;

use std::{
    env,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use domain::plan::PlanHash;
use expect_test::{Expect, expect};

use crate::report;
use oracle::Class;
use run::Story;
use tally::Tally;

/// How many rollouts a plain run of the tests makes.
const ROLLOUTS: u64 = 10_000;

/// How many rollouts are worth a word on the way.
const SAID_EACH: u64 = 50_000;

/// So many failures are enough to see what is wrong.
const FAILURES_MAX: usize = 8;

/// A seed whose rollout broke a promise.
#[derive(Debug)]
struct Failure {
    seed: u64,
    /// The promises that it broke.
    broken: Vec<String>,
    /// The whole story.
    told: String,
}

/// A number that whoever runs the tests may set.
fn number(name: &str, otherwise: u64) -> u64 {
    let set = env::var(name).ok();
    set.map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|error| panic!("{name}={text}: {error}"))
    })
}

/// Plays a seed and judges it; the story if all is well.
fn try_seed(seed: u64, tally: &mut Tally) -> Result<String, Failure> {
    let story = Story::of(seed);
    let (broken, end) = match story.play(|world| world) {
        Ok(run) => {
            let verdict = oracle::judge(&run);
            tally.count(&run, &verdict);
            (verdict.broken, run.told())
        }
        Err(why) => (vec!["it cannot be read".to_owned()], why),
    };
    let told = story.told(&end);
    if broken.is_empty() {
        Ok(told)
    } else {
        Err(Failure { seed, broken, told })
    }
}

/// Plays so many seeds on every processor, until enough of them have failed.
fn play(first: u64, count: u64) -> (Tally, Vec<Failure>) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(0);
    let all = Mutex::new((Tally::default(), Vec::new()));
    let worker = || {
        let mut tally = Tally::default();
        loop {
            let done = next.fetch_add(1, Ordering::Relaxed);
            if done >= count {
                break;
            }
            if done > 0 && done.is_multiple_of(SAID_EACH) {
                report::show("random world", &format!("{done} of {count} rollouts"));
            }
            if let Err(failure) = try_seed(first.wrapping_add(done), &mut tally) {
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.1.push(failure);
                if all.1.len() >= FAILURES_MAX {
                    next.store(count, Ordering::Relaxed);
                }
            }
        }
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.0.add(&tally);
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(worker);
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What once broke a promise is tried first.
fn replay_corpus() -> Vec<Failure> {
    let (seeds, stale) = corpus::seeds();
    assert_eq!(stale, 0, "entries of corpus.txt are of another generator");
    let tried = seeds
        .into_iter()
        .map(|seed| try_seed(seed, &mut Tally::default()));
    tried.filter_map(Result::err).collect()
}

/// Fails with the whole story of the lowest seed, and a line for each other.
#[track_caller]
fn hold(mut failures: Vec<Failure>) {
    failures.sort_by_key(|failure| failure.seed);
    let Some((first, others)) = failures.split_first() else {
        return;
    };
    let others: Vec<String> = others
        .iter()
        .map(|failure| format!("also seed {}: {}", failure.seed, failure.broken.join("; ")))
        .collect();
    panic!(
        "{}\n{}\n{}\nreplay it with its ledger:\n  SEED={} ROLLOUTS=1 cargo test -p tests --test proof random::rollouts\n\
         and keep it: add `{} {} why` to tests/proof/random/corpus.txt",
        others.join("\n"),
        first.told,
        first.broken.join("\n"),
        first.seed,
        corpus::GENERATOR,
        first.seed,
    )
}

/// What a plain run shows.
fn figures() -> Expect {
    expect![[r#"
          healthy     3721  must not go back       completed 3043, held 633, still waiting 45
             sick     2740  must go back in time   back by an alarm 349, back by a condition 2080, back by a deadline 114, back without approval 197
         troubled      504  must hold in time      completed 81, held 378, still waiting 1, back by a condition 22, back by a gate 17, back by a hook 2, back without approval 1, back by a person 2
            asked      755  must obey in time      back by a person 755
             grey     2210  either, with a reason  completed 1365, held 335, still waiting 32, back by a condition 107, back by a gate 35, back by a hook 124, back without approval 25, back by a person 187
          refused       70  must not start         refused 70
        10000 runs of 360612 virtual minutes; 1970 had to complete; 5844 runs were struck by 19126 faults and 45364 calls into outages
        went back 2885 times, in 2m 2s on the mean, 8m 56s at the slowest; nearest to its bound: 3m 8s of 3m 9s
        held 1279 times, in 1m 2s on the mean, 8m 5s at the slowest; nearest to its bound: 3m 59s of 4m 9s
        obeyed 755 times, in 0s on the mean, 45ms at the slowest; nearest to its bound: 45ms of 12s
        196 times the reason was gone before the time to act on it was up
    "#]]
}

#[test]
fn rollouts_do_what_a_perfect_gate_would_have_done() {
    let (first, count) = (number("SEED", 1), number("ROLLOUTS", ROLLOUTS));
    if count == 1 {
        match try_seed(first, &mut Tally::default()) {
            Ok(told) => report::show("random world", &told),
            Err(failure) => hold(vec![failure]),
        }
        return;
    }
    hold(replay_corpus());
    let (tally, failures) = play(first, count);
    let last = first.wrapping_add(count - 1);
    let table = tally.table();
    report::show(&format!("random world, seeds {first} to {last}"), &table);
    hold(failures);
    if (first, count) == (1, ROLLOUTS) {
        figures().assert_eq(&table);
    }
    assert_eq!(tally.runs(), count, "some rollouts were left out");
    if count >= 1_000 {
        // A model that never says what must be so would pass everything.
        assert!(tally.percent(Class::Grey) <= 33, "too much is grey");
        for class in [Class::Healthy, Class::Sick] {
            assert!(tally.percent(class) >= 20, "too little is {class:?}");
        }
    }
}

/// A seed of the corpus stands for the same rollout for as long as this does not change.
#[test]
fn the_generator_is_what_its_version_says() {
    let stories = (1..=200).map(Story::of);
    let text: String = stories.map(|story| story.plan + &story.scenario).collect();
    let generator = format!("version {}: {}", corpus::GENERATOR, PlanHash::of(&text));
    expect!["version 2: fb42ef144ace418cd5215ae632b0b75ea88f8f7a36fff5b5ed81947dd3262ad0"]
        .assert_eq(&generator);
}

#[test]
fn the_same_seed_is_the_same_rollout() {
    for seed in 1..=8 {
        let mut told = [String::new(), String::new()];
        for one in &mut told {
            let story = Story::of(seed);
            let run = story
                .play(|world| world)
                .unwrap_or_else(|why| panic!("{why}"));
            *one = format!(
                "{}\n{:?}",
                run.told(),
                run.ledger.last().map(|entry| entry.hash)
            );
        }
        assert_eq!(told[0], told[1], "seed {seed}");
    }
}
