//! A link is taken whole, by its own deployment, in its time, under a key that is active; and not otherwise.

use domain::{
    name::{Person, PhaseName, RolloutId},
    plan::PlanHash,
    traffic::Epoch,
};
use expect_test::expect;

use super::*;
use crate::{
    claims::{Action, TokenId},
    keys::SEED_BYTES,
    sample::{after, audience, claims, kid, noon, signer, verifier},
    sign::Signer,
};

fn other(kid_text: &str, seed: u8) -> Signer {
    Signer::generate(kid(kid_text), [seed; SEED_BYTES])
}

fn token(claims: &Claims) -> String {
    signer().sign(claims).unwrap().expose().to_owned()
}

#[test]
fn a_link_says_what_was_signed() {
    for action in Action::ALL {
        for phase in [None, Some(PhaseName::new("early").unwrap())] {
            let claims = Claims {
                phase,
                action,
                ..claims()
            };
            let read = verifier().verify(&token(&claims), &audience(), noon());
            assert_eq!(read, Ok(claims));
        }
    }
}

/// The same link with one claim changed, for each of the claims.
fn changed() -> Vec<Claims> {
    let changes: [&dyn Fn(&mut Claims); 11] = [
        &|c| c.audience = Audience::parse("111122223333/eu-west-1/staging").unwrap(),
        &|c| c.rollout = RolloutId::parse("shop#8").unwrap(),
        &|c| c.rollout = RolloutId::parse("shoe#7").unwrap(),
        &|c| c.epoch = Epoch(42),
        &|c| c.phase = Some(PhaseName::new("early").unwrap()),
        &|c| c.phase = None,
        &|c| c.plan = PlanHash::of("service: shoe"),
        &|c| c.action = Action::Rollback,
        &|c| c.approver = Person::new("U2CERLKJB"),
        &|c| c.expires = after(3601),
        &|c| c.id = TokenId([0; 16]),
    ];
    let mut all: Vec<Claims> = changes
        .into_iter()
        .map(|change| {
            let mut claims = claims();
            change(&mut claims);
            claims
        })
        .collect();
    all.push(Claims {
        issued: after(-1),
        ..claims()
    });
    all
}

#[test]
fn no_claim_can_be_changed() {
    let signed = token(&claims());
    let (_, signature) = signed.split_once('.').unwrap();
    for claims in changed() {
        let honest = token(&claims);
        let (payload, _) = honest.split_once('.').unwrap();
        let forged = format!("{payload}.{signature}");
        let refused = verifier().verify(&forged, &audience(), noon());
        assert_eq!(refused, Err(Refused::BadSignature), "{claims:?}");
    }
}

#[test]
fn a_link_is_for_one_deployment() {
    for elsewhere in [
        "111122223333/eu-west-1/staging",
        "111122223333/us-east-1/tidegate",
        "444455556666/eu-west-1/tidegate",
    ] {
        let elsewhere = Audience::parse(elsewhere).unwrap();
        let refused = verifier().verify(&token(&claims()), &elsewhere, noon());
        assert_eq!(refused, Err(Refused::OtherAudience));
    }
}

#[test]
fn a_link_has_its_time() {
    let at = |now| verifier().verify(&token(&claims()), &audience(), now);
    let nanosecond = SignedDuration::from_nanos(1);
    assert_eq!(at(noon()), Ok(claims()));
    assert_eq!(at(after(-30)), Ok(claims()));
    assert_eq!(at(after(-30) - nanosecond), Err(Refused::NotYet));
    assert_eq!(at(Timestamp::MIN), Err(Refused::NotYet));
    assert_eq!(at(after(3600) - nanosecond), Ok(claims()));
    let expired = Err(Refused::Expired { at: after(3600) });
    assert_eq!(at(after(3600)), expired);
    assert_eq!(at(Timestamp::MAX), expired);
}

#[test]
fn keys_are_rotated_without_losing_a_link() {
    let (old, new) = (other("2026-11", 1), other("2026-12", 2));
    let public = |signer: &Signer| (signer.kid().clone(), signer.public().unwrap());
    let token = |signer: &Signer| signer.sign(&claims()).unwrap().expose().to_owned();
    let tell = |verifier: &Verifier| {
        [&old, &new].map(|signer| verifier.verify(&token(signer), &audience(), noon()).err())
    };
    let (kid, key) = public(&old);
    let before = Verifier::new(kid, key);
    assert_eq!(tell(&before), [None, Some(Refused::UnknownKey)]);
    let (kid, key) = public(&new);
    let both = before.with(kid, key).unwrap();
    assert_eq!(tell(&both), [None, None]);
    assert_eq!(Verifier::parse(&both.parameter()), Ok(both.clone()));
    let after = both.without(old.kid()).unwrap();
    assert_eq!(tell(&after), [Some(Refused::UnknownKey), None]);
    assert_eq!(after.without(new.kid()), Err(BadKeys::NoKey));
}

#[test]
fn a_name_has_one_key() {
    let (one, two) = (other("a", 1), other("a", 2));
    let verifier = Verifier::new(kid("a"), one.public().unwrap());
    let again = verifier.clone().with(kid("a"), one.public().unwrap());
    assert_eq!(again, Ok(verifier.clone()));
    let taken = verifier.clone().with(kid("a"), two.public().unwrap());
    assert_eq!(taken, Err(BadKeys::Taken(kid("a"))));
    let signed = two.sign(&claims()).unwrap();
    let refused = verifier.verify(signed.expose(), &audience(), noon());
    assert_eq!(refused, Err(Refused::BadSignature));
}

