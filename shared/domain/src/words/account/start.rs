//! What is told of a start: the whole plan, as far as people need it to know what is coming.

use std::collections::BTreeSet;

use super::{LIST_MAX, Scene, groups, names};
use crate::{
    name::RouteName,
    plan::{Plan, severity::Severity},
    rollout::{Origin, alarm_name},
    time::{SignedDuration, Timestamp, later, since},
    traffic::Weights,
    words::language::{Label, Planned, Value},
};

/// Digits of a plan's hash that tell two plans apart.
const HASH_SHOWN: usize = 12;

pub(super) fn started(scene: &Scene<'_>, origin: Origin, plan_hash: &str) -> Vec<(Label, Value)> {
    let rollout = scene.rollout;
    let plan = &rollout.plan;
    let hash: String = plan_hash.chars().take(HASH_SHOWN).collect();
    let mut known = vec![
        (Label::Service, Value::Text(plan.service.to_string())),
        (
            Label::StartedBy,
            Value::Text(rollout.started_by.to_string()),
        ),
        (Label::StartedAt, Value::Time(scene.now())),
    ];
    match origin {
        Origin::Fresh => {}
        Origin::Retry(number) => known.push((Label::Follows, Value::Retried(number))),
        Origin::Superseded(number) => known.push((Label::Follows, Value::TookOver(number))),
    }
    known.push((Label::Plan, Value::Text(hash)));
    known.push((
        Label::Routes,
        names(plan.routes.keys().map(RouteName::to_string)),
    ));
    let traffic = Value::Traffic {
        before: scene.entry.before.clone(),
        after: scene.entry.after.clone(),
    };
    known.push((Label::Traffic, traffic));
    phases(scene, &mut known);
    if let Some(watch) = &plan.watch {
        known.push((Label::Watch, Value::Span(watch.lasts)));
    }
    let deciders: BTreeSet<String> = plan
        .phases
        .iter()
        .filter_map(|phase| phase.approval.as_ref())
        .flat_map(|approval| groups(rollout, approval))
        .collect();
    if !deciders.is_empty() {
        known.push((Label::Deciders, names(deciders)));
    }
    known.extend(sends_back(plan).map(|back| (Label::SendsBack, back)));
    if !plan.notify.channels.is_empty() {
        let channels = plan.notify.channels.iter();
        known.push((
            Label::Channels,
            names(channels.map(|channel| channel.shown().to_owned())),
        ));
    }
    known
}

/// Every phase with the date on which it begins at the earliest, and how long it all takes at least.
fn phases(scene: &Scene<'_>, known: &mut Vec<(Label, Value)>) {
    let plan = &scene.rollout.plan;
    let mut weights = scene.entry.after.clone();
    let mut at = Some(scene.now());
    let mut rows = Vec::new();
    for (number, phase) in (1..).zip(&plan.phases) {
        at = at.and_then(|at| begins(plan, &weights, &phase.weights, at));
        let planned = Planned {
            phase: phase.clone(),
            from: at,
        };
        let label = Label::PhaseOfPlan(number, phase.name.clone());
        rows.push((label, Value::Planned(Box::new(planned))));
        at = at.map(|at| later(at, phase.bake));
        weights = phase.weights.clone();
    }
    let watched = plan
        .watch
        .as_ref()
        .map_or(SignedDuration::ZERO, |watch| watch.lasts);
    let ends = at.map(|at| later(at, watched));
    let bakes = plan.phases.iter().map(|phase| phase.bake);
    let least = match ends {
        Some(ends) => since(ends, scene.now()),
        None => bakes.fold(watched, SignedDuration::saturating_add),
    };
    known.push((Label::Least, Value::Least(least, ends)));
    known.extend(rows);
}

/// When a phase can begin at the earliest, if the calendar opens.
fn begins(plan: &Plan, before: &Weights, after: &Weights, at: Timestamp) -> Option<Timestamp> {
    if !after.raises_over(before) {
        return Some(at);
    }
    match plan.calendar.check(at) {
        Ok(()) => Some(at),
        Err(shut) => shut.opens,
    }
}

/// What sends traffic back without anybody's doing.
fn sends_back(plan: &Plan) -> Option<Value> {
    let critical = plan
        .alarms
        .iter()
        .filter(|guard| guard.severity == Severity::Critical);
    let alarms: Vec<String> = critical
        .map(|guard| alarm_name(&guard.arn).to_owned())
        .collect();
    let phases = plan.phases.iter().flat_map(|phase| &phase.rollback);
    let watch = plan.watch.iter().flat_map(|watch| &watch.rollback);
    let incidents = plan
        .incidents
        .iter()
        .filter(|rule| rule.severity == Severity::Critical)
        .map(|rule| &rule.condition);
    let mut conditions = Vec::new();
    for condition in phases.chain(watch).chain(incidents) {
        let condition = condition.to_string();
        if !conditions.contains(&condition) {
            conditions.push(condition);
        }
    }
    if alarms.is_empty() && conditions.is_empty() {
        return None;
    }
    let shown = alarms.len().min(LIST_MAX);
    let shown_conditions = conditions.len().min(LIST_MAX);
    Some(Value::SendsBack {
        more: (alarms.len() - shown) + (conditions.len() - shown_conditions),
        alarms: alarms.into_iter().take(LIST_MAX).collect(),
        conditions: conditions.into_iter().take(LIST_MAX).collect(),
    })
}
