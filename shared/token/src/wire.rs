//! How a token is written: `<base64url(payload)>.<base64url(signature)>`, in one spelling.
//!
//! ```text
//! payload = version kid audience rollout epoch phase plan action incident approver issued expires id
//!
//! version   one byte, 2; 1 is read too
//! kid       text
//! audience  text
//! rollout   service: text, number: u64
//! epoch     u64
//! phase     text, empty for none
//! plan      32 bytes
//! action    one byte: 1 approve, 2 reject, 3 rollback, 4 hold, 5 accept, 6 view
//! incident  a byte for its length, 16 or 0 for none, and the bytes; not in version 1
//! approver  text
//! issued    i64, nanoseconds since 1970
//! expires   i64
//! id        16 bytes
//! ```
//!
//! A text is a byte for its length and UTF-8; numbers are big-endian; nothing stands between or after. So version and
//! key can be read before the signature is checked, and nothing else has to be: JSON would have to be parsed whole.
//! There is one payload for each claims, and one base64 for each payload, so a token that was changed at all is refused.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use domain::{
    name::{Person, PhaseName, RolloutId, ServiceName},
    plan::PlanHash,
    rollout::IncidentMark,
    time::Timestamp,
    traffic::Epoch,
};

use crate::{
    audience::Audience,
    claims::{Action, Claims, TokenId, is_approver},
    keys::Kid,
};

#[cfg(test)]
mod tests;

/// The version that is written, and the newest that is read. Version 1 named no incident: its links go on being read,
/// because the way back must not end with an upgrade.
pub const VERSION: u8 = 2;

/// The longest token; a longer text is refused unread. The longest claims make one of 883.
pub const TOKEN_CHARS_MAX: usize = 1024;

/// What is signed is this and the payload, so that a signature made for something else is none of a link.
const PURPOSE: &[u8] = b"tidegate-link-v1.";

/// The bytes that the signature is over.
pub(crate) fn signed(payload: &[u8]) -> Vec<u8> {
    [PURPOSE, payload].concat()
}

/// Payload and signature as text.
pub(crate) fn spell(payload: &[u8], signature: &[u8]) -> String {
    format!("{}.{}", BASE64.encode(payload), BASE64.encode(signature))
}

/// Payload and signature of a text that is spelt as [`spell`] does it.
pub(crate) fn unspell(text: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    if text.len() > TOKEN_CHARS_MAX {
        return None;
    }
    let (payload, signature) = text.split_once('.')?;
    // This engine refuses padding, other alphabets and bits that are left over; a second dot is in no alphabet.
    Some((BASE64.decode(payload).ok()?, BASE64.decode(signature).ok()?))
}

/// Claims as a payload; none if a text is too long for one, or a time is not of these centuries.
pub(crate) fn payload(kid: &Kid, claims: &Claims) -> Option<Vec<u8>> {
    let mut bytes = vec![VERSION];
    text(&mut bytes, kid.as_str())?;
    text(&mut bytes, claims.audience.as_str())?;
    text(&mut bytes, claims.rollout.service.as_str())?;
    bytes.extend(claims.rollout.number.to_be_bytes());
    bytes.extend(claims.epoch.0.to_be_bytes());
    text(
        &mut bytes,
        claims.phase.as_ref().map_or("", PhaseName::as_str),
    )?;
    bytes.extend(claims.plan.0);
    bytes.push(number(claims.action));
    let mark = claims.incident.map(|mark| mark.0);
    lengthy(&mut bytes, mark.as_ref().map_or(&[], <[u8; 16]>::as_slice))?;
    text(&mut bytes, claims.approver.as_str())?;
    for time in [claims.issued, claims.expires] {
        bytes.extend(i64::try_from(time.as_nanosecond()).ok()?.to_be_bytes());
    }
    bytes.extend(claims.id.0);
    Some(bytes)
}

fn text(bytes: &mut Vec<u8>, text: &str) -> Option<()> {
    lengthy(bytes, text.as_bytes())
}

fn lengthy(bytes: &mut Vec<u8>, more: &[u8]) -> Option<()> {
    bytes.push(u8::try_from(more.len()).ok()?);
    bytes.extend(more);
    Some(())
}

const fn number(action: Action) -> u8 {
    match action {
        Action::Approve => 1,
        Action::Reject => 2,
        Action::Rollback => 3,
        Action::Hold => 4,
        Action::Accept => 5,
        Action::View => 6,
    }
}

/// A payload that is being read.
pub(crate) struct Reading<'a>(&'a [u8]);

impl<'a> Reading<'a> {
    /// Begins with the version.
    pub(crate) const fn of(payload: &'a [u8]) -> Self {
        Self(payload)
    }

    /// The version, which is first.
    pub(crate) fn version(&mut self) -> Option<u8> {
        self.byte()
    }

    /// The key's name, which is second.
    pub(crate) fn kid(&mut self) -> Option<Kid> {
        Kid::new(self.text()?).ok()
    }

    /// Everything else, to the end.
    pub(crate) fn claims(mut self, version: u8) -> Option<Claims> {
        let claims = Claims {
            audience: Audience::parse(self.text()?).ok()?,
            rollout: RolloutId {
                service: ServiceName::new(self.text()?).ok()?,
                number: self.u64()?,
            },
            epoch: Epoch(self.u64()?),
            phase: match self.text()? {
                "" => None,
                name => Some(PhaseName::new(name).ok()?),
            },
            plan: PlanHash(self.array()?),
            action: self.action()?,
            incident: match self.mark(version)? {
                [] => None,
                mark => Some(IncidentMark(mark.try_into().ok()?)),
            },
            approver: self.approver()?,
            issued: self.time()?,
            expires: self.time()?,
            id: TokenId(self.array()?),
        };
        self.0.is_empty().then_some(claims)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        str::from_utf8(self.lengthy()?).ok()
    }

    /// So many bytes as the byte before them says.
    fn lengthy(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?);
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn action(&mut self) -> Option<Action> {
        let byte = self.byte()?;
        Action::ALL
            .into_iter()
            .find(|action| number(*action) == byte)
    }

    /// The mark of an incident, or nothing.
    fn mark(&mut self, version: u8) -> Option<&'a [u8]> {
        if version < 2 {
            return Some(&[]);
        }
        self.lengthy()
    }

    fn approver(&mut self) -> Option<Person> {
        let text = self.text()?;
        is_approver(text).then(|| Person::new(text))
    }

    fn time(&mut self) -> Option<Timestamp> {
        let nanoseconds = self.array().map(i64::from_be_bytes)?;
        Timestamp::from_nanosecond(nanoseconds.into()).ok()
    }
}
