//! AWS itself: profiles and sign-on as the AWS CLI has them, and `control` by an invocation of Lambda.

mod errors;

use std::{
    env,
    time::{Duration, SystemTime},
};

use aws::{
    alarms::{Alarms, Inspection},
    alb::{Alb, Side, Standing},
    alias::{Alias, Served},
    caller::{self, Callers as _, Sts},
    client::{self, Clients},
    clock::Clock,
    control::{Digest, Do, Request, VERSION},
    ecs::{self, Ecs},
    parameters::{Found, Kept, Over, Parameters},
    route53::{Finding, Route53},
    router::Router,
    secrets::{Kind, Secret, Secrets},
};
use aws_config::{
    BehaviorVersion, Region, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials as _, SharedCredentialsProvider},
};
use aws_sdk_lambda::{operation::invoke::InvokeOutput, primitives::Blob};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector};
use aws_smithy_types::timeout::TimeoutConfig;
use domain::{
    name::AlarmArn,
    plan::route::{AlbRoute, LambdaAliasRoute, Route53Route},
};
use engine::trouble::Trouble;
use rand::{TryRng as _, rngs::SysRng};
use serde_json::Value;

use super::{Account, Cloud, Unanswered, hands::Hands};
use crate::args::remote::At;

/// How long `control` may work: a change is read back from every route before it answers.
const CHANGES_WITHIN: Duration = Duration::from_mins(1);

/// How long a question may take: who watches and presses Ctrl-C waits as long at most.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// AWS itself.
#[derive(Debug, Clone, Copy)]
pub struct Real;

impl Cloud for Real {
    type Account = Opened;

    async fn open(&self, at: &At) -> Result<Opened, Unanswered> {
        let (connector, http) = client::connections();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http.clone())
            .timeout_config(client::limits());
        if let Some(profile) = &at.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &at.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let mut config = loader.load().await;
        // A variable that is empty names none.
        let region = config.region().filter(|region| !region.as_ref().is_empty());
        let region = region.cloned();
        if let Some(profile) = &at.profile {
            let credentials = of_profile(profile, region.clone(), http);
            let credentials = SharedCredentialsProvider::new(credentials);
            let builder = config.into_builder().credentials_provider(credentials);
            config = builder.build();
        }
        let credentials = config.credentials_provider();
        let credentials = credentials.ok_or_else(|| Unanswered::NoCredentials(String::new()))?;
        // Asked for before anything else, because it is what is wrong most often.
        if let Err(error) = credentials.provide_credentials().await {
            return Err(errors::credentials(&error, at.profile.as_deref()));
        }
        let region = region.ok_or(Unanswered::NoRegion)?;
        let clients = Clients::new(&config);
        let environment = env::var("TIDEGATE_CONTROL").ok();
        Ok(Opened {
            credentials,
            connector,
            function: function(at, environment),
            looks: Looks::new(&clients, Ecs::new(&config)),
            routes: hands(&clients),
            lambda: clients.lambda,
            parameters: Parameters::new(clients.ssm),
            region: region.to_string(),
        })
    }

    fn key(&self) -> Result<String, Unanswered> {
        random().map(uuid)
    }

    fn seed(&self) -> Result<[u8; 32], Unanswered> {
        random()
    }
}

/// Bytes from the machine's own randomness.
fn random<const BYTES: usize>() -> Result<[u8; BYTES], Unanswered> {
    let mut bytes = [0; BYTES];
    let filled = SysRng.try_fill_bytes(&mut bytes);
    filled.map_err(|error| {
        Unanswered::Other(format!("this machine gives no random numbers: {error}"))
    })?;
    Ok(bytes)
}

