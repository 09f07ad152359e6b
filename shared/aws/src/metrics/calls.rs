//! As few calls as possible: which things are asked for together, and what their pages say.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::{
    operation::get_metric_data::GetMetricDataOutput,
    types::{
        Dimension, MessageData, Metric, MetricDataQuery, MetricDataResult, MetricStat, StatusCode,
    },
};
use domain::{judge::Window, time::Timestamp};

use super::series::{Answers, Fetch, Grain, Points};

/// Queries in one call (`GetMetricData`).
const QUERIES_MAX: usize = 500;

/// One call: everything in it is asked for from the same beginning to the same end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) window: Window,
    pub(super) fetches: Vec<Fetch>,
}

/// The calls for things that are needed in these windows.
///
/// A number that stands for a whole window needs a call from that window's beginning. Minutes ride with a call
/// that spans all that is needed of them, or have one to themselves; each question picks its own minutes later.
pub(super) fn calls<'a>(needs: impl Iterator<Item = (&'a Fetch, Window)>) -> Vec<Call> {
    let mut wholes: BTreeMap<Window, Vec<Fetch>> = BTreeMap::new();
    let mut minutes: Vec<Fetch> = Vec::new();
    let mut span: Option<Window> = None;
    for (fetch, window) in needs {
        match fetch.grain {
            Grain::Whole(whole) => wholes.entry(whole).or_default().push(fetch.clone()),
            Grain::Minute | Grain::Every(_) => {
                minutes.push(fetch.clone());
                span = Some(span.map_or(window, |span| union(span, window)));
            }
        }
    }
    if let Some(span) = span {
        let host = wholes
            .keys()
            .copied()
            .find(|whole| whole.from <= span.from && span.to <= whole.to)
            .unwrap_or(span);
        wholes.entry(host).or_default().append(&mut minutes);
    }
    let mut calls = Vec::new();
    for (window, mut fetches) in wholes {
        fetches.sort_unstable();
        fetches.dedup();
        calls.extend(fetches.chunks(QUERIES_MAX).map(|some| Call {
            window,
            fetches: some.to_vec(),
        }));
    }
    calls
}

fn union(one: Window, other: Window) -> Window {
    Window {
        from: one.from.min(other.from),
        to: one.to.max(other.to),
    }
}

/// An id begins with a lower-case letter and is unique in its call (`MetricDataQuery`).
fn id(at: usize) -> String {
    format!("q{at}")
}

impl Call {
    /// Its queries, in their order.
    pub(super) fn queries(&self) -> Vec<MetricDataQuery> {
        let all = self.fetches.iter().enumerate();
        all.map(|(at, fetch)| {
            let dimensions = fetch.series.dimensions.iter();
            let dimensions = dimensions
                .map(|(name, value)| Dimension::builder().name(name).value(value).build())
                .collect();
            let metric = Metric::builder()
                .namespace(&fetch.series.namespace)
                .metric_name(&fetch.series.name)
                .set_dimensions(Some(dimensions))
                .build();
            let stat = MetricStat::builder()
                .metric(metric)
                .period(fetch.grain.period())
                .stat(&fetch.series.statistic)
                .build();
            MetricDataQuery::builder()
                .id(id(at))
                .metric_stat(stat)
                .build()
        })
        .collect()
    }
}

/// What a call's pages have said so far.
#[derive(Debug, Default)]
pub(super) struct Pages {
    series: BTreeMap<String, Got>,
    /// What was said about the call as a whole.
    messages: Vec<String>,
}

#[derive(Debug, Default)]
struct Got {
    points: Points,
    status: Option<StatusCode>,
    messages: Vec<String>,
    broken: bool,
}

impl Pages {
    /// One more page.
    pub(super) fn turn(&mut self, page: GetMetricDataOutput) {
        self.messages.extend(page.messages().iter().map(said));
        for result in page.metric_data_results.unwrap_or_default() {
            let id = result.id().unwrap_or_default().to_owned();
            self.series.entry(id).or_default().take(&result);
        }
    }

    /// What became of everything that the call asked for; `trouble` if it was not answered to its end.
    pub(super) fn close(mut self, call: Call, trouble: Option<&str>) -> Answers {
        let said = self.messages.join("; ");
        let all = call.fetches.into_iter().enumerate();
        all.map(|(at, fetch)| {
            let answer = match (trouble, self.series.remove(&id(at))) {
                (Some(trouble), _) => Err(trouble.to_owned()),
                (None, Some(got)) => got.close(&fetch.series.name),
                (None, None) => Err(words(
                    &format!("GetMetricData did not answer for {}", fetch.series.name),
                    &said,
                )),
            };
            (fetch, answer)
        })
        .collect()
    }
}

impl Got {
    /// The status of the last page counts: on one that is not the last, data is always partial.
    fn take(&mut self, result: &MetricDataResult) {
        self.status = result.status_code().cloned();
        self.messages.extend(result.messages().iter().map(said));
        let (times, values) = (result.timestamps(), result.values());
        self.broken |= times.len() != values.len();
        for (time, value) in times.iter().zip(values) {
            let nanos = i32::try_from(time.subsec_nanos()).unwrap_or(0);
            match Timestamp::new(time.secs(), nanos) {
                Ok(at) => self.points.push((at, *value)),
                Err(_) => self.broken = true,
            }
        }
    }

    fn close(mut self, name: &str) -> Result<Points, String> {
        let said = self.messages.join("; ");
        let failed = |what: &str| Err(words(&format!("GetMetricData: {name}: {what}"), &said));
        match &self.status {
            Some(StatusCode::Complete) if self.broken => {
                failed("an answer whose times and values do not fit together")
            }
            Some(StatusCode::Complete) => {
                self.points.sort_by_key(|(at, _)| *at);
                Ok(self.points)
            }
            Some(StatusCode::Forbidden) => failed(
                "Forbidden: the function's role lacks cloudwatch:GetMetricData, or the metric is another account's",
            ),
            Some(other) => failed(&format!("{other}: the data is not complete")),
            None => failed("without a status"),
        }
    }
}

fn said(message: &MessageData) -> String {
    let (code, value) = (message.code(), message.value());
    let parts: Vec<&str> = [code, value].into_iter().flatten().collect();
    parts.join(": ")
}

fn words(what: &str, said: &str) -> String {
    if said.is_empty() {
        what.to_owned()
    } else {
        format!("{what} ({said})")
    }
}
