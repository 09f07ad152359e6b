//! A link says what it is told to, always in the same way, and not what makes no sense.

use domain::{
    name::Person,
    time::{SignedDuration, Timestamp, later},
};
use expect_test::expect;

use super::*;
use crate::sample::{after, claims, noon, signer};

#[test]
fn the_same_claims_make_the_same_link() {
    let link = signer().sign(&claims()).unwrap();
    expect!["AgcyMDI2LTExHzExMTEyMjIyMzMzMy9ldS13ZXN0LTEvdGlkZWdhdGUEc2hvcAAAAAAAAAAHAAAAAAAAACkGY2FuYXJ5TCBhE_t_jIVp-8PERMemYslfux6hKuT1tzpqWoSnyDsBAAlVMkNFUkxLSkEY60f2Y9mAABjrSzyUkiAAc2l4dGVlbiBieXRlcy4uLg.n7Esso4gASGlwKJVjsO4j6o5u3DG4zymb9ELGNMIYh3o5kx6hXoe2wXwwQgNkv-mOTBJ3x9FUt7g3Kk-C3mVAQ"].assert_eq(link.expose());
    assert_eq!(signer().sign(&claims()), Ok(link));
}

#[test]
fn claims_that_make_no_sense_are_not_signed() {
    let refused = |change: &dyn Fn(&mut Claims)| {
        let mut claims = claims();
        change(&mut claims);
        signer().sign(&claims).err()
    };
    assert_eq!(refused(&|_| ()), None);
    for approver in ["", "a\nb", &"x".repeat(256)] {
        let changed = refused(&|claims| claims.approver = Person::new(approver));
        assert_eq!(changed, Some(Unsignable::Approver), "{approver}");
    }
    for expires in [noon(), after(-1), Timestamp::MIN] {
        let changed = refused(&|claims| claims.expires = expires);
        assert_eq!(changed, Some(Unsignable::Never), "{expires}");
    }
    let last = later(noon(), LIFETIME_MAX);
    assert_eq!(refused(&|claims| claims.expires = last), None);
    let longer = later(last, SignedDuration::from_nanos(1));
    for expires in [longer, Timestamp::MAX] {
        let changed = refused(&|claims| claims.expires = expires);
        assert_eq!(changed, Some(Unsignable::Lifetime), "{expires}");
    }
    let far = refused(&|claims| {
        claims.issued = "2300-01-01T00:00:00Z".parse().unwrap();
        claims.expires = "2300-01-01T01:00:00Z".parse().unwrap();
    });
    assert_eq!(far, Some(Unsignable::Time));
}

#[test]
fn a_reason_is_a_sentence() {
    let reasons = [
        Unsignable::Approver,
        Unsignable::Never,
        Unsignable::Lifetime,
        Unsignable::Time,
        Unsignable::Key,
    ];
    expect![[r"
        an approver has 1 to 255 bytes and no control characters
        a link expires after it was made
        a link is good for at most 7 days
        a link's times lie between the years 1678 and 2261
        the private key cannot be used; make another"]]
    .assert_eq(&reasons.map(|reason| reason.to_string()).join("\n"));
}
