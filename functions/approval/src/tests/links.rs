//! Links that are answered.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::fmt::Write as _;

use domain::{rollout::IncidentMark, traffic::Epoch};
use expect_test::expect;
use futures_util::future::join_all;
use token::answer::Answer;

use super::*;

pub(super) fn typed(claims: &Claims, code: &str, attempt: u64) -> Answer {
    Answer {
        token: sign(claims).expose().to_owned(),
        code: code.to_owned(),
        attempt: Attempt::of(attempt.to_be_bytes()),
        reason: String::new(),
        items: Vec::new(),
    }
}

pub(super) fn right(claims: &Claims, attempt: u64) -> Answer {
    typed(claims, &right_code(claims), attempt)
}

impl Room {
    fn answered(&self, answer: Answer) -> String {
        let woken = self.woken(brought(&Envelope::Link(answer)));
        match woken {
            Ok(_) => self.outcome(),
            Err(why) => format!("{}, and again: {why}", self.outcome()),
        }
    }
}

#[test]
fn samples_do_what_they_are_called() {
    let room = Room::asked();
    let kim = room.claims(1, Action::Approve, KIM);
    let mut told = String::new();
    for file in [
        "link.wrong-code.json",
        "other-topic.json",
        "link.right.json",
    ] {
        room.woken(sample(file, &kim)).unwrap();
        writeln!(told, "{file}: {}", room.outcome()).unwrap();
    }
    told.push_str(&room.entries().pop().unwrap());
    expect![[r#"
        link.wrong-code.json: WrongCode { left: 4 }
        other-topic.json: WrongCode { left: 4 }
        link.right.json: Done
        kim: phase half approved, 1 of 2"#]]
    .assert_eq(&told);
}

#[test]
fn two_people_approve_by_link_and_the_rollout_goes_on() {
    let room = Room::asked();
    let kim = room.claims(1, Action::Approve, KIM);
    let lee = room.claims(2, Action::Approve, LEE);
    let before = room.entries().len();
    assert_eq!(room.answered(right(&kim, 1)), "Done");
    assert_eq!(room.answered(right(&kim, 2)), "Done");
    assert_eq!(room.answered(right(&lee, 3)), "Done");
    // Both are late now: what they have done is done.
    assert_eq!(room.answered(right(&kim, 4)), "Done");
    assert_eq!(room.answered(right(&lee, 5)), "Done");
    expect![[r#"
        kim: phase half approved, 1 of 2
        arn:aws:iam::123456789012:user/lee: phase half approved, 2 of 2
        tidegate: phase all entered
        tidegate: the weights of phase all are in effect from 2026-01-13T01:11:07Z"#]]
    .assert_eq(&room.entries()[before..].join("\n"));
}

#[test]
fn a_thousand_uses_of_one_link_at_once_have_one_effect() {
    for action in [
        Action::Approve,
        Action::Rollback,
        Action::Hold,
        Action::Reject,
    ] {
        let room = Room::asked();
        let claims = room.claims(1, action, KIM);
        let before = room.entries();
        let desk = Rc::new(room.desk());
        let invocation = room.invocation();
        let payloads: Vec<Value> = (0..1000)
            .map(|attempt| brought(&Envelope::Link(right(&claims, attempt))))
            .collect();
        let done = room.world.invoke("approvals", TIMEOUT, async move {
            join_all(payloads.iter().map(|payload| {
                let (desk, invocation) = (Rc::clone(&desk), invocation.clone());
                async move { Box::pin(handle(&desk, payload, &invocation)).await }
            }))
            .await
        });
        let done = done.expect("they end in time");
        assert!(done.iter().any(Result::is_ok), "{action}");
        let by_kim = room.entries()[before.len()..]
            .iter()
            .filter(|said| said.starts_with("kim:"))
            .count();
        assert_eq!(by_kim, 1, "{action}: {:#?}", room.entries());
        assert_eq!(room.drawer.0.borrow().guesses[&claims.id].len(), 1);
    }
}

#[test]
fn five_wrong_codes_lock_a_link_and_the_same_one_twice_is_one() {
    let room = Room::asked();
    let claims = room.claims(1, Action::Approve, KIM);
    let wrong = [
        "000000", "000000", "000001", "nothing", "000002", "000003", "000004",
    ];
    let mut told: Vec<String> = wrong
        .iter()
        .zip(1..)
        .map(|(code, attempt)| format!("{code}: {}", room.answered(typed(&claims, code, attempt))))
        .collect();
    told.push(format!("the code: {}", room.answered(right(&claims, 9))));
    expect![[r#"
        000000: WrongCode { left: 4 }
        000000: WrongCode { left: 4 }
        000001: WrongCode { left: 3 }
        nothing: NoCode
        000002: WrongCode { left: 2 }
        000003: WrongCode { left: 1 }
        000004: Locked
        the code: Locked"#]]
    .assert_eq(&told.join("\n"));
    // Another link of the same person is not locked.
    let other = room.claims(2, Action::Approve, KIM);
    assert_eq!(room.answered(right(&other, 10)), "Done");
}

#[test]
fn a_message_that_comes_again_is_no_other_try_and_no_other_decision() {
    let room = Room::asked();
    let claims = room.claims(1, Action::Rollback, KIM);
    for (code, attempt) in ["000000", "000001", "000002", "000003"].iter().zip(1..) {
        room.answered(typed(&claims, code, attempt));
    }
    // It is decided, and then the table does not take down what became of it.
    room.drawer.0.borrow_mut().failing = 2;
    let told: Vec<String> = (0..4).map(|_| room.answered(right(&claims, 9))).collect();
    expect![[r#"
        WrongCode { left: 1 }, and again: the link's record: UpdateItem was not answered in time
        WrongCode { left: 1 }, and again: the link's record: UpdateItem was not answered in time
        Done
        Done"#]]
    .assert_eq(&told.join("\n"));
    let back = room.entries().into_iter();
    assert_eq!(back.filter(|said| said.starts_with("kim:")).count(), 1);
}

#[test]
fn what_was_refused_does_not_happen_later_because_its_message_comes_twice() {
    let room = Room::asked();
    let mut claims = room.claims(1, Action::Approve, KIM);
    claims.epoch = claims.epoch.next();
    let late = right(&claims, 1);
    let refused = room.answered(late.clone());
    expect![[r#"Refused { why: Why { en: "the rollout has moved on since this was shown: it is awaiting approval in phase half now", ja: "表示された後にロールアウトが進んでいます（現在：フェーズ half、承認待ち）" } }"#]].assert_eq(&refused);
    assert_eq!(room.answered(late), refused);
    assert_eq!(room.drawer.0.borrow().told.len(), 1);
}

/// Links that are good in themselves and do not fit, each with what is wrong with it.
fn misfits(room: &Room) -> Vec<(&'static str, Claims)> {
    let claims = |n| room.claims(n, Action::Approve, KIM);
    let mut epoch = claims(2);
    epoch.epoch = Epoch(0);
    let mut phase = claims(3);
    phase.phase = None;
    let mut plan = claims(4);
    plan.plan = domain::plan::PlanHash([0; 32]);
    let mut rollout = claims(5);
    rollout.rollout = domain::name::RolloutId::parse("shop#9").unwrap();
    let mut elsewhere = claims(6);
    elsewhere.audience = Audience::new("123456789012", "eu-west-1", "staging").unwrap();
    let mut expired = claims(7);
    expired.expires = later(room.world.now(), SignedDuration::from_secs(-60));
    expired.issued = later(room.world.now(), SignedDuration::from_mins(-60));
    vec![
        ("a stranger's", room.claims(1, Action::Approve, "eve")),
        ("of another epoch", epoch),
        ("of no phase", phase),
        ("of another plan", plan),
        ("of another rollout", rollout),
        ("of another deployment", elsewhere),
        ("an expired one", expired),
        ("one to look at", room.claims(8, Action::View, KIM)),
        (
            "an incident's, and none is open",
            room.claims(9, Action::Accept, KIM),
        ),
    ]
}

#[test]
fn a_link_that_does_not_fit_is_told_so() {
    let room = Room::asked();
    let before = room.entries().len();
    let mut told = Vec::new();
    for (name, claims) in misfits(&room) {
        let seen = room.drawer.0.borrow().told.len();
        let mut said = room.answered(right(&claims, told.len() as u64));
        if room.drawer.0.borrow().told.len() == seen {
            "nothing".clone_into(&mut said);
        }
        assert_eq!(room.entries().len(), before, "{name}");
        told.push(format!("{name}: {said}"));
    }
    expect![[r#"
        a stranger's: Refused { why: Why { en: "eve may not approve this phase; leads may", ja: "eve さんはこのフェーズの承認者ではありません。承認できる人：leads" } }
        of another epoch: Refused { why: Why { en: "the rollout has moved on since this was shown: it is awaiting approval in phase half now", ja: "表示された後にロールアウトが進んでいます（現在：フェーズ half、承認待ち）" } }
        of no phase: Refused { why: Why { en: "it was asked outside of every phase", ja: "どのフェーズにも属さない操作です" } }
        of another plan: Refused { why: Why { en: "this was asked about another plan than the rollout runs", ja: "表示されたプランと、ロールアウトが実行しているプランが異なります" } }
        of another rollout: Refused { why: Why { en: "there is no rollout shop#9", ja: "ロールアウト shop#9 はありません" } }
        of another deployment: nothing
        an expired one: Refused { why: Why { en: "the link expired at 2026-01-13T01:09:05.618Z", ja: "リンクの有効期限が切れています（2026年1月13日(火) 01:09 UTC）" } }
        one to look at: nothing
        an incident's, and none is open: Refused { why: Why { en: "it names no incident", ja: "対象のインシデントが指定されていません" } }"#]].assert_eq(&told.join("\n"));
}

#[test]
fn an_incident_is_accepted_for_a_while_by_a_link_that_was_made_for_it() {
    let room = Room::in_trouble();
    let before = room.entries().len();
    let claims = room.claims(1, Action::Accept, KIM);
    let mut answer = right(&claims, 1);
    answer.reason = "a deploy of the cache, INC-17".to_owned();
    assert_eq!(room.answered(answer), "Done");
    let other = Claims {
        incident: Some(IncidentMark([1; 16])),
        ..room.claims(2, Action::Accept, KIM)
    };
    let told = room.answered(right(&other, 2));
    expect![[r#"
        kim: alarm shop-broken accepted until 2026-01-13T05:10:05Z: a deploy of the cache, INC-17
        Refused { why: Why { en: "the incident that was shown has been accepted already or is over; none is open", ja: "表示されたインシデントは許容済みまたは解決済みです。判断待ちのインシデントはありません" } }"#]].assert_eq(&format!("{}\n{told}", room.entries()[before..].join("\n")));
    assert_eq!(room.head().holding_incidents().count(), 0);
}

#[test]
fn the_store_that_is_down_makes_it_come_again() {
    let room = Room::asked();
    let claims = room.claims(1, Action::Hold, KIM);
    let now = room.world.now();
    room.world
        .store_down_until(later(now, SignedDuration::from_mins(2)));
    let first = room.answered(right(&claims, 1));
    room.world.pass(SignedDuration::from_mins(3));
    let second = room.answered(right(&claims, 1));
    expect![[r#"
        Unsure { why: Why { en: "it is not known yet whether it was decided; it is tried again", ja: "決定されたかどうか確認できていません。再試行しています" } }, and again: the store could not be used: store.load: service unavailable
        Done"#]].assert_eq(&format!("{first}\n{second}"));
    assert_eq!(room.drawer.0.borrow().guesses[&claims.id].len(), 1);
}

#[test]
fn who_goes_back_is_not_sent_away_because_the_rollout_has_moved_on() {
    let room = Room::asked();
    let claims = Claims {
        epoch: Epoch(0),
        phase: None,
        ..room.claims(1, Action::Rollback, KIM)
    };
    let mut answer = right(&claims, 1);
    answer.reason = "  the checkout\n is slow ".to_owned();
    assert_eq!(room.answered(answer), "Done");
    let said = room.entries();
    let said = said.iter().find(|said| said.starts_with("kim:")).unwrap();
    expect!["kim: rolling back: the checkout is slow"].assert_eq(said);
}

#[test]
fn what_is_no_answer_is_left_alone() {
    let room = Room::asked();
    assert!(room.woken(json!({})).is_err());
    for message in ["", "{}", "{\"link\":{}}"] {
        let payload = json!({ "Records": [{ "Sns": { "TopicArn": TOPIC, "Message": message } }] });
        assert_eq!(room.woken(payload), Ok(json!({})));
    }
    let claims = room.claims(1, Action::Approve, KIM);
    let mut answer = right(&claims, 1);
    answer.token.truncate(40);
    assert_eq!(room.answered(answer), "nothing");
}
