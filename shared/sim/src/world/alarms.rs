//! Alarms: M of N data points, and a word only when the state changes.
//!
//! An alarm is evaluated every minute on the data that shows then, and its actions run only when it goes
//! from one state to another; missing data does not breach (`CloudWatch` alarm evaluation).

use std::collections::BTreeMap;

use domain::{
    event::{AlarmChange, AlarmReading, AlarmState},
    name::AlarmArn,
    plan::Plan,
    rollout::alarm_name,
    time::Timestamp,
};
use engine::ports::Alarms;

use super::{State, World, histogram::as_f64, provider::Sums};
use crate::scenario::{AlarmRule, Scenario};

/// How much of the requests an alarm on errors bears, if nobody says otherwise.
const ERRORS_BORNE: f64 = 0.05;

#[derive(Debug)]
struct Alarm {
    rule: AlarmRule,
    state: AlarmState,
    since: Timestamp,
    reason: String,
    /// The state that a step of the scenario has put it in.
    forced: Option<AlarmState>,
}

/// Every alarm of the world.
#[derive(Debug, Default)]
pub(crate) struct Board(BTreeMap<AlarmArn, Alarm>);

impl Board {
    /// The alarms that guard a plan's rollouts come to be.
    pub(super) fn install(&mut self, plan: &Plan, scenario: &Scenario, start: Timestamp) {
        let alarms = plan.alarms.iter().map(|guard| {
            let name = alarm_name(&guard.arn);
            let rule = scenario.alarms.get(name).copied().unwrap_or(AlarmRule {
                errors: name.contains("5xx").then_some(ERRORS_BORNE),
                ..AlarmRule::default()
            });
            let alarm = Alarm {
                rule,
                state: rule.starts,
                since: start,
                reason: "Unchecked: initial state".to_owned(),
                forced: None,
            };
            (guard.arn.clone(), alarm)
        });
        self.0.extend(alarms);
    }

    pub(crate) fn states(&self) -> BTreeMap<AlarmArn, AlarmState> {
        let states = self.0.iter();
        states
            .map(|(arn, alarm)| (arn.clone(), alarm.state))
            .collect()
    }

    /// A step of the scenario puts an alarm in a state, where it stays.
    pub(crate) fn force(&mut self, name: &str, state: AlarmState) {
        for (arn, alarm) in &mut self.0 {
            if alarm_name(arn) == name {
                alarm.forced = Some(state);
            }
        }
    }

    fn read(&self, arn: &AlarmArn) -> AlarmReading {
        match self.0.get(arn) {
            Some(alarm) => AlarmReading::State {
                state: alarm.state,
                since: alarm.since,
                reason: alarm.reason.clone(),
            },
            None => AlarmReading::Unreadable("there is no such alarm".to_owned()),
        }
    }
}

impl State {
    /// Looks at every alarm; what changed is to be told.
    pub(super) fn evaluate_alarms(&mut self, now: Timestamp) -> Vec<AlarmChange> {
        let arns: Vec<AlarmArn> = self.alarms.0.keys().cloned().collect();
        let mut changes = Vec::new();
        for arn in arns {
            let Some(alarm) = self.alarms.0.get(&arn) else {
                continue;
            };
            let (state, reason) = match alarm.forced {
                Some(state) => (state, "set by hand".to_owned()),
                None => self.evaluate(&alarm.rule, alarm.state, now),
            };
            if let Some(alarm) = self.alarms.0.get_mut(&arn)
                && alarm.state != state
            {
                alarm.state = state;
                alarm.since = now;
                alarm.reason.clone_from(&reason);
                changes.push(AlarmChange {
                    arn,
                    state,
                    at: now,
                    reason,
                });
            }
        }
        self.chronicle.alarms.extend(changes.iter().cloned());
        changes
    }

    fn evaluate(
        &self,
        rule: &AlarmRule,
        state: AlarmState,
        now: Timestamp,
    ) -> (AlarmState, String) {
        if rule.errors.is_none() && rule.p95.is_none() {
            return (state, "nothing is watched".to_owned());
        }
        let mut breaching = 0;
        for minute in self.provider.newest(now).take(rule.of) {
            let mut sums = Sums::default();
            for [canary, _] in minute.sides.values() {
                sums.requests += canary.requests;
                sums.server_errors += canary.server_errors;
                if rule.p95.is_some() {
                    sums.latency.add(&canary.latency);
                }
            }
            if breaches(rule, &sums) {
                breaching += 1;
            }
        }
        let state = if breaching >= rule.points {
            AlarmState::Alarm
        } else {
            AlarmState::Ok
        };
        let reason = format!("{breaching} of the last {} data points breach", rule.of);
        (state, reason)
    }
}

fn breaches(rule: &AlarmRule, sums: &Sums) -> bool {
    if sums.requests < rule.min_requests.max(1) {
        return false;
    }
    let ratio = as_f64(sums.server_errors) / as_f64(sums.requests);
    let slow = |limit| sums.latency.percentile(950).is_some_and(|p95| p95 > limit);
    rule.errors.is_some_and(|limit| ratio > limit) || rule.p95.is_some_and(slow)
}

impl Alarms for World {
    async fn read(&self, alarms: &[AlarmArn]) -> Vec<AlarmReading> {
        let read = self
            .look(
                "alarms.read",
                |trouble| trouble,
                |state, _| Ok(alarms.iter().map(|arn| state.alarms.read(arn)).collect()),
            )
            .await;
        let unreadable = |what: String| vec![AlarmReading::Unreadable(what); alarms.len()];
        read.unwrap_or_else(|trouble| unreadable(trouble.what))
    }
}
