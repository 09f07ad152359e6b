//! Who gets which links.

use std::fmt::Write as _;

use domain::{
    name::{AlarmArn, Person},
    plan::{gate::Otherwise, severity::Severity},
    rollout::{Hold, Incident, IncidentMark, IncidentSource, IncidentState, Rollout, Status},
    traffic::Epoch,
};
use token::Action;

use super::{
    blocks::claims,
    fakes::{Keyed, awaiting, desk_with, plan},
    *,
};

const NOW: &str = "2026-01-13T10:07:00Z";

fn told(slack: Slack, rollout: Rollout) -> Desk<Kept, Shelf, Keyed> {
    told_of("approval.json", slack, rollout)
}

fn told_of(file: &str, slack: Slack, rollout: Rollout) -> Desk<Kept, Shelf, Keyed> {
    let desk = Desk {
        channel: Some("#releases".to_owned()),
        topic: None,
        ..desk_with(Keyed)
    };
    desk.outlets.slack.set(Some(slack));
    *desk.store.rollout.borrow_mut() = Some(rollout);
    woken_at(&desk, &sample(file), "10:07:00").unwrap();
    desk
}

fn check(slack: Slack, rollout: Rollout, expected: &Expect) {
    let desk = told(slack, rollout);
    let mut all = String::new();
    for claims in claims(&desk, NOW) {
        let phase = claims
            .phase
            .map_or_else(String::new, |phase| phase.to_string());
        writeln!(
            all,
            "{} {} {} {phase} epoch {} until {}",
            claims.approver, claims.action, claims.rollout, claims.epoch, claims.expires
        )
        .unwrap();
    }
    expected.assert_eq(&all);
}

