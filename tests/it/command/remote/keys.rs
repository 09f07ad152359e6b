//! The keys of links: made once, changed without a link refused, retired when nothing stands on them; never shown.
#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use aws::{parameters::Found, secrets::Secret};
use domain::time::Timestamp;
use engine::trouble::Trouble;
use expect_test::expect;
use token::{Kid, Signer, Verifier, code::CodeKey};

use super::{
    check,
    fake::{Fake, Safe},
    told,
};

const SIGNING: &str = "/tidegate/tidegate/signing";
const VERIFYING: &str = "/tidegate/tidegate/verifying";
const CODE: &str = "/tidegate/tidegate/code";

fn found(text: &str, since: &str) -> Found {
    Found {
        secret: Secret::new(text),
        since: since.parse::<Timestamp>().unwrap(),
    }
}

fn signer(kid: &str, seed: u8) -> Signer {
    Signer::generate(Kid::new(kid).unwrap(), [seed; 32])
}

/// A deployment that signs with the first of these keys since a time, and takes links of all of them.
fn signing(kids: &[&str], since: &str) -> Safe {
    let signers: Vec<Signer> = kids
        .iter()
        .zip(100..)
        .map(|(kid, n)| signer(kid, n))
        .collect();
    let (first, rest) = signers.split_first().unwrap();
    let mut verifier = Verifier::new(first.kid().clone(), first.public().unwrap());
    for signer in rest {
        let added = verifier.with(signer.kid().clone(), signer.public().unwrap());
        verifier = added.unwrap();
    }
    Safe {
        held: [
            (SIGNING.to_owned(), found(&first.parameter(), since)),
            (VERIFYING.to_owned(), found(&verifier.parameter(), since)),
        ]
        .into(),
        ..Safe::default()
    }
}

/// The names of the keys that links are verified with.
fn verified(fake: &Fake) -> String {
    let verifier = Verifier::parse(&fake.held(VERIFYING).unwrap()).unwrap();
    let kids: Vec<&str> = verifier.kids().map(Kid::as_str).collect();
    kids.join(" ")
}

fn signs(fake: &Fake) -> String {
    let signer = Signer::parse(&fake.held(SIGNING).unwrap()).unwrap();
    signer.kid().to_string()
}

