//! The guarding alarms: they exist, are not red, have data, and act.

use aws::alarms::{Actions, Evaluation, Inspection};
use domain::{
    event::{AlarmReading, AlarmState},
    name::AlarmArn,
    plan::{
        Plan,
        severity::{AlarmGuard, InsufficientData},
    },
    rollout::alarm_name,
};

use super::{super::Account, Check};

/// Looks at each alarm of a plan.
pub(super) async fn look(plan: &Plan, account: &impl Account) -> Vec<Check> {
    let arns: Vec<AlarmArn> = plan.alarms.iter().map(|guard| guard.arn.clone()).collect();
    if arns.is_empty() {
        let next = "an alarm of severity critical closes the gate within seconds";
        return vec![Check::warning("alarms", "the plan names none", next)];
    }
    let found = account.alarms(&arns).await;
    let guards = plan.alarms.iter().zip(found);
    guards.map(|(guard, found)| judge(guard, found)).collect()
}

fn judge(guard: &AlarmGuard, found: Result<Inspection, String>) -> Check {
    let what = format!("alarm {}", alarm_name(&guard.arn));
    let inspection = match found {
        Ok(inspection) => inspection,
        Err(why) => {
            let next = "is the ARN right, with its region and account, and may you read it?";
            return Check::problem(&what, why, next);
        }
    };
    match &inspection.reading {
        AlarmReading::State { state, .. } => {
            let state = state_of(&what, guard, *state);
            state.unwrap_or_else(|| reliance(&what, guard, &inspection))
        }
        AlarmReading::Unreadable(why) => {
            Check::warning(&what, why.clone(), "look at it in the console")
        }
    }
}

/// What its state stands in the way of.
fn state_of(what: &str, guard: &AlarmGuard, state: AlarmState) -> Option<Check> {
    match (state, guard.insufficient_data) {
        (AlarmState::Alarm, _) => Some(Check::problem(
            what,
            format!("it is in ALARM ({})", guard.severity),
            "a start is refused while it is red, unless `start --reason` overrides it",
        )),
        (AlarmState::InsufficientData, InsufficientData::Alarm) => Some(Check::problem(
            what,
            "it has no data",
            "the plan takes that for ALARM; a start is refused, unless `start --reason` overrides it",
        )),
        (AlarmState::InsufficientData, InsufficientData::Hold) => Some(Check::problem(
            what,
            "it has no data",
            "nothing advances until it has, and a start is refused, unless `start --reason` overrides it",
        )),
        (AlarmState::InsufficientData, InsufficientData::Ignore) | (AlarmState::Ok, _) => None,
    }
}

/// Whether it would tell when something is wrong.
fn reliance(what: &str, guard: &AlarmGuard, inspection: &Inspection) -> Check {
    if inspection.actions == Actions::Disabled {
        return Check::warning(
            what,
            "its actions are switched off",
            "its events still come; switch them on (`aws cloudwatch enable-alarm-actions`)",
        );
    }
    if let Some(until) = inspection.warm_up_until {
        let says = format!("it cannot go off before {until}, while it warms up");
        return Check::warning(what, says, "start after that");
    }
    match &inspection.evaluation {
        None => Check::ok(what, format!("{}, and is not red", guard.severity)),
        Some(Evaluation::Error) => Check::problem(
            what,
            "it is set up wrongly, so CloudWatch cannot evaluate it",
            "look at it in the console",
        ),
        Some(Evaluation::PartialData | Evaluation::Failure | Evaluation::Other(_)) => {
            Check::warning(
                what,
                "CloudWatch has trouble evaluating it",
                "look at it in the console",
            )
        }
    }
}
