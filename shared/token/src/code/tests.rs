//! A code is typed by people, told from another, and shown to nobody else.

use std::collections::BTreeSet;

use expect_test::expect;
use proptest::prelude::*;

use super::*;

fn key() -> CodeKey {
    CodeKey::generate([9; 32])
}

fn id(n: u128) -> TokenId {
    TokenId(n.to_be_bytes())
}

#[test]
fn a_code_is_the_same_every_time() {
    let codes: Vec<String> = (0..4).map(|n| key().code(&id(n)).expose()).collect();
    expect!["MM657T FBTM2V 09BW3Z EMYGBF"].assert_eq(&codes.join(" "));
    let another = CodeKey::generate([8; 32]);
    assert_ne!(another.code(&id(0)).expose(), codes[0]);
}

#[test]
fn a_guess_is_counted_once_however_it_was_typed_and_shows_nothing() {
    let guess = |id, typed| key().guess(&id, typed);
    let first = guess(id(0), "MM657T").unwrap();
    assert_eq!(guess(id(0), " mm6 57t"), Some(first));
    assert_ne!(guess(id(0), "MM657V"), Some(first));
    assert_ne!(guess(id(1), "MM657T"), Some(first));
    assert_eq!(guess(id(0), "MM657"), None);
    expect!["f7b8888017a22778 Guess(hidden)"].assert_eq(&format!("{} {first:?}", first.hex()));
    let another = CodeKey::generate([8; 32]);
    assert_ne!(another.guess(&id(0), "MM657T"), Some(first));
}

#[test]
fn a_code_is_typed_as_people_type() {
    let code = Code(read("01AZV7").unwrap());
    assert_eq!(code.expose(), "01AZV7");
    for typed in [
        "01AZV7",
        "01azv7",
        "O1azv7",
        "oLaZv7",
        "0iAZv7",
        "Olazv7",
        "0IAZV7",
        " 01 AZV7\n",
        "01A-ZV7",
        "01A\u{a0}ZV7",
        "0-1-A-Z-V-7",
    ] {
        assert_eq!(code.typed(typed), Typed::Right, "{typed}");
    }
    for typed in ["01AZV8", "11AZV7", "7VZA10", "ZZZZZZ", "000000"] {
        assert_eq!(code.typed(typed), Typed::Wrong, "{typed}");
    }
    for typed in [
        "",
        "01AZV",
        "01AZV77",
        "01AZU7",
        "01AZV!",
        "01AZVä",
        "０１ＡＺＶ７",
        &" ".repeat(65),
        &format!("{}01AZV7", " ".repeat(60)),
    ] {
        assert_eq!(code.typed(typed), Typed::NoCode, "{typed}");
    }
}

#[test]
fn codes_are_spread_out() {
    let key = key();
    let many = 30_000;
    let codes: BTreeSet<String> = (0..many).map(|n| key.code(&id(n)).expose()).collect();
    // By chance, 0.4 pairs are alike.
    assert!(codes.len() + 5 > usize::try_from(many).unwrap());
    let mut seen = [[0_u32; 32]; CODE_CHARS];
    for code in &codes {
        for (place, digit) in seen.iter_mut().zip(code.bytes()) {
            let value = DIGITS.iter().position(|known| *known == digit).unwrap();
            place[value] += 1;
        }
    }
    // About 938 of each in each place; seven deviations of 30.
    for counts in seen {
        assert!(
            counts.iter().all(|count| (728..1148).contains(count)),
            "{counts:?}"
        );
    }
}

#[test]
fn a_code_is_not_shown() {
    let code = key().code(&id(1));
    let shown = format!("{code:?} {code:#?} {:?}", key());
    assert_eq!(shown, "Code(hidden) Code(hidden) CodeKey(hidden)");
}

proptest! {
    #[test]
    fn the_code_of_another_link_is_wrong(a: u128, b: u128) {
        let [one, two] = [a, b].map(|n| key().code(&id(n)));
        let expected = if one.0 == two.0 { Typed::Right } else { Typed::Wrong };
        prop_assert_eq!(one.typed(&two.expose()), expected);
        prop_assert_eq!(one.typed(&one.expose()), Typed::Right);
    }

    #[test]
    fn every_code_reads_back(bits in 0_u32..1 << 30) {
        prop_assert_eq!(read(&Code(bits).expose()), Some(bits));
    }

    #[test]
    fn any_text_is_read_without_harm(text in ".{0,80}") {
        prop_assert_ne!(key().code(&id(1)).typed(&text), Typed::Right);
    }
}

#[test]
fn the_same_use_has_the_same_link_and_no_other() {
    let key = key();
    let id = key.link_id("shop#1/6/ann/approve");
    assert_eq!(id, key.link_id("shop#1/6/ann/approve"));
    // Counted by another program too.
    assert_eq!(id.hex(), "a50370f33179a8adcb9038655939b1d2");
    for other in ["shop#1/6/ann/reject", "shop#1/7/ann/approve", ""] {
        assert_ne!(id, key.link_id(other), "{other}");
    }
    assert_ne!(
        id,
        CodeKey::generate([8; 32]).link_id("shop#1/6/ann/approve")
    );
}
