//! What is sent to hooks, and what their answers mean.

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    net::TcpListener,
    thread,
};

use domain::plan::{gate::Otherwise, hook::HookFailure};
use engine::ports::Hooks as _;
use expect_test::{Expect, expect};

use super::*;
use crate::{
    client::Clients,
    script::{Answer, Asked, Script, run},
};

const KEY: &str = "shop#7/Before(1)/0/2";

fn secret() -> Answer {
    let parameter = json!({ "Parameter": { "Name": "/hook", "Value": "shared" } });
    Answer::Json(200, parameter)
}

fn hook(run: HookTarget) -> Hook {
    Hook {
        run,
        timeout: SignedDuration::from_mins(5),
        attempts: 1,
        on_failure: HookFailure::Gate(Otherwise::Hold),
    }
}

fn outcome(target: HookTarget, answers: Vec<Answer>) -> (String, Vec<Asked>) {
    let script = Script::new(answers);
    let clients = Clients::new(&script.config());
    let hooks = Hooks::new(
        clients.lambda,
        clients.ssm,
        script.connector(),
        Some("/hook".to_owned()),
    )
    .within(Duration::from_millis(20));
    let hook = hook(target);
    let name = HookName::new("warm-up").unwrap();
    let outcome = run(hooks.run(&name, &hook, &EventKey::new(KEY)));
    let shown = match outcome {
        HookOutcome::Running => "running".to_owned(),
        HookOutcome::Succeeded => "succeeded".to_owned(),
        HookOutcome::Failed(why) => format!("failed: {why}"),
    };
    (shown, script.asked())
}

#[test]
fn a_function_is_told_the_run_and_answers() {
    let check = |answer, expected: Expect| {
        let (shown, asked) = outcome(HookTarget::Lambda("warm".to_owned()), vec![answer]);
        expected.assert_eq(&shown);
        assert_eq!(asked.len(), 1);
        asked
    };
    let asked = check(Answer::Json(200, Value::Null), expect!["succeeded"]);
    expect![[r#"POST https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/warm/invocations {"hook":"warm-up","key":"shop#7/Before(1)/0/2","rollout":"shop#7"}"#]].assert_eq(&format!(
        "{} {} {}",
        asked[0].method,
        asked[0].uri,
        String::from_utf8_lossy(&asked[0].body)
    ));
    assert_eq!(
        asked[0].header("x-amz-invocation-type"),
        Some("RequestResponse")
    );
    check(
        Answer::Json(200, json!({ "status": "running" })),
        expect!["running"],
    );
    check(
        Answer::Text(200, ("content-type", "text/plain"), "not JSON".to_owned()),
        expect!["succeeded"],
    );
    let unhandled = ("x-amz-function-error", "Unhandled");
    let message = json!({ "errorMessage": "no such\ntable", "errorType": "Error" });
    check(
        Answer::Text(200, unhandled, message.to_string()),
        expect!["failed: Invoke: warm failed (Unhandled): no such table"],
    );
    check(
        Answer::Text(200, unhandled, "[1]".to_owned()),
        expect!["failed: Invoke: warm failed (Unhandled): [1]"],
    );
    check(
        Answer::Silence,
        expect!["failed: Invoke: warm did not answer within 20ms"],
    );
    check(Answer::Refusal, expect!["failed: Invoke could not be sent"]);
    let missing = ("x-amzn-errortype", "ResourceNotFoundException");
    let message = json!({ "Message": "Function not found" });
    check(
        Answer::Text(404, missing, message.to_string()),
        expect!["failed: Invoke: ResourceNotFoundException Function not found"],
    );
}

