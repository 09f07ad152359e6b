//! Routes: the places where weights live, and what each of them can express.

use std::{collections::BTreeSet, fmt};

use crate::{time::SignedDuration, traffic::Weight};

/// One place where weights live.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Route {
    /// A rule or default action of an Application Load Balancer.
    Alb(AlbRoute),
    /// A group of weighted Route 53 records.
    Route53(Route53Route),
    /// An alias of a Lambda function.
    LambdaAlias(LambdaAliasRoute),
}

/// Weights in the forward action of a load balancer's rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlbRoute {
    /// Where the base forward action stands.
    pub base: AlbBase,
    /// Whose rule carries the weights.
    pub mode: AlbMode,
    /// ARN of the target group that serves today.
    pub stable: String,
    /// ARN of the target group that is introduced.
    pub canary: String,
}

/// Where an ALB's base forward action stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AlbBase {
    /// A listener rule, by ARN.
    Rule(String),
    /// The default action of a listener, by ARN.
    Default(String),
}

impl AlbBase {
    /// The ARN of the rule or the listener.
    #[must_use]
    pub fn arn(&self) -> &str {
        match self {
            Self::Rule(arn) | Self::Default(arn) => arn,
        }
    }
}

/// Whose rule carries an ALB's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlbMode {
    /// Tidegate's own rule of higher precedence; the base rule stays as it is until the end.
    Owned {
        /// The priority of the owned rule, 1–50000; lower numbers are matched first (ELBv2 `CreateRule`).
        priority: u16,
    },
    /// The team's own rule. A late old write can hurt, so it is guarded after a rollback.
    InPlace,
}

/// Weighted records of one name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route53Route {
    /// The hosted zone's id.
    pub zone: String,
    /// The record's name: lower case, no trailing dot.
    pub name: String,
    /// The record types that are moved together; at least one.
    pub types: BTreeSet<RecordType>,
    /// `SetIdentifier` of the records that serve today.
    pub stable: String,
    /// `SetIdentifier` of the records that are introduced.
    pub canary: String,
    /// How long resolvers keep an answer: the records' TTL, 60 s for an alias to a load balancer.
    pub ttl: SignedDuration,
}

/// A DNS record type that can be weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordType {
    /// IPv4 address.
    A,
    /// IPv6 address.
    Aaaa,
    /// Canonical name.
    Cname,
    /// Service binding for HTTPS.
    Https,
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Https => "HTTPS",
        })
    }
}

/// Two versions behind one alias.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LambdaAliasRoute {
    /// The function's name or ARN.
    pub function: String,
    /// The alias that callers use.
    pub alias: String,
    /// The version that serves today.
    pub stable: String,
    /// The version that is introduced.
    pub canary: String,
}

/// What keeps an old write from hurting (ARCHITECTURE.md, "Fences").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fence {
    /// The target refuses a write that is older than the newest decision.
    Refused,
    /// The target takes every write: the last writer wins, so a rollback is guarded for a while.
    LastWriterWins,
}

impl Route {
    /// What keeps an old write to this route from hurting.
    #[must_use]
    pub const fn fence(&self) -> Fence {
        match self {
            Self::Alb(AlbRoute {
                mode: AlbMode::InPlace,
                ..
            }) => Fence::LastWriterWins,
            Self::Alb(_) | Self::Route53(_) | Self::LambdaAlias(_) => Fence::Refused,
        }
    }

    /// How long after its effect is reported a change may still be on its way to the last client.
    ///
    /// ALB nodes apply a rule seconds after the API answers and AWS gives no bound; a minute covers
    /// what has been seen. A DNS answer lives for its TTL. An alias is read for each invocation.
    #[must_use]
    pub const fn settle(&self) -> SignedDuration {
        match self {
            Self::Alb(_) => SignedDuration::from_secs(60),
            Self::Route53(route) => route.ttl,
            Self::LambdaAlias(_) => SignedDuration::from_secs(10),
        }
    }

