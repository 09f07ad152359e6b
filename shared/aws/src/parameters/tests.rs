//! Keys are kept encrypted, and what is there is not lost by chance.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::script::{Answer, Script, run};

fn error(kind: &str) -> Answer {
    Answer::Json(400, json!({ "__type": kind, "message": "hush" }))
}

fn parameters(answer: Answer) -> (Script, Parameters) {
    let script = Script::new([answer]);
    let parameters = Parameters::new(Client::new(&script.config()));
    (script, parameters)
}

#[test]
fn a_secret_is_kept_encrypted_over_nothing_or_over_what_was_there() {
    let asked = |over, key| {
        let (script, parameters) = parameters(Answer::Json(200, json!({ "Version": 1 })));
        let kept = run(parameters.keep("/a/code", &Secret::new("hush"), over, key)).unwrap();
        assert_eq!(kept, Kept::Done);
        let body: Value = serde_json::from_slice(&script.asked()[0].body).unwrap();
        body.to_string()
    };
    expect![[r#"{"Name":"/a/code","Overwrite":false,"Type":"SecureString","Value":"hush"}"#]]
        .assert_eq(&asked(Over::Nothing, None));
    expect![[r#"{"KeyId":"alias/ours","Name":"/a/code","Overwrite":true,"Type":"SecureString","Value":"hush"}"#]]
        .assert_eq(&asked(Over::Former, Some("alias/ours")));
}

#[test]
fn what_is_there_is_found_with_its_time() {
    let answer = json!({ "Parameter": { "Value": "hush\n", "LastModifiedDate": 1_795_600_000.5 } });
    let (script, there) = parameters(Answer::Json(200, answer));
    let found = run(there.find("/a/code")).unwrap().unwrap();
    assert_eq!(found.secret.expose(), "hush");
    assert_eq!(found.since.to_string(), "2026-11-25T09:46:40.5Z");
    assert!(script.asked()[0].says(r#""WithDecryption":true"#));
    let (_, missing) = parameters(error("ParameterNotFound"));
    assert!(run(missing.find("/a/code")).unwrap().is_none());
}

#[test]
fn what_goes_wrong_is_said_without_the_secret() {
    let check = |answer, expected: Expect| {
        let (_, parameters) = parameters(answer);
        let kept = run(parameters.keep("/a/code", &Secret::new("hush"), Over::Nothing, None));
        expected.assert_eq(&format!("{kept:?}"));
    };
    check(error("ParameterAlreadyExists"), expect!["Ok(Taken)"]);
    check(
        error("AccessDeniedException"),
        expect![[
            r#"Err(Trouble { chance: Lasting, what: "you may not write /a/code; it needs ssm:PutParameter, and kms:Encrypt if it has a key of its own" })"#
        ]],
    );
    check(
        error("ValidationException"),
        expect![[
            r#"Err(Trouble { chance: Lasting, what: "PutParameter: /a/code is no name of a parameter; one is written /tidegate/<deployment>/<what>" })"#
        ]],
    );
    let (_, parameters) = parameters(error("AccessDeniedException"));
    let denied = run(parameters.find("/a/code")).unwrap_err();
    expect!["you may not read /a/code; it needs ssm:GetParameter, and kms:Decrypt if it has a key of its own"]
        .assert_eq(&denied.what);
}
