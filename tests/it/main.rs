//! Tests.

mod broken_plans;
mod command;
mod plans;
mod simulation;
mod tidy;
