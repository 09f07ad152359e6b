//! What was seen of a route, which is its fence, and the one call that brings it a step nearer to a goal.
//!
//! Nothing here talks to AWS: what is to be called follows from what was read, the same way every time.

use domain::{
    plan::route::{AlbBase, AlbMode, AlbRoute},
    target::{Carrier, Goal, Leftover, Propagation, Seen},
    time::SignedDuration,
    traffic::Weight,
};
use engine::ports::FenceToken;
use serde::{Deserialize, Serialize};

use super::actions::Forward;

/// What was seen of a route; a write shows it to prove what it was decided on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sight {
    /// The team's rule or default action.
    pub(super) base: Base,
    /// The rule of ours that stands before it.
    pub(super) own: Option<Own>,
}

/// The team's rule or default action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Base {
    /// It does not exist.
    Gone,
    /// It redirects, or answers itself.
    Elsewhere,
    /// It forwards.
    Forwards(Forward),
}

impl Base {
    pub(super) fn of(forward: Option<Forward>) -> Self {
        forward.map_or(Self::Elsewhere, Self::Forwards)
    }

    pub(super) fn forward(&self) -> Option<&Forward> {
        match self {
            Self::Forwards(forward) => Some(forward),
            Self::Gone | Self::Elsewhere => None,
        }
    }
}

/// A rule of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Own {
    /// Its ARN: the fence. A deleted rule's ARN is never another's.
    pub(super) arn: String,
    /// Where it forwards to, unless somebody has made it answer itself.
    pub(super) forward: Option<Forward>,
    /// Whether its tags say what they should.
    pub(super) label: Labelled,
    /// How many tags hold its guards.
    pub(super) guard_tags: usize,
}

/// Whether a rule's tags say what they should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Labelled {
    /// They do.
    Rightly,
    /// They are those of the rollout that this one has superseded, or of other guards.
    AsBefore,
}

/// The next call for a goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// There is nothing to do.
    Nothing,
    /// `CreateRule`, at 0 %.
    Create,
    /// `AddTags`.
    Label { own: Own },
    /// `ModifyRule` or `ModifyListener`.
    Modify {
        what: What,
        change: Change,
        only_if: OnlyIf,
    },
    /// `DeleteRule`.
    Delete { arn: String },
    /// Not done, for a reason that a person can act on.
    Refuse(String),
}

/// What is modified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// The rule of ours with this ARN.
    Own(String),
    /// What the team owns.
    Base,
}

/// How a forward action changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The canary at a weight, both sides listed.
    Weigh(Weight),
    /// The canary out of the list.
    Close,
    /// The canary alone.
    Finish,
}

/// What the forward action must still be for it to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OnlyIf {
    /// Anything: going back to stable wins over whoever wrote in between.
    Anything,
    /// What it was seen to be: somebody may have closed the gate in between.
    Unchanged(Option<Forward>),
}

impl Sight {
    pub(super) fn token(&self) -> FenceToken {
        // Maps with text keys, lists and numbers: it cannot fail.
        FenceToken(serde_json::to_string(self).unwrap_or_default())
    }

    pub(super) fn parse(token: &FenceToken) -> Option<Self> {
        serde_json::from_str(&token.0).ok()
    }

    /// What the engine is told.
    pub(super) fn seen(&self, route: &AlbRoute, settle: SignedDuration) -> Seen {
        let share = |forward: Option<&Forward>| {
            forward.map_or(Weight::ZERO, |forward| forward.share(&route.canary))
        };
        let base = share(self.base.forward());
        let (weight, carrier, leftover) = match (route.mode, &self.own) {
            (AlbMode::Owned { .. }, Some(own)) => {
                let carrier = if own.is_ready(route) {
                    Carrier::Ready
                } else {
                    Carrier::Missing
                };
                (share(own.forward.as_ref()), carrier, Leftover::Some)
            }
            (AlbMode::Owned { .. }, None) => (base, Carrier::Missing, self.cookies(route)),
            (AlbMode::InPlace, _) => (base, Carrier::Ready, self.listed(route)),
        };
        Seen {
            weight,
            base,
            carrier,
            leftover,
            epoch: None,
            propagation: Propagation::Done,
            settle,
        }
    }

