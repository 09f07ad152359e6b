//! The SDK's clients: one pool of connections for all, and limits on how long a call may take.

use std::{env, time::Duration};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    http::{HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn},
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};

/// Long for one answer of any API that is called here; a traffic write that is slower is looked after by a read.
const ATTEMPT_LASTS: Duration = Duration::from_secs(3);
/// A call with its retries.
const CALL_LASTS: Duration = Duration::from_secs(8);
/// A connection within a region takes milliseconds.
const CONNECT_LASTS: Duration = Duration::from_secs(1);

/// Why there are no clients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Lambda always sets it.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// It is set to something else than it should be.
    #[error("the environment variable {name} should be {expected}, it is `{found}`")]
    Wrong {
        /// Its name.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
}

/// An environment variable that must be there and not empty.
pub fn variable(name: &'static str) -> Result<String, SetupError> {
    match env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        Ok(_) | Err(_) => Err(SetupError::Missing(name)),
    }
}

/// Where one service is to be reached instead of AWS: `AWS_ENDPOINT_URL_<SERVICE>`, as every SDK reads it.
#[must_use]
pub fn endpoint(service: &str) -> Option<String> {
    env::var(format!("AWS_ENDPOINT_URL_{service}")).ok()
}

/// The pool of connections; clones share it.
#[must_use]
pub fn connections() -> (SharedHttpConnector, SharedHttpClient) {
    let connector = Connector::builder()
        .connector_settings(
            HttpConnectorSettings::builder()
                .connect_timeout(CONNECT_LASTS)
                .build(),
        )
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build();
    let connector = SharedHttpConnector::new(connector);
    let pool = connector.clone();
    (connector, http_client_fn(move |_, _| pool.clone()))
}

/// How long calls may take; everything has an end.
#[must_use]
pub fn limits() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_LASTS)
        .operation_attempt_timeout(ATTEMPT_LASTS)
        .operation_timeout(CALL_LASTS)
        .build()
}

/// What a function's clients are made from: the region and credentials that Lambda puts into the environment, and the
/// connections that they share.
///
/// Credentials are those of the function's role and outlive the environment they were put into (Lambda,
/// "Defined runtime environment variables").
pub fn from_environment() -> Result<(SdkConfig, SharedHttpConnector), SetupError> {
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let (connector, http) = connections();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(variable("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(50)))
        .timeout_config(limits())
        .http_client(http);
    config.set_endpoint_url(env::var("AWS_ENDPOINT_URL").ok());
    Ok((config.build(), connector))
}

/// Every client that the functions use.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Load balancers.
    pub balancers: aws_sdk_elasticloadbalancingv2::Client,
    /// Zones.
    pub route53: aws_sdk_route53::Client,
    /// Metrics and alarms.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// Functions.
    pub lambda: aws_sdk_lambda::Client,
    /// Topics.
    pub sns: aws_sdk_sns::Client,
    /// Parameters and automation.
    pub ssm: aws_sdk_ssm::Client,
}

macro_rules! client {
    ($sdk:ident, $config:expr, $service:literal) => {{
        let mut builder = $sdk::config::Builder::from($config);
        if let Some(url) = endpoint($service) {
            builder = builder.endpoint_url(url);
        }
        $sdk::Client::from_conf(builder.build())
    }};
}

impl Clients {
    /// Clients for the services, each at its own endpoint if the environment names one.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            dynamodb: client!(aws_sdk_dynamodb, config, "DYNAMODB"),
            balancers: client!(
                aws_sdk_elasticloadbalancingv2,
                config,
                "ELASTIC_LOAD_BALANCING_V2"
            ),
            route53: client!(aws_sdk_route53, config, "ROUTE_53"),
            cloudwatch: client!(aws_sdk_cloudwatch, config, "CLOUDWATCH"),
            lambda: client!(aws_sdk_lambda, config, "LAMBDA"),
            sns: client!(aws_sdk_sns, config, "SNS"),
            ssm: client!(aws_sdk_ssm, config, "SSM"),
        }
    }
}
