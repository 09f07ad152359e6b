//! Warnings: what is legal and dangerous. They look at plans without errors only.

use std::collections::BTreeSet;

use domain::{
    plan::{
        Plan,
        gate::{FourEyes, Otherwise},
        metric::{Absent, Source},
        phase::Phase,
        route::{Fence, Route},
        severity::Severity,
    },
    traffic::{Weight, Weights},
};

use crate::{
    condition::Written,
    decode::At,
    guard::entries,
    leaf::spell,
    phase::PhaseText,
    problem::{Code, Fault, Report},
    traffic,
    written::{PlanText, named},
};

/// A step of more than this, over all routes, is a large one: half of the traffic at once.
const STEP_MAX_PERMILLE: u64 = 500;

/// Says everything that is dangerous about a plan.
pub(crate) fn advise(written: &PlanText, plan: &Plan, report: &mut Report) {
    let cover = Cover::of(plan);
    if cover == Cover::Nothing
        && !plan.phases.iter().any(|phase| !phase.rollback.is_empty())
        && let Some(phases) = &written.phases
    {
        let fault = Fault::new(
            Code::NothingRollsBack,
            "nothing in this plan rolls it back by itself: no alarm, no incident rule, no `rollback` condition",
            "a `rollback` condition in each phase, or a critical alarm or incident rule",
            "add `rollback: [\"error_rate > 1% for 2m\"]` to the phases",
        );
        report.warn(&phases.heading, fault);
    } else {
        for (text, phase) in entries(&written.phases).zip(&plan.phases) {
            no_rollback_condition(text, phase, cover, report);
        }
    }
    let mut before = plan.all_at(Weight::ZERO);
    for (text, phase) in entries(&written.phases).zip(&plan.phases) {
        steps(text, &before, phase, report);
        bake_below_ttl(text, &before, phase, plan, report);
        no_expiry(&text.value, report);
        own_rollout(&text.value, phase, plan, report);
        before = phase.weights.clone();
    }
    unfenced(written, plan, report);
    absent_unknown(written, plan, report);
    traffic::advise(written, plan, report);
    unused(written, plan, report);
}

/// What rolls back in every phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    /// Conditions on metrics: as good as one in the phase itself.
    Conditions,
    /// Alarms only.
    Alarms,
    Nothing,
}

impl Cover {
    fn of(plan: &Plan) -> Self {
        let rolls_back = |severity: Severity| match severity {
            Severity::Critical => true,
            Severity::High => plan.severities.high.otherwise == Otherwise::Rollback,
            Severity::Medium => plan.severities.medium.otherwise == Otherwise::Rollback,
            Severity::Low => false,
        };
        if plan.incidents.iter().any(|rule| rolls_back(rule.severity)) {
            Self::Conditions
        } else if plan.alarms.iter().any(|alarm| rolls_back(alarm.severity)) {
            Self::Alarms
        } else {
            Self::Nothing
        }
    }
}

fn no_rollback_condition(text: &At<PhaseText>, phase: &Phase, cover: Cover, report: &mut Report) {
    if !phase.rollback.is_empty() || phase.weights.is_closed() {
        return;
    }
    let found = match cover {
        Cover::Conditions => return,
        Cover::Alarms => {
            "no condition rolls this phase back; only the plan's alarms can, if they watch the right thing"
        }
        Cover::Nothing => {
            "nothing rolls this phase back by itself: no condition of its own, no alarm and no incident rule"
        }
    };
    let fault = Fault::new(
        Code::NoRollbackCondition,
        found,
        "a condition that rolls back in every phase that has traffic",
        "add `rollback: [\"error_rate > 1% for 2m\"]` here, or a rule to `incidents.critical`",
    );
    report.warn(&text.value.heading(text), fault);
}

/// The mean weight of all routes: one of sixteen that goes to 100 % at once is a small step.
fn mean(weights: &Weights) -> u64 {
    let (sum, count) = weights.iter().fold((0, 0), |(sum, count), (_, weight)| {
        (sum + u64::from(weight.permille()), count + 1)
    });
    sum / std::cmp::max(count, 1)
}

fn steps(text: &At<PhaseText>, before: &Weights, phase: &Phase, report: &mut Report) {
    let (from, to) = (mean(before), mean(&phase.weights));
    let place = text.value.weights_heading(text);
    if to.saturating_sub(from) > STEP_MAX_PERMILLE {
        let fault = Fault::new(
            Code::BigStep,
            format!("a step from {before} to {}", phase.weights),
            "steps of at most half of the traffic, so that a fault that needs load shows before everyone has it",
            "add a phase in between",
        );
        report.warn(place, fault);
    }
    if let Some((route, weight)) = before
        .iter()
        .find(|(route, weight)| phase.weights.get(route) < *weight)
    {
        let fault = Fault::new(
            Code::WeightFalls,
            format!(
                "`{route}` falls from {weight} to {}",
                phase.weights.get(route)
            ),
            "weights that rise, or stay, from phase to phase",
            "order the phases by weight; to go back is what `rollback` is for",
        );
        report.warn(place, fault);
    }
}

fn bake_below_ttl(
    text: &At<PhaseText>,
    before: &Weights,
    phase: &Phase,
    plan: &Plan,
    report: &mut Report,
) {
    let slowest = plan
        .routes
        .iter()
        .filter(|(name, _)| phase.weights.get(name) != before.get(name))
        .filter_map(|(name, route)| match route {
            Route::Route53(records) => Some((records.ttl, name)),
            Route::Alb(_) | Route::LambdaAlias(_) => None,
        })
        .max();
    if let (Some((ttl, route)), Some(bake)) = (slowest, &text.value.bake)
        && bake.value < ttl
    {
        let fault = Fault::new(
            Code::BakeBelowTtl,
            format!(
                "the phase may end before resolvers have heard of it: `{route}` has a TTL of {}",
                spell(ttl)
            ),
            "a bake of several times the TTL",
            format!(
                "write `bake: {}` or longer, or lower the records' TTL first",
                spell(ttl * 5)
            ),
        );
        report.warn(&bake.place, fault);
    }
}

