//! Messages as they go out.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

mod blocks;
mod ends;
mod fakes;
mod links;
mod logs;
mod outbox;

use std::{fs, path::Path};

use aws::store::outbox::State;
use expect_test::{Expect, expect};
use fakes::{Kept, Keyless, Shelf, desk};

use super::*;

const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/notify");

/// A desk as it is without plans, links and a bot.
type Plain = Desk<Kept, Shelf, Keyless>;

fn sample(file: &str) -> Value {
    let text = fs::read_to_string(Path::new(EVENTS).join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// One invocation at noon with ten minutes left.
fn woken<K: Keyring>(desk: &Desk<Kept, Shelf, K>, payload: &Value) -> Result<Value, String> {
    woken_at(desk, payload, "12:00:00")
}

fn woken_at<K: Keyring>(
    desk: &Desk<Kept, Shelf, K>,
    payload: &Value,
    time: &str,
) -> Result<Value, String> {
    woken_with(desk, payload, time, SignedDuration::from_mins(10))
}

fn woken_with<K: Keyring>(
    desk: &Desk<Kept, Shelf, K>,
    payload: &Value,
    time: &str,
    left: SignedDuration,
) -> Result<Value, String> {
    let noon: Timestamp = format!("2026-01-13T{time}Z").parse().unwrap();
    let invocation = Invocation {
        request_id: "8f5".to_owned(),
        ends: noon + left,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(handle(desk, payload, &invocation, || noon))
}

fn check(file: &str, expected: &Expect) {
    let desk = desk();
    let answer = woken(&desk, &sample(file)).unwrap();
    expected.assert_eq(&format!("{}{answer}", desk.outlets.texts()));
}

#[test]
fn every_sample_is_told() {
    let mut files: Vec<String> = fs::read_dir(Path::new(EVENTS))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let all = [
        "approval.json",
        "completed.json",
        "entered.json",
        "incident.json",
        "japanese.json",
        "listens.json",
        "newer-version.json",
        "no-image.json",
        "nothing-to-say.json",
        "one.json",
        "retry.json",
        "rollback.json",
    ];
    assert_eq!(files, all, "each has its expectation below");
    check(
        "approval.json",
        &expect![[r#"
            *[needs a person] shop#1: phase half (2 of 3) needs approval to go on*
            Phase: half (2 of 3)
            Traffic: canary 50%, stable 50%
            Held: 1h 8m (at least 1h)
            Next phase, all: canary 100%, held for at least 1h
            ✓ error_rate: passed (now 0.05%, threshold &lt; 0.1%, samples 600)
            → 0 of 2 approvals so far. From leads (ann, ben): `tidegate approve shop#1 half` to go on, `tidegate reject shop#1 half --reason '…'` if not. Without a decision by Tue 13 Jan 2026 12:06 UTC, traffic goes back.

            [needs a person] shop#1: phase half (2 of 3) needs approval to go on: [("service", "shop"), ("rollout", "shop#1"), ("kind", "approval-asked"), ("tone", "ask"), ("severity", "medium")]

            {"batchItemFailures":[]}"#]],
    );
    check(
        "newer-version.json",
        &expect![[r#"
            *shop#1: all traffic is back on stable, 2s after the decision*
            canary ░░░░░░░░░░ 0%
            It is guarded until no late write can disturb it.

            shop#1: all traffic is back on stable, 2s after the decision: [("service", "shop"), ("rollout", "shop#1"), ("kind", "traffic-restored"), ("tone", "good"), ("severity", "low")]

            {"batchItemFailures":[]}"#]],
    );
    check(
        "no-image.json",
        &expect![[r#"
            *shop#1: all traffic is back on stable, 2s after the decision*
            canary ░░░░░░░░░░ 0%
            It is guarded until no late write can disturb it.

            shop#1: all traffic is back on stable, 2s after the decision: [("service", "shop"), ("rollout", "shop#1"), ("kind", "traffic-restored"), ("tone", "good"), ("severity", "low")]

            {"batchItemFailures":[]}"#]],
    );
}

#[test]
fn who_asks_whether_slack_listens_is_told_and_nothing_is_posted() {
    check("listens.json", &expect![[r#""answers""#]]);
    let desk = desk();
    let gone = Trouble::lasting("Slack answered with status 404");
    desk.outlets.fail("slack", [gone.into()]);
    let answer = woken(&desk, &sample("listens.json")).unwrap();
    assert_eq!(
        answer,
        json!({ "trouble": "Slack answered with status 404" })
    );
    assert_eq!(desk.outlets.texts(), "");
}

#[test]
fn what_is_told_is_told_as_it_was_written() {
    check(
        "nothing-to-say.json",
        &expect![[r#"{"batchItemFailures":[]}"#]],
    );
    check(
        "one.json",
        &expect![[r#"
            *shop#1: phase tenth (1 of 3) begins, canary to 10%*
            canary █░░░░░░░░░ from 0% to 10%

            shop#1: phase tenth (1 of 3) begins, canary to 10%: [("service", "shop"), ("rollout", "shop#1"), ("kind", "phase-entered"), ("tone", "note"), ("severity", "low")]

            {"batchItemFailures":[]}"#]],
    );
    check(
        "rollback.json",
        &expect![[r#"
            *[bad] shop#1: rolling back: alarm shop-&lt;broken&gt; &amp; more went off*
            Service: shop
            Cause: alarm shop-&lt;broken&gt; &amp; more went off
            Detected: Tue 13 Jan 2026 10:03 UTC
            Decided: Tue 13 Jan 2026 10:04 UTC
            Phase: tenth (1 of 3)
            Traffic: canary 10% → 0%, stable 90% → 100%
            Affected: requests that the canary served, 10% of the traffic
            Back on stable by: Tue 13 Jan 2026 10:09 UTC
            → All traffic goes back to stable now, by Tue 13 Jan 2026 10:09 UTC at the latest. The next message says when it is there.
            → If no message follows, close the routes yourself: `tidegate rollback --direct PLAN`.

            [bad] shop#1: rolling back: alarm shop-<broken> & more went off: [("service", "shop"), ("rollout", "shop#1"), ("kind", "rollback-began"), ("tone", "bad"), ("severity", "critical")]

            *shop#1: all traffic is back on stable, 2s after the decision*
            Phase: tenth (1 of 3)
            Traffic: canary 0%, stable 100%
            Cause: alarm shop-&lt;broken&gt; &amp; more went off
            → Guarded until Tue 13 Jan 2026 10:06 UTC: a late write would be undone. Then the rollback is confirmed.

            shop#1: all traffic is back on stable, 2s after the decision: [("service", "shop"), ("rollout", "shop#1"), ("kind", "traffic-restored"), ("tone", "good"), ("severity", "low")]

            {"batchItemFailures":[]}"#]],
    );
}

#[test]
fn a_message_in_japanese_has_the_ledgers_words_in_its_subject() {
    check(
        "japanese.json",
        &expect![[r#"
            *【緊急】 shop#1: ロールバックを開始しました（error_rate &gt; 1% for 2m: 14.798%）*
            サービス: shop
            原因: error_rate &gt; 1% for 2m: 14.798%
            検知日時: 2026年1月13日(火) 19:03 JST
            ロールバック日時: 2026年1月13日(火) 19:04 JST
            フェーズ: tenth（1/3）
            トラフィック配分: 新システム 10% → 0%、旧システム 90% → 100%
            影響範囲: 新システムで処理されたリクエスト（トラフィックの 10%）
            切り戻し期限: 2026年1月13日(火) 19:09 JST
            ✗ error_rate: 異常 (現在 14.798%, 閾値 &gt; 1%（2分間）, 旧システム 0.04%, サンプル数 861)
            → 全トラフィックを旧システムに戻しています（遅くとも 2026年1月13日(火) 19:09 JST まで）。完了したら通知します。
            → 完了の通知が届かない場合は、手動で閉じてください：`tidegate rollback --direct PLAN`

            [bad] shop#1: rolling back: error_rate > 1% for 2m: 14.798%: [("service", "shop"), ("rollout", "shop#1"), ("kind", "rollback-began"), ("tone", "bad"), ("severity", "critical")]

            {"batchItemFailures":[]}"#]],
    );
}

#[test]
fn without_time_left_the_rest_comes_again() {
    let desk = desk();
    let left = SignedDuration::from_secs(9);
    let answer = woken_with(&desk, &sample("one.json"), "12:00:00", left).unwrap();
    assert_eq!(
        answer["batchItemFailures"][0]["itemIdentifier"],
        "300000000000000000000"
    );
    assert_eq!(desk.outlets.texts(), "");
}

#[test]
fn without_the_table_the_rest_comes_again() {
    let desk = desk();
    desk.store.is_down.set(true);
    let answer = woken(&desk, &sample("rollback.json")).unwrap();
    assert_eq!(
        answer["batchItemFailures"][0]["itemIdentifier"],
        "400000000000000000000"
    );
    assert_eq!(desk.outlets.texts(), "");
    desk.store.is_down.set(false);
    woken(&desk, &sample("rollback.json")).unwrap();
    assert_eq!(desk.outlets.texts().matches('*').count(), 4, "two messages");
}

#[test]
fn what_is_no_batch_is_an_error_and_no_panic() {
    for payload in [json!(null), json!({}), json!({ "Records": {} })] {
        assert!(woken(&desk(), &payload).is_err(), "{payload}");
    }
    let odd = json!({ "Records": [7, null, { "eventName": "INSERT" }] });
    let answer = woken(&desk(), &odd).unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
}

/// A hundred alarms at once lie in one item, and what they did is told at once too.
#[test]
fn an_item_with_many_entries_is_one_message_that_begins_with_the_loudest() {
    let mut payload = sample("rollback.json");
    let image = &mut payload["Records"][0]["dynamodb"]["NewImage"];
    let rollback = image.clone();
    let quiet = |tone: &str, title: &str| {
        let mut entry = rollback.clone();
        entry["tone"] = json!({ "S": tone });
        entry["title"] = json!({ "S": title });
        entry.as_object_mut().unwrap().remove("flag");
        json!({ "M": entry })
    };
    *image = quiet("note", "shop#1: the first")["M"].take();
    image["v"] = json!({ "N": "3" });
    image["more"] = json!({ "L": [{ "M": rollback }, quiet("ask", "shop#1: the last")] });
    payload["Records"].as_array_mut().unwrap().truncate(1);
    let desk = desk();
    woken(&desk, &payload).unwrap();
    let said = desk.outlets.texts();
    let headings: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("shop#1: "))
        .collect();
    expect![[r#"
        *[bad] shop#1: rolling back: alarm shop-&lt;broken&gt; &amp; more went off*
        shop#1: the first
        shop#1: the last
        [bad] shop#1: rolling back: alarm shop-<broken> & more went off: [("service", "shop"), ("rollout", "shop#1"), ("kind", "rollback-began"), ("tone", "bad"), ("severity", "critical")]"#]].assert_eq(&headings.join("\n"));
}
