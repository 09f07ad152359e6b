//! Tables for a terminal, and the numbers in them.

use std::time::Duration;

/// A table: its head, and rows as long as the head.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self(vec![head.iter().map(|&cell| cell.to_owned()).collect()])
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.0.push(cells);
    }

    /// As Markdown that is aligned, so that it can be read and be copied.
    pub(crate) fn lines(&self) -> Vec<String> {
        let columns = self.0.first().map_or(0, Vec::len);
        let cell = |row: &Vec<String>, n: usize| row.get(n).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..columns)
            .map(|n| {
                self.0
                    .iter()
                    .map(|row| cell(row, n).chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let line = |row: &Vec<String>| {
            let cells = widths.iter().enumerate().map(|(n, &width)| {
                let text = cell(row, n);
                if n == 0 {
                    format!("{text:<width$}")
                } else {
                    format!("{text:>width$}")
                }
            });
            format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
        };
        let rule = widths.iter().enumerate().map(|(n, &width)| {
            let dashes = "-".repeat(width + 1);
            if n == 0 {
                format!("{dashes}-")
            } else {
                format!("{dashes}:")
            }
        });
        let rule = format!("|{}|", rule.collect::<Vec<_>>().join("|"));
        let mut lines: Vec<String> = self.0.iter().map(line).collect();
        lines.insert(1, rule);
        lines
    }
}

/// The value that so many percent are below; the list need not be in order.
pub(crate) fn percentile<T: Ord + Copy + Default>(values: &[T], percent: usize) -> T {
    let mut values = values.to_vec();
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    values
        .get(last * percent / 100)
        .copied()
        .unwrap_or_default()
}

/// Milliseconds with as many digits as matter.
pub(crate) fn millis(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1000.0;
    if millis < 100.0 {
        format!("{millis:.2}")
    } else {
        format!("{millis:.0}")
    }
}

/// A value with how many times ours it is.
pub(crate) fn compared(text: &str, value: f64, ours: f64) -> String {
    let ratio = value / ours;
    if !ratio.is_finite() || (ratio - 1.0).abs() < f64::EPSILON {
        return text.to_owned();
    }
    if ratio < 10.0 {
        format!("{text} ({ratio:.1}×)")
    } else {
        format!("{text} ({ratio:.0}×)")
    }
}
