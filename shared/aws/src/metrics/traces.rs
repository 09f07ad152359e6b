//! Measurements over time, for people to look at. Nothing is decided on them.

use domain::{
    judge::{Query, Side, Window},
    name::MetricName,
    plan::{Plan, metric::Metric},
    time::Timestamp,
};
use futures_util::future::join_all;

use super::{
    Metrics,
    calls::Call,
    recipe::Recipe,
    series::{Answers, Fetch, Points},
};

#[cfg(test)]
mod tests;

/// The most points of a line: a chart has not many more pixels.
const POINTS_MAX: i64 = 200;

/// How much time a point stands for, in seconds: multiples of what `CloudWatch` keeps that long (a minute for 15 days,
/// five for 63, an hour for 15 months; "Metrics retention").
const STEPS: [i64; 7] = [60, 300, 900, 3_600, 10_800, 21_600, 86_400];

/// Queries in one call (`GetMetricData`).
const QUERIES_MAX: usize = 500;

/// One side of a metric over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The metric of the plan.
    pub metric: MetricName,
    /// Which side.
    pub side: Side,
    /// Its values in the base unit, each with the beginning of the time that it stands for; or why there are none.
    pub points: Result<Points, String>,
}

impl Metrics {
    /// Metrics of a plan over a time, on both sides where there are two, in at most two hundred points each.
    pub async fn traces(&self, plan: &Plan, metrics: &[MetricName], span: Window) -> Vec<Trace> {
        let region = self.client.config().region().map(ToString::to_string);
        let (span, step) = stepped(span);
        let asked: Vec<Line<'_>> = lines(plan, metrics, span, step, region.as_deref());
        let mut fetches: Vec<Fetch> = asked
            .iter()
            .filter_map(|line| line.recipe.as_ref().ok())
            .flat_map(|recipe| recipe.needs().map(|(fetch, _)| fetch.clone()))
            .collect();
        fetches.sort_unstable();
        fetches.dedup();
        let calls = fetches.chunks(QUERIES_MAX).map(|some| {
            self.ask(Call {
                window: span,
                fetches: some.to_vec(),
            })
        });
        let answers: Answers = join_all(calls).await.into_iter().flatten().collect();
        traced(asked, &answers, step)
    }
}

/// One side of a metric, and how it is asked for.
struct Line<'a> {
    metric: MetricName,
    side: Side,
    recipe: Result<Recipe<'a>, String>,
}

fn lines<'a>(
    plan: &'a Plan,
    metrics: &[MetricName],
    span: Window,
    step: i64,
    region: Option<&str>,
) -> Vec<Line<'a>> {
    let has_stable = |name: &MetricName| plan.metrics.get(name).is_some_and(Metric::has_stable);
    let sides = metrics.iter().flat_map(|metric| {
        let stable = has_stable(metric).then_some((metric, Side::Stable));
        std::iter::once((metric, Side::Canary)).chain(stable)
    });
    sides
        .map(|(metric, side)| {
            let query = Query {
                metric: metric.clone(),
                side,
                window: span,
            };
            let recipe = Recipe::of(plan, &query, region);
            Line {
                metric: metric.clone(),
                side,
                recipe: recipe.map(|recipe| recipe.every(step)),
            }
        })
        .collect()
}

fn traced(asked: Vec<Line<'_>>, answers: &Answers, step: i64) -> Vec<Trace> {
    asked
        .into_iter()
        .map(|line| Trace {
            metric: line.metric,
            side: line.side,
            points: line.recipe.and_then(|recipe| recipe.points(answers, step)),
        })
        .collect()
}

/// A span that begins and ends with a step, and the shortest step that does not make too many points.
fn stepped(span: Window) -> (Window, i64) {
    let (from, to) = (span.from.as_second(), span.to.as_second());
    let enough = |step: &&i64| to.saturating_sub(from) <= POINTS_MAX.saturating_mul(**step);
    let [.., longest] = STEPS;
    let step = STEPS.iter().find(enough).copied().unwrap_or(longest);
    let start = |at: i64| at.div_euclid(step).saturating_mul(step);
    let at = |seconds, or| Timestamp::from_second(seconds).unwrap_or(or);
    // What does not fit even so loses its beginning.
    let end = start(to.saturating_add(step).saturating_sub(1));
    let earliest = end.saturating_sub(POINTS_MAX.saturating_mul(step));
    let window = Window {
        from: at(start(from).max(earliest), span.from),
        to: at(end, span.to),
    };
    (window, step)
}
