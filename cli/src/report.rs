//! A run as one HTML page: no script, nothing from elsewhere, dark and light, wide and narrow.

mod chart;
mod page;
mod series;

use std::sync::Arc;

use domain::plan::Plan;
use sim::Summary;

/// A run, to be read later.
pub(crate) struct Report<'a> {
    pub(crate) plan: &'a Arc<Plan>,
    pub(crate) summary: &'a Summary,
    pub(crate) seed: u64,
}
