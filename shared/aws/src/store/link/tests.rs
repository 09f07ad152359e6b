//! What is asked of the table for a link, and what its answers mean.

use aws_sdk_dynamodb::Client;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use token::{answer::Why, code::CodeKey};

use super::*;
use crate::script::{Answer, Script, run};

const ID: TokenId = TokenId([0xab; 16]);

fn noon() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

fn guess() -> Guess {
    CodeKey::generate([9; 32]).guess(&ID, "MM657T").unwrap()
}

/// A record with so many guesses of others, and perhaps ours.
fn kept(others: usize, ours: Option<Guess>) -> Value {
    let others = (0..others).map(|n| format!("{n:016x}"));
    let guesses: Vec<String> = others.chain(ours.map(|guess| guess.hex())).collect();
    json!({ "pk": { "S": "LINK#ab" }, "v": { "N": "1" }, "guesses": { "SS": guesses } })
}

fn failed(item: &Value) -> Answer {
    let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    Answer::Json(
        400,
        json!({ "__type": kind, "message": "The conditional request failed", "Item": item }),
    )
}

fn store(script: &Script) -> Store {
    Store::new(Client::new(&script.config()), "table".to_owned())
}

#[track_caller]
fn check_try(answer: Answer, expected: &Expect) {
    let script = Script::new([answer]);
    let taken = run(store(&script).take_try(&ID, guess(), noon()));
    expected.assert_eq(&format!("{taken:?}"));
}

#[test]
fn a_guess_is_counted_once_and_five_lock_the_link() {
    let made = |others| Answer::Json(200, json!({ "Attributes": kept(others, Some(guess())) }));
    check_try(made(0), &expect!["Ok(Taken { left: 4 })"]);
    check_try(made(4), &expect!["Ok(Taken { left: 0 })"]);
    check_try(
        failed(&kept(0, Some(guess()))),
        &expect!["Ok(Taken { left: 4 })"],
    );
    check_try(
        failed(&kept(4, Some(guess()))),
        &expect!["Ok(Taken { left: 0 })"],
    );
    check_try(failed(&kept(5, None)), &expect!["Ok(Locked)"]);
    let newer = json!({ "pk": { "S": "LINK#ab" }, "sk": { "S": "USED" }, "v": { "N": "2" } });
    check_try(
        failed(&newer),
        &expect![[
            r#"Err(Trouble { chance: Lasting, what: "the item LINK#ab/USED of the table is a record of version 2, and this function reads up to version 1: deploy the newer functions first, all of them" })"#
        ]],
    );
    check_try(
        Answer::Refusal,
        &expect![[r#"Err(Trouble { chance: Passing, what: "UpdateItem could not be sent" })"#]],
    );
}

#[test]
fn what_is_asked_names_the_link_and_no_code() {
    let script = Script::new([Answer::Json(
        200,
        json!({ "Attributes": kept(0, Some(guess())) }),
    )]);
    run(store(&script).take_try(&ID, guess(), noon())).unwrap();
    let asked: Value = serde_json::from_slice(&script.asked()[0].body).unwrap();
    expect![[r##"
        {
          "ConditionExpression": "attribute_not_exists(#guesses) OR (size(#guesses) < :most AND NOT contains(#guesses, :guess))",
          "ExpressionAttributeNames": {
            "#expires": "expires",
            "#guesses": "guesses",
            "#tries": "tries",
            "#v": "v"
          },
          "ExpressionAttributeValues": {
            ":expires": {
              "N": "1796212800"
            },
            ":guess": {
              "S": "4382de2c1b482afa"
            },
            ":guesses": {
              "SS": [
                "4382de2c1b482afa"
              ]
            },
            ":most": {
              "N": "5"
            },
            ":one": {
              "N": "1"
            },
            ":v": {
              "N": "1"
            }
          },
          "Key": {
            "pk": {
              "S": "LINK#abababababababababababababababab"
            },
            "sk": {
              "S": "USED"
            }
          },
          "ReturnValues": "ALL_NEW",
          "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
          "TableName": "table",
          "UpdateExpression": "ADD #tries :one, #guesses :guesses SET #expires = :expires, #v = :v"
        }"##]].assert_eq(&format!("{asked:#}"));
    assert!(!script.asked()[0].says("MM657T"));
}

fn why(en: &str) -> Why {
    Why {
        en: en.to_owned(),
        ja: "終了".to_owned(),
    }
}

#[test]
fn what_became_of_an_answer_reads_back() {
    for outcome in [
        Outcome::Done,
        Outcome::WrongCode { left: 2 },
        Outcome::NoCode,
        Outcome::Locked,
        Outcome::Refused {
            why: why("it is \"over\""),
        },
        Outcome::Unsure {
            why: why("the store"),
        },
    ] {
        let settled = Settled {
            attempt: Attempt::of([7; 8]),
            outcome,
            at: noon(),
        };
        let script = Script::new([Answer::Json(200, json!({}))]);
        run(store(&script).settle(&ID, &settled)).unwrap();
        let asked: Value = serde_json::from_slice(&script.asked()[0].body).unwrap();
        let values = &asked["ExpressionAttributeValues"];
        let mut item = kept(2, None);
        for (name, value) in [
            ("attempt", ":attempt"),
            ("outcome", ":outcome"),
            ("settled_at", ":at"),
        ] {
            item[name] = values[value].clone();
        }
        let script = Script::new([Answer::Json(200, json!({ "Item": item }))]);
        let record = run(store(&script).read(&ID)).unwrap();
        assert_eq!(record.tries, 2);
        assert_eq!(record.settled, Some(settled));
    }
}

#[test]
fn a_link_that_nobody_has_used_has_an_empty_record_and_a_spoilt_one_is_said_to_be() {
    let check = |answer: Value, expected: &Expect| {
        let script = Script::new([Answer::Json(200, answer)]);
        expected.assert_eq(&format!("{:?}", run(store(&script).read(&ID))));
    };
    check(
        json!({}),
        &expect!["Ok(LinkRecord { tries: 0, settled: None })"],
    );
    let mut item = kept(1, None);
    item["sk"] = json!({ "S": "USED" });
    item["attempt"] = json!({ "S": "abab" });
    item["settled_at"] = json!({ "S": "2026-11-25T12:00:00Z" });
    item["outcome"] = json!({ "S": "\"done\"" });
    check(
        json!({ "Item": item }),
        &expect![[
            r#"Err(Trouble { chance: Lasting, what: "the item LINK#ab/USED of the table has an `attempt` that is none: it was changed by something else than Tidegate; restore it from a backup" })"#
        ]],
    );
    item["outcome"] = json!({ "S": "well" });
    check(
        json!({ "Item": item }),
        &expect![[
            r#"Err(Trouble { chance: Lasting, what: "the item LINK#ab/USED of the table has an `outcome` that is none: it was changed by something else than Tidegate; restore it from a backup" })"#
        ]],
    );
}
