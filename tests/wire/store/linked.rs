//! Links: how often a code was tried is counted by the table, whoever counts at once.

use aws::links::{Links as _, Try};
use domain::time::{SignedDuration, later};
use token::{
    TokenId,
    answer::{Attempt, Outcome, Settled},
    code::{CodeKey, Guess},
};

use super::stand::{NOW, Stand};
use crate::bed::Bed;

const ID: TokenId = TokenId([0xab; 16]);

fn guess(typed: &str) -> Guess {
    CodeKey::generate([9; 32]).guess(&ID, typed).unwrap()
}

#[test]
fn five_different_codes_are_taken_and_the_same_one_again_is_none() {
    Bed::shared().run(async {
        let stand = Stand::new("linked").await;
        let store = stand.store();
        let expires = later(NOW, SignedDuration::from_hours(1));
        assert_eq!(store.read(&ID).await.unwrap().tries, 0);
        for (typed, left) in [("000000", 4), ("000001", 3), ("000000", 3), ("000002", 2)] {
            let taken = store.take_try(&ID, guess(typed), expires).await;
            assert_eq!(taken, Ok(Try::Taken { left }), "{typed}");
        }
        // Of ten at once two are the fourth and the fifth.
        let typed: Vec<String> = (3..13).map(|n| format!("{n:06}")).collect();
        let at_once = typed
            .iter()
            .map(|typed| store.take_try(&ID, guess(typed), expires));
        let taken = futures_util::future::join_all(at_once).await;
        let taken = taken
            .iter()
            .filter(|taken| matches!(taken, Ok(Try::Taken { .. })));
        assert_eq!(taken.count(), 2);
        let again = store.take_try(&ID, guess("000001"), expires).await;
        assert_eq!(again, Ok(Try::Taken { left: 0 }));
        let settled = Settled {
            attempt: Attempt::of([1; 8]),
            outcome: Outcome::WrongCode { left: 0 },
            at: NOW,
        };
        store.settle(&ID, &settled).await.unwrap();
        let record = store.read(&ID).await.unwrap();
        assert_eq!((record.tries, record.settled), (5, Some(settled)));
    });
}