#[test]
fn a_web_hook_is_signed() {
    let url = "https://hooks.example.com/t?x=1";
    let ok = Answer::Text(204, ("x", "y"), String::new());
    let (shown, asked) = outcome(HookTarget::Webhook(url.to_owned()), vec![secret(), ok]);
    assert_eq!(shown, "succeeded");
    let call = &asked[1];
    assert_eq!((call.method.as_str(), call.uri.as_str()), ("POST", url));
    assert_eq!(call.header("x-tidegate-delivery"), Some(KEY));
    assert_eq!(call.header("content-type"), Some("application/json"));
    let at = call.header("x-tidegate-timestamp").unwrap();
    let body = String::from_utf8(call.body.clone()).unwrap();
    let expected = crate::signed::signature(&crate::secrets::Secret::new("shared"), at, &body);
    assert_eq!(call.header("x-tidegate-signature"), Some(expected.as_str()));
    expect![[r#"{"hook":"warm-up","key":"shop#7/Before(1)/0/2","rollout":"shop#7"}"#]]
        .assert_eq(&body);
}

/// The vector was made by another implementation: Python's `hmac`.
#[test]
fn a_signature_can_be_checked_by_others() {
    let secret = crate::secrets::Secret::new("shared");
    let signature = crate::signed::signature(&secret, "1795600000", r#"{"hook":"warm-up"}"#);
    assert_eq!(
        signature,
        "v1=a0e4931c9ec0ce37761edee5e6534b48de23807220477ce3493bea3608753e3e"
    );
}

#[test]
fn what_a_web_hook_answers_is_told() {
    let check = |url: &str, answers, expected: Expect| {
        let (shown, _) = outcome(HookTarget::Webhook(url.to_owned()), answers);
        expected.assert_eq(&shown);
    };
    let https = "https://hooks.example.com/t";
    let text = |status, text: &str| Answer::Text(status, ("x", "y"), text.to_owned());
    check(
        https,
        vec![secret(), text(500, "out of\r\norder")],
        expect!["failed: https://hooks.example.com/t answered 500: out of  order"],
    );
    check(
        https,
        vec![secret(), text(404, &"x".repeat(9000))],
        expect![
            "failed: https://hooks.example.com/t answered 404: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"
        ],
    );
    let moved = Answer::Text(
        302,
        ("location", "https://elsewhere.example.com"),
        String::new(),
    );
    check(
        https,
        vec![secret(), moved],
        expect!["failed: https://hooks.example.com/t answered 302; redirects are not followed"],
    );
    check(
        https,
        vec![secret(), Answer::Silence],
        expect!["failed: https://hooks.example.com/t did not answer within 20ms"],
    );
    check(
        https,
        vec![secret(), Answer::Refusal],
        expect!["failed: https://hooks.example.com/t could not be reached"],
    );
    check(
        "http://hooks.example.com/t",
        vec![],
        expect!["failed: http://hooks.example.com/t does not begin with `https://`"],
    );
    check(
        "http://127.0.0.1@hooks.example.com/",
        vec![],
        expect!["failed: http://127.0.0.1@hooks.example.com/ does not begin with `https://`"],
    );
    check(
        "http://127.0.0.1:9/t",
        vec![secret(), text(200, "")],
        expect!["succeeded"],
    );
    check(
        "https://[::bad/",
        vec![secret()],
        expect!["failed: https://[::bad/ cannot be called"],
    );
    let missing = json!({ "__type": "ParameterNotFound" });
    check(
        https,
        vec![Answer::Json(400, missing)],
        expect!["failed: GetParameter: there is no parameter /hook"],
    );
}

/// The shared connector itself, and a server that sends whoever calls it back to itself.
#[test]
fn a_web_hook_is_called_once_over_http() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/t", listener.local_addr().unwrap());
    let answer = format!("HTTP/1.1 307 Moved\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n");
    let served = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(&stream);
        let mut head = Vec::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            if let Some(found) = line.strip_prefix("content-length: ") {
                length = found.trim().parse().unwrap();
            }
            head.push(line.trim().to_owned());
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        (&stream).write_all(answer.as_bytes()).unwrap();
        // A second call would be waiting by the time the caller has its outcome.
        (listener, head, String::from_utf8(body).unwrap())
    });
    let script = Script::new([secret()]);
    let clients = Clients::new(&script.config());
    let (connector, _) = crate::client::connections();
    let hooks = Hooks::new(
        clients.lambda,
        clients.ssm,
        connector,
        Some("/hook".to_owned()),
    );
    let hook = hook(HookTarget::Webhook(url.clone()));
    let name = HookName::new("warm-up").unwrap();
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(hooks.run(&name, &hook, &EventKey::new(KEY)));
    let why = format!("{url} answered 307; redirects are not followed");
    assert_eq!(outcome, HookOutcome::Failed(why));
    let (listener, head, body) = served.join().unwrap();
    assert_eq!(head[0], "POST /t HTTP/1.1");
    assert!(
        head.contains(&format!("x-tidegate-delivery: {KEY}")),
        "{head:?}"
    );
    assert_eq!(body, told(&name, &EventKey::new(KEY)).to_string());
    listener.set_nonblocking(true).unwrap();
    let again = listener.accept().map_err(|error| error.kind());
    assert_eq!(again.unwrap_err(), ErrorKind::WouldBlock);
}

