//! A connector for tests: it answers what it was told to, in order, and keeps what was asked.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex},
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        behavior_version::BehaviorVersion,
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig};
use aws_types::{SdkConfig, region::Region};
use serde_json::Value;

/// One answer.
pub(crate) enum Answer {
    /// A status and JSON.
    Json(u16, Value),
    /// A status and CBOR, as `CloudWatch` speaks it.
    Cbor(u16, Value),
    /// A status, a header and a text.
    Text(u16, (&'static str, &'static str), String),
    /// None, ever.
    Silence,
    /// The connection is refused.
    Refusal,
}

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.body).contains(text)
    }
}

/// Answers and questions.
#[derive(Clone)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            asked: Arc::default(),
        }
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn connector(&self) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }

    /// A configuration of clients in `eu-west-1` that try once.
    pub(crate) fn config(&self) -> SdkConfig {
        let connector = self.connector();
        let credentials = Credentials::new("test", "test", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.asked.lock().unwrap().push(Asked {
            method: request.method().to_owned(),
            uri: request.uri().to_owned(),
            headers: headers.collect(),
            body: request.body().bytes().unwrap_or_default().to_vec(),
        });
        let answer = self.answers.lock().unwrap().pop_front();
        let (status, (name, value), body) = match answer.expect("there is an answer left") {
            Answer::Json(status, body) => (
                status,
                ("content-type", "application/json"),
                body.to_string().into_bytes(),
            ),
            Answer::Cbor(status, body) => (status, ("smithy-protocol", "rpc-v2-cbor"), cbor(&body)),
            Answer::Text(status, header, text) => (status, header, text.into_bytes()),
            Answer::Silence => return HttpConnectorFuture::new(std::future::pending()),
            Answer::Refusal => {
                let refused = ConnectorError::io("connection refused".into());
                return HttpConnectorFuture::ready(Err(refused));
            }
        };
        let status = StatusCode::try_from(status).unwrap();
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        response.headers_mut().insert(name, value);
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// CBOR of a JSON value. Its numbers are floats; `{"$at": seconds}` is a time, and `{"$whole": n}` a whole number.
fn cbor(value: &Value) -> Vec<u8> {
    let head = |kind: u8, count: usize| {
        let count = u32::try_from(count).unwrap().to_be_bytes();
        [&[kind << 5 | 0x1a][..], &count].concat()
    };
    match value {
        Value::Null => vec![0xf6],
        Value::Bool(false) => vec![0xf4],
        Value::Bool(true) => vec![0xf5],
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            [&[0xfb][..], &number.to_be_bytes()].concat()
        }
        Value::String(text) => [&head(3, text.len())[..], text.as_bytes()].concat(),
        Value::Array(items) => {
            let items = items.iter().flat_map(cbor);
            head(4, value.as_array().unwrap().len())
                .into_iter()
                .chain(items)
                .collect()
        }
        Value::Object(fields) => match (fields.get("$at"), fields.get("$whole")) {
            (Some(at), _) => [&[0xc1][..], &cbor(at)].concat(),
            (None, Some(whole)) => head(0, usize::try_from(whole.as_u64().unwrap()).unwrap()),
            (None, None) => {
                let pairs = fields.iter().flat_map(|(name, value)| {
                    [cbor(&Value::String(name.clone())), cbor(value)].concat()
                });
                head(5, fields.len()).into_iter().chain(pairs).collect()
            }
        },
    }
}

/// Runs a future on this thread.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}
