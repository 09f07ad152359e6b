//! A load balancer of one test: two target groups with a target each, and a listener that forwards to stable.

use aws::alb::Alb;
use aws_sdk_elasticloadbalancingv2::{
    Client,
    types::{
        Action, ActionTypeEnum, ForwardActionConfig, HostHeaderConditionConfig,
        PathPatternConditionConfig, ProtocolEnum, Rule, RuleCondition, RulePriorityPair,
        TargetDescription, TargetGroupStickinessConfig, TargetGroupTuple, TargetTypeEnum,
    },
};
use domain::{
    name::{AlarmArn, RolloutId, RouteName},
    plan::{
        route::{AlbBase, AlbMode, AlbRoute, Route},
        severity::{AlarmGuard, InsufficientData, Severity},
    },
    target::Goal,
    time::{SignedDuration, Timestamp, later},
    traffic::{Epoch, Weight},
};
use engine::{
    ports::{FenceToken, RouteRef, Target, Write},
    trouble::{Chance, WriteError},
};
use expect_test::Expect;

/// A load balancer of one test, and a rollout's route on it.
pub(crate) struct Bench {
    pub(crate) client: Client,
    pub(crate) alb: Alb,
    pub(crate) listener: String,
    pub(crate) stable: String,
    pub(crate) canary: String,
    pub(crate) owner: RolloutId,
    pub(crate) guards: Vec<AlarmGuard>,
    pub(crate) route: Option<AlbRoute>,
    name: RouteName,
    title: String,
}

pub(crate) fn percent(percent: u16) -> Goal {
    Goal::Weight(Weight::from_permille(percent * 10).unwrap())
}

pub(crate) fn alarm(name: &str) -> AlarmArn {
    AlarmArn::new(&format!(
        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}"
    ))
}

pub(crate) fn guard(name: &str) -> AlarmGuard {
    AlarmGuard {
        arn: alarm(name),
        severity: Severity::Critical,
        insufficient_data: InsufficientData::Hold,
    }
}

pub(crate) fn host(value: &str) -> RuleCondition {
    let config = HostHeaderConditionConfig::builder().values(value).build();
    RuleCondition::builder()
        .field("host-header")
        .host_header_config(config)
        .build()
}

pub(crate) fn path(value: &str) -> RuleCondition {
    let config = PathPatternConditionConfig::builder().values(value).build();
    RuleCondition::builder()
        .field("path-pattern")
        .path_pattern_config(config)
        .build()
}

/// A forward action to one group, as the last of a list, with stickiness for so many seconds.
pub(crate) fn to_group(group: &str, sticky: Option<i32>) -> Action {
    let tuple = TargetGroupTuple::builder()
        .target_group_arn(group)
        .weight(1);
    let stickiness = sticky.map(|seconds| {
        TargetGroupStickinessConfig::builder()
            .enabled(true)
            .duration_seconds(seconds)
            .build()
    });
    let config = ForwardActionConfig::builder()
        .target_groups(tuple.build())
        .set_target_group_stickiness_config(stickiness);
    Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .order(2)
        .forward_config(config.build())
        .build()
}

async fn group(client: &Client, name: &str, vpc: Option<&str>) -> String {
    let made = client
        .create_target_group()
        .name(name)
        .protocol(ProtocolEnum::Http)
        .port(80)
        .target_type(TargetTypeEnum::Ip)
        .set_vpc_id(vpc.map(str::to_owned))
        .send()
        .await
        .unwrap();
    let group = made.target_groups().first().unwrap();
    group.target_group_arn().unwrap().to_owned()
}

impl Bench {
    pub(crate) async fn new(client: Client, title: &str) -> Self {
        Self::on(client, title, None, &[]).await
    }

