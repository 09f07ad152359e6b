//! Load balancers: listeners' base actions and rules, as `ELBv2` has them.
//!
//! No call has a token or a revision: the last writer wins. `CreateRule` on a taken priority is
//! `PriorityInUse`, a rule that is gone is `RuleNotFound` (`ELBv2` API). Weights of a forward action are
//! relative; a group with weight 0 that is still listed keeps the clients whose cookie names it.

use std::collections::BTreeMap;

use domain::{
    plan::route::{AlbBase, AlbMode, AlbRoute},
    target::{Carrier, Goal, Leftover, Propagation, Seen},
    time::SignedDuration,
    traffic::Weight,
};
use engine::ports::{FenceToken, Target, Write};

use super::wire::Served;

/// A forward action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Forward {
    /// Target groups with their weights, 0–999.
    groups: Vec<(String, u16)>,
    /// How long a cookie keeps a client on its group, if the action gives one.
    sticky: Option<SignedDuration>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    listener: String,
    priority: u16,
    /// A tag: what the rule stands before, if it is ours.
    before: Option<String>,
    forward: Forward,
}

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    RuleNotFound,
    PriorityInUse,
}

/// Every load balancer of the world.
#[derive(Debug, Default)]
pub(super) struct Balancer {
    /// The base actions by the ARN of their rule or listener.
    bases: BTreeMap<String, Forward>,
    rules: BTreeMap<String, Rule>,
    made: u64,
}

impl Forward {
    fn to_one(group: &str) -> Self {
        Self {
            groups: vec![(group.to_owned(), 1)],
            sticky: None,
        }
    }

    fn to_both(route: &AlbRoute, weight: Weight, sticky: Option<SignedDuration>) -> Self {
        Self {
            groups: vec![
                (route.stable.clone(), weight.rest().permille()),
                (route.canary.clone(), weight.permille()),
            ],
            sticky,
        }
    }

    /// The share of a group, by the weights.
    fn share(&self, group: &str) -> Weight {
        let sum: u64 = self
            .groups
            .iter()
            .map(|(_, weight)| u64::from(*weight))
            .sum();
        let part = self.groups.iter().filter(|(name, _)| name == group);
        Weight::nearest(part.map(|(_, weight)| u64::from(*weight)).sum(), sum)
    }

    fn lists_others_than(&self, group: &str) -> bool {
        self.groups.iter().any(|(name, _)| name != group)
    }
}

/// The listener of a base: for a rule, the rule's ARN tells it.
fn listener_of(base: &AlbBase) -> String {
    match base {
        AlbBase::Default(listener) => listener.clone(),
        AlbBase::Rule(rule) => {
            let listener = rule
                .rsplit_once('/')
                .map_or(rule.as_str(), |(head, _)| head);
            listener.replacen(":listener-rule/", ":listener/", 1)
        }
    }
}

/// What the ARNs of a listener's rules begin with.
fn rules_begin(listener: &str) -> String {
    listener.replacen(":listener/", ":listener-rule/", 1) + "/"
}

impl Balancer {
    pub(super) fn install(&mut self, route: &AlbRoute, sticky: Option<SignedDuration>) {
        let mut forward = Forward::to_one(&route.stable);
        forward.sticky = sticky;
        self.bases.insert(route.base.arn().to_owned(), forward);
    }

    /// `CreateRule`.
    fn create_rule(&mut self, rule: Rule) -> Result<String, Refused> {
        let mut rules = self.rules_of(&rule.listener);
        if rules.any(|(_, other)| other.priority == rule.priority) {
            return Err(Refused::PriorityInUse);
        }
        drop(rules);
        self.made = self.made.saturating_add(1);
        let arn = format!("{}{:016x}", rules_begin(&rule.listener), self.made);
        self.rules.insert(arn.clone(), rule);
        Ok(arn)
    }

    /// `ModifyRule`.
    fn modify_rule(&mut self, arn: &str, forward: Forward) -> Result<(), Refused> {
        let rule = self.rules.get_mut(arn).ok_or(Refused::RuleNotFound)?;
        rule.forward = forward;
        Ok(())
    }

    /// `DeleteRule`.
    fn delete_rule(&mut self, arn: &str) -> Result<(), Refused> {
        match self.rules.remove(arn) {
            Some(_) => Ok(()),
            None => Err(Refused::RuleNotFound),
        }
    }

    /// `ModifyRule` or `ModifyListener` of what the team owns.
    fn modify_base(&mut self, base: &AlbBase, forward: Forward) -> Result<(), Refused> {
        let action = self.bases.get_mut(base.arn());
        *action.ok_or(Refused::RuleNotFound)? = forward;
        Ok(())
    }

    fn base(&self, route: &AlbRoute) -> Forward {
        let known = self.bases.get(route.base.arn()).cloned();
        known.unwrap_or_else(|| Forward::to_one(&route.stable))
    }

    /// The rule of ours that stands before a base.
    fn own(&self, route: &AlbRoute) -> Option<(&String, &Rule)> {
        self.rules_of(&listener_of(&route.base))
            .find(|(_, rule)| rule.before.as_deref() == Some(route.base.arn()))
    }

