use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture},
        orchestrator::HttpResponse,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use expect_test::{Expect, expect};
use serde_json::json;

use super::*;
use crate::script::{Answer, Script, run};

/// An STS that says what it is told to, and keeps what it was asked.
#[derive(Debug, Clone)]
struct Canned {
    status: u16,
    body: &'static str,
    asked: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let bound = request.headers().get(HEADER).unwrap_or_default();
        let line = format!("{} {} [{bound}]", request.method(), request.uri());
        self.asked.lock().unwrap().push(line);
        let status = StatusCode::try_from(self.status).unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(self.body))))
    }
}

const REGION: &str = "eu-west-1";

const ANN: &str = r#"{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{
    "Account":"123456789012","Arn":"arn:aws:sts::123456789012:assumed-role/Deployer/ann@example.com","UserId":"A:ann"}}}"#;

const XML: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">
  <GetCallerIdentityResult>
    <Arn>arn:aws:iam::123456789012:user/kim</Arn>
  </GetCallerIdentityResult></GetCallerIdentityResponse>";

fn noon() -> Timestamp {
    "2026-01-13T12:00:00Z".parse().unwrap()
}

fn digest() -> Digest {
    Digest::of(&json!({ "list": {} }), "3f1e9c1a")
}

/// The proof that `ann` makes at noon.
fn proof() -> Proof {
    let ann = Credentials::new(
        "AKIDEXAMPLE",
        "secret",
        Some("a token/+=".to_owned()),
        None,
        "test",
    );
    prove(&ann, REGION, &digest(), SystemTime::from(noon())).unwrap()
}

/// Who asks with a proof so long after noon, by an STS that answers so; and what STS was asked.
fn ask(proof: &Proof, after: i64, status: u16, body: &'static str) -> (String, Vec<String>) {
    let canned = Canned {
        status,
        body,
        asked: Arc::default(),
    };
    let connector = SharedHttpConnector::new(canned.clone());
    let sts = Sts::new(connector, REGION.to_owned(), None);
    let now = noon() + SignedDuration::from_secs(after);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let who = runtime.block_on(sts.who(proof, &digest(), now));
    let said = match who {
        Ok(person) => person.to_string(),
        Err(error) => error.to_string(),
    };
    let asked = canned.asked.lock().unwrap().clone();
    (said, asked)
}

#[test]
fn whoever_signed_is_whom_aws_names() {
    let (who, asked) = ask(&proof(), 3, 200, ANN);
    expect!["arn:aws:sts::123456789012:assumed-role/Deployer/ann@example.com"].assert_eq(&who);
    expect!["GET https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260113%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date=20260113T120000Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host%3Bx-tidegate-request&X-Amz-Signature=6e4ad12726d9b381fdb91d21e04b67e187c09d83266ffed5032b6152d7db3a18&X-Amz-Security-Token=a%20token%2F%2B%3D [a882f397119405a06df3be9be70414a19640bde5756d81d9937ab1d9b576fe0d]"].assert_eq(&asked.join("\n"));
    let (who, _) = ask(&proof(), 3, 200, XML);
    expect!["arn:aws:iam::123456789012:user/kim"].assert_eq(&who);
}

/// The signature names the address that it was made for; a VPC's endpoint has another.
#[test]
fn at_another_address_aws_is_still_called_by_the_name_that_was_signed() {
    let host = |endpoint| {
        let script = Script::new([Answer::Refusal]);
        let sts = Sts::new(script.connector(), REGION.to_owned(), endpoint);
        let asked = run(sts.who(&proof(), &digest(), noon()));
        assert!(asked.is_err());
        script.asked()[0].header("host").map(str::to_owned)
    };
    assert_eq!(host(None), None);
    let elsewhere = host(Some("https://vpce-1.sts.eu-west-1.vpce.amazonaws.com"));
    assert_eq!(elsewhere, Some("sts.eu-west-1.amazonaws.com".to_owned()));
}