/// The credentials of a profile that was named. It is meant, whatever the environment has, as with the AWS CLI: the
/// SDK alone would take those of the environment first, which may be another account's.
fn of_profile(
    profile: &str,
    region: Option<Region>,
    http: SharedHttpClient,
) -> ProfileFileCredentialsProvider {
    let config = ProviderConfig::without_region()
        .with_region(region)
        .with_http_client(http)
        .with_timeout_config(client::limits());
    ProfileFileCredentialsProvider::builder()
        .profile_name(profile)
        .configure(&config)
        .build()
}

/// The option, else the environment, else the usual name.
fn function(at: &At, environment: Option<String>) -> String {
    let named = at.function.clone();
    let named = named.or_else(|| environment.filter(|name| !name.is_empty()));
    named.unwrap_or_else(|| At::FUNCTION.to_owned())
}

/// Random bytes as a UUID of version 4 (RFC 9562).
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let number = u128::from_be_bytes(bytes);
    let digits = format!("{number:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    let parts = parts.map(|part| digits.get(part).unwrap_or_default());
    parts.join("-")
}

/// An account, with the caller's credentials.
#[derive(Debug)]
pub struct Opened {
    credentials: SharedCredentialsProvider,
    connector: SharedHttpConnector,
    region: String,
    function: String,
    lambda: aws_sdk_lambda::Client,
    parameters: Parameters,
    looks: Looks,
    routes: Hands<Router<Clock>, Clock>,
}

/// The adapters that `doctor` looks with.
#[derive(Debug)]
struct Looks {
    balancers: Alb,
    records: Route53,
    aliases: Alias,
    alarms: Alarms,
    ecs: Ecs,
    secrets: Secrets,
}

impl Looks {
    fn new(clients: &Clients, ecs: Ecs) -> Self {
        Self {
            balancers: Alb::new(clients.balancers.clone()),
            records: Route53::new(clients.route53.clone()),
            aliases: Alias::new(clients.lambda.clone()),
            alarms: Alarms::new(clients.cloudwatch.clone()),
            ecs,
            secrets: Secrets::new(clients.ssm.clone()),
        }
    }
}

/// Routes with the caller's own rights, and the time.
fn hands(clients: &Clients) -> Hands<Router<Clock>, Clock> {
    let balancers = Alb::new(clients.balancers.clone());
    let records = Route53::new(clients.route53.clone());
    let aliases = Alias::new(clients.lambda.clone());
    Hands {
        router: Router::new(balancers, records, aliases, Clock),
        clock: Clock,
    }
}

impl Opened {
    async fn credentials(&self) -> Result<Credentials, Unanswered> {
        let provided = self.credentials.provide_credentials().await;
        provided.map_err(|error| errors::credentials(&error, None))
    }

    /// A request with the proof of who sends it.
    async fn request(&self, key: &str, what: Do) -> Result<Vec<u8>, Unanswered> {
        let mut request = Request {
            version: VERSION,
            key: key.to_owned(),
            caller: None,
            what,
        };
        let credentials = self.credentials().await?;
        let digest = Digest::of_request(&request).map_err(|error| errors::unsent(&error))?;
        let now = SystemTime::now();
        let proof = caller::prove(&credentials, &self.region, &digest, now);
        request.caller = Some(proof.map_err(|error| errors::unsent(&error))?);
        serde_json::to_vec(&request).map_err(|error| errors::unsent(&error))
    }

    /// The answer in what Lambda answers.
    fn answer(&self, output: &InvokeOutput) -> Result<Value, Unanswered> {
        let payload = output.payload().map_or(&[][..], |payload| payload.as_ref());
        let value: Result<Value, _> = serde_json::from_slice(payload);
        let function = self.function.clone();
        if let Some(error) = output.function_error() {
            let message = value.ok();
            let message = message.as_ref().and_then(|value| value.get("errorMessage"));
            let said = message.and_then(Value::as_str).unwrap_or(error).to_owned();
            return Err(Unanswered::Broken { function, said });
        }
        value.map_err(|error| {
            let said = error.to_string();
            Unanswered::Garbled { function, said }
        })
    }
}

