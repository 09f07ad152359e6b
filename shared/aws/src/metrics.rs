//! Measurements from `CloudWatch`: raw numbers in as few calls as possible, and never a guess.
//!
//! An answer that is not `Complete` is no evidence. What is absent is zero only where the metric says so.

mod calls;
mod recipe;
mod series;
#[cfg(test)]
mod tests;
mod traces;

pub use series::Points;
pub use traces::Trace;

use aws_sdk_cloudwatch::{Client, primitives::DateTime, types::ScanBy};
use domain::{
    judge::{Query, Reading},
    plan::Plan,
    time::Timestamp,
};
use engine::ports;
use futures_util::future::join_all;

use self::{
    calls::{Call, Pages, calls},
    recipe::Recipe,
    series::Answers,
};
use crate::trouble::{code, trouble};

/// Pages of one call; 500 series of a day's minutes are eight.
const PAGES_MAX: usize = 40;

/// What IAM calls the right, as `GetMetricData` misses it.
const DENIED: [&str; 2] = ["AccessDenied", "AccessDeniedException"];

/// Measurements from `CloudWatch`, in the client's region.
#[derive(Debug, Clone)]
pub struct Metrics {
    client: Client,
}

impl Metrics {
    /// Measurements that a client can read.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// Asks, and turns pages until there is no more.
    async fn ask(&self, call: Call) -> Answers {
        let mut pages = Pages::default();
        let mut next = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .client
                .get_metric_data()
                .set_metric_data_queries(Some(call.queries()))
                .start_time(date_time(call.window.from))
                .end_time(date_time(call.window.to))
                .scan_by(ScanBy::TimestampAscending)
                .set_next_token(next)
                .send()
                .await;
            let mut page = match page {
                Ok(page) => page,
                Err(error) => {
                    let mut what = trouble("GetMetricData", &error).what;
                    if code(&error).is_some_and(|code| DENIED.contains(&code)) {
                        what.push_str("; the function's role lacks cloudwatch:GetMetricData");
                    }
                    return pages.close(call, Some(&what));
                }
            };
            next = page.next_token.take();
            pages.turn(page);
            if next.is_none() {
                return pages.close(call, None);
            }
        }
        let what = format!("GetMetricData was not complete after {PAGES_MAX} pages");
        pages.close(call, Some(&what))
    }
}

impl ports::Metrics for Metrics {
    async fn read(&self, plan: &Plan, queries: &[Query]) -> Vec<Reading> {
        let region = self.client.config().region().map(ToString::to_string);
        let recipes: Vec<Result<Recipe<'_>, String>> = queries
            .iter()
            .map(|query| Recipe::of(plan, query, region.as_deref()))
            .collect();
        let needs = recipes.iter().flatten().flat_map(Recipe::needs);
        let asked = calls(needs).into_iter().map(|call| self.ask(call));
        let answers: Answers = join_all(asked).await.into_iter().flatten().collect();
        recipes
            .into_iter()
            .map(|recipe| match recipe {
                Ok(recipe) => recipe.reading(&answers),
                Err(why) => Reading::Failed(why),
            })
            .collect()
    }
}

fn date_time(at: Timestamp) -> DateTime {
    DateTime::from_secs(at.as_second())
}
