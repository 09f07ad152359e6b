//! What the command says of plans and runs. What it says of rollouts is in `domain::words`.

use std::{borrow::Cow, net::SocketAddr};

use domain::{
    judge::{Finding, Verdict},
    ledger::{self, Actor, Broken, Chain, Entry, Fact},
    name::RolloutId,
    plan::{
        Finish, Plan,
        gate::{Approval, Otherwise},
        phase::Phase,
        route::{AlbMode, Route},
        severity::{Deadline, InsufficientData, Severity},
    },
    rollout::{Rollout, alarm_name},
    time::{SignedDuration, Spell, Timestamp},
    traffic::Weight,
    words::{Evidence, Field},
};
use jiff::tz::TimeZone;
use sim::{Outcome, RouteFrame, Summary};
use token::{Action, Refused, answer::Why};

use crate::console::Ink;

/// `1 error, 2 warnings`.
pub(crate) fn tally(errors: usize, warnings: usize) -> String {
    let parts: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| counted(count, what))
        .collect();
    parts.join(", ")
}

/// `1 route`, `2 routes`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// `lightning-talk-circle, 2 routes, 4 phases, at least 7d 1h`.
pub(crate) fn outline(plan: &Plan) -> String {
    format!(
        "{}, {}, {}, at least {}",
        plan.service,
        counted(plan.routes.len(), "route"),
        counted(plan.phases.len(), "phase"),
        Spell(least(plan))
    )
}

/// The least time from the first weight to the end.
pub(crate) fn least(plan: &Plan) -> SignedDuration {
    let watch = plan
        .watch
        .as_ref()
        .map_or(SignedDuration::ZERO, |watch| watch.lasts);
    plan.phases
        .iter()
        .map(|phase| phase.bake)
        .fold(watch, SignedDuration::saturating_add)
}

/// Where a route's weights live.
pub(crate) fn route(route: &Route) -> String {
    match route {
        Route::Alb(alb) => {
            let how = match alb.mode {
                AlbMode::Owned { priority } => format!("a rule of its own, priority {priority}"),
                AlbMode::InPlace => "the team's own rule, in place".to_owned(),
            };
            format!("load balancer {}: {how}", balancer(alb.base.arn()))
        }
        Route::Route53(route) => {
            let types: Vec<String> = route.types.iter().map(ToString::to_string).collect();
            format!(
                "Route 53 {} {}, TTL {}",
                route.name,
                types.join(" "),
                Spell(route.ttl)
            )
        }
        Route::LambdaAlias(route) => {
            format!("Lambda {}, alias {}", route.function, route.alias)
        }
    }
}

/// The load balancer's name in the ARN of a listener or of a rule: `…/app/<name>/…`.
fn balancer(arn: &str) -> &str {
    arn.split('/').nth(2).unwrap_or(arn)
}

/// `Mon 23 Nov 2026 10:00`, in a zone.
pub(crate) fn date(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at)
        .strftime("%a %-d %b %Y %H:%M")
        .to_string()
}

/// `Mon 23 Nov 10:00`, in a zone; all as wide as each other.
pub(crate) fn short_date(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%a %e %b %H:%M").to_string()
}

