//! Routes: the places where weights live.

use std::collections::BTreeSet;

use domain::{
    plan::route::{AlbBase, AlbMode, AlbRoute, LambdaAliasRoute, RecordType, Route, Route53Route},
    time::SignedDuration,
};
use serde_json::{Value, json};

use crate::{
    arn::{Arn, Function, ListenerArn, RuleArn, TargetGroupArn},
    decode::{At, Leaf, List},
    leaf::{Text, Whole, spell},
    node::Scalar,
    problem::{Code, Fault, Place, Report, quote},
    record::{record, words},
};

record! {
    /// One place where weights live.
    RouteText as "a route", one of ["alb", "route53", "lambda_alias"] {
        /// A rule or the default action of an Application Load Balancer.
        optional alb: AlbText,
        /// Weighted Route 53 records of one name.
        optional route53: Route53Text,
        /// Two versions behind an alias of a Lambda function.
        optional lambda_alias: LambdaAliasText,
    }
}

record! {
    /// Weights in the forward action of a load balancer.
    AlbText as "an `alb` route", one of ["rule", "listener"] {
        /// ARN of the base rule: the one that forwards to stable today.
        optional rule: RuleArn,
        /// ARN of the listener whose default action forwards to stable today.
        optional listener: ListenerArn,
        /// ARN of the target group that serves today.
        required stable: TargetGroupArn,
        /// ARN of the target group that is introduced.
        required canary: TargetGroupArn,
        /// Whose rule carries the weights. `owned`: Tidegate's own rule before the base rule, which no late write can reopen. `in_place`: the base rule itself.
        default("owned") mode: Mode,
        /// Priority of the owned rule: free on the listener, and lower than the base rule's. Lower numbers are matched first.
        optional priority: Whole<1, 50000>,
    }
}

record! {
    /// Weighted records of one name.
    Route53Text as "a `route53` route" {
        /// The hosted zone's id.
        required zone: Zone,
        /// The records' name; capital letters, a dot at the end and letters of any script are brought into DNS's own form.
        required name: HostName,
        /// The record types that are moved together.
        required types: List<RecordType, 1, 4>,
        /// `SetIdentifier` of the records that serve today.
        required stable: Text<128>,
        /// `SetIdentifier` of the records that are introduced.
        required canary: Text<128>,
        /// How long resolvers keep an answer: the records' TTL. An alias to a load balancer has 60 s.
        default("60s") ttl: SignedDuration,
    }
}

record! {
    /// Two versions behind one alias.
    LambdaAliasText as "a `lambda_alias` route" {
        /// The function's name or ARN, without a version.
        required function: Function,
        /// The alias that callers use.
        required alias: Text<128>,
        /// The version that serves today.
        required stable: Whole<1, 1_000_000_000>,
        /// The version that is introduced.
        required canary: Whole<1, 1_000_000_000>,
    }
}

/// Whose rule carries the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Owned,
    InPlace,
}

words! { Mode, "whose rule carries the weights" { "owned" = Mode::Owned, "in_place" = Mode::InPlace, } }

words! { RecordType, "a record type" {
    "A" = Self::A,
    "AAAA" = Self::Aaaa,
    "CNAME" = Self::Cname,
    "HTTPS" = Self::Https,
} }

/// A hosted zone's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone(String);

impl Leaf for Zone {
    const EXPECTED: &'static str = "a hosted zone's id, such as Z0123456789ABCDEFGHIJ";
    const EXAMPLE: &'static str = "Z0123456789ABCDEFGHIJ";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.text.as_str();
        let id = text.strip_prefix("/hostedzone/").unwrap_or(text);
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if id.starts_with('Z') && id.len() > 1 && id.len() <= 32 && id.bytes().all(plain) {
            return Ok(Self(id.to_owned()));
        }
        let found = format!("{} is no hosted zone's id", quote(text));
        let mend = "copy the id from `aws route53 list-hosted-zones`; it begins with `Z`";
        Err(Fault::new(Code::BadAddress, found, Self::EXPECTED, mend))
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^(/hostedzone/)?Z[A-Z0-9]{1,31}$" })
    }
}

/// A DNS name in DNS's own form: lower case, no dot at the end, other scripts as `xn--…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostName(String);

