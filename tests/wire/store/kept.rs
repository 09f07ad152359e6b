//! What was written comes back as it was, by whatever process, and what a newer version wrote is refused.

#![expect(
    clippy::needless_raw_string_hashes,
    clippy::wildcard_enum_match_arm,
    reason = "expect-test writes the texts, with hashes; an attribute of another kind fails the test"
)]

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use aws::store::entries_of_image;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ledger::{Chain, Entry, verify},
    name::RolloutId,
    time::Timestamp,
    words,
};
use engine::{
    ports::{Change, Commit, Store as _},
    trouble::Chance,
};
use expect_test::expect;
use serde_json::{Value, json};
use sim::{Scenario, Simulation};

use super::stand::{Stand, begun, id, key, only, plan, started, toggled};
use crate::bed::Bed;

async fn item(stand: &Stand, pk: &str, sk: &str) -> BTreeMap<String, AttributeValue> {
    let item = stand
        .client
        .get_item()
        .table_name(&stand.table)
        .consistent_read(true)
        .key("pk", AttributeValue::S(pk.to_owned()))
        .key("sk", AttributeValue::S(sk.to_owned()))
        .send()
        .await
        .unwrap()
        .item;
    item.unwrap().into_iter().collect()
}

async fn raise_version(stand: &Stand, pk: &str, sk: &str) {
    let mut item = item(stand, pk, sk).await;
    item.insert("v".to_owned(), AttributeValue::N("99".to_owned()));
    let put = stand.client.put_item().table_name(&stand.table);
    put.set_item(Some(item.into_iter().collect()))
        .send()
        .await
        .unwrap();
}

#[test]
fn a_head_and_its_ledger_come_back_as_they_were() {
    Bed::shared().run(async {
        let stand = Stand::new("back").await;
        let store = stand.store();
        let change = begun(id("shop", 1), plan("shop", "checkout"));
        let head = change.next.clone();
        let mut lines: Vec<_> = change.entries.iter().map(Entry::line).collect();
        assert_eq!(store.load(&head.id).await, Ok(None));
        assert_eq!(store.newest(&head.id.service).await, Ok(None));
        let begin = key("begin").unwrap();
        assert_eq!(store.is_done(&begin).await, Ok(false));
        let commit = Commit {
            changes: vec![change],
            key: Some(begin.clone()),
        };
        store.commit(&commit).await.unwrap();
        assert_eq!(store.is_done(&begin).await, Ok(true));
        for store in [store, stand.store()] {
            assert_eq!(store.load(&head.id).await, Ok(Some(head.clone())));
            assert_eq!(store.newest(&head.id.service).await, Ok(Some(head.clone())));
            assert_eq!(store.ledger(&head.id).await, Ok(lines.clone()));
        }
        let paused = toggled(&head, "lunch");
        lines.extend(paused.entries.iter().map(Entry::line));
        let next = paused.next.clone();
        stand.store().commit(&only(paused)).await.unwrap();
        let store = stand.store();
        assert_eq!(store.ledger(&head.id).await, Ok(lines));
        assert_eq!(store.load(&head.id).await, Ok(Some(next)));
    });
}

#[test]
fn an_events_key_is_kept_for_two_weeks() {
    Bed::shared().run(async {
        let stand = Stand::new("expires").await;
        let store = stand.store();
        let head = started(&store, "shop", "checkout").await;
        let mut commit = only(toggled(&head, "lunch"));
        commit.key = key("lunch");
        let earliest = Timestamp::now().as_second() + 14 * 86_400;
        store.commit(&commit).await.unwrap();
        let latest = Timestamp::now().as_second() + 14 * 86_400;
        let done = item(&stand, "EVENT#lunch", "DONE").await;
        let expires: i64 = done["expires"].as_n().unwrap().parse().unwrap();
        assert!((earliest..=latest).contains(&expires), "{expires}");
    });
}

#[test]
fn a_ledger_of_many_pages_is_whole() {
    Bed::shared().run(async {
        let stand = Stand::new("pages").await;
        let store = stand.store();
        let mut head = started(&store, "shop", "checkout").await;
        // More than the megabyte that one answer holds.
        let long = "x".repeat(60_000);
        for n in 0..20 {
            let change = toggled(&head, &format!("{n} {long}"));
            head = change.next.clone();
            store.commit(&only(change)).await.unwrap();
        }
        for store in [stand.store(), stand.store().in_pages_of(3)] {
            let lines = store.ledger(&head.id).await.unwrap();
            let end = verify(Chain::of(&head.id), &lines, Some(head.chain));
            assert_eq!(end, Ok(head.chain));
        }
    });
}

#[test]
fn what_a_newer_version_wrote_is_refused_with_what_to_do() {
    Bed::shared().run(async {
        let stand = Stand::new("newer").await;
        let store = stand.store();
        let head = started(&store, "shop", "checkout").await;
        let mut told = Vec::new();
        raise_version(&stand, "RO#shop#1", "HEAD").await;
        // With the plan that it knows, and without.
        for store in [&store, &stand.store()] {
            let trouble = store.load(&head.id).await.unwrap_err();
            assert_eq!(trouble.chance, Chance::Lasting);
            told.push(trouble.what);
        }
        raise_version(&stand, "RO#shop#1", "EV#000000000001").await;
        told.push(store.ledger(&head.id).await.unwrap_err().what);
        raise_version(&stand, "SERVICE#shop", "NEWEST").await;
        told.push(store.newest(&head.id.service).await.unwrap_err().what);
        expect![[r#"
            the item RO#shop#1/HEAD of the table is a record of version 99, and this function reads up to version 4: deploy the newer functions first, all of them
            the item RO#shop#1/HEAD of the table is a record of version 99, and this function reads up to version 4: deploy the newer functions first, all of them
            the item RO#shop#1/EV#000000000001 of the table is a record of version 99, and this function reads up to version 3: deploy the newer functions first, all of them
            the item SERVICE#shop/NEWEST of the table is a record of version 99, and this function reads up to version 1: deploy the newer functions first, all of them"#]].assert_eq(&told.join("\n"));
    });
}

/// An attribute as the stream has it.
fn streamed(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(digits) => json!({ "N": digits }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(streamed).collect::<Vec<_>>() }),
        AttributeValue::M(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, value)| (name.clone(), streamed(value)));
            json!({ "M": fields.collect::<serde_json::Map<_, _>>() })
        }
        other => panic!("{other:?}"),
    }
}

