//! What is put into the bucket is new, and locked where that is wanted.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use domain::time::Timestamp;
use expect_test::{Expect, expect};

use super::*;
use crate::script::{Answer, Script, run};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn bucket(lock: Lock, answer: (u16, &str)) -> (Script, Bucket) {
    let (status, code) = answer;
    let body = match code {
        "" => String::new(),
        code => format!("<Error><Code>{code}</Code><Message>no</Message></Error>"),
    };
    let answer = Answer::Text(status, ("content-type", "application/xml"), body);
    let script = Script::new([answer]);
    let bucket = Bucket::new(
        &script.config(),
        "audit".to_owned(),
        "tidegate/".to_owned(),
        lock,
    );
    (script, bucket)
}

/// What is asked of S3, without what is different each time.
fn asked(lock: Lock) -> String {
    let (script, bucket) = bucket(lock, (200, ""));
    let added = run(bucket.add(
        "heads/1970-01-01.jsonl",
        Kind::JsonLines,
        "{}\n".to_owned(),
        NOW,
    ));
    assert_eq!(added, Ok(Added::Done));
    let asked = &script.asked()[0];
    let names = [
        "if-none-match",
        "x-amz-object-lock-mode",
        "x-amz-object-lock-retain-until-date",
    ];
    let headers = names.iter().filter_map(|name| {
        let value = asked.header(name)?;
        Some(format!("{name}: {value}\n"))
    });
    let headers: String = headers.collect();
    let checked = asked.headers.iter();
    // Object Lock wants a checksum of whatever kind.
    assert!(
        checked
            .clone()
            .any(|(name, _)| name.starts_with("x-amz-checksum-"))
    );
    format!("{} {}\n{headers}", asked.method, asked.uri)
}

#[test]
fn an_object_is_new_and_locked_for_as_long_as_is_wanted() {
    expect![[r#"
        PUT https://audit.s3.eu-west-1.amazonaws.com/tidegate/heads/1970-01-01.jsonl?x-id=PutObject
        if-none-match: *
    "#]]
    .assert_eq(&asked(Lock::None));
    expect![[r#"
        PUT https://audit.s3.eu-west-1.amazonaws.com/tidegate/heads/1970-01-01.jsonl?x-id=PutObject
        if-none-match: *
        x-amz-object-lock-mode: COMPLIANCE
        x-amz-object-lock-retain-until-date: 1971-01-01T00:00:00Z
    "#]]
    .assert_eq(&asked(Lock::Days(365)));
}

#[test]
fn what_is_there_stays_and_what_is_wrong_is_said() {
    let check = |answer, expected: Expect| {
        let (_, bucket) = bucket(Lock::Days(1), answer);
        let added = run(bucket.add("heads/x.jsonl", Kind::JsonLines, String::new(), NOW));
        let said = match added {
            Ok(added) => format!("{added:?}"),
            Err(trouble) => format!("{:?}: {trouble}", trouble.chance),
        };
        expected.assert_eq(&said);
    };
    check((412, "PreconditionFailed"), expect!["Known"]);
    check(
        (409, "ConditionalRequestConflict"),
        expect!["Passing: PutObject: two write it at once"],
    );
    check(
        (403, "AccessDenied"),
        expect![
            "Lasting: PutObject: the function's role may not put into audit; it needs s3:PutObject, and with a lock s3:PutObjectRetention"
        ],
    );
    check(
        (404, "NoSuchBucket"),
        expect!["Lasting: there is no bucket audit"],
    );
    check(
        (400, "InvalidRequest"),
        expect![
            "Lasting: PutObject: audit was made without Object Lock; make it with, or set archive_lock_days to 0"
        ],
    );
    check(
        (503, "SlowDown"),
        expect!["Passing: PutObject: SlowDown no"],
    );
}

#[test]
fn a_lock_is_a_number_of_days() {
    assert_eq!(Lock::parse(None), Ok(Lock::None));
    assert_eq!(Lock::parse(Some("0")), Ok(Lock::None));
    assert_eq!(Lock::parse(Some("365")), Ok(Lock::Days(365)));
    let wrong = Lock::parse(Some("a year")).unwrap_err();
    expect!["the environment variable TIDEGATE_ARCHIVE_LOCK_DAYS should be a whole number of days, it is `a year`"]
        .assert_eq(&wrong.to_string());
}
