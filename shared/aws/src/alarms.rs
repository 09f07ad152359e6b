//! States of alarms, by `DescribeAlarms`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::{
    Client,
    operation::describe_alarms::DescribeAlarmsOutput,
    primitives::DateTime,
    types::{AlarmType, CompositeAlarm, EvaluationState, MetricAlarm, StateValue},
};
use domain::{
    event::{AlarmReading, AlarmState},
    name::AlarmArn,
    time::{SignedDuration, Timestamp, later},
};
use engine::{ports, trouble::Trouble};
use futures_util::future::join_all;

use crate::{
    arn_parts::ArnParts,
    trouble::{code, trouble},
};

#[cfg(test)]
mod tests;

/// Names in one call (`DescribeAlarms`).
const NAMES_MAX: usize = 100;
/// What one page holds at most, so that one is enough.
const RECORDS_MAX: i32 = 100;
/// Pages of one call; a page that is cut short is the exception.
const PAGES_MAX: usize = 10;

/// What IAM calls the right, as `DescribeAlarms` misses it.
const DENIED: [&str; 2] = ["AccessDenied", "AccessDeniedException"];

/// Alarms of the client's region and account.
#[derive(Debug, Clone)]
pub struct Alarms {
    client: Client,
}

/// All that is known about an alarm: whether it can be relied on, besides its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// What the engine reads of it.
    pub reading: AlarmReading,
    /// Whether its actions are carried out. `EventBridge` hears of it either way.
    pub actions: Actions,
    /// What it tells when it goes off.
    pub targets: Vec<String>,
    /// How it is evaluated now, if `CloudWatch` has something to say about that.
    pub evaluation: Option<Evaluation>,
    /// Until when it cannot go off because it was made or changed a short while ago.
    pub warm_up_until: Option<Timestamp>,
    /// What it is.
    pub kind: Kind,
}

/// Whether an alarm's actions are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actions {
    /// They are.
    Enabled,
    /// `ActionsEnabled=false`: it changes its state and tells no topic and no function.
    Disabled,
}

/// What hampers an alarm's evaluation (`EvaluationState`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evaluation {
    /// Not all of its data could be had.
    PartialData,
    /// It is set up wrongly.
    Error,
    /// `CloudWatch` has a problem.
    Failure,
    /// Something that is not known yet.
    Other(String),
}

/// What an alarm watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Metrics, or math on them.
    Metric,
    /// Other alarms.
    Composite,
}

/// An alarm as it was described.
#[derive(Debug, Clone)]
struct Described {
    arn: String,
    inspection: Inspection,
}

/// Every alarm that was found, by its name, or why none could be looked for.
type Found = BTreeMap<String, Result<Described, String>>;

impl Alarms {
    /// Alarms that a client can read.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// All that is known about each alarm, in their order; the error says why there is nothing.
    pub async fn inspect(&self, alarms: &[AlarmArn]) -> Vec<Result<Inspection, String>> {
        let region = self.client.config().region().map(ToString::to_string);
        let names: Vec<Result<&str, String>> = alarms
            .iter()
            .map(|arn| name_of(arn, region.as_deref()))
            .collect();
        let wanted: BTreeSet<&str> = names.iter().flatten().copied().collect();
        let wanted: Vec<&str> = wanted.into_iter().collect();
        let described = wanted.chunks(NAMES_MAX).map(|names| self.describe(names));
        let found: Found = join_all(described).await.into_iter().flatten().collect();
        alarms
            .iter()
            .zip(names)
            .map(|(arn, name)| found_as(arn, name?, &found))
            .collect()
    }

    async fn describe(&self, names: &[&str]) -> Found {
        match self.pages(names).await {
            Ok(found) => found,
            Err(trouble) => names
                .iter()
                .map(|name| ((*name).to_owned(), Err(trouble.what.clone())))
                .collect(),
        }
    }

    async fn pages(&self, names: &[&str]) -> Result<Found, Trouble> {
        let mut found = Found::new();
        let mut next = None;
        for _ in 0..PAGES_MAX {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            let page = self
                .client
                .describe_alarms()
                .set_alarm_names(Some(names))
                // Without them composite alarms are left out. Alarms on logs are not asked for: a region that does
                // not have them yet would refuse the word, and with it all.
                .alarm_types(AlarmType::MetricAlarm)
                .alarm_types(AlarmType::CompositeAlarm)
                .max_records(RECORDS_MAX)
                .set_next_token(next)
                .send()
                .await;
            let mut page = page.map_err(|error| {
                let mut trouble = trouble("DescribeAlarms", &error);
                if code(&error).is_some_and(|code| DENIED.contains(&code)) {
                    trouble
                        .what
                        .push_str("; who asks lacks cloudwatch:DescribeAlarms");
                }
                trouble
            })?;
            next = page.next_token.take();
            found.extend(described(page));
            if next.is_none() {
                return Ok(found);
            }
        }
        let what = format!("DescribeAlarms was not complete after {PAGES_MAX} pages");
        Err(Trouble::passing(what))
    }
}

impl ports::Alarms for Alarms {
    async fn read(&self, alarms: &[AlarmArn]) -> Vec<AlarmReading> {
        let inspected = self.inspect(alarms).await.into_iter();
        inspected
            .map(|inspected| match inspected {
                Ok(inspection) => inspection.reading,
                Err(why) => AlarmReading::Unreadable(why),
            })
            .collect()
    }
}