#[test]
fn the_first_keys_fit_each_other_and_terraform_is_told_where_they_are() {
    let fake = Fake::safe(Safe::default());
    check(
        &fake,
        &["keys", "new"],
        &expect![[r#"
        kept /tidegate/tidegate/verifying over Nothing
        kept /tidegate/tidegate/code over Nothing
        kept /tidegate/tidegate/signing over Nothing
        ok the keys of tidegate

          /tidegate/tidegate/signing    the private key 2026-12-01, for notify alone
          /tidegate/tidegate/verifying  its public key, for link and approval
          /tidegate/tidegate/code       the key of codes, for notify and approval

        Tell Terraform where they are, and apply:

          signing_parameter   = "/tidegate/tidegate/signing"
          verifying_parameter = "/tidegate/tidegate/verifying"
          code_parameter      = "/tidegate/tidegate/code"
        exit code 0
    "#]],
    );
    assert_eq!(
        (signs(&fake), verified(&fake)),
        ("2026-12-01".to_owned(), "2026-12-01".to_owned())
    );
    CodeKey::parse(&fake.held(CODE).unwrap()).unwrap();
}

#[test]
fn no_key_is_shown() {
    let fake = Fake::safe(Safe::default());
    let said = [
        told(&fake, "", &["keys", "new"]),
        told(&fake, "", &["keys", "rotate", "--kid", "next"]),
        told(&fake, "", &["keys", "retire", "next"]),
    ];
    // Seeds of the fake are one byte repeated; public keys are in the parameter that anybody verifies with.
    for seed in [1, 2, 3] {
        let hidden = signer("x", seed).parameter();
        let (_, seed) = hidden.split_once("\"seed\": \"").unwrap();
        let seed = &seed[..40];
        assert!(said.iter().all(|said| !said.contains(seed)));
    }
}

#[test]
fn keys_that_are_there_are_never_overwritten() {
    let fake = Fake::safe(signing(&["2026-11-01"], "2026-11-01T00:00:00Z"));
    check(
        &fake,
        &["keys", "new"],
        &expect![[r#"
        error: there is a parameter /tidegate/tidegate/verifying already, and keys are never overwritten
          `tidegate keys rotate` makes the next key; keys of another stack are made with --deployment NAME
        exit code 1
    "#]],
    );
    let other = [
        "keys",
        "new",
        "--deployment",
        "staging",
        "--kms-key",
        "alias/ours",
    ];
    check(
        &fake,
        &other,
        &expect![[r#"
        kept /tidegate/staging/verifying over Nothing with alias/ours
        kept /tidegate/staging/code over Nothing with alias/ours
        kept /tidegate/staging/signing over Nothing with alias/ours
        ok the keys of staging

          /tidegate/staging/signing    the private key 2026-12-01, for notify alone
          /tidegate/staging/verifying  its public key, for link and approval
          /tidegate/staging/code       the key of codes, for notify and approval

        Tell Terraform where they are, and apply:

          signing_parameter   = "/tidegate/staging/signing"
          verifying_parameter = "/tidegate/staging/verifying"
          code_parameter      = "/tidegate/staging/code"
        exit code 0
    "#]],
    );
}

#[test]
fn what_was_made_before_it_failed_is_said() {
    let denied = Trouble::lasting("you may not write it");
    let fake = Fake::safe(Safe {
        shut: [(SIGNING.to_owned(), denied)].into(),
        ..Safe::default()
    });
    check(
        &fake,
        &["keys", "new"],
        &expect![[r#"
        kept /tidegate/tidegate/verifying over Nothing
        kept /tidegate/tidegate/code over Nothing
        kept /tidegate/tidegate/signing over Nothing
        error: you may not write it
          made already, and of no use alone; take away and repeat: aws ssm delete-parameters --names /tidegate/tidegate/verifying /tidegate/tidegate/code
        exit code 1
    "#]],
    );
}

#[test]
fn a_new_key_is_known_before_it_signs() {
    let fake = Fake::safe(signing(&["2026-11-01"], "2026-11-01T00:00:00Z"));
    check(
        &fake,
        &["keys", "rotate", "--kid", "next"],
        &expect![[r#"
        kept /tidegate/tidegate/verifying over Former
        waited 300 s
        kept /tidegate/tidegate/signing over Former
        ok next is known beside 2026-11-01
        waiting 5 minutes, until every function knows it; Ctrl-C leaves 2026-11-01 signing
        ok links are signed with next from now on
          the last links of 2026-11-01 are good until Tue 8 Dec 2026 09:10 UTC; then: tidegate keys retire 2026-11-01
        exit code 0
    "#]],
    );
    assert_eq!(
        (signs(&fake), verified(&fake)),
        ("next".to_owned(), "2026-11-01 next".to_owned())
    );
    check(
        &fake,
        &["keys", "rotate", "--kid", "next"],
        &expect![[r#"
        kept /tidegate/tidegate/verifying over Former
        waited 300 s
        kept /tidegate/tidegate/signing over Former
        error: there is a key next already; a new key needs a new name, with --kid
        exit code 1
    "#]],
    );
}

#[test]
fn a_second_key_of_a_day_has_a_number_and_a_fifth_key_is_refused() {
    let rotate = ["keys", "rotate", "--now"];
    let day = Fake::safe(signing(&["2026-12-01"], "2026-12-01T08:00:00Z"));
    check(
        &day,
        &rotate,
        &expect![[r#"
            kept /tidegate/tidegate/verifying over Former
            kept /tidegate/tidegate/signing over Former
            ok 2026-12-01-2 is known beside 2026-12-01
            ok links are signed with 2026-12-01-2 from now on
              the last links of 2026-12-01 are good until Tue 8 Dec 2026 09:05 UTC; then: tidegate keys retire 2026-12-01
            exit code 0
        "#]],
    );
    let full = Fake::safe(signing(&["a", "b", "c", "d"], "2026-11-01T00:00:00Z"));
    check(
        &full,
        &rotate,
        &expect![[r#"
            error: at most 4 keys are active at once, this has 5; take out what was retired
              there are a, b, c, d; retire one that signs no more: `tidegate keys retire KID`
            exit code 1
        "#]],
    );
}

#[test]
fn a_key_that_was_lost_to_another_hand_does_not_sign() {
    let mut safe = signing(&["2026-11-01"], "2026-11-01T00:00:00Z");
    let before = safe.held[VERIFYING].clone();
    safe.meanwhile.insert(VERIFYING.to_owned(), before);
    let fake = Fake::safe(safe);
    check(
        &fake,
        &["keys", "rotate", "--kid", "next"],
        &expect![[r#"
        kept /tidegate/tidegate/verifying over Former
        waited 300 s
        ok next is known beside 2026-11-01
        waiting 5 minutes, until every function knows it; Ctrl-C leaves 2026-11-01 signing
        error: somebody else wrote /tidegate/tidegate/verifying at the same time, and next is not in it; 2026-11-01 signs as before
          repeat the command when nobody else changes keys
        exit code 1
    "#]],
    );
    assert_eq!(signs(&fake), "2026-11-01");
}

#[test]
fn a_key_is_retired_when_its_last_link_has_expired_or_at_once_if_it_leaked() {
    let soon = || Fake::safe(signing(&["new", "old"], "2026-11-30T00:00:00Z"));
    check(
        &soon(),
        &["keys", "retire", "new"],
        &expect![[r#"
        error: new signs links now; first `tidegate keys rotate`, and a week later this
        exit code 1
    "#]],
    );
    check(
        &soon(),
        &["keys", "retire", "other"],
        &expect![[r#"
        error: there is no public key other in /tidegate/tidegate/verifying; there is new, old
        exit code 1
    "#]],
    );
    check(
        &soon(),
        &["keys", "retire", "old"],
        &expect![[r#"
        error: links that old signed can be good until Mon 7 Dec 2026 00:05 UTC, a week after the key changed
          repeat the command then; if its private key has leaked: --now, and those links are refused
        exit code 1
    "#]],
    );
    check(
        &soon(),
        &["keys", "retire", "old", "--now"],
        &expect![[r#"
        kept /tidegate/tidegate/verifying over Former
        ok old is retired: within 5 minutes no function takes its links; new is left
        exit code 0
    "#]],
    );
    let later = Fake::safe(signing(&["new", "old"], "2026-11-01T00:00:00Z"));
    check(
        &later,
        &["keys", "retire", "old"],
        &expect![[r#"
        kept /tidegate/tidegate/verifying over Former
        ok old is retired: within 5 minutes no function takes its links; new is left
        exit code 0
    "#]],
    );
    assert_eq!(verified(&later), "new");
}

#[test]
fn where_there_are_no_keys_or_something_else_it_is_said_so() {
    let none = || Fake::safe(Safe::default());
    check(
        &none(),
        &["keys", "rotate"],
        &expect![[r#"
        error: there is no parameter /tidegate/tidegate/signing
          `tidegate keys new` makes the first keys; if they are elsewhere, name the place: `tidegate keys --help`
        exit code 1
    "#]],
    );
    check(
        &none(),
        &["keys", "retire", "old"],
        &expect![[r#"
        error: there is no parameter /tidegate/tidegate/verifying
          `tidegate keys new` makes the first keys; if they are elsewhere, name the place: `tidegate keys --help`
        exit code 1
    "#]],
    );
    let mut safe = signing(&["new"], "2026-11-01T00:00:00Z");
    let wrong = found("{ \"seed\": \"hush\" }", "2026-11-01T00:00:00Z");
    safe.held.insert(SIGNING.to_owned(), wrong);
    check(
        &Fake::safe(safe),
        &["keys", "rotate"],
        &expect![[r#"
        error: /tidegate/tidegate/signing holds no private key: line 1, column 18 is where this stops being `{ "kid": "…", "seed": "<base64>" }`
        exit code 1
    "#]],
    );
    check(
        &none(),
        &["keys", "retire", "Old!"],
        &expect![[r#"
        error: invalid value 'Old!' for '<KID>': a key's name has 1 to 32 small letters, digits, `-` and `_`

        For more information, try '--help'.
        exit code 2
    "#]],
    );
}
