//! The router port over the three kinds of routes, and how routes are found without the store.

use domain::{name::AlarmArn, plan::route::Route, time::SignedDuration};
use engine::{
    ports::{self, Clock, Found, RouteRef, Target, Write},
    trouble::{Trouble, WriteError},
};
use futures_util::future::join;

use crate::{alb::Alb, alias::Alias, route53::Route53};

/// Routes of every kind.
#[derive(Debug)]
pub struct Router<C> {
    alb: Alb,
    route53: Route53,
    alias: Alias,
    clock: C,
}

impl<C: Clock> Router<C> {
    /// One router of them all; the clock says when a write's time is up.
    #[must_use]
    pub const fn new(alb: Alb, route53: Route53, alias: Alias, clock: C) -> Self {
        Self {
            alb,
            route53,
            alias,
            clock,
        }
    }
}

impl<C: Clock> ports::Router for Router<C> {
    async fn read(&self, route: RouteRef<'_>) -> Result<Target, Trouble> {
        match route.route {
            Route::Alb(alb) => self.alb.read(route, alb).await,
            Route::Route53(records) => {
                let now = self.clock.now();
                self.route53.read(route, records, now).await
            }
            Route::LambdaAlias(alias) => self.alias.read(route, alias).await,
        }
    }

    async fn write(&self, route: RouteRef<'_>, write: &Write) -> Result<(), WriteError> {
        let now = || self.clock.now();
        match route.route {
            Route::Alb(alb) => self.alb.write(route, alb, write, now).await,
            Route::Route53(records) => self.route53.write(route, records, write, now).await,
            Route::LambdaAlias(alias) => self.alias.write(route, alias, write, now).await,
        }
    }

    async fn set_drain(&self, route: RouteRef<'_>, drain: SignedDuration) -> Result<(), Trouble> {
        match route.route {
            Route::Alb(alb) => self.alb.set_drain(alb, drain).await,
            // Neither a name nor an alias has targets to take out.
            Route::Route53(_) | Route::LambdaAlias(_) => Ok(()),
        }
    }
}

/// Where to look for marks: what the function's role may read, and a team has named when it deployed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// ARNs of listeners.
    pub listeners: Vec<String>,
    /// Zones, and names in them as plans write them.
    pub records: Vec<(String, String)>,
}

/// Why a place cannot be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPlace {
    /// Not the ARN of a listener.
    #[error("`{0}` is no listener's ARN: copy it from `aws elbv2 describe-listeners`")]
    Listener(String),
    /// Not a zone and a name.
    #[error(
        "`{0}` is no record: write the zone's id and the name, as in `Z0123456789ABC/www.example.com`"
    )]
    Record(String),
}

impl Places {
    /// Reads two lists with commas between their entries: listeners, and records as `zone/name`.
    pub fn parse(listeners: &str, records: &str) -> Result<Self, BadPlace> {
        let listeners = entries(listeners).map(|arn| {
            let is_listener = arn.starts_with("arn:") && arn.contains(":listener/");
            let bad = || BadPlace::Listener(arn.to_owned());
            is_listener.then(|| arn.to_owned()).ok_or_else(bad)
        });
        Ok(Self {
            listeners: listeners.collect::<Result<_, _>>()?,
            records: entries(records).map(record).collect::<Result<_, _>>()?,
        })
    }
}

fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
}

fn record(entry: &str) -> Result<(String, String), BadPlace> {
    let bad = || BadPlace::Record(entry.to_owned());
    let (zone, name) = entry.split_once('/').ok_or_else(bad)?;
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let is_zone = zone.len() > 1 && zone.starts_with('Z') && zone.bytes().all(plain);
    let is_name = name.contains('.') && !name.contains(['/', ' ']);
    if is_zone && is_name {
        Ok((zone.to_owned(), name))
    } else {
        Err(bad())
    }
}

/// The marks on load balancers' rules and beside weighted records.
#[derive(Debug)]
pub struct Marks {
    alb: Alb,
    route53: Route53,
    places: Places,
}

impl Marks {
    /// The marks at these places.
    #[must_use]
    pub fn new(
        balancers: aws_sdk_elasticloadbalancingv2::Client,
        route53: aws_sdk_route53::Client,
        places: Places,
    ) -> Self {
        Self {
            alb: Alb::new(balancers),
            route53: Route53::new(route53),
            places,
        }
    }
}

impl ports::Marks for Marks {
    /// A gate that can be found is closed, whatever hides the others: an error only if none was found.
    async fn guarded_by(&self, alarm: &AlarmArn) -> Result<Vec<Found>, Trouble> {
        let (rules, records) = join(
            self.alb.marked(&self.places.listeners, alarm),
            self.route53.marked(&self.places.records, alarm),
        )
        .await;
        match (rules, records) {
            (Ok(mut rules), Ok(records)) => {
                rules.extend(records);
                Ok(rules)
            }
            (Ok(found), Err(trouble)) | (Err(trouble), Ok(found)) => {
                if found.is_empty() {
                    return Err(trouble);
                }
                tracing::warn!(error = %trouble, "not every place could be searched for marks");
                Ok(found)
            }
            (Err(trouble), Err(_)) => Err(trouble),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn places_are_what_the_environment_names() {
        let listener = "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/web/1/2";
        let places = Places::parse(
            &format!("{listener}, "),
            "Z1AB/WWW.example.com.,Z1AB/*.example.com",
        );
        let record = |name: &str| ("Z1AB".to_owned(), name.to_owned());
        let expected = Places {
            listeners: vec![listener.to_owned()],
            records: vec![record("www.example.com"), record("*.example.com")],
        };
        assert_eq!(places, Ok(expected));
        assert_eq!(Places::parse("", ""), Ok(Places::default()));
    }

    #[test]
    fn a_place_that_is_none_says_what_it_should_be() {
        let check = |listeners: &str, records: &str| {
            Places::parse(listeners, records).unwrap_err().to_string()
        };
        let rule = "arn:aws:elasticloadbalancing:eu-west-1:1:listener-rule/app/web/1/2/3";
        expect!["`arn:aws:elasticloadbalancing:eu-west-1:1:listener-rule/app/web/1/2/3` is no listener's ARN: copy it from `aws elbv2 describe-listeners`"]
            .assert_eq(&check(rule, ""));
        expect!["`www.example.com` is no record: write the zone's id and the name, as in `Z0123456789ABC/www.example.com`"]
            .assert_eq(&check("", "www.example.com"));
        for wrong in ["Z1/", "/www.example.com", "z1/www.example.com", "Z1/a.b/c"] {
            assert_eq!(
                Places::parse("", wrong),
                Err(BadPlace::Record(wrong.to_owned()))
            );
        }
    }
}
