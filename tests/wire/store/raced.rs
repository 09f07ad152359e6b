//! Many write at once, and answers get lost: there is one history.

use aws::store::Store;
use domain::{
    event::Command,
    ledger::{Chain, verify},
    rollout::Rollout,
};
use engine::{
    ports::{Commit, Store as _},
    trouble::{Chance, CommitError},
};
use futures_util::future::join_all;

use super::stand::{Stand, Wire, asked, begun, id, key, only, plan, started, toggled};
use crate::bed::Bed;

/// The ledger is whole: it begins at its beginning, and ends where the head says.
async fn one_history(store: &Store, head: &Rollout) -> Vec<String> {
    let lines = store.ledger(&head.id).await.unwrap();
    let end = verify(Chain::of(&head.id), &lines, Some(head.chain));
    assert_eq!(end, Ok(head.chain));
    lines.into_iter().map(|line| line.what).collect()
}

#[test]
fn of_two_who_decide_on_one_head_the_second_has_to_decide_again() {
    Bed::shared().run(async {
        let stand = Stand::new("two").await;
        let (one, two) = (stand.store(), stand.store());
        let head = started(&one, "shop", "checkout").await;
        let first = only(toggled(&head, "first"));
        let second = only(toggled(&head, "second"));
        assert_eq!(one.commit(&first).await, Ok(()));
        assert_eq!(two.commit(&second).await, Err(CommitError::Moved));
        let head = two.load(&head.id).await.unwrap().unwrap();
        assert_eq!(head, first.changes[0].next);
        let told = one_history(&two, &head).await;
        assert_eq!(told.last().map(String::as_str), Some("paused: first"));
    });
}

#[test]
fn an_answer_that_was_lost_is_found_to_have_been_yes() {
    Bed::shared().run(async {
        let stand = Stand::new("lost").await;
        let head = started(&stand.store(), "shop", "checkout").await;
        for (reason, key) in [("without a key", None), ("with a key", key("pause"))] {
            let wire = Wire::new();
            let store = stand.store_on(&wire);
            let head = store.load(&head.id).await.unwrap().unwrap();
            let commit = Commit {
                changes: vec![toggled(&head, reason)],
                key,
            };
            wire.calls();
            wire.lose_answer_to("TransactWriteItems");
            assert_eq!(store.commit(&commit).await, Ok(()), "{reason}");
            let twice = ["TransactWriteItems", "TransactWriteItems"];
            assert_eq!(wire.calls(), twice, "{reason}");
            let now = store.load(&head.id).await.unwrap().unwrap();
            assert_eq!(now, commit.changes[0].next);
            one_history(&store, &now).await;
        }
    });
}

#[test]
fn a_start_whose_answer_was_lost_has_begun() {
    Bed::shared().run(async {
        let stand = Stand::new("lost-start").await;
        let wire = Wire::new();
        wire.lose_answer_to("TransactWriteItems");
        let store = stand.store_on(&wire);
        let change = begun(id("shop", 1), plan("shop", "checkout"));
        let head = change.next.clone();
        assert_eq!(store.commit(&only(change)).await, Ok(()));
        assert_eq!(stand.store().load(&head.id).await, Ok(Some(head)));
    });
}

/// Asks until the answer is final; how many commits it took part in: one, or none.
async fn insist(store: &Store, rollout: &Rollout, command: &Command, event: &str) -> u64 {
    for _ in 0..1_000 {
        let head = store.load(&rollout.id).await.unwrap().unwrap();
        let Some(change) = asked(&head, command.clone()) else {
            return 0;
        };
        let commit = Commit {
            changes: vec![change],
            key: key(event),
        };
        match store.commit(&commit).await {
            Ok(()) => return 1,
            Err(CommitError::Duplicate) => return 0,
            Err(CommitError::Moved) => {}
            Err(CommitError::Trouble(trouble)) => assert_eq!(trouble.chance, Chance::Passing),
            Err(CommitError::Taken(by)) => panic!("{by} owns it"),
        }
    }
    panic!("others kept committing");
}

#[test]
fn fifty_conflicting_commands_at_once_end_in_one_history() {
    Bed::shared().run(async {
        let stand = Stand::new("fifty").await;
        let head = started(&stand.store(), "shop", "checkout").await;
        let events: Vec<(String, Command)> = (0..50)
            .map(|n| {
                // Each of them comes twice.
                let n = n / 2;
                let reason = format!("command {n}");
                let command = match n % 3 {
                    0 => Command::Pause { reason },
                    1 => Command::Resume { reason },
                    _ => Command::Abort { reason },
                };
                (format!("event {n}"), command)
            })
            .collect();
        // A process each, with connections of their own.
        let stores: Vec<Store> = (0..events.len())
            .map(|_| stand.store_on(&Wire::new()))
            .collect();
        let made = join_all(
            stores
                .iter()
                .zip(&events)
                .map(|(store, (event, command))| insist(store, &head, command, event)),
        )
        .await;
        let made: u64 = made.into_iter().sum();
        let end = stand.store().load(&head.id).await.unwrap().unwrap();
        assert_eq!(end.revision, head.revision + made);
        let told = one_history(&stand.store(), &end).await;
        let aborted = told.iter().filter(|what| what.starts_with("rolling back"));
        assert_eq!(aborted.count(), 1, "{told:#?}");
    });
}
