//! Whether a change has reached Route 53's servers.
//!
//! A listing shows a change at once; only `GetChange` knows whether it is INSYNC, and it wants the id that the write was
//! answered with. A process remembers the ids of what it sent, and asks. Another process, or the one that never got the
//! answer, does not have the id, and there is no way to find it. It goes by time instead: "changes generally propagate to
//! all Route 53 name servers within 60 seconds" (`ChangeResourceRecordSets`). The fence says when the change was sent,
//! and it counts as pending until a minute after that. When the fence is gone, nothing says when: the minute counts from
//! now on, each time anew, as a part of what a change needs to reach the last client. So what is not known makes a bake
//! or a confirmation later by a minute or two, never sooner, and never stops it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use aws_sdk_route53::{Client, types::ChangeStatus};
use domain::{
    plan::route::Route53Route,
    target::Propagation,
    time::{SignedDuration, Timestamp, later},
};
use engine::trouble::Chance;

use super::fence::Fence;
use crate::trouble::trouble;

/// How long a change is on its way to all servers, in general.
const PROPAGATES_WITHIN: SignedDuration = SignedDuration::from_secs(60);

/// The changes that this process has sent, the last of each name.
#[derive(Debug, Default)]
pub(super) struct Changes(Mutex<BTreeMap<(String, String), Sent>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Sent {
    /// The stamp of the fence that it left; none if it left no fence.
    write: Option<String>,
    /// What `GetChange` wants.
    id: String,
    status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Pending,
    InSync,
}

/// What `GetChange` answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The change is not on all servers yet, or it was not said now.
    Pending,
    /// It is.
    InSync,
    /// It will never be said: `NoSuchChange`, or no right to ask.
    Unknown,
}

/// Asks whether a change is on all servers.
pub(super) async fn ask(client: &Client, id: &str) -> Answer {
    match client.get_change().id(id).send().await {
        Ok(output) => match output.change_info.map(|info| info.status) {
            Some(ChangeStatus::Insync) => Answer::InSync,
            _ => Answer::Pending,
        },
        Err(error) => match trouble("GetChange", &error).chance {
            Chance::Passing => Answer::Pending,
            Chance::Lasting => Answer::Unknown,
        },
    }
}

fn key(route: &Route53Route) -> (String, String) {
    (route.zone.clone(), route.name.clone())
}

impl Changes {
    fn with<T>(&self, f: impl FnOnce(&mut BTreeMap<(String, String), Sent>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers a change that was taken, and the stamp of the fence that it left.
    pub(super) fn sent(&self, route: &Route53Route, write: Option<String>, id: String) {
        let status = Status::Pending;
        self.with(|sent| sent.insert(key(route), Sent { write, id, status }));
    }

    /// The change of a name to ask for.
    pub(super) fn open(&self, route: &Route53Route) -> Option<String> {
        self.with(|sent| {
            let sent = sent.get(&key(route))?;
            (sent.status == Status::Pending).then(|| sent.id.clone())
        })
    }

    /// Whether what was listed is in effect, and how long after that it may still be on its way to the last client.
    pub(super) fn of(
        &self,
        route: &Route53Route,
        fence: Option<&Fence>,
        answer: Option<(String, Answer)>,
        now: Timestamp,
    ) -> (Propagation, SignedDuration) {
        let known = self.with(|all| {
            let sent = all.get_mut(&key(route))?;
            let left = fence.map(|fence| &fence.write);
            let answer = answer.filter(|(id, _)| *id == sent.id);
            let answer = answer.map(|(_, answer)| answer);
            // Somebody else has written since.
            if sent.write.as_ref() != left || answer == Some(Answer::Unknown) {
                all.remove(&key(route));
                return None;
            }
            if answer == Some(Answer::InSync) {
                sent.status = Status::InSync;
            }
            Some(sent.status)
        });
        let within = |at| now < later(at, PROPAGATES_WITHIN);
        match (known, fence) {
            (Some(Status::Pending), _) => (Propagation::Pending, route.ttl),
            (None, Some(fence)) if within(fence.at) => (Propagation::Pending, route.ttl),
            (Some(Status::InSync), _) | (None, Some(_)) => (Propagation::Done, route.ttl),
            (None, None) => (
                Propagation::Done,
                route.ttl.saturating_add(PROPAGATES_WITHIN),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        name::{RolloutId, RouteName},
        plan::route::RecordType,
        traffic::Epoch,
    };

    use super::*;

    fn route() -> Route53Route {
        Route53Route {
            zone: "Z1".to_owned(),
            name: "example.com".to_owned(),
            types: [RecordType::A].into(),
            stable: "old".to_owned(),
            canary: "new".to_owned(),
            ttl: SignedDuration::from_secs(30),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A fence that was written at second 100.
    fn fence(write: &str) -> Fence {
        let route = route();
        Fence {
            epoch: Epoch(1),
            write: write.to_owned(),
            at: at(100),
            owner: RolloutId::parse("shop#1").unwrap(),
            route: RouteName::new("web").unwrap(),
            types: route.types,
            stable: route.stable,
            canary: route.canary,
            ttl: route.ttl,
            guards: Vec::new(),
        }
    }

    fn say(changes: &Changes, left: Option<&str>, answer: Option<Answer>, now: i64) -> String {
        let fence = left.map(fence);
        let answer = answer.map(|answer| ("C1".to_owned(), answer));
        let (propagation, settle) = changes.of(&route(), fence.as_ref(), answer, at(now));
        format!("{propagation:?} {}", settle.as_secs())
    }

    #[test]
    fn a_change_of_ours_is_in_effect_when_route_53_says_so_and_is_not_asked_for_again() {
        let changes = Changes::default();
        changes.sent(&route(), Some("a".to_owned()), "C1".to_owned());
        assert_eq!(changes.open(&route()).as_deref(), Some("C1"));
        // However long it takes.
        assert_eq!(
            say(&changes, Some("a"), Some(Answer::Pending), 900),
            "Pending 30"
        );
        assert_eq!(
            say(&changes, Some("a"), Some(Answer::InSync), 101),
            "Done 30"
        );
        assert_eq!(changes.open(&route()), None);
        assert_eq!(say(&changes, Some("a"), None, 102), "Done 30");
    }

    #[test]
    fn a_change_that_is_not_known_goes_by_time() {
        let changes = Changes::default();
        assert_eq!(say(&changes, Some("a"), None, 159), "Pending 30");
        assert_eq!(say(&changes, Some("a"), None, 160), "Done 30");
        assert_eq!(say(&changes, None, None, 160), "Done 90");
        changes.sent(&route(), Some("a".to_owned()), "C1".to_owned());
        assert_eq!(
            say(&changes, Some("a"), Some(Answer::Unknown), 159),
            "Pending 30"
        );
        assert_eq!(changes.open(&route()), None);
    }

    #[test]
    fn an_answer_for_another_change_says_nothing() {
        let changes = Changes::default();
        changes.sent(&route(), Some("a".to_owned()), "C2".to_owned());
        assert_eq!(
            say(&changes, Some("a"), Some(Answer::InSync), 500),
            "Pending 30"
        );
        assert_eq!(say(&changes, Some("b"), None, 120), "Pending 30");
        assert_eq!(say(&changes, Some("b"), None, 160), "Done 30");
        changes.sent(&route(), None, "C1".to_owned());
        assert_eq!(say(&changes, None, Some(Answer::InSync), 120), "Done 30");
    }
}
