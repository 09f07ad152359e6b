//! The forgeries are tried, and counted by how they were refused.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    num::NonZero,
    thread::{self, available_parallelism},
};

use expect_test::expect;

use crate::{
    forge::{Forgery, Kind},
    material::Material,
    mutant,
};

/// How many are forged if nothing else is asked for.
const FORGERIES: u64 = 1_000_000;

/// How often each kind of forgery was refused, and in which words.
type Tally = BTreeMap<Kind, BTreeMap<String, u64>>;

#[test]
fn no_forgery_is_taken() {
    let (first, count) = (number("SEED", 1), number("FORGERIES", FORGERIES));
    let last = first.saturating_add(count - 1);
    let material = Material::new();
    let threads = available_parallelism().map_or(1, NonZero::get);
    let tally = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let numbers = (first..=last).skip(worker).step_by(threads);
                let material = &material;
                scope.spawn(move || forge_all(material, numbers))
            })
            .collect();
        let mut all = Tally::new();
        for worker in workers {
            for (kind, refusals) in worker.join().unwrap() {
                for (refusal, times) in refusals {
                    *all.entry(kind).or_default().entry(refusal).or_default() += times;
                }
            }
        }
        all
    });
    assert_eq!(
        tally.values().flat_map(BTreeMap::values).sum::<u64>(),
        count,
        "some were left out"
    );
    if (first, count) == (1, FORGERIES) {
        figures().assert_eq(&table(&tally));
    }
}

/// Forges, has each refused, and says how.
fn forge_all(material: &Material, numbers: impl Iterator<Item = u64>) -> Tally {
    let mut tally = Tally::new();
    for number in numbers {
        let Forgery { kind, token } = Forgery::new(number, material);
        let refused = match material.judge(&token) {
            Ok(claims) => panic!(
                "a forgery was taken for {claims:?}:\n{token}\nrepeat it with:\n  SEED={number} FORGERIES=1 \
                 cargo test -p token --test forgery no_forgery"
            ),
            Err(refused) => format!("{refused:?}"),
        };
        let word = refused.split([' ', '{']).next().unwrap_or_default();
        let refusals = tally.entry(kind).or_default();
        *refusals.entry(word.to_owned()).or_default() += 1;
    }
    tally
}

fn table(tally: &Tally) -> String {
    let mut table = String::new();
    for (kind, refusals) in tally {
        let all: u64 = refusals.values().sum();
        let words: Vec<String> = refusals
            .iter()
            .map(|(word, times)| format!("{word} {times}"))
            .collect();
        let kind = format!("{kind:?}");
        writeln!(table, "{kind:<10} {all:>6}  {}", words.join(", ")).unwrap();
    }
    table
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person who repeats a failure says which"
)]
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

fn figures() -> expect_test::Expect {
    expect![[r#"
        BitFlip     76882  BadSignature 46458, Malformed 28950, Newer 213, UnknownKey 1261
        Substitute  76754  BadSignature 39766, Expired 10, Malformed 35715, Newer 210, NotYet 13, OtherAudience 17, UnknownKey 1023
        Insert      76452  BadSignature 8331, Malformed 68019, Newer 71, UnknownKey 31
        Delete      77117  BadSignature 28761, Malformed 47841, Newer 223, UnknownKey 292
        Truncate    76728  BadSignature 1, Malformed 70374, Newer 6351, NotYet 1, UnknownKey 1
        Splice      76964  BadSignature 48991, Expired 359, Malformed 25815, NotYet 347, OtherAudience 101, UnknownKey 1351
        Swap        76978  BadSignature 75431, Expired 25, NotYet 18, OtherAudience 25, UnknownKey 1479
        Respell     76278  BadSignature 5176, Malformed 68642, Newer 2200, NotYet 89, UnknownKey 171
        Rewrite     77249  BadSignature 69784, Malformed 2997, Newer 648, NotYet 1, UnknownKey 3819
        Malleate    77317  BadSignature 75895, UnknownKey 1422
        Rename      77147  BadSignature 38807, Expired 635, NotYet 666, OtherAudience 634, UnknownKey 36405
        Foreign     77269  BadSignature 33287, Expired 11149, NotYet 11050, OtherAudience 10877, UnknownKey 10906
        Several     76865  BadSignature 18382, Expired 21, Malformed 53812, Newer 1795, NotYet 30, OtherAudience 10, UnknownKey 2815
    "#]]
}

#[test]
fn what_was_signed_is_taken() {
    let material = Material::new();
    for token in &material.honest {
        assert!(material.judge(token).is_ok());
    }
}

#[test]
fn every_flaw_is_found() {
    expect![[r#"
        ReadsAnySpelling: 241 of 5000, first 1 (Respell)
        ReadsToTheSecondDot: 25 of 5000, first 188 (Respell)
        SkipsTheSignature: 2031 of 5000, first 5 (Insert)
        ReducesTheScalar: 344 of 5000, first 28 (Malleate)
        TriesEveryKey: 123 of 5000, first 90 (Foreign)
        NeverRetires: 67 of 5000, first 20 (Foreign)
        TakesAnyAudience: 59 of 5000, first 26 (Foreign)
        NeverExpires: 45 of 5000, first 91 (Foreign)
        TakesTheFuture: 52 of 5000, first 221 (Foreign)
    "#]]
    .assert_eq(&mutant::table());
}
