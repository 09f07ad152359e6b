//! The function `archive`: its clients, and the loop of the Runtime API.

// The futures of the SDK lie deep in one another.
#![recursion_limit = "256"]

use archive::{Shelf, services};
use aws::{
    archive::{Bucket, Lock},
    client::{Clients, from_environment, variable},
    clock::Clock,
    invocation::Invocation,
    ports::optional,
    store::Store,
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
    let (config, _) = from_environment()?;
    let bucket = Bucket::new(
        &config,
        variable("TIDEGATE_ARCHIVE_BUCKET")?,
        optional("TIDEGATE_ARCHIVE_PREFIX").unwrap_or_default(),
        Lock::parse(optional("TIDEGATE_ARCHIVE_LOCK_DAYS").as_deref())?,
    );
    let store = Store::new(Clients::new(&config).dynamodb, variable("TIDEGATE_TABLE")?);
    let shelf = &Shelf {
        store,
        vault: bucket,
        services: services(&optional("TIDEGATE_SERVICES").unwrap_or_default())?,
    };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let invocation = Invocation::new(&event.context.request_id, event.context.deadline);
        archive::handle(shelf, &event.payload, Clock.now())
            .instrument(invocation.span())
            .await
    }))
    .await
}
