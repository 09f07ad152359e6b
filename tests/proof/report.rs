//! Figures for whoever runs the tests: shown even when everything passes.

use std::io::{Write as _, stderr};

/// Shows a table below its title, in one piece, so that tests that run side by side do not tear it.
pub(crate) fn show(title: &str, table: &str) {
    let text = format!("\n{title}\n{table}\n");
    // The test runner keeps what macros print to itself; nobody is harmed if this cannot be written.
    drop(stderr().lock().write_all(text.as_bytes()));
}
