//! ECS services behind a load balancer's route: a deployment that is under way, or that moves traffic itself.

use std::fmt::Write as _;

use aws::ecs::{Found, Mover, Progress, Service};
use domain::{
    plan::{
        Plan,
        route::{AlbBase, AlbRoute, Route},
    },
    time::Timestamp,
};

use super::{super::Account, Check, State};

/// What ECS has behind the plan's load balancers; it is not asked if the plan has none.
pub(super) async fn find(plan: &Plan, account: &impl Account) -> Found {
    let balanced = |route: &Route| match route {
        Route::Alb(_) => true,
        Route::Route53(_) | Route::LambdaAlias(_) => false,
    };
    if plan.routes.values().any(balanced) {
        account.ecs().await
    } else {
        Found::default()
    }
}

/// The services behind a route, each with what it does.
pub(super) fn look(what: &str, route: &AlbRoute, found: &Found) -> Vec<Check> {
    let services = found.services.iter();
    services
        .filter_map(|service| {
            let place = place(route, service)?;
            Some(judge(what, service, place))
        })
        .collect()
}

/// What nobody could look at.
pub(super) fn unseen(found: &Found) -> Option<Check> {
    let mut reasons = found.unseen.iter();
    let mut says = format!("not all were looked at: {}", reasons.next()?);
    for reason in reasons {
        let _ = write!(says, "; {reason}");
    }
    let check = Check::new(State::NotChecked, "ECS deployments", says);
    Some(check.then("if an ECS service is behind a route, look at its deployments yourself"))
}

/// Where a service meets a route; none if it does not.
fn place(route: &AlbRoute, service: &Service) -> Option<&'static str> {
    let writes = match &route.base {
        AlbBase::Rule(rule) => service.rules.contains(rule),
        // ECS names the default rule's own ARN, which a plan does not have.
        AlbBase::Default(_) => false,
    };
    let stable = service.groups.contains(&route.stable);
    let canary = service.groups.contains(&route.canary);
    match (stable, canary) {
        (true, true) => Some("behind both sides"),
        (true, false) => Some("behind stable"),
        (false, true) => Some("behind canary"),
        (false, false) => writes.then_some("on the same rule"),
    }
}

fn judge(what: &str, service: &Service, place: &str) -> Check {
    let Service { name, cluster, .. } = service;
    let is = format!("ECS service {name} (cluster {cluster}) is {place}");
    match (writer(&service.mover), &service.progress) {
        (None, Progress::Idle) => Check::ok(what, format!("{is}, and is not being deployed")),
        (None, Progress::UnderWay { tasks, since }) => Check::warning(
            what,
            format!("{is}, and {}", under_way(tasks, *since)),
            "wait until that is done: what is measured meanwhile is of two versions",
        ),
        (Some(writer), Progress::Idle) => Check::warning(
            what,
            format!("{is}, and when it is deployed, {writer} writes the weights"),
            "two writers undo one another: deploy it by rolling update, or not while a rollout is active",
        ),
        (Some(writer), Progress::UnderWay { tasks, since }) => Check::problem(
            what,
            format!(
                "{is}, and {}; {writer} writes the weights",
                under_way(tasks, *since)
            ),
            "wait until that is done, or stop it; two writers undo one another",
        ),
    }
}

/// Who writes weights when a service is deployed.
fn writer(mover: &Mover) -> Option<String> {
    match mover {
        Mover::Nobody => None,
        Mover::Ecs(strategy) => Some(format!("ECS ({strategy})")),
        Mover::CodeDeploy => Some("CodeDeploy".to_owned()),
        Mover::Other => Some("its own deployment controller".to_owned()),
    }
}

fn under_way(tasks: &str, since: Option<Timestamp>) -> String {
    match since {
        Some(since) => format!("is being deployed ({tasks}, since {since})"),
        None => format!("is being deployed ({tasks})"),
    }
}
