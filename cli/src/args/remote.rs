//! What an operator types about rollouts on AWS.

use std::{fmt, path::PathBuf};

use clap::{Args, Subcommand};
use domain::{
    name::{ItemName, PhaseName, RolloutId, RouteName, ServiceName},
    time::{SignedDuration, Timestamp, later},
    traffic::{Weight, Weights},
};

use super::{keys::Keys, report::Report};
use crate::exit;

/// Which account, and which Tidegate in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct At {
    /// The profile of your AWS configuration [default: what the AWS CLI takes]
    #[arg(long, global = true, value_name = "NAME", help_heading = "AWS")]
    pub profile: Option<String>,
    /// The region that Tidegate runs in [default: what the AWS CLI takes]
    #[arg(long, global = true, value_name = "REGION", help_heading = "AWS")]
    pub region: Option<String>,
    /// The function `control`, by name or ARN [default: `$TIDEGATE_CONTROL`, else tidegate-control]
    #[arg(long, global = true, value_name = "NAME", help_heading = "AWS")]
    pub function: Option<String>,
}

impl At {
    /// What the function is called unless something else is said.
    pub const FUNCTION: &str = "tidegate-control";

    /// The function that was named, or the usual one.
    #[must_use]
    pub fn function_name(&self) -> String {
        let named = self.function.as_deref().unwrap_or(Self::FUNCTION);
        named.to_owned()
    }
}

/// What to do with rollouts on AWS.
#[derive(Debug, Subcommand)]
pub enum Remote {
    /// Start a rollout of a plan
    Start(Start),
    /// Show how a rollout stands, once or until it ends
    Status(Status),
    /// List the active rollouts, or all of a service
    List(List),
    /// Stop advancing; weights stay as they are
    Pause(Reasoned),
    /// Go on: nothing holds any more, and open incidents are accepted
    Resume(Reasoned),
    /// Skip what is left of a phase's bake, or with --full every gate
    Promote(Promote),
    /// Send traffic back to stable because something is wrong
    Rollback(Rollback),
    /// Send traffic back to stable because the rollout is not wanted any more
    Abort(Reasoned),
    /// Try again what failed: a hook, or a gate whose limits are used up
    Retry(Plain),
    /// Set weights by hand and hold
    SetWeight(SetWeight),
    /// Agree to go on from a phase
    Approve(Approve),
    /// Do not agree to go on from a phase
    Reject(Reject),
    /// Confirm an item of a phase's checklist
    Check(Check),
    /// Raise weights although the calendar says no
    OverrideCalendar(OverrideCalendar),
    /// Let the rollout go on in spite of an incident, until a time
    Accept(Accept),
    /// The canary has been made the new stable: remove what is Tidegate's
    Finish(Plain),
    /// Report what happened to a rollout, as Markdown or as a page
    Report(Report),
    /// Look whether a plan can be run: credentials, rights, routes, alarms
    Doctor(Doctor),
    /// Make, change and retire the keys that decision links are signed with
    Keys(Keys),
}

/// A rollout, or a service whose newest rollout is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `shop#7`
    Rollout(RolloutId),
    /// `shop`
    Newest(ServiceName),
}

impl Target {
    /// Reads a rollout's id or a service's name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains('#') {
            return RolloutId::parse(text).map(Self::Rollout);
        }
        ServiceName::new(text).ok().map(Self::Newest)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rollout(id) => write!(f, "{id}"),
            Self::Newest(service) => write!(f, "{service}"),
        }
    }
}

/// What every command takes that changes something.
#[derive(Debug, Args)]
pub struct Once {
    /// Repeat a request: the key that was printed when it failed
    #[arg(long, value_name = "KEY", value_parser = key)]
    pub key: Option<String>,
    /// Print control's answer: {"version":1,"ok":…}, or {"version":1,"error":{"kind":…}}
    #[arg(long)]
    pub json: bool,
}

/// `tidegate start`
#[derive(Debug, Args)]
#[command(after_help = format!(
    "Examples:\n  \
        tidegate doctor plan.yaml                  look first\n  \
        tidegate start plan.yaml\n  \
        tidegate start plan.yaml --supersede       take over from the active rollout\n  \
        tidegate start plan.yaml --reason 'known flapping alarm, INC-17'\n\n\
     Exit codes:\n{}", exit::REMOTE_TABLE
))]
pub struct Start {
    /// The plan, a YAML or JSON file
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// Take over the routes of the service's active rollout, at their current weights
    #[arg(long)]
    pub supersede: bool,
    /// Start although alarms are not as they should be; goes into the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How it is asked.
    #[command(flatten)]
    pub once: Once,
}

