//! The calls: each reads or writes one thing and says in plain types how it went.
//!
//! Reads are tried again by the SDK. A write of traffic is sent once: whether it had its effect is seen by reading.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::{
    Client,
    config::Builder,
    types::{Action, Rule, RuleCondition, RuleTransform, Tag, TargetGroupAttribute},
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::{
    error::metadata::ProvideErrorMetadata, retry::RetryConfig, timeout::TimeoutConfig,
};
use domain::time::SignedDuration;
use engine::trouble::Trouble;
use futures_util::future::try_join_all;

use super::health::Side;
use crate::trouble::{NoAnswer, answered, code, trouble};

/// One `DescribeTags` takes at most twenty resources (`ELBv2` API).
const TAGGED_MAX: usize = 20;
/// How long a rollback that is already sent may wait for something that is only told.
const ASIDE_LASTS: Duration = Duration::from_secs(1);

/// Why a write was not made, or may not have been.
#[derive(Debug)]
pub(super) enum Refused {
    /// There is no such rule, or listener; the call that said so.
    RuleGone(&'static str),
    /// Another rule has the priority.
    PriorityInUse,
    /// Anything else.
    Trouble(Trouble),
}

/// Why a rule was not read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// There is no such rule.
    Gone(Trouble),
    /// Anything else.
    Trouble(Trouble),
}

/// Why tags were not read.
#[derive(Debug)]
pub(super) enum TagsError {
    /// One of the rules went away since they were listed.
    RuleGone(Trouble),
    /// Anything else.
    Trouble(Trouble),
}

impl From<ReadError> for Trouble {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Gone(trouble) | ReadError::Trouble(trouble) => trouble,
        }
    }
}

impl From<TagsError> for Trouble {
    fn from(error: TagsError) -> Self {
        match error {
            // The next reading does not list it.
            TagsError::RuleGone(trouble) => Self::passing(trouble.what),
            TagsError::Trouble(trouble) => trouble,
        }
    }
}

/// A call that is sent once.
fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled())
}

fn refused<E: ProvideErrorMetadata>(
    call: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> Refused {
    match code(error) {
        Some("RuleNotFound" | "ListenerNotFound") => Refused::RuleGone(call),
        Some("PriorityInUse") => Refused::PriorityInUse,
        _ => Refused::Trouble(trouble(call, error)),
    }
}

/// Every rule of a listener, the default one too.
pub(super) async fn rules(client: &Client, listener: &str) -> Result<Vec<Rule>, NoAnswer> {
    let mut rules = Vec::new();
    let mut marker = None;
    loop {
        let page = client
            .describe_rules()
            .listener_arn(listener)
            .set_marker(marker)
            .send()
            .await;
        let page = answered("DescribeRules", "ListenerNotFound", page)?;
        marker = page.next_marker().map(str::to_owned);
        rules.extend(page.rules.unwrap_or_default());
        if marker.is_none() {
            return Ok(rules);
        }
    }
}

/// The actions of one rule.
pub(super) async fn rule(client: &Client, arn: &str) -> Result<Vec<Action>, ReadError> {
    let answer = client.describe_rules().rule_arns(arn).send().await;
    let answer = answer.map_err(|error| {
        let is_gone = code(&error) == Some("RuleNotFound");
        let trouble = trouble("DescribeRules", &error);
        if is_gone {
            ReadError::Gone(trouble)
        } else {
            ReadError::Trouble(trouble)
        }
    })?;
    match answer.rules.unwrap_or_default().pop() {
        Some(rule) => Ok(rule.actions.unwrap_or_default()),
        None => Err(ReadError::Gone(Trouble::lasting(format!(
            "DescribeRules: {arn} does not exist"
        )))),
    }
}

/// The default actions of a listener.
pub(super) async fn default_actions(client: &Client, arn: &str) -> Result<Vec<Action>, Trouble> {
    let answer = client.describe_listeners().listener_arns(arn).send().await;
    let answer = answer.map_err(|error| trouble("DescribeListeners", &error))?;
    match answer.listeners.unwrap_or_default().pop() {
        Some(listener) => Ok(listener.default_actions.unwrap_or_default()),
        None => Err(Trouble::lasting(format!(
            "DescribeListeners: {arn} does not exist"
        ))),
    }
}

/// The tags of each rule, in their order.
pub(super) async fn tags(client: &Client, rules: &[&Rule]) -> Result<Vec<Vec<Tag>>, TagsError> {
    let arns: Vec<&str> = rules.iter().filter_map(|rule| rule.rule_arn()).collect();
    let batches = arns.chunks(TAGGED_MAX).map(|arns| async move {
        let arns = arns.iter().map(|arn| (*arn).to_owned()).collect();
        let answer = client.describe_tags().set_resource_arns(Some(arns)).send();
        answer.await.map_err(|error| {
            let is_gone = code(&error) == Some("RuleNotFound");
            let trouble = trouble("DescribeTags", &error);
            if is_gone {
                TagsError::RuleGone(trouble)
            } else {
                TagsError::Trouble(trouble)
            }
        })
    });
    let answers = try_join_all(batches).await?;
    let mut described: Vec<_> = answers
        .into_iter()
        .flat_map(|answer| answer.tag_descriptions.unwrap_or_default())
        .collect();
    let tags_of = |rule: &&Rule| {
        let mine = described
            .iter_mut()
            .find(|one| one.resource_arn() == rule.rule_arn())?;
        mine.tags.take()
    };
    Ok(rules
        .iter()
        .map(tags_of)
        .map(Option::unwrap_or_default)
        .collect())
}

/// The targets of a group.
pub(super) async fn side(client: &Client, group: &str) -> Result<Side, NoAnswer> {
    look(client, group, Builder::new()).await
}

/// The targets of a group, if that is soon known.
pub(super) async fn side_soon(client: &Client, group: &str) -> Result<Side, Trouble> {
    let soon = TimeoutConfig::builder().operation_timeout(ASIDE_LASTS);
    let config = once().timeout_config(soon.build());
    Ok(look(client, group, config).await?)
}

async fn look(client: &Client, group: &str, config: Builder) -> Result<Side, NoAnswer> {
    let answer = client
        .describe_target_health()
        .target_group_arn(group)
        .customize()
        .config_override(config)
        .send()
        .await;
    let answer = answered("DescribeTargetHealth", "TargetGroupNotFound", answer)?;
    Ok(Side::of(answer.target_health_descriptions()))
}

/// A rule to be made.
pub(super) struct NewRule<'a> {
    pub(super) listener: &'a str,
    pub(super) priority: u16,
    pub(super) conditions: Vec<RuleCondition>,
    pub(super) transforms: Vec<RuleTransform>,
    pub(super) actions: Vec<Action>,
    pub(super) tags: Vec<Tag>,
}