/// What to ask for; an alarm of another region is not taken for one of the same name here.
fn name_of<'a>(arn: &'a AlarmArn, region: Option<&str>) -> Result<&'a str, String> {
    let parts = ArnParts::of("cloudwatch", arn.as_str());
    let name = parts.and_then(ArnParts::alarm);
    match (parts, name, region) {
        (Some(parts), Some(_), Some(here)) if parts.region != here => Err(format!(
            "{arn} is in {}, and alarms are read in {here}",
            parts.region
        )),
        (Some(_), Some(name), _) => Ok(name),
        (Some(_) | None, _, _) => Err(format!("{arn} is no alarm's ARN")),
    }
}

/// What was found under a name, if it is the alarm that was meant.
fn found_as(arn: &AlarmArn, name: &str, found: &Found) -> Result<Inspection, String> {
    let described = found
        .get(name)
        .ok_or_else(|| format!("the alarm {arn} does not exist"))?;
    let described = described.clone()?;
    if described.arn == arn.as_str() {
        Ok(described.inspection)
    } else {
        Err(format!(
            "the alarm {arn} does not exist here; {} does, in another account",
            described.arn
        ))
    }
}

fn described(
    page: DescribeAlarmsOutput,
) -> impl Iterator<Item = (String, Result<Described, String>)> {
    let metric = page.metric_alarms.unwrap_or_default();
    let composite = page.composite_alarms.unwrap_or_default();
    metric
        .into_iter()
        .filter_map(of_metric)
        .chain(composite.into_iter().filter_map(of_composite))
        .map(|(name, described)| (name, Ok(described)))
}

fn of_metric(alarm: MetricAlarm) -> Option<(String, Described)> {
    let warm_up = alarm.warm_up_configuration.as_ref();
    let minutes = warm_up.and_then(|warm_up| warm_up.warm_up_period_duration_in_minutes);
    let changed = alarm.alarm_configuration_updated_timestamp.as_ref();
    let changed = changed.and_then(timestamp);
    let warm_up_until = changed
        .zip(minutes)
        .map(|(changed, minutes)| later(changed, SignedDuration::from_mins(i64::from(minutes))));
    let inspection = Inspection {
        reading: reading(
            alarm.state_value.as_ref(),
            [
                alarm.state_transitioned_timestamp.as_ref(),
                alarm.state_updated_timestamp.as_ref(),
            ],
            alarm.state_reason,
        ),
        actions: actions(alarm.actions_enabled),
        targets: alarm.alarm_actions.unwrap_or_default(),
        evaluation: alarm.evaluation_state.as_ref().map(evaluation),
        warm_up_until,
        kind: Kind::Metric,
    };
    let arn = alarm.alarm_arn?;
    Some((alarm.alarm_name?, Described { arn, inspection }))
}

fn of_composite(alarm: CompositeAlarm) -> Option<(String, Described)> {
    let inspection = Inspection {
        reading: reading(
            alarm.state_value.as_ref(),
            [
                alarm.state_transitioned_timestamp.as_ref(),
                alarm.state_updated_timestamp.as_ref(),
            ],
            alarm.state_reason,
        ),
        actions: actions(alarm.actions_enabled),
        targets: alarm.alarm_actions.unwrap_or_default(),
        evaluation: None,
        warm_up_until: None,
        kind: Kind::Composite,
    };
    let arn = alarm.alarm_arn?;
    Some((alarm.alarm_name?, Described { arn, inspection }))
}

/// A state that is not known, or not since when, is not read.
///
/// The first time is `StateTransitionedTimestamp`: the instant that the event of the change carries, so that an event
/// and a reading of one change are one. `StateUpdatedTimestamp` moves whenever the state is evaluated anew or its
/// evaluation state changes, and would make an old reading look newer than a later event; it stands in where the other
/// is missing.
fn reading(
    state: Option<&StateValue>,
    times: [Option<&DateTime>; 2],
    reason: Option<String>,
) -> AlarmReading {
    let state = match state {
        Some(StateValue::Ok) => AlarmState::Ok,
        Some(StateValue::Alarm) => AlarmState::Alarm,
        Some(StateValue::InsufficientData) => AlarmState::InsufficientData,
        Some(other) => {
            return AlarmReading::Unreadable(format!("its state is {other}, which is not known"));
        }
        None => return AlarmReading::Unreadable("it has no state".to_owned()),
    };
    match times.into_iter().flatten().find_map(timestamp) {
        Some(since) => AlarmReading::State {
            state,
            since,
            reason: reason.unwrap_or_default(),
        },
        None => AlarmReading::Unreadable("it does not say since when it is so".to_owned()),
    }
}

fn actions(enabled: Option<bool>) -> Actions {
    if enabled == Some(false) {
        Actions::Disabled
    } else {
        Actions::Enabled
    }
}

fn evaluation(state: &EvaluationState) -> Evaluation {
    match state.as_str() {
        "PARTIAL_DATA" => Evaluation::PartialData,
        "EVALUATION_ERROR" => Evaluation::Error,
        "EVALUATION_FAILURE" => Evaluation::Failure,
        other => Evaluation::Other(other.to_owned()),
    }
}

pub(crate) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    let nanos = i32::try_from(time.subsec_nanos()).ok()?;
    Timestamp::new(time.secs(), nanos).ok()
}
