//! The metrics of a sweep.

use aws::telemetry::{Measured, Metric, Unit};
use domain::{judge::Verdict, name::RolloutId, rollout::Rollout, time::Timestamp};
use engine::trouble::EngineError;

/// One visit of a sweep.
type Visit = (RolloutId, Result<Rollout, EngineError>);

/// That there was a sweep, and of how many: what the alarm on a sweep that stands still looks at.
pub(crate) fn of_sweep(visits: &[Visit], now: Timestamp) -> Measured {
    let failed = visits.iter().filter(|(_, visited)| visited.is_err());
    Measured {
        at: now,
        of: Vec::new(),
        metrics: vec![
            Metric::count("Sweeps", 1),
            Metric::count("ActiveRollouts", visits.len()),
            Metric::count("FailedVisits", failed.count()),
        ],
        beside: Vec::new(),
    }
}

/// That a visit failed.
pub(crate) fn of_failure(id: &RolloutId, now: Timestamp) -> Measured {
    Measured {
        at: now,
        of: vec![("Service", id.service.to_string())],
        metrics: vec![Metric::count("Errors", 1)],
        beside: vec![("rollout", id.to_string())],
    }
}

/// Where a rollout stands, and the canary's share of each route.
pub(crate) fn of_rollout(rollout: &Rollout, now: Timestamp) -> Vec<Measured> {
    let service = || ("Service", rollout.id.service.to_string());
    let beside = || {
        vec![
            ("rollout", rollout.id.to_string()),
            ("status", rollout.status.name().to_owned()),
        ]
    };
    let phase = rollout.phase.map_or(0, |index| index.saturating_add(1));
    let drift = rollout
        .routes
        .values()
        .filter(|route| route.drift.is_some());
    let mut metrics = vec![
        Metric {
            unit: Unit::None,
            ..Metric::count("Phase", phase)
        },
        Metric::count("Drift", drift.count()),
        Metric::count("Holds", rollout.holds.len()),
        Metric::count("Incidents", rollout.holding_incidents().count()),
        Metric::count("Errors", 0),
    ];
    metrics.extend(verdicts(rollout));
    let mut all = vec![Measured {
        at: now,
        of: vec![service()],
        metrics,
        beside: beside(),
    }];
    all.extend(rollout.plan.routes.keys().map(|route| Measured {
        at: now,
        of: vec![service(), ("Route", route.to_string())],
        metrics: vec![Metric {
            name: "CanaryWeight",
            unit: Unit::Percent,
            value: f64::from(rollout.desired.get(route).permille()) / 10.0,
        }],
        beside: beside(),
    }));
    all
}

/// How many of the required conditions were last found to be how.
fn verdicts(rollout: &Rollout) -> [Metric; 4] {
    let mut counts = [0; 4];
    let tallies = rollout.gate.iter().flat_map(|gate| &gate.tallies);
    for finding in tallies.filter_map(|tally| tally.last.as_ref()) {
        let place = match finding.verdict {
            Verdict::Pass => 0,
            Verdict::Fail => 1,
            Verdict::Inconclusive(_) => 2,
            Verdict::Error(_) => 3,
        };
        counts[place] += 1;
    }
    let [passed, failed, inconclusive, unmeasured] = counts;
    [
        Metric::count("VerdictsPass", passed),
        Metric::count("VerdictsFail", failed),
        Metric::count("VerdictsInconclusive", inconclusive),
        Metric::count("VerdictsError", unmeasured),
    ]
}
