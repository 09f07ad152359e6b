//! Commits that race, come twice and want what another has.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use domain::{
    decide::{Decision, Start, begin, decide},
    event::{Command, Event},
    name::{AlarmArn, EventKey, Person, RolloutId, ServiceName},
    plan::Plan,
    rollout::{Origin, Rollout},
    traffic::{Epoch, Weights},
};
use engine::{
    ports::{Change, Clock as _, Commit, Ports, Store as _},
    trouble::CommitError,
};
use expect_test::expect;

/// A store, and what it said.
struct Story<'a, P> {
    ports: &'a P,
    told: String,
}

/// The head that is found must be the one that was committed.
fn same(found: Option<&Rollout>, expected: &Rollout) -> &'static str {
    match found {
        Some(found) if found == expected => "as it was committed",
        Some(_) => "another than was committed",
        None => "nothing",
    }
}

fn change(expected: Option<u64>, decision: &Decision) -> Change {
    Change {
        expected,
        next: decision.next.clone(),
        entries: decision.entries.clone(),
    }
}

fn commit(expected: Option<u64>, decision: &Decision, key: Option<&str>) -> Commit {
    Commit {
        changes: vec![change(expected, decision)],
        key: key.map(EventKey::new),
    }
}

impl<P: Ports> Story<'_, P> {
    fn note(&mut self, what: &str, said: &str) {
        writeln!(self.told, "{what}: {said}").expect("memory");
    }

    async fn commit(&mut self, what: &str, commit: &Commit) {
        let said = match self.ports.store().commit(commit).await {
            Ok(()) => "made".to_owned(),
            Err(CommitError::Moved) => "the head has moved".to_owned(),
            Err(CommitError::Duplicate) => "done before".to_owned(),
            Err(CommitError::Taken(by)) => format!("taken by {by}"),
            Err(CommitError::Trouble(trouble)) => format!("trouble: {trouble}"),
        };
        self.note(what, &said);
    }

    async fn head(&mut self, what: &str, expected: &Rollout) {
        let found = self
            .ports
            .store()
            .load(&expected.id)
            .await
            .expect("an answer");
        self.note(what, same(found.as_ref(), expected));
    }

    async fn done(&mut self, key: &str) {
        let done = self
            .ports
            .store()
            .is_done(&EventKey::new(key))
            .await
            .expect("an answer");
        self.note(&format!("{key} is done"), if done { "yes" } else { "no" });
    }

    async fn guarded(&mut self, by: &str, alarm: &AlarmArn) {
        let store = self.ports.store();
        let guarded = store.guarded_by(alarm).await.expect("an answer");
        self.note(&format!("guarded by {by}"), &listed(&guarded));
    }

    async fn newest(&mut self, service: &ServiceName) {
        let newest = self.ports.store().newest(service).await.expect("an answer");
        let said = newest.map_or("none".to_owned(), |newest| newest.id.to_string());
        self.note("newest", &said);
    }
}

fn started<P: Ports>(ports: &P, plan: &Arc<Plan>, number: u64) -> Decision {
    let start = Start {
        id: RolloutId {
            service: plan.service.clone(),
            number,
        },
        plan: Arc::clone(plan),
        by: Person::new("ann"),
        origin: Origin::Fresh,
        from: Weights::default(),
        epoch: Epoch::default(),
        alarms: BTreeMap::new(),
        override_reason: Some("alarms are of no interest here".to_owned()),
    };
    begin(start, ports.clock().now()).expect("a beginning")
}

fn asked<P: Ports>(ports: &P, head: &Rollout, command: Command) -> Decision {
    let by = Person::new("kim");
    decide(head, &Event::Asked { by, command }, ports.clock().now()).expect("a decision")
}

fn pause<P: Ports>(ports: &P, head: &Rollout) -> Decision {
    let reason = "lunch".to_owned();
    asked(ports, head, Command::Pause { reason })
}

fn roll_back<P: Ports>(ports: &P, head: &Rollout) -> Decision {
    let reason = "it is slow".to_owned();
    asked(ports, head, Command::Rollback { reason })
}

/// Holds a store to what every store must say. `plan` and `other` share a route and are of different services.
pub(crate) async fn hold<P: Ports>(ports: &P, plan: &Arc<Plan>, other: &Arc<Plan>) {
    let mut story = Story {
        ports,
        told: String::new(),
    };
    story.newest(&plan.service).await;
    let first = begin_twice(&mut story, plan, other).await;
    race(&mut story, &first).await;
    if let Some(guard) = plan.alarms.first() {
        story.guarded("its alarm", &guard.arn).await;
    }
    let stranger = AlarmArn::new("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:another");
    story.guarded("another", &stranger).await;
    story.newest(&plan.service).await;
    expect![[r#"
        newest: none
        a start: made
        its head: as it was committed
        start is done: yes
        pause is done: no
        the same start: done before
        it once more, with another key: the head has moved
        another service on its route: taken by shop#1
        newest: none
        a pause: made
        its head: as it was committed
        a rollback of what was: the head has moved
        back is done: no
        a rollback of what is: made
        its head: as it was committed
        guarded by its alarm: shop#1
        guarded by another: none
        newest: shop#1
    "#]]
    .assert_eq(&story.told);
}

/// A start that comes again, and one that wants what is taken.
async fn begin_twice<P: Ports>(
    story: &mut Story<'_, P>,
    plan: &Arc<Plan>,
    other: &Arc<Plan>,
) -> Rollout {
    let first = started(story.ports, plan, 1);
    let start = |key| commit(None, &first, Some(key));
    story.commit("a start", &start("start")).await;
    story.head("its head", &first.next).await;
    story.done("start").await;
    story.done("pause").await;
    story.commit("the same start", &start("start")).await;
    story
        .commit("it once more, with another key", &start("again"))
        .await;
    let foreign = commit(None, &started(story.ports, other, 1), Some("other"));
    story.commit("another service on its route", &foreign).await;
    story.newest(&other.service).await;
    first.next
}

/// Two who decided on the same head.
async fn race<P: Ports>(story: &mut Story<'_, P>, head: &Rollout) {
    let paused = pause(story.ports, head);
    let quick = commit(Some(head.revision), &paused, Some("pause"));
    story.commit("a pause", &quick).await;
    story.head("its head", &paused.next).await;
    let late = commit(
        Some(head.revision),
        &roll_back(story.ports, head),
        Some("back"),
    );
    story.commit("a rollback of what was", &late).await;
    story.done("back").await;
    let back = roll_back(story.ports, &paused.next);
    let again = commit(Some(paused.next.revision), &back, None);
    story.commit("a rollback of what is", &again).await;
    story.head("its head", &back.next).await;
}

fn listed(ids: &[RolloutId]) -> String {
    let all: Vec<String> = ids.iter().map(ToString::to_string).collect();
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join(", ")
    }
}
