//! The function `notify`: its clients, and the loop of the Runtime API.

// The futures of the SDK lie deep in one another.
#![recursion_limit = "256"]

use aws::{
    client::{Clients, from_environment},
    clock::Clock,
    invocation::Invocation,
    outlets::Named,
    ports::optional,
    secrets::Secrets,
    telemetry::start_log,
};
use engine::ports::Clock as _;
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
    let outlets = &Named::new(
        connector,
        Secrets::new(clients.ssm),
        clients.sns,
        optional("TIDEGATE_SLACK_PARAMETER"),
        optional("TIDEGATE_TOPIC"),
    );
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let invocation = Invocation::new(&event.context.request_id, event.context.deadline);
        notify::handle(outlets, &event.payload, &invocation, || Clock.now())
            .instrument(invocation.span())
            .await
    }))
    .await
}
