//! Requests that are nothing: each has a page that says why, kindly, in both languages.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use expect_test::expect;

use super::*;

fn request(method: &str, path: &str) -> Request {
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        ..Request::default()
    }
}

fn check(request: &Request, expected: &Expect) {
    let mut said = String::new();
    for query in ["", "lang=ja"] {
        let request = Request {
            query: query.to_owned(),
            ..request.clone()
        };
        let at = "2026-11-25T12:00:00Z".parse().unwrap();
        let reply = open(&request, &verifier(), &audience(), at).unwrap_err();
        said.push_str(&head_of(&reply));
        said.push('\n');
    }
    expected.assert_eq(&said);
}

#[test]
fn a_path_without_a_link_says_what_this_is() {
    check(
        &request("GET", "/"),
        &expect![[r#"
        200 Tidegate
            Here rollouts are looked at and decided on. Open the link in the message that you were sent; without one there is nothing to see.
        200 Tidegate
            ロールアウトの状況確認と判断を行うページです。お手元の通知メッセージのリンクを開いてください。
    "#]],
    );
    check(
        &request("GET", "/favicon.ico"),
        &expect![[r#"
        404 There is no such page
            Open the link in the message that you were sent, as it stands there.
        404 ページが見つかりません
            通知メッセージのリンクをそのまま開いてください。
    "#]],
    );
    check(
        &request("POST", "/"),
        &expect![[r#"
        405 That cannot be done here
            This page can be looked at, and its form can be sent.
        405 この操作はできません
            このページでは、閲覧とフォームの送信のみ行えます。
    "#]],
    );
    check(
        &request("DELETE", "/d/x"),
        &expect![[r#"
        405 That cannot be done here
            This page can be looked at, and its form can be sent.
        405 この操作はできません
            このページでは、閲覧とフォームの送信のみ行えます。
    "#]],
    );
}

#[test]
fn a_link_that_is_none_says_why() {
    let asked = asked(Locale::En);
    let whole = asked.request(Action::Approve, "GET", "").path;
    check(
        &request("GET", &whole[..60]),
        &expect![[r#"
        404 This is not a whole link
            A mail program may have broken the line. Copy all of it from the message, or open it there.
        404 リンクが途中で切れています
            メールソフトで改行された可能性があります。リンク全体をコピーするか、通知メッセージから開いてください。
    "#]],
    );
    let other = Signer::generate(Kid::new("2026-11").unwrap(), [8; 32]);
    let forged = other.sign(&asked.claims(Action::Approve)).unwrap();
    check(
        &request("GET", &format!("/d/{}", forged.expose())),
        &expect![[r#"
            403 This link is not valid
                It was changed, or signed with a key that is not in use any more. Ask for the message to be sent again, or use the command `tidegate`.
            403 このリンクは無効です
                内容が変更されているか、使われなくなった鍵で署名されています。通知の再送を依頼するか、`tidegate` コマンドをご利用ください。
        "#]],
    );
    let mut claims = asked.claims(Action::Approve);
    claims.audience = Audience::new("111122223333", "eu-west-1", "staging").unwrap();
    claims.issued = "2026-11-25T12:00:00Z".parse().unwrap();
    claims.expires = later(claims.issued, SignedDuration::from_hours(1));
    let foreign = signer().sign(&claims).unwrap();
    check(
        &request("GET", &format!("/d/{}", foreign.expose())),
        &expect![[r#"
            403 This link is for another deployment
                It was made for another account, region or installation of Tidegate and does nothing here. Open it at the address that stands in its message.
            403 別の環境のリンクです
                別のアカウント、リージョンまたは環境の Tidegate のために作成されたリンクのため、ここでは使えません。通知メッセージのアドレスで開いてください。
        "#]],
    );
    claims.audience = audience();
    claims.issued = later(claims.issued, SignedDuration::from_mins(5));
    let early = signer().sign(&claims).unwrap();
    check(
        &request("GET", &format!("/d/{}", early.expose())),
        &expect![[r#"
            403 This link is not good yet
                It was made in the future: one of two clocks is wrong. Try again in a minute.
            403 このリンクはまだ有効ではありません
                作成時刻が未来になっています。時計がずれている可能性があります。1分後にもう一度お試しください。
        "#]],
    );
    let long = Request {
        body: vec![b'x'; BODY_BYTES_MAX + 1],
        ..request("POST", &whole)
    };
    check(
        &long,
        &expect![[r#"
        413 That is too much
            Nothing was done. Send less.
        413 送信内容が大きすぎます
            何も実行されていません。内容を短くしてください。
    "#]],
    );
}

#[test]
fn what_slack_sends_is_handed_on_by_its_shape() {
    let now: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
    let ask = |method: &str, timestamp: &str, signature: &str, body: &str| {
        let mut request = request(method, "/slack");
        request.body = body.as_bytes().to_vec();
        for (name, value) in [
            ("x-slack-request-timestamp", timestamp),
            ("x-slack-signature", signature),
        ] {
            if !value.is_empty() {
                request.headers.insert(name.to_owned(), value.to_owned());
            }
        }
        match open(&request, &verifier(), &audience(), now) {
            Ok(Opened::Slack(interaction)) => format!("{interaction:?}"),
            Ok(Opened::Link(_)) => panic!("it is Slack's"),
            Err(reply) => format!("{} {:?}", reply.status, reply.body),
        }
    };
    let good = format!("v0={}", "a".repeat(64));
    let at = |seconds: i64| (now.as_second() + seconds).to_string();
    assert_eq!(
        ask("POST", &at(0), &good, "payload=x"),
        "Interaction(9 bytes)"
    );
    assert_eq!(
        ask("POST", &at(300), &good, "payload=x"),
        "Interaction(9 bytes)"
    );
    assert_eq!(
        ask("POST", &at(-300), &good, "payload=x"),
        "Interaction(9 bytes)"
    );
    for (timestamp, signature, body) in [
        (at(301), good.as_str(), "payload=x"),
        (at(-301), &good, "payload=x"),
        (String::new(), &good, "payload=x"),
        ("+1".to_owned(), &good, "payload=x"),
        (at(0), "", "payload=x"),
        (at(0), "v1=aa", "payload=x"),
        (at(0), &good, ""),
    ] {
        let said = ask("POST", &timestamp, signature, body);
        assert_eq!(said, r#"400 """#, "{timestamp} {signature} {body}");
    }
    assert_eq!(ask("GET", &at(0), &good, ""), r#"405 """#);
}
