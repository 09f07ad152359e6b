//! What people see in Slack, in both languages.

use std::fmt::Write as _;

use domain::{
    rollout::Status,
    words::{Field, Message, Tone},
};
use token::{Kid, Verifier};

use super::{
    fakes::{Keyed, Shelf, awaiting, desk_with, plan},
    *,
};
use crate::news::News;

const GROUPS: &str = "groups: { leads: [ann, U2CERLKJA] }\n";

/// A body as it looks, about: a block a paragraph, links and buttons with what they say.
pub(super) fn shown(body: &Value) -> String {
    let mut all = String::new();
    for block in body["blocks"].as_array().unwrap() {
        let kind = block["type"].as_str().unwrap();
        writeln!(all, "[{kind}]").unwrap();
        let fields = block["fields"].as_array().into_iter().flatten();
        let elements = block["elements"].as_array().into_iter().flatten();
        let text = Some(&block["text"])
            .filter(|text| !text.is_null())
            .into_iter();
        for part in text.chain(fields).chain(elements) {
            if let Some(id) = part["action_id"].as_str() {
                let words = part["text"]["text"].as_str().unwrap();
                let asks = part["confirm"]["text"]["text"].as_str();
                let asks = asks.map_or_else(String::new, |asks| format!(", asks: {asks}"));
                writeln!(all, "({words}: {id}{asks})").unwrap();
                continue;
            }
            assert_eq!(part["type"], "mrkdwn");
            writeln!(all, "{}", part["text"].as_str().unwrap()).unwrap();
        }
    }
    without_tokens(&all)
}

/// Tokens are long, and another test reads them.
pub(super) fn without_tokens(text: &str) -> String {
    let mut parts = text.split("/d/");
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find('|').unwrap();
        let (_, rest) = part.split_at(end);
        all.push_str("/d/…");
        all.push_str(rest);
    }
    all
}

fn check(file: &str, slack: Slack, plan: &str, status: Option<Status>, expected: &Expect) {
    expected.assert_eq(&sent(file, slack, plan, status));
}

/// What Slack is sent of a sample's first record, with a plan.
fn sent(file: &str, slack: Slack, plan: &str, status: Option<Status>) -> String {
    let desk = Desk {
        channel: Some("#releases".to_owned()),
        topic: None,
        ..desk_with(Keyed)
    };
    desk.outlets.slack.set(Some(slack));
    let mut rollout = awaiting(plan);
    if let Some(status) = status {
        rollout.status = status;
    }
    *desk.store.rollout.borrow_mut() = Some(rollout);
    let mut payload = sample(file);
    payload["Records"].as_array_mut().unwrap().truncate(1);
    woken(&desk, &payload).unwrap();
    let mut all = String::new();
    for (outlet, body) in desk.outlets.said.borrow().iter() {
        writeln!(all, "== {outlet}\n{}", shown(body)).unwrap();
        within_limits(body);
    }
    all
}