    /// On a network that the emulator wants to know.
    pub(crate) async fn on(
        client: Client,
        title: &str,
        vpc: Option<&str>,
        subnets: &[String],
    ) -> Self {
        let balancer = client
            .create_load_balancer()
            .name(title)
            .set_subnets(Some(subnets.to_vec()).filter(|subnets| !subnets.is_empty()))
            .send()
            .await
            .unwrap();
        let balancer = balancer.load_balancers().first().unwrap();
        let stable = group(&client, &format!("{title}-a"), vpc).await;
        let canary = group(&client, &format!("{title}-b"), vpc).await;
        let plain = Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .target_group_arn(&stable);
        let listener = client
            .create_listener()
            .load_balancer_arn(balancer.load_balancer_arn().unwrap())
            .protocol(ProtocolEnum::Http)
            .port(80)
            .default_actions(plain.build())
            .send()
            .await
            .unwrap();
        let listener = listener.listeners().first().unwrap();
        let bench = Self {
            alb: Alb::new(client.clone()),
            listener: listener.listener_arn().unwrap().to_owned(),
            stable,
            canary,
            owner: RolloutId::parse("shop#7").unwrap(),
            guards: Vec::new(),
            route: None,
            name: RouteName::new("web").unwrap(),
            title: title.to_owned(),
            client,
        };
        bench.register(&bench.stable).await;
        bench.register(&bench.canary).await;
        bench
    }

    pub(crate) fn route(&self, base: AlbBase, mode: AlbMode) -> AlbRoute {
        AlbRoute {
            base,
            mode,
            stable: self.stable.clone(),
            canary: self.canary.clone(),
        }
    }

    fn here(&self) -> Route {
        Route::Alb(self.route.clone().unwrap())
    }

    pub(crate) async fn group(&self, letter: &str) -> String {
        group(&self.client, &format!("{}-{letter}", self.title), None).await
    }

    fn target() -> TargetDescription {
        TargetDescription::builder().id("10.0.0.7").build()
    }

    pub(crate) async fn register(&self, group: &str) {
        let call = self.client.register_targets().target_group_arn(group);
        call.targets(Self::target()).send().await.unwrap();
    }

    pub(crate) async fn deregister(&self, group: &str) {
        let call = self.client.deregister_targets().target_group_arn(group);
        call.targets(Self::target()).send().await.unwrap();
    }

    pub(crate) async fn drain(&self, group: &str) -> Option<String> {
        let call = self.client.describe_target_group_attributes();
        let answer = call.target_group_arn(group).send().await.unwrap();
        let attributes = answer.attributes.unwrap_or_default();
        attributes
            .into_iter()
            .find(|one| one.key() == Some("deregistration_delay.timeout_seconds"))?
            .value
    }

    /// A forward action to several groups.
    pub(crate) fn to_all(groups: &[(&str, i32)]) -> Action {
        let tuples = groups.iter().map(|(group, weight)| {
            TargetGroupTuple::builder()
                .target_group_arn(*group)
                .weight(*weight)
                .build()
        });
        let config = ForwardActionConfig::builder().set_target_groups(Some(tuples.collect()));
        Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .order(1)
            .forward_config(config.build())
            .build()
    }

    /// A rule of the team's that forwards to stable.
    pub(crate) async fn rule(&self, priority: i32, conditions: Vec<RuleCondition>) -> String {
        let actions = vec![to_group(&self.stable, None)];
        self.rule_with(priority, conditions, actions).await
    }

    pub(crate) async fn rule_with(
        &self,
        priority: i32,
        conditions: Vec<RuleCondition>,
        actions: Vec<Action>,
    ) -> String {
        let made = self
            .client
            .create_rule()
            .listener_arn(&self.listener)
            .priority(priority)
            .set_conditions(Some(conditions))
            .set_actions(Some(actions))
            .send()
            .await
            .unwrap();
        let rule = made.rules().first().unwrap();
        rule.rule_arn().unwrap().to_owned()
    }

    /// Somebody gives a rule another priority.
    pub(crate) async fn move_rule(&self, from: u16, to: i32) {
        let from = from.to_string();
        let rules = self.described().await;
        let rule = rules.iter().find(|rule| rule.priority() == Some(&from));
        let pair = RulePriorityPair::builder()
            .set_rule_arn(rule.and_then(Rule::rule_arn).map(str::to_owned))
            .priority(to);
        let call = self.client.set_rule_priorities();
        call.rule_priorities(pair.build()).send().await.unwrap();
    }

    pub(crate) async fn described(&self) -> Vec<Rule> {
        let call = self.client.describe_rules().listener_arn(&self.listener);
        call.send().await.unwrap().rules.unwrap_or_default()
    }

    /// The listener's rules, a line each, with names instead of ARNs.
    pub(crate) async fn rules(&self, expected: &Expect) {
        let mut lines = Vec::new();
        for rule in self.described().await {
            let conditions: Vec<String> = rule.conditions().iter().map(condition).collect();
            let actions: Vec<String> = rule.actions().iter().map(|one| self.action(one)).collect();
            let gap = if conditions.is_empty() { "" } else { " " };
            lines.push(format!(
                "{}: {}{gap}-> {}\n",
                rule.priority().unwrap_or_default(),
                conditions.join(", "),
                actions.join(", ")
            ));
        }
        expected.assert_eq(&lines.concat());
    }