impl Account for Opened {
    type Ports = Hands<Router<Clock>, Clock>;

    fn ports(&self) -> &Self::Ports {
        &self.routes
    }

    async fn call(&self, key: &str, what: Do) -> Result<Value, Unanswered> {
        let within = if what.only_reads() {
            ANSWERS_WITHIN
        } else {
            CHANGES_WITHIN
        };
        let payload = self.request(key, what).await?;
        let call = self.lambda.invoke().function_name(&self.function);
        let patience = TimeoutConfig::builder()
            .operation_attempt_timeout(within)
            .operation_timeout(within)
            .read_timeout(within);
        // The key makes the request one request: the SDK may send it again.
        let call = call.payload(Blob::new(payload)).customize();
        let config = aws_sdk_lambda::config::Builder::new().timeout_config(patience.build());
        match call.config_override(config).send().await {
            Ok(output) => self.answer(&output),
            Err(error) => Err(errors::call(&error, &self.function, &self.region)),
        }
    }

    async fn caller(&self) -> Result<String, Unanswered> {
        let what = Do::List { service: None };
        let request = Request {
            version: VERSION,
            key: String::new(),
            caller: None,
            what,
        };
        let digest = Digest::of_request(&request).map_err(|error| errors::unsent(&error))?;
        let credentials = self.credentials().await?;
        let proof = caller::prove(&credentials, &self.region, &digest, SystemTime::now());
        let proof = proof.map_err(|error| errors::unsent(&error))?;
        let endpoint = client::endpoint("STS").or_else(|| env::var("AWS_ENDPOINT_URL").ok());
        let sts = Sts::new(
            self.connector.clone(),
            self.region.clone(),
            endpoint.as_deref(),
        );
        let who = sts.who(&proof, &digest, crate::now()).await;
        let who = who.map_err(|error| errors::caller(&error, &self.region))?;
        Ok(who.to_string())
    }

    async fn standing(&self, route: &AlbRoute) -> Result<Option<Standing>, Trouble> {
        self.looks.balancers.standing(route).await
    }

    async fn targets(&self, group: &str) -> Result<Option<Side>, Trouble> {
        self.looks.balancers.targets(group).await
    }

    async fn records(&self, route: &Route53Route) -> Result<Vec<Finding>, Trouble> {
        self.looks.records.inspect(route, None).await
    }

    async fn alias(&self, route: &LambdaAliasRoute) -> Result<Option<Served>, Trouble> {
        self.looks.aliases.served(route).await
    }

    async fn alarms(&self, arns: &[AlarmArn]) -> Vec<Result<Inspection, String>> {
        self.looks.alarms.inspect(arns).await
    }

    async fn ecs(&self) -> ecs::Found {
        self.looks.ecs.services().await
    }

    async fn parameter(&self, name: &str) -> Result<Option<Kind>, Trouble> {
        self.looks.secrets.kind(name).await
    }

    async fn find(&self, name: &str) -> Result<Option<Found>, Trouble> {
        self.parameters.find(name).await
    }

    async fn keep(
        &self,
        name: &str,
        secret: &Secret,
        over: Over,
        key: Option<&str>,
    ) -> Result<Kept, Trouble> {
        self.parameters.keep(name, secret, over, key).await
    }

    async fn wait(&self, long: Duration) {
        tokio::time::sleep(long).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_uuid_and_another_each_time() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_ne!(Real.key(), Real.key());
    }

    #[test]
    fn the_function_is_the_one_that_was_named_nearest() {
        let typed = At {
            function: Some("mine".to_owned()),
            ..At::default()
        };
        let of = |at: &At, environment: &str| function(at, Some(environment.to_owned()));
        assert_eq!(of(&typed, "other"), "mine");
        assert_eq!(of(&At::default(), "other"), "other");
        assert_eq!(of(&At::default(), ""), "tidegate-control");
        assert_eq!(function(&At::default(), None), "tidegate-control");
    }
}
