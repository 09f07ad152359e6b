use domain::{event::Command, time::Timestamp};
use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

fn request(what: &Value) -> Value {
    json!({ "version": 1, "key": "3f1e9c1a-9d0b-4c8e-8a55-1f0c2b7d6e90", "do": what })
}

/// What a request is read as, or why it is none.
fn check(payload: &Value, expected: &Expect) {
    let text = match read(payload) {
        Ok((request, _)) => format!("{:?}", request.what),
        Err(failure) => format!("{:?}: {failure}", failure.kind),
    };
    expected.assert_eq(&text);
}

#[test]
fn a_request_says_what_it_wants() {
    check(
        &request(&json!({ "start": { "plan": "service: shop" } })),
        &expect![[r#"Start { plan: "service: shop", supersede: false, reason: None }"#]],
    );
    check(
        &request(&json!({ "ask": { "rollout": "shop", "command": { "promote": {} } } })),
        &expect![[r#"Ask { rollout: "shop", command: Promote }"#]],
    );
    check(
        &request(&json!({ "list": {} })),
        &expect!["List { service: None }"],
    );
}

#[test]
fn what_is_misspelt_is_not_half_done() {
    check(
        &request(&json!({ "ask": { "rollout": "shop", "comand": { "promote": {} } } })),
        &expect![
            "Malformed: this is no request: unknown field `comand`, expected `rollout` or `command`"
        ],
    );
    check(
        &request(
            &json!({ "ask": { "rollout": "shop", "command": { "rollback": { "why": "slow" } } } }),
        ),
        &expect!["Malformed: this is no request: unknown field `why`, expected `reason`"],
    );
    check(
        &request(&json!({ "deploy": {} })),
        &expect![
            "Malformed: this is no request: unknown variant `deploy`, expected one of `start`, `ask`, `status`, `list`, `history`, `doctor`"
        ],
    );
    check(
        &json!([]),
        &expect!["Malformed: a request has a `version`, which is a number"],
    );
    let mut keyless = request(&json!({ "list": {} }));
    keyless["key"] = json!("a b");
    check(
        &keyless,
        &expect!["Malformed: `key` should be a UUID: 8 to 64 letters, digits and `-`"],
    );
}

#[test]
fn a_newer_version_is_refused_before_anything_else_is_read() {
    let newer = json!({ "version": 2, "what": { "somersault": {} } });
    check(
        &newer,
        &expect![
            "Version: this `control` reads requests of version 1, this one has version 2; use the same release of the command and of the functions"
        ],
    );
}

#[test]
fn the_digest_is_of_what_was_sent_and_of_nothing_that_may_be_spelt_in_two_ways() {
    let (_, one) = read(&request(
        &json!({ "ask": { "rollout": "shop#7", "command": { "rollback": { "reason": "\"slow\"" } } } }),
    ))
    .unwrap();
    let text = r#"{ "do": {"ask": {"command": {"rollback":{"reason":"\"slow\""}}, "rollout":"shop#7"}},
        "key": "3f1e9c1a-9d0b-4c8e-8a55-1f0c2b7d6e90", "caller": null, "version": 1 }"#;
    let (parsed, other) = read(&serde_json::from_str(text).unwrap()).unwrap();
    assert_eq!(one, other);
    assert_eq!(
        Digest::of_request(&parsed).unwrap(),
        one,
        "as a caller makes it"
    );
    let another_key = Digest::of(&json!({ "list": {} }), "another");
    assert_ne!(
        another_key,
        Digest::of(&json!({ "list": {} }), "yet-another")
    );
    assert_ne!(another_key, Digest::of(&json!({ "list": [] }), "another"));
}

#[test]
fn every_command_goes_there_and_back() {
    let phase = domain::name::PhaseName::new("half").unwrap();
    let reason = || "because".to_owned();
    let weights = [(
        domain::name::RouteName::new("web").unwrap(),
        domain::traffic::Weight::from_permille(25).unwrap(),
    )];
    let commands = [
        Command::Pause { reason: reason() },
        Command::Resume { reason: reason() },
        Command::Promote,
        Command::PromoteFull { reason: reason() },
        Command::Rollback { reason: reason() },
        Command::Abort { reason: reason() },
        Command::Retry,
        Command::SetWeight {
            weights: weights.into_iter().collect(),
            reason: reason(),
        },
        Command::Finish,
        Command::Approve {
            phase: phase.clone(),
        },
        Command::Reject {
            phase: phase.clone(),
            reason: reason(),
        },
        Command::Check {
            phase,
            item: domain::name::ItemName::new("backup").unwrap(),
        },
        Command::OverrideCalendar {
            until: Timestamp::UNIX_EPOCH,
            reason: reason(),
        },
    ];
    for command in commands {
        let asked = Asked::try_from(command.clone()).unwrap();
        assert_eq!(asked.verb(), command.verb());
        let text = serde_json::to_string(&asked).unwrap();
        let back: Asked = serde_json::from_str(&text).unwrap();
        assert_eq!(back.command(), Ok(command), "{text}");
    }
    let superseded = Asked::try_from(Command::Supersede { by: 2 });
    assert!(superseded.is_err(), "{superseded:?}");
}

#[test]
fn a_command_that_cannot_be_meant_says_why() {
    let check = |asked: Asked, expected: Expect| {
        expected.assert_eq(&asked.command().unwrap_err().message);
    };
    let weights = |route: &str, permille| Asked::SetWeight {
        weights: [(route.to_owned(), permille)].into(),
        reason: String::new(),
    };
    check(
        weights("web", 1001),
        expect!["a weight is 0 to 1000 tenths of a percent, `web` has 1001"],
    );
    check(
        weights("We b", 10),
        expect![
            "the route cannot be `We b`: a name has only lower-case letters, digits, `-` and `_`, this has `W`"
        ],
    );
    let until = "tomorrow".to_owned();
    let reason = String::new();
    check(
        Asked::OverrideCalendar { until, reason },
        expect!["`until` should be an instant such as 2026-01-13T10:00:00Z, it is `tomorrow`"],
    );
}

#[test]
fn only_what_makes_things_safer_needs_no_name() {
    let ask = |command| Do::Ask {
        rollout: "shop".to_owned(),
        command,
    };
    let reason = || "slow".to_owned();
    assert!(ask(Asked::Rollback { reason: reason() }).needs_no_name());
    assert!(ask(Asked::Abort { reason: reason() }).needs_no_name());
    assert!(ask(Asked::Pause { reason: reason() }).needs_no_name());
    assert!(!ask(Asked::Resume { reason: reason() }).needs_no_name());
    assert!(!ask(Asked::Promote {}).needs_no_name());
    let start = Do::Start {
        plan: String::new(),
        supersede: false,
        reason: None,
    };
    assert!(!start.needs_no_name());
}

#[test]
fn an_answer_goes_there_and_back_and_one_from_a_newer_function_is_understood() {
    let failure = Failure::new(FailureKind::NotFound, "there is no rollout shop#9");
    let answer = Answer::error(failure);
    let text = serde_json::to_string(&answer).unwrap();
    expect![[
        r#"{"version":1,"error":{"kind":"not-found","message":"there is no rollout shop#9"}}"#
    ]]
    .assert_eq(&text);
    assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), answer);
    let done = Answer::ok(Done::List {
        rollouts: Vec::new(),
    });
    let text = serde_json::to_string(&done).unwrap();
    expect![[r#"{"version":1,"ok":{"list":{"rollouts":[]}}}"#]].assert_eq(&text);
    assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), done);
    let newer = r#"{"version":1,"hint":"x","error":{"kind":"tired","message":"m","since":"noon"}}"#;
    let Outcome::Error(failure) = serde_json::from_str::<Answer>(newer).unwrap().outcome else {
        panic!("it is an error");
    };
    assert_eq!(failure.kind, FailureKind::Other);
}
