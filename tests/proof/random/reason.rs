//! Whether what a rollout did against itself had a reason in the world: a gate that goes back, holds or
//! raises an incident by its own fault is as broken as one that does not.

use domain::{
    ledger::{Actor, Entry, Fact},
    name::AlarmArn,
    plan::{
        gate::{Condition, Otherwise},
        hook::HookFailure,
        route::Fence,
        severity::Severity,
    },
    rollout::{Cause, IncidentSource, IncidentState, Rollout},
    time::{SignedDuration, Timestamp, earlier, later},
};
use sim::{
    Met,
    scenario::{Habit, Happening, Says},
};

use super::{
    clock::{Clock, DATA},
    oracle::failures_of_hook,
    run::Run,
    stand::Stand,
    truth::Word,
};

/// Between a measurement and the decision that is made on it.
const MEASURED_BEFORE: SignedDuration = SignedDuration::from_secs(25);

/// The longest that the box takes to answer a call.
const CALL_LASTS: SignedDuration = SignedDuration::from_secs(1);

/// How long a person's command may be on its way: five tries.
const ASKED_BEFORE: SignedDuration = SignedDuration::from_secs(112);

/// Checks every entry of a ledger that says that something is wrong.
pub(super) struct Reasons<'a> {
    run: &'a Run,
    clock: &'a Clock,
    stands: Vec<Stand>,
    wrong: Vec<String>,
}

