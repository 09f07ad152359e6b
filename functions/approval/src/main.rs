//! The function `approval`: its clients, and the loop of the Runtime API.

// The futures of the SDK lie deep in one another.
#![recursion_limit = "256"]

use approval::{Desk, Parameters};
use aws::{
    client::{Clients, from_environment, variable},
    invocation::Invocation,
    keyring::audience,
    noted::Noted,
    ports::{Aws, optional},
    secrets::Secrets,
    slack_api::Slack,
    store::Store,
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
    let clients = Clients::new(&config);
    let table = variable("TIDEGATE_TABLE")?;
    let hooks = optional("TIDEGATE_HOOKS_PARAMETER");
    let desk = &Desk {
        links: Store::new(clients.dynamodb.clone(), table.clone()),
        keys: Parameters::new(
            Secrets::new(clients.ssm.clone()),
            variable("TIDEGATE_VERIFYING_PARAMETER")?,
            variable("TIDEGATE_CODE_PARAMETER")?,
            optional("TIDEGATE_SLACK_SIGNING_PARAMETER"),
        ),
        slack: Slack::new(
            connector.clone(),
            Secrets::new(clients.ssm.clone()),
            optional("TIDEGATE_SLACK_PARAMETER"),
        ),
        audience: audience()?,
        topic: variable("TIDEGATE_APPROVALS_TOPIC")?,
        team: optional("TIDEGATE_SLACK_TEAM"),
        ports: Noted::new(Aws::new(&clients, table, connector, hooks), Stdout),
    };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let invocation = Invocation::new(&event.context.request_id, event.context.deadline);
        Box::pin(approval::handle(desk, &event.payload, &invocation))
            .instrument(invocation.span())
            .await
    }))
    .await
}
