//! Actions as `ELBv2` has them: where a list of actions sends requests, and the same list with other weights.
//!
//! Lists are replaced wholly by every call that modifies them (`ModifyRule`, `ModifyListener`), so whatever else stands
//! in a list, in whatever order, is sent again as it was read.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, TargetGroupStickinessConfig, TargetGroupTuple,
};
use domain::{plan::route::AlbRoute, traffic::Weight};
use serde::{Deserialize, Serialize};

/// The largest weight of a target group (`ELBv2` `TargetGroupTuple`: 0–999).
const WEIGHT_MAX: i32 = 999;

/// Where a forward action sends requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Forward {
    /// Target groups with their weights, which are relative; each once.
    groups: Vec<(String, i32)>,
    /// What is said about cookies that keep a client on its group, if something is.
    stickiness: Option<Stickiness>,
}

/// `TargetGroupStickinessConfig`, as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stickiness {
    enabled: Option<bool>,
    seconds: Option<i32>,
}

impl Stickiness {
    const OFF: Self = Self {
        enabled: Some(false),
        seconds: None,
    };
}

impl Forward {
    /// The target groups with their weights.
    pub(super) fn into_groups(self) -> Vec<(String, i32)> {
        self.groups
    }

    /// Where a list of actions forwards to; nowhere, if it redirects or answers itself.
    ///
    /// `DescribeRules` gives a single target group as `TargetGroupArn`, as a `ForwardConfig`, or as both.
    pub(super) fn of(actions: &[Action]) -> Option<Self> {
        let action = actions
            .iter()
            .find(|action| action.r#type() == Some(&ActionTypeEnum::Forward))?;
        let config = action.forward_config();
        let mut groups: Vec<(String, i32)> = Vec::new();
        for tuple in config
            .into_iter()
            .flat_map(ForwardActionConfig::target_groups)
        {
            let Some(arn) = tuple.target_group_arn() else {
                continue;
            };
            let weight = tuple.weight().unwrap_or(1);
            match groups.iter_mut().find(|(group, _)| group == arn) {
                Some((_, sum)) => *sum = sum.saturating_add(weight),
                None => groups.push((arn.to_owned(), weight)),
            }
        }
        if groups.is_empty() {
            groups.push((action.target_group_arn()?.to_owned(), 1));
        }
        // A single group takes everything, whatever its weight.
        if let [(_, weight)] = groups.as_mut_slice() {
            *weight = 1;
        }
        let stickiness = config
            .and_then(ForwardActionConfig::target_group_stickiness_config)
            .map(|found| Stickiness {
                enabled: found.enabled(),
                seconds: found.duration_seconds(),
            });
        Some(Self { groups, stickiness })
    }

    /// Everything to one group, with stickiness off: a cookie that names a group which is not listed is not honoured.
    pub(super) fn to_one(group: &str) -> Self {
        Self {
            groups: vec![(group.to_owned(), 1)],
            stickiness: Some(Stickiness::OFF),
        }
    }

    /// The canary at a weight, and clients kept where they are as long as they were before.
    ///
    /// Tenths of a percent are exact: two weights that add up to 1000, and 999 and 0 where there is nothing to share.
    pub(super) fn to_both(route: &AlbRoute, weight: Weight, like: Option<&Self>) -> Self {
        let of_thousand = |part: Weight| i32::from(part.permille()).min(WEIGHT_MAX);
        Self {
            groups: vec![
                (route.stable.clone(), of_thousand(weight.rest())),
                (route.canary.clone(), of_thousand(weight)),
            ],
            stickiness: like.and_then(|like| like.stickiness),
        }
    }

    /// The same without the canary; stable takes its weight. Groups that somebody else has listed stay.
    pub(super) fn closed(&self, route: &AlbRoute) -> Self {
        let mut closed = self.clone();
        let gone: i32 = closed.weight_of(&route.canary);
        closed.groups.retain(|(group, _)| *group != route.canary);
        match closed
            .groups
            .iter_mut()
            .find(|(group, _)| *group == route.stable)
        {
            Some((_, weight)) => *weight = weight.saturating_add(gone).min(WEIGHT_MAX),
            None => closed.groups.push((route.stable.clone(), gone.max(1))),
        }
        match closed.groups.as_slice() {
            [_] => Self::to_one(&route.stable),
            _ => closed,
        }
    }

    fn weight_of(&self, group: &str) -> i32 {
        let found = self.groups.iter().find(|(name, _)| name == group);
        found.map_or(0, |(_, weight)| *weight)
    }

    /// The share of a group, by the weights.
    pub(super) fn share(&self, group: &str) -> Weight {
        let whole = self.groups.iter().map(|(_, weight)| natural(*weight)).sum();
        Weight::nearest(natural(self.weight_of(group)), whole)
    }

    /// Whether a group is listed, be it with weight 0.
    pub(super) fn lists(&self, group: &str) -> bool {
        self.groups.iter().any(|(name, _)| name == group)
    }

    /// Whether a group gets requests: a share of them, or those of clients whose cookie names it.
    pub(super) fn exposes(&self, group: &str) -> bool {
        let sticky = self.stickiness.and_then(|found| found.enabled) == Some(true);
        self.share(group) > Weight::ZERO || (sticky && self.lists(group))
    }

    /// Groups that are neither side of the route.
    pub(super) fn strangers<'a>(&'a self, route: &'a AlbRoute) -> impl Iterator<Item = &'a str> {
        self.groups
            .iter()
            .map(|(group, _)| group.as_str())
            .filter(|group| *group != route.stable && *group != route.canary)
    }

    /// The same with one more group.
    #[cfg(test)]
    pub(super) fn with(mut self, group: &str, weight: i32) -> Self {
        self.groups.push((group.to_owned(), weight));
        self
    }

    fn config(&self) -> ForwardActionConfig {
        let tuples = self.groups.iter().map(|(group, weight)| {
            TargetGroupTuple::builder()
                .target_group_arn(group)
                .weight(*weight)
                .build()
        });
        let stickiness = self.stickiness.map(|kept| {
            TargetGroupStickinessConfig::builder()
                .set_enabled(kept.enabled)
                .set_duration_seconds(kept.seconds)
                .build()
        });
        ForwardActionConfig::builder()
            .set_target_groups(Some(tuples.collect()))
            .set_target_group_stickiness_config(stickiness)
            .build()
    }
}

fn natural(weight: i32) -> u64 {
    u64::try_from(weight).unwrap_or(0)
}

/// A list of actions that sends requests elsewhere; everything before that is kept, and its place in the order.
///
/// The secret of an OIDC client is never read back, so `ELBv2` is told to keep the one that it has.
pub(super) fn forwarding(actions: &[Action], forward: &Forward) -> Vec<Action> {
    actions
        .iter()
        .map(|action| {
            if is_routing(action) {
                return Action::builder()
                    .r#type(ActionTypeEnum::Forward)
                    .set_order(action.order())
                    .forward_config(forward.config())
                    .build();
            }
            let mut kept = action.clone();
            if let Some(oidc) = &mut kept.authenticate_oidc_config {
                oidc.client_secret = None;
                oidc.use_existing_client_secret = Some(true);
            }
            kept
        })
        .collect()
}

/// Whether an action ends a list: exactly one does, as the last of it.
fn is_routing(action: &Action) -> bool {
    matches!(
        action.r#type(),
        Some(ActionTypeEnum::Forward | ActionTypeEnum::Redirect | ActionTypeEnum::FixedResponse)
    )
}

/// Whether a list cannot be given to another rule: the secret of an OIDC client is needed for that, and not read back.
pub(super) fn needs_secret(actions: &[Action]) -> bool {
    actions
        .iter()
        .any(|action| action.authenticate_oidc_config().is_some())
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{
        AuthenticateCognitoActionConfig, AuthenticateOidcActionConfig, FixedResponseActionConfig,
    };
    use domain::plan::route::{AlbBase, AlbMode};

    use super::*;

    fn route() -> AlbRoute {
        AlbRoute {
            base: AlbBase::Rule("rule".to_owned()),
            mode: AlbMode::InPlace,
            stable: "old".to_owned(),
            canary: "new".to_owned(),
        }
    }

    fn percent(permille: u16) -> Weight {
        Weight::from_permille(permille).unwrap()
    }

    fn forward(groups: &[(&str, i32)], seconds: Option<i32>) -> Forward {
        Forward {
            groups: groups
                .iter()
                .map(|(group, weight)| ((*group).to_owned(), *weight))
                .collect(),
            stickiness: Some(Stickiness {
                enabled: Some(seconds.is_some()),
                seconds,
            }),
        }
    }

    fn action(forward: &Forward) -> Action {
        Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .order(2)
            .forward_config(forward.config())
            .build()
    }

    #[test]
    fn one_group_is_read_alike_in_each_of_its_spellings() {
        let arn_only = Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .target_group_arn("old");
        let config = ForwardActionConfig::builder()
            .target_groups(TargetGroupTuple::builder().target_group_arn("old").build());
        let both = arn_only.clone().forward_config(config.clone().build());
        let config_only = Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .forward_config(config.build());
        let read = |action: Action| Forward::of(&[action]).map(|forward| forward.groups);
        let expected = Some(vec![("old".to_owned(), 1)]);
        assert_eq!(read(arn_only.build()), expected);
        assert_eq!(read(both.build()), expected);
        assert_eq!(read(config_only.build()), expected);
        let elsewhere = Action::builder().r#type(ActionTypeEnum::Redirect).build();
        assert_eq!(Forward::of(&[elsewhere]), None);
        assert_eq!(Forward::of(&[]), None);
    }

    #[test]
    fn every_weight_reads_back_as_itself_and_is_one_that_elbv2_takes() {
        for permille in 0..=1000 {
            let written = Forward::to_both(&route(), percent(permille), None);
            let weights: Vec<i32> = written.groups.iter().map(|(_, weight)| *weight).collect();
            assert!(weights.iter().all(|weight| (0..=999).contains(weight)));
            let read = Forward::of(&[action(&written)]).unwrap();
            assert_eq!(read.share("new").permille(), permille, "{weights:?}");
            assert_eq!(read.share("old"), read.share("new").rest());
        }
    }

    #[test]
    fn a_rollback_leaves_one_group_and_no_cookie_or_what_somebody_else_has_listed() {
        let closed = |groups: &[(&str, i32)]| {
            let closed = forward(groups, Some(300)).closed(&route());
            (
                closed.groups,
                closed.stickiness.and_then(|kept| kept.enabled),
            )
        };
        let group = |name: &str, weight| (name.to_owned(), weight);
        assert_eq!(
            closed(&[("old", 750), ("new", 250)]),
            (vec![group("old", 1)], Some(false))
        );
        assert_eq!(closed(&[("new", 1)]), (vec![group("old", 1)], Some(false)));
        assert_eq!(
            closed(&[("old", 500), ("third", 250), ("new", 250)]),
            (vec![group("old", 750), group("third", 250)], Some(true))
        );
        assert_eq!(
            closed(&[("third", 1), ("new", 0)]),
            (vec![group("third", 1), group("old", 1)], Some(true))
        );
    }

    #[test]
    fn a_group_is_exposed_by_its_share_or_by_cookies() {
        let exposed =
            |weight, seconds| forward(&[("old", 999), ("new", weight)], seconds).exposes("new");
        assert!(exposed(1, None));
        assert!(!exposed(0, None));
        assert!(exposed(0, Some(300)));
        assert!(!forward(&[("old", 1)], Some(300)).exposes("new"));
    }

    #[test]
    fn what_stands_before_the_forward_action_is_sent_again_as_it_was() {
        let cognito = Action::builder()
            .r#type(ActionTypeEnum::AuthenticateCognito)
            .order(1)
            .authenticate_cognito_config(
                AuthenticateCognitoActionConfig::builder()
                    .user_pool_arn("pool")
                    .session_timeout(60)
                    .build(),
            )
            .build();
        let before = forward(&[("old", 7), ("new", 3)], Some(120));
        let actions = [cognito.clone(), action(&before)];
        let raised = Forward::to_both(&route(), percent(500), Some(&before));
        let sent = forwarding(&actions, &raised);
        assert_eq!(sent[0], cognito);
        assert_eq!(sent[1].order(), Some(2));
        assert_eq!(sent[1].target_group_arn(), None);
        let read = Forward::of(&sent).unwrap();
        assert_eq!(read.stickiness, before.stickiness);
        assert_eq!(read.share("new"), percent(500));
    }

    #[test]
    fn the_secret_of_an_oidc_client_is_kept_where_it_is_and_cannot_be_copied() {
        let oidc = Action::builder()
            .r#type(ActionTypeEnum::AuthenticateOidc)
            .order(1)
            .authenticate_oidc_config(
                AuthenticateOidcActionConfig::builder()
                    .issuer("https://id.example")
                    .client_id("shop")
                    .build(),
            )
            .build();
        let actions = [oidc, action(&Forward::to_one("old"))];
        let sent = forwarding(&actions, &Forward::to_one("new"));
        let config = sent[0].authenticate_oidc_config().unwrap();
        assert_eq!(config.client_id(), Some("shop"));
        assert_eq!(config.use_existing_client_secret(), Some(true));
        assert!(needs_secret(&actions));
        assert!(!needs_secret(&actions[1..]));
    }

    #[test]
    fn an_answer_that_somebody_put_there_is_replaced_in_its_place() {
        let page = Action::builder()
            .r#type(ActionTypeEnum::FixedResponse)
            .order(5)
            .fixed_response_config(
                FixedResponseActionConfig::builder()
                    .status_code("503")
                    .build(),
            )
            .build();
        let sent = forwarding(&[page], &Forward::to_one("old"));
        assert_eq!(sent[0].order(), Some(5));
        assert_eq!(sent[0].fixed_response_config(), None);
        assert_eq!(Forward::of(&sent), Some(Forward::to_one("old")));
    }
}
