//! Heads that were kept elsewhere tell whether a ledger was cut off or written anew.

use domain::{
    ledger::{
        Chain, Line,
        export::heads::{self, Head},
    },
    name::RolloutId,
};
use expect_test::expect;

fn shop() -> RolloutId {
    RolloutId::parse("shop#7").unwrap()
}

/// A ledger of so many entries; only numbers and hashes matter here.
fn ledger(entries: u64) -> Vec<Line> {
    let hash = |seq| format!("{seq:064x}");
    let line = |seq| Line {
        seq,
        at: "2026-12-01T09:00:00Z".to_owned(),
        epoch: 1,
        actor: "kim".to_owned(),
        kind: "noted".to_owned(),
        what: "something".to_owned(),
        evidence: Vec::new(),
        before: String::new(),
        after: String::new(),
        previous: hash(seq - 1),
        hash: hash(seq),
    };
    (1..=entries).map(line).collect()
}

fn head(end: &str) -> Head {
    Head {
        rollout: shop(),
        end: Chain::parse(end).unwrap(),
        at: "2026-12-01T09:00:00Z".to_owned(),
    }
}

#[test]
fn heads_are_read_as_they_were_written_and_in_no_other_spelling() {
    let all = [
        head(&format!("2:{:064x}", 2)),
        head(&format!("3:{:064x}", 3)),
    ];
    let text = heads::write(&all);
    assert_eq!(heads::read(text.as_bytes()).unwrap(), all);
    assert_eq!(heads::read(b"").unwrap(), []);
    let first = text.lines().next().unwrap();
    expect![[r#"{"type":"head","rollout":"shop#7","seq":2,"hash":"0000000000000000000000000000000000000000000000000000000000000002","at":"2026-12-01T09:00:00Z"}"#]].assert_eq(first);
    let wrong = |from: &str, to: &str| {
        let text = text.replacen(from, to, 1);
        heads::read(text.as_bytes()).unwrap_err().to_string()
    };
    let refused = [
        wrong("head", "tail"),
        wrong("shop#7", "shop"),
        wrong("\"seq\":2", "\"seq\": 2"),
        wrong("0000", "00"),
        wrong("}\n", "}"),
    ];
    expect![[r#"
        1:1: expected `{"type":"head"`; a ledger verifies only byte for byte as it was exported
        1: `shop` is no rollout; one is written <service>#<number>
        1:41: expected a whole number; a ledger verifies only byte for byte as it was exported
        1: `00000000000000000000000000000000000000000000000000000000000002` is no hash; one has 64 digits, 0-9 and a-f
        1:145: expected the end of the line; a ledger verifies only byte for byte as it was exported"#]].assert_eq(&refused.join("\n"));
}

#[test]
fn a_ledger_goes_through_its_heads_or_was_cut_off_or_written_anew() {
    let two = head(&format!("2:{:064x}", 2));
    assert_eq!(two.fits(&ledger(2)), Ok(()));
    assert_eq!(two.fits(&ledger(5)), Ok(()), "it has grown since");
    let start = Head {
        end: Chain::of(&shop()),
        ..two.clone()
    };
    assert_eq!(start.fits(&ledger(0)), Ok(()));
    let cut = two.fits(&ledger(1)).unwrap_err();
    let anew = head(&format!("2:{:064x}", 9)).fits(&ledger(5)).unwrap_err();
    expect![[r#"
        the ledger ends at entry 1, and on 2026-12-01T09:00:00Z it had 2: something was cut off
        entry 2 is not the one that was there on 2026-12-01T09:00:00Z: the ledger was written anew"#]].assert_eq(&format!("{cut}\n{anew}"));
}
