//! Tests.

mod alarm_events;
mod broken_plans;
mod command;
#[cfg(test)]
mod conformance;
mod language;
mod plans;
mod simulation;
mod tidy;
