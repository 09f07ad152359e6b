//! Tests.

mod alarm_events;
mod broken_plans;
mod command;
#[cfg(test)]
mod conformance;
mod language;
#[cfg(test)]
mod mangled;
mod plans;
mod simulation;
mod tidy;
