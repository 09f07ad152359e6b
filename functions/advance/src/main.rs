//! The function `advance`: its clients, and the loop of the Runtime API.

// The futures of the SDK lie deep in one another.
#![recursion_limit = "256"]

use aws::{
    client::{Clients, from_environment, variable},
    invocation::Invocation,
    noted::Noted,
    ports::{Aws, optional},
    telemetry::{Stdout, start_log},
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
    let aws = Aws::new(
        &Clients::new(&config),
        variable("TIDEGATE_TABLE")?,
        connector,
        optional("TIDEGATE_HOOKS_PARAMETER"),
    );
    let ports = &Noted::new(aws, Stdout);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let invocation = Invocation::new(&event.context.request_id, event.context.deadline);
        advance::handle(ports, ports.gauges(), &invocation)
            .instrument(invocation.span())
            .await
    }))
    .await
}