/// The zone's name.
pub(crate) fn zone(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// `24h at least, overdue after 48h (Tue 24 Nov 10:00)`.
pub(crate) fn bake(phase: &Phase, overdue: Option<Timestamp>, zone: &TimeZone) -> String {
    let least = format!("{} at least", Spell(phase.bake));
    match (phase.within, overdue) {
        (Some(within), Some(at)) => format!(
            "{least}; overdue after {}, {}",
            Spell(within),
            short_date(at, zone)
        ),
        _ => least,
    }
}

/// `1 of infra-leads, within 24h, or it holds`.
pub(crate) fn approval(approval: &Approval) -> String {
    let groups: Vec<String> = approval.from.iter().map(ToString::to_string).collect();
    let asked = format!("{} of {}", approval.needed, groups.join(" or "));
    match (approval.expires, approval.otherwise) {
        (Some(expires), Otherwise::Hold) => {
            format!("{asked}, within {}, else it holds", Spell(expires))
        }
        (Some(expires), Otherwise::Rollback) => {
            format!("{asked}, within {}, else traffic goes back", Spell(expires))
        }
        (None, _) => format!("{asked}, without a limit of time"),
    }
}

/// What a breach of this severity does.
pub(crate) fn consequence(severity: Severity, plan: &Plan) -> String {
    match severity {
        Severity::Critical => "rolls back at once".to_owned(),
        Severity::High => deadline(plan.severities.high),
        Severity::Medium => deadline(plan.severities.medium),
        Severity::Low => "is written down and told".to_owned(),
    }
}

fn deadline(deadline: Deadline) -> String {
    let within = Spell(deadline.within);
    match deadline.otherwise {
        Otherwise::Hold => format!("holds for a person; asks again after {within}"),
        Otherwise::Rollback => format!("holds; rolls back after {within} unless a person decides"),
    }
}

/// Every alarm and condition of a severity, as one list.
pub(crate) fn breaches(severity: Severity, plan: &Plan) -> Vec<String> {
    let alarms = plan
        .alarms
        .iter()
        .filter(|guard| guard.severity == severity)
        .map(|guard| {
            let name = alarm_name(&guard.arn);
            match guard.insufficient_data {
                InsufficientData::Hold => format!("alarm {name} (no data: holds)"),
                InsufficientData::Ignore => format!("alarm {name}"),
                InsufficientData::Alarm => format!("alarm {name} (or no data)"),
            }
        });
    let conditions = plan
        .incidents
        .iter()
        .filter(|rule| rule.severity == severity)
        .map(|rule| rule.condition.to_string());
    alarms.chain(conditions).collect()
}

/// What happens with the routes at the end.
pub(crate) const fn finish(finish: Finish) -> &'static str {
    match finish {
        Finish::Auto => "the canary becomes the new stable, and Tidegate's own rules are removed",
        Finish::Manual => "it waits for your own tooling to switch, and `tidegate finish`",
    }
}

/// How traffic goes back.
pub(crate) fn rollback(plan: &Plan) -> Vec<String> {
    let policy = &plan.rollback;
    let mut parts = vec![format!("within {}", Spell(policy.within))];
    if let Some(drain) = policy.drain {
        parts.push(format!("then drain {}", Spell(drain)));
    }
    parts.extend(policy.hooks.iter().map(|hook| format!("then {hook}")));
    parts
}

/// An entry of the ledger as a sentence, with who did it if that was a person.
pub(crate) fn entry(entry: &Entry) -> String {
    match &entry.actor {
        Actor::Person(person) => format!("{} (by {person})", entry.fact),
        Actor::Alarm(_) | Actor::Plan | Actor::Stranger => entry.fact.to_string(),
    }
}

/// A text with its instants as people read them, in a zone.
pub(crate) fn localised(text: &str, zone: &TimeZone) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.trim_end_matches([',', ';', '.']);
        match bare.parse::<Timestamp>() {
            Ok(at) => {
                let end = word.get(bare.len()..).unwrap_or_default();
                format!("{}{end}", short_date(at, zone).replace("  ", " "))
            }
            Err(_) => word.to_owned(),
        }
    });
    let words: Vec<String> = words.collect();
    words.join(" ")
}

/// An entry to be read: of the plan's hash, 64 digits long, its beginning.
pub(crate) fn brief(entry: &Entry) -> Cow<'_, Entry> {
    let Fact::Started { origin, plan } = &entry.fact else {
        return Cow::Borrowed(entry);
    };
    let plan = short_hash(plan);
    let mut entry = entry.clone();
    entry.fact = Fact::Started {
        origin: *origin,
        plan,
    };
    Cow::Owned(entry)
}

/// Enough of a hash to tell two apart.
pub(crate) fn short_hash(hash: &str) -> String {
    hash.chars().take(12).collect()
}

/// How an outcome is said, as a heading.
pub(crate) fn outcome(outcome: &Outcome) -> (Ink, String) {
    let ink = match outcome {
        Outcome::Completed => Ink::Good,
        Outcome::RolledBack => Ink::Bad,
        Outcome::Held | Outcome::TimedOut | Outcome::Refused(_) => Ink::Ask,
    };
    (ink, outcome.to_string())
}

/// The numbers of a run, each with what it counts.
pub(crate) fn numbers(summary: &Summary) -> Vec<Number> {
    let spell = |long: Option<SignedDuration>| {
        long.map_or_else(|| "–".to_owned(), |long| Spell(long).to_string())
    };
    let mut numbers = Vec::new();
    let mut add = |label, value, note| numbers.push(Number { label, value, note });
    let lasted = Spell(summary.ended.duration_since(summary.started)).to_string();
    add("lasted", lasted, "of virtual time".to_owned());
    if summary.trouble_began.is_some() {
        add(
            "time to detect",
            spell(summary.detected),
            "from the first trouble to the first reaction".to_owned(),
        );
    }
    if summary.outcome == Outcome::RolledBack || summary.restored.is_some() {
        add(
            "time to roll back",
            spell(summary.restored),
            "from the decision to the last route read back".to_owned(),
        );
    }
    add(
        "failed by canary",
        grouped(summary.canary_failures),
        "requests that stable would have answered".to_owned(),
    );
    add(
        "requests",
        grouped(summary.requests),
        format!("{} of them to the canary", grouped(summary.canary_requests)),
    );
    let verified = match verify(summary) {
        Ok(()) => "entries, and its chain of hashes verifies".to_owned(),
        Err(broken) => format!("entries; {broken}"),
    };
    add("ledger", grouped_len(summary.ledger.len()), verified);
    numbers
}