pub(super) async fn create_rule(client: &Client, new: NewRule<'_>) -> Result<(), Refused> {
    // An empty list would be sent as an empty value.
    let transforms = Some(new.transforms).filter(|transforms| !transforms.is_empty());
    client
        .create_rule()
        .listener_arn(new.listener)
        .priority(new.priority.into())
        .set_conditions(Some(new.conditions))
        .set_transforms(transforms)
        .set_actions(Some(new.actions))
        .set_tags(Some(new.tags))
        .customize()
        .config_override(once())
        .send()
        .await
        .map(drop)
        .map_err(|error| refused("CreateRule", &error))
}

pub(super) async fn modify_rule(
    client: &Client,
    arn: &str,
    actions: Vec<Action>,
) -> Result<(), Refused> {
    client
        .modify_rule()
        .rule_arn(arn)
        .set_actions(Some(actions))
        .customize()
        .config_override(once())
        .send()
        .await
        .map(drop)
        .map_err(|error| refused("ModifyRule", &error))
}

pub(super) async fn modify_listener(
    client: &Client,
    arn: &str,
    actions: Vec<Action>,
) -> Result<(), Refused> {
    client
        .modify_listener()
        .listener_arn(arn)
        .set_default_actions(Some(actions))
        .customize()
        .config_override(once())
        .send()
        .await
        .map(drop)
        .map_err(|error| refused("ModifyListener", &error))
}

pub(super) async fn delete_rule(client: &Client, arn: &str) -> Result<(), Refused> {
    client
        .delete_rule()
        .rule_arn(arn)
        .customize()
        .config_override(once())
        .send()
        .await
        .map(drop)
        .map_err(|error| refused("DeleteRule", &error))
}

pub(super) async fn add_tags(client: &Client, arn: &str, tags: Vec<Tag>) -> Result<(), Refused> {
    client
        .add_tags()
        .resource_arns(arn)
        .set_tags(Some(tags))
        .customize()
        .config_override(once())
        .send()
        .await
        .map(drop)
        .map_err(|error| refused("AddTags", &error))
}

pub(super) async fn set_drain(
    client: &Client,
    group: &str,
    drain: SignedDuration,
) -> Result<(), Trouble> {
    let attribute = TargetGroupAttribute::builder()
        .key("deregistration_delay.timeout_seconds")
        .value(drain.as_secs().to_string());
    client
        .modify_target_group_attributes()
        .target_group_arn(group)
        .attributes(attribute.build())
        .send()
        .await
        .map(drop)
        .map_err(|error| trouble("ModifyTargetGroupAttributes", &error))
}
