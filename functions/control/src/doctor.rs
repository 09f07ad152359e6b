//! Whether a plan could be started: what it names, looked at through the same ports and rights as a rollout.

use aws::{
    control::{Check, Health, view::alarm_state},
    teller::{Heard, Teller},
};
use domain::{
    event::{AlarmReading, AlarmState},
    judge::{Query, Reading, Side, Window},
    name::{AlarmArn, RolloutId, RouteName},
    plan::{Plan, people::ChannelKind, severity::InsufficientData},
    rollout::{Rollout, alarm_name},
    target::{Leftover, Seen},
    time::SignedDuration,
    traffic::Weight,
};
use engine::{
    ports::{Alarms as _, Clock as _, Metrics as _, Ports, RouteRef, Router as _, Store as _},
    trouble::{Chance, Trouble},
};
use futures_util::future::{join_all, join4};

/// How far back a metric is looked for.
const LOOKED_BACK: SignedDuration = SignedDuration::from_mins(15);

/// Looks at everything that a plan names, side by side.
pub(crate) async fn examine<P: Ports, T: Teller>(
    ports: &P,
    teller: Option<&T>,
    plan: &Plan,
    warnings: Vec<String>,
) -> Vec<Check> {
    let newest = ports.store().newest(&plan.service).await;
    let owner = owner(plan, &newest);
    let (routes, alarms, metrics, slack) = join4(
        routes(ports, plan, &owner),
        alarms(ports, plan),
        metrics(ports, plan),
        slack(teller, plan),
    )
    .await;
    let warnings = warnings
        .into_iter()
        .map(|warning| check("plan", Health::Doubtful, warning));
    let mut checks = vec![service(newest)];
    checks.extend(warnings);
    checks.extend(routes);
    checks.extend(alarms);
    checks.extend(metrics);
    checks.extend(slack);
    checks
}

/// A route that cannot be read, and never will be as it is now.
pub(crate) async fn lost<P: Ports>(ports: &P, plan: &Plan) -> Option<(RouteName, Trouble)> {
    let newest = ports.store().newest(&plan.service).await;
    let owner = owner(plan, &newest);
    let read = plan.routes.iter().map(|(name, route)| {
        let route = RouteRef {
            owner: &owner,
            name,
            route,
            guards: &plan.alarms,
        };
        async move { (name, ports.router().read(route).await) }
    });
    let mut read = join_all(read).await.into_iter();
    read.find_map(|(name, read)| match read {
        Err(trouble) if trouble.chance == Chance::Lasting => Some((name.clone(), trouble)),
        Ok(_) | Err(_) => None,
    })
}

/// Who has the routes of a plan, or would have them.
fn owner(plan: &Plan, newest: &Result<Option<Rollout>, Trouble>) -> RolloutId {
    let number = match newest {
        Ok(Some(newest)) if newest.status.is_active() => newest.id.number,
        Ok(Some(newest)) => newest.id.number.saturating_add(1),
        Ok(None) | Err(_) => 1,
    };
    RolloutId {
        service: plan.service.clone(),
        number,
    }
}

fn check(what: impl Into<String>, health: Health, says: impl Into<String>) -> Check {
    Check {
        what: what.into(),
        health,
        says: says.into(),
    }
}

fn service(newest: Result<Option<Rollout>, Trouble>) -> Check {
    match newest {
        Ok(Some(newest)) if newest.status.is_active() => check(
            "table",
            Health::Doubtful,
            format!(
                "{} is active ({}): {}",
                newest.id,
                newest.status,
                in_the_way(&newest)
            ),
        ),
        Ok(_) => check(
            "table",
            Health::Good,
            "it answers, and no rollout is active",
        ),
        Err(trouble) => check("table", Health::Bad, trouble.what),
    }
}

const fn in_the_way(active: &Rollout) -> &'static str {
    if active.status.is_rollback() {
        "a start is refused until its traffic is back for good"
    } else {
        "a start is refused unless it supersedes it"
    }
}

async fn routes<P: Ports>(ports: &P, plan: &Plan, owner: &RolloutId) -> Vec<Check> {
    join_all(plan.routes.iter().map(|(name, route)| async move {
        let route = RouteRef {
            owner,
            name,
            route,
            guards: &plan.alarms,
        };
        let what = format!("route {name}");
        match ports.router().read(route).await {
            Ok(target) => route_seen(what, &target.seen),
            Err(trouble) => check(what, Health::Bad, trouble.what),
        }
    }))
    .await
}

