//! An active rollout has its service and its routes alone.

use domain::rollout::{Cause, Origin, Rollout, Status};
use engine::{
    ports::{Change, Commit, Store as _},
    trouble::{Chance, CommitError},
};
use expect_test::expect;

use super::stand::{NOW, Stand, begun, id, key, only, plan, started, toggled, turned};
use crate::bed::Bed;

fn taken_by(service: &str) -> Result<(), CommitError> {
    Err(CommitError::Taken(id(service, 1)))
}

fn completed(head: &Rollout) -> Change {
    turned(head, Status::Completed { at: NOW })
}

#[test]
fn a_service_and_a_route_are_taken_until_their_rollout_ends() {
    Bed::shared().run(async {
        let store = Stand::new("taken").await.store();
        let head = started(&store, "shop", "checkout").await;
        let second = only(begun(id("shop", 2), plan("shop", "other")));
        assert_eq!(store.commit(&second).await, taken_by("shop"));
        let same_place = "arn:aws:lambda:us-east-1:123456789012:function:checkout";
        let thief = only(begun(id("thief", 1), plan("thief", same_place)));
        assert_eq!(store.commit(&thief).await, taken_by("shop"));
        assert_eq!(
            store.load(&id("thief", 1)).await,
            Ok(None),
            "all or nothing"
        );
        assert_eq!(store.newest(&id("thief", 1).service).await, Ok(None));
        store.commit(&only(completed(&head))).await.unwrap();
        assert_eq!(store.commit(&thief).await, Ok(()));
        assert_eq!(store.commit(&second).await, Ok(()));
    });
}

#[test]
fn a_successor_takes_over_in_the_same_commit() {
    Bed::shared().run(async {
        let store = Stand::new("successor").await.store();
        let head = started(&store, "shop", "checkout").await;
        let superseded = turned(&head, Status::Superseded { by: 2 });
        let mut successor = begun(id("shop", 2), plan("shop", "checkout"));
        successor.next.origin = Origin::Superseded(1);
        let next = successor.next.clone();
        let commit = Commit {
            changes: vec![superseded.clone(), successor],
            key: key("supersede"),
        };
        assert_eq!(store.commit(&commit).await, Ok(()));
        assert_eq!(store.load(&head.id).await, Ok(Some(superseded.next)));
        assert_eq!(store.newest(&head.id.service).await, Ok(Some(next.clone())));
        assert_eq!(store.active().await, Ok(vec![next.id.clone()]));
        let thief = only(begun(id("thief", 1), plan("thief", "checkout")));
        let taken = Err(CommitError::Taken(next.id.clone()));
        assert_eq!(store.commit(&thief).await, taken);
        store.commit(&only(completed(&next))).await.unwrap();
        assert_eq!(store.commit(&thief).await, Ok(()));
    });
}

#[test]
fn a_completed_rollout_that_goes_back_claims_again_what_nobody_has_taken() {
    Bed::shared().run(async {
        let store = Stand::new("revived").await.store();
        let head = started(&store, "shop", "checkout").await;
        let ended = completed(&head);
        let back = turned(
            &ended.next,
            Status::RollingBack {
                cause: Cause::HookFailed("smoke".to_owned()),
                began: NOW,
            },
        );
        store.commit(&only(ended.clone())).await.unwrap();
        assert_eq!(store.active().await, Ok(Vec::new()));
        store.commit(&only(back.clone())).await.unwrap();
        assert_eq!(store.active().await, Ok(vec![head.id.clone()]));
        let thief = only(begun(id("thief", 1), plan("thief", "checkout")));
        assert_eq!(store.commit(&thief).await, taken_by("shop"));

        // It ends once more, and somebody else takes the route: now it cannot go back.
        let ended = completed(&back.next);
        store.commit(&only(ended.clone())).await.unwrap();
        store.commit(&thief).await.unwrap();
        let back = turned(
            &ended.next,
            Status::RollingBack {
                cause: Cause::HookFailed("smoke".to_owned()),
                began: NOW,
            },
        );
        assert_eq!(store.commit(&only(back)).await, taken_by("thief"));

        // What it still has to say about itself does not take the route from who has it.
        let noted = completed(&ended.next);
        store.commit(&only(noted.clone())).await.unwrap();
        assert_eq!(store.load(&head.id).await, Ok(Some(noted.next)));
        let third = only(begun(id("third", 1), plan("third", "checkout")));
        assert_eq!(store.commit(&third).await, taken_by("thief"));
    });
}

#[test]
fn a_head_that_has_moved_is_told_before_an_owner() {
    Bed::shared().run(async {
        let store = Stand::new("precedence").await.store();
        let head = started(&store, "shop", "checkout").await;
        let again = begun(id("shop", 1), plan("shop", "checkout"));
        assert_eq!(
            store.commit(&only(again)).await,
            Err(CommitError::Moved),
            "two starts at once are decided again"
        );
        let paused = Commit {
            changes: vec![toggled(&head, "lunch")],
            key: key("pause-1"),
        };
        assert_eq!(store.commit(&paused).await, Ok(()));
        assert_eq!(
            store.commit(&paused).await,
            Err(CommitError::Duplicate),
            "an event that had its effect is told before a head that has moved"
        );
    });
}

#[test]
fn what_does_not_fit_into_a_transaction_is_said_to_and_not_split() {
    Bed::shared().run(async {
        let store = Stand::new("large").await.store();
        let head = started(&store, "shop", "checkout").await;
        let change = toggled(&head, "lunch");
        let changes = (1..=51).map(|number| {
            let mut change = change.clone();
            change.next.id.number = number;
            change
        });
        let commit = Commit {
            changes: changes.collect(),
            key: None,
        };
        let Err(CommitError::Trouble(trouble)) = store.commit(&commit).await else {
            panic!("102 parts were taken");
        };
        assert_eq!(trouble.chance, Chance::Lasting);
        expect!["the commit has 102 parts, and DynamoDB takes at most 100 in a transaction: use fewer routes in the plan"].assert_eq(&trouble.what);
        assert_eq!(store.load(&head.id).await, Ok(Some(head)));
    });
}