#[test]
fn a_key_answers_for_its_own_name_only() {
    let (one, two) = (other("one", 1), other("two", 2));
    let verifier = Verifier::new(kid("one"), one.public().unwrap())
        .with(kid("two"), two.public().unwrap())
        .unwrap();
    // Both keys are active. The second signs in the name of the first.
    let liar = other("one", 2).sign(&claims()).unwrap();
    let refused = verifier.verify(liar.expose(), &audience(), noon());
    assert_eq!(refused, Err(Refused::BadSignature));
}

#[test]
fn keys_do_not_become_more_than_are_ever_active() {
    let mut verifier = verifier();
    for n in 1..KEYS_MAX {
        let signer = other(&format!("k{n}"), 1);
        verifier = verifier
            .with(signer.kid().clone(), signer.public().unwrap())
            .unwrap();
    }
    assert_eq!(verifier.kids().count(), KEYS_MAX);
    let key = signer().public().unwrap();
    assert_eq!(
        verifier.with(kid("more"), key),
        Err(BadKeys::TooMany(KEYS_MAX + 1))
    );
}

/// A token over any payload, as only the holder of the key can make it.
fn sealed(payload: &[u8], purpose: &[u8]) -> String {
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let signature = pair.sign(&[purpose, payload].concat());
    wire::spell(payload, signature.as_ref())
}

#[test]
fn a_signature_for_something_else_is_none() {
    let payload = wire::payload(&kid("2026-11"), &claims()).unwrap();
    let check = |purpose: &str| {
        let token = sealed(&payload, purpose.as_bytes());
        verifier().verify(&token, &audience(), noon())
    };
    assert_eq!(check("tidegate-link-v1."), Ok(claims()));
    for purpose in ["", "tidegate-link-v2.", "tidegate-code-v1."] {
        assert_eq!(check(purpose), Err(Refused::BadSignature), "{purpose}");
    }
}

#[test]
fn a_version_that_is_to_come_is_told_from_nonsense() {
    let payload = wire::payload(&kid("2026-11"), &claims()).unwrap();
    let check = |version: u8| {
        let mut payload = payload.clone();
        payload[0] = version;
        let token = sealed(&payload, b"tidegate-link-v1.");
        verifier().verify(&token, &audience(), noon())
    };
    assert_eq!(check(0), Err(Refused::Malformed));
    assert_eq!(check(2), Ok(claims()));
    assert_eq!(check(3), Err(Refused::Newer { version: 3 }));
    assert_eq!(check(255), Err(Refused::Newer { version: 255 }));
}

/// A link that was made before an upgrade, as it was sent then.
#[test]
fn a_link_of_version_1_is_read_for_as_long_as_it_is_good() {
    let mut payload = wire::payload(&kid("2026-11"), &claims()).unwrap();
    payload[0] = 1;
    // Behind it are the approver, two times and the id.
    let mark = payload.len() - 16 - 8 - 8 - 10 - 1;
    assert_eq!(payload.remove(mark), 0);
    let token = sealed(&payload, b"tidegate-link-v1.");
    assert_eq!(verifier().verify(&token, &audience(), noon()), Ok(claims()));
}

#[test]
fn a_signed_payload_is_still_read_strictly() {
    let good = wire::payload(&kid("2026-11"), &claims()).unwrap();
    let longer = [good.as_slice(), b"x"].concat();
    for payload in [&longer, &good[..good.len() - 1], &good[..9]] {
        let token = sealed(payload, b"tidegate-link-v1.");
        let refused = verifier().verify(&token, &audience(), noon());
        assert_eq!(refused, Err(Refused::Malformed));
    }
}

#[test]
fn nothing_behind_the_kid_is_read_before_the_signature() {
    // Garbage behind the kid: were it read first, this were malformed.
    let token = wire::spell(b"\x01\x072026-11\xff\xff", &[0; 64]);
    let refused = verifier().verify(&token, &audience(), noon());
    assert_eq!(refused, Err(Refused::BadSignature));
    let token = wire::spell(b"\x01\x072026-12\xff\xff", &[0; 64]);
    let refused = verifier().verify(&token, &audience(), noon());
    assert_eq!(refused, Err(Refused::UnknownKey));
}

#[test]
fn a_signature_cannot_be_made_another() {
    /// The order of the group, little-endian.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (payload, signature) = wire::unspell(&token(&claims())).unwrap();
    let mut changed = signature.clone();
    for times in 1..=15 {
        let mut carry = 0;
        for (byte, add) in changed[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            [*byte, _] = sum.to_le_bytes();
            carry = sum >> 8;
        }
        if carry > 0 {
            break;
        }
        let token = wire::spell(&payload, &changed);
        let refused = verifier().verify(&token, &audience(), noon());
        assert_eq!(refused, Err(Refused::BadSignature), "S + {times} L");
    }
    assert_ne!(changed, signature);
}

#[test]
fn a_refusal_is_a_sentence_without_the_link() {
    let refusals = [
        Refused::Malformed,
        Refused::Newer { version: 3 },
        Refused::UnknownKey,
        Refused::BadSignature,
        Refused::OtherAudience,
        Refused::Expired { at: noon() },
        Refused::NotYet,
    ];
    expect![[r"
        this is not a whole link
        the link is of version 3, and this program reads up to version 2
        the link was signed with a key that is not in use
        the link's signature is wrong
        the link is for another deployment
        the link expired at 2026-11-25T12:00:00Z
        the link was made in the future"]]
    .assert_eq(&refusals.map(|refused| refused.to_string()).join("\n"));
}