#[test]
fn an_automation_is_started_once_and_looked_after() {
    let started = || Answer::Json(200, json!({ "AutomationExecutionId": "e-1" }));
    let state = |status: &str, began: i64, why: Option<&str>| {
        Answer::Json(
            200,
            json!({ "AutomationExecution": {
            "AutomationExecutionId": "e-1",
            "AutomationExecutionStatus": status,
            "ExecutionStartTime": began,
            "FailureMessage": why,
        } }),
        )
    };
    let check = |answers, expected: Expect| {
        let (shown, asked) = outcome(HookTarget::Ssm("Warm".to_owned()), answers);
        expected.assert_eq(&shown);
        asked
    };
    let now = domain::time::Timestamp::now().as_second();
    let asked = check(
        vec![started(), state("InProgress", now, None)],
        expect!["running"],
    );
    expect![[r#"{"DocumentName":"Warm","ClientToken":"29de52f0-3bdb-907a-7acd-c3ea9880a9dd"}"#]]
        .assert_eq(&String::from_utf8_lossy(&asked[0].body));
    check(
        vec![started(), state("Success", 0, None)],
        expect!["succeeded"],
    );
    check(
        vec![started(), state("Failed", now, Some("step 2 failed"))],
        expect!["failed: automation e-1: Failed step 2 failed"],
    );
    check(
        vec![started(), state("Cancelled", now, None)],
        expect!["failed: automation e-1: Cancelled"],
    );
    check(
        vec![started(), state("SomethingNew", now, None)],
        expect!["running"],
    );
    check(
        vec![started(), state("Waiting", now - 600, None)],
        expect!["failed: automation e-1 is not over after 5m"],
    );
    // Whoever was not heard may have started it.
    check(vec![Answer::Refusal], expect!["running"]);
    check(vec![started(), Answer::Refusal], expect!["running"]);
    let unknown =
        json!({ "__type": "AutomationDefinitionNotFoundException", "Message": "no such document" });
    check(
        vec![Answer::Json(400, unknown)],
        expect![
            "failed: StartAutomationExecution: AutomationDefinitionNotFoundException no such document"
        ],
    );
}

#[test]
fn without_a_secret_there_are_no_web_hooks() {
    let script = Script::new([]);
    let clients = Clients::new(&script.config());
    let hooks = Hooks::new(clients.lambda, clients.ssm, script.connector(), None);
    let hook = hook(HookTarget::Webhook("https://hooks.example.com".to_owned()));
    let name = HookName::new("warm-up").unwrap();
    let outcome = run(hooks.run(&name, &hook, &EventKey::new("no rollout")));
    expect![[r#"
        Failed(
            "there is no secret to sign web hooks with",
        )
    "#]]
    .assert_debug_eq(&outcome);
    assert_eq!(
        told(&name, &EventKey::new("no rollout"))["rollout"],
        Value::Null
    );
}