impl<'a> Reasons<'a> {
    /// What was done without a reason, each in words.
    pub(super) fn lacking(run: &'a Run, clock: &'a Clock) -> Vec<String> {
        let mut reasons = Self {
            run,
            clock,
            stands: run.stands(),
            wrong: Vec::new(),
        };
        for entry in &run.ledger {
            reasons.check(entry);
        }
        reasons.wrong
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "whatever else a ledger says does not stop or send back a rollout"
    )]
    fn check(&mut self, entry: &Entry) {
        let reason = match &entry.fact {
            Fact::RollbackBegan { cause, .. } => self.of_rollback(entry, cause),
            Fact::IncidentOpened {
                source, severity, ..
            } => self.of_incident(entry, source, *severity),
            Fact::GateFailed { then, .. } => self.of_gate(entry, *then),
            Fact::GatePassed { .. } => self.of_passing(entry),
            Fact::HandClosed { route, found } | Fact::DriftFound { route, found, .. } => {
                Ok(self.run.was_configured(route, *found, entry.at))
            }
            Fact::Overdue { phase, within } => Ok(self.stand_at(entry.at).is_some_and(|stand| {
                let named = self.run.plan.phases.get(stand.phase);
                named.is_some_and(|named| named.name == *phase)
                    && later(stand.since, *within) <= entry.at
            })),
            _ => Ok(true),
        };
        match reason {
            Ok(true) => {}
            Ok(false) => self.wrong.push(format!("had no reason: {}", entry.fact)),
            Err(why) => self.wrong.push(format!("{why}: {}", entry.fact)),
        }
    }

    /// Where the rollout stood when something was decided, which may have been committed a little later.
    fn stand_at(&self, at: Timestamp) -> Option<&Stand> {
        let around = |stand: &&Stand| stand.from <= at && at <= stand.to;
        self.stands.iter().rev().find(around)
    }

    fn before(&self, at: Timestamp) -> Option<&Rollout> {
        self.run.head_at(earlier(at, SignedDuration::from_nanos(1)))
    }

    fn of_rollback(&self, entry: &Entry, cause: &Cause) -> Result<bool, &'static str> {
        let at = entry.at;
        Ok(match cause {
            Cause::Alarm(arn) => {
                if entry.actor != Actor::Alarm(arn.clone()) {
                    return Err("does not say by which alarm");
                }
                self.was_red(arn, Severity::Critical, at)
            }
            Cause::Condition(_) => {
                let Some(finding) = entry.evidence.first() else {
                    return Err("has no evidence");
                };
                let condition = &finding.condition;
                let critical = |(severity, of_plan): (Severity, &Condition)| {
                    severity == Severity::Critical && of_plan == condition
                };
                let stand = self.stand_at(at);
                let named = stand
                    .is_some_and(|stand| self.run.rollback_conditions(stand).contains(condition))
                    || self.run.incident_rules().any(critical);
                named
                    && self.was(condition, at, |word| {
                        word == Word::Holds || word == Word::Unclear
                    })
            }
            Cause::Person(who, _) => {
                self.was_asked(at, who.as_str(), |says| matches!(says, Says::Rollback(_)))
            }
            Cause::Aborted(who, _) => {
                self.was_asked(at, who.as_str(), |says| matches!(says, Says::Abort(_)))
            }
            Cause::IncidentOverdue(source) => self.before(at).is_some_and(|head| {
                head.incidents.iter().any(|(of_head, incident)| {
                    of_head.to_string() == *source && is_overdue(&incident.state, at)
                })
            }),
            Cause::NotApproved(_) => self.was_not_approved(at),
            Cause::GateFailed(_) => {
                let failed = |other: &&Entry| {
                    other.at == at && matches!(other.fact, Fact::GateFailed { .. })
                };
                self.run.ledger.iter().any(|other| failed(&other))
            }
            Cause::HookFailed(_) => self.has_failing_hook(),
        })
    }

    /// Whether a condition said so in a window that can have been measured for a decision.
    fn was(&self, condition: &Condition, at: Timestamp, said: fn(Word) -> bool) -> bool {
        let newest = self.run.minute(earlier(at, DATA));
        let oldest = self.run.minute(earlier(earlier(at, MEASURED_BEFORE), DATA));
        (oldest..=newest).any(|end| said(self.run.says(condition, end)))
    }

    /// Whether an alarm that guards with this severity was red, as far as can have been known.
    fn was_red(&self, arn: &AlarmArn, severity: Severity, at: Timestamp) -> bool {
        let mut guards = self.run.plan.alarms.iter();
        let guard = guards.find(|guard| guard.arn == *arn && guard.severity == severity);
        guard.is_some_and(|guard| {
            let red = self.run.red(guard);
            red.iter()
                .any(|(red, well)| *red <= at && self.clock.noticed(*well) >= at)
        })
    }

    fn was_asked(&self, at: Timestamp, by: &str, says_so: fn(&Says) -> bool) -> bool {
        self.run.happened.iter().any(|(when, what)| match what {
            Happening::Person { who, says } => {
                who == by && says_so(says) && *when <= at && at <= later(*when, ASKED_BEFORE)
            }
            Happening::Malady(_)
            | Happening::DataMismatch { .. }
            | Happening::Alarm { .. }
            | Happening::Hand { .. }
            | Happening::StoreOutage(_)
            | Happening::MetricsOutage(_) => false,
        })
    }

    fn was_not_approved(&self, at: Timestamp) -> bool {
        let refused = self.run.scenario.people.approve == Habit::Refuse;
        let rejected = self.was_asked(at, "ann@shop.example", |says| {
            matches!(says, Says::Reject(_))
        });
        let expired = self.before(at).is_some_and(|head| {
            let approval = head
                .current_phase()
                .and_then(|phase| phase.approval.as_ref());
            let asked = head.gate.as_ref().and_then(|gate| gate.asked);
            approval.zip(asked).is_some_and(|(approval, asked)| {
                approval.otherwise == Otherwise::Rollback
                    && approval
                        .expires
                        .is_some_and(|expires| later(asked, expires) <= at)
            })
        });
        refused || rejected || expired
    }

    fn has_failing_hook(&self) -> bool {
        self.run.plan.hooks.iter().any(|(name, hook)| {
            let failures = failures_of_hook(self.run, name);
            hook.on_failure == HookFailure::Gate(Otherwise::Rollback)
                && failures >= hook.attempts as usize
        })
    }

    fn of_incident(
        &self,
        entry: &Entry,
        source: &IncidentSource,
        severity: Severity,
    ) -> Result<bool, &'static str> {
        if let Actor::Alarm(arn) = &entry.actor {
            return Ok(self.was_red(arn, severity, entry.at));
        }
        if entry.evidence.is_empty() {
            return Err("has no evidence");
        }
        Ok(self.run.incident_rules().any(|(of_rule, condition)| {
            of_rule == severity
                && condition.to_string() == source.to_string()
                && self.was(condition, entry.at, |word| {
                    word == Word::Holds || word == Word::Unclear
                })
        }))
    }

    /// A gate fails if a condition failed, or could not be measured, more often than the plan bears.
    fn of_gate(&self, entry: &Entry, then: Otherwise) -> Result<bool, &'static str> {
        let Some(finding) = entry.evidence.first() else {
            return Err("has no evidence");
        };
        let Some((stand, limits)) = self
            .stand_at(entry.at)
            .and_then(|stand| Some((stand, self.run.limits(stand)?)))
        else {
            return Err("was in no phase");
        };
        let last = self.run.minute(earlier(entry.at, DATA));
        let ends = self.run.ends(stand, &finding.condition);
        let failing = ends
            .filter(|end| *end <= last)
            .filter(|end| {
                let word = self.run.says(&finding.condition, *end);
                word == Word::Fails || word == Word::Unclear
            })
            .count();
        let unmeasured = self.run.calls.iter().filter(|call| {
            call.call == "metrics.read"
                && (call.met != Met::Nothing || self.went_down_during(call.at))
                && stand.from <= call.at
                && call.at <= entry.at
        });
        let unmeasured = unmeasured.count();
        let over =
            |count: usize, limit: Option<u32>| limit.is_some_and(|limit| count > limit as usize);
        let reason = over(failing, limits.failures)
            || over(failing, limits.consecutive_failures)
            || over(unmeasured, limits.errors);
        Ok(reason && limits.then == then)
    }

    /// Whether the metrics' provider went down while a call was under way: the call met nothing, its answer did.
    fn went_down_during(&self, call: Timestamp) -> bool {
        self.run.happened.iter().any(|(when, what)| {
            matches!(what, Happening::MetricsOutage(_))
                && call <= *when
                && *when <= later(call, CALL_LASTS)
        })
    }

    /// No gate is passed on evidence that is not there: each condition held in a window of this phase, and
    /// not long ago.
    fn of_passing(&self, entry: &Entry) -> Result<bool, &'static str> {
        let Some(stand) = self.stand_at(entry.at) else {
            return Err("was in no phase");
        };
        let fresh = SignedDuration::from_mins(11);
        let newest = self.run.minute(earlier(entry.at, DATA));
        let oldest = self.run.minute(earlier(earlier(entry.at, DATA), fresh));
        let required = self.run.required(stand);
        Ok(required.iter().all(|condition| {
            let mut ends = self.run.ends(stand, condition);
            ends.any(|end| {
                let word = self.run.says(condition, end);
                (oldest..=newest).contains(&end) && (word == Word::Holds || word == Word::Unclear)
            })
        }))
    }
}

