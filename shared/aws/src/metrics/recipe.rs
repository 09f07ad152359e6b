//! What a question needs to be asked of `CloudWatch`, and what its answer is made of.
//!
//! Only raw numbers are asked for: in metric math an absent value is zero in a sum and nothing in a quotient
//! (`CloudWatch`, "Using metric math"), and a gate has to know which it was.

use std::collections::BTreeMap;

use domain::{
    judge::{Query, Reading, Side, Window},
    name::RouteName,
    plan::{
        Plan,
        metric::{Absent, AlbMeasure, CloudWatchMetric, Source},
        route::{AlbRoute, Route},
    },
    quantity::Dimension,
    time::{SignedDuration, Timestamp, later},
};

use super::series::{Answers, Fetch, Grain, Points, Series, count, quantity, single, within};
use crate::arn_parts::ArnParts;

const ALB: &str = "AWS/ApplicationELB";
const REQUESTS: &str = "RequestCount";
const SERVER_ERRORS: &str = "HTTPCode_Target_5XX_Count";
const CLIENT_ERRORS: &str = "HTTPCode_Target_4XX_Count";
const NOT_CONNECTED: &str = "TargetConnectionErrorCount";
const RESPONSE_TIME: &str = "TargetResponseTime";

/// How one question is answered.
#[derive(Debug)]
pub(super) struct Recipe<'a> {
    window: Window,
    kind: Kind<'a>,
}

#[derive(Debug)]
enum Kind<'a> {
    /// Requests that were so, by requests.
    Share { parts: Vec<Fetch>, requests: Fetch },
    /// Requests that were not so, by requests.
    Rest { parts: Vec<Fetch>, requests: Fetch },
    /// A percentile over so many requests.
    Latency { time: Fetch, requests: Fetch },
    /// The requests themselves.
    Requests(Fetch),
    /// Any other metric: its value, and the minutes that have one.
    Custom {
        metric: &'a CloudWatchMetric,
        value: Fetch,
        minutes: Fetch,
    },
}

impl<'a> Recipe<'a> {
    /// How to answer a question in a region, if it can be answered there at all.
    pub(super) fn of(plan: &'a Plan, query: &Query, region: Option<&str>) -> Result<Self, String> {
        let metric = plan.metrics.get(&query.metric);
        let metric = metric.ok_or_else(|| format!("there is no metric {}", query.metric))?;
        let window = query.window;
        let kind = match &metric.source {
            Source::Alb { route, measure } => {
                let dimensions = alb_dimensions(plan, route, query.side, region)?;
                alb(*measure, &dimensions, window)
            }
            Source::CloudWatch(metric) => custom(metric, query)?,
        };
        Ok(Self { window, kind })
    }

    /// What it needs, and of which time.
    pub(super) fn needs(&self) -> impl Iterator<Item = (&Fetch, Window)> {
        let fetches: Vec<&Fetch> = match &self.kind {
            Kind::Share { parts, requests } | Kind::Rest { parts, requests } => {
                parts.iter().chain([requests]).collect()
            }
            Kind::Latency { time, requests } => vec![time, requests],
            Kind::Requests(requests) => vec![requests],
            Kind::Custom { value, minutes, .. } => vec![value, minutes],
        };
        fetches.into_iter().map(|fetch| (fetch, self.window))
    }

    /// The same, with a number for so many seconds each.
    pub(super) fn every(mut self, seconds: i64) -> Self {
        let grain = Grain::Every(i32::try_from(seconds).unwrap_or(i32::MAX));
        let fetches: Vec<&mut Fetch> = match &mut self.kind {
            Kind::Share { parts, requests } | Kind::Rest { parts, requests } => {
                parts.iter_mut().chain([requests]).collect()
            }
            Kind::Latency { time, requests } => vec![time, requests],
            Kind::Requests(requests) => vec![requests],
            Kind::Custom { value, minutes, .. } => vec![value, minutes],
        };
        for fetch in fetches {
            fetch.grain = grain;
        }
        self
    }

    /// The answer as a line over time, in the base unit: a number for so many seconds each.
    pub(super) fn points(&self, answers: &Answers, seconds: i64) -> Result<Points, String> {
        match &self.kind {
            Kind::Share { parts, requests } => self.shares(parts, requests, answers),
            Kind::Rest { parts, requests } => {
                let shares = self.shares(parts, requests, answers)?;
                let rests = shares.into_iter().map(|(at, share)| (at, 1.0 - share));
                Ok(rests.collect())
            }
            Kind::Latency { time: value, .. } | Kind::Requests(value) => {
                within(answers, value, self.window)
            }
            Kind::Custom { metric, value, .. } => {
                let points = within(answers, value, self.window)?;
                #[expect(clippy::cast_precision_loss, reason = "units are round numbers")]
                let unit = metric.micros_in_unit as f64 / 1e6;
                let known: BTreeMap<Timestamp, f64> = points
                    .into_iter()
                    .map(|(at, value)| (at, value * unit))
                    .collect();
                Ok(match metric.absent {
                    Absent::Unknown => known.into_iter().collect(),
                    Absent::Zero => self
                        .steps(seconds)
                        .map(|at| (at, known.get(&at).copied().unwrap_or(0.0)))
                        .collect(),
                })
            }
        }
    }

