//! Keys are read from their one form, what is wrong is said without them, and weak ones are refused.

use expect_test::{Expect, expect};

use super::*;
use crate::{
    Signer, Verifier,
    code::CodeKey,
    sample::{kid, signer, verifier},
};

#[test]
fn keys_are_written_as_they_are_read() {
    let signing = signer().parameter();
    expect![[r#"{ "kid": "2026-11", "seed": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=" }"#]]
        .assert_eq(&signing);
    let read = Signer::parse(&signing).unwrap();
    assert_eq!(read.kid(), signer().kid());
    assert_eq!(*read.parameter(), *signing);
    let verifying = verifier().parameter();
    expect![[r#"{ "keys": { "2026-11": "6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=" } }"#]]
        .assert_eq(&verifying);
    assert_eq!(Verifier::parse(&verifying), Ok(verifier()));
    let code = CodeKey::generate([9; 32]).parameter();
    expect![[r#"{ "code": "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=" }"#]].assert_eq(&code);
    assert_eq!(*CodeKey::parse(&code).unwrap().parameter(), *code);
}

/// The first test of RFC 8032, 7.1.
#[test]
fn a_seed_makes_the_key_of_the_standard() {
    let hex = |text: &str| u128::from_str_radix(text, 16).unwrap().to_be_bytes();
    let two = |a: &str, b: &str| [hex(a), hex(b)].concat().try_into().unwrap();
    let seed = two(
        "9d61b19deffd5a60ba844af492ec2cc4",
        "4449c5697b326919703bac031cae7f60",
    );
    let public = two(
        "d75a980182b10ab7d54bfed3c964073a",
        "0ee172f3daa62325af021a68f707511a",
    );
    let signer = Signer::generate(kid("rfc"), seed);
    assert_eq!(signer.public(), PublicKey::new(&kid("rfc"), public));
}

#[test]
fn what_is_wrong_with_a_signing_key_is_said() {
    let check = |text: &str, expected: Expect| {
        expected.assert_eq(&Signer::parse(text).unwrap_err().to_string());
    };
    let good = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    check(
        "",
        expect![[
            r#"line 1, column 0 is where this stops being `{ "kid": "…", "seed": "<base64>" }`"#
        ]],
    );
    check(
        good,
        expect![[
            r#"line 1, column 1 is where this stops being `{ "kid": "…", "seed": "<base64>" }`"#
        ]],
    );
    check(
        r#"{ "kid": "a" }"#,
        expect![[
            r#"line 1, column 14 is where this stops being `{ "kid": "…", "seed": "<base64>" }`"#
        ]],
    );
    check(
        &format!("{{ \"kid\": \"a\", \"seed\": \"{good}\",\n \"more\": 1 }}"),
        expect![[
            r#"line 2, column 7 is where this stops being `{ "kid": "…", "seed": "<base64>" }`"#
        ]],
    );
    check(
        r#"{ "kid": "A", "seed": "" }"#,
        expect!["a key's name has 1 to 32 small letters, digits, `-` and `_`"],
    );
    check(
        r#"{ "kid": "a", "seed": "" }"#,
        expect![
            "a key is 32 bytes in base64: 44 characters of A-Z, a-z, 0-9, + and /, the last one ="
        ],
    );
    let wrong = |seed: &str| {
        let text = format!(r#"{{ "kid": "a", "seed": "{seed}" }}"#);
        assert_eq!(Signer::parse(&text).unwrap_err(), BadKeys::Base64, "{seed}");
    };
    wrong(good.trim_end_matches('='));
    wrong(&good.replace("c=", "d="));
    wrong(&good.replace('w', "-"));
    wrong(&format!("{good}{good}"));
    wrong(&BASE64.encode([7; 31]));
    wrong(&BASE64.encode([7; 33]));
    wrong(&BASE64.encode([7; 64]));
}

#[test]
fn what_is_wrong_with_verifying_keys_is_said() {
    let check = |keys: &str, expected: Expect| {
        let text = format!(r#"{{ "keys": {{ {keys} }} }}"#);
        expected.assert_eq(&Verifier::parse(&text).unwrap_err().to_string());
    };
    let key = signer().public().unwrap().text();
    check("", expect!["there is no key"]);
    check(
        r#""a": 1"#,
        expect![[
            r#"line 1, column 18 is where this stops being `{ "keys": { "<kid>": "<base64>" } }`"#
        ]],
    );
    check(
        r#""a": "1""#,
        expect![
            "a key is 32 bytes in base64: 44 characters of A-Z, a-z, 0-9, + and /, the last one ="
        ],
    );
    check(
        &format!(r#""A b": "{key}""#),
        expect!["a key's name has 1 to 32 small letters, digits, `-` and `_`"],
    );
    check(
        &format!(r#""a": "{key}", "a": "{key}""#),
        expect![[
            r#"line 1, column 118 is where this stops being `{ "keys": { "<kid>": "<base64>" } }`"#
        ]],
    );
    check(
        &format!(r#""a": "{}""#, BASE64.encode([0; 32])),
        expect!["`a` is no public key: anyone could sign for it"],
    );
    let five: Vec<String> = (1..=5).map(|n| format!(r#""k{n}": "{key}""#)).collect();
    check(
        &five.join(", "),
        expect!["at most 4 keys are active at once, this has 5; take out what was retired"],
    );
    assert!(Verifier::parse(&format!(r#"{{ "keys": {{ {} }} }}"#, five[..4].join(", "))).is_ok());
    assert_eq!(
        Verifier::parse(r#"{ "kid": "a", "seed": "b" }"#)
            .unwrap_err()
            .to_string(),
        BadKeys::Json {
            form: r#"{ "keys": { "<kid>": "<base64>" } }"#,
            line: 1,
            column: 7
        }
        .to_string()
    );
}

#[test]
fn no_error_shows_what_was_read() {
    let canary = "c2VjcmV0c2VjcmV0c2VjcmV0";
    for text in [
        canary.to_owned(),
        format!("\"{canary}\""),
        format!(r#"{{ "{canary}": 1 }}"#),
        format!(r#"{{ "kid": "{canary}" }}"#),
        format!(r#"{{ "kid": "a", "seed": "{canary}" }}"#),
        format!(r#"{{ "kid": "a", "seed": ["{canary}"] }}"#),
        format!(r#"{{ "kid": "{canary}", "seed": "" }}"#),
        format!(r#"{{ "keys": "{canary}" }}"#),
        format!(r#"{{ "keys": {{ "a": "{canary}" }} }}"#),
        format!(r#"{{ "keys": {{ "{canary}": "" }} }}"#),
        format!(r#"{{ "code": "{canary}" }}"#),
        format!(r#"{{ "code": 1, "{canary}": 2 }}"#),
    ] {
        let errors = [
            Signer::parse(&text).unwrap_err(),
            Verifier::parse(&text).unwrap_err(),
            CodeKey::parse(&text).unwrap_err(),
        ];
        let said = format!(
            "{errors:?} {}",
            errors.each_ref().map(ToString::to_string).join(" ")
        );
        assert!(!said.contains(canary), "{said}");
    }
}

#[test]
fn no_key_is_shown() {
    let code = CodeKey::generate([9; 32]);
    let shown = format!("{:?} {:#?} {code:?} {code:#?}", signer(), signer());
    assert_eq!(
        shown,
        "Signer(2026-11, hidden) Signer(2026-11, hidden) CodeKey(hidden) CodeKey(hidden)"
    );
}

/// Every spelling of a point whose order divides eight, the sign's bit set or not.
fn weak() -> Vec<[u8; 32]> {
    let mut above_zero = ABOVE;
    above_zero[0] += 1;
    let coordinates = SMALL_ORDER.into_iter().chain([ABOVE, above_zero]);
    coordinates
        .flat_map(|low| {
            let mut high = low;
            high[31] |= 0x80;
            [low, high]
        })
        .collect()
}

/// The neutral point as `R`, and zero as `S`: for a key of small order this signs one message in eight, or more.
fn forged() -> [u8; 64] {
    let mut signature = [0; 64];
    signature[0] = 1;
    signature
}

#[test]
fn a_key_that_anyone_can_sign_for_is_refused() {
    let mut taken_by_ring = 0;
    for bytes in weak() {
        let messages = (0_u32..200).map(u32::to_be_bytes);
        let raw = PublicKey(bytes);
        let forgeries = messages.filter(|message| raw.signed(message, &forged()));
        taken_by_ring += u32::from(forgeries.count() > 0);
        assert_eq!(
            PublicKey::new(&kid("a"), bytes),
            Err(BadKeys::Weak(kid("a"))),
            "{bytes:02x?}"
        );
    }
    // This is why we look: ring does not.
    assert_eq!(taken_by_ring, 14);
}

#[test]
fn a_key_with_a_second_spelling_is_refused() {
    for low in 0xed..=0xff {
        let mut bytes = ABOVE;
        bytes[0] = low;
        assert!(PublicKey::new(&kid("a"), bytes).is_err(), "{low:x}");
    }
    let mut below = ABOVE;
    below[0] = 0xeb;
    assert!(PublicKey::new(&kid("a"), below).is_ok());
}

#[test]
fn a_kid_is_short_and_plain() {
    for good in ["a", "2026-11", "prod_2", &"k".repeat(32)] {
        assert_eq!(Kid::new(good).unwrap().as_str(), good);
    }
    for wrong in ["", "A", "a b", "ä", "a.b", &"k".repeat(33)] {
        assert_eq!(Kid::new(wrong), Err(BadKid), "{wrong}");
    }
}
