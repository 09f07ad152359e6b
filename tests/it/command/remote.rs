//! Rollouts on AWS: every command with something in the place of AWS, what it asks and what it says.

mod changes;
mod direct;
mod doctor;
mod fake;
mod keys;
mod questions;
mod refusals;
mod reports;

use expect_test::Expect;

use super::{PLANS, Scratch, run_on};
use fake::Fake;

/// Runs a command on a fake; what was asked, what was said, and the exit code.
fn check(fake: &Fake, arguments: &[&str], expected: &Expect) {
    expected.assert_eq(&told(fake, "", arguments));
}

fn told(fake: &Fake, input: &str, arguments: &[&str]) -> String {
    let done = run_on(fake, input, arguments);
    format!("{}{}", fake.asked(), done.text())
}