impl Leaf for HostName {
    const EXPECTED: &'static str = "a DNS name, such as www.example.com";
    const EXAMPLE: &'static str = "www.example.com";
    const FREE: bool = true;

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.text.as_str();
        let undotted = text.strip_suffix('.').unwrap_or(text);
        let bad = || {
            let found = format!("{} is no DNS name", quote(text));
            let mend = "write labels of up to 63 letters, digits and `-`, with dots between them";
            Fault::new(Code::BadAddress, found, Self::EXPECTED, mend)
        };
        // Labels that begin with `_` are used for records, and `*` is a name of its own in DNS.
        let ascii = idna::domain_to_ascii_cow(undotted.as_bytes(), idna::AsciiDenyList::EMPTY)
            .map_err(|_| bad())?;
        let label = |label: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            (1..=63).contains(&label.len())
                && (label == "*" || label.bytes().all(plain))
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if ascii.len() > 253 || !ascii.contains('.') || !ascii.split('.').all(label) {
            return Err(bad());
        }
        Ok(Self(ascii.into_owned()))
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 3, "maxLength": 254 })
    }
}

impl RouteText {
    /// The route, if it is whole.
    pub(crate) fn route(&self, report: &mut Report) -> Option<Route> {
        if let Some(alb) = &self.alb {
            return alb.value.route(&alb.heading, report).map(Route::Alb);
        }
        if let Some(records) = &self.route53 {
            return records.value.route(report).map(Route::Route53);
        }
        let alias = self.lambda_alias.as_ref()?;
        alias.value.route(report).map(Route::LambdaAlias)
    }
}

impl AlbText {
    fn route(&self, heading: &Place, report: &mut Report) -> Option<AlbRoute> {
        let mode = self.mode(heading, report);
        let base = match (&self.rule, &self.listener) {
            (Some(rule), None) => Some((AlbBase::Rule(rule.value.0.text.clone()), &rule.value.0)),
            (None, Some(listener)) => {
                let arn = &listener.value.0;
                Some((AlbBase::Default(arn.text.clone()), arn))
            }
            (Some(_), Some(_)) | (None, None) => None,
        };
        let base_arn = base.as_ref().map(|(_, arn)| *arn);
        for side in [&self.stable, &self.canary].into_iter().flatten() {
            let (what, other) = match (base_arn, &self.stable) {
                (Some(arn), _) => ("the load balancer", arn),
                (None, Some(stable)) => ("stable", &stable.value.0),
                (None, None) => continue,
            };
            same_home(side, what, other, report);
        }
        let (stable, canary) = (self.stable.as_ref()?, self.canary.as_ref()?);
        if stable.value == canary.value {
            same_sides(
                &canary.heading,
                "another target group than stable's",
                report,
            );
        }
        Some(AlbRoute {
            base: base?.0,
            mode: mode?,
            stable: stable.value.0.text.clone(),
            canary: canary.value.0.text.clone(),
        })
    }

    fn mode(&self, heading: &Place, report: &mut Report) -> Option<AlbMode> {
        let mode = self.mode.as_ref()?;
        match (mode.value, &self.priority) {
            (Mode::InPlace, None) => Some(AlbMode::InPlace),
            (Mode::InPlace, Some(priority)) => {
                let fault = Fault::new(
                    Code::MisplacedKey,
                    "`priority` is for a rule of Tidegate's own",
                    "no `priority` with `mode: in_place`",
                    "delete `priority`, or delete `mode` to use an owned rule",
                );
                report.error(&priority.heading, fault);
                None
            }
            (Mode::Owned, Some(priority)) => {
                let priority = u16::try_from(priority.value.0).ok()?;
                Some(AlbMode::Owned { priority })
            }
            (Mode::Owned, None) if report.mentions(&format!("{}.priority", heading.path)) => None,
            (Mode::Owned, None) => {
                let fault = Fault::new(
                    Code::MissingKey,
                    "`priority` is missing",
                    "the priority of Tidegate's own rule, a number from 1 to 50000",
                    "add `priority: 10` or another number that is free on the listener and lower than the base rule's",
                );
                report.error(heading, fault);
                None
            }
        }
    }
}