fn route_seen(what: String, seen: &Seen) -> Check {
    let share = format!("it is there, with {} to the canary", seen.weight);
    if seen.weight > Weight::ZERO {
        return check(
            what,
            Health::Doubtful,
            format!("{share}, before any rollout of this plan has begun"),
        );
    }
    match seen.leftover {
        Leftover::None => check(what, Health::Good, share),
        Leftover::Some => check(
            what,
            Health::Doubtful,
            format!("{share}; something of an earlier rollout, or of the canary's, is left in it"),
        ),
    }
}

async fn alarms<P: Ports>(ports: &P, plan: &Plan) -> Vec<Check> {
    let arns: Vec<AlarmArn> = plan.alarms.iter().map(|guard| guard.arn.clone()).collect();
    if arns.is_empty() {
        return Vec::new();
    }
    let readings = ports.alarms().read(&arns).await;
    let of_guard = plan.alarms.iter().zip(readings).map(|(guard, reading)| {
        let what = format!("alarm {}", alarm_name(&guard.arn));
        match reading {
            AlarmReading::State { state, .. } => {
                let health = match (state, guard.insufficient_data) {
                    (AlarmState::Ok, _)
                    | (AlarmState::InsufficientData, InsufficientData::Ignore) => Health::Good,
                    // Each of these is a start refused.
                    (AlarmState::Alarm, _)
                    | (
                        AlarmState::InsufficientData,
                        InsufficientData::Hold | InsufficientData::Alarm,
                    ) => Health::Bad,
                };
                check(what, health, format!("it is {}", alarm_state(state)))
            }
            AlarmReading::Unreadable(why) => check(what, Health::Bad, why),
        }
    });
    of_guard.collect()
}

/// Stable has been serving: its newest minutes should be there. The canary has nothing to show yet.
async fn metrics<P: Ports>(ports: &P, plan: &Plan) -> Vec<Check> {
    let window = Window::newest(LOOKED_BACK, ports.clock().now());
    let queries: Vec<Query> = plan
        .metrics
        .iter()
        .map(|(name, metric)| Query {
            metric: name.clone(),
            side: if metric.has_stable() {
                Side::Stable
            } else {
                Side::Canary
            },
            window,
        })
        .collect();
    if queries.is_empty() {
        return Vec::new();
    }
    let readings = ports.metrics().read(plan, &queries).await;
    let of_metric = queries.iter().zip(readings).map(|(query, reading)| {
        let what = format!("metric {}", query.metric);
        match reading {
            Reading::Ratio { whole, .. } => check(
                what,
                Health::Good,
                format!("{whole} requests in 15 minutes"),
            ),
            Reading::Value { value, .. } => {
                check(what, Health::Good, format!("{value} over 15 minutes"))
            }
            Reading::Absent => check(what, Health::Doubtful, "no data in 15 minutes"),
            Reading::Failed(why) => check(what, Health::Bad, why),
        }
    });
    of_metric.collect()
}

/// Whether reports can be kept where the plan says.
pub(crate) fn reports(bucket: Option<&str>, plan: &Plan) -> Option<Check> {
    let wanted = plan.reports.as_ref()?.bucket.as_str();
    let (health, says) = match bucket {
        Some(bucket) if bucket == wanted => {
            (Health::Good, format!("the stack may keep them in {bucket}"))
        }
        Some(bucket) => (
            Health::Bad,
            format!(
                "the plan keeps them in {wanted}, and the stack may put them into {bucket} alone (`report_bucket`)"
            ),
        ),
        None => (
            Health::Bad,
            format!(
                "the plan keeps them in {wanted}, and the stack has no bucket for them: name it in `report_bucket`"
            ),
        ),
    };
    Some(check("reports", health, says))
}

/// Whether people would be told, as `notify` finds it: it alone has the webhook's address.
async fn slack<T: Teller>(teller: Option<&T>, plan: &Plan) -> Option<Check> {
    let wanted = plan
        .notify
        .channels
        .iter()
        .any(|channel| channel.kind == ChannelKind::Slack);
    let (health, says) = match teller?.slack().await {
        Ok(Heard::Answers) => (Health::Good, "it answers".to_owned()),
        Ok(Heard::Unnamed) if wanted => (
            Health::Bad,
            "the plan tells people there, and the stack has no way to it: name the parameter with the \
             webhook's address or the bot's token (`slack_parameter`)"
                .to_owned(),
        ),
        Ok(Heard::Unnamed) => return None,
        Ok(Heard::Trouble(why)) => (Health::Bad, why),
        Err(trouble) => (
            Health::Doubtful,
            format!("notify could not be asked: {trouble}"),
        ),
    };
    Some(check("Slack", health, says))
}
