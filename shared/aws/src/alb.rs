//! The router port for Application Load Balancers: a rule of our own before the team's, or the team's own action.
//!
//! No call has a token or a revision (`ELBv2` API): the last writer wins. The fence of an owned rule is its ARN. It is
//! made at 0 % and deleted by a rollback, so a late `ModifyRule` finds no such rule and a late `CreateRule` carries
//! nothing. In place there is no fence, and a rollback is guarded for a while.

mod actions;
mod calls;
mod conditions;
mod health;
mod inspect;
mod step;
mod tags;

use aws_sdk_elasticloadbalancingv2::{
    Client,
    types::{Action, Rule, Tag},
};
use domain::{
    name::AlarmArn,
    plan::route::{AlbBase, AlbMode, AlbRoute, Route},
    target::Goal,
    time::{SignedDuration, Timestamp},
    traffic::Weight,
};
use engine::{
    ports::{Found, RouteRef, Target, Write},
    trouble::{Trouble, WriteError},
};
use futures_util::future::{join, join_all};

use self::{
    actions::{Forward, forwarding, needs_secret},
    calls::Refused,
    conditions::{catch_all, copied, passed_over, priority},
    step::{Base, Change, Labelled, OnlyIf, Own, Sight, Step, What, name, with_strangers},
    tags::{Label, guard_tags},
};
pub use self::{
    health::{Health, Side},
    inspect::{Standing, Taken},
};
use crate::marks;

/// How often a read begins again because a rule went away in the middle of it.
const READS_MAX: u32 = 3;

/// Application Load Balancers.
#[derive(Debug, Clone)]
pub struct Alb {
    client: Client,
}

impl Alb {
    /// Load balancers, through a client.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// What a route is now.
    pub async fn read(&self, route: RouteRef<'_>, alb: &AlbRoute) -> Result<Target, Trouble> {
        let sight = match alb.mode {
            AlbMode::Owned { priority } => self.look(route, alb, priority).await?,
            AlbMode::InPlace => Sight {
                base: Base::of(Forward::of(&self.base_actions(alb).await?)),
                own: None,
            },
        };
        Ok(Target {
            seen: sight.seen(alb, route.route.settle()),
            fence: sight.token(),
        })
    }

    /// Brings a route one step nearer to a goal by at most one call, which is sent at most once.
    pub async fn write(
        &self,
        route: RouteRef<'_>,
        alb: &AlbRoute,
        write: &Write,
        now: impl Fn() -> Timestamp,
    ) -> Result<(), WriteError> {
        // Nobody but `read` makes a fence; one that cannot be read was made by another version.
        let sight = Sight::parse(&write.fence).ok_or(WriteError::Fenced)?;
        let in_time = || in_time(write.deadline, now());
        let step = self.take(route, alb, &sight, sight.step(alb, write.goal), in_time);
        if write.goal != Goal::Restored {
            return step.await;
        }
        // A rollback waits for nobody: what is the matter with stable is looked at meanwhile, and only told.
        let (written, ()) = join(step, self.warn_of_stable(alb)).await;
        written
    }

    /// Sets how long the canary's targets get to finish what they are doing when they are taken out, 0–3600 s.
    pub async fn set_drain(&self, alb: &AlbRoute, drain: SignedDuration) -> Result<(), Trouble> {
        calls::set_drain(&self.client, &alb.canary, drain).await
    }

    /// The targets of both sides.
    pub async fn health(&self, alb: &AlbRoute) -> Result<Health, Trouble> {
        let (stable, canary) = join(
            calls::side(&self.client, &alb.stable),
            calls::side(&self.client, &alb.canary),
        )
        .await;
        Ok(Health {
            stable: stable?,
            canary: canary?,
        })
    }

    /// The routes with a rule of their own on these listeners that say that this alarm guards them.
    ///
    /// A listener that cannot be read does not hide what was found on the others.
    pub async fn marked(
        &self,
        listeners: &[String],
        alarm: &AlarmArn,
    ) -> Result<Vec<Found>, Trouble> {
        let looks = listeners.iter().map(|listener| self.labelled(listener));
        let mut found = Vec::new();
        let mut trouble = None;
        for (listener, labelled) in listeners.iter().zip(join_all(looks).await) {
            match labelled {
                Ok(labelled) => found.extend(
                    labelled
                        .into_iter()
                        .filter(|(label, _)| marks::is_guarded(&label.guards, alarm))
                        .map(|(label, priority)| found_by(label, priority)),
                ),
                Err(why) => {
                    tracing::warn!(listener, error = %why, "a listener could not be searched");
                    trouble = Some(why);
                }
            }
        }
        match trouble {
            Some(trouble) if found.is_empty() => Err(trouble),
            _ => Ok(found),
        }
    }

