//! Tests.

mod plans;
mod tidy;