/// With no more approvers than are needed, nobody of them can start a rollout that is ever approved.
fn own_rollout(text: &PhaseText, phase: &Phase, plan: &Plan, report: &mut Report) {
    let (Some(written), Some(approval)) = (&text.approval, &phase.approval) else {
        return;
    };
    let members = approval
        .from
        .iter()
        .filter_map(|group| plan.groups.get(group));
    let people = members.flatten().map(|member| plan.person(member));
    let people: BTreeSet<_> = people.collect();
    if approval.four_eyes == FourEyes::Waived || people.len() > approval.needed as usize {
        return;
    }
    let fault = Fault::new(
        Code::OwnRollout,
        match people.len() {
            1 => {
                "there is one approver, who may not approve a rollout that they started".to_owned()
            }
            all => format!(
                "all {all} approvers are needed, and whoever of them starts a rollout may not approve it"
            ),
        },
        "more approvers than are needed, or a starter who is none of them",
        "add people to the groups, lower `needed`, or write `four_eyes: waived`",
    );
    report.warn(&written.heading, fault);
}

fn no_expiry(phase: &PhaseText, report: &mut Report) {
    if let Some(approval) = &phase.approval
        && approval.value.expires.is_none()
    {
        let fault = Fault::new(
            Code::NoExpiry,
            "this approval is waited for without end",
            "a time after which nobody is waited for any more",
            "add `expires: 24h` and `otherwise: hold` or `otherwise: rollback`",
        );
        report.warn(&approval.heading, fault);
    }
}

fn unfenced(written: &PlanText, plan: &Plan, report: &mut Report) {
    for (name, text) in named(&written.routes) {
        let unfenced = plan
            .routes
            .get(&name.value)
            .is_some_and(|route| route.fence() == Fence::LastWriterWins);
        let mode = text
            .as_ref()
            .and_then(|at| at.value.alb.as_ref()?.value.mode.as_ref());
        if let Some(mode) = mode.filter(|_| unfenced) {
            let fault = Fault::new(
                Code::Unfenced,
                "in this mode a write that was delayed can undo a rollback; Tidegate looks for that for seven minutes",
                "`mode: owned`, where the load balancer refuses such a write",
                "delete `mode: in_place` and give a `priority`, unless the listener has no room for one more rule",
            );
            report.warn(&mode.place, fault);
        }
    }
}

/// A sum that is compared with zero is usually of a metric that exists only when something happens.
fn absent_unknown(written: &PlanText, plan: &Plan, report: &mut Report) {
    for (name, text) in named(&written.metrics) {
        let Some(Source::CloudWatch(metric)) =
            plan.metrics.get(&name.value).map(|metric| &metric.source)
        else {
            continue;
        };
        let said = text
            .as_ref()
            .and_then(|at| at.value.cloudwatch.as_ref())
            .is_some_and(|at| at.value.absent.is_some());
        if said
            || metric.absent == Absent::Zero
            || !matches!(metric.statistic.as_str(), "Sum" | "SampleCount")
        {
            continue;
        }
        let fault = Fault::new(
            Code::AbsentUnknown,
            format!(
                "if CloudWatch has no data points of `{name}`, conditions on it never pass",
                name = name.value
            ),
            "the plan to say what no data means for a metric that counts things",
            "add `absent: zero` if it is published only when something happens, else `absent: unknown`",
        );
        report.warn(&name.place, fault);
    }
}

fn unused(written: &PlanText, plan: &Plan, report: &mut Report) {
    let metrics: BTreeSet<&str> = plan
        .conditions()
        .map(|condition| condition.metric.as_str())
        .collect();
    let hooks: BTreeSet<&str> = plan
        .phases
        .iter()
        .flat_map(|phase| phase.before.iter().chain(&phase.after))
        .chain(&plan.rollback.hooks)
        .map(domain::name::HookName::as_str)
        .collect();
    let groups: BTreeSet<&str> = plan
        .phases
        .iter()
        .filter_map(|phase| phase.approval.as_ref())
        .flat_map(|approval| &approval.from)
        .chain(plan.escalation.iter().flat_map(|level| &level.tell))
        .map(domain::name::GroupName::as_str)
        .collect();
    let declared_metrics = named(&written.metrics)
        .map(|(name, _)| ("metric", name.value.as_str(), &name.place, &metrics));
    let declared_hooks =
        named(&written.hooks).map(|(name, _)| ("hook", name.value.as_str(), &name.place, &hooks));
    let declared_groups = named(&written.groups)
        .map(|(name, _)| ("group", name.value.as_str(), &name.place, &groups));
    for (what, name, place, used) in declared_metrics
        .chain(declared_hooks)
        .chain(declared_groups)
    {
        if !used.contains(name) {
            let fault = Fault::new(
                Code::Unused,
                format!("nothing uses the {what} `{name}`"),
                format!("a {what} that is used, because one that is not was often meant to be"),
                "use it, or delete it",
            );
            report.warn(place, fault);
        }
    }
}

/// The conditions of a phase: first what it requires.
pub(crate) fn conditions(phase: &PhaseText) -> impl Iterator<Item = &At<Written>> {
    entries(&phase.require).chain(entries(&phase.rollback))
}