/// `tidegate status`
#[derive(Debug, Args)]
#[command(
    after_help = "Without a rollout: the only active one, or a list of them.\n\n\
    Examples:\n  \
        tidegate status shop             the newest rollout of shop\n  \
        tidegate status shop#7 --watch\n  \
        tidegate status shop --json | jq -r .ok.rollout.status\n\n\
     Exit codes: 0 as asked, with --watch: it was completed; 1 it was rolled back or\n\
     superseded while it was watched, or it cannot be shown; 2 the command cannot be\n\
     understood; 130 stopped with Ctrl-C, which changes nothing in the rollout."
)]
pub struct Status {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target)]
    pub rollout: Option<Target>,
    /// Show it anew every few seconds until it ends
    #[arg(long)]
    pub watch: bool,
    /// Print control's answer as one JSON object; with --watch one for each change
    #[arg(long)]
    pub json: bool,
}

/// `tidegate list`
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 listed, 1 it cannot be, 2 the command cannot be understood.")]
pub struct List {
    /// Every rollout of this service, the newest first [default: the active ones of all]
    #[arg(value_name = "SERVICE", value_parser = service)]
    pub service: Option<ServiceName>,
    /// Print control's answer as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `tidegate pause`, `resume`, `abort`
#[derive(Debug, Args)]
#[command(after_help = format!("Exit codes:\n{}", exit::REMOTE_TABLE))]
pub struct Reasoned {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target)]
    pub rollout: Target,
    /// Why; goes into the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How it is asked.
    #[command(flatten)]
    pub once: Once,
}

/// `tidegate retry`, `finish`
#[derive(Debug, Args)]
#[command(after_help = format!("Exit codes:\n{}", exit::REMOTE_TABLE))]
pub struct Plain {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target)]
    pub rollout: Target,
    /// How it is asked.
    #[command(flatten)]
    pub once: Once,
}

/// `tidegate promote`
#[derive(Debug, Args)]
#[command(after_help = format!(
    "Without --full only the rest of the bake is skipped: the phase's gates still apply.\n\n\
     Examples:\n  \
        tidegate promote shop\n  \
        tidegate promote shop --full --reason 'hotfix for INC-17'\n\n\
     Exit codes:\n{}", exit::REMOTE_TABLE
))]
pub struct Promote {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target)]
    pub rollout: Target,
    /// Go to the last phase's weights now, past every gate
    #[arg(long, requires = "reason")]
    pub full: bool,
    /// Why; goes into the ledger
    #[arg(long, value_name = "TEXT", requires = "full")]
    pub reason: Option<String>,
    /// How it is asked.
    #[command(flatten)]
    pub once: Once,
}

/// `tidegate rollback`
#[derive(Debug, Args)]
#[command(after_help = format!(
    "--direct is the glass to break when the functions or the table are down: it sends\n\
     every route of the plan to stable with your own rights, reads each one back, and\n\
     says which are closed. Nothing is written into the ledger; when the functions are\n\
     back, the rollout finds its routes closed and holds until a person decides.\n\n\
     Examples:\n  \
        tidegate rollback shop --reason 'checkout fails for some'\n  \
        tidegate rollback --direct plan.yaml\n\n\
     Exit codes:\n{}", exit::REMOTE_TABLE
))]
pub struct Rollback {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target, required_unless_present = "direct")]
    pub rollout: Option<Target>,
    /// Why; goes into the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Close the routes of this plan without Tidegate's functions and table
    #[arg(long, value_name = "PLAN", conflicts_with_all = ["rollout", "reason", "key"])]
    pub direct: Option<PathBuf>,
    /// With --direct, do not ask back
    #[arg(long)]
    pub yes: bool,
    /// How it is asked.
    #[command(flatten)]
    pub once: Once,
}

/// `tidegate set-weight`
#[derive(Debug, Args)]
#[command(after_help = format!(
    "Routes that are not named keep their weights. The rollout holds afterwards, until\n\
     `tidegate resume`.\n\n\
     Example:\n  \
        tidegate set-weight shop web=5% apex=0% --reason 'only web, INC-17'\n\n\
     Exit codes:\n{}", exit::REMOTE_TABLE
))]
pub struct SetWeight {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target)]
    pub rollout: Target,
    /// A route and the canary's share of it: web=5%
    #[arg(value_name = "ROUTE=WEIGHT", value_parser = share, required = true)]
    pub weights: Vec<(RouteName, Weight)>,
    /// Why; goes into the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// How it is asked.
    #[command(flatten)]
    pub once: Once,
}

