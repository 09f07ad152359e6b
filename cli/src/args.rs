//! What an operator types.

#[cfg(feature = "aws")]
pub mod keys;
#[cfg(feature = "aws")]
pub mod remote;
#[cfg(feature = "aws")]
pub mod report;

use std::{path::PathBuf, time::Duration};

use clap::{Args, ColorChoice, Parser, Subcommand};
use domain::{ledger::Chain, time::Timestamp};
use jiff::{civil::DateTime, tz::TimeZone};

use crate::exit;

/// Move traffic from stable to canary in phases, and shut the gate when the canary turns bad
///
/// Tidegate moves production traffic on AWS from a stable to a canary side as a plan says: weights, how
/// long to hold them, what must be true to go on. This command reads plans, plays them in a box (a simulated
/// AWS with a clock that runs fast, which needs no account and no network), and asks Tidegate's functions in
/// your account to run them.
#[derive(Debug, Parser)]
#[command(
    name = "tidegate",
    version,
    term_width = 80,
    arg_required_else_help = true,
    after_help = format!(
        "Start here:\n  \
         tidegate demo                         a good and a bad rollout, in under a minute\n  \
         tidegate validate plan.yaml           everything that is wrong with a plan\n  \
         tidegate simulate plan.yaml           play a plan of your own{}\n\n\
         Exit codes:\n{}", FIRST_ON_AWS, exit::TABLE
    )
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colours; `auto` means in a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// Which account.
    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub at: remote::At,
}

/// What to try first where there is an account.
#[cfg(feature = "aws")]
const FIRST_ON_AWS: &str = "
  tidegate doctor plan.yaml             whether it can be run in your account
  tidegate start plan.yaml              run it
  tidegate rollback SERVICE             traffic back to stable, now";
#[cfg(not(feature = "aws"))]
const FIRST_ON_AWS: &str = "";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a plan and show every problem with its place
    #[command(long_about = "Check a plan and show every problem with its place.\n\n\
            All problems are shown at once, each with its line, what was expected and how\n\
            to mend it. Warnings are about plans that are legal and dangerous; they do not\n\
            change the exit code unless you say so.")]
    Validate(Validate),
    /// Print the JSON Schema of plans, for editors
    Schema(Schema),
    /// Print a plan's timeline: dates, weights, gates, who decides, what sends traffic back
    Show(Show),
    /// Play a plan in the box, with a scenario of your own
    #[command(
        long_about = "Play a plan in the box, with a scenario of your own.\n\n\
            The box is a simulated AWS: the real state machine and the real traffic changes\n\
            run against load balancers, DNS, metrics and alarms that behave as AWS\n\
            documents. Nothing outside is touched. The same plan, scenario and seed give the\n\
            same ledger, byte for byte."
    )]
    Simulate(Simulate),
    /// Read the ledger of a rollout, and verify that nobody changed it
    #[command(
        long_about = "Read the ledger of a rollout, and verify that nobody changed it.\n\n\
            A file is read that was exported; for a rollout (shop#7) or a service (shop: its\n\
            newest) Tidegate in your account is asked.\n\n\
            Each entry is chained to the one before it by a hash, and the first one to the\n\
            rollout. Every byte of the file counts: one that was edited, dropped or moved is\n\
            found, and its line is named. What is printed has been verified; it stops where\n\
            the file is broken.\n\n\
            A file does not know what was cut off behind its last line by somebody who wrote\n\
            a new one. The end of the ledger is kept elsewhere too: give it with `--end`. Of a\n\
            rollout on AWS the head has it, and it is always compared."
    )]
    History(History),
    /// Watch a good and a bad rollout of an example plan
    #[command(long_about = "Watch a good and a bad rollout of an example plan.\n\n\
            A week of the lightning-talk plan in a quarter of a minute, twice: first\n\
            everything goes well, then the canary turns bad and the gate shuts by itself.\n\
            You see the messages that would have gone to Slack. Where approval is\n\
            asked you can answer on a page, by a link; else the people of the scenario do.")]
    Demo(Demo),
    /// A rollout on AWS.
    #[cfg(feature = "aws")]
    #[command(flatten)]
    Remote(remote::Remote),
}