    /// The rules of a listener, in the order of their ARNs.
    fn rules_of(&self, listener: &str) -> impl Iterator<Item = (&String, &Rule)> {
        let begin = rules_begin(listener);
        self.rules
            .range(begin.clone()..)
            .take_while(move |(arn, _)| arn.starts_with(&begin))
    }

    /// Somebody else's rule takes a priority of a route's listener.
    #[cfg(test)]
    pub(super) fn occupy(&mut self, route: &AlbRoute, priority: u16) {
        let rule = Rule {
            listener: listener_of(&route.base),
            priority,
            before: None,
            forward: Forward::to_one(&route.stable),
        };
        self.create_rule(rule).unwrap();
    }

    pub(super) fn read(&self, route: &AlbRoute, settle: SignedDuration) -> Target {
        let base = self.base(route);
        let own = self.own(route);
        let acting = own.map_or(&base, |(_, rule)| &rule.forward);
        let weight = acting.share(&route.canary);
        let (carrier, leftover, fence) = match (route.mode, own) {
            (AlbMode::Owned { .. }, Some((arn, _))) => {
                (Carrier::Ready, Leftover::Some, arn.clone())
            }
            (AlbMode::Owned { .. }, None) => (Carrier::Missing, Leftover::None, String::new()),
            (AlbMode::InPlace, _) => {
                let last = if weight == Weight::FULL {
                    &route.canary
                } else {
                    &route.stable
                };
                let leftover = if base.lists_others_than(last) {
                    Leftover::Some
                } else {
                    Leftover::None
                };
                (Carrier::Ready, leftover, String::new())
            }
        };
        Target {
            seen: Seen {
                weight,
                base: base.share(&route.canary),
                carrier,
                leftover,
                epoch: None,
                propagation: Propagation::Done,
                settle,
            },
            fence: FenceToken(fence),
        }
    }

    /// The one call that brings a route a step nearer to a goal.
    pub(super) fn write(&mut self, route: &AlbRoute, write: &Write) -> Result<(), Refused> {
        match route.mode {
            AlbMode::Owned { priority } => self.write_owned(route, priority, write),
            AlbMode::InPlace => {
                let sticky = self.base(route).sticky;
                let forward = match write.goal {
                    Goal::Prepared => Forward::to_both(route, Weight::ZERO, sticky),
                    Goal::Weight(weight) => Forward::to_both(route, weight, sticky),
                    Goal::Restored => Forward::to_one(&route.stable),
                    Goal::Finished => Forward::to_one(&route.canary),
                };
                self.modify_base(&route.base, forward)
            }
        }
    }

    fn write_owned(
        &mut self,
        route: &AlbRoute,
        priority: u16,
        write: &Write,
    ) -> Result<(), Refused> {
        let FenceToken(own) = &write.fence;
        let base = self.base(route);
        let both = |weight| Forward::to_both(route, weight, base.sticky);
        let has_own = !own.is_empty();
        match write.goal {
            Goal::Prepared if !has_own => {
                let rule = Rule {
                    listener: listener_of(&route.base),
                    priority,
                    before: Some(route.base.arn().to_owned()),
                    forward: both(Weight::ZERO),
                };
                self.create_rule(rule).map(drop)
            }
            Goal::Prepared => self.modify_rule(own, both(Weight::ZERO)),
            Goal::Weight(weight) if has_own => self.modify_rule(own, both(weight)),
            // Without a rule of ours only the base can have a weight, and that is to be none.
            Goal::Weight(_) => self.modify_base(&route.base, Forward::to_one(&route.stable)),
            // The base first: whatever the rule is about to uncover is as it should be.
            Goal::Restored if base.share(&route.canary) > Weight::ZERO => {
                self.modify_base(&route.base, Forward::to_one(&route.stable))
            }
            Goal::Finished if base.share(&route.canary) < Weight::FULL => {
                self.modify_base(&route.base, Forward::to_one(&route.canary))
            }
            Goal::Restored | Goal::Finished if has_own => self.delete_rule(own),
            Goal::Restored | Goal::Finished => Ok(()),
        }
    }

    /// What clients will be served once every node has it.
    pub(super) fn served(&self, route: &AlbRoute) -> Served {
        let base = self.base(route);
        let acting = self.own(route).map_or(&base, |(_, rule)| &rule.forward);
        let weight = acting.share(&route.canary);
        let listed = |group: &str| acting.groups.iter().any(|(name, _)| name == group);
        let both = listed(&route.canary) && listed(&route.stable);
        Served {
            share: f64::from(weight.permille()) / 1000.0,
            sticky: acting.sticky.filter(|_| both),
        }
    }

    /// Somebody writes a weight himself, wherever it stands.
    pub(super) fn by_hand(&mut self, route: &AlbRoute, weight: Weight) {
        let own = self.own(route).map(|(arn, _)| arn.clone());
        let forward = Forward::to_both(route, weight, self.base(route).sticky);
        // Both exist: they were just read.
        let _written = match own {
            Some(arn) => self.modify_rule(&arn, forward),
            None => self.modify_base(&route.base, forward),
        };
    }

