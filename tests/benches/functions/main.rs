//! What the functions cost: `alarm` beside the same handler in Python and in Node, and a sweep of many rollouts.
//!
//! Each process handles the sample alarm of a rollout with a rule of its own, against a stub on loopback that answers at
//! once: so what is measured is the program, not AWS. A process that does not bring the traffic back, or makes other
//! calls than `alarm`, fails the benchmark. Nothing here fails for being slow.
//!
//! `ROUNDS` and `EVENTS` say how many processes of a kind there are, and how many events each gets after its first.

mod balancer;
mod cloud;
mod rollout;
mod run;
mod service;
mod steps;
mod sweep;
mod table;
mod variant;
mod wire;

use std::{env, process::ExitCode, time::Duration};

use cloud::Cloud;
use run::{Run, run};
use steps::Steps;
use table::{Table, compared, millis, percentile};
use variant::{Variant, Variants, variants};

/// Long enough that two calls side by side are seen to be.
const SEEN: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    // `cargo test --benches` runs this too, only to know that it can; `cargo bench` says what it wants.
    if !env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    match measure().and_then(|()| sweep::measure()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            complain(&why);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "what a benchmark found is its output")]
pub(crate) fn say(lines: &[String]) {
    println!("{}\n", lines.join("\n"));
}

#[expect(clippy::print_stderr, reason = "why there is no output")]
fn complain(why: &str) {
    eprintln!("bench: {why}");
}

fn number(name: &str, otherwise: usize) -> usize {
    let named = env::var(name).ok();
    named
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

fn measure() -> Result<(), String> {
    let Variants {
        found,
        left_out,
        notes,
    } = variants()?;
    let cloud = rollout::cloud()?;
    let ours = found.first().ok_or("there is nothing to measure")?;
    let (first, later) = walk(ours, &cloud)?;
    let (rounds, events) = (number("ROUNDS", 9), number("EVENTS", 100));
    let mut runs: Vec<Vec<Run>> = found.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        // Interleaved, and each goes first in its turn: what else the machine does meets all alike.
        for place in 0..found.len() {
            let n = (round + place) % found.len();
            if let (Some(variant), Some(runs)) = (found.get(n), runs.get_mut(n)) {
                runs.push(checked(variant, &cloud, events, &first, &later)?);
            }
        }
    }
    let mut lines = vec![format!(
        "One alarm, one rollback: medians of {rounds} processes, {events} events each after the first"
    )];
    lines.extend(costs(&found, &runs).lines());
    lines.extend(notes);
    lines.extend(left_out);
    say(&lines);
    say(&first.lines("The first event of a process"));
    say(&later.lines("The next events"));
    Ok(())
}

/// Which calls ours makes for the first event, and for the next.
fn walk(ours: &Variant, cloud: &Cloud) -> Result<(Steps, Steps), String> {
    cloud.takes(SEEN);
    let walked = run(ours, cloud, 1)?;
    cloud.takes(Duration::ZERO);
    let later = walked.warm.first().ok_or("there is no second event")?;
    Ok((Steps::of(&walked.first.calls), Steps::of(&later.calls)))
}

fn checked(
    variant: &Variant,
    cloud: &Cloud,
    events: usize,
    first: &Steps,
    later: &Steps,
) -> Result<Run, String> {
    let run = run(variant, cloud, events)?;
    let name = |why: String| format!("{}: {why}", variant.name);
    first.are(&run.first.calls).map_err(name)?;
    for event in &run.warm {
        later.are(&event.calls).map_err(name)?;
    }
    Ok(run)
}

/// What a variant's runs come to.
struct Cost {
    ready: Duration,
    first: Duration,
    warm: Duration,
    slow: Duration,
    peak: Option<f64>,
    zip: Option<f64>,
}

impl Cost {
    fn of(variant: &Variant, runs: &[Run]) -> Self {
        let median = |values: Vec<Duration>| percentile(&values, 50);
        let warm: Vec<Duration> = runs
            .iter()
            .flat_map(|run| run.warm.iter().map(|event| event.took))
            .collect();
        let peaks: Vec<u64> = runs.iter().filter_map(|run| run.peak).collect();
        let kib = |bytes: u64| f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1024.0;
        Self {
            ready: median(runs.iter().map(|run| run.ready).collect()),
            first: median(runs.iter().map(|run| run.first.took).collect()),
            slow: percentile(&warm, 99),
            warm: median(warm),
            peak: (!peaks.is_empty()).then(|| kib(percentile(&peaks, 50))),
            zip: variant.zip.map(kib),
        }
    }
}

fn costs(found: &[Variant], runs: &[Vec<Run>]) -> Table {
    let costs: Vec<Cost> = found
        .iter()
        .zip(runs)
        .map(|(variant, runs)| Cost::of(variant, runs))
        .collect();
    let mut table = Table::new(&[
        "",
        "start to first event, ms",
        "first event, ms",
        "next events p50, ms",
        "p99, ms",
        "peak memory, MiB",
        "zip, KiB",
    ]);
    let Some(ours) = costs.first() else {
        return table;
    };
    for (variant, cost) in found.iter().zip(&costs) {
        let time = |of: fn(&Cost) -> Duration| {
            let (value, ours) = (of(cost), of(ours));
            compared(&millis(value), value.as_secs_f64(), ours.as_secs_f64())
        };
        let peak = cost.peak.map(|value| {
            let text = format!("{value:.1}");
            compared(&text, value, ours.peak.unwrap_or(value))
        });
        let zip = cost.zip.map(|value| format!("{value:.0}"));
        let unknown = || "unknown".to_owned();
        table.row(vec![
            variant.name.to_owned(),
            time(|cost| cost.ready),
            time(|cost| cost.first),
            time(|cost| cost.warm),
            time(|cost| cost.slow),
            peak.unwrap_or_else(unknown),
            zip.unwrap_or_else(unknown),
        ]);
    }
    table
}
