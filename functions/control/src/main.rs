//! The function `control`: its clients, and the loop of the Runtime API.

// The futures of the SDK lie deep in one another.
#![recursion_limit = "256"]

use aws::{
    caller::Sts,
    client::{Clients, endpoint, from_environment, variable},
    invocation::Invocation,
    noted::Noted,
    ports::{Aws, optional},
    store::Store,
    telemetry::{Stdout, start_log},
    teller::Notify,
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
    let (config, connector) = from_environment()?;
    let clients = Clients::new(&config);
    let table = variable("TIDEGATE_TABLE")?;
    let sts = endpoint("STS").or_else(|| optional("AWS_ENDPOINT_URL"));
    let callers = Sts::new(connector.clone(), variable("AWS_REGION")?, sts.as_deref());
    let archive = Store::new(clients.dynamodb.clone(), table.clone());
    let hooks = optional("TIDEGATE_HOOKS_PARAMETER");
    let desk = &control::Desk {
        ports: Noted::new(Aws::new(&clients, table, connector, hooks), Stdout),
        archive,
        callers,
        reports: optional("TIDEGATE_REPORT_BUCKET"),
        teller: optional("TIDEGATE_NOTIFY").map(|name| Notify::new(clients.lambda.clone(), name)),
    };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let invocation = Invocation::new(&event.context.request_id, event.context.deadline);
        let answer = Box::pin(control::handle(desk, &event.payload, &invocation))
            .instrument(invocation.span())
            .await;
        serde_json::to_value(answer).map_err(|error| error.to_string())
    }))
    .await
}
