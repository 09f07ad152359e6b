//! What a plan names, as it is before anything is started: looked at by `tidegate doctor`, which only reads.

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, TagDescription, TargetHealthStateEnum,
};
use aws_sdk_ssm::types::ParameterType;
use domain::{
    event::AlarmState,
    name::AlarmArn,
    plan::route::{AlbBase, AlbRoute, LambdaAliasRoute, Route53Route},
    rollout::alarm_name,
};
use engine::trouble::Trouble;

use crate::{
    client::Clients,
    trouble::{code, trouble},
};

/// What a load balancer's route stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The target groups that it forwards to, each with its weight; none if it does something else.
    pub forwards: Vec<(String, i32)>,
    /// The listener's rules.
    pub rules: Vec<Rule>,
}

/// A rule of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its ARN.
    pub arn: String,
    /// Its priority; none for the default rule.
    pub priority: Option<u32>,
    /// Whose it is by its tag `tidegate:owner`, where it has the priority that was asked about.
    pub owner: Option<String>,
}

/// How the targets of a group are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Targets {
    /// How many are registered.
    pub registered: usize,
    /// How many are healthy.
    pub healthy: usize,
    /// How many are not checked, because no rule uses the group (ELBv2 `Target.NotInUse`).
    pub unused: usize,
}

/// A record of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// `A`
    pub kind: String,
    /// Its `SetIdentifier`, if it is one of several.
    pub set: Option<String>,
    /// Its weight, if it is weighted.
    pub weight: Option<i64>,
    /// Seconds; none for an alias, which has its target's.
    pub ttl: Option<i64>,
}

/// A function's alias.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    /// The version that gets what the others do not.
    pub version: String,
    /// Other versions, each with its share.
    pub others: Vec<(String, f64)>,
}

/// An alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmFacts {
    /// Its state; none if it is one that this version does not know.
    pub state: Option<AlarmState>,
    /// Whether it does anything when it goes off.
    pub acts: Acts,
}

/// Whether an alarm does anything when it goes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acts {
    /// It does.
    Enabled,
    /// Somebody has switched that off (`DisableAlarmActions`); its events still come.
    Disabled,
}

/// A parameter of Systems Manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// Encrypted.
    Secure,
    /// Readable by whoever may list it.
    Plain,
}

/// Looks at what a plan names.
#[derive(Debug, Clone)]
pub struct Inspector {
    clients: Clients,
}

impl Inspector {
    /// Looks with these clients.
    #[must_use]
    pub const fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// What a load balancer's route stands on; none if there is no such rule or listener. The owner is looked
    /// up of the rule with this priority.
    pub async fn base(
        &self,
        route: &AlbRoute,
        priority: Option<u16>,
    ) -> Result<Option<Base>, Trouble> {
        let (listener, actions) = match &route.base {
            AlbBase::Rule(arn) => (listener_of(arn), self.actions_of_rule(arn).await?),
            AlbBase::Default(arn) => (arn.clone(), self.default_actions(arn).await?),
        };
        let Some(actions) = actions else {
            return Ok(None);
        };
        let mut rules = self.rules(&listener).await?;
        let wanted = priority.map(u32::from);
        for rule in &mut rules {
            if wanted.is_some() && rule.priority == wanted {
                rule.owner = self.owner(&rule.arn).await?;
            }
        }
        let forwards = forwards(&actions);
        Ok(Some(Base { forwards, rules }))
    }

    async fn actions_of_rule(&self, arn: &str) -> Result<Option<Vec<Action>>, Trouble> {
        let call = self.clients.balancers.describe_rules().rule_arns(arn);
        match call.send().await {
            Ok(answer) => Ok(answer.rules().first().map(|rule| rule.actions().to_vec())),
            Err(error) if is_missing(code(&error), "RuleNotFound") => Ok(None),
            Err(error) => Err(trouble("DescribeRules", &error)),
        }
    }

    async fn default_actions(&self, arn: &str) -> Result<Option<Vec<Action>>, Trouble> {
        let call = self
            .clients
            .balancers
            .describe_listeners()
            .listener_arns(arn);
        match call.send().await {
            Ok(answer) => {
                let listener = answer.listeners().first();
                Ok(listener.map(|listener| listener.default_actions().to_vec()))
            }
            Err(error) if is_missing(code(&error), "ListenerNotFound") => Ok(None),
            Err(error) => Err(trouble("DescribeListeners", &error)),
        }
    }

