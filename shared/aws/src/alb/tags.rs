//! The tags of an owned rule: whose it is, and which alarms guard it.
//!
//! They are written by the call that makes the rule, so no rule of ours is ever without them.

use std::iter::once;

use aws_sdk_elasticloadbalancingv2::types::Tag;
use domain::{
    name::{RolloutId, RouteName},
    plan::route::AlbRoute,
};
use engine::ports::RouteRef;

use crate::marks;

const OWNER: &str = "tidegate:owner";
const ROUTE: &str = "tidegate:route";
const BASE: &str = "tidegate:base";
const STABLE: &str = "tidegate:stable";
const CANARY: &str = "tidegate:canary";
const GUARDS: &str = "tidegate:guards";

/// So many marks of eight digits, with spaces between, are in a tag's 256 characters.
const GUARDS_IN_TAG: usize = 28;

/// What an owned rule's tags say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    /// Whose it is.
    pub(super) owner: RolloutId,
    /// What that rollout's plan calls the route.
    pub(super) name: RouteName,
    /// What the rule stands before.
    pub(super) base: String,
    /// The target group that serves today.
    pub(super) stable: String,
    /// The target group that is introduced.
    pub(super) canary: String,
    /// The marks of the alarms that guard it.
    pub(super) guards: Vec<String>,
}

impl Label {
    /// What the tags of a route's rule should say.
    pub(super) fn wanted(route: RouteRef<'_>, alb: &AlbRoute) -> Self {
        Self {
            owner: route.owner.clone(),
            name: route.name.clone(),
            base: alb.base.arn().to_owned(),
            stable: alb.stable.clone(),
            canary: alb.canary.clone(),
            guards: marks::guards(route.guards),
        }
    }

    /// What tags say, if they are a rule's of ours.
    pub(super) fn read(tags: &[Tag]) -> Option<Self> {
        let value = |key: &str| {
            let tag = tags.iter().find(|tag| tag.key() == Some(key))?;
            tag.value().map(str::to_owned)
        };
        let mut guards: Vec<String> = tags
            .iter()
            .filter(|tag| tag.key().is_some_and(is_guards))
            .flat_map(|tag| tag.value().unwrap_or_default().split_whitespace())
            .map(str::to_owned)
            .collect();
        guards.sort();
        Some(Self {
            // A tag's value has no `#` (`ELBv2` `TagValue`), and a service's name no `/`.
            owner: RolloutId::parse(&value(OWNER)?.replacen('/', "#", 1))?,
            name: RouteName::new(&value(ROUTE)?).ok()?,
            base: value(BASE)?,
            stable: value(STABLE)?,
            canary: value(CANARY)?,
            guards,
        })
    }

    /// The tags that say it, over those of a rule that has so many tags of guards already: a tag that is not needed any
    /// more is emptied, because one call cannot add and remove.
    pub(super) fn tags(&self, guard_tags: usize) -> Vec<Tag> {
        let owner = format!("{}/{}", self.owner.service, self.owner.number);
        let mut guards: Vec<String> = self
            .guards
            .chunks(GUARDS_IN_TAG)
            .map(|marks| marks.join(" "))
            .collect();
        if guards.len() < guard_tags {
            guards.resize(guard_tags, String::new());
        }
        [
            (OWNER, owner.as_str()),
            (ROUTE, self.name.as_str()),
            (BASE, self.base.as_str()),
            (STABLE, self.stable.as_str()),
            (CANARY, self.canary.as_str()),
        ]
        .into_iter()
        .map(|(key, value)| tag(key, value))
        .chain(
            guard_keys()
                .zip(&guards)
                .map(|(key, value)| tag(&key, value)),
        )
        .collect()
    }
}

/// How many tags of guards there are.
pub(super) fn guard_tags(tags: &[Tag]) -> usize {
    tags.iter()
        .filter(|tag| tag.key().is_some_and(is_guards))
        .count()
}

fn guard_keys() -> impl Iterator<Item = String> {
    once(GUARDS.to_owned()).chain((2_u32..).map(|n| format!("{GUARDS}-{n}")))
}

fn is_guards(key: &str) -> bool {
    key.strip_prefix(GUARDS)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn label(alarms: usize) -> Label {
        Label {
            owner: RolloutId::parse("shop#7").unwrap(),
            name: RouteName::new("web").unwrap(),
            base: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/a/1/2"
                .to_owned(),
            stable: "arn:old".to_owned(),
            canary: "arn:new".to_owned(),
            guards: (0..alarms).map(|n| format!("{n:08x}")).collect(),
        }
    }

    fn check(tags: &[Tag], expected: &Expect) {
        let lines: Vec<String> = tags
            .iter()
            .map(|tag| format!("{}={}\n", tag.key().unwrap(), tag.value().unwrap()))
            .collect();
        expected.assert_eq(&lines.concat());
    }

    #[test]
    fn a_rule_says_whose_it_is_and_what_guards_it() {
        check(
            &label(2).tags(0),
            &expect![[r"
                tidegate:owner=shop/7
                tidegate:route=web
                tidegate:base=arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/a/1/2
                tidegate:stable=arn:old
                tidegate:canary=arn:new
                tidegate:guards=00000000 00000001
            "]],
        );
    }

    #[test]
    fn tags_read_back_as_they_were_meant_with_any_number_of_guards() {
        for alarms in [0, 1, 28, 29, 100] {
            let tags = label(alarms).tags(0);
            assert_eq!(Label::read(&tags), Some(label(alarms)), "{alarms}");
            let fits = |tag: &Tag| tag.value().is_some_and(|value| value.len() <= 256);
            assert!(tags.iter().all(fits));
        }
    }

    #[test]
    fn every_value_is_one_that_a_tag_may_have() {
        // `ELBv2` `TagValue`: letters, spaces, digits and `_ . : / = + - @`.
        let allowed = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
        for tag in label(30).tags(0) {
            assert!(tag.value().unwrap().chars().all(allowed), "{tag:?}");
        }
    }

    #[test]
    fn fewer_guards_than_before_leave_no_old_ones_behind() {
        let before = label(60).tags(0);
        assert_eq!(guard_tags(&before), 3);
        let after = label(1).tags(guard_tags(&before));
        check(
            &after[5..],
            &expect![[r"
                tidegate:guards=00000000
                tidegate:guards-2=
                tidegate:guards-3=
            "]],
        );
        assert_eq!(Label::read(&after), Some(label(1)));
    }

    #[test]
    fn tags_that_are_not_ours_or_not_whole_are_no_label() {
        let name = |key: &str, value: &str| tag(key, value);
        assert_eq!(Label::read(&[name("Name", "shop")]), None);
        let whole = label(1).tags(0);
        for missing in 0..5 {
            let mut tags = whole.clone();
            tags.remove(missing);
            assert_eq!(Label::read(&tags), None, "without {:?}", whole[missing]);
        }
    }
}
