//! Tests.

mod broken_plans;
mod language;
mod plans;
mod tidy;
