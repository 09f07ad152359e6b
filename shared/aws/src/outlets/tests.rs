//! Outlets against servers that are busy, break off, lead elsewhere or say nothing.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

mod server;

use domain::time::SignedDuration;
use engine::trouble::Chance;
use expect_test::{Expect, expect};
use serde_json::json;

use super::*;
use crate::script::{Answer, Script, run};
use server::{Reply, serve};

const TOKEN: &str = "xoxb-planted-1";
const ADDRESS: &str = "https://hooks.example.com/planted-2";
const ROUTING_KEY: &str = "planted-3";
const KEYS: &str = r#"{ "keys": ["planted-4", "planted-5"] }"#;

fn parameter(value: &str) -> Answer {
    Answer::Json(200, json!({ "Parameter": { "Value": value } }))
}

fn text(status: u16, said: &str) -> Answer {
    Answer::Text(status, ("content-type", "text/plain"), said.to_owned())
}

fn settings() -> Settings {
    let name = |name: &str| Some(format!("/tidegate/{name}"));
    Settings {
        slack: name("slack"),
        topic: Some("arn:aws:sns:eu-west-1:123456789012:messages".to_owned()),
        pager_duty: name("pagerduty"),
        webhook: name("webhook"),
        ..Settings::default()
    }
}

/// Outlets whose every call is answered by a script.
fn scripted(answers: impl IntoIterator<Item = Answer>) -> (Named, Script) {
    let script = Script::new(answers);
    let config = script.config();
    let secrets = Secrets::new(aws_sdk_ssm::Client::new(&config));
    let sns = aws_sdk_sns::Client::new(&config);
    let named = Named::new(script.connector(), secrets, sns, &config, settings());
    (named.reaching(Reach::Anywhere), script)
}

fn post() -> Post {
    Post {
        subject: Some("shop#1: paused".to_owned()),
        text: "shop#1: paused".to_owned(),
        attributes: vec![("rollout", "shop#1".to_owned())],
        emails: Vec::new(),
    }
}

fn said(unsent: &Unsent) -> String {
    let again = unsent.again_in.map_or_else(String::new, |again_in| {
        format!(", again in {}s", again_in.as_secs())
    });
    let said = format!("{:?}: {unsent}{again}", unsent.trouble.chance);
    assert!(!said.contains("planted"), "{said}");
    said
}

#[test]
fn a_parameter_says_what_slack_is_reached_by() {
    let check = |value: &str| run(scripted([parameter(value)]).0.slack());
    assert_eq!(check(TOKEN), Ok(Slack::Bot));
    assert_eq!(check(ADDRESS), Ok(Slack::Webhook));
    let (mut named, script) = scripted([]);
    named.settings = Settings::default();
    assert_eq!(run(named.slack()), Ok(Slack::Unnamed));
    assert_eq!(run(named.listens()), Heard::Unnamed);
    assert!(run(named.hook(&json!({}))).is_err());
    assert!(run(named.publish(&Topic::Messages, &post())).is_err());
    assert!(run(named.page("shop", &json!({}))).is_err());
    assert_eq!(script.asked().len(), 0);
}

#[test]
fn a_webhook_that_was_just_mended_is_asked() {
    let (named, script) = scripted([
        parameter("https://hooks.example.com/dead"),
        text(404, "no_service"),
        parameter("https://hooks.example.com/alive"),
        text(400, "no_text"),
    ]);
    assert!(matches!(run(named.listens()), Heard::Trouble(_)));
    assert_eq!(run(named.listens()), Heard::Answers);
    assert_eq!(script.asked()[3].uri, "https://hooks.example.com/alive");
    assert_eq!(script.asked()[3].body, b"{}", "nothing is posted");
}

#[test]
fn slack_says_whether_it_listens_and_nothing_is_posted() {
    let heard = |secret: &str, answer| match run(scripted([parameter(secret), answer]).0.listens())
    {
        Heard::Trouble(why) => {
            assert!(!why.contains("planted"), "{why}");
            why
        }
        heard @ (Heard::Answers | Heard::Unnamed) => format!("{heard:?}"),
    };
    let by_webhook = |status, said: &str| heard(ADDRESS, text(status, said));
    assert_eq!(by_webhook(400, "no_text"), "Answers");
    assert_eq!(
        by_webhook(500, "missing_text_or_fallback_or_attachments"),
        "Answers"
    );
    assert_eq!(
        by_webhook(404, "no_service"),
        "Slack answered with status 404 (no_service)"
    );
    assert_eq!(
        by_webhook(403, "https://hooks.example.com/planted-2 is wrong"),
        "Slack answered with status 403"
    );
    assert_eq!(heard(ADDRESS, Answer::Refusal), "Slack was not reached");
    assert_eq!(
        heard("planted: no address", Answer::Refusal),
        "the parameter /tidegate/slack holds no address of a webhook"
    );
    let by_token = |body| heard(TOKEN, Answer::Json(200, body));
    assert_eq!(by_token(json!({ "ok": true, "team": "T1" })), "Answers");
    assert_eq!(
        by_token(json!({ "ok": false, "error": "invalid_auth" })),
        "Slack refused auth.test (invalid_auth)"
    );
    assert_eq!(
        by_token(json!({ "ok": false, "error": "xoxb-planted-1 is wrong" })),
        "Slack refused auth.test"
    );
}