/// `tidegate validate`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tidegate validate plan.yaml\n  \
        tidegate validate --deny-warnings plan.yaml     in CI\n  \
        tidegate validate --json plan.yaml | jq '.problems[].found'\n\n\
        Exit codes: 0 the plan can be used, 1 it cannot, 2 it cannot be read.")]
pub struct Validate {
    /// The plan, a YAML or JSON file
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// Print one JSON object on standard output, for tools
    #[arg(long)]
    pub json: bool,
    /// Take warnings for errors
    #[arg(long)]
    pub deny_warnings: bool,
}

/// `tidegate schema`
#[derive(Debug, Args)]
#[command(
    after_help = "Save it beside your plans, and begin each plan with the line\n  \
        # yaml-language-server: $schema=plan.schema.json\n\
        so that your editor completes and checks it.\n\n\
        Example:\n  tidegate schema > plan.schema.json"
)]
pub struct Schema {}

/// `tidegate show`
#[derive(Debug, Args)]
#[command(
    after_help = "Dates are the earliest possible: each phase bakes for its least time, gates pass\n\
        and people answer at once. Freezes and windows of the calendar are kept.\n\n\
        Examples:\n  \
        tidegate show plan.yaml\n  \
        tidegate show plan.yaml --start 2026-12-24        how the freezes move it\n  \
        tidegate show plan.yaml --start 2026-12-01T10:00 --json"
)]
pub struct Show {
    /// The plan, a YAML or JSON file
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// When it starts, in the plan's time zone: 2026-12-01, 2026-12-01T10:00; now if not given
    #[arg(long, value_name = "DATE", value_parser = start)]
    pub start: Option<Start>,
    /// Print one JSON object, for tools
    #[arg(long)]
    pub json: bool,
}

/// `tidegate simulate`
#[derive(Debug, Args)]
#[command(
    after_help = format!(
        "Keys, in a terminal:\n  \
         a approve   b roll back   p pause or resume   f faster   s slower   q stop\n\n\
         Examples:\n  \
         tidegate simulate plan.yaml                               everything goes well\n  \
         tidegate simulate plan.yaml --scenario bad.scenario.yaml  it does not\n  \
         tidegate simulate plan.yaml --speed 60 --report out.html\n  \
         tidegate simulate plan.yaml --ledger shop.jsonl           for `history`\n  \
         tidegate simulate plan.yaml --json | jq 'select(.type == \"summary\")'\n\n\
         Exit codes:\n{}", exit::TABLE
    )
)]
pub struct Simulate {
    /// The plan, a YAML or JSON file
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// What happens to it: traffic, incidents, faults, people; a healthy week if not given
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Where chance begins, a whole number
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// Virtual seconds in a real one, or `max` for no waiting [default: what takes 20 s in a
    /// terminal, else max]
    #[arg(long, value_name = "X", value_parser = speed, allow_negative_numbers = true)]
    pub speed: Option<Speed>,
    /// Print JSON lines: each entry of the ledger, at last a summary
    #[arg(long)]
    pub json: bool,
    /// Write an HTML page with charts of weights and metrics, and the ledger
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Export the ledger, as `tidegate history` reads it
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
}

/// `tidegate history`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tidegate simulate plan.yaml --ledger shop.jsonl     something to read\n  \
        tidegate history shop.jsonl\n  \
        tidegate history --verify shop.jsonl --end 31:2453ed029918f21f…\n  \
        tidegate history shop#7 --verify                    ask Tidegate on AWS\n  \
        jq -r 'select(.type == \"entry\").what' shop.jsonl   it is JSON lines\n\n\
        Exit codes: 0 it verifies, 1 it does not, 2 it cannot be read.")]
