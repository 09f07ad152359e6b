//! Tests.

mod broken_plans;
mod plans;
mod tidy;
