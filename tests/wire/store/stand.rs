//! A table for each test, rollouts for it, and a wire that can be listened to and cut.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws::{client::connections, store::Store};
use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType,
    },
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
    result::ConnectorError,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig};
use domain::{
    decide::{Decision, Start, begin, decide},
    event::{AlarmReading, AlarmState, Command, Event},
    name::{AlarmArn, EventKey, Person, RolloutId, ServiceName},
    plan::Plan,
    rollout::{Origin, Rollout, Status},
    time::Timestamp,
    traffic::{Epoch, Weights},
};
use engine::ports::{Change, Commit};

use crate::bed::Bed;

/// When everything is decided; the store has its own time.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_772_496_000, 0);

/// A table of a test's own.
pub(crate) struct Stand {
    pub(crate) client: Client,
    pub(crate) table: String,
}

impl Stand {
    /// A new table, as the functions have it.
    pub(crate) async fn new(name: &str) -> Self {
        let alarms = Projection::builder()
            .projection_type(ProjectionType::Include)
            .non_key_attributes("alarms")
            .build();
        Self::projecting(name, alarms).await
    }

    /// A new table whose index shows this.
    pub(crate) async fn projecting(name: &str, projection: Projection) -> Self {
        let client = Bed::shared().clients().dynamodb;
        let table = format!("store-{name}");
        let attribute = |name| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .unwrap()
        };
        let key = |name, kind| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
                .unwrap()
        };
        let index = GlobalSecondaryIndex::builder()
            .index_name("active")
            .key_schema(key("active", KeyType::Hash))
            .key_schema(key("pk", KeyType::Range))
            .projection(projection)
            .build()
            .unwrap();
        client
            .create_table()
            .table_name(&table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute("pk"))
            .attribute_definitions(attribute("sk"))
            .attribute_definitions(attribute("active"))
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range))
            .global_secondary_indexes(index)
            .send()
            .await
            .unwrap();
        Self { client, table }
    }

    /// A store that has read nothing yet, as a new process has it.
    pub(crate) fn store(&self) -> Store {
        Store::new(self.client.clone(), self.table.clone())
    }

    /// A store behind a wire of its own.
    pub(crate) fn store_on(&self, wire: &Wire) -> Store {
        let connector = SharedHttpConnector::new(wire.clone());
        let config = self.client.config().to_builder();
        let config = config
            .retry_config(RetryConfig::standard())
            .http_client(http_client_fn(move |_, _| connector.clone()));
        Store::new(Client::from_conf(config.build()), self.table.clone())
    }
}

/// A wire that knows what was called, and can lose one answer.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    inner: SharedHttpConnector,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<String>,
    lose: Option<&'static str>,
    lost: bool,
}

impl Wire {
    pub(crate) fn new() -> Self {
        Self {
            inner: connections().0,
            state: Arc::default(),
        }
    }

    /// Loses the next answer to a call, after its effect. From then on the store does not know the call's token
    /// again, as after ten minutes, or as an emulator that has no such tokens.
    pub(crate) fn lose_answer_to(&self, call: &'static str) {
        self.state.lock().unwrap().lose = Some(call);
    }

    /// What was called since this was asked last.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().calls)
    }
}

impl HttpConnector for Wire {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let call = target.rsplit('.').next().unwrap_or_default().to_owned();
        let mut state = self.state.lock().unwrap();
        let lose = state.lose == Some(call.as_str());
        if lose {
            state.lose = None;
            state.lost = true;
        } else if state.lost {
            let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
            let other = body.replace("-1\"", "-x\"");
            *request.body_mut() = SdkBody::from(other);
        }
        state.calls.push(call);
        drop(state);
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            if lose {
                return Err(ConnectorError::io("the answer was lost".into()));
            }
            Ok(answer)
        })
    }
}

pub(crate) fn alarm(service: &str) -> AlarmArn {
    AlarmArn::new(&format!(
        "arn:aws:cloudwatch:us-east-1:123456789012:alarm:{service}-errors"
    ))
}

/// A plan that moves an alias of a function.
pub(crate) fn plan(service: &str, function: &str) -> Arc<Plan> {
    let arn = alarm(service);
    let text = format!(
        r#"
service: {service}
routes:
  web: {{ lambda_alias: {{ function: "{function}", alias: live, stable: 1, canary: 2 }} }}
alarms:
  - {{ arn: "{arn}", severity: critical }}
phases:
  - {{ name: all, weight: 100%, bake: 1m }}
"#
    );
    match plan::parse(&text) {
        Ok(checked) => Arc::new(checked.plan),
        Err(problems) => panic!("{problems}"),
    }
}

pub(crate) fn id(service: &str, number: u64) -> RolloutId {
    RolloutId {
        service: ServiceName::new(service).unwrap(),
        number,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a commit takes")]
pub(crate) fn key(text: &str) -> Option<EventKey> {
    Some(EventKey::new(text))
}

/// The beginning of a rollout.
pub(crate) fn begun(id: RolloutId, plan: Arc<Plan>) -> Change {
    let well = AlarmReading::State {
        state: AlarmState::Ok,
        since: NOW,
        reason: String::new(),
    };
    let alarms = plan.alarms.iter().map(|guard| guard.arn.clone());
    let alarms: BTreeMap<AlarmArn, AlarmReading> = alarms.map(|arn| (arn, well.clone())).collect();
    let start = Start {
        id,
        plan,
        by: Person::new("ann"),
        origin: Origin::Fresh,
        from: Weights::default(),
        epoch: Epoch::default(),
        alarms,
        override_reason: None,
    };
    change(None, begin(start, NOW).unwrap())
}

fn change(expected: Option<u64>, decision: Decision) -> Change {
    Change {
        expected,
        next: decision.next,
        entries: decision.entries,
    }
}

/// What follows from a command; none if nothing does.
pub(crate) fn asked(head: &Rollout, command: Command) -> Option<Change> {
    let asked = Event::Asked {
        by: Person::new("ann"),
        command,
    };
    let decision = decide(head, &asked, NOW).ok()?;
    let changes = decision.changes(head);
    changes.then(|| change(Some(head.revision), decision))
}

/// A change that everybody may make at any time: a pause, or the end of one.
pub(crate) fn toggled(head: &Rollout, reason: &str) -> Change {
    let reason = reason.to_owned();
    let command = if head.holds.is_empty() {
        Command::Pause { reason }
    } else {
        Command::Resume { reason }
    };
    asked(head, command).unwrap()
}

/// A change to another status that no decision is asked about.
pub(crate) fn turned(head: &Rollout, status: Status) -> Change {
    let mut next = head.clone();
    next.revision += 1;
    next.status = status;
    Change {
        expected: Some(head.revision),
        next,
        entries: Vec::new(),
    }
}

pub(crate) fn only(change: Change) -> Commit {
    Commit {
        changes: vec![change],
        key: None,
    }
}

/// A rollout that has begun in a store.
pub(crate) async fn started(store: &Store, service: &str, function: &str) -> Rollout {
    use engine::ports::Store as _;
    let change = begun(id(service, 1), plan(service, function));
    let head = change.next.clone();
    store.commit(&only(change)).await.unwrap();
    head
}