impl SetWeight {
    /// The weights, each route once.
    #[must_use]
    pub fn weights(&self) -> Weights {
        self.weights.iter().cloned().collect()
    }
}

/// `tidegate approve`
#[derive(Debug, Args)]
#[command(after_help = format!("Exit codes:\n{}", exit::REMOTE_TABLE))]
pub struct Approve {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target)]
    pub rollout: Target,
    /// The phase that you looked at; in another one nothing is approved
    #[arg(value_name = "PHASE", value_parser = phase)]
    pub phase: PhaseName,
    /// How it is asked.
    #[command(flatten)]
    pub once: Once,
}

/// `tidegate reject`
#[derive(Debug, Args)]
#[command(after_help = format!("Exit codes:\n{}", exit::REMOTE_TABLE))]
pub struct Reject {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target)]
    pub rollout: Target,
    /// The phase that you looked at
    #[arg(value_name = "PHASE", value_parser = phase)]
    pub phase: PhaseName,
    /// Why; goes into the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// How it is asked.
    #[command(flatten)]
    pub once: Once,
}

/// `tidegate check`
#[derive(Debug, Args)]
#[command(after_help = format!("Exit codes:\n{}", exit::REMOTE_TABLE))]
pub struct Check {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target)]
    pub rollout: Target,
    /// The phase that you looked at
    #[arg(value_name = "PHASE", value_parser = phase)]
    pub phase: PhaseName,
    /// The item of its checklist
    #[arg(value_name = "ITEM", value_parser = item)]
    pub item: ItemName,
    /// How it is asked.
    #[command(flatten)]
    pub once: Once,
}

/// `tidegate override-calendar`
#[derive(Debug, Args)]
#[command(override_usage = "tidegate override-calendar <ROLLOUT> --until <TIME> --reason <TEXT>", after_help = format!(
    "Examples:\n  \
        tidegate override-calendar shop --until 4h --reason 'INC-17'\n  \
        tidegate override-calendar shop --until 2026-12-24T18:00+09:00 --reason 'INC-17'\n\n\
     Exit codes:\n{}", exit::REMOTE_TABLE
))]
pub struct OverrideCalendar {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target)]
    pub rollout: Target,
    /// Until when: 4h from now, or a time with its offset
    #[arg(long, value_name = "TIME", value_parser = until)]
    pub until: Until,
    /// Why; goes into the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// How it is asked.
    #[command(flatten)]
    pub once: Once,
}

/// `tidegate accept`
#[derive(Debug, Args)]
#[command(override_usage = "tidegate accept <ROLLOUT> <INCIDENT> --until <TIME> --reason <TEXT>", after_help = format!(
    "After that time it is as new: an alarm that is still red holds the rollout again.\n\n\
     Examples:\n  \
        tidegate accept shop 'alarm new-latency' --until 2h --reason 'known, INC-17'\n  \
        tidegate accept shop 'error_rate > 1%' --until 2026-12-24T18:00+09:00 --reason 'load test'\n\n\
     Exit codes:\n{}", exit::REMOTE_TABLE
))]
pub struct Accept {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target)]
    pub rollout: Target,
    /// The incident as `status` shows it: an alarm, or a condition
    #[arg(value_name = "INCIDENT")]
    pub incident: String,
    /// Until when: 4h from now, or a time with its offset
    #[arg(long, value_name = "TIME", value_parser = until)]
    pub until: Until,
    /// Why; goes into the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// How it is asked.
    #[command(flatten)]
    pub once: Once,
}

/// `tidegate doctor`
#[derive(Debug, Args)]
#[command(
    after_help = "Only reads. Each check is a line: ok, warning, problem, or not checked.\n\n\
    Examples:\n  \
        tidegate doctor plan.yaml\n  \
        tidegate doctor plan.yaml --slack-parameter /tidegate/slack\n  \
        tidegate doctor plan.yaml --json | jq '.checks[] | select(.state == \"problem\")'\n\n\
     Exit codes: 0 no problem was found, 1 there is a problem or the plan is not valid,\n\
     2 the command cannot be understood or the file cannot be read."
)]
pub struct Doctor {
    /// The plan, a YAML or JSON file
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// The SSM parameter that holds the address of Slack's webhook, if there is one
    #[arg(long, value_name = "NAME")]
    pub slack_parameter: Option<String>,
    /// Print one JSON object, for tools
    #[arg(long)]
    pub json: bool,
}