    /// Every rule of ours on a listener: what it says, and its priority.
    async fn labelled(&self, listener: &str) -> Result<Vec<(Label, u16)>, Trouble> {
        let rules = calls::rules(&self.client, listener).await?;
        let candidates: Vec<&Rule> = rules
            .iter()
            .filter(|rule| priority(rule).is_some())
            .collect();
        let tags = calls::tags(&self.client, &candidates).await?;
        Ok(candidates
            .into_iter()
            .zip(tags)
            .filter_map(|(rule, tags)| Some((Label::read(&tags)?, priority(rule)?)))
            .collect())
    }

    /// The base and the rule of ours before it.
    async fn look(&self, route: RouteRef<'_>, alb: &AlbRoute, at: u16) -> Result<Sight, Trouble> {
        let listener = listener_of(&alb.base);
        let mut reads = 1;
        loop {
            let rules = calls::rules(&self.client, &listener).await?;
            match self.own(&rules, route, alb, at).await {
                Ok(own) => {
                    let base = match base_rule(&rules, alb) {
                        Some(rule) => Base::of(Forward::of(rule.actions())),
                        None if own.is_none() => {
                            return Err(Trouble::lasting(format!(
                                "DescribeRules: {} does not exist",
                                name(alb)
                            )));
                        }
                        None => Base::Gone,
                    };
                    return Ok(Sight { base, own });
                }
                Err(calls::TagsError::RuleGone(_)) if reads < READS_MAX => {
                    reads = reads.saturating_add(1);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The rule of ours: at the priority that the plan says, or wherever else somebody has moved it to.
    ///
    /// Only in the second case are the tags of all rules read; one call describes twenty.
    async fn own(
        &self,
        rules: &[Rule],
        route: RouteRef<'_>,
        alb: &AlbRoute,
        at: u16,
    ) -> Result<Option<Own>, calls::TagsError> {
        let wanted = Label::wanted(route, alb);
        let mut candidates: Vec<&Rule> = rules
            .iter()
            .filter(|rule| priority(rule).is_some() && rule.rule_arn() != Some(alb.base.arn()))
            .collect();
        candidates.sort_by_key(|rule| priority(rule));
        let (there, elsewhere): (Vec<&Rule>, Vec<&Rule>) = candidates
            .into_iter()
            .partition(|rule| priority(rule) == Some(at));
        for rules in [there, elsewhere] {
            let tags = calls::tags(&self.client, &rules).await?;
            let own = rules
                .iter()
                .zip(tags)
                .find_map(|(rule, tags)| own_of(rule, &tags, &wanted));
            if own.is_some() {
                return Ok(own);
            }
        }
        Ok(None)
    }

    /// The actions of the team's rule or listener.
    async fn base_actions(&self, alb: &AlbRoute) -> Result<Vec<Action>, Trouble> {
        match &alb.base {
            AlbBase::Rule(arn) => Ok(calls::rule(&self.client, arn).await?),
            AlbBase::Default(arn) => calls::default_actions(&self.client, arn).await,
        }
    }

    async fn take(
        &self,
        route: RouteRef<'_>,
        alb: &AlbRoute,
        sight: &Sight,
        step: Step,
        in_time: impl Fn() -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        match step {
            Step::Nothing => Ok(()),
            Step::Refuse(why) => Err(lasting(why)),
            Step::Create => self.create(route, alb, in_time).await,
            Step::Label { own } => {
                let tags = Label::wanted(route, alb).tags(own.guard_tags);
                in_time()?;
                fenced(calls::add_tags(&self.client, &own.arn, tags).await)
            }
            Step::Delete { arn } => {
                in_time()?;
                fenced(calls::delete_rule(&self.client, &arn).await)
            }
            Step::Modify {
                what,
                change,
                only_if,
            } => {
                let modify = Modify {
                    what,
                    change,
                    only_if,
                };
                self.modify(alb, sight, modify, in_time).await
            }
        }
    }

    /// Makes the rule of ours at 0 %: the base's conditions, transforms and actions, in which stable has all the weight.
    async fn create(
        &self,
        route: RouteRef<'_>,
        alb: &AlbRoute,
        in_time: impl Fn() -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        let AlbMode::Owned { priority: at } = alb.mode else {
            return Ok(());
        };
        let listener = listener_of(&alb.base);
        let rules = calls::rules(&self.client, &listener).await;
        let rules = rules.map_err(|why| WriteError::Trouble(why.into()))?;
        let base = base_rule(&rules, alb)
            .ok_or_else(|| lasting(format!("CreateRule: {} does not exist", name(alb))))?;
        let conditions = match &alb.base {
            AlbBase::Rule(_) => copied(base.conditions()),
            AlbBase::Default(_) => catch_all(),
        };
        check_place(alb, at, base, &rules, &conditions).map_err(lasting)?;
        let forward = check_base(alb, base).map_err(lasting)?;
        let actions = forwarding(base.actions(), &forward);
        let new = calls::NewRule {
            listener: &listener,
            priority: at,
            conditions,
            transforms: base.transforms().to_vec(),
            actions,
            tags: Label::wanted(route, alb).tags(0),
        };
        in_time()?;
        match calls::create_rule(&self.client, new).await {
            Err(Refused::PriorityInUse) => Err(lasting(format!(
                "CreateRule: PriorityInUse: another rule of {listener} has priority {at}; give the route a free one"
            ))),
            written => fenced(written),
        }
    }

    /// Gives a forward action other weights, with everything else in its list as it is now.
    async fn modify(
        &self,
        alb: &AlbRoute,
        sight: &Sight,
        modify: Modify,
        in_time: impl Fn() -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        let Modify {
            what,
            mut change,
            only_if,
        } = modify;
        let seen = match &what {
            What::Own(_) => sight.own.as_ref().and_then(|own| own.forward.as_ref()),
            What::Base => sight.base.forward(),
        };
        let raise = async {
            if !change.is_raise(alb, seen) {
                return Ok(None);
            }
            self.health(alb).await.map(Some)
        };
        let (actions, health) = join(self.actions_of(alb, &what), raise).await;
        let actions = actions?;
        let before = Forward::of(&actions);
        if matches!(&only_if, OnlyIf::Unchanged(seen) if *seen != before) {
            return Err(WriteError::Fenced);
        }
        if let Some(health) = health.map_err(WriteError::Trouble)? {
            change = checked(change, &what, alb, before.as_ref(), &health)?;
        }
        let forward = change.apply(alb, &what, before.as_ref()).map_err(lasting)?;
        let actions = forwarding(&actions, &forward);
        in_time()?;
        match (&what, &alb.base) {
            (What::Own(arn), _) => fenced(calls::modify_rule(&self.client, arn, actions).await),
            (What::Base, AlbBase::Rule(arn)) => {
                unfenced(calls::modify_rule(&self.client, arn, actions).await, alb)
            }
            (What::Base, AlbBase::Default(arn)) => unfenced(
                calls::modify_listener(&self.client, arn, actions).await,
                alb,
            ),
        }
    }

    async fn actions_of(&self, alb: &AlbRoute, what: &What) -> Result<Vec<Action>, WriteError> {
        match what {
            What::Own(arn) => match calls::rule(&self.client, arn).await {
                Err(calls::ReadError::Gone(_)) => Err(WriteError::Fenced),
                read => read.map_err(|error| WriteError::Trouble(error.into())),
            },
            What::Base => self.base_actions(alb).await.map_err(WriteError::Trouble),
        }
    }

    /// A rollback is never refused. Stable without targets answers 503, and a person should know why.
    async fn warn_of_stable(&self, alb: &AlbRoute) {
        match calls::side_soon(&self.client, &alb.stable).await {
            Ok(side) if side.healthy == 0 => tracing::warn!(
                target_group = alb.stable,
                targets = %side,
                "the target group that traffic goes back to has no healthy target"
            ),
            Ok(_) => {}
            Err(why) => tracing::warn!(
                target_group = alb.stable,
                error = %why,
                "whether the target group that traffic goes back to is healthy is not known"
            ),
        }
    }
}

/// One modification; see [`Step::Modify`].
struct Modify {
    what: What,
    change: Change,
    only_if: OnlyIf,
}

fn lasting(why: String) -> WriteError {
    WriteError::Trouble(Trouble::lasting(why))
}

fn in_time(deadline: Timestamp, now: Timestamp) -> Result<(), WriteError> {
    if now < deadline {
        return Ok(());
    }
    let why = format!("nothing was sent: the time for it was up at {deadline}");
    Err(WriteError::Trouble(Trouble::passing(why)))
}

/// The answer to a write of a rule of ours: if it is gone, that was the fence.
fn fenced(written: Result<(), Refused>) -> Result<(), WriteError> {
    written.map_err(|refused| match refused {
        Refused::RuleGone(_) => WriteError::Fenced,
        Refused::PriorityInUse => lasting("PriorityInUse".to_owned()),
        Refused::Trouble(trouble) => WriteError::Trouble(trouble),
    })
}

/// The answer to a write of what the team owns.
fn unfenced(written: Result<(), Refused>, alb: &AlbRoute) -> Result<(), WriteError> {
    written.map_err(|refused| match refused {
        Refused::RuleGone(call) => lasting(format!("{call}: {} does not exist", name(alb))),
        Refused::PriorityInUse => lasting("PriorityInUse".to_owned()),
        Refused::Trouble(trouble) => WriteError::Trouble(trouble),
    })
}

/// The change that may be made now, with the targets as they are.
///
/// Targets are checked only while a rule uses their group. A canary that no rule uses yet is listed with weight 0 first,
/// in place of the raise, so that its checks begin; the raise comes when they have passed.
fn checked(
    change: Change,
    what: &What,
    alb: &AlbRoute,
    before: Option<&Forward>,
    health: &Health,
) -> Result<Change, WriteError> {
    if health.stable.healthy == 0 {
        tracing::warn!(
            target_group = alb.stable,
            targets = %health.stable,
            "stable has no healthy target"
        );
    }
    if health.canary.healthy > 0 {
        return Ok(change);
    }
    let is_listed = before.is_some_and(|forward| forward.lists(&alb.canary));
    match change {
        Change::Weigh(_) if *what == What::Base && health.canary.is_unused() && !is_listed => {
            Ok(Change::Weigh(Weight::ZERO))
        }
        Change::Weigh(_) | Change::Close | Change::Finish => {
            Err(WriteError::Trouble(Trouble::passing(format!(
                "the canary's target group has no healthy target: {}",
                health.canary
            ))))
        }
    }
}

/// A rule that goes first must take nothing but what the base would get.
fn check_place(
    alb: &AlbRoute,
    at: u16,
    base: &Rule,
    rules: &[Rule],
    conditions: &[aws_sdk_elasticloadbalancingv2::types::RuleCondition],
) -> Result<(), String> {
    let after = priority(base);
    if let Some(after) = after.filter(|after| *after <= at) {
        return Err(format!(
            "CreateRule: priority {at} is not before {}, which has {after}: the rule would never match",
            name(alb)
        ));
    }
    match passed_over(rules, at, after, conditions) {
        None => Ok(()),
        Some(rule) => Err(format!(
            "CreateRule: at priority {at} the rule would take requests from {} (priority {}), which stands before {}; \
             give the route a priority after it",
            rule.rule_arn().unwrap_or_default(),
            rule.priority().unwrap_or_default(),
            name(alb)
        )),
    }
}

/// What a rule made from the base forwards to, if making it changes nothing for anybody.
fn check_base(alb: &AlbRoute, base: &Rule) -> Result<Forward, String> {
    let Some(forward) = Forward::of(base.actions()) else {
        return Err(format!(
            "{} does not forward: it redirects or answers itself",
            name(alb)
        ));
    };
    let strangers: Vec<&str> = forward.strangers(alb).collect();
    if !strangers.is_empty() {
        return Err(with_strangers(alb, &strangers));
    }
    if needs_secret(base.actions()) {
        return Err(format!(
            "{} signs people in with OIDC: CreateRule wants the client's secret, which ELBv2 does not give out; \
             use the route in place",
            name(alb)
        ));
    }
    Ok(Forward::to_both(alb, Weight::ZERO, Some(&forward)))
}

/// The listener of a base: a rule's ARN tells it.
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

fn base_rule<'a>(rules: &'a [Rule], alb: &AlbRoute) -> Option<&'a Rule> {
    rules.iter().find(|rule| match &alb.base {
        AlbBase::Rule(arn) => rule.rule_arn() == Some(arn),
        AlbBase::Default(_) => rule.is_default() == Some(true),
    })
}

/// A rule as ours, if its tags say so: for this base, by a rollout of this service.
fn own_of(rule: &Rule, tags: &[Tag], wanted: &Label) -> Option<Own> {
    let label = Label::read(tags)?;
    if label.base != wanted.base || label.owner.service != wanted.owner.service {
        return None;
    }
    Some(Own {
        arn: rule.rule_arn()?.to_owned(),
        forward: Forward::of(rule.actions()),
        label: if label == *wanted {
            Labelled::Rightly
        } else {
            Labelled::AsBefore
        },
        guard_tags: guard_tags(tags),
    })
}

fn found_by(label: Label, priority: u16) -> Found {
    let base = if label.base.contains(":listener-rule/") {
        AlbBase::Rule(label.base)
    } else {
        AlbBase::Default(label.base)
    };
    Found {
        owner: label.owner,
        name: label.name,
        route: Route::Alb(AlbRoute {
            base,
            mode: AlbMode::Owned { priority },
            stable: label.stable,
            canary: label.canary,
        }),
    }
}
