//! What a load balancer's route stands on, before anything is started; for `tidegate doctor`.

use aws_sdk_elasticloadbalancingv2::types::Rule as Described;
use domain::{
    name::RolloutId,
    plan::route::{AlbBase, AlbMode, AlbRoute},
};
use engine::trouble::Trouble;

use super::{
    Alb, actions::Forward, base_rule, calls, conditions::priority, health::Side, listener_of,
    tags::Label,
};
use crate::trouble::if_there;

/// What a load balancer's route stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The target groups that it forwards to, each with its weight; none if it does something else.
    pub forwards: Vec<(String, i32)>,
    /// The base rule's priority; none for a default action, which comes after every rule.
    pub priority: Option<u16>,
    /// The rule at the priority that the plan wants for a rule of its own, if there is one.
    pub taken: Option<Taken>,
}

/// A rule that stands where the plan wants its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// One of ours, by its tags.
    By(RolloutId),
    /// Somebody else's.
    ByOthers,
}

impl Alb {
    /// What a route stands on; none if there is no such rule or listener.
    pub async fn standing(&self, alb: &AlbRoute) -> Result<Option<Standing>, Trouble> {
        let listener = listener_of(&alb.base);
        let Some(rules) = if_there(calls::rules(&self.client, &listener).await)? else {
            return Ok(None);
        };
        let base = match alb.base {
            AlbBase::Rule(_) => base_rule(&rules, alb),
            AlbBase::Default(_) => rules.iter().find(|rule| rule.is_default() == Some(true)),
        };
        let Some(base) = base else {
            return Ok(None);
        };
        Ok(Some(Standing {
            forwards: Forward::of(base.actions()).map_or_else(Vec::new, Forward::into_groups),
            priority: priority(base),
            taken: self.taken(&rules, alb).await?,
        }))
    }

    async fn taken(&self, rules: &[Described], alb: &AlbRoute) -> Result<Option<Taken>, Trouble> {
        let AlbMode::Owned { priority: wanted } = alb.mode else {
            return Ok(None);
        };
        let Some(rule) = rules.iter().find(|rule| priority(rule) == Some(wanted)) else {
            return Ok(None);
        };
        let tags = calls::tags(&self.client, &[rule]).await?;
        let label = tags.first().and_then(|tags| Label::read(tags));
        Ok(Some(
            label.map_or(Taken::ByOthers, |label| Taken::By(label.owner)),
        ))
    }

    /// The targets of a group; none if there is no such group.
    pub async fn targets(&self, group: &str) -> Result<Option<Side>, Trouble> {
        if_there(calls::side(&self.client, group).await)
    }
}
