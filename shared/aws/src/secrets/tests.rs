//! A secret is read when it is needed, kept for a while, and seen nowhere.

use domain::time::later;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::script::{Answer, Script, run};

fn parameter(value: &str) -> Answer {
    Answer::Json(
        200,
        json!({ "Parameter": { "Name": "/hook", "Value": value } }),
    )
}

#[test]
fn a_secret_is_kept_for_five_minutes() {
    let script = Script::new([parameter("one\n"), parameter("two"), parameter("three")]);
    let secrets = Secrets::new(Client::new(&script.config()));
    let noon: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
    let at = |seconds| {
        let now = later(noon, SignedDuration::from_secs(seconds));
        let secret = run(secrets.get("/hook", now)).unwrap();
        (secret.expose().to_owned(), script.asked().len())
    };
    assert_eq!(at(0), ("one".to_owned(), 1));
    assert_eq!(at(299), ("one".to_owned(), 1));
    assert_eq!(at(300), ("two".to_owned(), 2));
    // A clock that was set back.
    assert_eq!(at(299), ("three".to_owned(), 3));
    let asked = &script.asked()[0];
    assert!(asked.says(r#""WithDecryption":true"#));
}

#[test]
fn a_secret_is_not_shown() {
    let secret = Secret::new("hush");
    let shown = format!("{secret} {secret:?} {secret:#?}");
    assert_eq!(shown, "hidden Secret(hidden) Secret(hidden)");
    let script = Script::new([parameter("hush")]);
    let secrets = Secrets::new(Client::new(&script.config()));
    run(secrets.get("/hook", Timestamp::UNIX_EPOCH)).unwrap();
    assert!(!format!("{secrets:?}").contains("hush"));
}

#[test]
fn what_is_wrong_with_a_parameter_is_said_without_it() {
    let check = |answer, expected: Expect| {
        let script = Script::new([answer]);
        let secrets = Secrets::new(Client::new(&script.config()));
        let trouble = run(secrets.get("/hook", Timestamp::UNIX_EPOCH)).unwrap_err();
        expected.assert_eq(&format!("{:?}: {trouble}", trouble.chance));
    };
    let error = |kind: &str| -> Value { json!({ "__type": kind, "message": "no" }) };
    check(
        Answer::Json(400, error("ParameterNotFound")),
        expect!["Lasting: GetParameter: there is no parameter /hook"],
    );
    check(
        Answer::Json(400, error("AccessDeniedException")),
        expect![
            "Lasting: GetParameter: the function's role may not read /hook; it needs ssm:GetParameter, and kms:Decrypt if the parameter has a key of its own"
        ],
    );
    check(
        Answer::Json(400, error("ThrottlingException")),
        expect!["Passing: GetParameter: ThrottlingException no"],
    );
    check(
        Answer::Json(500, error("InternalServerError")),
        expect!["Passing: GetParameter: InternalServerError no"],
    );
    check(
        parameter(" \n"),
        expect!["Lasting: the parameter /hook is empty"],
    );
    check(
        Answer::Json(200, json!({})),
        expect!["Lasting: the parameter /hook is empty"],
    );
}

#[test]
fn how_a_parameter_is_kept_is_asked_without_its_value() {
    let kept = |kind: &str| {
        Answer::Json(
            200,
            json!({ "Parameter": { "Name": "/hook", "Type": kind } }),
        )
    };
    let missing = Answer::Json(400, json!({ "__type": "ParameterNotFound" }));
    let denied = Answer::Json(
        400,
        json!({ "__type": "AccessDeniedException", "message": "no" }),
    );
    let script = Script::new([kept("SecureString"), kept("String"), missing, denied]);
    let secrets = Secrets::new(Client::new(&script.config()));
    let kind = || run(secrets.kind("/hook"));
    assert_eq!(kind(), Ok(Some(Kind::Secure)));
    assert_eq!(kind(), Ok(Some(Kind::Plain)));
    assert_eq!(kind(), Ok(None));
    let denied = kind().unwrap_err();
    assert_eq!(denied.what, "GetParameter: AccessDeniedException no");
    let asked = script.asked();
    assert!(
        asked
            .iter()
            .all(|asked| asked.says(r#""WithDecryption":false"#))
    );
}