    async fn rules(&self, listener: &str) -> Result<Vec<Rule>, Trouble> {
        let mut rules = Vec::new();
        let mut marker = None;
        loop {
            let call = self.clients.balancers.describe_rules();
            let call = call.listener_arn(listener).set_marker(marker);
            let answer = call.send().await;
            let answer = answer.map_err(|error| trouble("DescribeRules", &error))?;
            rules.extend(answer.rules().iter().map(|rule| Rule {
                arn: rule.rule_arn().unwrap_or_default().to_owned(),
                priority: rule.priority().and_then(|text| text.parse().ok()),
                owner: None,
            }));
            marker = answer.next_marker().map(str::to_owned);
            if marker.is_none() {
                return Ok(rules);
            }
        }
    }

    async fn owner(&self, rule: &str) -> Result<Option<String>, Trouble> {
        let call = self.clients.balancers.describe_tags().resource_arns(rule);
        let answer = call.send().await;
        let answer = answer.map_err(|error| trouble("DescribeTags", &error))?;
        let tags = answer.tag_descriptions().iter();
        let mut tags = tags.flat_map(TagDescription::tags);
        let owner = tags.find(|tag| tag.key() == Some("tidegate:owner"));
        let owner = owner.and_then(|tag| tag.value());
        // A tag's value cannot have a `#`: `shop/7` is shop#7.
        Ok(owner.map(|owner| owner.replacen('/', "#", 1)))
    }

    /// How the targets of a group are; none if there is no such group.
    pub async fn targets(&self, group: &str) -> Result<Option<Targets>, Trouble> {
        let call = self.clients.balancers.describe_target_health();
        let answer = match call.target_group_arn(group).send().await {
            Ok(answer) => answer,
            Err(error) if is_missing(code(&error), "TargetGroupNotFound") => return Ok(None),
            Err(error) => return Err(trouble("DescribeTargetHealth", &error)),
        };
        let targets = answer.target_health_descriptions();
        let count = |wanted: &TargetHealthStateEnum| {
            let states = targets.iter().filter_map(|target| target.target_health());
            states
                .filter(|health| health.state() == Some(wanted))
                .count()
        };
        Ok(Some(Targets {
            registered: targets.len(),
            healthy: count(&TargetHealthStateEnum::Healthy),
            unused: count(&TargetHealthStateEnum::Unused),
        }))
    }