    /// The weights nearest to `wanted` that this route can express: below and above; equal if it can.
    #[must_use]
    pub fn nearest(&self, wanted: Weight) -> (Weight, Weight) {
        match self {
            // 0–999 a target group: tenths of a percent exactly (ELBv2 `TargetGroupTuple`).
            // A double between 0 and 1 (Lambda `AliasRoutingConfiguration`).
            Self::Alb(_) | Self::LambdaAlias(_) => (wanted, wanted),
            // 0–255 a record: with two records the smallest share is 1 in 256 (Route 53 `Weight`).
            Self::Route53(_) => nearest_of_256(wanted),
        }
    }
}

/// Route 53's integers for a canary's share: `(stable, canary)` weights with exactly that share if
/// there are such, else the nearest.
#[must_use]
pub fn route53_weights(share: Weight) -> (u8, u8) {
    if share == Weight::ZERO {
        return (255, 0);
    }
    if share == Weight::FULL {
        return (0, 255);
    }
    let wanted = i64::from(share.permille());
    let mut best = (1_u8, 1_u8);
    let mut least = i64::MAX;
    for stable in 1..=255_u8 {
        for canary in 1..=255_u8 {
            let sum = i64::from(stable) + i64::from(canary);
            // |canary/sum − wanted/1000|, scaled to compare fractions without division by `sum`.
            let miss = (i64::from(canary) * 1000 - wanted * sum).abs() * 1_000_000 / sum;
            if miss < least {
                least = miss;
                best = (stable, canary);
            }
            if miss == 0 {
                return best;
            }
        }
    }
    best
}

fn nearest_of_256(wanted: Weight) -> (Weight, Weight) {
    if wanted == Weight::ZERO || wanted == Weight::FULL {
        return (wanted, wanted);
    }
    let smallest = Weight::nearest(4, 1000);
    let largest = smallest.rest();
    if wanted < smallest {
        (Weight::ZERO, smallest)
    } else if wanted > largest {
        (largest, Weight::FULL)
    } else {
        (wanted, wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(permille: u16) -> Weight {
        Weight::from_permille(permille).unwrap_or_default()
    }

    #[test]
    fn route53_shares_are_exact_where_they_can_be() {
        assert_eq!(route53_weights(weight(0)), (255, 0));
        assert_eq!(route53_weights(weight(10)), (99, 1));
        assert_eq!(route53_weights(weight(50)), (19, 1));
        assert_eq!(route53_weights(weight(250)), (3, 1));
        assert_eq!(route53_weights(weight(500)), (1, 1));
        assert_eq!(route53_weights(weight(1000)), (0, 255));
        // As near as 127 in 381, and easier to read in the console.
        assert_eq!(route53_weights(weight(333)), (2, 1));
    }

    #[test]
    fn a_base_and_a_type_are_what_aws_calls_them() {
        let arn = |base: AlbBase| base.arn().to_owned();
        assert_eq!(arn(AlbBase::Rule("arn:rule".to_owned())), "arn:rule");
        assert_eq!(
            arn(AlbBase::Default("arn:listener".to_owned())),
            "arn:listener"
        );
        let types = [
            RecordType::A,
            RecordType::Aaaa,
            RecordType::Cname,
            RecordType::Https,
        ];
        assert_eq!(
            types.map(|kind| kind.to_string()),
            ["A", "AAAA", "CNAME", "HTTPS"]
        );
    }

    #[test]
    fn every_share_that_is_not_refused_reads_back_as_itself() {
        for permille in 4..=996 {
            let (stable, canary) = route53_weights(weight(permille));
            let read = Weight::nearest(u64::from(canary), u64::from(stable) + u64::from(canary));
            assert_eq!(read, weight(permille), "{stable}:{canary}");
        }
    }

    #[test]
    fn route53_cannot_express_the_smallest_shares() {
        assert_eq!(nearest_of_256(weight(1)), (Weight::ZERO, weight(4)));
        assert_eq!(nearest_of_256(weight(998)), (weight(996), Weight::FULL));
        for exact in [0, 4, 5, 500, 996, 1000].map(weight) {
            assert_eq!(nearest_of_256(exact), (exact, exact));
        }
    }
}
