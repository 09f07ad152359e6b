//! Tests.

mod broken_plans;
mod command;
mod language;
mod plans;
mod simulation;
mod tidy;
