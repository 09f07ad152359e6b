//! What makes a plan unsound, though every part of it is well formed.

use domain::{
    name::{GroupName, HookName, MetricName},
    plan::{
        METRICS_MAX, PHASES_MAX, Plan, PlanHash,
        gate::{Limit, Otherwise},
        metric::{Absent, CloudWatchMetric, Metric, Source},
    },
    quantity::{Dimension, Quantity},
    traffic::Weights,
};
use expect_test::{Expect, expect};

use crate::plans::{MINUTE, approval, few_errors, phase, plan, route, watch, weight};

#[track_caller]
fn check(change: impl FnOnce(&mut Plan), expected: &Expect) {
    let mut plan = plan();
    change(&mut plan);
    let unsound = plan.check().err().unwrap_or_default();
    let said: Vec<String> = unsound.iter().map(ToString::to_string).collect();
    expected.assert_eq(&said.join("\n"));
}

fn name(name: &str) -> MetricName {
    MetricName::new(name).unwrap()
}

fn complaints() -> Metric {
    Metric {
        source: Source::CloudWatch(Box::new(CloudWatchMetric {
            namespace: "Support".to_owned(),
            name: "Complaints".to_owned(),
            statistic: "Sum".to_owned(),
            dimension: Dimension::Count,
            micros_in_unit: 1_000_000,
            canary: std::collections::BTreeMap::new(),
            stable: None,
            absent: Absent::Zero,
        })),
        window: MINUTE,
        min_requests: 0,
    }
}

#[test]
fn a_plan_that_fits_together_is_sound() {
    check(|_| {}, &expect![[""]]);
}

#[test]
fn there_is_something_to_move_and_a_last_phase_that_moves_all_of_it() {
    check(
        |plan| plan.routes.clear(),
        &expect![[r#"
        a plan needs at least one route
        there is no route `web`
        there is no route `web`
        there is no route `web`"#]],
    );
    check(
        |plan| plan.phases.clear(),
        &expect!["a plan needs at least one phase"],
    );
    check(
        |plan| drop(plan.phases.pop()),
        &expect!["the last phase must bring every route to 100%, `web` stays at 50%"],
    );
}

#[test]
fn there_are_not_too_many_of_anything() {
    let full = |plan: &mut Plan| plan.phases = vec![phase("all", 100); PHASES_MAX];
    check(full, &expect![[""]]);
    let more = |plan: &mut Plan| plan.phases = vec![phase("all", 100); PHASES_MAX + 1];
    check(more, &expect!["a plan has at most 32 phases, this has 33"]);
    let metrics = |plan: &mut Plan| {
        let more = (0..METRICS_MAX).map(|n| (name(&format!("m{n}")), complaints()));
        plan.metrics.extend(more);
    };
    check(
        metrics,
        &expect!["a plan has at most 64 metrics, this has 65"],
    );
}

#[test]
fn what_is_named_is_declared() {
    let metric = |plan: &mut Plan| plan.metrics.clear();
    check(
        metric,
        &expect![[r#"
        there is no metric `error_rate`
        there is no metric `error_rate`
        there is no metric `error_rate`
        there is no metric `error_rate`
        there is no metric `error_rate`
        there is no metric `error_rate`"#]],
    );
    let hook = |plan: &mut Plan| plan.phases[0].before = vec![HookName::new("warm").unwrap()];
    check(hook, &expect!["there is no hook `warm`"]);
    let group = |plan: &mut Plan| {
        let mut approval = approval(1, Otherwise::Hold);
        approval.from.push(GroupName::new("nobody").unwrap());
        plan.phases[0].approval = Some(approval);
    };
    check(group, &expect!["there is no group `nobody`"]);
    let unknown = |plan: &mut Plan| {
        plan.phases[0].weights = Weights::all([&route("elsewhere")], weight(5));
    };
    check(unknown, &expect!["there is no route `elsewhere`"]);
}

#[test]
fn a_condition_compares_things_of_one_kind_wherever_it_stands() {
    let slow = |plan: &mut Plan| {
        let second = Quantity::new(1_000_000, Dimension::Time);
        plan.phases[1].require[0].limit = Limit::Fixed(second);
    };
    check(
        slow,
        &expect!["`error_rate` is compared with something of another kind"],
    );
    let in_watch = |plan: &mut Plan| {
        let mut watch = watch();
        watch.rollback[0].metric = name("latency");
        plan.watch = Some(watch);
    };
    check(in_watch, &expect!["there is no metric `latency`"]);
}

#[test]
fn what_has_no_stable_is_not_compared_with_it() {
    let like_stable = |metric: &str| {
        let mut condition = few_errors();
        condition.metric = name(metric);
        condition.limit = Limit::Stable { factor_milli: 1100 };
        condition
    };
    let with_complaints = |plan: &mut Plan| {
        plan.metrics.insert(name("complaints"), complaints());
        plan.phases[0].require = vec![like_stable("complaints"), like_stable("error_rate")];
    };
    check(
        with_complaints,
        &expect!["`complaints` is compared with something of another kind"],
    );
}

#[test]
fn a_plans_hash_reads_the_same_everywhere() {
    let hash = PlanHash([0x0a; 32]);
    assert_eq!(hash.to_string(), "0a".repeat(32));
    assert_eq!(format!("{hash:?}"), hash.to_string());
}
