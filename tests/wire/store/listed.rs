//! What is active and by which alarms it is guarded, and how few calls lie between an alarm and a commit.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use aws_sdk_dynamodb::types::{Projection, ProjectionType};
use domain::{name::RolloutId, rollout::Status};
use engine::ports::Store as _;
use expect_test::expect;

use super::stand::{NOW, Stand, Wire, alarm, begun, id, key, only, plan, started, toggled, turned};
use crate::bed::Bed;

#[test]
fn an_alarm_finds_the_active_rollouts_that_it_guards_page_by_page() {
    Bed::shared().run(async {
        let stand = Stand::new("guarded").await;
        let store = stand.store();
        let mut heads = Vec::new();
        for service in ["a", "b", "c", "d", "e"] {
            heads.push(started(&store, service, service).await);
        }
        let ended = turned(&heads[1], Status::Completed { at: NOW });
        store.commit(&only(ended)).await.unwrap();
        for store in [stand.store(), stand.store().in_pages_of(1)] {
            let active = store.active().await.unwrap();
            let expected: Vec<RolloutId> = ["a", "c", "d", "e"].map(|name| id(name, 1)).into();
            assert_eq!(active, expected);
            assert_eq!(store.guarded_by(&alarm("d")).await, Ok(vec![id("d", 1)]));
            assert_eq!(
                store.guarded_by(&alarm("b")).await,
                Ok(Vec::new()),
                "it has ended"
            );
            // Not by a part of its name.
            assert_eq!(store.guarded_by(&alarm("")).await, Ok(Vec::new()));
        }
    });
}

#[test]
fn an_index_that_does_not_show_the_alarms_is_not_taken_for_guarded_by_none() {
    Bed::shared().run(async {
        let keys = Projection::builder()
            .projection_type(ProjectionType::KeysOnly)
            .build();
        let stand = Stand::projecting("keys-only", keys).await;
        let store = stand.store();
        started(&store, "shop", "checkout").await;
        let trouble = store.guarded_by(&alarm("shop")).await.unwrap_err();
        expect!["the index `active` of the table does not show by which alarms a rollout is guarded: make it project `alarms`"].assert_eq(&trouble.what);
    });
}

#[test]
fn from_an_alarm_to_the_commit_are_three_calls() {
    Bed::shared().run(async {
        let stand = Stand::new("calls").await;
        started(&stand.store(), "shop", "checkout").await;
        let wire = Wire::new();
        let store = stand.store_on(&wire);
        let mut told = Vec::new();
        for reason in ["in a new process", "in the same"] {
            let guarded = store.guarded_by(&alarm("shop")).await.unwrap();
            let head = store.load(&guarded[0]).await.unwrap().unwrap();
            let mut commit = only(toggled(&head, reason));
            commit.key = key(reason);
            store.commit(&commit).await.unwrap();
            told.push(format!("{reason}: {}", wire.calls().join(", ")));
        }
        store.newest(&id("shop", 1).service).await.unwrap();
        told.push(format!("newest: {}", wire.calls().join(", ")));
        store.is_done(&key("in the same").unwrap()).await.unwrap();
        told.push(format!("is done: {}", wire.calls().join(", ")));
        expect![[r#"
            in a new process: Query, Query, TransactWriteItems
            in the same: Query, GetItem, TransactWriteItems
            newest: GetItem, GetItem
            is done: GetItem"#]]
        .assert_eq(&told.join("\n"));
    });
}

#[test]
fn rollouts_are_listed_the_newest_first() {
    Bed::shared().run(async {
        let store = Stand::new("listed").await.store();
        let mut expected = Vec::new();
        for number in 1..=3 {
            let change = begun(id("shop", number), plan("shop", "f"));
            let ended = turned(&change.next, Status::Completed { at: NOW });
            expected.insert(0, ended.next.clone());
            store.commit(&only(change)).await.unwrap();
            store.commit(&only(ended)).await.unwrap();
        }
        let other = started(&store, "other", "g").await;
        let shop = id("shop", 1).service;
        assert_eq!(store.rollouts(Some(&shop)).await, Ok(expected));
        assert_eq!(store.rollouts(None).await, Ok(vec![other]));
        let unknown = id("unknown", 1).service;
        assert_eq!(store.rollouts(Some(&unknown)).await, Ok(Vec::new()));
    });
}