#[test]
fn a_bot_posts_and_knows_where() {
    let ok = json!({ "ok": true, "channel": "C1", "ts": "1700000000.000100" });
    let (named, script) = scripted([parameter(TOKEN), Answer::Json(200, ok)]);
    let posted = run(named.bot(Method::Post, &json!({ "channel": "#x" }))).unwrap();
    assert_eq!(posted.channel, "C1");
    assert_eq!(posted.ts, "1700000000.000100");
    let asked = &script.asked()[1];
    assert_eq!(asked.uri, "https://slack.com/api/chat.postMessage");
    assert_eq!(asked.header("authorization"), Some("Bearer xoxb-planted-1"));
}

#[test]
fn a_bot_is_asked_again_only_where_that_can_help() {
    let check = |answer, expected: Expect| {
        let (named, _) = scripted([parameter(TOKEN), answer]);
        let unsent = run(named.bot(Method::Update, &json!({}))).unwrap_err();
        expected.assert_eq(&said(&unsent));
    };
    let refused = |word| Answer::Json(200, json!({ "ok": false, "error": word }));
    check(
        refused("ratelimited"),
        expect!["Passing: Slack refused chat.update (ratelimited)"],
    );
    check(
        refused("channel_not_found"),
        expect!["Lasting: Slack refused chat.update (channel_not_found)"],
    );
    check(
        Answer::Json(200, json!([])),
        expect!["Passing: Slack answered something else"],
    );
    check(
        Answer::Text(429, ("retry-after", "30"), String::new()),
        expect!["Passing: Slack answered with status 429, again in 30s"],
    );
    check(
        Answer::Text(429, ("retry-after", "99999"), String::new()),
        expect!["Passing: Slack answered with status 429, again in 3600s"],
    );
    check(Answer::Refusal, expect!["Passing: Slack was not reached"]);
}

#[test]
fn a_page_has_the_key_of_its_service() {
    let keys = json!({ "shop": ROUTING_KEY }).to_string();
    let (named, script) = scripted([parameter(&keys), text(202, "{}")]);
    run(named.page("shop", &json!({ "event_action": "trigger" }))).unwrap();
    let asked = &script.asked()[1];
    assert_eq!(asked.uri, "https://events.pagerduty.com/v2/enqueue");
    let body = json!({ "event_action": "trigger", "routing_key": ROUTING_KEY });
    assert_eq!(asked.body, body.to_string().into_bytes());
    let check = |service: &str, keys: &str, answer, expected: Expect| {
        let (named, _) = scripted([parameter(keys), answer]);
        let unsent = run(named.page(service, &json!({}))).unwrap_err();
        expected.assert_eq(&said(&unsent));
    };
    check(
        "web",
        &keys,
        text(202, ""),
        expect!["Lasting: the parameter /tidegate/pagerduty has no key for the service `web`"],
    );
    check(
        "shop",
        "planted",
        text(202, ""),
        expect![[
            r#"Lasting: the parameter /tidegate/pagerduty is not { "<service>": "<routing key>" }"#
        ]],
    );
    check(
        "shop",
        &keys,
        text(400, "planted-3 is wrong"),
        expect!["Lasting: PagerDuty answered with status 400"],
    );
    check(
        "shop",
        &keys,
        text(429, ""),
        expect!["Passing: PagerDuty answered with status 429, again in 120s"],
    );
    let later = ("retry-after", "300");
    check(
        "shop",
        &keys,
        Answer::Text(503, later, String::new()),
        expect!["Passing: PagerDuty answered with status 503, again in 300s"],
    );
}