/// What Block Kit takes.
fn within_limits(body: &Value) {
    let chars = |value: &Value| value.as_str().unwrap().chars().count();
    assert!(chars(&body["text"]) <= 4_000);
    let blocks = body["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50);
    for block in blocks {
        if block["text"].is_object() {
            assert!((1..=3_000).contains(&chars(&block["text"]["text"])));
        }
        let fields = block["fields"].as_array().into_iter().flatten();
        assert!(fields.clone().count() <= 10);
        for field in fields {
            assert!(chars(&field["text"]) <= 2_000);
        }
        assert!(
            block["elements"]
                .as_array()
                .is_none_or(|all| all.len() <= 25)
        );
    }
    assert_eq!(body["unfurl_links"], false);
    assert_eq!(body["unfurl_media"], false);
}

#[test]
fn an_approval_by_a_webhook_has_everybodys_links() {
    check(
        "approval.json",
        Slack::Webhook,
        &plan(GROUPS),
        None,
        &expect![[r#"
            == slack
            [section]
            *[needs a person] shop#1: phase half (2 of 3) needs approval to go on*
            [section]
            canary web `██████████░░░░░░░░░░` *50%*
            [section]
            *Phase*
            half (2 of 3)
            *Traffic*
            canary 50%, stable 50%
            *Held*
            1h 8m (at least 1h)
            *Next phase, all*
            canary 100%, held for at least 1h
            [section]
            ✓ *error_rate*: passed · now 0.05% · threshold &lt; 0.1% · samples 600
            [section]
            *ann*
            <https://gate.example.com/d/…|Approve> · code `HY112C`
            <https://gate.example.com/d/…|Reject> · code `J24Y1D`
            <https://gate.example.com/d/…|Roll back> · code `1VZ0H5`
            <https://gate.example.com/d/…|Hold> · code `C4B88W`
            [section]
            <@U2CERLKJA>
            <https://gate.example.com/d/…|Approve> · code `N2SMYY`
            <https://gate.example.com/d/…|Reject> · code `9NFK1A`
            <https://gate.example.com/d/…|Roll back> · code `749AZB`
            <https://gate.example.com/d/…|Hold> · code `7PB1J5`
            [context]
            → 0 of 2 approvals so far. From leads (ann, ben): `tidegate approve shop#1 half` to go on, `tidegate reject shop#1 half --reason '…'` if not. Without a decision by Tue 13 Jan 2026 12:06 UTC, traffic goes back.
            Each link is for one person, and asks for the code that stands beside it.
            <https://gate.example.com/d/…|Status page>

        "#]],
    );
}

#[test]
fn an_approval_by_a_bot_has_buttons_for_all_and_links_for_each() {
    let sent = sent("approval.json", Slack::Bot, &plan(GROUPS), None);
    expect_test::expect_file!["approval-by-bot.txt"].assert_eq(&sent);
}

#[test]
fn a_phase_that_is_entered_says_what_the_last_one_has_shown() {
    check(
        "entered.json",
        Slack::Bot,
        &plan(GROUPS),
        Some(Status::Shifting),
        &expect![[r#"
            == post #releases
            [section]
            *shop#1: shifting*
            [section]
            canary `██████████░░░░░░░░░░` *50%*  half (1/2)
            [section]
            shop#1: phase half (2 of 3) begins, canary to 50%
            [context]
            → The weights are being set. Once they are in effect the phase is held for at least 1h, until Tue 13 Jan 2026 11:20 UTC at the earliest.
            → When its gate passes, phase all begins.
            <https://gate.example.com/d/…|Status page>

            == post #releases in 1.1
            [section]
            *shop#1: phase half (2 of 3) begins, canary to 50%*
            [section]
            canary `██████████░░░░░░░░░░` *50%*
            [section]
            *Phase*
            half (2 of 3)
            *Traffic*
            canary 5% → 50%, stable 95% → 50%
            *Needed to go on*
            error_rate &lt; 0.1%
            *Sends traffic back*
            error_rate &gt; 1%
            *Phase canary was held*
            1h 19m (at least 1h)
            *Approved by*
            ann
            *Confirmed*
            backup (by ann)
            [section]
            ✓ *error_rate*: passed · now 0.05% · threshold &lt; 0.1% · samples 600
            [context]
            → The weights are being set. Once they are in effect the phase is held for at least 1h, until Tue 13 Jan 2026 11:20 UTC at the earliest.
            → When its gate passes, phase all begins.
            <https://gate.example.com/d/…|Status page>

        "#]],
    );
}

#[test]
fn a_rollback_says_why() {
    let status = Status::Shifting;
    check(
        "rollback.json",
        Slack::Bot,
        &plan(GROUPS),
        Some(status),
        &expect![[r#"
            == post #releases
            [section]
            *shop#1: shifting*
            [section]
            canary `██████████░░░░░░░░░░` *50%*  half (1/2)
            [section]
            [bad] shop#1: rolling back: alarm shop-&lt;broken&gt; &amp; more went off
            [context]
            → All traffic goes back to stable now, by Tue 13 Jan 2026 10:09 UTC at the latest. The next message says when it is there.
            → If no message follows, close the routes yourself: `tidegate rollback --direct PLAN`.
            <https://gate.example.com/d/…|Status page>

            == post #releases in 1.1 and to all
            [section]
            *[bad] shop#1: rolling back: alarm shop-&lt;broken&gt; &amp; more went off*
            [section]
            canary web `░░░░░░░░░░░░░░░░░░░░` *0%*
            [section]
            *Service*
            shop
            *Cause*
            alarm shop-&lt;broken&gt; &amp; more went off
            *Detected*
            Tue 13 Jan 2026 10:03 UTC
            *Decided*
            Tue 13 Jan 2026 10:04 UTC
            *Phase*
            tenth (1 of 3)
            *Traffic*
            canary 10% → 0%, stable 90% → 100%
            *Affected*
            requests that the canary served, 10% of the traffic
            *Back on stable by*
            Tue 13 Jan 2026 10:09 UTC
            [context]
            → All traffic goes back to stable now, by Tue 13 Jan 2026 10:09 UTC at the latest. The next message says when it is there.
            → If no message follows, close the routes yourself: `tidegate rollback --direct PLAN`.
            <https://gate.example.com/d/…|Status page>

        "#]],
    );
}

#[test]
fn in_japanese_all_of_it_is() {
    let plan = plan(&format!("{GROUPS}locale: ja\n"));
    check(
        "japanese.json",
        Slack::Bot,
        &plan,
        Some(Status::Shifting),
        &expect![[r#"
            == post #releases
            [section]
            *shop#1: 配分を変更中*
            [section]
            新システム `██████████░░░░░░░░░░` *50%*  half (1/2)
            [section]
            【緊急】 shop#1: ロールバックを開始しました（error_rate &gt; 1% for 2m: 14.798%）
            [context]
            → 全トラフィックを旧システムに戻しています（遅くとも 2026年1月13日(火) 19:09 JST まで）。完了したら通知します。
            → 完了の通知が届かない場合は、手動で閉じてください：`tidegate rollback --direct PLAN`
            <https://gate.example.com/d/…|状況ページ>

            == post #releases in 1.1 and to all
            [section]
            *【緊急】 shop#1: ロールバックを開始しました（error_rate &gt; 1% for 2m: 14.798%）*
            [section]
            新システム web `░░░░░░░░░░░░░░░░░░░░` *0%*
            [section]
            *サービス*
            shop
            *原因*
            error_rate &gt; 1% for 2m: 14.798%
            *検知日時*
            2026年1月13日(火) 19:03 JST
            *ロールバック日時*
            2026年1月13日(火) 19:04 JST
            *フェーズ*
            tenth（1/3）
            *トラフィック配分*
            新システム 10% → 0%、旧システム 90% → 100%
            *影響範囲*
            新システムで処理されたリクエスト（トラフィックの 10%）
            *切り戻し期限*
            2026年1月13日(火) 19:09 JST
            [section]
            ✗ *error_rate*: 異常 · 現在 14.798% · 閾値 &gt; 1%（2分間） · 旧システム 0.04% · サンプル数 861
            [context]
            → 全トラフィックを旧システムに戻しています（遅くとも 2026年1月13日(火) 19:09 JST まで）。完了したら通知します。
            → 完了の通知が届かない場合は、手動で閉じてください：`tidegate rollback --direct PLAN`
            <https://gate.example.com/d/…|状況ページ>

        "#]],
    );
}

#[test]
fn links_are_in_the_plans_language() {
    let plan = plan(&format!("{GROUPS}locale: ja\n"));
    check(
        "approval.json",
        Slack::Webhook,
        &plan,
        None,
        &expect![[r#"
        == slack
        [section]
        *[needs a person] shop#1: phase half (2 of 3) needs approval to go on*
        [section]
        新システム web `██████████░░░░░░░░░░` *50%*
        [section]
        *Phase*
        half (2 of 3)
        *Traffic*
        canary 50%, stable 50%
        *Held*
        1h 8m (at least 1h)
        *Next phase, all*
        canary 100%, held for at least 1h
        [section]
        ✓ *error_rate*: passed · now 0.05% · threshold &lt; 0.1% · samples 600
        [section]
        *ann*
        <https://gate.example.com/d/…|承認する> · コード `HY112C`
        <https://gate.example.com/d/…|却下する> · コード `J24Y1D`
        <https://gate.example.com/d/…|ロールバックする> · コード `1VZ0H5`
        <https://gate.example.com/d/…|保留する> · コード `C4B88W`
        [section]
        <@U2CERLKJA>
        <https://gate.example.com/d/…|承認する> · コード `N2SMYY`
        <https://gate.example.com/d/…|却下する> · コード `9NFK1A`
        <https://gate.example.com/d/…|ロールバックする> · コード `749AZB`
        <https://gate.example.com/d/…|保留する> · コード `7PB1J5`
        [context]
        → 0 of 2 approvals so far. From leads (ann, ben): `tidegate approve shop#1 half` to go on, `tidegate reject shop#1 half --reason '…'` if not. Without a decision by Tue 13 Jan 2026 12:06 UTC, traffic goes back.
        リンクは本人専用です。開いたページで、横に表示されたコードを入力してください。
        <https://gate.example.com/d/…|状況ページ>

    "#]],
    );
}

#[test]
fn the_end_is_told() {
    let at = "2026-01-13T11:00:00Z".parse().unwrap();
    let status = Some(Status::Completed { at });
    check(
        "completed.json",
        Slack::Bot,
        &plan(GROUPS),
        status,
        &expect![[r#"
            == post #releases
            [section]
            *shop#1: completed*
            [section]
            canary `██████████░░░░░░░░░░` *50%*  half (1/2)
            [section]
            shop#1: completed, the canary is the new stable
            [context]
            → Until Wed 14 Jan 2026 12:20 UTC, `tidegate rollback shop#1 --reason '…'` still sends all traffic back to the old side.
            → After that the old side is not needed any more and can be removed.
            <https://gate.example.com/d/…|Status page> · <https://gate.example.com/d/…|Report>

            == post #releases in 1.1
            [section]
            *shop#1: completed, the canary is the new stable*
            [section]
            canary `████████████████████` *100%*
            [section]
            *Service*
            shop
            *Completed*
            Tue 13 Jan 2026 12:20 UTC
            *Took*
            2h 20m
            *Started by*
            ann
            *Phases passed*
            half, all
            *Traffic*
            canary 100%, stable 0%
            *Open incidents*
            none
            [context]
            → Until Wed 14 Jan 2026 12:20 UTC, `tidegate rollback shop#1 --reason '…'` still sends all traffic back to the old side.
            → After that the old side is not needed any more and can be removed.
            <https://gate.example.com/d/…|Status page> · <https://gate.example.com/d/…|Report>

        "#]],
    );
}

#[test]
fn what_is_too_long_fits_all_the_same() {
    let desk = desk_with(Keyed);
    let plan = plan(&format!(
        "groups: {{ leads: [{}] }}\n",
        (0..100)
            .map(|n| format!("\"lead<{n}>@example.com\""))
            .collect::<Vec<_>>()
            .join(", ")
    ));
    *desk.store.rollout.borrow_mut() = Some(awaiting(&plan));
    let entries = entries_of_image(&sample("approval.json")["Records"][0]["dynamodb"]["NewImage"]);
    let mut told = entries.unwrap();
    let long = "█<&>".repeat(2_000);
    let field = |label: &str| Field {
        label: label.to_owned(),
        value: long.clone(),
    };
    told[0].message = Some(Message {
        tone: Tone::Ask,
        flag: None,
        title: long.clone(),
        fields: (0..120)
            .map(|n| field(if n % 2 == 0 { "" } else { "Phase" }))
            .collect(),
        evidence: Vec::new(),
        next: vec![long.clone(); 40],
    });
    desk.store.entries.borrow_mut().insert(6, told.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let keys = runtime.block_on(Keyed.keys(Timestamp::UNIX_EPOCH)).unwrap();
    let rollout = desk.store.rollout.borrow().clone();
    let news = News::of(told, rollout.clone(), keys.as_ref()).unwrap();
    within_limits(&slack::message(&news, slack::Links::Everybodys));
    within_limits(&slack::message(&news, slack::Links::Buttons));
    within_limits(&slack::root(&news, rollout.as_ref().unwrap()));
}

/// The tokens that buttons and links carry, verified with the public key.
pub(super) fn claims(desk: &Desk<Kept, Shelf, Keyed>, now: &str) -> Vec<token::Claims> {
    let verifier = Verifier::new(
        Kid::new("2026-01").unwrap(),
        Keyed::signer().public().unwrap(),
    );
    let now: Timestamp = now.parse().unwrap();
    let mut tokens = Vec::new();
    for (_, body) in desk.outlets.said.borrow().iter() {
        let text = body["blocks"].to_string();
        let links = text.split("/d/").skip(1);
        tokens.extend(links.map(|rest| rest.split('|').next().unwrap().to_owned()));
        let blocks = body["blocks"].as_array().unwrap().iter();
        let buttons = blocks.flat_map(|block| block["elements"].as_array().into_iter().flatten());
        let values = buttons.filter_map(|button| button["value"].as_str());
        tokens.extend(values.map(str::to_owned));
    }
    let verify = |token: &String| verifier.verify(token, &Keyed::audience(), now).unwrap();
    tokens.iter().map(verify).collect()
}
