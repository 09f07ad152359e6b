//! Records: as Route 53 lists them, and exactly so again when they are written back.
//!
//! UPSERT replaces a whole record: what is left out of it (`HealthCheckId`, `EvaluateTargetHealth`) is dropped, and DELETE
//! must repeat every value (Route 53 `ChangeResourceRecordSets`). So a record of ours is listed, kept whole and written
//! back with another weight.

use aws_sdk_route53::{
    error::BuildError,
    types::{AliasTarget, ResourceRecord, ResourceRecordSet, RrType},
};
use domain::time::SignedDuration;
use serde::{Deserialize, Serialize};

/// An alias to a load balancer lives for a minute, which nobody can change (`ResourceRecordSet$TTL`).
const BALANCER_TTL: SignedDuration = SignedDuration::from_secs(60);

/// A simple or weighted record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// As listed: with a dot at the end, and `\052` for `*`.
    pub(super) name: String,
    /// `A`, `TXT`, …
    pub(super) kind: String,
    /// `SetIdentifier`; none for a simple record.
    pub(super) set: Option<String>,
    pub(super) weight: Option<i64>,
    /// In seconds; none for an alias.
    pub(super) ttl: Option<i64>,
    pub(super) values: Vec<String>,
    pub(super) alias: Option<Alias>,
    pub(super) health_check: Option<String>,
    /// `TrafficPolicyInstanceId`.
    pub(super) policy: Option<String>,
}

/// What an alias record points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Alias {
    pub(super) zone: String,
    pub(super) name: String,
    pub(super) evaluate_health: bool,
}

impl Record {
    /// A record as it was listed; none if it has a property that could not be repeated.
    pub(super) fn of(listed: &ResourceRecordSet) -> Option<Self> {
        let record = Self {
            name: listed.name.clone(),
            kind: listed.r#type.as_str().to_owned(),
            set: listed.set_identifier.clone(),
            weight: listed.weight,
            ttl: listed.ttl,
            values: listed
                .resource_records()
                .iter()
                .map(|value| value.value.clone())
                .collect(),
            alias: listed.alias_target.as_ref().map(|target| Alias {
                zone: target.hosted_zone_id.clone(),
                name: target.dns_name.clone(),
                evaluate_health: target.evaluate_target_health,
            }),
            health_check: listed.health_check_id.clone(),
            policy: listed.traffic_policy_instance_id.clone(),
        };
        let repeated = record.to_sdk().ok()?;
        (repeated == *listed).then_some(record)
    }

    /// A TXT record with one value.
    pub(super) fn text(name: String, value: String, ttl: i64) -> Self {
        Self {
            name,
            kind: "TXT".to_owned(),
            set: None,
            weight: None,
            ttl: Some(ttl),
            values: vec![value],
            alias: None,
            health_check: None,
            policy: None,
        }
    }

    /// The record, to be sent.
    pub(super) fn to_sdk(&self) -> Result<ResourceRecordSet, BuildError> {
        let values: Result<Vec<ResourceRecord>, BuildError> = self
            .values
            .iter()
            .map(|value| ResourceRecord::builder().value(value).build())
            .collect();
        let alias = match &self.alias {
            Some(alias) => Some(
                AliasTarget::builder()
                    .hosted_zone_id(&alias.zone)
                    .dns_name(&alias.name)
                    .evaluate_target_health(alias.evaluate_health)
                    .build()?,
            ),
            None => None,
        };
        ResourceRecordSet::builder()
            .name(&self.name)
            .r#type(RrType::from(self.kind.as_str()))
            .set_set_identifier(self.set.clone())
            .set_weight(self.weight)
            .set_ttl(self.ttl)
            .set_resource_records(Some(values?).filter(|values| !values.is_empty()))
            .set_alias_target(alias)
            .set_health_check_id(self.health_check.clone())
            .set_traffic_policy_instance_id(self.policy.clone())
            .build()
    }

    /// The same with another weight.
    pub(super) fn weighing(&self, weight: u8) -> Self {
        Self {
            weight: Some(i64::from(weight)),
            ..self.clone()
        }
    }

    /// How long resolvers keep it; unknown for an alias to something else than a load balancer.
    pub(super) fn lives(&self) -> Option<SignedDuration> {
        let balancer = |alias: &Alias| plain(&alias.name).ends_with(".elb.amazonaws.com");
        match (self.ttl, &self.alias) {
            (Some(ttl), _) => Some(SignedDuration::from_secs(ttl)),
            (None, Some(alias)) if balancer(alias) => Some(BALANCER_TTL),
            (None, Some(_) | None) => None,
        }
    }

    /// Whether Route 53 leaves it out of its answers when it is not well.
    pub(super) fn is_checked(&self) -> bool {
        let evaluated = |alias: &Alias| alias.evaluate_health;
        self.health_check.is_some() || self.alias.as_ref().is_some_and(evaluated)
    }
}

/// A name as plans have it: lower case, without the dot at the end, each `\ooo` as the character it stands for.
pub(super) fn plain(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let octal = (c == '\\').then(|| rest.get(..3)).flatten();
        let code = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                plain.push(char::from(code));
                rest = &rest[3..];
            }
            None => plain.push(c),
        }
    }
    plain.make_ascii_lowercase();
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_plans_write_it() {
        assert_eq!(plain("WWW.Example.com."), "www.example.com");
        assert_eq!(plain("\\052.example.com."), "*.example.com");
        assert_eq!(
            plain("_tidegate.\\052.example.com"),
            "_tidegate.*.example.com"
        );
        assert_eq!(plain("a\\05"), "a\\05");
    }

    #[test]
    fn a_record_is_repeated_exactly_or_not_at_all() {
        let listed = || {
            let target = AliasTarget::builder()
                .hosted_zone_id("Z35SXDOTRQ7X7K")
                .dns_name("dualstack.new-1.us-east-1.elb.amazonaws.com.")
                .evaluate_target_health(true)
                .build();
            ResourceRecordSet::builder()
                .name("www.example.com.")
                .r#type(RrType::Aaaa)
                .set_identifier("New")
                .weight(7)
                .health_check_id("abc")
                .traffic_policy_instance_id("policy")
                .alias_target(target.unwrap())
        };
        let whole = listed().build().unwrap();
        let record = Record::of(&whole).unwrap();
        assert_eq!(record.to_sdk().unwrap(), whole);
        assert_eq!(record.lives(), Some(BALANCER_TTL));
        let lighter = record.weighing(3).to_sdk().unwrap();
        assert_eq!(lighter, listed().weight(3).build().unwrap());
        let odd = listed().multi_value_answer(true).build().unwrap();
        assert_eq!(Record::of(&odd), None);
    }
}