#[test]
fn a_web_hook_is_signed_with_both_keys() {
    let (named, script) = scripted([parameter(KEYS), text(204, "")]);
    let url = "https://example.com/t";
    run(named.call(url, "shop#1/6", &json!({ "id": "shop#1/6" }))).unwrap();
    let asked = &script.asked()[1];
    assert_eq!(asked.uri, url);
    assert_eq!(asked.header("x-tidegate-delivery"), Some("shop#1/6"));
    let kind = asked.header("content-type").unwrap();
    assert!(kind.starts_with("application/cloudevents+json"));
    let at = asked.header("x-tidegate-timestamp").unwrap();
    let body = String::from_utf8(asked.body.clone()).unwrap();
    let by = |key: &str| crate::signed::signature(&Secret::new(key), at, &body);
    let both = format!("{},{}", by("planted-4"), by("planted-5"));
    assert_eq!(asked.header("x-tidegate-signature"), Some(both.as_str()));
}

#[test]
fn keys_that_are_none_are_not_shown() {
    for wrong in [
        "planted",
        r#"{ "keys": [] }"#,
        r#"{ "keys": ["planted", "b", "c"] }"#,
        r#"{ "keys": [""] }"#,
    ] {
        let (named, script) = scripted([parameter(wrong)]);
        let unsent = run(named.call("https://example.com/t", "1", &json!({}))).unwrap_err();
        assert!(said(&unsent).starts_with("Lasting: the parameter /tidegate/webhook is not"));
        assert_eq!(script.asked().len(), 1);
    }
}

#[test]
fn an_address_of_ours_is_not_called() {
    let (named, script) = scripted([]);
    let named = named.reaching(Reach::OpenNet);
    for url in [
        "http://example.com/t",
        "https://127.0.0.1/t",
        "https://169.254.169.254/t",
    ] {
        let unsent = run(named.call(url, "1", &json!({}))).unwrap_err();
        assert_eq!(unsent.trouble.chance, Chance::Lasting);
    }
    assert_eq!(script.asked().len(), 0);
}

