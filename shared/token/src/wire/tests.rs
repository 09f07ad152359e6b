//! Every claims has one payload, and every payload that is read has one claims.

use std::fmt::Write as _;

use expect_test::expect;
use proptest::{collection, option, prelude::*};

use super::*;
use crate::{
    claims::APPROVER_BYTES_MAX,
    keys::KID_CHARS_MAX,
    sample::{claims, kid, signer},
};

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9_-]{1,64}"
}

fn any_claims() -> impl Strategy<Value = Claims> {
    let part = "[a-z0-9-]{1,32}";
    let who = (
        ("[0-9]{12}", part, part),
        ("\\PC{1,60}", any::<[u8; 16]>()),
        (any::<i64>(), any::<i64>()),
    );
    let what = (
        (name(), any::<u64>(), any::<u64>()),
        (option::of(name()), any::<[u8; 32]>()),
        (0..Action::ALL.len(), option::of(any::<[u8; 16]>())),
    );
    (who, what).prop_map(|(who, what)| {
        let ((account, region, deployment), (approver, id), (issued, expires)) = who;
        let ((service, number, epoch), (phase, plan), (action, incident)) = what;
        let time = |at: i64| Timestamp::from_nanosecond(at.into()).unwrap();
        Claims {
            audience: Audience::new(&account, &region, &deployment).unwrap(),
            rollout: RolloutId {
                service: ServiceName::new(&service).unwrap(),
                number,
            },
            epoch: Epoch(epoch),
            phase: phase.map(|name| PhaseName::new(&name).unwrap()),
            plan: PlanHash(plan),
            action: Action::ALL[action],
            incident: incident.map(IncidentMark),
            approver: Person::new(&approver),
            issued: time(issued),
            expires: time(expires),
            id: TokenId(id),
        }
    })
}

fn read(payload: &[u8]) -> Option<(Kid, Claims)> {
    let mut reading = Reading::of(payload);
    let version = reading.version().filter(|version| *version == VERSION)?;
    let kid = reading.kid()?;
    Some((kid, reading.claims(version)?))
}

proptest! {
    #[test]
    fn claims_read_back(claims in any_claims(), name in "[a-z0-9_-]{1,32}") {
        let payload = payload(&kid(&name), &claims).unwrap();
        prop_assert_eq!(read(&payload), Some((kid(&name), claims)));
    }

    #[test]
    fn what_is_read_is_written_the_same(
        claims in any_claims(),
        at in any::<proptest::sample::Index>(),
        byte: u8,
    ) {
        let mut changed = payload(&kid("k"), &claims).unwrap();
        let at = at.index(changed.len());
        changed[at] = byte;
        if let Some((kid, claims)) = read(&changed) {
            prop_assert_eq!(payload(&kid, &claims), Some(changed));
        }
    }

    #[test]
    fn a_text_is_spelt_in_one_way(payload: Vec<u8>, signature: [u8; 64]) {
        let text = spell(&payload, &signature);
        let read = unspell(&text);
        let fits = text.len() <= TOKEN_CHARS_MAX;
        prop_assert_eq!(read, fits.then(|| (payload, signature.to_vec())));
    }

    #[test]
    fn any_text_that_is_read_is_spelt_the_same(text in "[A-Za-z0-9_=+/.-]{0,40}") {
        if let Some((payload, signature)) = unspell(&text) {
            prop_assert_eq!(spell(&payload, &signature), text);
        }
    }

    #[test]
    fn random_bytes_are_read_without_harm(bytes in collection::vec(any::<u8>(), 0..600)) {
        let mut bytes = bytes;
        bytes.insert(0, VERSION);
        if let Some((kid, claims)) = read(&bytes) {
            prop_assert_eq!(payload(&kid, &claims), Some(bytes));
        }
    }
}

