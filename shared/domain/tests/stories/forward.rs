//! The way forward.

use expect_test::expect;

use crate::{
    plans::plan,
    story::{Do, check},
};

#[test]
fn a_rollout_goes_its_way() {
    check(
        plan(),
        &[
            ("0:00", Do::Reached),
            ("0:01", Do::Sweep),
            ("0:30", Do::Sweep),
            ("1:02", Do::Sweep),
            ("2:04", Do::Sweep),
            ("3:06", Do::Sweep),
        ],
        &expect![[r#"
             0:00 tidegate: every route is ready
             0:01 tidegate: phase canary entered [0% → 5%]
             0:01 tidegate: the weights of phase canary are in effect from 2026-03-03T00:02:00Z
             1:02 tidegate: the gate of phase canary passed (error_rate < 0.1%: pass (0.05%, 600 samples))
             1:02 tidegate: phase half entered [5% → 50%]
             1:02 tidegate: the weights of phase half are in effect from 2026-03-03T01:03:00Z
             2:04 tidegate: the gate of phase half passed (error_rate < 0.1%: pass (0.05%, 600 samples))
             2:04 tidegate: phase all entered [50% → 100%]
             2:04 tidegate: the weights of phase all are in effect from 2026-03-03T02:05:00Z
             3:06 tidegate: the gate of phase all passed (error_rate < 0.1%: pass (0.05%, 600 samples))
             3:06 tidegate: making the canary the new stable
             3:06 tidegate: completed
                = completed at 100%, waits for nothing: the rollout has ended
        "#]],
    );
}