#[test]
fn a_topic_is_told_for_whom_a_message_is() {
    let published = || {
        let answer = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";
        Answer::Text(200, ("content-type", "text/xml"), answer.to_owned())
    };
    let (named, script) = scripted([published(), published(), published()]);
    let emails = vec!["a@example.com".to_owned(), "b@example.com".to_owned()];
    // One attribute at a time: the SDK sends them in no order.
    let mail = Post {
        emails,
        attributes: Vec::new(),
        ..post()
    };
    run(named.publish(&Topic::Messages, &mail)).unwrap();
    let arn = "arn:aws:sns:eu-west-1:123456789012:q";
    let post = Post {
        subject: None,
        ..post()
    };
    run(named.publish(&Topic::Of(arn.to_owned()), &post)).unwrap();
    run(named.text("+819000000000", "shop#1: paused")).unwrap();
    let asked: Vec<String> = script
        .asked()
        .iter()
        .map(|asked| String::from_utf8_lossy(&asked.body).replace('&', "\n"))
        .collect();
    expect![[r#"
        Action=Publish
        Version=2010-03-31
        TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3Amessages
        Message=shop%231%3A%20paused
        Subject=shop%231%3A%20paused
        MessageAttributes.entry.1.Name=email
        MessageAttributes.entry.1.Value.DataType=String.Array
        MessageAttributes.entry.1.Value.StringValue=%5B%22a%40example.com%22%2C%22b%40example.com%22%5D

        Action=Publish
        Version=2010-03-31
        TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3Aq
        Message=shop%231%3A%20paused
        MessageAttributes.entry.1.Name=rollout
        MessageAttributes.entry.1.Value.DataType=String
        MessageAttributes.entry.1.Value.StringValue=shop%231

        Action=Publish
        Version=2010-03-31
        PhoneNumber=%2B819000000000
        Message=shop%231%3A%20paused
        MessageAttributes.entry.1.Name=AWS.SNS.SMS.SMSType
        MessageAttributes.entry.1.Value.DataType=String
        MessageAttributes.entry.1.Value.StringValue=Transactional"#]].assert_eq(&asked.join("\n\n"));
}

/// What comes of one call of an outlet whose server answers so.
fn hostile(outlet: &str, reply: Reply) -> String {
    let server = serve(reply);
    let base = server.base().to_owned();
    let hook = format!("{base}/planted");
    let keys = json!({ "shop": ROUTING_KEY }).to_string();
    let secret = match outlet {
        "slack bot" => TOKEN,
        "slack webhook" => &hook,
        "pagerduty" => &keys,
        _ => KEYS,
    };
    let script = Script::new([parameter(secret)]);
    let config = script.config();
    let secrets = Secrets::new(aws_sdk_ssm::Client::new(&config));
    let sns = aws_sdk_sns::Client::new(&config);
    let settings = Settings {
        slack_api: base.clone(),
        pager_duty_api: base,
        ..settings()
    };
    let (connector, _) = crate::client::connections();
    let named = Named::new(connector, secrets, sns, &config, settings)
        .reaching(Reach::Anywhere)
        .patient(Duration::from_millis(300));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let body = json!({ "text": "shop#1: paused" });
    let sent = runtime.block_on(async {
        match outlet {
            "slack bot" => named.bot(Method::Post, &body).await.map(|_| ()),
            "slack webhook" => named.hook(&body).await,
            "pagerduty" => named.page("shop", &body).await,
            _ => named.call(&hook, "shop#1/6", &body).await,
        }
    });
    let (how, calls) = (reply.name(), server.calls());
    format!(
        "{outlet}, {how}: {} ({calls} call)\n",
        said(&sent.unwrap_err())
    )
}

#[test]
fn a_hostile_server_gets_one_call_and_learns_nothing_more() {
    let replies = [
        Reply::Says("HTTP/1.1 429 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n"),
        Reply::Says("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"),
        Reply::Says("HTTP/1.1 500 Oh\r\ncontent-length: 99999\r\n\r\nplanted, and broken off"),
        Reply::Says("nothing that HTTP knows\r\n\r\n"),
        Reply::HangsUp,
        Reply::SaysNothing,
    ];
    let outlets = ["slack bot", "slack webhook", "pagerduty", "webhook"];
    let all: String = outlets
        .iter()
        .flat_map(|outlet| replies.map(|reply| hostile(outlet, reply)))
        .collect();
    expect![[r#"
        slack bot, HTTP/1.1 429 Busy: Passing: Slack answered with status 429, again in 7s (1 call)
        slack bot, HTTP/1.1 302 Found: Lasting: Slack answered with status 302; redirects are not followed (1 call)
        slack bot, HTTP/1.1 500 Oh: Passing: Slack answered with status 500 (1 call)
        slack bot, nothing that HTTP knows: Passing: Slack was not reached (1 call)
        slack bot, hangs up: Passing: Slack was not reached (1 call)
        slack bot, says nothing: Passing: Slack did not answer in time (1 call)
        slack webhook, HTTP/1.1 429 Busy: Passing: Slack answered with status 429, again in 7s (1 call)
        slack webhook, HTTP/1.1 302 Found: Lasting: Slack answered with status 302; redirects are not followed (1 call)
        slack webhook, HTTP/1.1 500 Oh: Passing: Slack answered with status 500 (1 call)
        slack webhook, nothing that HTTP knows: Passing: Slack was not reached (1 call)
        slack webhook, hangs up: Passing: Slack was not reached (1 call)
        slack webhook, says nothing: Passing: Slack did not answer in time (1 call)
        pagerduty, HTTP/1.1 429 Busy: Passing: PagerDuty answered with status 429, again in 120s (1 call)
        pagerduty, HTTP/1.1 302 Found: Lasting: PagerDuty answered with status 302; redirects are not followed (1 call)
        pagerduty, HTTP/1.1 500 Oh: Passing: PagerDuty answered with status 500, again in 120s (1 call)
        pagerduty, nothing that HTTP knows: Passing: PagerDuty was not reached (1 call)
        pagerduty, hangs up: Passing: PagerDuty was not reached (1 call)
        pagerduty, says nothing: Passing: PagerDuty did not answer in time (1 call)
        webhook, HTTP/1.1 429 Busy: Passing: the web hook answered with status 429, again in 7s (1 call)
        webhook, HTTP/1.1 302 Found: Lasting: the web hook answered with status 302; redirects are not followed (1 call)
        webhook, HTTP/1.1 500 Oh: Passing: the web hook answered with status 500 (1 call)
        webhook, nothing that HTTP knows: Passing: the web hook was not reached (1 call)
        webhook, hangs up: Passing: the web hook was not reached (1 call)
        webhook, says nothing: Passing: the web hook did not answer in time (1 call)
    "#]].assert_eq(&all);
}

#[test]
fn what_outlets_are_made_of_is_not_shown() {
    let (named, _) = scripted([parameter(TOKEN), Answer::Json(200, json!({ "ok": true }))]);
    assert_eq!(run(named.listens()), Heard::Answers);
    let shown = format!("{named:?}");
    assert!(!shown.contains("planted"), "{shown}");
    assert_eq!(
        said(&Unsent {
            again_in: Some(SignedDuration::from_secs(5)),
            ..Trouble::passing("busy").into()
        }),
        "Passing: busy, again in 5s"
    );
}
