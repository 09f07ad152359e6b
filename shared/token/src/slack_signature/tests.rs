//! Slack's own example is taken, and nothing that differs from it.

use domain::time::later;
use expect_test::expect;
use proptest::prelude::*;

use super::*;

// The example of Slack's documentation, "Verifying requests from Slack".
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const TIMESTAMP: &str = "1531420618";
const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
    &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
    &command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands\
    %2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
    &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

fn secret() -> SigningSecret {
    SigningSecret::new(SECRET).unwrap()
}

fn sent() -> Timestamp {
    Timestamp::from_second(1_531_420_618).unwrap()
}

fn request() -> Signed<'static> {
    Signed {
        timestamp: Some(TIMESTAMP),
        signature: Some(SIGNATURE),
        body: BODY.as_bytes(),
    }
}

#[test]
fn the_example_of_slack_is_taken() {
    assert_eq!(verify(&secret(), request(), sent()), Ok(()));
    // As somebody copies it.
    let copied = SigningSecret::new(&format!("{SECRET}\n")).unwrap();
    assert_eq!(verify(&copied, request(), sent()), Ok(()));
}

#[test]
fn a_request_is_good_for_five_minutes() {
    let after = |seconds, nanoseconds| {
        let now = later(sent(), SignedDuration::new(seconds, nanoseconds));
        verify(&secret(), request(), now)
    };
    let stale = Err(NotSlack::Stale { sent: sent() });
    assert_eq!(after(300, 0), Ok(()));
    assert_eq!(after(-300, 0), Ok(()));
    assert_eq!(after(300, 1), stale);
    assert_eq!(after(-300, -1), stale);
    assert_eq!(after(301, 0), stale);
    assert_eq!(after(-301, 0), stale);
    for now in [Timestamp::MIN, Timestamp::MAX] {
        assert_eq!(verify(&secret(), request(), now), stale);
    }
}

#[test]
fn another_body_is_not_taken() {
    let check = |body: &[u8]| verify(&secret(), Signed { body, ..request() }, sent());
    assert_eq!(check(BODY.as_bytes()), Ok(()));
    let parsed_and_written = BODY.replace("%2F", "/").replace("%3A", ":");
    let sorted = {
        let mut fields: Vec<&str> = BODY.split('&').collect();
        fields.sort_unstable();
        fields.join("&")
    };
    let lower = BODY.replace("%2F", "%2f");
    let longer = format!("{BODY}\n");
    // As Lambda hands it over if it says `isBase64Encoded`.
    let still_encoded = {
        use base64::Engine as _;
        base64::prelude::BASE64_STANDARD.encode(BODY)
    };
    for body in [
        "",
        &BODY[1..],
        &parsed_and_written,
        &sorted,
        &lower,
        &longer,
        &still_encoded,
    ] {
        assert_eq!(check(body.as_bytes()), Err(NotSlack::Wrong), "{body}");
    }
}

#[test]
fn another_secret_is_not_taken() {
    for text in ["8f742231b10e8888abcd99yyyzzz85a6", "x"] {
        let other = SigningSecret::new(text).unwrap();
        assert_eq!(verify(&other, request(), sent()), Err(NotSlack::Wrong));
    }
    for text in ["", " \n"] {
        assert_eq!(SigningSecret::new(text).unwrap_err(), NoSecret);
    }
}

#[test]
fn another_time_is_not_taken() {
    let check = |timestamp| {
        verify(
            &secret(),
            Signed {
                timestamp,
                ..request()
            },
            sent(),
        )
    };
    assert_eq!(check(Some("1531420619")), Err(NotSlack::Wrong));
    // The same number, but not the text that was signed.
    assert_eq!(check(Some("01531420618")), Err(NotSlack::Wrong));
    for garbled in [
        None,
        Some(""),
        Some("now"),
        Some("+1531420618"),
        Some("-1531420618"),
        Some(" 1531420618"),
        Some("1531420618.0"),
        Some("１５３１４２０６１８"),
        Some("9999999999999"),
        Some("999999999999"),
    ] {
        assert_eq!(check(garbled), Err(NotSlack::Timestamp), "{garbled:?}");
    }
}

#[test]
fn a_garbled_signature_is_not_taken() {
    let check = |signature| {
        verify(
            &secret(),
            Signed {
                signature,
                ..request()
            },
            sent(),
        )
    };
    let upper = SIGNATURE.replace("a2114d", "A2114D");
    let version = SIGNATURE.replace("v0", "v1");
    let longer = format!("{SIGNATURE}0");
    let listed = format!("{SIGNATURE},{SIGNATURE}");
    for garbled in [
        None,
        Some(""),
        Some("v0="),
        Some(&SIGNATURE[3..]),
        Some(&SIGNATURE[..66]),
        Some(&upper),
        Some(&version),
        Some(&longer),
        Some(&listed),
    ] {
        assert_eq!(check(garbled), Err(NotSlack::Signature), "{garbled:?}");
    }
    let zero = format!("v0={}", "0".repeat(64));
    assert_eq!(check(Some(&zero)), Err(NotSlack::Wrong));
}

proptest! {
    #[test]
    fn any_change_is_noticed(
        in_body: bool,
        at in any::<proptest::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let mut body = BODY.as_bytes().to_vec();
        let mut signature = SIGNATURE.as_bytes().to_vec();
        let changed = if in_body { &mut body } else { &mut signature };
        let at = at.index(changed.len());
        changed[at] ^= 1 << bit;
        let signature = String::from_utf8_lossy(&signature);
        let request = Signed { timestamp: Some(TIMESTAMP), signature: Some(&signature), body: &body };
        prop_assert!(verify(&secret(), request, sent()).is_err());
    }
}

#[test]
fn nothing_secret_is_shown() {
    let shown = format!("{:?} {:#?} {:?}", secret(), secret(), request());
    assert_eq!(
        shown,
        "SigningSecret(hidden) SigningSecret(hidden) Signed(362 bytes, hidden)"
    );
}

#[test]
fn a_refusal_is_a_sentence() {
    let refusals = [
        NotSlack::Timestamp,
        NotSlack::Signature,
        NotSlack::Stale { sent: sent() },
        NotSlack::Wrong,
    ];
    let said = refusals.map(|refused| refused.to_string()).join("\n");
    expect![[r#"
        `x-slack-request-timestamp` is not there, or is no number of seconds
        `x-slack-signature` is not there, or is not `v0=` and 64 hexadecimal digits
        the request was sent at 2018-07-12T18:36:58Z, more than five minutes from now
        the signature is wrong; is the signing secret that of this Slack app?
        the signing secret is empty; copy it from "Basic Information" of the Slack app"#]]
    .assert_eq(&format!("{said}\n{NoSecret}"));
}
