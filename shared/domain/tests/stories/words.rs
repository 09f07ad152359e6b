//! Every way of waiting, as a person reads it in a status, and every refusal.

use domain::{
    decide::Refusal,
    judge::Role,
    name::Person,
    plan::{
        gate::{Op, Otherwise},
        people::Locale,
    },
    rollout::{Hold, IncidentSource, Status},
    waiting::Waiting,
    words::{Parts, waiting},
};
use expect_test::expect;
use jiff::tz::TimeZone;

use crate::{
    plans::{alarm, errors, item, phase_name, route, weight},
    story::{Measure, at, finding},
};

fn waits() -> Vec<Waiting> {
    vec![
        Waiting::Nothing,
        Waiting::Write { until: at("1:01") },
        Waiting::Effect { until: None },
        Waiting::Effect {
            until: Some(at("1:01")),
        },
        Waiting::Bake { until: at("5:30") },
        Waiting::Evidence {
            lacking: Vec::new(),
        },
        Waiting::Evidence {
            lacking: vec![finding(
                &errors(Op::Less, 1000),
                Role::Require,
                Measure::NoData,
                at("1:00"),
            )],
        },
        Waiting::Checklist {
            open: vec![item("backup"), item("team-told")],
        },
        Waiting::Approval {
            have: 0,
            needed: 2,
            until: Some(at("9:00")),
            otherwise: Otherwise::Rollback,
        },
        Waiting::Hook {
            name: "warm".to_owned(),
        },
        Waiting::Person {
            hold: Hold::HandClosed,
        },
        Waiting::Incident {
            source: IncidentSource::Alarm(alarm("errors")),
            until: Some(at("2:00")),
            otherwise: Otherwise::Hold,
        },
        Waiting::Drift {
            routes: vec![("web".to_owned(), weight(40))],
        },
        Waiting::Alarm {
            name: "errors".to_owned(),
        },
        Waiting::Finish,
        Waiting::Guard { until: at("1:07") },
        Waiting::Sweep,
    ]
}

