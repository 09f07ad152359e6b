//! How soon traffic is back, in virtual time: each promise measured over many worlds.
//!
//! The clock starts when the alarm's event is received, which is before the decision, and stops when the commit
//! is made that says that traffic was read back on stable.

use std::{fmt::Write as _, time::Instant};

use domain::{
    rollout::Status,
    time::{SignedDuration, since},
};
use expect_test::{Expect, expect};
use sim::{Fault, FaultKind, World};

use super::{
    bench::{Bench, MINUTE, Message},
    cell::Cell,
    checks::PUT_RIGHT_WITHIN,
    crew,
    flow::Flow,
    kind::Kind,
    run::{BY_THE_SWEEP, NO_FAULT, ONE_CRASH, run},
    table::{REFERENCES, landings},
};

/// How many worlds of each kind there are.
const SEEDS: u64 = 100;

/// Three crashes, each of which costs a visibility timeout.
const THREE_CRASHES: SignedDuration = SignedDuration::from_secs(60);

/// The scheduler's precision: two sweeps can be almost two minutes apart.
const SWEEPS_APART: SignedDuration = SignedDuration::from_secs(119);

/// Lengths of time, and what they must not exceed.
struct Measured {
    what: &'static str,
    bound: SignedDuration,
    /// How many of a hundred must keep it.
    percent: usize,
    all: Vec<SignedDuration>,
}

impl Measured {
    /// The length that so many of a hundred do not exceed.
    fn percentile(&self, percent: usize) -> SignedDuration {
        let mut sorted = self.all.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(rank).copied().unwrap_or(SignedDuration::MAX)
    }

    fn line(&self) -> String {
        let seconds = |span: SignedDuration| format!("{:.1}", span.as_secs_f64());
        format!(
            "{:56} {:>6} {:>6} {:>6} {:>6}",
            self.what,
            seconds(self.bound),
            seconds(self.percentile(99)),
            seconds(self.percentile(100)),
            self.all.len()
        )
    }
}

/// Every kind of route in so many worlds.
fn worlds() -> Vec<(Kind, u64)> {
    let seeds = 1..=SEEDS;
    seeds
        .flat_map(|seed| Kind::ALL.map(|kind| (kind, seed)))
        .collect()
}

/// From now to traffic read back on stable, with a sweep each minute.
fn until_restored(bench: &Bench<World>, first_sweep: SignedDuration) -> SignedDuration {
    let began = bench.world.now();
    bench.world.pass(first_sweep);
    for _ in 0..10 {
        let heads = bench.world.heads();
        let restored = heads
            .iter()
            .find(|(at, head)| *at >= began && matches!(head.status, Status::Guarding { .. }));
        if let Some((at, _)) = restored {
            let took = since(*at, began);
            drop(heads);
            bench.world.end();
            return took;
        }
        drop(heads);
        bench.send(Message::Sweep);
        bench.world.pass(MINUTE);
    }
    SignedDuration::MAX
}

/// An alarm's event whose receivers die at these of their calls, one after the other.
fn with_crashes(kind: Kind, seed: u64, crashes: &[usize]) -> SignedDuration {
    let bench = Flow::Rollback.prepare(kind, seed);
    let mut from = bench.world.calls().len();
    for crash in crashes {
        from += crash;
        let number = u64::try_from(from).unwrap_or(u64::MAX);
        let fault = Fault::at_number(number, FaultKind::CrashAfter);
        bench.world.plan_fault(fault);
    }
    bench.send(Message::Alarm);
    // The sweep would help; it is late here, so that only the queue does.
    until_restored(&bench, SWEEPS_APART)
}

fn no_fault() -> Measured {
    let all = crew::each(&worlds(), |(kind, seed)| with_crashes(*kind, *seed, &[]));
    Measured {
        what: "decision to weights restored, no fault (p99)",
        bound: NO_FAULT,
        percent: 99,
        all,
    }
}

/// How many calls the hearing of an alarm makes.
const HEARING: usize = 8;

fn one_crash() -> Measured {
    let mut tries = Vec::new();
    for (kind, seed) in worlds().into_iter().take(200) {
        tries.extend((1..=HEARING).map(|call| (kind, seed, call)));
    }
    let all = crew::each(&tries, |(kind, seed, call)| {
        with_crashes(*kind, *seed, &[*call])
    });
    Measured {
        what: "one crash, at any call",
        bound: ONE_CRASH,
        percent: 100,
        all,
    }
}

