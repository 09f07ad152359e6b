//! A Route 53 route: what the adapter finds about its records, and what to do about each.

use aws::route53::Finding;
use domain::{plan::route::Route53Route, time::Spell};

use super::{super::Account, Check, State};

/// Looks at a Route 53 route.
pub(super) async fn look(what: &str, route: &Route53Route, account: &impl Account) -> Vec<Check> {
    match account.records(route).await {
        Ok(findings) if findings.is_empty() => vec![well(what, route)],
        Ok(findings) => findings
            .iter()
            .map(|finding| judge(what, finding))
            .collect(),
        Err(trouble) => vec![Check::unseen(what, &trouble)],
    }
}

fn well(what: &str, route: &Route53Route) -> Check {
    let types: Vec<String> = route.types.iter().map(ToString::to_string).collect();
    let says = format!(
        "{} of {} is answered by {} alone, for {}",
        types.join(" and "),
        route.name,
        route.stable,
        Spell(route.ttl)
    );
    Check::ok(what, says)
}

fn judge(what: &str, finding: &Finding) -> Check {
    let (state, next) = match finding {
        Finding::NoZone(_) => (State::Problem, "is the id right, and the account?"),
        Finding::MissingRecord { .. } => (
            State::Problem,
            "make it, weighted, the canary's with weight 0",
        ),
        Finding::UnequalTtls { .. } => (State::Problem, "give all of them one TTL, the plan's"),
        Finding::OtherTtl { .. } => (
            State::Problem,
            "a bake begins too early or too late by the difference; make them equal",
        ),
        Finding::OtherWeight { .. } => (
            State::Problem,
            "no weight is raised beside it; set it to 0, or take it out",
        ),
        Finding::CanaryHasWeight { .. } => {
            (State::Problem, "unless a rollout is running: set it to 0")
        }
        Finding::NobodyHasWeight { .. } => (State::Problem, "give stable's record a weight"),
        Finding::UnreadableFence(_) => (State::Problem, "look at the TXT record, and remove it"),
        Finding::TypeLeftOut { .. } => (State::Warning, "is that meant? Else name it in `types`"),
        Finding::HealthDecides { .. } => (
            State::Warning,
            "weights hold only while both are well; know it, or take the check off",
        ),
        Finding::ForeignFence { .. } => (
            State::Warning,
            "look with `tidegate status`; a new rollout of the service takes it over",
        ),
    };
    Check::new(state, what, finding.to_string()).then(next)
}