    /// In place, the side that has nothing must not even be listed: a cookie that names it would be honoured.
    fn listed(&self, route: &AlbRoute) -> Leftover {
        let is_left = self.base.forward().is_some_and(|forward| {
            if forward.share(&route.canary) == Weight::FULL {
                forward.lists(&route.stable)
            } else {
                forward.lists(&route.canary)
            }
        });
        if is_left {
            Leftover::Some
        } else {
            Leftover::None
        }
    }

    /// The base is the team's: a side that it lists at weight 0 is left alone unless there are cookies.
    fn cookies(&self, route: &AlbRoute) -> Leftover {
        let is_left = self.base.forward().is_some_and(|forward| {
            forward.exposes(&route.canary) && forward.exposes(&route.stable)
        });
        if is_left {
            Leftover::Some
        } else {
            Leftover::None
        }
    }

    /// The next call for a goal.
    pub(super) fn step(&self, route: &AlbRoute, goal: Goal) -> Step {
        match route.mode {
            AlbMode::Owned { .. } => self.step_owned(route, goal),
            AlbMode::InPlace => {
                let (change, only_if) = match goal {
                    Goal::Prepared => (Change::Weigh(Weight::ZERO), OnlyIf::Anything),
                    Goal::Weight(weight) => weigh(route, self.base.forward(), weight),
                    Goal::Restored => (Change::Close, OnlyIf::Anything),
                    Goal::Finished => (Change::Finish, self.base_unchanged()),
                };
                Step::Modify {
                    what: What::Base,
                    change,
                    only_if,
                }
            }
        }
    }

    fn step_owned(&self, route: &AlbRoute, goal: Goal) -> Step {
        match (goal, &self.own) {
            // At 0 %, whatever the goal: weight is given once it is there.
            (Goal::Prepared, None) => Step::Create,
            (Goal::Weight(weight), None) if weight > Weight::ZERO => Step::Create,
            // Without a rule of ours only the base can have a weight, and that is to be none.
            (Goal::Weight(_), None) => self.close_base(route).unwrap_or(Step::Nothing),
            (Goal::Prepared, Some(own)) if own.label == Labelled::AsBefore => {
                Step::Label { own: own.clone() }
            }
            (Goal::Weight(weight), Some(own))
                if weight > Weight::ZERO && own.label == Labelled::AsBefore =>
            {
                Step::Label { own: own.clone() }
            }
            (Goal::Weight(weight), Some(_)) if weight > Weight::ZERO && self.base == Base::Gone => {
                Step::Refuse(format!(
                    "{} is gone, there is no way back to it",
                    name(route)
                ))
            }
            (Goal::Prepared, Some(own)) => {
                own.modify(Change::Weigh(Weight::ZERO), OnlyIf::Anything)
            }
            (Goal::Weight(weight), Some(own)) => {
                let (change, only_if) = weigh(route, own.forward.as_ref(), weight);
                own.modify(change, only_if)
            }
            (Goal::Restored, own) => self.restore(route, own.as_ref()),
            (Goal::Finished, own) => self.finish(route, own.as_ref()),
        }
    }

    fn base_unchanged(&self) -> OnlyIf {
        OnlyIf::Unchanged(self.base.forward().cloned())
    }

    fn close_base(&self, route: &AlbRoute) -> Option<Step> {
        let forward = self.base.forward()?;
        forward.exposes(&route.canary).then_some(Step::Modify {
            what: What::Base,
            change: Change::Close,
            only_if: OnlyIf::Anything,
        })
    }

    /// The base first: whatever the deleted rule uncovers is as it should be.
    fn restore(&self, route: &AlbRoute, own: Option<&Own>) -> Step {
        if let Some(step) = self.close_base(route) {
            return step;
        }
        match own {
            None => Step::Nothing,
            // Without the base, what a deleted rule uncovers is anything: stable is served from ours, and a person told.
            Some(own) if self.base == Base::Gone => {
                if own
                    .forward
                    .as_ref()
                    .is_some_and(|forward| forward.lists(&route.canary))
                {
                    own.modify(Change::Close, OnlyIf::Anything)
                } else {
                    Step::Refuse(format!(
                        "{} is gone: {} serves stable in its stead and is not deleted",
                        name(route),
                        own.arn
                    ))
                }
            }
            Some(own) => Step::Delete {
                arn: own.arn.clone(),
            },
        }
    }