/// An end in time, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// So long from now.
    For(SignedDuration),
    /// An instant.
    Instant(Timestamp),
}

impl Until {
    /// The instant.
    #[must_use]
    pub fn instant(self, now: Timestamp) -> Timestamp {
        match self {
            Self::For(long) => later(now, long),
            Self::Instant(at) => at,
        }
    }
}

fn until(text: &str) -> Result<Until, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Until::Instant(at));
    }
    match text.parse::<SignedDuration>() {
        Ok(long) if long.is_positive() => Ok(Until::For(long)),
        Ok(_) | Err(_) => Err(
            "an end is written 4h, 90m, or as a time with its offset: 2026-12-24T18:00+09:00"
                .to_owned(),
        ),
    }
}

pub(super) fn target(text: &str) -> Result<Target, String> {
    Target::parse(text).ok_or_else(|| {
        "a rollout is written shop#7, a service shop: lower-case letters, digits, `-` and `_`"
            .to_owned()
    })
}

fn service(text: &str) -> Result<ServiceName, String> {
    ServiceName::new(text).map_err(|error| error.to_string())
}

fn phase(text: &str) -> Result<PhaseName, String> {
    PhaseName::new(text).map_err(|error| error.to_string())
}

fn item(text: &str) -> Result<ItemName, String> {
    ItemName::new(text).map_err(|error| error.to_string())
}

/// Keys are ours: hexadecimal digits and hyphens.
fn key(text: &str) -> Result<String, String> {
    let plain = text
        .chars()
        .all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'));
    if plain && (8..=64).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(
            "a key is what a failed command printed: 8 to 64 lower-case letters, digits and `-`"
                .to_owned(),
        )
    }
}

/// `web=5%`
fn share(text: &str) -> Result<(RouteName, Weight), String> {
    let wrong = || "a weight is written ROUTE=SHARE: web=5%, web=0.5%, web=0%".to_owned();
    let (route, share) = text.split_once('=').ok_or_else(wrong)?;
    let route = RouteName::new(route).map_err(|error| format!("of the route: {error}"))?;
    let number = share.strip_suffix('%').ok_or_else(wrong)?;
    let (whole, tenths) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(tenths) {
        return Err(wrong());
    }
    let tenths = match tenths.trim_end_matches('0') {
        "" => 0,
        one if one.len() == 1 => one.parse::<u16>().map_err(|_| wrong())?,
        _ => return Err("weights have at most one decimal: 0.5%".to_owned()),
    };
    let whole: u16 = whole.parse().map_err(|_| wrong())?;
    let permille = whole.saturating_mul(10).saturating_add(tenths);
    let weight =
        Weight::from_permille(permille).ok_or_else(|| "a weight is at most 100%".to_owned())?;
    Ok((route, weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_a_route_and_a_percentage() {
        let read = |text: &str| share(text).map(|(route, weight)| format!("{route} {weight}"));
        assert_eq!(read("web=5%").as_deref(), Ok("web 5%"));
        assert_eq!(read("web=0.5%").as_deref(), Ok("web 0.5%"));
        assert_eq!(read("web=2.50%").as_deref(), Ok("web 2.5%"));
        assert_eq!(read("web=100%").as_deref(), Ok("web 100%"));
        for wrong in [
            "web",
            "web=5",
            "web=%",
            "web=+5%",
            "web=5.%",
            "web=101%",
            "web=0.05%",
            "Web=5%",
            "=5%",
            "web=70000%",
            "web=-1%",
        ] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_end_is_a_time_or_so_long_from_now() {
        let now: Timestamp = "2026-12-01T09:00:00Z".parse().unwrap();
        let read = |text: &str| until(text).map(|until| until.instant(now).to_string());
        assert_eq!(read("4h").as_deref(), Ok("2026-12-01T13:00:00Z"));
        assert_eq!(
            read("2026-12-24T18:00+09:00").as_deref(),
            Ok("2026-12-24T09:00:00Z")
        );
        for wrong in ["", "4", "-4h", "tomorrow", "2026-12-24T18:00"] {
            assert!(until(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rollout_or_a_service_is_meant() {
        let read = |text: &str| Target::parse(text).map(|target| target.to_string());
        assert_eq!(read("shop#7").as_deref(), Some("shop#7"));
        assert_eq!(read("shop").as_deref(), Some("shop"));
        for wrong in ["", "shop#", "shop#x", "Shop", "plan.yaml"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
