//! What people see in a browser and in a report: pages of decision links, the status of a rollout, charts of both.
//!
//! This crate is pure. A request is first opened ([`open()`]): what it is, or a page that says why it is nothing. Whoever called
//! then reads what is known of the rollout ([`Known`]), and [`answer()`] makes of it a page, or something to publish.

mod answer;
pub mod chart;
mod curves;
mod decision;
mod form;
mod http;
mod known;
mod open;
mod page;
pub mod report;
mod standing;
mod status;
mod words;

pub use answer::{Answered, answer, unsent};
pub use http::{BODY_BYTES_MAX, Reply, Request};
pub use known::{Known, Record, Side, Told, Trend, charted, span};
pub use open::{Needs, Opened, REPORT, Visit, open};
pub use words::unavailable;

#[cfg(test)]
mod tests;
