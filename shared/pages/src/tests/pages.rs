//! Pages as they are read, and what they may do in a browser.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::fmt::Write as _;

use domain::{
    plan::{PlanHash, gate::Otherwise, severity::Severity},
    rollout::{Cause, Incident, IncidentSource, IncidentState},
    traffic::Epoch,
};
use expect_test::{expect, expect_file};
use token::answer::{Outcome, Settled, Why};

use super::*;

#[test]
fn every_page_is_read_in_both_languages() {
    for (locale, query, name) in [(Locale::En, "", "en"), (Locale::Ja, "", "ja")] {
        let mut asked = asked(locale);
        let gate = asked.rollout().gate.as_mut().unwrap();
        gate.checked.pop_last();
        gate.approvals.insert(Person::new("ben"));
        let mut said = String::new();
        for action in Action::ALL {
            let request = asked.request(action, "GET", query);
            let reply = asked.page(&request);
            let text = text_of(&reply.body).replace(&request.path, "/d/…");
            let _ = write!(said, "=== {action:?}: {}\n{text}\n\n", reply.status);
        }
        let expected = expect_file![format!(
            "{}/src/tests/{name}.txt",
            env!("CARGO_MANIFEST_DIR")
        )];
        expected.assert_eq(&said);
    }
}

/// What a page says at its top, in both languages.
fn heads(asked: &Moment, action: Action, query: &str) -> String {
    let english = head_of(&asked.page(&asked.request(action, "GET", query)));
    let japanese = head_of(&asked.page(&asked.request(action, "GET", &format!("lang=ja&{query}"))));
    format!("{english}\n{japanese}\n")
}

/// A link that does nothing any more, once this has happened.
fn stale(action: Action, change: fn(&mut Moment), expected: &Expect) {
    let mut asked = asked(Locale::En);
    let request = asked.request(action, "GET", "");
    let japanese = asked.request(action, "GET", "lang=ja");
    change(&mut asked);
    let page = asked.page(&request);
    assert!(!page.body.contains("<form"), "{action}");
    let said = format!("{}\n{}\n", head_of(&page), head_of(&asked.page(&japanese)));
    expected.assert_eq(&said);
}

/// A condition has opened an incident that holds the rollout.
fn open_incident(asked: &mut Moment) {
    let opened = asked.now;
    let rollout = asked.rollout();
    rollout.status = Status::Baking;
    rollout.incidents.insert(
        IncidentSource::Condition("p95 > 500ms".to_owned()),
        Incident {
            severity: Severity::High,
            opened,
            state: IncidentState::Open {
                due: Some(later(opened, SignedDuration::from_hours(1))),
                otherwise: Otherwise::Rollback,
            },
        },
    );
}

