//! The function `notify`: its clients, and the loop of the Runtime API.

// The futures of the SDK lie deep in one another.
#![recursion_limit = "256"]

use aws::{
    client::{Clients, from_environment, variable},
    clock::Clock,
    invocation::Invocation,
    keyring::Parameters,
    outlets::{Named, Settings, Topic},
    ports::optional,
    secrets::Secrets,
    store::Store,
    telemetry::start_log,
};
use engine::ports::Clock as _;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use notify::{Desk, Presses};
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
    let settings = Settings::from_environment();
    let secrets = Secrets::new(clients.ssm.clone());
    let desk = &Desk {
        store: Store::new(clients.dynamodb, variable("TIDEGATE_TABLE")?),
        keyring: Parameters::from_environment(Secrets::new(clients.ssm))?,
        channel: optional("TIDEGATE_SLACK_CHANNEL"),
        topic: settings.topic.as_ref().map(|_| Topic::Messages),
        presses: match optional("TIDEGATE_SLACK_SIGNING_PARAMETER") {
            Some(_) => Presses::Heard,
            None => Presses::Unheard,
        },
        outlets: Named::new(connector, secrets, clients.sns, &config, settings),
    };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let invocation = Invocation::new(&event.context.request_id, event.context.deadline);
        Box::pin(notify::handle(desk, &event.payload, &invocation, || {
            Clock.now()
        }))
        .instrument(invocation.span())
        .await
    }))
    .await
}