#[test]
fn a_payload_is_what_its_description_says() {
    let bytes = payload(&kid("2026-11"), &claims()).unwrap();
    let lines: Vec<String> = bytes
        .chunks(32)
        .map(|line| {
            line.iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").unwrap();
                hex
            })
        })
        .collect();
    expect![[r"
        0207323032362d31311f3131313132323232333333332f65752d776573742d31
        2f74696465676174650473686f70000000000000000700000000000000290663
        616e6172794c206113fb7f8c8569fbc3c444c7a662c95fbb1ea12ae4f5b73a6a
        5a84a7c83b01000955324345524c4b4a4118eb47f663d9800018eb4b3c949220
        007369787465656e2062797465732e2e2e"]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn what_is_left_over_or_lacking_is_refused() {
    let whole = payload(&kid("k"), &claims()).unwrap();
    assert!(read(&whole).is_some());
    for length in 0..whole.len() {
        assert_eq!(read(&whole[..length]), None, "{length}");
    }
    let longer = [whole.as_slice(), &[0]].concat();
    assert_eq!(read(&longer), None);
}

#[test]
fn an_action_that_nobody_knows_is_refused() {
    let numbers = Action::ALL.map(number);
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let whole = payload(&kid("k"), &claims()).unwrap();
    // Behind it are no incident, the approver, two times and the id.
    let at = whole.len() - 16 - 8 - 8 - 10 - 1 - 1;
    assert_eq!(whole[at], number(Action::Approve));
    for byte in [0, 7, 255] {
        let mut changed = whole.clone();
        changed[at] = byte;
        assert_eq!(read(&changed), None);
    }
}

#[test]
fn an_incident_is_there_whole_or_not_at_all() {
    let with = Claims {
        incident: Some(IncidentMark([9; 16])),
        ..claims()
    };
    let whole = payload(&kid("k"), &with).unwrap();
    assert_eq!(read(&whole).unwrap().1, with);
    let at = whole.len() - 16 - 8 - 8 - 10 - 16 - 1;
    assert_eq!(whole[at], 16);
    // One byte less of it, and one more: everything behind it would be read as something else.
    for length in [15, 17] {
        let mut changed = whole.clone();
        changed[at] = length;
        assert_eq!(read(&changed), None);
        changed.resize(whole.len() + usize::from(length) - 16, 0);
        assert_eq!(read(&changed), None);
    }
}

#[test]
fn the_longest_claims_fit() {
    let longest = Claims {
        audience: Audience::new("111122223333", &"r".repeat(32), &"d".repeat(32)).unwrap(),
        rollout: RolloutId {
            service: ServiceName::new(&"s".repeat(64)).unwrap(),
            number: u64::MAX,
        },
        phase: Some(PhaseName::new(&"p".repeat(64)).unwrap()),
        incident: Some(IncidentMark([255; 16])),
        approver: Person::new(&"a".repeat(APPROVER_BYTES_MAX)),
        ..claims()
    };
    let payload = payload(&kid(&"k".repeat(KID_CHARS_MAX)), &longest).unwrap();
    let text = spell(&payload, &[0; 64]);
    assert_eq!(text.len(), 883);
    assert!(unspell(&text).is_some());
}

#[test]
fn another_spelling_of_a_token_is_none() {
    let link = signer().sign(&claims()).unwrap();
    let token = link.expose();
    let (payload, signature) = token.split_once('.').unwrap();
    assert!(unspell(token).is_some());
    // 64 bytes are 85 digits and two bits more: four bits of the last digit say nothing, and are zero.
    let (known, last) = signature.split_at(85);
    assert!("AQgw".contains(last));
    let mut alike = 0;
    for digit in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
        let text = format!("{payload}.{known}{digit}");
        alike += u32::from(unspell(&text).is_some());
    }
    assert_eq!(alike, 4, "only those whose four bits are zero");
    for other in [
        format!("{token}="),
        format!("{token}=="),
        format!("{payload}=.{signature}"),
        format!("{payload}==.{signature}"),
        format!("{payload}.{signature}."),
        format!(".{payload}.{signature}"),
        format!("{payload}..{signature}"),
        format!("{payload}{signature}"),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{payload}%2E{signature}"),
    ] {
        assert_eq!(unspell(&other), None, "{other}");
    }
    let spelt = |bytes: &[u8]| BASE64.encode(bytes);
    let mixed = format!("{}.{}", spelt(&[0xfb, 0xff, 0xfe]), spelt(&[0xff; 64]));
    assert!(mixed.starts_with("-__-") && unspell(&mixed).is_some());
    assert_eq!(unspell(&mixed.replace('-', "+")), None);
    assert_eq!(unspell(&mixed.replace('_', "/")), None);
}

#[test]
fn a_long_text_is_refused_unread() {
    let fits = format!("{}.{}", "A".repeat(936), "A".repeat(87));
    assert_eq!(fits.len(), TOKEN_CHARS_MAX);
    // 87 digits are 65 bytes and two bits more, which are zero.
    assert!(unspell(&fits).is_some());
    assert_eq!(unspell(&format!("AAAA{fits}")), None);
}
