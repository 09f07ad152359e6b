//! Tests.

mod broken_plans;
mod plans;
mod simulation;
mod tidy;