/// A number of a run.
pub(crate) struct Number {
    pub(crate) label: &'static str,
    pub(crate) value: String,
    pub(crate) note: String,
}

/// Verifies the ledger of a run against the end that the rollout's head has.
fn verify(summary: &Summary) -> Result<(), Broken> {
    let Some(rollout) = &summary.rollout else {
        return Ok(());
    };
    let lines: Vec<ledger::Line> = summary.ledger.iter().map(Entry::line).collect();
    ledger::verify(Chain::of(&rollout.id), &lines, Some(rollout.chain)).map(|_| ())
}

fn grouped_len(count: usize) -> String {
    grouped(u64::try_from(count).unwrap_or(u64::MAX))
}

/// `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What a verdict is called in a table, and its mark.
pub(crate) fn verdict(verdict: &Verdict) -> (Ink, &'static str, String) {
    match verdict {
        Verdict::Pass => (Ink::Good, "✓", String::new()),
        Verdict::Fail => (Ink::Bad, "✗", String::new()),
        Verdict::Inconclusive(doubt) => (Ink::Ask, "?", doubt.to_string()),
        Verdict::Error(why) => (Ink::Ask, "!", why.clone()),
    }
}

/// What is left of a bake, or how long it has been over.
pub(crate) fn progress(now: Timestamp, until: Timestamp, overdue: Option<Timestamp>) -> String {
    if now < until {
        return format!("{} left", Spell(until.duration_since(now)));
    }
    match overdue {
        Some(overdue) if now < overdue => {
            format!("done; overdue in {}", Spell(overdue.duration_since(now)))
        }
        Some(_) => "done; overdue".to_owned(),
        None => "done".to_owned(),
    }
}

/// What is to be known of a route's share beside how it is configured.
pub(crate) fn seen(shares: RouteFrame, desired: Weight) -> String {
    let wanted = if shares.configured == desired {
        String::new()
    } else {
        format!(", wanted {desired}")
    };
    format!("clients see {}{wanted}", shares.realised)
}

/// What a value was made from, or why it does not count.
pub(crate) fn basis(finding: &Finding, doubt: &str) -> String {
    if !doubt.is_empty() {
        return doubt.to_owned();
    }
    let samples = format!("{} samples", grouped(finding.samples));
    match finding.stable {
        Some(stable) => format!("stable {stable}, {samples}"),
        None => samples,
    }
}

/// The heading of the demo's first run.
pub(crate) const GOOD_ACT: &str = "1  Everything goes well";
/// And of its second.
pub(crate) const BAD_ACT: &str = "2  The canary turns bad";

/// What the demo is, word by word.
pub(crate) fn introduction(plan: &Plan, channel: &str) -> Vec<String> {
    let text = format!(
        "The plan of {}, played in a box: {} at least, in a quarter of a minute, twice. Every \
         message with a line at its side would have gone to {channel}.",
        plan.service,
        Spell(least(plan)),
    );
    text.split(' ').map(str::to_owned).collect()
}

/// The reason of whoever gave none on a page.
pub(crate) const BY_LINK: &str = "decided by link";

/// Why a link of the demo's first run does nothing in the second.
pub(crate) fn act_over() -> Why {
    why(
        "this run of the demo is over",
        "デモのこの実行は終了しています",
    )
}

/// Why a link of the demo is not taken.
pub(crate) fn not_taken(refused: Refused) -> Why {
    why(&refused.to_string(), "このリンクは使えません")
}

/// Why a link of the demo does nothing: its rollout is gone.
pub(crate) fn gone(rollout: &RolloutId) -> Why {
    let en = format!("there is no rollout {rollout} any more");
    why(&en, &format!("ロールアウト {rollout} はもうありません"))
}

/// Why a link of the demo does nothing: it is about a phase that is over.
pub(crate) fn moved_on() -> Why {
    why(
        "the rollout has moved on since this was shown",
        "表示された後にロールアウトが進んでいます",
    )
}