pub struct History {
    /// The exported ledger, - for standard input, a rollout (shop#7) or a service (shop)
    #[arg(value_name = "FILE|ROLLOUT")]
    pub file: PathBuf,
    /// Only say whether it verifies
    #[arg(long)]
    pub verify: bool,
    /// How the ledger ends: the number and the hash of its last entry, from elsewhere
    #[arg(long, value_name = "SEQ:HASH", value_parser = end)]
    pub end: Option<Chain>,
    /// Heads that were archived: the ledger must go through those of its rollout
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub heads: Option<PathBuf>,
    /// Of a rollout on AWS: export the ledger into a file
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Print one JSON object, for tools; of a file only with `--verify`
    #[arg(long)]
    pub json: bool,
}

/// `tidegate demo`
#[derive(Debug, Args)]
#[command(after_help = "Keys, in a terminal:\n  \
        a approve   b roll back   p pause or resume   f faster   s slower   q stop\n\n\
        Exit codes: 0 both were played to their ends, 2 the report cannot be written, 130 stopped.")]
pub struct Demo {
    /// Where chance begins, a whole number
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// Virtual seconds in a real one, or `max` for no waiting [default: what takes 15 s a run]
    #[arg(long, value_name = "X", value_parser = speed, allow_negative_numbers = true)]
    pub speed: Option<Speed>,
    /// Where the report of the bad run goes [default: a file in the temporary folder]
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// When a timeline starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A time of day, or a midnight, in the plan's zone.
    Local(DateTime),
    /// An instant with its own offset.
    Instant(Timestamp),
}

impl Start {
    /// The instant, for a plan in `zone`.
    #[must_use]
    pub fn instant(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Instant(at) => Some(at),
            Self::Local(local) => zone.to_timestamp(local).ok(),
        }
    }
}

/// How fast the clock of the box runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// So many virtual seconds in a real one.
    Times(u32),
    /// As fast as the machine can.
    Max,
}

impl Speed {
    /// How long `minutes` virtual minutes take.
    #[must_use]
    pub fn real(self, minutes: u32) -> Duration {
        match self {
            Self::Times(times) => Duration::from_mins(1) * minutes / times.max(1),
            Self::Max => Duration::ZERO,
        }
    }
}

fn start(text: &str) -> Result<Start, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Start::Instant(at));
    }
    text.parse::<DateTime>().map(Start::Local).map_err(|_| {
        "a date is written 2026-12-01, a time 2026-12-01T10:00 or 2026-12-01T10:00:00Z".to_owned()
    })
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

fn end(text: &str) -> Result<Chain, String> {
    Chain::parse(text).ok_or_else(|| {
        "an end is the last entry's number, a colon, and its hash of 64 hexadecimal digits"
            .to_owned()
    })
}

fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    match text.strip_suffix('x').unwrap_or(text).parse() {
        Ok(times @ 1..) => Ok(Speed::Times(times)),
        Ok(0) | Err(_) => Err(
            "a speed is `max`, or a whole number: 60 plays a minute in a second, 3600 an hour"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_speed_is_how_much_faster_the_clock_runs() {
        assert_eq!(speed("3600"), Ok(Speed::Times(3600)));
        assert_eq!(speed("60x"), Ok(Speed::Times(60)));
        assert_eq!(speed("max"), Ok(Speed::Max));
        for wrong in ["0", "-1", "fast", "1.5", ""] {
            assert!(speed(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Speed::Times(60).real(3), Duration::from_secs(3));
    }

    #[test]
    fn a_start_is_a_date_a_time_or_an_instant() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        let at = |text: &str| start(text).unwrap().instant(&tokyo).unwrap().to_string();
        assert_eq!(at("2026-12-01"), "2026-11-30T15:00:00Z");
        assert_eq!(at("2026-12-01T10:00"), "2026-12-01T01:00:00Z");
        assert_eq!(at("2026-12-01T10:00Z"), "2026-12-01T10:00:00Z");
        assert!(start("tomorrow").is_err());
    }
}
