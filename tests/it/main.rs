//! Tests.

mod broken_plans;
mod command;
mod language;
// Under `cfg(test)` the lints know that everything in it is a test.
#[cfg(test)]
mod model;
mod plans;
mod simulation;
mod tidy;
