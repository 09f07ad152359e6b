//! The guarding alarms: they exist, are not red, have data, and act.

use aws::inspect::{Acts, AlarmFacts};
use domain::{
    event::AlarmState,
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
    match account.alarms(&arns).await {
        Ok(found) => {
            let guards = plan.alarms.iter().zip(found);
            guards.map(|(guard, facts)| judge(guard, facts)).collect()
        }
        Err(trouble) => vec![Check::unseen("alarms", &trouble)],
    }
}

fn judge(guard: &AlarmGuard, facts: Option<AlarmFacts>) -> Check {
    let what = format!("alarm {}", alarm_name(&guard.arn));
    let Some(facts) = facts else {
        let next = "is the ARN right, with its region and account?";
        return Check::problem(&what, "there is no such alarm", next);
    };
    match facts.state {
        Some(AlarmState::Alarm) => {
            let next = "a start is refused while it is red, unless `start --reason` overrides it";
            return Check::problem(&what, format!("it is in ALARM ({})", guard.severity), next);
        }
        Some(AlarmState::InsufficientData) => match guard.insufficient_data {
            InsufficientData::Alarm => {
                let next = "the plan takes that for ALARM; a start is refused";
                return Check::problem(&what, "it has no data", next);
            }
            InsufficientData::Hold => {
                let next = "nothing advances until it has, as the plan says";
                return Check::warning(&what, "it has no data", next);
            }
            InsufficientData::Ignore => {}
        },
        Some(AlarmState::Ok) => {}
        None => {
            let next = "look at it in the console";
            return Check::warning(&what, "its state is none that is known here", next);
        }
    }
    match facts.acts {
        Acts::Disabled => Check::warning(
            &what,
            "its actions are switched off",
            "its events still come; switch them on (`aws cloudwatch enable-alarm-actions`)",
        ),
        Acts::Enabled => Check::ok(&what, format!("{}, and is not red", guard.severity)),
    }
}
