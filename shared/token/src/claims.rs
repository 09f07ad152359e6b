//! What a link claims: who may do what, to which rollout, in which situation, until when.

use std::fmt;

use domain::{
    event::Sight,
    name::{Person, PhaseName, RolloutId},
    plan::PlanHash,
    rollout::IncidentMark,
    time::{SignedDuration, Timestamp},
    traffic::Epoch,
};

use crate::audience::Audience;

/// All that a link says. Every word of it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claims {
    /// The deployment that made it and alone takes it.
    pub audience: Audience,
    /// The rollout that is decided about.
    pub rollout: RolloutId,
    /// The epoch that was shown to the approver.
    pub epoch: Epoch,
    /// The phase that was shown, if the rollout was in one.
    pub phase: Option<PhaseName>,
    /// The plan that was shown.
    pub plan: PlanHash,
    /// What the link is for.
    pub action: Action,
    /// The incident that was shown, where one is to be accepted.
    pub incident: Option<IncidentMark>,
    /// Whom it was made for.
    pub approver: Person,
    /// When it was made.
    pub issued: Timestamp,
    /// From when on it does nothing.
    pub expires: Timestamp,
    /// Its own name: what makes it act once, and what its code is made from.
    pub id: TokenId,
}

impl Claims {
    /// Where the rollout stood when the link was made.
    #[must_use]
    pub fn sight(&self) -> Sight {
        Sight {
            epoch: self.epoch,
            phase: self.phase.clone(),
            plan: self.plan,
        }
    }
}

/// What a link is for: one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, derive_more::Display)]
pub enum Action {
    /// Agree to go on from the phase.
    #[display("approve")]
    Approve,
    /// Do not agree.
    #[display("reject")]
    Reject,
    /// Send traffic back to stable.
    #[display("roll back")]
    Rollback,
    /// Stop advancing; weights stay.
    #[display("hold")]
    Hold,
    /// Accept an incident for [`ACCEPTED_FOR`].
    #[display("accept")]
    Accept,
    /// Look, and decide nothing.
    #[display("view")]
    View,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 6] = [
        Self::Approve,
        Self::Reject,
        Self::Rollback,
        Self::Hold,
        Self::Accept,
        Self::View,
    ];
}

/// How long an incident that is accepted by a link or a button is borne. For another time there is the command.
pub const ACCEPTED_FOR: SignedDuration = SignedDuration::from_hours(4);

/// The longest approver in a link, in bytes: a mail address has at most 254, the ARN of a role's session less.
pub const APPROVER_BYTES_MAX: usize = 255;

/// Whether a text can stand for an approver: there is one, it is not too long, and it breaks no line of a log.
pub(crate) fn is_approver(text: &str) -> bool {
    (1..=APPROVER_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The name of one link: 128 bits that nobody can guess. It opens nothing by itself.
///
/// `Display` and `Debug` show eight hexadecimal digits, enough to find it in a log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub [u8; 16]);

impl TokenId {
    /// All of it, in hexadecimal: what a store keeps it under.
    #[must_use]
    pub fn hex(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }

    /// Reads what [`hex`](Self::hex) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(u128::from_str_radix(text, 16).ok()?.to_be_bytes());
        (id.hex() == text).then_some(id)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.hex().get(..8).unwrap_or_default())
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_shows_its_beginning() {
        let id = TokenId(
            *b"\x00\x3f\x9a\x1c\x2bnot to be seen"[..16]
                .as_array()
                .unwrap(),
        );
        assert_eq!(TokenId::parse(&id.hex()), Some(id));
        assert_eq!(format!("{id} {id:?}"), "003f9a1c 003f9a1c…");
        for wrong in ["", "00", &id.hex().to_uppercase(), &id.hex()[1..]] {
            assert_eq!(TokenId::parse(wrong), None, "{wrong}");
        }
        assert_eq!(TokenId::parse(&format!("+{}", &id.hex()[1..])), None);
    }

    #[test]
    fn an_approver_fits_into_a_line() {
        assert!(is_approver("U2CERLKJA"));
        assert!(is_approver(&"x".repeat(255)));
        for wrong in ["", "a\nb", "a\u{85}b", &"x".repeat(256), &"ä".repeat(128)] {
            assert!(!is_approver(wrong), "{wrong}");
        }
    }
}