    /// The records of a name; none if there is no such zone. Those of other names that come behind are left out.
    pub async fn records(&self, route: &Route53Route) -> Result<Option<Vec<Record>>, Trouble> {
        let call = self.clients.route53.list_resource_record_sets();
        // A name has at most a few types with a few records each; what comes behind is not looked at.
        let call = call
            .hosted_zone_id(&route.zone)
            .start_record_name(&route.name)
            .max_items(300);
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) if is_missing(code(&error), "NoSuchHostedZone") => return Ok(None),
            Err(error) => return Err(trouble("ListResourceRecordSets", &error)),
        };
        let records = answer.resource_record_sets().iter();
        let own = records.filter(|record| {
            let name = record.name().trim_end_matches('.');
            name.eq_ignore_ascii_case(&route.name)
        });
        let own = own.map(|record| Record {
            kind: record.r#type().as_str().to_owned(),
            set: record.set_identifier().map(str::to_owned),
            weight: record.weight(),
            ttl: record.ttl(),
        });
        Ok(Some(own.collect()))
    }

    /// An alias; none if there is no such function or alias.
    pub async fn alias(&self, route: &LambdaAliasRoute) -> Result<Option<Alias>, Trouble> {
        let call = self.clients.lambda.get_alias();
        let call = call.function_name(&route.function).name(&route.alias);
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) if is_missing(code(&error), "ResourceNotFound") => return Ok(None),
            Err(error) => return Err(trouble("GetAlias", &error)),
        };
        let others = answer
            .routing_config()
            .and_then(|routing| routing.additional_version_weights());
        let mut others: Vec<(String, f64)> = others
            .into_iter()
            .flatten()
            .map(|(version, share)| (version.clone(), *share))
            .collect();
        others.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(Some(Alias {
            version: answer.function_version().unwrap_or_default().to_owned(),
            others,
        }))
    }

    /// Alarms in the order they were asked for; none for one that is not there. A plan has at most as many as
    /// one call takes ([`domain::plan::ALARMS_MAX`]).
    pub async fn alarms(&self, arns: &[AlarmArn]) -> Result<Vec<Option<AlarmFacts>>, Trouble> {
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let names = arns.iter().map(|arn| alarm_name(arn).to_owned()).collect();
        let mut found: Vec<(String, AlarmFacts)> = Vec::new();
        let mut token = None;
        loop {
            let call = self.clients.cloudwatch.describe_alarms();
            let call = call
                .set_alarm_names(Some(Vec::clone(&names)))
                .alarm_types(AlarmType::MetricAlarm)
                .alarm_types(AlarmType::CompositeAlarm)
                .set_next_token(token);
            let answer = call.send().await;
            let answer = answer.map_err(|error| trouble("DescribeAlarms", &error))?;
            found.extend(answer.metric_alarms().iter().map(|alarm| {
                let facts = facts(alarm.state_value(), alarm.actions_enabled());
                (alarm.alarm_arn().unwrap_or_default().to_owned(), facts)
            }));
            found.extend(answer.composite_alarms().iter().map(|alarm| {
                let facts = facts(alarm.state_value(), alarm.actions_enabled());
                (alarm.alarm_arn().unwrap_or_default().to_owned(), facts)
            }));
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        let of = |arn: &AlarmArn| {
            let mut found = found.iter();
            found
                .find(|(own, _)| own == arn.as_str())
                .map(|(_, facts)| *facts)
        };
        Ok(arns.iter().map(of).collect())
    }

    /// A parameter, whose value is not asked for; none if there is no such parameter.
    pub async fn parameter(&self, name: &str) -> Result<Option<Parameter>, Trouble> {
        // Without decryption the answer has the value only of what is no secret.
        let call = self.clients.ssm.get_parameter().name(name);
        match call.with_decryption(false).send().await {
            Ok(answer) => {
                let kind = answer.parameter().and_then(|parameter| parameter.r#type());
                Ok(kind.map(|kind| {
                    if *kind == ParameterType::SecureString {
                        Parameter::Secure
                    } else {
                        Parameter::Plain
                    }
                }))
            }
            Err(error) if is_missing(code(&error), "ParameterNotFound") => Ok(None),
            Err(error) => Err(trouble("GetParameter", &error)),
        }
    }
}

/// Whether an error's code says that something is not there: with and without `Exception`, as SDKs write it.
fn is_missing(code: Option<&str>, what: &str) -> bool {
    code.is_some_and(|code| code == what || code.strip_suffix("Exception") == Some(what))
}

/// `…:listener-rule/app/web/50dc/f2f7/9683` belongs to `…:listener/app/web/50dc/f2f7`.
fn listener_of(rule: &str) -> String {
    let listener = rule.replacen(":listener-rule/", ":listener/", 1);
    match listener.rsplit_once('/') {
        Some((listener, _)) => listener.to_owned(),
        None => listener,
    }
}

/// The groups of the action that forwards, if one does.
fn forwards(actions: &[Action]) -> Vec<(String, i32)> {
    let forward = actions
        .iter()
        .find(|action| action.r#type() == Some(&ActionTypeEnum::Forward));
    let Some(forward) = forward else {
        return Vec::new();
    };
    if let Some(config) = forward.forward_config() {
        let groups = config.target_groups().iter().filter_map(|group| {
            let arn = group.target_group_arn()?;
            Some((arn.to_owned(), group.weight().unwrap_or(1)))
        });
        return groups.collect();
    }
    let only = forward.target_group_arn().map(|arn| (arn.to_owned(), 1));
    only.into_iter().collect()
}

fn facts(state: Option<&StateValue>, acts: Option<bool>) -> AlarmFacts {
    AlarmFacts {
        state: match state {
            Some(StateValue::Ok) => Some(AlarmState::Ok),
            Some(StateValue::Alarm) => Some(AlarmState::Alarm),
            Some(StateValue::InsufficientData) => Some(AlarmState::InsufficientData),
            Some(_) | None => None,
        },
        acts: if acts == Some(false) {
            Acts::Disabled
        } else {
            Acts::Enabled
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_its_listener() {
        assert_eq!(
            listener_of("arn:aws:elasticloadbalancing:r:1:listener-rule/app/web/50dc/f2f7/9683"),
            "arn:aws:elasticloadbalancing:r:1:listener/app/web/50dc/f2f7"
        );
    }

    #[test]
    fn what_is_missing_is_said_with_or_without_exception() {
        assert!(is_missing(Some("RuleNotFound"), "RuleNotFound"));
        assert!(is_missing(Some("RuleNotFoundException"), "RuleNotFound"));
        assert!(!is_missing(Some("AccessDenied"), "RuleNotFound"));
        assert!(!is_missing(None, "RuleNotFound"));
    }
}