#[test]
fn clocks_that_differ_too_much_are_told_before_aws_is_asked() {
    let check = |after, expected: Expect| {
        let (said, asked) = ask(&proof(), after, 200, ANN);
        expected.assert_eq(&said);
        assert_eq!(asked.len(), 0, "{asked:?}");
    };
    check(
        301,
        expect![
            "the proof of who asks was signed 5m 1s ago and holds for 5m: is the clock right where it was signed?"
        ],
    );
    check(
        -301,
        expect![
            "the proof of who asks was signed 5m 1s in the future: is the clock right where it was signed?"
        ],
    );
    let (who, _) = ask(&proof(), -300, 200, ANN);
    assert!(who.ends_with("ann@example.com"), "{who}");
}

#[test]
fn what_aws_does_not_take_is_said_in_its_words() {
    let check = |status, body, expected: Expect| {
        expected.assert_eq(&ask(&proof(), 3, status, body).0);
    };
    check(
        403,
        r#"{"Error":{"Code":"SignatureDoesNotMatch","Message":"The request signature does not match"}}"#,
        expect![
            "AWS does not accept the proof of who asks: SignatureDoesNotMatch: The request signature does not match"
        ],
    );
    check(
        403,
        "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The token is expired</Message></Error></ErrorResponse>",
        expect!["AWS does not accept the proof of who asks: ExpiredToken: The token is expired"],
    );
    check(
        400,
        "",
        expect!["AWS does not accept the proof of who asks: status 400"],
    );
    check(
        503,
        "<html>",
        expect!["AWS could not be asked who asks: STS answered with status 503"],
    );
}

#[test]
fn an_answer_that_names_nobody_is_not_taken_for_somebody() {
    for body in [
        "",
        "{}",
        "<Arn></Arn>",
        "<Arn>arn:aws:iam::1:user/<script></Arn>",
        r#"{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Arn":"arn:aws:s3:::bucket"}}}"#,
        r#"{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Arn":"arn:aws:iam::1:user/a\nb"}}}"#,
    ] {
        let (said, _) = ask(&proof(), 3, 200, body);
        assert_eq!(
            said, "AWS could not be asked who asks: STS answered without saying who",
            "{body}"
        );
    }
}

#[test]
fn a_proof_that_was_tampered_with_is_not_sent_on() {
    let check = |change: &dyn Fn(String) -> String, expected: Expect| {
        let query = change(proof().query);
        let (said, asked) = ask(&Proof { query }, 3, 200, ANN);
        expected.assert_eq(&said);
        assert_eq!(asked.len(), 0, "{asked:?}");
    };
    check(
        &|query| format!("{query}&action=AssumeRole"),
        expect!["the proof of who asks is not one: it has a parameter that does not belong there"],
    );
    check(
        &|query| format!("{query}&Action=AssumeRole"),
        expect!["the proof of who asks is not one: it has a parameter twice"],
    );
    check(
        &|query| query.replace("GetCallerIdentity", "AssumeRole"),
        expect!["the proof of who asks is not one: it asks something else than who signed it"],
    );
    check(
        &|query| query.replace("host%3Bx-tidegate-request", "host"),
        expect![
            "the proof of who asks is not one: it does not sign the request that it is sent with"
        ],
    );
    check(
        &|query| query.replace("eu-west-1", "us-east-1"),
        expect!["the proof of who asks is not one: it is not signed for STS in eu-west-1"],
    );
    check(
        &|query| query.replace("X-Amz-Expires=300", "X-Amz-Expires=604800"),
        expect!["the proof of who asks is not one: it holds for too long"],
    );
    check(
        &|query| query.replace("=300", "=300 HTTP/1.1\r\n"),
        expect!["the proof of who asks is not one: it has a parameter that does not belong there"],
    );
    check(
        &|_| String::new(),
        expect!["the proof of who asks is not one: a parameter has no value"],
    );
}

#[test]
fn a_proof_does_not_show_itself_in_a_log() {
    assert_eq!(format!("{:?}", proof()), "Proof(…)");
}
