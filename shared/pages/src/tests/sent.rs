//! Forms that are sent: what is handed on, and what is not.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use expect_test::expect;

use super::*;

const CODE: &str = "code=7k2m-9q";

#[test]
fn an_answer_is_handed_on_and_the_browser_sent_on() {
    let asked = asked(Locale::En);
    let request = asked.form(
        Action::Approve,
        "",
        "code=7k2m-9q&item=dashboards&item=other&reason=+x+",
    );
    let (answer, then) = asked.published(&request);
    assert_eq!(format!("/d/{}", answer.token), request.path);
    assert_eq!(answer.code, "7k2m-9q");
    assert_eq!(answer.items, ["dashboards"]);
    assert_eq!(answer.reason, "x");
    assert_eq!(then.status, 303);
    let location = then.headers.iter().find(|(name, _)| *name == "location");
    let to = format!("{}?a=cdcdcdcdcdcdcdcd", request.path);
    assert_eq!(location.unwrap().1, to);

    let request = asked.form(Action::Rollback, "lang=ja", "code=7k2m9q&item=dashboards");
    let (answer, then) = asked.published(&request);
    assert!(answer.items.is_empty(), "only who agrees confirms");
    let location = then.headers.iter().find(|(name, _)| *name == "location");
    assert!(location.unwrap().1.ends_with("?a=cdcdcdcdcdcdcdcd&lang=ja"));
}

#[test]
fn a_long_reason_is_cut() {
    let asked = asked(Locale::En);
    let body = format!("{CODE}&reason={}", "%E6%89%BF".repeat(600));
    let (answer, _) = asked.published(&asked.form(Action::Reject, "", &body));
    assert_eq!(answer.reason.chars().count(), 500);
}

#[test]
fn a_form_without_a_code_is_shown_again() {
    let asked = asked(Locale::En);
    for body in [
        "",
        "code=",
        "code=abc",
        "code=UUUUUU",
        "code=aaaaaaa",
        "reason=x",
    ] {
        let reply = asked.page(&asked.form(Action::Reject, "", body));
        assert_eq!(reply.status, 422, "{body}");
        assert!(reply.body.contains("Nothing was sent."), "{body}");
        assert!(reply.body.contains("<form"), "{body}");
    }
    let reply = asked.page(&asked.form(
        Action::Reject,
        "",
        "reason=%3Cscript%3Ealert(1)%3C/script%3E",
    ));
    assert!(
        reply
            .body
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;</textarea>")
    );
    assert!(!reply.body.contains("<script"));
}

#[test]
fn looking_hands_nothing_on() {
    let asked = asked(Locale::En);
    for method in ["GET", "HEAD"] {
        for query in ["", "code=7K2M9Q", "a=cdcdcdcdcdcdcdcd&w=3", "a=x&lang=x"] {
            for action in Action::ALL {
                let mut request = asked.form(action, query, CODE);
                request.method = method.to_owned();
                asked.page(&request);
            }
        }
    }
}

#[test]
fn a_form_from_elsewhere_does_nothing() {
    let asked = asked(Locale::En);
    let with = |changes: &[(&str, &str)]| {
        let mut request = asked.form(Action::Rollback, "", CODE);
        for (name, value) in changes {
            if value.is_empty() {
                request.headers.remove(*name);
            } else {
                request
                    .headers
                    .insert((*name).to_owned(), (*value).to_owned());
            }
        }
        match asked.reply(&request) {
            Answered::Publish { .. } => "handed on".to_owned(),
            Answered::Page(reply) => head_of(&reply),
        }
    };
    for ours in [
        &[("origin", "https://x.on.aws")][..],
        &[("origin", "https://X.on.aws"), ("sec-fetch-site", "")],
        &[("origin", ""), ("sec-fetch-site", "")],
        &[("sec-fetch-site", "")],
        &[(
            "content-type",
            "Application/x-www-form-urlencoded; charset=UTF-8",
        )],
    ] {
        assert_eq!(with(ours), "handed on", "{ours:?}");
    }
    let elsewhere = expect![[r#"
        403 That was sent from another page
            Nothing was done. Open the link in the message and answer there."#]];
    for theirs in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "")],
        &[("origin", "https://x.on.aws.evil.example")],
        &[("origin", "x.on.aws")],
        &[("origin", "https://x.on.aws"), ("host", "")],
    ] {
        elsewhere.assert_eq(&with(theirs));
    }
    let no_form = expect![[r#"
        415 That is no form
            Nothing was done. Open the link in a browser and answer there."#]];
    for theirs in ["text/plain", "multipart/form-data", "application/json", ""] {
        no_form.assert_eq(&with(&[("content-type", theirs)]));
    }
}

#[test]
fn what_could_not_be_handed_on_can_be_sent_again() {
    let asked = asked(Locale::En);
    let request = asked.form(Action::Reject, "", "code=7K2M9Q&reason=too+slow");
    let Ok(Opened::Link(visit)) = open(&request, &verifier(), &audience(), asked.now) else {
        panic!("it is a link");
    };
    let reply = unsent(&visit, &asked.known, asked.now);
    assert_eq!(reply.status, 503);
    assert!(reply.body.contains("could not be handed on"));
    assert!(reply.body.contains(">too slow</textarea>"));
    assert!(!reply.body.contains("7K2M9Q"), "the code is typed anew");
}