    /// The team's tooling makes the canary what the base forwards to.
    pub(super) fn hand_over(&mut self, route: &AlbRoute) {
        let forward = Forward::to_one(&route.canary);
        self.bases.insert(route.base.arn().to_owned(), forward);
    }
}

#[cfg(test)]
mod tests {
    use domain::{time::Timestamp, traffic::Epoch};

    use super::*;

    fn route(mode: AlbMode) -> AlbRoute {
        let listener = "arn:aws:elasticloadbalancing:r:1:listener-rule/app/a/1/2";
        AlbRoute {
            base: AlbBase::Rule(format!("{listener}/3")),
            mode,
            stable: "old".to_owned(),
            canary: "new".to_owned(),
        }
    }

    fn write(goal: Goal, fence: FenceToken) -> Write {
        Write {
            goal,
            epoch: Epoch(1),
            fence,
            deadline: Timestamp::MAX,
        }
    }

    fn percent(permille: u16) -> Weight {
        Weight::from_permille(permille).unwrap()
    }

    /// Reads, and writes what brings the route nearer to the goal.
    fn step(balancer: &mut Balancer, route: &AlbRoute, goal: Goal) -> Result<(), Refused> {
        let target = balancer.read(route, SignedDuration::ZERO);
        balancer.write(route, &write(goal, target.fence))
    }

    fn seen(balancer: &Balancer, route: &AlbRoute) -> Seen {
        balancer.read(route, SignedDuration::ZERO).seen
    }

    #[test]
    fn an_old_write_finds_no_rule_after_a_rollback() {
        let route = route(AlbMode::Owned { priority: 10 });
        let mut balancer = Balancer::default();
        balancer.install(&route, None);
        step(&mut balancer, &route, Goal::Prepared).unwrap();
        let before = balancer.read(&route, SignedDuration::ZERO);
        step(&mut balancer, &route, Goal::Weight(percent(50))).unwrap();
        assert_eq!(seen(&balancer, &route).weight, percent(50));
        step(&mut balancer, &route, Goal::Restored).unwrap();
        assert!(seen(&balancer, &route).meets(Goal::Restored));
        let late = write(Goal::Weight(percent(250)), before.fence);
        assert_eq!(balancer.write(&route, &late), Err(Refused::RuleNotFound));
        // A late creation is at weight 0, and is seen as something left over.
        let late = write(Goal::Prepared, FenceToken(String::new()));
        assert_eq!(balancer.write(&route, &late), Ok(()));
        assert_eq!(seen(&balancer, &route).weight, Weight::ZERO);
        assert_eq!(seen(&balancer, &route).leftover, Leftover::Some);
    }

    #[test]
    fn a_priority_is_used_once() {
        let route = route(AlbMode::Owned { priority: 10 });
        let mut balancer = Balancer::default();
        balancer.install(&route, None);
        balancer.occupy(&route, 10);
        let refused = step(&mut balancer, &route, Goal::Prepared);
        assert_eq!(refused, Err(Refused::PriorityInUse));
    }

    #[test]
    fn to_finish_flips_the_base_and_then_removes_the_rule() {
        let route = route(AlbMode::Owned { priority: 10 });
        let mut balancer = Balancer::default();
        balancer.install(&route, None);
        step(&mut balancer, &route, Goal::Prepared).unwrap();
        step(&mut balancer, &route, Goal::Weight(Weight::FULL)).unwrap();
        step(&mut balancer, &route, Goal::Finished).unwrap();
        assert_eq!(seen(&balancer, &route).base, Weight::FULL);
        assert_eq!(seen(&balancer, &route).leftover, Leftover::Some);
        step(&mut balancer, &route, Goal::Finished).unwrap();
        assert!(seen(&balancer, &route).meets(Goal::Finished));
        // And back: the base again, at once.
        step(&mut balancer, &route, Goal::Restored).unwrap();
        assert!(seen(&balancer, &route).meets(Goal::Restored));
    }

    #[test]
    fn in_place_the_last_writer_wins_and_a_listed_group_is_left_over() {
        let route = route(AlbMode::InPlace);
        let mut balancer = Balancer::default();
        balancer.install(&route, Some(SignedDuration::from_mins(5)));
        step(&mut balancer, &route, Goal::Weight(percent(50))).unwrap();
        step(&mut balancer, &route, Goal::Weight(Weight::ZERO)).unwrap();
        assert!(!seen(&balancer, &route).meets(Goal::Restored));
        assert!(balancer.served(&route).sticky.is_some());
        step(&mut balancer, &route, Goal::Restored).unwrap();
        assert!(seen(&balancer, &route).meets(Goal::Restored));
        assert!(balancer.served(&route).sticky.is_none());
        let late = write(Goal::Weight(percent(50)), FenceToken(String::new()));
        balancer.write(&route, &late).unwrap();
        assert_eq!(seen(&balancer, &route).weight, percent(50));
    }
}
