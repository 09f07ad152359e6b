//! What a forger has: links that are good, and links that were signed but are good for nothing here.

use domain::{
    name::{Person, PhaseName, RolloutId},
    plan::PlanHash,
    rollout::IncidentMark,
    time::{SignedDuration, Timestamp, later},
    traffic::Epoch,
};
use token::{Action, Audience, Claims, Kid, Refused, Signer, TokenId, Verifier};

/// All keys and links of a forger's dreams.
pub(crate) struct Material {
    /// The verifier that is tried: two keys are active.
    pub(crate) verifier: Verifier,
    /// The same with the retired key.
    pub(crate) never_retires: Verifier,
    /// Verifiers that have an active key under another's name.
    pub(crate) any_key: [Verifier; 2],
    /// Links that must be taken.
    pub(crate) honest: Vec<String>,
    /// Links that a holder of some key made, and that must not be taken.
    pub(crate) foreign: Vec<String>,
}

/// The names of the active keys, and of the one that was retired.
pub(crate) const KIDS: [&str; 3] = ["2026-11", "2026-12", "2026-10"];

/// The seeds of these keys.
pub(crate) const SEEDS: [[u8; 32]; 3] = [[11; 32], [12; 32], [10; 32]];

pub(crate) fn kid(text: &str) -> Kid {
    Kid::new(text).unwrap()
}

pub(crate) fn here() -> Audience {
    Audience::new("111122223333", "eu-west-1", "tidegate").unwrap()
}

pub(crate) fn elsewhere() -> Audience {
    Audience::new("111122223333", "eu-west-1", "staging").unwrap()
}

pub(crate) fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

fn after(minutes: i64) -> Timestamp {
    later(now(), SignedDuration::from_mins(minutes))
}

fn claims(action: Action, n: u8) -> Claims {
    Claims {
        audience: here(),
        rollout: RolloutId::parse("shop#7").unwrap(),
        epoch: Epoch(u64::from(n)),
        phase: n
            .is_multiple_of(2)
            .then(|| PhaseName::new("canary").unwrap()),
        plan: PlanHash::of("service: shop"),
        incident: (action == Action::Accept).then_some(IncidentMark([7; 16])),
        action,
        // Of three lengths, so that the base64 of a payload ends in each of its three ways.
        approver: Person::new("U2CERLKJA".get(..usize::from(7 + n % 3)).unwrap()),
        issued: after(-5),
        expires: after(55),
        id: TokenId([n; 16]),
    }
}

impl Material {
    pub(crate) fn new() -> Self {
        let signers: Vec<Signer> = KIDS
            .iter()
            .zip(SEEDS)
            .map(|(name, seed)| Signer::generate(kid(name), seed))
            .collect();
        let public = |n: usize| signers[n].public().unwrap();
        let verifier = Verifier::new(kid(KIDS[0]), public(0))
            .with(kid(KIDS[1]), public(1))
            .unwrap();
        let sign =
            |signer: &Signer, claims: &Claims| signer.sign(claims).unwrap().expose().to_owned();
        let mut honest = Vec::new();
        for (n, action) in (0..).zip(Action::ALL) {
            for signer in &signers[..2] {
                honest.push(sign(signer, &claims(action, n)));
            }
        }
        let liars = [(0, 1), (1, 0), (0, 2)];
        let mut foreign: Vec<String> = liars
            .into_iter()
            .map(|(name, seed)| Signer::generate(kid(KIDS[name]), SEEDS[seed]))
            .map(|liar| sign(&liar, &claims(Action::Approve, 1)))
            .collect();
        let approve = || claims(Action::Approve, 1);
        foreign.push(sign(&signers[2], &approve()));
        foreign.extend(
            [
                Claims {
                    audience: elsewhere(),
                    ..approve()
                },
                Claims {
                    expires: after(-1),
                    ..approve()
                },
                Claims {
                    issued: after(5),
                    ..approve()
                },
            ]
            .map(|claims| sign(&signers[0], &claims)),
        );
        Self {
            never_retires: verifier.clone().with(kid(KIDS[2]), public(2)).unwrap(),
            any_key: [(0, 1), (1, 0)]
                .map(|(name, key)| Verifier::new(kid(KIDS[name]), public(key))),
            verifier,
            honest,
            foreign,
        }
    }

    /// What the verifier says, here and now.
    pub(crate) fn judge(&self, token: &str) -> Result<Claims, Refused> {
        self.verifier.verify(token, &here(), now())
    }
}
