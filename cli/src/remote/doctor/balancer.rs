//! A load balancer's route: the base rule, the place of the rule of its own, and both target groups.

use aws::alb::{Side, Standing, Taken};
use domain::{
    name::ServiceName,
    plan::route::{AlbBase, AlbMode, AlbRoute},
};
use engine::trouble::Trouble;

use super::{super::Account, Check};
use crate::words;

/// Looks at a load balancer's route.
pub(super) async fn look(
    what: &str,
    service: &ServiceName,
    route: &AlbRoute,
    account: &impl Account,
) -> Vec<Check> {
    let mut checks = base(what, service, route, account.standing(route).await);
    let stable = account.targets(&route.stable).await;
    checks.push(targets(what, "stable", &route.stable, stable));
    let canary = account.targets(&route.canary).await;
    checks.push(targets(what, "canary", &route.canary, canary));
    checks
}

fn base(
    what: &str,
    service: &ServiceName,
    route: &AlbRoute,
    base: Result<Option<Standing>, Trouble>,
) -> Vec<Check> {
    match base {
        Ok(Some(base)) => {
            let mut checks = vec![forwards(what, route, &base)];
            if let AlbMode::Owned { priority } = route.mode {
                checks.push(place(what, service, priority, &base));
            }
            checks
        }
        Ok(None) => {
            let says = format!("there is no {}", kind(route));
            vec![Check::problem(
                what,
                says,
                "is the ARN right, and the region?",
            )]
        }
        Err(trouble) => vec![Check::unseen(what, &trouble)],
    }
}

const fn kind(route: &AlbRoute) -> &'static str {
    match route.base {
        AlbBase::Rule(_) => "such rule",
        AlbBase::Default(_) => "such listener",
    }
}

/// Whether everything goes to stable now.
fn forwards(what: &str, route: &AlbRoute, base: &Standing) -> Check {
    let share = |group: &str| -> i32 {
        let groups = base.forwards.iter().filter(|(arn, _)| arn == group);
        groups.map(|(_, weight)| *weight).sum()
    };
    let all: i32 = base.forwards.iter().map(|(_, weight)| *weight).sum();
    if base.forwards.is_empty() {
        let next = "name a rule, or a listener, whose action is to forward";
        return Check::problem(what, "the rule does not forward", next);
    }
    if share(&route.canary) > 0 {
        let says = "the canary gets traffic already";
        return Check::problem(
            what,
            says,
            "unless a rollout is running: let the rule forward to stable alone",
        );
    }
    if share(&route.stable) == 0 || share(&route.stable) != all {
        let groups: Vec<&str> = base.forwards.iter().map(|(arn, _)| group(arn)).collect();
        let says = format!(
            "the rule forwards to {}, the plan's stable is {}",
            groups.join(", "),
            group(&route.stable)
        );
        return Check::problem(what, says, "put right the rule, or the plan");
    }
    Check::ok(what, format!("forwards to {} alone", group(&route.stable)))
}

/// Whether the rule of its own can stand where the plan wants it, and would be matched there.
fn place(what: &str, service: &ServiceName, priority: u16, base: &Standing) -> Check {
    if let Some(before) = base.priority.filter(|base| *base <= priority) {
        let says = format!(
            "priority {priority} comes after the base rule's {before}, so nothing would reach it"
        );
        return Check::problem(what, says, format!("choose a priority below {before}"));
    }
    match &base.taken {
        None => Check::ok(what, format!("priority {priority} is free")),
        Some(Taken::By(owner)) if owner.service == *service => Check::warning(
            what,
            format!("priority {priority} is taken by the rule of {owner}"),
            "it is kept if that rollout is superseded; else look with `tidegate status`",
        ),
        Some(Taken::By(_) | Taken::ByOthers) => Check::problem(
            what,
            format!("priority {priority} is taken by another rule"),
            "choose another priority",
        ),
    }
}

fn targets(what: &str, side: &str, arn: &str, found: Result<Option<Side>, Trouble>) -> Check {
    let name = group(arn);
    let Side {
        registered,
        healthy,
        unused,
        states: _,
    } = match found {
        Ok(Some(found)) => found,
        Ok(None) => {
            let says = format!("there is no target group {name}, which is {side}");
            return Check::problem(what, says, "is the ARN right, and the region?");
        }
        Err(trouble) => return Check::unseen(what, &trouble),
    };
    let of = format!("{side} {name} has {}", words::counted(registered, "target"));
    if registered == 0 {
        return Check::problem(what, of, "register targets first");
    }
    if unused == registered {
        let says = format!("{of}, whose health the load balancer does not check yet");
        let next = "it does once a rule uses the group; until then look at them yourself";
        return Check::warning(what, says, next);
    }
    if healthy == 0 {
        let next = "a load balancer sends traffic to them all the same; mend them first";
        return Check::problem(what, format!("{of}, none of them healthy"), next);
    }
    if healthy < registered {
        let says = format!("{of}, {healthy} of them healthy");
        return Check::warning(what, says, "are the healthy ones enough?");
    }
    Check::ok(what, format!("{of}, all healthy"))
}

/// The name in a target group's ARN: `…:targetgroup/<name>/<id>`.
fn group(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}
