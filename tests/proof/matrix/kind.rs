//! The kinds of route, each with a small plan of its own.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use domain::{
    name::{AlarmArn, RouteName, ServiceName},
    plan::Plan,
};

/// A kind of route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// A rule of Tidegate's own at a load balancer.
    Owned,
    /// The team's rule at a load balancer.
    InPlace,
    /// Weighted records.
    Route53,
    /// An alias of a Lambda function.
    Alias,
}

const OWNED: &str = "
    alb:
      rule: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee
      stable: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/73e2d6bc24d8a067
      canary: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/new/2453ed029918f21f
      priority: 10";

const IN_PLACE: &str = "
    alb:
      rule: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee
      stable: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/73e2d6bc24d8a067
      canary: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/new/2453ed029918f21f
      mode: in_place";

const ROUTE53: &str = "
    route53: { zone: Z08345672JV6K3EXAMPLE, name: shop.example, types: [A], stable: Old, canary: New, ttl: 60s }";

const ALIAS: &str = "
    lambda_alias: { function: shop-web, alias: live, stable: 1, canary: 2 }";

/// Everything that makes a call: an alarm, a metric, hooks on the way forward and back, a drain.
const REST: &str = "
metrics:
  complaints: { cloudwatch: { namespace: Shop, name: Complaints, stat: Sum, absent: zero }, window: 1m }
alarms:
  - { arn: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-broken', severity: critical }
groups: { leads: [kim, lee] }
phases:
  - { name: tenth, weight: 10%, bake: 3m, require: ['complaints == 0'] }
  - name: half
    weight: 50%
    bake: 3m
    require: ['complaints == 0']
    approval: { from: [leads], needed: 2, expires: 24h, otherwise: hold }
  - { name: all, weight: 100%, bake: 3m, before: [warm], require: ['complaints == 0'] }
watch: { for: 3m }
rollback: { within: 5m, drain: 30s, hooks: [page] }
hooks:
  warm: { lambda: shop-warm }
  page: { lambda: shop-page }
";

/// The phase that needs an approval before what comes after it.
pub(crate) const GATED: usize = 1;

/// The only alarm of every plan.
pub(crate) const ALARM: &str = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-broken";

static PLANS: LazyLock<[Arc<Plan>; 4]> =
    LazyLock::new(|| [OWNED, IN_PLACE, ROUTE53, ALIAS].map(parse));

fn parse(route: &str) -> Arc<Plan> {
    match plan::parse(&format!("service: shop\nroutes:\n  web:{route}{REST}")) {
        Ok(checked) => Arc::new(checked.plan),
        Err(problems) => panic!("{problems:?}"),
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Owned, Self::InPlace, Self::Route53, Self::Alias];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Owned => "owned",
            Self::InPlace => "in-place",
            Self::Route53 => "route53",
            Self::Alias => "alias",
        }
    }

    pub(crate) fn plan(self) -> Arc<Plan> {
        let [owned, in_place, route53, alias] = &*PLANS;
        Arc::clone(match self {
            Self::Owned => owned,
            Self::InPlace => in_place,
            Self::Route53 => route53,
            Self::Alias => alias,
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The only route of every plan.
pub(crate) fn route() -> RouteName {
    RouteName::new("web").expect("a name")
}

pub(crate) fn service() -> ServiceName {
    ServiceName::new("shop").expect("a name")
}

pub(crate) fn alarm() -> AlarmArn {
    AlarmArn::new(ALARM)
}