fn three_crashes() -> Measured {
    let mut tries = Vec::new();
    for kind in Kind::ALL {
        for first in 1..=HEARING {
            for second in 1..=HEARING {
                tries.extend((1..=HEARING).map(|third| (kind, [first, second, third])));
            }
        }
    }
    let all = crew::each(&tries, |(kind, crashes)| with_crashes(*kind, 1, crashes));
    Measured {
        what: "three crashes, at any calls",
        bound: THREE_CRASHES,
        percent: 100,
        all,
    }
}

/// The alarm goes off a moment after a sweep has read it, its event never comes, and the next sweep is as late
/// as the scheduler lets it be.
fn event_lost() -> Measured {
    let all = crew::each(&worlds(), |(kind, seed)| {
        let bench = Flow::Polled.prepare(*kind, *seed);
        until_restored(&bench, SWEEPS_APART)
    });
    Measured {
        what: "event and queue lost: only the sweep polls",
        bound: BY_THE_SWEEP,
        percent: 100,
        all,
    }
}

/// The landings of the matrix, split by what is there against them.
fn exposures() -> [Measured; 3] {
    let mut cells = Vec::new();
    for ((flow, kind), reference) in &*REFERENCES {
        cells.extend(landings(*flow, *kind, reference, &|world| world));
    }
    let lengths = crew::each(&cells, |cell| {
        let reference = &REFERENCES[&(cell.flow, cell.kind)];
        let ran = run(cell, Some(reference), &|world: World| world);
        (ran.exposed, ran.exposed_confirmed)
    });
    // To finish is to give up the fence, but for an alias.
    let is_fenced = |cell: &Cell| match cell.kind {
        Kind::InPlace => false,
        Kind::Alias => true,
        Kind::Owned | Kind::Route53 => cell.flow != Flow::Complete,
    };
    let of = |fenced| {
        let pairs = cells.iter().zip(&lengths);
        let those = pairs.filter(move |(cell, _)| is_fenced(cell) == fenced);
        those.map(|(_, (unconfirmed, _))| *unconfirmed).collect()
    };
    [
        Measured {
            what: "fenced: weight again after it was read back",
            bound: SignedDuration::ZERO,
            percent: 100,
            all: of(true),
        },
        Measured {
            what: "last writer wins: the same, while shown as unconfirmed",
            bound: PUT_RIGHT_WITHIN,
            percent: 100,
            all: of(false),
        },
        Measured {
            what: "every route: weight again after it was confirmed",
            bound: SignedDuration::ZERO,
            percent: 100,
            all: lengths.iter().map(|(_, confirmed)| *confirmed).collect(),
        },
    ]
}

/// What the table says: virtual time, so every machine measures the same.
fn pinned() -> Expect {
    expect![[r#"
        seconds of virtual time                                   bound    p99   most   runs
        decision to weights restored, no fault (p99)                3.0    0.7    0.8    400
        one crash, at any call                                     16.0   15.7   15.7   1600
        three crashes, at any calls                                60.0   45.6   45.7   2048
        event and queue lost: only the sweep polls                129.0  119.9  120.0    400
        fenced: weight again after it was read back                 0.0    0.0    0.0    706
        last writer wins: the same, while shown as unconfirmed     65.0   58.6   59.0    559
        every route: weight again after it was confirmed            0.0    0.0    0.0   1265
    "#]]
}

#[test]
fn traffic_is_back_within_its_bounds() {
    let begun = Instant::now();
    let mut rows = vec![no_fault(), one_crash(), three_crashes(), event_lost()];
    rows.extend(exposures());
    let mut text = format!(
        "{:56} {:>6} {:>6} {:>6} {:>6}\n",
        "seconds of virtual time", "bound", "p99", "most", "runs"
    );
    for row in &rows {
        let written = writeln!(text, "{}", row.line());
        written.expect("a string takes everything");
    }
    let took = begun.elapsed().as_secs_f64();
    let title = format!("How soon traffic is back; measured in {took:.0} s");
    crate::report::show(&title, &text);
    for row in &rows {
        let most = row.percentile(row.percent);
        assert!(most <= row.bound, "{}: {most:#}", row.what);
    }
    pinned().assert_eq(&text);
}