fn is_overdue(state: &IncidentState, at: Timestamp) -> bool {
    match state {
        IncidentState::Open { due, otherwise } => {
            *otherwise == Otherwise::Rollback && due.is_some_and(|due| due <= at)
        }
        IncidentState::Accepted { .. } => false,
    }
}

impl Run {
    /// Whether a route was so in the last seconds before an instant.
    fn was_configured(
        &self,
        route: &domain::name::RouteName,
        found: domain::traffic::Weight,
        at: Timestamp,
    ) -> bool {
        let earliest = earlier(at, MEASURED_BEFORE);
        let of_route = self
            .rewired
            .iter()
            .filter(|rewired| rewired.route == *route);
        let mut lasts: Vec<(Timestamp, domain::traffic::Weight)> =
            vec![(Timestamp::MIN, domain::traffic::Weight::ZERO)];
        lasts.extend(of_route.map(|rewired| (rewired.at, rewired.seen.weight)));
        lasts.iter().enumerate().any(|(index, (from, weight))| {
            let until = lasts
                .get(index + 1)
                .map_or(Timestamp::MAX, |(until, _)| *until);
            *weight == found && *from <= at && until >= earliest
        })
    }

    /// Whether every route refuses an old write.
    pub(super) fn is_fenced(&self, route: &domain::name::RouteName) -> bool {
        let route = self.plan.routes.get(route);
        route.is_some_and(|route| route.fence() == Fence::Refused)
    }
}
