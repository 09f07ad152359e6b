//! Whom a link is for: one deployment, so that a link of staging does nothing in production.

use std::fmt;

/// An account, a region and a deployment in it: `111122223333/eu-west-1/tidegate`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Audience(String);

/// Why a text names no deployment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAudience {
    /// It has not three parts.
    #[error("an audience is `<account>/<region>/<deployment>`")]
    Parts,
    /// The account is none.
    #[error("an account has twelve digits")]
    Account,
    /// The region is none.
    #[error("a region has 1 to {PART_CHARS_MAX} small letters, digits and hyphens")]
    Region,
    /// The deployment's name is none that the Terraform module takes.
    #[error("a deployment's name has 1 to {PART_CHARS_MAX} small letters, digits and hyphens")]
    Deployment,
}

/// The longest region and the longest name of a deployment.
const PART_CHARS_MAX: usize = 32;

impl Audience {
    /// The deployment of that name in an account's region.
    pub fn new(account: &str, region: &str, deployment: &str) -> Result<Self, BadAudience> {
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadAudience::Account);
        }
        if !is_part(region) {
            return Err(BadAudience::Region);
        }
        if !is_part(deployment) {
            return Err(BadAudience::Deployment);
        }
        Ok(Self(format!("{account}/{region}/{deployment}")))
    }

    /// Reads what [`Display`](fmt::Display) writes.
    pub fn parse(text: &str) -> Result<Self, BadAudience> {
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(account), Some(region), Some(deployment), None) => {
                Self::new(account, region, deployment)
            }
            _ => Err(BadAudience::Parts),
        }
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_part(text: &str) -> bool {
    (1..=PART_CHARS_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_reads_back_and_nothing_else_does() {
        let text = "111122223333/eu-west-1/tidegate";
        let read = Audience::parse(text).unwrap();
        assert_eq!(read.to_string(), text);
        assert_eq!(
            read,
            Audience::new("111122223333", "eu-west-1", "tidegate").unwrap()
        );
        let check = |text: &str| Audience::parse(text).unwrap_err();
        assert_eq!(check(""), BadAudience::Parts);
        assert_eq!(check("111122223333/eu-west-1"), BadAudience::Parts);
        assert_eq!(check("111122223333/eu-west-1/a/b"), BadAudience::Parts);
        assert_eq!(check("11112222333/eu-west-1/a"), BadAudience::Account);
        assert_eq!(check("11112222333x/eu-west-1/a"), BadAudience::Account);
        assert_eq!(check("111122223333//a"), BadAudience::Region);
        assert_eq!(check("111122223333/EU/a"), BadAudience::Region);
        assert_eq!(check("111122223333/eu-west-1/"), BadAudience::Deployment);
        let long = format!("111122223333/eu-west-1/{}", "a".repeat(33));
        assert_eq!(check(&long), BadAudience::Deployment);
    }

    #[test]
    fn parts_cannot_run_into_one_another() {
        assert_eq!(
            Audience::new("111122223333", "eu-west-1/a", "b"),
            Err(BadAudience::Region)
        );
    }
}
