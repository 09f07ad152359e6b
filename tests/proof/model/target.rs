//! A route as its provider keeps it, with the fence that each kind of route has.

use domain::{
    plan::route::{AlbBase, AlbMode, AlbRoute, LambdaAliasRoute, RecordType, Route, Route53Route},
    target::{Carrier, Goal, Leftover, Propagation, Seen},
    time::SignedDuration,
    traffic::{Epoch, Weight},
};
use engine::ports::{FenceToken, Target as Read, Write};

/// How a target keeps an old write from hurting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fence {
    /// A rule of our own: a write names the rule, and a rollback deletes it.
    OwnedRule,
    /// A record that carries the epoch: replaced in the same batch as the weights, and gone with the last.
    Epoch,
    /// A revision id that a write must name.
    Revision,
    /// None: the last writer wins.
    LastWriterWins,
}

impl Fence {
    pub(crate) const ALL: [Self; 4] = [
        Self::OwnedRule,
        Self::Epoch,
        Self::Revision,
        Self::LastWriterWins,
    ];

    /// A route of the plan that has this fence.
    pub(crate) fn route(self) -> Route {
        let text = str::to_owned;
        match self {
            Self::OwnedRule | Self::LastWriterWins => Route::Alb(AlbRoute {
                base: AlbBase::Rule(text("rule")),
                mode: if self == Self::OwnedRule {
                    AlbMode::Owned { priority: 1 }
                } else {
                    AlbMode::InPlace
                },
                stable: text("stable"),
                canary: text("canary"),
            }),
            Self::Epoch => Route::Route53(Route53Route {
                zone: text("zone"),
                name: text("name"),
                types: [RecordType::A].into(),
                stable: text("stable"),
                canary: text("canary"),
                ttl: SignedDuration::ZERO,
            }),
            Self::Revision => Route::LambdaAlias(LambdaAliasRoute {
                function: text("function"),
                alias: text("alias"),
                stable: text("1"),
                canary: text("2"),
            }),
        }
    }
}

/// What the provider keeps.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) fence: Fence,
    /// The canary's weight; for an owned rule, the rule's.
    pub(crate) weight: Weight,
    /// Whether what carries the weight is there.
    pub(crate) carrier: Carrier,
    /// The canary's share of the base rule: all of it once the rollout is finished.
    pub(crate) base: Weight,
    /// Counts what the fence compares: rules made, epochs written, revisions.
    pub(crate) mark: u64,
    /// The epoch that it carries, where it carries one.
    pub(crate) epoch: Epoch,
}

impl Target {
    pub(crate) const fn new(fence: Fence) -> Self {
        Self {
            fence,
            weight: Weight::ZERO,
            carrier: match fence {
                Fence::OwnedRule | Fence::Epoch => Carrier::Missing,
                Fence::Revision | Fence::LastWriterWins => Carrier::Ready,
            },
            base: Weight::ZERO,
            mark: 0,
            epoch: Epoch(0),
        }
    }

    /// Whether the target itself tells of which decision it is.
    const fn carries_epoch(&self) -> bool {
        match self.fence {
            Fence::Epoch => matches!(self.carrier, Carrier::Ready),
            Fence::Revision => true,
            Fence::OwnedRule | Fence::LastWriterWins => false,
        }
    }

    /// The canary's share of the traffic.
    pub(crate) fn served(&self) -> Weight {
        match (self.fence, self.carrier) {
            (Fence::OwnedRule, Carrier::Missing) => self.base,
            (Fence::OwnedRule | Fence::Epoch | Fence::Revision | Fence::LastWriterWins, _) => {
                self.weight
            }
        }
    }

    pub(crate) fn read(&self) -> Read {
        let leftover = match (self.fence, self.carrier) {
            (Fence::OwnedRule | Fence::Epoch, Carrier::Ready) => Leftover::Some,
            (Fence::OwnedRule | Fence::Epoch | Fence::Revision | Fence::LastWriterWins, _) => {
                Leftover::None
            }
        };
        Read {
            seen: Seen {
                weight: self.served(),
                base: self.base,
                carrier: self.carrier,
                leftover,
                epoch: self.carries_epoch().then_some(self.epoch),
                propagation: Propagation::Done,
                settle: SignedDuration::ZERO,
            },
            fence: FenceToken(self.mark.to_string()),
        }
    }

    /// Whether a write with this fence would still be taken.
    pub(crate) fn takes(&self, write: &Write) -> bool {
        let current = write.fence.0 == self.mark.to_string();
        match self.fence {
            Fence::LastWriterWins => true,
            Fence::Epoch | Fence::Revision => current,
            // Making a rule and writing the base rule need no rule of ours to be there.
            Fence::OwnedRule => match write.goal {
                Goal::Prepared => self.carrier == Carrier::Missing,
                Goal::Weight(_) => current && self.carrier == Carrier::Ready,
                Goal::Restored | Goal::Finished => true,
            },
        }
    }

    /// A write lands, if the fence lets it.
    pub(crate) fn land(&mut self, write: &Write) {
        if !self.takes(write) {
            return;
        }
        match self.fence {
            Fence::OwnedRule => self.land_on_rule(write),
            Fence::Epoch => {
                self.carrier = match write.goal {
                    Goal::Prepared | Goal::Weight(_) => Carrier::Ready,
                    Goal::Restored | Goal::Finished => Carrier::Missing,
                };
                self.mark += 1;
                self.epoch = write.epoch;
                self.weight = write.goal.weight();
            }
            Fence::Revision => {
                self.mark += 1;
                self.epoch = write.epoch;
                self.weight = write.goal.weight();
            }
            Fence::LastWriterWins => self.weight = write.goal.weight(),
        }
        if self.fence != Fence::OwnedRule {
            self.base = self.weight;
        }
    }

    fn land_on_rule(&mut self, write: &Write) {
        match write.goal {
            Goal::Prepared => {
                self.carrier = Carrier::Ready;
                self.weight = Weight::ZERO;
                self.mark += 1;
            }
            Goal::Weight(weight) => self.weight = weight,
            Goal::Restored | Goal::Finished if self.base != write.goal.weight() => {
                self.base = write.goal.weight();
            }
            Goal::Restored | Goal::Finished => {
                let named = write.fence.0 == self.mark.to_string();
                if named {
                    self.carrier = Carrier::Missing;
                    self.weight = Weight::ZERO;
                }
            }
        }
    }
}

impl Target {
    /// Whether a write can never be taken any more: marks only grow.
    pub(crate) fn is_dead(&self, write: &Write) -> bool {
        let past = write.fence.0 != self.mark.to_string();
        match self.fence {
            Fence::LastWriterWins => false,
            Fence::Epoch | Fence::Revision => past,
            Fence::OwnedRule => past && matches!(write.goal, Goal::Weight(_)),
        }
    }
}
