//! Weights: the canary's share of a route, and the epochs that order decisions about it.

use std::{collections::BTreeMap, fmt};

use crate::name::RouteName;

/// The canary's share of a route, in tenths of a percent: 0 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Weight(u16);

impl Weight {
    /// Everything on stable.
    pub const ZERO: Self = Self(0);
    /// Everything on the canary.
    pub const FULL: Self = Self(1000);

    /// A weight of so many tenths of a percent, if there is one.
    #[must_use]
    pub const fn from_permille(permille: u16) -> Option<Self> {
        if permille <= 1000 {
            Some(Self(permille))
        } else {
            None
        }
    }

    /// The nearest weight to a share between 0 and 1, of `part` in `whole`; none of nothing is zero.
    #[must_use]
    pub const fn nearest(part: u64, whole: u64) -> Self {
        if whole == 0 {
            return Self::ZERO;
        }
        if part >= whole {
            return Self::FULL;
        }
        let permille = (part as u128 * 2000 + whole as u128) / (2 * whole as u128);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "part < whole, so at most 1000"
        )]
        Self(permille as u16)
    }

    /// Tenths of a percent.
    #[must_use]
    pub const fn permille(self) -> u16 {
        self.0
    }

    /// Stable's share: what is left.
    #[must_use]
    pub const fn rest(self) -> Self {
        Self(1000 - self.0)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.0.is_multiple_of(10) {
            format!("{}%", self.0 / 10)
        } else {
            format!("{}.{}%", self.0 / 10, self.0 % 10)
        };
        f.pad(&text)
    }
}

/// A weight for each route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Weights(BTreeMap<RouteName, Weight>);

impl Weights {
    /// The same weight for each of the routes.
    #[must_use]
    pub fn all<'a>(routes: impl IntoIterator<Item = &'a RouteName>, weight: Weight) -> Self {
        routes
            .into_iter()
            .map(|route| (route.clone(), weight))
            .collect()
    }

    /// The canary's share of a route; a route that is not named has none.
    #[must_use]
    pub fn get(&self, route: &RouteName) -> Weight {
        self.0.get(route).copied().unwrap_or_default()
    }

    /// Changes the weight of one route.
    pub fn set(&mut self, route: RouteName, weight: Weight) {
        self.0.insert(route, weight);
    }

    /// Every route with its weight, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&RouteName, Weight)> {
        self.0.iter().map(|(route, weight)| (route, *weight))
    }

    /// Whether any route has more weight here than there.
    #[must_use]
    pub fn raises_over(&self, other: &Self) -> bool {
        self.iter().any(|(route, weight)| weight > other.get(route))
    }

    /// The weight that all routes have, if they have the same.
    #[must_use]
    pub fn uniform(&self) -> Option<Weight> {
        let mut all = self.0.values();
        let first = all.next().copied().unwrap_or_default();
        all.all(|weight| *weight == first).then_some(first)
    }

    /// Whether every route is wholly on stable.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.values().all(|weight| *weight == Weight::ZERO)
    }
}

impl FromIterator<(RouteName, Weight)> for Weights {
    fn from_iter<I: IntoIterator<Item = (RouteName, Weight)>>(weights: I) -> Self {
        Self(weights.into_iter().collect())
    }
}

impl fmt::Display for Weights {
    /// One share if all routes have the same, else each with its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(weight) = self.uniform() {
            return write!(f, "{weight}");
        }
        for (n, (route, weight)) in self.0.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{route} {weight}")?;
        }
        Ok(())
    }
}

/// Grows with every decision about the weights, and never goes back, over all rollouts of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch of the next decision.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// An epoch that no decision has been given or will soon be given: what the gate is closed with when the
    /// store cannot be asked which is the newest.
    #[must_use]
    pub const fn leap(self) -> Self {
        Self(self.0.saturating_add(EPOCHS_LEAPT))
    }
}

/// More than can be decided while the store and the routes are out of step: one decision a second would have
/// to go unanswered for twelve days.
const EPOCHS_LEAPT: u64 = 1 << 20;

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_reads_as_a_percentage() {
        let show = |permille| Weight::from_permille(permille).map(|w| w.to_string());
        assert_eq!(show(0).as_deref(), Some("0%"));
        assert_eq!(show(5).as_deref(), Some("0.5%"));
        assert_eq!(show(250).as_deref(), Some("25%"));
        assert_eq!(show(1000).as_deref(), Some("100%"));
        assert_eq!(show(1001), None);
    }

    #[test]
    fn the_nearest_weight_rounds_and_never_invents_a_share() {
        assert_eq!(Weight::nearest(1, 20).permille(), 50);
        assert_eq!(Weight::nearest(1, 3).permille(), 333);
        assert_eq!(Weight::nearest(0, 0), Weight::ZERO);
        assert_eq!(Weight::nearest(0, 7), Weight::ZERO);
        assert_eq!(Weight::nearest(7, 0), Weight::ZERO);
        assert_eq!(Weight::nearest(7, 7), Weight::FULL);
        assert_eq!(Weight::nearest(u64::MAX - 1, u64::MAX).permille(), 1000);
    }

    #[test]
    fn weights_are_closed_when_every_route_is() {
        let routes = ["a", "b"].map(|name| RouteName::new(name).unwrap());
        let mut weights = Weights::all(&routes, Weight::ZERO);
        assert!(weights.is_closed());
        weights.set(routes[1].clone(), Weight(1));
        assert!(!weights.is_closed());
    }

    #[test]
    fn an_epoch_is_written_as_its_number() {
        assert_eq!(Epoch(41).next().to_string(), "42");
    }
}
