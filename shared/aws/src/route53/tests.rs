//! What is made of answers that no emulator gives.

use std::{collections::VecDeque, sync::Mutex};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use aws_types::{SdkConfig, region::Region};
use domain::{
    name::RouteName,
    plan::route::RecordType,
    time::SignedDuration,
    traffic::{Epoch, Weight},
};

use super::*;

/// Answers in the order in which they are given, each a status and a body.
#[derive(Debug)]
struct Answers(Mutex<VecDeque<(u16, String)>>);

impl HttpConnector for Answers {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = self.0.lock().unwrap().pop_front().unwrap();
        let status = status.try_into().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}

fn answering(answers: &[(u16, String)]) -> Route53 {
    let answers = Answers(Mutex::new(answers.iter().cloned().collect()));
    let connector = SharedHttpConnector::new(answers);
    let credentials = Credentials::new("a", "b", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    Route53::new(Client::new(&config))
}

/// `ListResourceRecordSets` of a name with both sides, and with a fence of this write.
fn listed(write: &str) -> (u16, String) {
    let weighted = |set: &str, weight: u8| {
        format!(
            "<ResourceRecordSet><Name>www.example.com.</Name><Type>A</Type><SetIdentifier>{set}</SetIdentifier>\
            <Weight>{weight}</Weight><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value>\
            </ResourceRecord></ResourceRecords></ResourceRecordSet>"
        )
    };
    let fence = format!(
        "<ResourceRecordSet><Name>_tidegate.www.example.com.</Name><Type>TXT</Type><TTL>60</TTL><ResourceRecords>\
        <ResourceRecord><Value>\"tidegate 1\" \"epoch=1\" \"write={write}\" \"at=2026-11-25T21:00:00Z\" \"owner=shop#7\" \
        \"route=web\" \"types=A\" \"stable=old\" \"canary=new\" \"ttl=60\"</Value></ResourceRecord></ResourceRecords>\
        </ResourceRecordSet>"
    );
    let body = format!(
        "<ListResourceRecordSetsResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ResourceRecordSets>\
        {}{}{fence}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems>\
        </ListResourceRecordSetsResponse>",
        weighted("old", 255),
        weighted("new", 0),
    );
    (200, body)
}

fn error(status: u16, code: &str, message: &str) -> (u16, String) {
    let body = format!(
        "<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error><Type>Sender</Type>\
        <Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    (status, body)
}

/// What a write says after a listing with the fence `a`, when it is answered so and then the records are read again.
fn written(answers: &[(u16, String)]) -> Result<(), WriteError> {
    let adapter = answering(&[&[listed("a")], answers].concat());
    let owner = RolloutId::parse("shop#7").unwrap();
    let name = RouteName::new("web").unwrap();
    let records = Route53Route {
        zone: "Z1".to_owned(),
        name: "www.example.com".to_owned(),
        types: [RecordType::A].into(),
        stable: "old".to_owned(),
        canary: "new".to_owned(),
        ttl: SignedDuration::from_secs(60),
    };
    let route = Route::Route53(records.clone());
    let route = RouteRef {
        owner: &owner,
        name: &name,
        route: &route,
        guards: &[],
    };
    let now = || Timestamp::UNIX_EPOCH;
    let work = async {
        let target = adapter.read(route, &records, now()).await.unwrap();
        assert_eq!(target.seen.epoch, Some(Epoch(1)));
        let write = Write {
            goal: Goal::Weight(Weight::from_permille(50).unwrap()),
            epoch: Epoch(2),
            fence: target.fence,
            deadline: Timestamp::MAX,
        };
        adapter.write(route, &records, &write, now).await
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().unwrap();
    runtime.block_on(work)
}

#[test]
fn a_batch_that_was_refused_for_another_reason_than_the_fence_says_which() {
    let protected = "[The resource record set www.example.com. A is protected]";
    let refused = || error(400, "InvalidChangeBatch", protected);
    let what = format!("ChangeResourceRecordSets: InvalidChangeBatch {protected}");
    assert_eq!(
        written(&[refused(), listed("a")]),
        Err(WriteError::Trouble(Trouble::lasting(what.as_str())))
    );
    assert_eq!(written(&[refused(), listed("b")]), Err(WriteError::Fenced));
    // Whether it was the fence is not known.
    assert_eq!(
        written(&[refused(), error(400, "Throttling", "Rate exceeded")]),
        Err(WriteError::Trouble(Trouble::passing(what)))
    );
}

#[test]
fn a_refusal_in_the_form_of_old_is_one_too() {
    let old = "<InvalidChangeBatch xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Messages><Message>Tried to \
        delete</Message></Messages></InvalidChangeBatch>";
    let answers = [(400, old.to_owned()), listed("b")];
    assert_eq!(written(&answers), Err(WriteError::Fenced));
}

#[test]
fn what_route_53_cannot_do_now_passes() {
    for code in [
        "PriorRequestNotComplete",
        "Throttling",
        "ThrottlingException",
    ] {
        let trouble = Trouble::passing(format!("ChangeResourceRecordSets: {code} wait"));
        assert_eq!(
            written(&[error(400, code, "wait")]),
            Err(WriteError::Trouble(trouble))
        );
    }
    let denied = Trouble::lasting("ChangeResourceRecordSets: AccessDenied no");
    assert_eq!(
        written(&[error(403, "AccessDenied", "no")]),
        Err(WriteError::Trouble(denied))
    );
}
