//! Verifiers with a flaw, each of which a forgery finds. They are made around the real one.

use std::fmt::Write as _;

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_URL_SAFE_NO_PAD as BASE64,
};
use domain::time::{SignedDuration, later};
use ring::signature::Ed25519KeyPair;

use crate::{
    forge::{Forgery, ORDER},
    material::{KIDS, Material, SEEDS, elsewhere, here, now},
};

/// How many forgeries each is tried with.
const TRIES: u64 = 5_000;

#[derive(Debug, Clone, Copy)]
enum Flaw {
    /// Padding, other alphabets, white space and left-over bits are read like the one spelling.
    ReadsAnySpelling,
    /// What stands behind a second dot is not looked at.
    ReadsToTheSecondDot,
    /// The signature is not checked.
    SkipsTheSignature,
    /// The scalar is reduced before it is looked at.
    ReducesTheScalar,
    /// Any active key will do, whichever is named.
    TriesEveryKey,
    /// A retired key still counts.
    NeverRetires,
    /// A link for another deployment is as good.
    TakesAnyAudience,
    /// A link does not expire.
    NeverExpires,
    /// A link may come from the future.
    TakesTheFuture,
}

const FLAWS: [Flaw; 9] = [
    Flaw::ReadsAnySpelling,
    Flaw::ReadsToTheSecondDot,
    Flaw::SkipsTheSignature,
    Flaw::ReducesTheScalar,
    Flaw::TriesEveryKey,
    Flaw::NeverRetires,
    Flaw::TakesAnyAudience,
    Flaw::NeverExpires,
    Flaw::TakesTheFuture,
];

impl Flaw {
    fn takes(self, token: &str, material: &Material) -> bool {
        let judge = |token: &str| material.judge(token).is_ok();
        let later = |minutes| later(now(), SignedDuration::from_mins(minutes));
        let at = |now| material.verifier.verify(token, &here(), now).is_ok();
        match self {
            Self::ReadsAnySpelling => judge(&respelt(token)),
            Self::ReadsToTheSecondDot => {
                let parts: Vec<&str> = token.split('.').take(2).collect();
                judge(&parts.join("."))
            }
            Self::SkipsTheSignature => signed_anew(token).is_some_and(|token| judge(&token)),
            Self::ReducesTheScalar => reduced(token).is_some_and(|token| judge(&token)),
            Self::TriesEveryKey => material
                .any_key
                .iter()
                .any(|verifier| verifier.verify(token, &here(), now()).is_ok()),
            Self::NeverRetires => material.never_retires.verify(token, &here(), now()).is_ok(),
            Self::TakesAnyAudience => material.verifier.verify(token, &elsewhere(), now()).is_ok(),
            Self::NeverExpires => at(later(-3)),
            Self::TakesTheFuture => at(later(10)),
        }
    }
}

/// In how many forgeries each flaw is found, first in which, and what was done to it.
pub(crate) fn table() -> String {
    let material = Material::new();
    let mut table = String::new();
    for flaw in FLAWS {
        let found: Vec<(u64, Forgery)> = (1..=TRIES)
            .map(|number| (number, Forgery::new(number, &material)))
            .filter(|(_, forgery)| flaw.takes(&forgery.token, &material))
            .collect();
        let (first, forgery) = found.first().expect("a flaw that no forgery finds");
        writeln!(
            table,
            "{flaw:?}: {} of {TRIES}, first {first} ({:?})",
            found.len(),
            forgery.kind
        )
        .unwrap();
    }
    table
}

/// The one spelling of what a forgiving reader takes for base64.
fn respelt(token: &str) -> String {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let forgiving = GeneralPurpose::new(&URL_SAFE, config);
    let spelt = |part: &str| {
        let plain: String = part
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| match c {
                '+' => '-',
                '/' => '_',
                other => other,
            })
            .collect();
        let bytes = forgiving.decode(plain.trim_end_matches('='));
        bytes.map_or(plain, |bytes| BASE64.encode(bytes))
    };
    let parts: Vec<String> = token.split('.').map(spelt).collect();
    parts.join(".")
}

fn bytes(token: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (payload, signature) = token.split_once('.')?;
    Some((BASE64.decode(payload).ok()?, BASE64.decode(signature).ok()?))
}

fn spelt(payload: &[u8], signature: &[u8]) -> String {
    format!("{}.{}", BASE64.encode(payload), BASE64.encode(signature))
}

/// The payload with a signature that fits, whatever it had.
fn signed_anew(token: &str) -> Option<String> {
    let (payload, _) = bytes(token)?;
    let named = payload.get(2..9)?;
    let key = KIDS.iter().position(|name| name.as_bytes() == named)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&SEEDS[key]).ok()?;
    let signature = pair.sign(&[b"tidegate-link-v1.", payload.as_slice()].concat());
    Some(spelt(&payload, signature.as_ref()))
}

/// The same with a scalar below the group's order.
fn reduced(token: &str) -> Option<String> {
    let (payload, mut signature) = bytes(token)?;
    let scalar = signature.get_mut(32..64)?;
    while scalar.iter().rev().ge(ORDER.iter().rev()) {
        let mut borrow = 0;
        for (byte, take) in scalar.iter_mut().zip(ORDER) {
            let difference = i16::from(*byte) - i16::from(take) - borrow;
            [*byte, _] = difference.to_le_bytes();
            borrow = i16::from(difference < 0);
        }
    }
    Some(spelt(&payload, &signature))
}