#[test]
fn what_is_waited_for_is_one_sentence() {
    let now = at("1:00");
    let waits = waits();
    let said: Vec<String> = waits.iter().map(|wait| waiting(wait, now)).collect();
    let english = Parts {
        locale: Locale::En,
        zone: &TimeZone::UTC,
    };
    assert!(
        waits
            .iter()
            .all(|wait| english.waiting(wait, now) == waiting(wait, now))
    );
    expect![[r#"
        nothing: the rollout has ended
        weights to be written and read back, tried again in 1m
        the new weights to be put into effect
        the new weights to reach the last client, in 1m
        time at these weights, over in 4h 30m
        the first measurements
        evidence: error_rate < 0.1%: inconclusive: no data
        somebody to confirm backup, team-told
        approval, 0 of 2; without an answer in 8h traffic goes back
        hook warm
        a person: somebody closed the gate by hand
        a person to decide on alarm errors; without an answer in 1h it goes on holding
        a weight that somebody else wrote to be put right: web at 40%
        alarm errors to be readable and to have data
        the canary to be made the new stable, and `tidegate finish`
        the time in which a late write could land to pass, in 7m
        the next sweep, within a minute"#]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn what_is_waited_for_is_said_in_japanese_too() {
    let japanese = Parts {
        locale: Locale::Ja,
        zone: &TimeZone::UTC,
    };
    let now = at("1:00");
    let said = waits()
        .iter()
        .map(|wait| japanese.waiting(wait, now))
        .collect::<Vec<_>>();
    expect![[r#"
        ロールアウトは終了しています
        配分の変更
        配分の適用
        配分の適用（2026年3月3日(火) 01:01 UTC）
        維持時間の経過（2026年3月3日(火) 05:30 UTC まで）
        最初の測定
        判断の根拠：error_rate
        確認項目：backup、team-told
        承認（2名中0名）。2026年3月3日(火) 09:00 UTC までに判断がない場合はロールバックします
        フック warm
        担当者の判断（配分が手動で下げられました）
        インシデントの判断：アラーム errors。2026年3月3日(火) 02:00 UTC までに判断がない場合は保留を続けます
        外部から変更された配分の修正：web（40%）
        アラーム errors の状態
        切り替え作業と `tidegate finish`
        切り戻しの確定（2026年3月3日(火) 01:07 UTC まで）
        次の巡回（1分以内）"#]].assert_eq(&said.join("\n"));
}

/// One of each.
fn refusals() -> Vec<Refusal> {
    let (web, canary) = (route("web"), phase_name("canary"));
    let (ann, errors) = (Person::new("ann"), IncidentSource::Alarm(alarm("errors")));
    vec![
        Refusal::Ended {
            status: Status::Completed { at: at("1:00") },
        },
        Refusal::Followed { by: 8 },
        Refusal::NotNow {
            verb: "promote",
            status: Status::Shifting,
        },
        Refusal::InFlight,
        Refusal::NoReason { verb: "reject" },
        Refusal::NothingHeld,
        Refusal::NothingFailed,
        Refusal::StartsAnew,
        Refusal::OtherPhase {
            asked: canary.clone(),
            current: Some(phase_name("half")),
        },
        Refusal::OtherPhase {
            asked: canary.clone(),
            current: None,
        },
        Refusal::OtherPlan,
        Refusal::MovedOn {
            status: Status::Baking,
            phase: Some(canary),
        },
        Refusal::MovedOn {
            status: Status::Starting,
            phase: None,
        },
        Refusal::NotAnApprover {
            who: ann.clone(),
            may: "leads".to_owned(),
        },
        Refusal::OwnRollout { who: ann },
        Refusal::UnknownIncident {
            asked: "latency".to_owned(),
            open: vec![errors],
        },
        Refusal::IncidentOver { open: Vec::new() },
        Refusal::UnknownItem(item("backup")),
        Refusal::UnknownRoute(web.clone()),
        Refusal::Inexpressible {
            route: web.clone(),
            wanted: weight(33),
            below: weight(30),
            above: weight(40),
        },
        Refusal::FastTrackOver(at("24:00")),
        Refusal::NotTheNewStable {
            route: web.clone(),
            base: Some(weight(0)),
        },
        Refusal::NotTheNewStable {
            route: web.clone(),
            base: None,
        },
        Refusal::Past(at("0:30")),
        Refusal::RouteLeftBehind(web),
        Refusal::UnsoundPlan("no phase".to_owned()),
        Refusal::AlarmsNotWell("alarm errors is in ALARM".to_owned()),
    ]
}

#[test]
fn why_something_is_not_done_is_said_in_both_languages() {
    let mut said = String::new();
    for refusal in refusals() {
        for locale in [Locale::En, Locale::Ja] {
            let zone = &TimeZone::UTC;
            let sentence = Parts { locale, zone }.refusal(&refusal);
            assert!(!sentence.ends_with(['.', '。']), "{sentence}");
            said.push_str(&sentence);
            said.push('\n');
        }
    }
    expect![[r#"
        the rollout has ended: it is completed
        ロールアウトは終了しています（完了）
        rollout #8 has come after this one; it can only be gone back from that
        後続のロールアウト #8 があるため、切り戻しは #8 に対して行ってください
        `promote` is not possible while the rollout is shifting
        現在の状態（配分を変更中）では `promote` を実行できません
        weights are being changed at this moment; ask again in a few seconds
        配分を変更している最中です。数秒後にもう一度お試しください
        `reject` needs a reason; it goes into the ledger
        `reject` には理由が必要です。理由は台帳に記録されます
        nothing holds the rollout, so there is nothing to resume
        保留されていないため、再開する必要はありません
        nothing has failed that could be tried again
        再試行できる失敗はありません
        the rollout was rolled back; trying again starts a new one
        ロールバック済みです。再実行すると新しいロールアウトになります
        this concerns phase canary, but the rollout is in half
        フェーズ canary についての操作ですが、現在はフェーズ half です
        this concerns phase canary, but the rollout is in no phase yet
        フェーズ canary についての操作ですが、現在はどのフェーズも始まっていません
        this was asked about another plan than the rollout runs
        表示されたプランと、ロールアウトが実行しているプランが異なります
        the rollout has moved on since this was shown: it is baking in phase canary now
        表示された後にロールアウトが進んでいます（現在：フェーズ canary、維持中）
        the rollout has moved on since this was shown: it is starting now
        表示された後にロールアウトが進んでいます（現在：準備中）
        ann may not approve this phase; leads may
        ann さんはこのフェーズの承認者ではありません。承認できる人：leads
        ann started this rollout and may not approve it too; another approver must
        ann さんはこのロールアウトの開始者のため承認できません。別の承認者の承認が必要です
        there is no incident `latency`; open are: alarm errors
        インシデント `latency` はありません。判断待ちのインシデント：アラーム errors
        the incident that was shown has been accepted already or is over; none is open
        表示されたインシデントは許容済みまたは解決済みです。判断待ちのインシデントはありません
        the phase has no checklist item `backup`
        このフェーズのチェックリストに項目 `backup` はありません
        the plan has no route `web`
        プランにルート `web` はありません
        web cannot express 33%; the nearest it can are 30% and 40%
        web では 33% を設定できません。設定できる近い値は 30% と 40% です
        going back without phases was possible until 2026-03-04T00:00:00Z; start a rollout the other way round
        フェーズなしで戻せる期限（2026年3月4日(水) 00:00 UTC）を過ぎています。逆向きのロールアウトを開始してください
        web would send 0% to the canary without Tidegate's rule; make the canary the new stable first
        Tidegate のルールを外すと、web で新システムに流れる割合は 0% です。先に新システムを正式な振り分け先にしてください
        web would send an unknown share to the canary without Tidegate's rule; make the canary the new stable first
        Tidegate のルールを外すと、web で新システムに流れる割合は 不明 です。先に新システムを正式な振り分け先にしてください
        2026-03-03T00:30:00Z is past
        2026年3月3日(火) 00:30 UTC は過ぎています
        route `web` carries weight and is not the same in the new plan; roll back first
        ルート `web` にはトラフィックが流れており、新しいプランでは内容が異なります。先にロールバックしてください
        the plan is not sound: no phase
        プランに矛盾があります（no phase）
        not started: alarm errors is in ALARM; start with a reason to override
        アラームの状態が正常でないため開始していません（alarm errors is in ALARM）。理由を付けると開始できます
    "#]].assert_eq(&said);
}