    fn action(&self, action: &Action) -> String {
        if action.r#type() != Some(&ActionTypeEnum::Forward) {
            let kind = action.r#type().map(ActionTypeEnum::as_str);
            return kind.unwrap_or_default().to_owned();
        }
        let config = action.forward_config().unwrap();
        let tuples = config.target_groups().iter().map(|tuple| {
            let arn = tuple.target_group_arn().unwrap_or_default();
            let weight = tuple.weight().unwrap_or_default();
            format!("{} {weight}", self.called(arn))
        });
        let sticky = config.target_group_stickiness_config().and_then(|found| {
            let seconds = found
                .duration_seconds()
                .filter(|_| found.enabled() == Some(true))?;
            Some(format!("sticky {seconds} s"))
        });
        tuples.chain(sticky).collect::<Vec<String>>().join(", ")
    }

    fn called(&self, group: &str) -> String {
        let letter = group
            .rsplit('/')
            .nth(1)
            .and_then(|name| name.rsplit('-').next());
        match group {
            _ if group == self.stable => "stable".to_owned(),
            _ if group == self.canary => "canary".to_owned(),
            _ => format!("group {}", letter.unwrap_or(group)),
        }
    }

    pub(crate) async fn read(&self) -> Target {
        let route = self.here();
        self.alb
            .read(self.reference(&route), self.route.as_ref().unwrap())
            .await
            .unwrap()
    }

    fn reference<'a>(&'a self, route: &'a Route) -> RouteRef<'a> {
        RouteRef {
            owner: &self.owner,
            name: &self.name,
            route,
            guards: &self.guards,
        }
    }

    pub(crate) async fn seen(&self, expected: &Expect) {
        let seen = self.read().await.seen;
        expected.assert_eq(&format!(
            "{}, base {}, {:?}, leftover {:?}",
            seen.weight, seen.base, seen.carrier, seen.leftover
        ));
    }

    /// Reads, and writes what brings the route nearer to a goal.
    pub(crate) async fn step(&self, goal: Goal) -> Result<(), WriteError> {
        let fence = self.read().await.fence;
        self.write(goal, fence).await
    }

    pub(crate) async fn write(&self, goal: Goal, fence: FenceToken) -> Result<(), WriteError> {
        self.write_at(goal, fence, SignedDuration::from_secs(10))
            .await
    }

    /// Writes when so much time is left.
    pub(crate) async fn write_at(
        &self,
        goal: Goal,
        fence: FenceToken,
        left: SignedDuration,
    ) -> Result<(), WriteError> {
        let now = Timestamp::UNIX_EPOCH;
        let write = Write {
            goal,
            epoch: Epoch(1),
            fence,
            deadline: later(now, left),
        };
        let route = self.here();
        self.alb
            .write(
                self.reference(&route),
                self.route.as_ref().unwrap(),
                &write,
                || now,
            )
            .await
    }

    /// What is said about a step that is not taken, with names instead of ARNs.
    pub(crate) async fn refused(&self, goal: Goal, chance: Chance, expected: &Expect) {
        let Err(WriteError::Trouble(trouble)) = self.step(goal).await else {
            panic!("it was not refused");
        };
        assert_eq!(trouble.chance, chance);
        let mut what = trouble.what;
        for rule in self.described().await {
            let name = format!("rule {}", rule.priority().unwrap_or_default());
            what = what.replace(rule.rule_arn().unwrap_or_default(), &name);
        }
        what = what.replace(&self.listener, "the listener");
        let words = what.split(' ').map(|word| {
            if word.contains(":targetgroup/") {
                self.called(word)
            } else {
                word.to_owned()
            }
        });
        expected.assert_eq(&words.collect::<Vec<String>>().join(" "));
    }
}

fn condition(condition: &RuleCondition) -> String {
    let values = match (
        condition.host_header_config(),
        condition.path_pattern_config(),
    ) {
        (Some(host), _) => host.values().to_vec(),
        (None, Some(path)) => path.values().to_vec(),
        (None, None) => condition.values().to_vec(),
    };
    format!(
        "{} {}",
        condition.field().unwrap_or_default(),
        values.join(" ")
    )
}
