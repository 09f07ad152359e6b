//! The ledger as a file: one spelling, and whatever differs from it is refused with its place.

use domain::{
    ledger::{
        Chain, Line,
        export::{Refused, Whole, verify, write},
    },
    name::RolloutId,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::histories::effort;

fn rollout() -> RolloutId {
    RolloutId::parse("shop#7").unwrap()
}

/// Lines with these texts as what happened and as evidence, chained.
fn chained(texts: &[(String, Vec<String>)]) -> Vec<Line> {
    let mut chain = Chain::of(&rollout());
    let mut lines = Vec::new();
    for (what, evidence) in texts {
        let mut line = Line {
            seq: chain.seq + 1,
            at: "2026-01-12T16:00:23.5Z".to_owned(),
            epoch: 3,
            actor: "ann".to_owned(),
            kind: "paused".to_owned(),
            what: what.clone(),
            evidence: evidence.clone(),
            before: "web=0%".to_owned(),
            after: "web=5%".to_owned(),
            previous: chain.hash.to_string(),
            hash: String::new(),
        };
        let hash = line.digest();
        line.hash = hash.to_string();
        chain = Chain {
            seq: line.seq,
            hash,
        };
        lines.push(line);
    }
    lines
}

fn small() -> String {
    let evidence = vec!["p95 < 1s: \"fail\"".to_owned(), "5xx".to_owned()];
    let texts = [
        ("a\\b\n\u{1}é".to_owned(), evidence),
        (String::new(), Vec::new()),
    ];
    write(&rollout(), &chained(&texts))
}

fn whole(file: &str) -> Result<Whole, Refused> {
    verify(file.as_bytes(), None)
}

#[test]
fn a_ledger_is_written_in_json_lines() {
    expect![[r#"
        {"type":"ledger","version":1,"rollout":"shop#7"}
        {"type":"entry","seq":1,"at":"2026-01-12T16:00:23.5Z","epoch":3,"actor":"ann","kind":"paused","what":"a\\b\n\u0001é","evidence":["p95 < 1s: \"fail\"","5xx"],"before":"web=0%","after":"web=5%","previous":"5d39f8fd801ef2be0ea54795cda32d083c2db9f002878db1d66f43238d55bbd1","hash":"c99fa65013713f4ffb1e21e5ed26845b21413448a9e54486294283fd0aa934c9"}
        {"type":"entry","seq":2,"at":"2026-01-12T16:00:23.5Z","epoch":3,"actor":"ann","kind":"paused","what":"","evidence":[],"before":"web=0%","after":"web=5%","previous":"c99fa65013713f4ffb1e21e5ed26845b21413448a9e54486294283fd0aa934c9","hash":"54b04dd399bf874707f6c18dc5024ce767a37565971a10447bd2f38a59b4dc07"}
        {"type":"end","seq":2,"hash":"54b04dd399bf874707f6c18dc5024ce767a37565971a10447bd2f38a59b4dc07"}
    "#]].assert_eq(&small());
    expect![[r#"
        {"type":"ledger","version":1,"rollout":"shop#7"}
        {"type":"end","seq":0,"hash":"5d39f8fd801ef2be0ea54795cda32d083c2db9f002878db1d66f43238d55bbd1"}
    "#]].assert_eq(&write(&rollout(), &[]));
    for file in [small(), write(&rollout(), &[])] {
        let end = whole(&file).unwrap();
        assert_eq!(end.rollout, rollout());
        assert_eq!(verify(file.as_bytes(), Some(end.end)), Ok(end));
    }
}

const WHY_SO_STRICT: &str = "; a ledger verifies only byte for byte as it was exported";

#[track_caller]
fn check(from: &str, to: &str, expected: &Expect) {
    let file = small();
    assert!(file.contains(from), "{from} is not in {file}");
    let changed = file.replacen(from, to, 1);
    let said = whole(&changed).unwrap_err().to_string();
    expected.assert_eq(said.strip_suffix(WHY_SO_STRICT).unwrap_or(&said));
}

#[test]
fn a_number_has_one_spelling() {
    check(
        "\"seq\":1",
        "\"seq\":01",
        &expect!["2:23: expected a whole number"],
    );
    check(
        "\"seq\":1",
        "\"seq\": 1",
        &expect!["2:23: expected a whole number"],
    );
    check("\"seq\":1,", "", &expect![[r#"2:16: expected `,"seq":`"#]]);
    check(
        "\"seq\":1",
        "\"seq\":18446744073709551616",
        &expect!["2:23: expected a whole number"],
    );
}

#[test]
fn a_text_has_one_spelling() {
    check(
        "\"ann\"",
        "\"\\u0061nn\"",
        &expect!["2:74: expected a character of a text, or the quote that ends it"],
    );
    check(
        "\\u0001",
        "\u{1}",
        &expect!["2:109: expected a character of a text, or the quote that ends it"],
    );
    check(
        "\\u0001",
        "\\u001",
        &expect!["2:109: expected a character of a text, or the quote that ends it"],
    );
    check(
        "\\n",
        "\\u000a",
        &expect!["2:107: expected a character of a text, or the quote that ends it"],
    );
    check(
        "é",
        "\\u00e9",
        &expect!["2:115: expected a character of a text, or the quote that ends it"],
    );
}

#[test]
fn a_character_is_escaped_where_json_cannot_do_without_it() {
    let what = "\u{0} \u{8} \t \n \u{c} \r \u{1f} \u{7f} \" \\ / é \u{2028}";
    let file = write(&rollout(), &chained(&[(what.to_owned(), Vec::new())]));
    let (_, rest) = file.split_once("\"what\":").unwrap();
    let (spelt, _) = rest.split_once(",\"evidence\"").unwrap();
    let expected = r#""\u0000 \b \t \n \f \r \u001f DEL \" \\ / é LS""#;
    let expected = expected.replace("DEL", "\u{7f}").replace("LS", "\u{2028}");
    assert_eq!(spelt, expected);
}

#[test]
fn a_list_has_one_spelling() {
    check(
        "\",\"5xx",
        "\", \"5xx",
        &expect![[r#"2:152: expected `"`"#]],
    );
    check(
        "\"evidence\":[]",
        "\"evidence\":null",
        &expect!["3:116: expected `[`"],
    );
    check(
        "\"5xx\"]",
        "\"5xx\",]",
        &expect![[r#"2:158: expected `"`"#]],
    );
}

#[test]
fn a_line_has_one_spelling() {
    check("\"}\n", "\",\"x\":1}\n", &expect!["1:48: expected `}`"]);
    check(
        "\"}\n{\"type\":\"entry\"",
        "\"} \n{\"type\":\"entry\"",
        &expect!["1:49: expected the end of the line"],
    );
    check(
        "\"entry\"",
        "\"Entry\"",
        &expect![[r#"2:1: expected `{"type":"entry"`"#]],
    );
    check(
        "{\"type\":\"ledger\"",
        "\u{feff}{\"type\":\"ledger\"",
        &expect![[
            r#"1: this is no exported ledger; one begins with {"type":"ledger","version":1,"#
        ]],
    );
    check(
        "shop#7",
        "shop#07",
        &expect!["1: `shop#07` is no rollout; one is written <service>#<number>"],
    );
    check(
        "\"version\":1",
        "\"version\":2",
        &expect!["1: this is version 2 of the format; only version 1 can be read"],
    );
    check("\n", "\r\n", &expect!["1:49: expected the end of the line"]);
    check(
        "\n",
        "\n\n",
        &expect![[r#"2:1: expected `{"type":"entry"`"#]],
    );
}

#[test]
fn bytes_that_are_no_text_are_refused_where_they_stand() {
    let mut file = small().into_bytes();
    let at = file.iter().position(|byte| *byte == b'\n').unwrap() + 10;
    file[at] = 0xff;
    expect!["2:10: expected UTF-8; a ledger verifies only byte for byte as it was exported"]
        .assert_eq(&verify(&file, None).unwrap_err().to_string());
}

/// All of it, verified as a whole: on ten thousand entries `tests/proof/ledger.rs` does it line by line.
#[test]
fn every_other_value_of_every_byte_is_found() {
    let file = small().into_bytes();
    for at in 0..file.len() {
        for flipped in 1..=u8::MAX {
            let mut edited = file.clone();
            edited[at] ^= flipped;
            assert!(
                verify(&edited, None).is_err(),
                "byte {at} to {}",
                edited[at]
            );
        }
    }
}

#[test]
fn every_byte_that_is_missing_or_too_much_is_found() {
    let file = small().into_bytes();
    for at in 0..file.len() {
        assert!(verify(&file[..at], None).is_err(), "cut off at {at}");
        let mut without = file.clone();
        without.remove(at);
        assert!(verify(&without, None).is_err(), "without byte {at}");
        for more in [b' ', b'0', b'"', b'\n', file[at]] {
            let mut longer = file.clone();
            longer.insert(at, more);
            assert!(verify(&longer, None).is_err(), "{more} before {at}");
        }
    }
}

fn some_text() -> impl Strategy<Value = String> {
    let awkward = prop::sample::select(vec![
        "\"", "\\", "\\n", "\u{0}", "\u{1f}", "\u{7f}", "\u{8}", "\u{c}", "\r", "\t", "\n", "é",
        "\u{2028}", "😀", "/", "",
    ]);
    prop::collection::vec(prop_oneof![awkward.prop_map(str::to_owned), ".*"], 0..4)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(effort())]

    #[test]
    fn any_text_is_written_and_verifies(
        texts in prop::collection::vec((some_text(), prop::collection::vec(some_text(), 0..3)), 0..4)
    ) {
        let lines = chained(&texts);
        let file = write(&rollout(), &lines);
        prop_assert_eq!(file.lines().count(), lines.len() + 2);
        let mut reader = domain::ledger::export::Reader::default();
        let mut read = Vec::new();
        for line in domain::ledger::export::lines(file.as_bytes()) {
            let (next, entry) = reader.take(line).unwrap();
            reader = next;
            read.extend(entry);
        }
        prop_assert_eq!(read, lines);
        prop_assert_eq!(reader.rollout(), Some(&rollout()));
        prop_assert!(reader.end(None).is_ok());
    }
}
