//! Target health: whether there is anybody to answer on either side.
//!
//! A weighted action does not fail over (`ELBv2` rule actions): a group with only unhealthy targets gets its share all
//! the same, and one without targets answers 503.

use std::{collections::BTreeMap, fmt};

use aws_sdk_elasticloadbalancingv2::types::{
    TargetHealthDescription, TargetHealthReasonEnum, TargetHealthStateEnum,
};

/// The targets of both sides of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Of the target group that serves today.
    pub stable: Side,
    /// Of the target group that is introduced.
    pub canary: Side,
}

/// The targets of one group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Side {
    /// How many are registered and not on their way out.
    pub registered: usize,
    /// How many of those answer, as far as anybody knows.
    pub healthy: usize,
    /// How many are not checked because no rule uses their group yet.
    pub unused: usize,
    /// How many are in each state, as `ELBv2` calls it.
    pub states: BTreeMap<String, usize>,
}

impl Side {
    pub(super) fn of(targets: &[TargetHealthDescription]) -> Self {
        let mut side = Self::default();
        for target in targets {
            let Some(health) = target.target_health() else {
                continue;
            };
            let Some(state) = health.state() else {
                continue;
            };
            let count = side.states.entry(state.as_str().to_owned()).or_default();
            *count = count.saturating_add(1);
            let one = |is: bool| usize::from(is);
            // Being drained is being deregistered.
            side.registered += one(*state != TargetHealthStateEnum::Draining);
            // Functions, and groups without checks, are `unavailable`: nothing is known against them.
            side.healthy += one(matches!(
                state,
                TargetHealthStateEnum::Healthy | TargetHealthStateEnum::Unavailable
            ));
            side.unused += one(health.reason() == Some(&TargetHealthReasonEnum::NotInUse));
        }
        side
    }

    /// Whether none is checked yet, because no rule uses the group.
    pub(super) fn is_unused(&self) -> bool {
        self.unused > 0 && self.unused == self.registered
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.states.is_empty() {
            return f.write_str("none is registered");
        }
        for (n, (state, count)) in self.states.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {state}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::TargetHealth;
    use expect_test::{Expect, expect};

    use super::*;

    fn check(states: &[(&str, Option<&str>)], expected: &Expect) {
        let targets: Vec<TargetHealthDescription> = states
            .iter()
            .map(|(state, reason)| {
                let health = TargetHealth::builder()
                    .state(TargetHealthStateEnum::from(*state))
                    .set_reason(reason.map(TargetHealthReasonEnum::from));
                TargetHealthDescription::builder()
                    .target_health(health.build())
                    .build()
            })
            .collect();
        let side = Side::of(&targets);
        let Side {
            registered,
            healthy,
            ..
        } = side;
        let unused = side.is_unused();
        expected.assert_eq(&format!(
            "{side}; {healthy} of {registered}, unused {unused}"
        ));
    }

    #[test]
    fn targets_are_counted_by_what_they_are() {
        check(&[], &expect!["none is registered; 0 of 0, unused false"]);
        check(
            &[("healthy", None), ("unhealthy", None), ("initial", None)],
            &expect!["1 healthy, 1 initial, 1 unhealthy; 1 of 3, unused false"],
        );
        check(
            &[("draining", None), ("unhealthy.draining", None)],
            &expect!["1 draining, 1 unhealthy.draining; 0 of 1, unused false"],
        );
        check(
            &[("unavailable", Some("Target.HealthCheckDisabled"))],
            &expect!["1 unavailable; 1 of 1, unused false"],
        );
        let unused = ("unused", Some("Target.NotInUse"));
        check(&[unused, unused], &expect!["2 unused; 0 of 2, unused true"]);
        check(
            &[unused, ("healthy", None)],
            &expect!["1 healthy, 1 unused; 1 of 2, unused false"],
        );
        // A state that this SDK does not know is nobody's health.
        check(
            &[("resting", None)],
            &expect!["1 resting; 0 of 1, unused false"],
        );
    }
}