    /// The beginnings of the window's steps.
    fn steps(&self, seconds: i64) -> impl Iterator<Item = Timestamp> {
        let step = SignedDuration::from_secs(seconds.max(1));
        let all = std::iter::successors(Some(self.window.from), move |at| Some(later(*at, step)));
        let to = self.window.to;
        all.take_while(move |at| *at < to)
    }

    /// As [`share`](Self::share), for each step by itself.
    fn shares(
        &self,
        parts: &[Fetch],
        requests: &Fetch,
        answers: &Answers,
    ) -> Result<Points, String> {
        let mut counts: BTreeMap<Timestamp, (f64, f64)> = BTreeMap::new();
        for (at, count) in within(answers, requests, self.window)? {
            counts.entry(at).or_default().1 += count;
        }
        for fetch in parts {
            for (at, count) in within(answers, fetch, self.window)? {
                counts.entry(at).or_default().0 += count;
            }
        }
        Ok(counts
            .into_iter()
            .map(|(at, (part, whole))| (at, part, whole.max(part)))
            .filter(|(_, _, whole)| *whole > 0.0)
            .map(|(at, part, whole)| (at, part / whole))
            .collect())
    }

    /// The answer; what cannot be answered is one too.
    pub(super) fn reading(&self, answers: &Answers) -> Reading {
        let reading = match &self.kind {
            Kind::Share { parts, requests } => self.share(parts, requests, answers),
            Kind::Rest { parts, requests } => {
                self.share(parts, requests, answers)
                    .map(|reading| match reading {
                        Reading::Ratio { part, whole } => Reading::Ratio {
                            part: whole.saturating_sub(part),
                            whole,
                        },
                        Reading::Value { .. } | Reading::Absent | Reading::Failed(_) => reading,
                    })
            }
            Kind::Latency { time, requests } => self.latency(time, requests, answers),
            Kind::Requests(requests) => self.requests(requests, answers),
            Kind::Custom {
                metric,
                value,
                minutes,
            } => self.custom(metric, value, minutes, answers),
        };
        reading.unwrap_or_else(Reading::Failed)
    }

    /// A count of errors exists only where there was one, so an absent one is zero; requests exist wherever there
    /// was traffic.
    ///
    /// Whether a request whose target could not be reached is among `RequestCount` AWS does not say in so many words
    /// ("where the load balancer node was able to choose a target"), and one request can fail to connect more than
    /// once. So there were at least as many requests as failures: a side that nobody can connect to has errors,
    /// whether it has requests or not, and no side has more than all.
    fn share(
        &self,
        parts: &[Fetch],
        requests: &Fetch,
        answers: &Answers,
    ) -> Result<Reading, String> {
        let mut part = 0_u64;
        for fetch in parts {
            part = part.saturating_add(count(answers, fetch, self.window)?.unwrap_or(0));
        }
        let requests = count(answers, requests, self.window)?.unwrap_or(0);
        Ok(match requests.max(part) {
            0 => Reading::Absent,
            whole => Reading::Ratio { part, whole },
        })
    }

    fn latency(
        &self,
        time: &Fetch,
        requests: &Fetch,
        answers: &Answers,
    ) -> Result<Reading, String> {
        let samples = count(answers, requests, self.window)?.unwrap_or(0);
        let time = single(answers, time, self.window)?;
        Ok(match time {
            Some(seconds) if samples > 0 => Reading::Value {
                value: quantity(seconds, 1_000_000, Dimension::Time)?,
                samples,
            },
            Some(_) | None => Reading::Absent,
        })
    }

    fn requests(&self, requests: &Fetch, answers: &Answers) -> Result<Reading, String> {
        Ok(match count(answers, requests, self.window)? {
            None | Some(0) => Reading::Absent,
            Some(samples) => {
                #[expect(clippy::cast_precision_loss, reason = "a count was made from a float")]
                let value = quantity(samples as f64, 1_000_000, Dimension::Count)?;
                Reading::Value { value, samples }
            }
        })
    }

    /// The window ended two minutes ago, so what is absent now is absent for good.
    fn custom(
        &self,
        metric: &CloudWatchMetric,
        value: &Fetch,
        minutes: &Fetch,
        answers: &Answers,
    ) -> Result<Reading, String> {
        let samples = within(answers, minutes, self.window)?.len() as u64;
        let found = combined(metric, value, self.window, answers)?;
        let known = |value, samples| {
            let value = quantity(value, metric.micros_in_unit, metric.dimension)?;
            Ok(Reading::Value { value, samples })
        };
        match (found, metric.absent) {
            (Some(value), _) if samples > 0 => known(value, samples),
            (None, Absent::Zero) if samples == 0 => known(0.0, 1),
            (Some(_) | None, Absent::Zero | Absent::Unknown) => Ok(Reading::Absent),
        }
    }
}

