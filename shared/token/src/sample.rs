//! One link, which the tests look at from every side.

use domain::{
    name::{Person, PhaseName, RolloutId},
    plan::PlanHash,
    time::{SignedDuration, Timestamp, later},
    traffic::Epoch,
};

use crate::{Action, Audience, Claims, Kid, Signer, TokenId, Verifier};

pub(crate) fn kid(text: &str) -> Kid {
    Kid::new(text).unwrap()
}

pub(crate) fn audience() -> Audience {
    Audience::new("111122223333", "eu-west-1", "tidegate").unwrap()
}

pub(crate) fn noon() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

pub(crate) fn after(seconds: i64) -> Timestamp {
    later(noon(), SignedDuration::from_secs(seconds))
}

/// Good for an hour from noon.
pub(crate) fn claims() -> Claims {
    Claims {
        audience: audience(),
        rollout: RolloutId::parse("shop#7").unwrap(),
        epoch: Epoch(41),
        phase: Some(PhaseName::new("canary").unwrap()),
        plan: PlanHash::of("service: shop"),
        incident: None,
        action: Action::Approve,
        approver: Person::new("U2CERLKJA"),
        issued: noon(),
        expires: after(3600),
        id: TokenId(*b"sixteen bytes...".as_array().unwrap()),
    }
}

pub(crate) fn signer() -> Signer {
    Signer::generate(kid("2026-11"), [7; 32])
}

pub(crate) fn verifier() -> Verifier {
    Verifier::new(kid("2026-11"), signer().public().unwrap())
}
