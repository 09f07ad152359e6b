//! The function `link`: its clients, and the loop of the Runtime API.

// The futures of the SDK lie deep in one another.
#![recursion_limit = "256"]

use aws::{
    approvals::Topic,
    client::{Clients, from_environment, variable},
    invocation::Invocation,
    keyring::audience,
    metrics::Metrics,
    secrets::Secrets,
    store::Store,
    telemetry::start_log,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use tracing::Instrument as _;

fn main() -> Result<(), Error> {
    start_log();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> Result<(), Error> {
    let (config, _connector) = from_environment()?;
    let clients = Clients::new(&config);
    let table = variable("TIDEGATE_TABLE")?;
    let audience = &audience()?;
    let house = &link::Amazon {
        store: Store::new(clients.dynamodb, table),
        metrics: Metrics::new(clients.cloudwatch),
        secrets: Secrets::new(clients.ssm),
        verifying: variable("TIDEGATE_VERIFYING_PARAMETER")?,
        topic: Topic::new(clients.sns, variable("TIDEGATE_APPROVALS_TOPIC")?),
    };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let invocation = Invocation::new(&event.context.request_id, event.context.deadline);
        let reply = Box::pin(link::handle(house, audience, &event.payload))
            .instrument(invocation.span())
            .await;
        Ok::<_, Error>(reply)
    }))
    .await
}