/// Both target groups must live where the load balancer does; a copied ARN is the usual reason if they do not.
fn same_home(side: &At<TargetGroupArn>, what: &str, other: &Arn, report: &mut Report) {
    let arn = &side.value.0;
    let parts = [
        ("partition", &arn.partition, &other.partition),
        ("region", &arn.region, &other.region),
        ("account", &arn.account, &other.account),
    ];
    for (part, here, there) in parts {
        if here != there {
            let fault = Fault::new(
                Code::ArnMismatch,
                format!(
                    "the {part} is {}, and {what}'s is {}",
                    quote(here),
                    quote(there)
                ),
                "a load balancer and its target groups in one account and region",
                "copy the ARN again from the account and region that are meant",
            );
            report.error(&side.place, fault);
        }
    }
}

fn same_sides(place: &Place, expected: &str, report: &mut Report) {
    let fault = Fault::new(
        Code::SameSides,
        "stable and canary are the same",
        expected,
        "name what is introduced as `canary`",
    );
    report.error(place, fault);
}

impl Route53Text {
    fn route(&self, report: &mut Report) -> Option<Route53Route> {
        let types = self.types(report);
        let ttl = self.ttl.as_ref()?;
        let week = SignedDuration::from_hours(24 * 7);
        if ttl.value.subsec_nanos() != 0 || ttl.value > week {
            let fault = Fault::new(
                Code::OutOfRange,
                format!(
                    "{} is no TTL that a rollout can work with",
                    quote(&spell(ttl.value))
                ),
                "whole seconds, at most 7d",
                "write `60s`",
            );
            report.error(&ttl.place, fault);
        }
        let (stable, canary) = (self.stable.as_ref()?, self.canary.as_ref()?);
        if stable.value == canary.value {
            same_sides(
                &canary.heading,
                "another SetIdentifier than stable's",
                report,
            );
        }
        Some(Route53Route {
            zone: self.zone.as_ref()?.value.0.clone(),
            name: self.name.as_ref()?.value.0.clone(),
            types: types?,
            stable: stable.value.0.clone(),
            canary: canary.value.0.clone(),
            ttl: ttl.value,
        })
    }

    fn types(&self, report: &mut Report) -> Option<BTreeSet<RecordType>> {
        let mut types = BTreeSet::new();
        let written = self.types.as_ref()?;
        for kind in &written.value.0 {
            if !types.insert(kind.value) {
                report.error(
                    &kind.place,
                    Fault::new(
                        Code::Repeated,
                        format!("`{}` is in the list twice", kind.value),
                        "every record type once",
                        "delete one",
                    ),
                );
            }
        }
        if types.contains(&RecordType::Cname) && types.len() > 1 {
            report.error(
                &written.heading,
                Fault::new(
                    Code::MisplacedKey,
                    "`CNAME` stands beside other types",
                    "`[CNAME]` alone: DNS allows nothing else at its name",
                    "delete `CNAME` or the others",
                ),
            );
        }
        (!types.is_empty()).then_some(types)
    }
}

impl LambdaAliasText {
    fn route(&self, report: &mut Report) -> Option<LambdaAliasRoute> {
        let (stable, canary) = (self.stable.as_ref()?, self.canary.as_ref()?);
        if stable.value == canary.value {
            same_sides(&canary.heading, "another version than stable's", report);
        }
        Some(LambdaAliasRoute {
            function: self.function.as_ref()?.value.0.clone(),
            alias: self.alias.as_ref()?.value.0.clone(),
            stable: stable.value.0.to_string(),
            canary: canary.value.0.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_brought_into_its_dns_form() {
        let read = |text| {
            HostName::read(&Scalar::of(text))
                .map(|name| name.0)
                .map_err(|fault| fault.found)
        };
        assert_eq!(read("発表.com."), Ok("xn--6wym69a.com".to_owned()));
        assert_eq!(read("XN--6WYM69A.com"), Ok("xn--6wym69a.com".to_owned()));
        assert_eq!(read("*.Example.com"), Ok("*.example.com".to_owned()));
        assert_eq!(read("_sip.example.com"), Ok("_sip.example.com".to_owned()));
        assert_eq!(read("a..b"), Err("`a..b` is no DNS name".to_owned()));
        assert_eq!(
            read("localhost"),
            Err("`localhost` is no DNS name".to_owned())
        );
        assert_eq!(read("a b.com"), Err("`a b.com` is no DNS name".to_owned()));
    }
}