/// Why a link of the demo does nothing: the demo offers no such link.
pub(crate) fn not_asked() -> Why {
    why("this is not asked in the demo", "デモにはない操作です")
}

fn why(en: &str, ja: &str) -> Why {
    Why {
        en: en.to_owned(),
        ja: ja.to_owned(),
    }
}

/// `approve    http://127.0.0.1:41873/1  code 7K2M9Q`
pub(crate) fn offer(action: Action, at: SocketAddr, number: usize, code: &str) -> String {
    format!(
        "{:<9}  http://{at}/{number}  code {code}",
        action.to_string()
    )
}

/// What stands before links that are offered, and behind them; in so many seconds it goes on by itself.
pub(crate) fn around_offers(seconds: Option<u64>) -> ([&'static str; 2], String) {
    let before = [
        "You can answer for them: open a link in a browser, and type",
        "the code that stands beside it.",
    ];
    let after = match seconds {
        Some(seconds) => format!("It goes on by itself after {seconds}s; with `f`, at once."),
        None => "It goes on by itself.".to_owned(),
    };
    (before, after)
}

/// What was answered on a page, and what comes of it.
pub(crate) fn answered(action: Action, rollout: &Rollout) -> &'static str {
    match action {
        Action::Approve => "Approved on the page: the next phase may begin.",
        Action::Reject if rollout.status.is_rollback() => {
            "Rejected on the page: all traffic goes back to stable."
        }
        Action::Reject => "Rejected on the page: it holds, and nobody else decides.",
        Action::Rollback => "Sent back on the page: all traffic goes back to stable.",
        Action::Hold => "Held on the page: weights stay, and nobody else resumes.",
        Action::Accept => "Accepted on the page: it goes on.",
        Action::View => "Looked at.",
    }
}

/// That there are no links, and why not.
pub(crate) fn no_links(why: &std::io::Error) -> String {
    format!("There is no page to click this time: {why}.")
}

/// What is not shown of conditions: `4 more, 8 guards quiet`.
pub(crate) fn rest(more: usize, quiet: usize) -> String {
    let mut parts = Vec::new();
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    if quiet > 0 {
        parts.push(format!("{} quiet", counted(quiet, "guard")));
    }
    parts.join(", ")
}

/// A message's parts as lines, without the end of a list that is longer than a person reads.
pub(crate) fn shortened(fields: &[Field], evidence: &[Evidence], next: &[String]) -> Vec<String> {
    const ROWS: usize = 4;
    let rows = evidence.len();
    // One line that says that there is one more is no shorter.
    let shown = if rows > ROWS + 1 { ROWS } else { rows };
    let more = (shown < rows).then(|| format!("and {} more", rows - shown));
    let next = next.iter().map(|step| format!("→ {step}"));
    let fields = fields.iter().map(Field::text);
    let evidence = evidence.iter().take(shown).map(Evidence::text);
    fields.chain(evidence).chain(more).chain(next).collect()
}

/// A share as cells: at least a sliver for anything, and full only for everything.
pub(crate) fn bar(weight: Weight, cells: usize) -> (String, String) {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = usize::from(weight.permille()) * cells * 8 / 1000;
    let eighths = if weight == Weight::ZERO {
        0
    } else {
        eighths.max(1)
    };
    let part = PARTS.get(eighths % 8).copied().unwrap_or_default();
    let full = format!("{}{part}", "█".repeat(eighths / 8));
    let used = eighths.div_ceil(8);
    (full, "░".repeat(cells.saturating_sub(used)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_it_should_be() {
        let show = |permille| {
            let (full, rest) = bar(Weight::from_permille(permille).unwrap(), 10);
            format!("{full}|{rest}")
        };
        assert_eq!(show(0), "|░░░░░░░░░░");
        assert_eq!(show(1), "▏|░░░░░░░░░");
        assert_eq!(show(50), "▌|░░░░░░░░░");
        assert_eq!(show(250), "██▌|░░░░░░░");
        assert_eq!(show(999), "█████████▉|");
        assert_eq!(show(1000), "██████████|");
    }

    #[test]
    fn an_instant_is_shown_in_the_zone_of_the_plan() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        assert_eq!(
            localised("asked, until 2026-01-15T01:13:32.765Z; or 3Z", &tokyo),
            "asked, until Thu 15 Jan 10:13; or 3Z"
        );
    }

    #[test]
    fn counts_read_as_a_person_says_them() {
        assert_eq!(tally(1, 0), "1 error");
        assert_eq!(tally(2, 1), "2 errors, 1 warning");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
