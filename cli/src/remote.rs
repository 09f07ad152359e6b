//! Rollouts on AWS: `control` is asked, with the caller's own identity.
//!
//! What is asked of AWS goes through [`Cloud`] and [`Account`], so that tests can run every command with
//! something else in the place of AWS. A command never decides anything about a rollout: it sends one request
//! and shows the answer. The one exception is `rollback --direct`, for when nobody answers.

mod answer;
mod ask;
mod direct;
mod doctor;
mod hands;
mod history;
mod keys;
mod list;
mod page;
mod real;
mod report;
mod start;
mod status;
mod unanswered;
mod watch;

use std::{future::Future, time::Duration};

use aws::{
    alarms::Inspection,
    alb::{Side, Standing},
    alias::Served,
    control::Do,
    ecs,
    parameters::{Found, Kept, Over},
    route53::Finding,
    secrets::{Kind, Secret},
};
use domain::{
    name::AlarmArn,
    plan::route::{AlbRoute, LambdaAliasRoute, Route53Route},
};
use engine::{ports::Ports, trouble::Trouble};
use serde_json::Value;

use crate::{
    args::{
        Arguments, History,
        remote::{At, Remote},
    },
    console::Console,
    exit::Exit,
    failure::Failure,
};

pub use hands::Hands;
pub use real::Real;
pub use unanswered::Unanswered;

/// AWS itself.
pub const REAL: Real = Real;

/// AWS, or what stands in its place.
#[expect(
    async_fn_in_trait,
    reason = "a command runs on one thread; no future needs to be Send"
)]
pub trait Cloud {
    /// An account that was opened.
    type Account: Account;

    /// Finds region and credentials; asks nobody yet, except who gives credentials.
    async fn open(&self, at: &At) -> Result<Self::Account, Unanswered>;

    /// A key that no other request has.
    fn key(&self) -> Result<String, Unanswered>;

    /// What a key is made from, and nothing else has.
    fn seed(&self) -> Result<[u8; 32], Unanswered>;
}

/// An account, as the caller may use it.
#[expect(
    async_fn_in_trait,
    reason = "a command runs on one thread; no future needs to be Send"
)]
pub trait Account {
    /// Routes with the caller's own rights, and the time.
    type Ports: Ports;

    /// Routes with the caller's own rights, and the time.
    fn ports(&self) -> &Self::Ports;

    /// Asks `control` something; the answer is what it says, as it says it.
    async fn call(&self, key: &str, what: Do) -> Result<Value, Unanswered>;

    /// Who the caller is, as AWS knows them: an ARN.
    async fn caller(&self) -> Result<String, Unanswered>;

    /// What a load balancer's route stands on; none if there is no such rule or listener.
    async fn standing(&self, route: &AlbRoute) -> Result<Option<Standing>, Trouble>;

    /// How the targets of a group are; none if there is no such group.
    async fn targets(&self, group: &str) -> Result<Option<Side>, Trouble>;

    /// What a name's records are not, that a rollout needs them to be.
    async fn records(&self, route: &Route53Route) -> Result<Vec<Finding>, Trouble>;

    /// An alias; none if there is no such function or alias.
    async fn alias(&self, route: &LambdaAliasRoute) -> Result<Option<Served>, Trouble>;

    /// Alarms, in the order they were asked for; the error says why there is nothing about one.
    async fn alarms(&self, arns: &[AlarmArn]) -> Vec<Result<Inspection, String>>;

    /// The ECS services that load balancers have to do with.
    async fn ecs(&self) -> ecs::Found;

    /// How a parameter is kept; none if there is no such parameter.
    async fn parameter(&self, name: &str) -> Result<Option<Kind>, Trouble>;

    /// What a parameter holds; none if there is no such parameter.
    async fn find(&self, name: &str) -> Result<Option<Found>, Trouble>;

    /// Keeps a secret in a parameter, encrypted with that key of Key Management or with AWS's own.
    async fn keep(
        &self,
        name: &str,
        secret: &Secret,
        over: Over,
        key: Option<&str>,
    ) -> Result<Kept, Trouble>;

    /// Waits between two looks.
    async fn wait(&self, long: Duration);
}

/// Does what an operator asks of rollouts on AWS.
pub(crate) fn run(
    what: &Remote,
    at: &At,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Result<Exit, Failure> {
    block_on(async {
        match what {
            Remote::Start(what) => start::run(what, at, console, cloud).await,
            Remote::Status(what) => status::run(what, at, console, cloud).await,
            Remote::List(what) => list::run(what, at, console, cloud).await,
            Remote::Rollback(what) if what.direct.is_some() => {
                direct::run(what, at, console, cloud).await
            }
            Remote::Report(what) => report::run(what, at, console, cloud).await,
            Remote::Doctor(what) => doctor::run(what, at, console, cloud).await,
            Remote::Keys(what) => keys::run(what, at, console, cloud).await,
            Remote::Pause(_)
            | Remote::Resume(_)
            | Remote::Promote(_)
            | Remote::Rollback(_)
            | Remote::Abort(_)
            | Remote::Retry(_)
            | Remote::SetWeight(_)
            | Remote::Approve(_)
            | Remote::Reject(_)
            | Remote::Check(_)
            | Remote::OverrideCalendar(_)
            | Remote::Accept(_)
            | Remote::Finish(_) => ask::run(what, at, console, cloud).await,
        }
    })
}

/// Reads the ledger of a rollout on AWS; none if a file is meant.
pub(crate) fn history(
    what: &History,
    arguments: &Arguments,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Option<Result<Exit, Failure>> {
    let target = history::target(what)?;
    Some(block_on(history::run(
        what,
        &target,
        &arguments.at,
        console,
        cloud,
    )))
}

/// Runs a command on this thread.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Failure::Remote(format!("this machine gives no sockets or timers: {error}"))
    })?;
    runtime.block_on(work)
}