#[test]
fn what_is_accepted_is_named_with_the_time_for_which_it_counts() {
    let mut said = String::new();
    for locale in [Locale::En, Locale::Ja] {
        let mut asked = asked(locale);
        open_incident(&mut asked);
        let page = asked.page(&asked.request(Action::Accept, "GET", ""));
        assert!(page.body.contains(
            "<textarea id=\"reason\" name=\"reason\" rows=\"2\" maxlength=\"500\" required>"
        ));
        let text = text_of(&page.body);
        let lines = text.lines().filter(|line| !line.is_empty());
        let lines: Vec<&str> = lines.take(6).collect();
        let _ = writeln!(said, "{}", lines.join("\n"));
    }
    expect![[r#"
        Tidegate
        日本語
        Accept the incident of shop#1?
        The incident p95 &gt; 500ms is accepted for 4h: for that time it does not hold the rollout. After that it holds it again, if it is not over.
        This link was made for ann and is good until Tue 13 Jan 2026 12:45 JST.
        Service
        Tidegate
        English
        shop#1 のインシデントを許容しますか？
        インシデント「p95 &gt; 500ms」を4時間許容します。その間は、このインシデントによる保留を解除します。4時間後も解決していない場合は再び保留されます。
        このリンクは ann さん用で、2026年1月13日(火) 12:45 JST まで有効です。
        サービス
    "#]].assert_eq(&said);
}

#[test]
fn an_incident_that_is_over_is_not_accepted_and_neither_is_the_next() {
    let mut asked = asked(Locale::En);
    open_incident(&mut asked);
    let request = asked.request(Action::Accept, "GET", "");
    assert!(asked.page(&request).body.contains("<form"));
    for incident in asked.rollout().incidents.values_mut() {
        incident.opened = later(incident.opened, SignedDuration::from_mins(1));
    }
    expect![[r#"
        200 shop#1
            There is nothing to decide with this link now."#]]
    .assert_eq(&head_of(&asked.page(&request)));
    asked.rollout().incidents.clear();
    expect![[r#"
        200 shop#1
            There is nothing to decide with this link now."#]]
    .assert_eq(&head_of(&asked.page(&request)));
}

#[test]
fn the_status_page_leads_to_the_report_and_back_and_a_decision_does_not() {
    let mut asked = asked(Locale::En);
    let request = asked.request(Action::View, "GET", REPORT);
    let page = asked.page(&request);
    let path = &request.path;
    assert!(
        page.body
            .contains(&format!("<a href=\"{path}\">Status page</a>"))
    );
    assert!(
        page.body
            .contains(&format!("href=\"?{REPORT}&amp;lang=ja\""))
    );
    let status = asked.page(&asked.request(Action::View, "GET", ""));
    assert!(
        status
            .body
            .contains(&format!("<a href=\"{path}?{REPORT}\">Report</a>"))
    );
    let japanese = asked.page(&asked.request(Action::View, "GET", &format!("lang=ja&{REPORT}")));
    let other = asked.page(&asked.request(Action::Approve, "GET", REPORT));
    let ledger = std::mem::take(&mut asked.known.ledger);
    let unread = asked.page(&request);
    asked.known.ledger = ledger.into_iter().skip(1).collect();
    asked.known.ledger.pop();
    let cut = asked.page(&request);
    assert_eq!((unread.status, cut.status), (503, 503));
    asked.known.rollout = None;
    let gone = asked.page(&request);
    let heads = [&page, &japanese, &other, &unread, &gone].map(head_of);
    expect![[r#"
        200 Interim report: shop#1
            Service
        200 中間報告: shop#1
            サービス
        200 Go on from phase half of shop#1?
            You agree to go on. 2 people must agree, then phase all begins: canary 100%, for at least 30m.
        503 The rollout cannot be read just now
            Nothing was done. Try again in a few seconds. If traffic must go back at once: `tidegate rollback`, or `tidegate rollback --direct` with the plan.
        410 shop#1
            There is no such rollout any more."#]].assert_eq(&heads.join("\n"));
    for page in [&page, &japanese] {
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("<form") && !page.body.contains("http-equiv"));
    }
}

#[test]
fn a_link_that_is_used_up_says_so() {
    stale(
        Action::Approve,
        |asked| {
            asked.known.record.settled = Some(Settled {
                attempt: Attempt::of([1; 8]),
                outcome: Outcome::Done,
                at: asked.now,
            });
        },
        &expect![[r#"
            200 shop#1
                This link was answered at Tue 13 Jan 2026 10:45 JST, and what it asks for is done. It acts only once.
            200 shop#1
                このリンクは 2026年1月13日(火) 10:45 JST に回答済みで、処理は完了しています。リンクが有効なのは1回だけです。
        "#]],
    );
    stale(
        Action::Approve,
        |asked| asked.known.record.tries = 5,
        &expect![[r#"
            200 shop#1
                Too many codes were wrong, so this link takes none any more. Use another answer's link, the buttons in Slack or the command `tidegate`.
            200 shop#1
                確認コードの誤りが続いたため、このリンクは使えなくなりました。別の回答のリンク、Slack のボタン、または `tidegate` コマンドをご利用ください。
        "#]],
    );
    stale(
        Action::Approve,
        |asked| asked.known.rollout = None,
        &expect![[r#"
            410 shop#1
                There is no such rollout any more.
            410 shop#1
                このロールアウトはもう存在しません。
        "#]],
    );
    stale(
        Action::Approve,
        |asked| asked.now = later(asked.now, SignedDuration::from_hours(3)),
        &expect![[r#"
            410 shop#1
                This link expired at Tue 13 Jan 2026 12:45 JST and does nothing any more. A newer message may have a new one; the command `tidegate` always works.
            410 shop#1
                このリンクは 2026年1月13日(火) 12:45 JST に有効期限が切れたため使えません。新しい通知に新しいリンクがある場合があります。`tidegate` コマンドはいつでも使えます。
        "#]],
    );
}

#[test]
fn a_link_of_a_rollout_that_moved_on_says_so() {
    stale(
        Action::Approve,
        |asked| asked.rollout().epoch = Epoch(99),
        &expect![[r#"
            200 shop#1
                The rollout has moved on since this link was made, so it does nothing any more. The newest message has what can be decided now.
            200 shop#1
                リンクの作成後にロールアウトが進んだため、このリンクは使えません。現在の判断事項は最新の通知をご確認ください。
        "#]],
    );
    stale(
        Action::Approve,
        |asked| {
            let gate = asked.rollout().gate.as_mut().unwrap();
            gate.approvals.insert(Person::new("ann"));
        },
        &expect![[r#"
            200 shop#1
                You have approved already. Nothing more is needed from you.
            200 shop#1
                すでに承認済みです。これ以上の操作は必要ありません。
        "#]],
    );
}

#[test]
fn a_link_that_is_not_asked_for_says_so() {
    stale(
        Action::Reject,
        |asked| asked.rollout().status = Status::Baking,
        &expect![[r#"
            200 shop#1
                There is nothing to decide with this link now.
            200 shop#1
                現在、このリンクで判断することはありません。
        "#]],
    );
    stale(
        Action::Rollback,
        |asked| {
            let now = asked.now;
            asked.rollout().status = Status::RollingBack {
                cause: Cause::Aborted(Person::new("kim"), "not wanted".to_owned()),
                began: now,
            };
        },
        &expect![[r#"
            200 shop#1
                There is nothing to decide with this link now.
            200 shop#1
                現在、このリンクで判断することはありません。
        "#]],
    );
    stale(
        Action::Rollback,
        |asked| {
            let plan = Arc::make_mut(&mut asked.rollout().plan);
            plan.hash = PlanHash::of("another");
        },
        &expect![[r#"
            200 shop#1
                The rollout has moved on since this link was made, so it does nothing any more. The newest message has what can be decided now.
            200 shop#1
                リンクの作成後にロールアウトが進んだため、このリンクは使えません。現在の判断事項は最新の通知をご確認ください。
        "#]],
    );
}

#[test]
fn the_way_back_does_not_mind_that_the_rollout_moved_on() {
    for action in [Action::Rollback, Action::Hold] {
        let mut asked = asked(Locale::En);
        let request = asked.request(action, "GET", "");
        asked.rollout().epoch = Epoch(99);
        asked.rollout().status = Status::Baking;
        asked.rollout().phase = Some(2);
        assert!(asked.page(&request).body.contains("<form"), "{action}");
    }
}

#[test]
fn an_expired_link_shows_little() {
    let asked = asked(Locale::En);
    let request = asked.request(Action::View, "GET", "");
    let late = later(asked.now, SignedDuration::from_hours(3));
    let Answered::Page(reply) = asked.reply_at(&request, late) else {
        panic!("it is a page");
    };
    assert_eq!(reply.status, 410);
    assert!(!reply.body.contains("class=\"ledger\""), "no history");
    assert!(!reply.body.contains("<table"), "no evidence");
}

/// The attempt that is looked after.
fn attempt() -> Attempt {
    Attempt::of([0xcd; 8])
}

/// The page of an answer that ended so.
fn ended(outcome: Outcome, expected: &Expect) {
    let mut asked = asked(Locale::En);
    asked.known.record.settled = Some(Settled {
        attempt: attempt(),
        outcome,
        at: asked.now,
    });
    expected.assert_eq(&heads(&asked, Action::Approve, &format!("a={}", attempt())));
}

#[test]
fn what_became_of_an_answer_is_said() {
    ended(
        Outcome::Done,
        &expect![[r#"
        200 shop#1
            Done. What you asked for has been decided.
        200 shop#1
            完了しました。ご指示の内容が確定しました。
    "#]],
    );
    ended(
        Outcome::WrongCode { left: 4 },
        &expect![[r#"
        200 Go on from phase half of shop#1?
            The code was wrong, and nothing was done. 4 tries are left.
        200 shop#1 フェーズ half の続行を承認しますか？
            確認コードが違います。何も実行されていません。あと4回入力できます。
    "#]],
    );
    ended(
        Outcome::WrongCode { left: 1 },
        &expect![[r#"
        200 Go on from phase half of shop#1?
            The code was wrong, and nothing was done. One try is left.
        200 shop#1 フェーズ half の続行を承認しますか？
            確認コードが違います。何も実行されていません。あと1回入力できます。
    "#]],
    );
    ended(
        Outcome::NoCode,
        &expect![[r#"
        200 Go on from phase half of shop#1?
            What was typed is no code, and nothing was done. A code has six letters and digits.
        200 shop#1 フェーズ half の続行を承認しますか？
            入力された内容は確認コードではありません。何も実行されていません。確認コードは英数字6文字です。
    "#]],
    );
    ended(
        Outcome::Locked,
        &expect![[r#"
        200 shop#1
            The code was wrong, and it was the last try: this link takes none any more. Nothing was done.
        200 shop#1
            確認コードが違います。最後の試行だったため、このリンクは使えなくなりました。何も実行されていません。
    "#]],
    );
}

#[test]
fn what_an_answer_lacks_is_said() {
    let why = Why {
        en: "ann is none of the approvers".to_owned(),
        ja: "ann さんは承認者ではありません".to_owned(),
    };
    ended(
        Outcome::Refused { why },
        &expect![[r#"
            200 Go on from phase half of shop#1?
                It was not done: ann is none of the approvers.
            200 shop#1 フェーズ half の続行を承認しますか？
                実行されませんでした：ann さんは承認者ではありません。
        "#]],
    );
    let why = Why {
        en: "web was not read back yet".to_owned(),
        ja: "web の反映はまだ確認できていません".to_owned(),
    };
    ended(
        Outcome::Unsure { why },
        &expect![[r#"
            200 Go on from phase half of shop#1?
                It is decided or being tried, and not yet seen: web was not read back yet.
            200 shop#1 フェーズ half の続行を承認しますか？
                処理は続いていますが、結果はまだ確認できていません：web の反映はまだ確認できていません。
        "#]],
    );
}

#[test]
fn an_answer_is_followed_until_it_is_known_what_became_of_it() {
    let query = format!("a={}", attempt());
    let asked = asked(Locale::En);
    expect![[r#"
        200 shop#1
            Your answer is on its way. This page looks again every two seconds.
        200 shop#1
            回答を処理しています。このページは2秒ごとに更新されます。
    "#]]
    .assert_eq(&heads(&asked, Action::Approve, &query));
    expect![[r#"
        200 shop#1
            It is not known yet what became of your answer. Reload this page in a while, or look at the message's thread; answering twice does no harm.
        200 shop#1
            回答の結果はまだ確認できていません。しばらくしてから再読み込みするか、通知のスレッドをご確認ください。もう一度回答しても問題ありません。
    "#]].assert_eq(&heads(&asked, Action::Approve, &format!("{query}&w=30")));
    let refresh = |query: &str| {
        let request = asked.request(Action::Approve, "GET", query);
        let body = asked.page(&request).body.replace(&request.path, "/d/…");
        let tag = body.split("<meta http-equiv=\"").nth(1);
        tag.map(|tag| tag.split('>').next().unwrap().to_owned())
    };
    let first = refresh(&query).unwrap();
    expect![[r#"refresh" content="2;url=/d/…?a=cdcdcdcdcdcdcdcd&amp;w=1""#]].assert_eq(&first);
    let second = refresh(&format!("{query}&w=1&lang=ja")).unwrap();
    expect![[r#"refresh" content="2;url=/d/…?a=cdcdcdcdcdcdcdcd&amp;w=2&amp;lang=ja""#]]
        .assert_eq(&second);
    assert_eq!(refresh(&format!("{query}&w=30")), None);
    assert_eq!(
        refresh(&format!("{query}&w=99999999999999")).as_deref(),
        Some(first.as_str())
    );
    assert_eq!(
        refresh(""),
        None,
        "a form is not taken away while somebody types"
    );
}

#[test]
fn a_status_page_lives_as_long_as_its_rollout() {
    let mut asked = asked(Locale::En);
    let request = asked.request(Action::View, "GET", "");
    assert!(
        asked
            .page(&request)
            .body
            .contains(r#"http-equiv="refresh" content="30""#)
    );
    let still = asked
        .page(&asked.request(Action::View, "GET", "still=1"))
        .body;
    assert!(
        !still.contains("http-equiv"),
        "who reads slowly can stop it"
    );
    assert!(
        still.contains("?still=1&amp;lang=ja"),
        "in the other language too"
    );
    let now = asked.now;
    asked.rollout().status = Status::Completed { at: now };
    assert!(!asked.page(&request).body.contains("http-equiv"));
}

#[test]
fn every_reply_keeps_to_itself() {
    let asked = asked(Locale::En);
    let reply = asked.page(&asked.request(Action::Approve, "GET", ""));
    let shown = |reply: &Reply| {
        let headers = reply.headers.iter();
        let headers: Vec<String> = headers
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        format!("{}\n", headers.join("\n"))
    };
    expect![[r#"
        cache-control: no-store
        cross-origin-opener-policy: same-origin
        referrer-policy: no-referrer
        strict-transport-security: max-age=31536000
        x-content-type-options: nosniff
        x-robots-tag: noindex, nofollow
        content-security-policy: default-src 'none'; style-src 'sha256-kqOp+SgfxPj6Qdh0ftrfNIIgz1LDWOfoSjkxrpGRkqg='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'
        content-type: text/html; charset=utf-8
    "#]].assert_eq(&shown(&reply));
    for status in [404, 413, 503] {
        let reply = match status {
            404 => asked.page(&Request {
                path: "/x".to_owned(),
                method: "GET".to_owned(),
                ..Request::default()
            }),
            413 => asked.page(&Request {
                body: vec![0; BODY_BYTES_MAX + 1],
                ..Request::default()
            }),
            _ => unavailable(None),
        };
        assert_eq!(reply.status, status);
        let same = shown(&reply).replace("retry-after: 5\n", "");
        assert_eq!(
            same,
            shown(&asked.page(&asked.request(Action::View, "GET", "")))
        );
    }
    let (_, then) = asked.published(&asked.form(Action::Hold, "", "code=7K2M9Q"));
    let sent_on = shown(&then).replace(&asked.request(Action::Hold, "GET", "").path, "/d/…");
    expect![[r#"
        cache-control: no-store
        cross-origin-opener-policy: same-origin
        referrer-policy: no-referrer
        strict-transport-security: max-age=31536000
        x-content-type-options: nosniff
        x-robots-tag: noindex, nofollow
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        content-type: text/plain; charset=utf-8
        location: /d/…?a=cdcdcdcdcdcdcdcd
    "#]]
    .assert_eq(&sent_on);
}

#[test]
fn a_page_loads_nothing_and_runs_nothing() {
    let mut asked = asked(Locale::En);
    asked.rollout().started_by = Person::new("<img src=x onerror=alert(1)>");
    for action in Action::ALL {
        let page = asked.page(&asked.request(action, "GET", "")).body;
        for foreign in ["<script", "<img", "<b>", "<link", "url(", "@import"] {
            assert!(!page.contains(foreign), "{action}: {foreign}");
        }
        let tags = page.split('<').filter_map(|tag| tag.split('>').next());
        for tag in tags {
            for attribute in [" src=", " style=", " on"] {
                assert!(!tag.contains(attribute), "{action}: {tag}");
            }
        }
        assert!(page.len() < 300_000, "{} bytes", page.len());
    }
}