    /// The base first here too: the rule goes when there is nothing more for it to hide.
    fn finish(&self, route: &AlbRoute, own: Option<&Own>) -> Step {
        let is_flipped = self.base.forward().is_some_and(|forward| {
            forward.share(&route.canary) == Weight::FULL && !forward.exposes(&route.stable)
        });
        match own {
            _ if self.base == Base::Gone => Step::Refuse(format!(
                "{} is gone, the canary cannot take it over",
                name(route)
            )),
            _ if !is_flipped => Step::Modify {
                what: What::Base,
                change: Change::Finish,
                only_if: self.base_unchanged(),
            },
            Some(own) => Step::Delete {
                arn: own.arn.clone(),
            },
            None => Step::Nothing,
        }
    }
}

/// A raise is made only of what was seen; a lower weight, of anything.
fn weigh(route: &AlbRoute, acting: Option<&Forward>, weight: Weight) -> (Change, OnlyIf) {
    let before = acting.map_or(Weight::ZERO, |forward| forward.share(&route.canary));
    let only_if = if weight > before {
        OnlyIf::Unchanged(acting.cloned())
    } else {
        OnlyIf::Anything
    };
    (Change::Weigh(weight), only_if)
}

impl Own {
    /// It carries weight for this route: it is labelled so, and lists nobody else's groups.
    fn is_ready(&self, route: &AlbRoute) -> bool {
        let strange = |forward: &Forward| forward.strangers(route).next().is_some();
        self.label == Labelled::Rightly && !self.forward.as_ref().is_some_and(strange)
    }

    fn modify(&self, change: Change, only_if: OnlyIf) -> Step {
        Step::Modify {
            what: What::Own(self.arn.clone()),
            change,
            only_if,
        }
    }
}

impl Change {
    /// Whether the canary would get more than it has.
    pub(super) fn is_raise(self, route: &AlbRoute, before: Option<&Forward>) -> bool {
        let share = before.map_or(Weight::ZERO, |forward| forward.share(&route.canary));
        match self {
            Self::Weigh(weight) => weight > share,
            Self::Close => false,
            Self::Finish => share < Weight::FULL,
        }
    }

    /// Where the action forwards to after the change, or why it is not made.
    pub(super) fn apply(
        self,
        route: &AlbRoute,
        what: &What,
        before: Option<&Forward>,
    ) -> Result<Forward, String> {
        match (what, self) {
            // A rule of ours is ours, whatever somebody has made of it.
            (What::Own(_), Self::Close) => Ok(Forward::to_one(&route.stable)),
            (What::Own(_), Self::Weigh(weight)) => Ok(Forward::to_both(route, weight, before)),
            (What::Own(_), Self::Finish) => Ok(Forward::to_one(&route.canary)),
            (What::Base, change) => {
                let before = before.ok_or_else(|| {
                    format!(
                        "{} does not forward: it redirects or answers itself",
                        name(route)
                    )
                })?;
                change.apply_to_base(route, before)
            }
        }
    }

    fn apply_to_base(self, route: &AlbRoute, before: &Forward) -> Result<Forward, String> {
        let strangers: Vec<&str> = before.strangers(route).collect();
        match self {
            // A rollback is never refused.
            Self::Close => Ok(before.closed(route)),
            Self::Weigh(_) | Self::Finish if !strangers.is_empty() => {
                Err(with_strangers(route, &strangers))
            }
            Self::Weigh(weight) => Ok(Forward::to_both(route, weight, Some(before))),
            Self::Finish => Ok(Forward::to_one(&route.canary)),
        }
    }
}

pub(super) fn with_strangers(route: &AlbRoute, strangers: &[&str]) -> String {
    format!(
        "{} forwards to a target group that is neither stable nor canary: {}",
        name(route),
        strangers.join(", ")
    )
}

/// What a message calls the base.
pub(super) fn name(route: &AlbRoute) -> String {
    match &route.base {
        AlbBase::Rule(arn) => format!("the base rule {arn}"),
        AlbBase::Default(arn) => format!("the default action of {arn}"),
    }
}

#[cfg(test)]
mod tests;