#[test]
fn each_who_may_decide_has_links_of_their_own() {
    let plan = plan("groups: { leads: [ann, ben] }\n");
    check(
        Slack::Webhook,
        awaiting(&plan),
        &expect![[r#"
        ann approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ann reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ann roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        ann hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        ben approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ben reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ben roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        ben hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
}

#[test]
fn a_bot_writes_to_each_and_shows_buttons_to_all() {
    let plan = plan("groups: { leads: [U2CERLKJA] }\n");
    check(
        Slack::Bot,
        awaiting(&plan),
        &expect![[r#"
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        slack approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        slack reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        slack roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        slack hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        U2CERLKJA approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        U2CERLKJA reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        U2CERLKJA roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        U2CERLKJA hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
}

#[test]
fn what_can_no_longer_be_approved_is_not_offered() {
    let text = plan("groups: { leads: [ann] }\n");
    let mut moved = awaiting(&text);
    moved.epoch = Epoch(7);
    check(
        Slack::Webhook,
        moved,
        &expect![[r#"
        ann roll back shop#1 half epoch 7 until 2026-01-20T10:06:00Z
        ann hold shop#1 half epoch 7 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 7 until 2026-01-20T10:06:00Z
    "#]],
    );
    let mut held = awaiting(&text);
    held.status = Status::Baking;
    held.holds.insert(Hold::Paused);
    check(
        Slack::Webhook,
        held,
        &expect![[r#"
        ann roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
    let mut over = awaiting(&text);
    over.status = Status::Superseded { by: 2 };
    check(
        Slack::Webhook,
        over,
        &expect![[r#"
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
}

/// Kim has started it, whatever the plan calls them.
#[test]
fn whoever_started_it_is_not_asked_to_approve_it() {
    let text = plan("groups: { leads: [chief] }\npeople: { chief: { aws: kim } }\n");
    check(
        Slack::Webhook,
        awaiting(&text),
        &expect![[r#"
        chief reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        chief roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        chief hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
    let waived = text.replace("needed: 1,", "needed: 1, four_eyes: waived,");
    check(
        Slack::Webhook,
        awaiting(&waived),
        &expect![[r#"
        chief approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        chief reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        chief roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        chief hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
}

#[test]
fn a_bot_writes_to_whom_the_plan_knows_in_slack() {
    let text = plan("groups: { leads: [ann, ben] }\npeople: { ann: { slack: U2CERLKJA } }\n");
    check(
        Slack::Bot,
        awaiting(&text),
        &expect![[r#"
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        slack approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        slack reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        slack roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        slack hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        ann approve shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ann reject shop#1 half epoch 6 until 2026-01-13T12:06:00Z
        ann roll back shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        ann hold shop#1 half epoch 6 until 2026-01-20T10:06:00Z
        readers view shop#1 half epoch 6 until 2026-01-20T10:06:00Z
    "#]],
    );
}

/// The rollout with an incident that its alarm has opened at 10:06.
fn in_trouble(alarm: &str) -> (Rollout, IncidentMark) {
    let mut rollout = awaiting(&plan("groups: { leads: [ann] }\n"));
    let arn = format!("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{alarm}");
    let source = IncidentSource::Alarm(AlarmArn::new(&arn));
    let incident = Incident {
        severity: Severity::High,
        opened: "2026-01-13T10:06:00Z".parse().unwrap(),
        state: IncidentState::Open {
            due: Some("2026-01-13T11:06:00Z".parse().unwrap()),
            otherwise: Otherwise::Rollback,
        },
    };
    let mark = incident.mark(&source);
    rollout.status = Status::Baking;
    rollout.incidents.insert(source, incident);
    (rollout, mark)
}

#[test]
fn an_incident_can_be_accepted_by_a_link_that_names_it() {
    let (rollout, mark) = in_trouble("shop-latency");
    let desk = told_of("incident.json", Slack::Webhook, rollout);
    let all = claims(&desk, NOW);
    let actions: Vec<String> = all.iter().map(|all| all.action.to_string()).collect();
    assert_eq!(actions, ["roll back", "accept", "hold", "view"]);
    for claims in all {
        let is_meant = claims.action == Action::Accept;
        assert_eq!(
            claims.incident,
            is_meant.then_some(mark),
            "{}",
            claims.action
        );
    }
}

#[test]
fn what_somebody_has_accepted_or_another_alarm_opened_is_not_offered() {
    let offered = |rollout| {
        let desk = told_of("incident.json", Slack::Webhook, rollout);
        let all = claims(&desk, NOW);
        all.iter().any(|claims| claims.action == Action::Accept)
    };
    let (mut accepted, _) = in_trouble("shop-latency");
    for incident in accepted.incidents.values_mut() {
        incident.state = IncidentState::Accepted {
            by: Person::new("ann"),
            until: None,
        };
    }
    assert!(!offered(accepted));
    assert!(!offered(in_trouble("shop-errors").0));
    let (mut again, _) = in_trouble("shop-latency");
    for incident in again.incidents.values_mut() {
        incident.opened = "2026-01-13T10:06:30Z".parse().unwrap();
    }
    assert!(!offered(again));
    let (mut moved, _) = in_trouble("shop-latency");
    moved.epoch = Epoch(7);
    assert!(!offered(moved));
}

#[test]
fn a_message_that_is_sent_again_has_the_same_links() {
    let plan = plan("groups: { leads: [ann, ben] }\n");
    let bodies = |desk: &Desk<Kept, Shelf, Keyed>| desk.outlets.said.borrow().clone();
    let first = bodies(&told(Slack::Webhook, awaiting(&plan)));
    let second = bodies(&told(Slack::Webhook, awaiting(&plan)));
    assert_eq!(first, second);
}

#[test]
fn every_link_has_another_name() {
    let plan = plan("groups: { leads: [ann, ben, U2CERLKJA] }\n");
    let desk = told(Slack::Webhook, awaiting(&plan));
    let mut ids: Vec<String> = claims(&desk, NOW).iter().map(|all| all.id.hex()).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
    assert_eq!(count, 3 * 4 + 1);
}

#[test]
fn nothing_that_opens_anything_is_shown_by_debug() {
    let plan = plan("groups: { leads: [ann] }\n");
    let rollout = awaiting(&plan);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let keys = runtime.block_on(Keyed.keys(Timestamp::UNIX_EPOCH)).unwrap();
    let image = &sample("approval.json")["Records"][0]["dynamodb"]["NewImage"];
    let entries = entries_of_image(image).unwrap();
    let news = news::News::of(entries, Some(rollout), keys.as_ref()).unwrap();
    let shown = format!("{:?} {:?} {keys:?}", news.offers, news.buttons);
    for press in &news.offers[0].presses {
        assert!(!shown.contains(&press.code), "{shown}");
        assert!(!shown.contains(&press.address), "{shown}");
    }
    assert!(!shown.contains(&news.buttons[0].token), "{shown}");
}
