//! What happened when, for whoever runs the tests.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// Steps with the time they took.
pub(crate) struct Timeline {
    began: Instant,
    last: Instant,
    lines: String,
}

impl Timeline {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            began: now,
            last: now,
            lines: format!("{:>9} {:>9}\n", "at", "took"),
        }
    }

    /// What was just done, or seen.
    pub(crate) fn note(&mut self, what: &str) {
        let now = Instant::now();
        let (at, took) = (now - self.began, now - self.last);
        self.last = now;
        self.line(at, took, what);
    }

    /// Something measured on its own, within the step before.
    pub(crate) fn measured(&mut self, took: Duration, what: &str) {
        self.line(self.last - self.began, took, what);
    }

    fn line(&mut self, at: Duration, took: Duration, what: &str) {
        let (at, took) = (at.as_secs_f64(), took.as_secs_f64());
        // Writing to a string cannot fail.
        let _ = writeln!(self.lines, "{at:>8.1}s {took:>8.2}s  {what}");
    }
}

impl Drop for Timeline {
    /// Shown however the test ends: a failure is read from where the line breaks off.
    fn drop(&mut self) {
        crate::report::show("end to end", &self.lines);
    }
}