/// A statistic of a window: of its minutes where that can be had from them, else as `CloudWatch` makes it.
fn combined(
    metric: &CloudWatchMetric,
    value: &Fetch,
    window: Window,
    answers: &Answers,
) -> Result<Option<f64>, String> {
    let Some(fold) = fold_of(&metric.statistic) else {
        return single(answers, value, window);
    };
    let points = within(answers, value, window)?;
    Ok(points.into_iter().map(|(_, value)| value).reduce(fold))
}

/// How a statistic of minutes makes one of their whole.
fn fold_of(statistic: &str) -> Option<fn(f64, f64) -> f64> {
    match statistic {
        "Sum" | "SampleCount" => Some(|sum, value| sum + value),
        "Maximum" => Some(f64::max),
        "Minimum" => Some(f64::min),
        _ => None,
    }
}

fn alb(
    measure: AlbMeasure,
    dimensions: &BTreeMap<String, String>,
    window: Window,
) -> Kind<'static> {
    let fetch = |name: &str, statistic: &str, grain| Fetch {
        series: Series {
            namespace: ALB.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.clone(),
            statistic: statistic.to_owned(),
        },
        grain,
    };
    let sum = |name| fetch(name, "Sum", Grain::Minute);
    let requests = sum(REQUESTS);
    match measure {
        AlbMeasure::ServerErrorRatio => Kind::Share {
            parts: vec![sum(SERVER_ERRORS), sum(NOT_CONNECTED)],
            requests,
        },
        AlbMeasure::SuccessRatio => Kind::Rest {
            parts: vec![sum(SERVER_ERRORS), sum(NOT_CONNECTED)],
            requests,
        },
        AlbMeasure::ClientErrorRatio => Kind::Share {
            parts: vec![sum(CLIENT_ERRORS)],
            requests,
        },
        AlbMeasure::Latency { permille } => Kind::Latency {
            time: fetch(RESPONSE_TIME, &percentile(permille), Grain::whole(window)),
            requests,
        },
        AlbMeasure::Requests => Kind::Requests(requests),
    }
}

/// `p95`, `p99.9`
fn percentile(permille: u16) -> String {
    match (permille / 10, permille % 10) {
        (whole, 0) => format!("p{whole}"),
        (whole, tenths) => format!("p{whole}.{tenths}"),
    }
}

fn custom<'a>(metric: &'a CloudWatchMetric, query: &Query) -> Result<Kind<'a>, String> {
    let dimensions = match query.side {
        Side::Canary => &metric.canary,
        Side::Stable => metric
            .stable
            .as_ref()
            .ok_or_else(|| format!("the metric {} has no dimensions for stable", query.metric))?,
    };
    let fetch = |statistic: &str, grain| Fetch {
        series: Series {
            namespace: metric.namespace.clone(),
            name: metric.name.clone(),
            dimensions: dimensions.clone(),
            statistic: statistic.to_owned(),
        },
        grain,
    };
    let (value, minutes) = if fold_of(&metric.statistic).is_some() {
        let value = fetch(&metric.statistic, Grain::Minute);
        (value.clone(), value)
    } else {
        let value = fetch(&metric.statistic, Grain::whole(query.window));
        (value, fetch("SampleCount", Grain::Minute))
    };
    Ok(Kind::Custom {
        metric,
        value,
        minutes,
    })
}

fn alb_dimensions(
    plan: &Plan,
    route: &RouteName,
    side: Side,
    region: Option<&str>,
) -> Result<BTreeMap<String, String>, String> {
    let alb = match plan.routes.get(route) {
        Some(Route::Alb(alb)) => alb,
        Some(Route::Route53(_) | Route::LambdaAlias(_)) => {
            return Err(format!("the route {route} is no load balancer"));
        }
        None => return Err(format!("there is no route {route}")),
    };
    let base = parts(alb.base.arn(), region)?;
    let group = parts(target_group(alb, side), region)?;
    let unusable = |arn: &str| format!("{arn} names no load balancer or target group");
    let balancer = base.balancer().ok_or_else(|| unusable(alb.base.arn()))?;
    let group = group.target_group();
    let group = group.ok_or_else(|| unusable(target_group(alb, side)))?;
    Ok(BTreeMap::from([
        ("LoadBalancer".to_owned(), balancer),
        ("TargetGroup".to_owned(), group.to_owned()),
    ]))
}

fn target_group(alb: &AlbRoute, side: Side) -> &str {
    match side {
        Side::Canary => &alb.canary,
        Side::Stable => &alb.stable,
    }
}

fn parts<'a>(arn: &'a str, region: Option<&str>) -> Result<ArnParts<'a>, String> {
    let parts = ArnParts::of("elasticloadbalancing", arn);
    let parts = parts.ok_or_else(|| format!("{arn} is no ARN of a load balancer's part"))?;
    match region {
        Some(here) if here != parts.region => Err(format!(
            "{arn} is in {}, and metrics are read in {here}",
            parts.region
        )),
        Some(_) | None => Ok(parts),
    }
}
