//! All of AWS as the engine's ports.

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use domain::{
    ledger::Line,
    name::{RolloutId, ServiceName},
    rollout::Rollout,
};
use engine::{ports::Ports, trouble::Trouble};

use crate::{
    alarms::Alarms,
    alb::Alb,
    alias::Alias,
    client::{Clients, SetupError},
    clock::Clock,
    control::Archive,
    hooks::Hooks,
    metrics::Metrics,
    route53::Route53,
    router::{Marks, Places, Router},
    store::Store,
};

/// All of AWS as the engine's ports.
#[derive(Debug)]
pub struct Aws {
    store: Store,
    router: Router<Clock>,
    metrics: Metrics,
    alarms: Alarms,
    hooks: Hooks,
    clock: Clock,
}

impl Aws {
    /// The ports over these clients and this table. Web hooks go through the connector, and are signed with the secret
    /// in the parameter `signed_with`; without one there are none.
    #[must_use]
    pub fn new(
        clients: &Clients,
        table: String,
        connector: SharedHttpConnector,
        signed_with: Option<String>,
    ) -> Self {
        let router = Router::new(
            Alb::new(clients.balancers.clone()),
            Route53::new(clients.route53.clone()),
            Alias::new(clients.lambda.clone()),
            Clock,
        );
        let (lambda, ssm) = (clients.lambda.clone(), clients.ssm.clone());
        Self {
            store: Store::new(clients.dynamodb.clone(), table),
            router,
            metrics: Metrics::new(clients.cloudwatch.clone()),
            alarms: Alarms::new(clients.cloudwatch.clone()),
            hooks: Hooks::new(lambda, ssm, connector, signed_with),
            clock: Clock,
        }
    }
}

/// The marks at the places that the environment names.
pub fn marks(clients: &Clients) -> Result<Marks, SetupError> {
    let listeners = optional("TIDEGATE_LISTENERS").unwrap_or_default();
    let records = optional("TIDEGATE_RECORDS").unwrap_or_default();
    let places = Places::parse(&listeners, &records).map_err(|bad| SetupError::Wrong {
        name: "TIDEGATE_LISTENERS or TIDEGATE_RECORDS",
        expected: "listeners' ARNs, and records as zone/name, with commas between them",
        found: bad.to_string(),
    })?;
    let (balancers, route53) = (clients.balancers.clone(), clients.route53.clone());
    Ok(Marks::new(balancers, route53, places))
}

/// An environment variable that may be missing or empty.
#[must_use]
pub fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Ports for Aws {
    type Store = Store;
    type Router = Router<Clock>;
    type Metrics = Metrics;
    type Alarms = Alarms;
    type Hooks = Hooks;
    type Clock = Clock;

    fn store(&self) -> &Store {
        &self.store
    }

    fn router(&self) -> &Router<Clock> {
        &self.router
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn alarms(&self) -> &Alarms {
        &self.alarms
    }

    fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl Archive for Store {
    async fn ledger(&self, id: &RolloutId) -> Result<Vec<Line>, Trouble> {
        Self::ledger(self, id).await
    }

    async fn rollouts(&self, service: Option<&ServiceName>) -> Result<Vec<Rollout>, Trouble> {
        Self::rollouts(self, service).await
    }
}