async fn image(stand: &Stand, pk: &str, sk: &str) -> Value {
    let item = item(stand, pk, sk).await;
    let fields = item
        .iter()
        .map(|(name, value)| (name.clone(), streamed(value)));
    Value::Object(fields.collect())
}

#[test]
fn an_entry_in_the_stream_says_all_that_people_are_told() {
    Bed::shared().run(async {
        let stand = Stand::new("stream").await;
        let store = stand.store();
        let head = started(&store, "shop", "checkout").await;
        let change = toggled(&head, "lunch");
        store.commit(&only(change.clone())).await.unwrap();
        let entry = &change.entries[0];
        let image_of_entry = image(&stand, "RO#shop#1", "EV#000000000002").await;
        let [told] = entries_of_image(&image_of_entry).unwrap().try_into().unwrap();
        assert_eq!(told.rollout, head.id);
        assert_eq!(told.line, entry.line());
        assert_eq!(told.message, words::message(&change.next, entry));
        assert_eq!(told.severity, None);
        for (pk, sk) in [
            ("RO#shop#1", "HEAD"),
            ("RO#shop#1", "PLAN"),
            ("SERVICE#shop", "NEWEST"),
        ] {
            let other = image(&stand, pk, sk).await;
            assert_eq!(entries_of_image(&other), Ok(Vec::new()), "{sk}");
        }
        let mut broken = image_of_entry;
        broken["hash"] = json!({ "N": "1" });
        let mut told = vec![entries_of_image(&broken).unwrap_err().what];
        told.push(entries_of_image(&Value::Null).unwrap_err().what);
        expect![[r#"
            the item RO#shop#1/EV#000000000002 of the table has no text `hash`: it was changed by something else than Tidegate; restore it from a backup
            a stream record has no image of its item: the stream's view must be NEW_IMAGE"#]].assert_eq(&told.join("\n"));
    });
}

/// Where the plans and scenarios are, from where cargo runs a test.
const PLANS: &str = "../infra/plans";

#[test]
fn every_head_of_whole_rollouts_comes_back_as_it_was() {
    let read = |name: &str| fs::read_to_string(Path::new(PLANS).join(name)).unwrap();
    for scenario in ["good", "hand", "latency-drift"] {
        let checked = plan::parse(&read("triptrip.yaml")).unwrap();
        let name = format!("triptrip.{scenario}.scenario.yaml");
        let world = Scenario::parse(&read(&name)).unwrap();
        let mut simulation = Simulation::new(Arc::new(checked.plan), world, 1);
        simulation.world().keep_heads();
        simulation.run();
        let heads = simulation.world().heads().to_vec();
        assert!(heads.len() > 10, "{scenario}: {} heads", heads.len());
        Bed::shared().run(async {
            let stand = Stand::new(&format!("sim-{scenario}")).await;
            let store = stand.store();
            let mut revisions: BTreeMap<RolloutId, u64> = BTreeMap::new();
            // The first ones, the last ones, and some in between.
            let step = heads.len().div_ceil(100);
            for (n, (_, head)) in heads.iter().enumerate() {
                if n % step != 0 && n + 10 < heads.len() {
                    continue;
                }
                let change = Change {
                    expected: revisions.get(&head.id).copied(),
                    next: head.clone(),
                    entries: Vec::new(),
                };
                store.commit(&only(change)).await.unwrap();
                revisions.insert(head.id.clone(), head.revision);
                assert_eq!(store.load(&head.id).await.as_ref(), Ok(&Some(head.clone())));
                let other = stand.store().load(&head.id).await;
                assert_eq!(other.as_ref(), Ok(&Some(head.clone())));
            }
        });
    }
}

#[test]
fn more_entries_than_a_transaction_has_actions_are_all_kept_and_told() {
    Bed::shared().run(async {
        let stand = Stand::new("many").await;
        let store = stand.store();
        let head = started(&store, "shop", "checkout").await;
        let before = store.ledger(&head.id).await.unwrap();
        let mut change = toggled(&head, "lunch");
        let entry = change.entries[0].clone();
        change.entries = (0..250)
            .map(|more| {
                let mut entry = entry.clone();
                entry.seq += more;
                entry
            })
            .collect();
        store.commit(&only(change.clone())).await.unwrap();
        let lines: Vec<_> = change.entries.iter().map(Entry::line).collect();
        let kept = store.ledger(&head.id).await.unwrap();
        assert_eq!(kept, [before, lines.clone()].concat());
        let mut told = Vec::new();
        for seq in 2..=17 {
            let image = image(&stand, "RO#shop#1", &format!("EV#{seq:012}")).await;
            told.extend(entries_of_image(&image).unwrap());
        }
        let told: Vec<_> = told.into_iter().map(|told| told.line).collect();
        assert_eq!(told, lines);
    });
}
