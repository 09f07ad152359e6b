//! Lambda aliases: two versions and a revision.
//!
//! `UpdateAlias` takes the `RevisionId` that was read and refuses every other with
//! `PreconditionFailedException`; the additional version's weight is a share from 0 to 1; its `Description`
//! is free text and carries the epoch (Lambda API).

use std::collections::BTreeMap;

use domain::{
    plan::route::LambdaAliasRoute,
    target::{Carrier, Goal, Leftover, Propagation, Seen},
    time::SignedDuration,
    traffic::{Epoch, Weight},
};
use engine::ports::{FenceToken, Target, Write};

use super::wire::Served;

/// `PreconditionFailedException`, or an alias that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PreconditionFailed;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Alias {
    version: String,
    /// The other version and its weight, if there is one.
    additional: Option<(String, Weight)>,
    revision: u64,
    /// The epoch that the alias's description carries.
    epoch: Option<Epoch>,
}

/// Every function of the world.
#[derive(Debug, Default)]
pub(super) struct Functions {
    aliases: BTreeMap<(String, String), Alias>,
}

fn key(route: &LambdaAliasRoute) -> (String, String) {
    (route.function.clone(), route.alias.clone())
}

impl Functions {
    pub(super) fn install(&mut self, route: &LambdaAliasRoute) {
        let alias = Alias {
            version: route.stable.clone(),
            additional: None,
            revision: 1,
            epoch: None,
        };
        self.aliases.insert(key(route), alias);
    }

    fn share(&self, route: &LambdaAliasRoute) -> Weight {
        let Some(alias) = self.aliases.get(&key(route)) else {
            return Weight::ZERO;
        };
        let additional = match &alias.additional {
            Some((_, weight)) => *weight,
            None => Weight::ZERO,
        };
        if alias.version == route.canary {
            additional.rest()
        } else {
            additional
        }
    }

    pub(super) fn read(&self, route: &LambdaAliasRoute, settle: SignedDuration) -> Target {
        let alias = self.aliases.get(&key(route));
        let weight = self.share(route);
        let leftover = match alias.and_then(|alias| alias.additional.as_ref()) {
            Some(_) => Leftover::Some,
            None => Leftover::None,
        };
        Target {
            seen: Seen {
                weight,
                base: weight,
                carrier: Carrier::Ready,
                leftover,
                epoch: alias.map(|alias| alias.epoch.unwrap_or_default()),
                propagation: Propagation::Done,
                settle,
            },
            fence: FenceToken(alias.map_or(0, |alias| alias.revision).to_string()),
        }
    }

    /// `UpdateAlias` with the revision that was read.
    pub(super) fn write(
        &mut self,
        route: &LambdaAliasRoute,
        write: &Write,
    ) -> Result<(), PreconditionFailed> {
        let alias = self
            .aliases
            .get_mut(&key(route))
            .ok_or(PreconditionFailed)?;
        if write.fence.0 != alias.revision.to_string() {
            return Err(PreconditionFailed);
        }
        let (version, weight) = match write.goal {
            Goal::Prepared | Goal::Restored => (&route.stable, Weight::ZERO),
            Goal::Weight(weight) => (&route.stable, weight),
            Goal::Finished => (&route.canary, Weight::ZERO),
        };
        alias.version.clone_from(version);
        alias.additional = (weight > Weight::ZERO).then(|| (route.canary.clone(), weight));
        alias.revision = alias.revision.saturating_add(1);
        alias.epoch = Some(write.epoch);
        Ok(())
    }

    pub(super) fn served(&self, route: &LambdaAliasRoute) -> Served {
        Served {
            share: f64::from(self.share(route).permille()) / 1000.0,
            sticky: None,
        }
    }

    /// Somebody writes a weight himself, or hands the alias over with all of it.
    pub(super) fn by_hand(&mut self, route: &LambdaAliasRoute, weight: Weight) {
        if let Some(alias) = self.aliases.get_mut(&key(route)) {
            let full = weight == Weight::FULL;
            let version = if full { &route.canary } else { &route.stable };
            alias.version.clone_from(version);
            alias.additional =
                (!full && weight > Weight::ZERO).then(|| (route.canary.clone(), weight));
            alias.revision = alias.revision.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{time::Timestamp, traffic::Epoch};

    use super::*;

    #[test]
    fn a_stale_revision_is_refused() {
        let route = LambdaAliasRoute {
            function: "f".to_owned(),
            alias: "live".to_owned(),
            stable: "7".to_owned(),
            canary: "8".to_owned(),
        };
        let mut functions = Functions::default();
        functions.install(&route);
        let read = |functions: &Functions| functions.read(&route, SignedDuration::ZERO);
        let write = |goal, fence: &FenceToken| Write {
            goal,
            epoch: Epoch(1),
            fence: fence.clone(),
            deadline: Timestamp::MAX,
        };
        let tenth = Goal::Weight(Weight::from_permille(100).unwrap());
        let before = read(&functions).fence;
        functions.write(&route, &write(tenth, &before)).unwrap();
        assert!(read(&functions).seen.meets(tenth));
        let late = functions.write(&route, &write(tenth, &before));
        assert_eq!(late, Err(PreconditionFailed));
        let fence = read(&functions).fence;
        functions
            .write(&route, &write(Goal::Finished, &fence))
            .unwrap();
        assert!(read(&functions).seen.meets(Goal::Finished));
    }
}
