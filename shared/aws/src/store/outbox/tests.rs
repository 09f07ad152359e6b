//! Slips as they are kept and found.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use expect_test::expect;
use serde_json::{Value, json};

use super::*;
use crate::script::{Answer, Script, run};

fn slip() -> Slip {
    Slip {
        seq: 6,
        lane: "slack/#releases".to_owned(),
        state: State::Sent,
        attempts: 2,
        title: "shop#1: paused".to_owned(),
        at: "2026-01-13T10:06:00Z".parse().unwrap(),
        posted: None,
        revision: 3,
    }
}

fn id() -> RolloutId {
    RolloutId::parse("shop#1").unwrap()
}

fn store(script: &Script) -> Store {
    let client = aws_sdk_dynamodb::Client::new(&script.config());
    Store::new(client, "tidegate".to_owned())
}

#[test]
fn a_slip_comes_back_as_it_was_written() {
    let at: Timestamp = "2026-01-13T10:07:00Z".parse().unwrap();
    let posted = Posted {
        channel: "C1".to_owned(),
        ts: "1.2".to_owned(),
    };
    for state in [
        State::Taken(at),
        State::Waiting(at),
        State::Sent,
        State::Folded,
        State::Failed,
        State::Owned,
    ] {
        for posted in [None, Some(posted.clone())] {
            let slip = Slip {
                state,
                posted,
                ..slip()
            };
            let item = write(&id(), &slip);
            assert_eq!(item.contains_key(head::ACTIVE), state.due().is_some());
            assert_eq!(read(&item), Ok(slip));
        }
    }
    let mut spoilt = write(&id(), &slip());
    spoilt.insert("state".to_owned(), AttributeValue::S("lost".to_owned()));
    assert!(read(&spoilt).is_err());
}

#[test]
fn a_slip_is_kept_on_the_revision_before_it() {
    let lost =
        json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException" });
    let script = Script::new([
        Answer::Json(200, json!({})),
        Answer::Json(400, lost),
        Answer::Json(500, json!({ "__type": "InternalServerError" })),
    ]);
    let store = store(&script);
    let first = Slip {
        revision: 1,
        ..slip()
    };
    assert_eq!(run(store.keep(&id(), &first)), Ok(Kept::Kept));
    assert_eq!(run(store.keep(&id(), &slip())), Ok(Kept::Moved));
    assert!(run(store.keep(&id(), &slip())).is_err());
    let asked: Vec<Value> = script
        .asked()
        .iter()
        .map(|asked| serde_json::from_slice(&asked.body).unwrap())
        .collect();
    assert_eq!(asked[0]["ConditionExpression"], "attribute_not_exists(#pk)");
    assert_eq!(asked[0]["Item"]["pk"]["S"], "OUTBOX#shop#1");
    assert_eq!(asked[0]["Item"]["sk"]["S"], "000000000006#slack/#releases");
    // A month after it was changed.
    assert_eq!(asked[0]["Item"]["expires"]["N"], "1770890760");
    assert_eq!(asked[1]["ConditionExpression"], "#revision = :revision");
    assert_eq!(asked[1]["ExpressionAttributeValues"][":revision"]["N"], "2");
}

#[test]
fn what_is_unsent_is_found_in_the_index() {
    let keys = |pk: &str| json!({ "pk": { "S": pk } });
    let found = [
        keys("OUTBOX#shop#1"),
        keys("OUTBOX#shop#1"),
        keys("OUTBOX#web#2"),
    ];
    let script = Script::new([Answer::Json(200, json!({ "Items": found, "Count": 3 }))]);
    let ids = run(store(&script).unsent()).unwrap();
    expect![[r#"
        [
            shop#1,
            web#2,
        ]
    "#]]
    .assert_debug_eq(&ids);
    let asked: Value = serde_json::from_slice(&script.asked()[0].body).unwrap();
    assert_eq!(asked["IndexName"], "active");
    assert_eq!(asked["ExpressionAttributeValues"][":unsent"]["S"], "outbox");
}

#[test]
fn a_lane_is_named_without_secrets() {
    assert_eq!(lane("slack", "#releases"), "slack/#releases");
    let hook = lane("webhook", "https://example.com/secret");
    assert_eq!(hook, "webhook/9104fbd3");
}
