//! The rollout that the alarm is about: begun by the core, and put into the table by the adapter, as in production.

use std::{fs, net::SocketAddr, sync::Arc};

use aws::{client::connections, marks, store::Store};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::{SdkConfig, region::Region};
use domain::{
    decide::{Start, begin, decide},
    event::{AlarmReading, AlarmState, Event},
    name::{Person, RolloutId},
    plan::{
        Plan,
        route::{AlbRoute, Route},
    },
    rollout::{Origin, Rollout, Status},
    target::{Carrier, Leftover, Propagation, Seen},
    time::{SignedDuration, Timestamp, earlier, later},
    traffic::{Epoch, Weight, Weights},
};
use engine::ports::{Change, Commit, Store as _};
use serde_json::Value;

use crate::{balancer::Listener, cloud::Cloud};

/// The table's name.
pub(crate) const TABLE: &str = "rollouts";

/// The region that everything is in.
pub(crate) const REGION: &str = "eu-west-1";

const PLAN: &str = "../events/shop.yaml";
const EVENT: &str = "../events/alarm/queue.metric.json";

/// The alarm of the sample event.
const ALARM: &str = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:new-5xx";
/// The alarm of the sample plan.
const PLANNED: &str = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-broken";
/// When the sample event's alarm went off.
const WENT_OFF: &str = "2026-11-25T10:05:12.123+0000";

fn read(file: &str) -> Result<String, String> {
    fs::read_to_string(file).map_err(|why| format!("{file}: {why}"))
}

/// The sample event, of an alarm that goes off now.
pub(crate) fn event() -> Result<String, String> {
    let text = read(EVENT)?;
    if !text.contains(ALARM) || !text.contains(WENT_OFF) {
        return Err(format!("{EVENT} is about another alarm or time"));
    }
    Ok(text.replace(WENT_OFF, &Timestamp::now().to_string()))
}

/// The table and the load balancer with a rollout at its first phase's weight.
pub(crate) fn cloud() -> Result<Cloud, String> {
    let text = read(PLAN)?;
    if !text.contains(PLANNED) {
        return Err(format!("{PLAN} has another alarm"));
    }
    let checked = plan::parse(&text.replace(PLANNED, ALARM));
    let checked = checked.map_err(|_| format!("{PLAN} is not a good plan"))?;
    let rollout = baking(Arc::new(checked.plan))?;
    let cloud = Cloud::new(listener(&rollout)?).map_err(|why| why.to_string())?;
    keep(rollout, cloud.table)?;
    cloud.begin_here();
    Ok(cloud)
}

/// A rollout that has been in its first phase for an hour.
fn baking(plan: Arc<Plan>) -> Result<Rollout, String> {
    let now = earlier(Timestamp::now(), SignedDuration::from_hours(1));
    let well = AlarmReading::State {
        state: AlarmState::Ok,
        since: now,
        reason: String::new(),
    };
    let guards = plan.alarms.iter();
    let start = Start {
        id: RolloutId {
            service: plan.service.clone(),
            number: 7,
        },
        alarms: guards
            .map(|guard| (guard.arn.clone(), well.clone()))
            .collect(),
        plan,
        by: Person::new("ann"),
        origin: Origin::Fresh,
        from: Weights::default(),
        epoch: Epoch(0),
        override_reason: None,
    };
    let mut rollout = begin(start, now).map_err(|why| why.to_string())?.next;
    for second in 1..10 {
        if rollout.status == Status::Baking {
            return Ok(rollout);
        }
        let event = match rollout.intent {
            Some(_) => reached(&rollout),
            None => Event::Tick,
        };
        let now = later(now, SignedDuration::from_secs(second));
        rollout = decide(&rollout, &event, now)
            .map_err(|why| why.to_string())?
            .next;
    }
    Err(format!("the rollout stays {}", rollout.status.name()))
}

/// Every route is as it should be.
fn reached(rollout: &Rollout) -> Event {
    let routes = rollout.plan.routes.keys().map(|name| {
        let seen = Seen {
            weight: rollout.goal(name).weight(),
            base: Weight::ZERO,
            carrier: Carrier::Ready,
            leftover: Leftover::Some,
            epoch: None,
            propagation: Propagation::Done,
            settle: SignedDuration::ZERO,
        };
        (name.clone(), seen)
    });
    Event::Observed {
        epoch: rollout.epoch,
        read_at: Timestamp::UNIX_EPOCH,
        routes: routes.collect(),
    }
}

fn route(rollout: &Rollout) -> Result<(&str, &AlbRoute), String> {
    let mut routes = rollout.plan.routes.iter();
    routes
        .find_map(|(name, route)| match route {
            Route::Alb(alb) => Some((name.as_str(), alb)),
            Route::Route53(_) | Route::LambdaAlias(_) => None,
        })
        .ok_or_else(|| format!("{PLAN} has no route of a load balancer"))
}

/// The rules as they are while the canary has the first phase's weight.
fn listener(rollout: &Rollout) -> Result<Listener, String> {
    let (name, alb) = route(rollout)?;
    let base = alb.base.arn().to_owned();
    let (home, _) = base.rsplit_once('/').unwrap_or((&base, ""));
    let rule = |id: &str| format!("{home}/{id}");
    let RolloutId { service, number } = &rollout.id;
    Ok(Listener {
        own: rule("00000000000000aa"),
        other: rule("00000000000000bb"),
        default: rule("00000000000000cc"),
        stable: alb.stable.clone(),
        canary: alb.canary.clone(),
        tags: vec![
            ("tidegate:owner", format!("{service}/{number}")),
            ("tidegate:route", name.to_owned()),
            ("tidegate:base", base.clone()),
            ("tidegate:stable", alb.stable.clone()),
            ("tidegate:canary", alb.canary.clone()),
            (
                "tidegate:guards",
                marks::guards(&rollout.plan.alarms).join(" "),
            ),
        ],
        has_own: true,
        base,
    })
}

fn keep(rollout: Rollout, table: SocketAddr) -> Result<(), String> {
    let credentials = Credentials::new("test", "test", None, None, "bench");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(connections().1)
        .endpoint_url(format!("http://{table}"))
        .build();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&config), TABLE.to_owned());
    let commit = Commit {
        changes: vec![Change {
            expected: None,
            next: rollout,
            entries: Vec::new(),
        }],
        key: None,
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| why.to_string())?
        .block_on(store.commit(&commit))
        .map_err(|why| format!("the rollout is not in the table: {why}"))
}

/// What the function answered says that no message must come again.
pub(crate) fn is_through(answer: &[u8]) -> bool {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    answer["batchItemFailures"]
        .as_array()
        .is_some_and(Vec::is_empty)
}
