//! A run as one HTML page: no script, nothing from elsewhere, dark and light, wide and narrow.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_report_needs_nothing_but_itself() {
        let report = Report {
            plan: &sample::plan(),
            summary: &sample::summary(),
            seed: 1,
        };
        let page = report.page();
        for foreign in ["<script", "src=", "href=", "url(", "@import"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        // Three charts, each for a wide and for a narrow screen.
        assert_eq!(page.matches("<svg").count(), 6);
        assert!(page.len() < 400_000, "{}", page.len());
    }
}
