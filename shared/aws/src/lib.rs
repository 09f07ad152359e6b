//! How AWS does it: the engine's ports, one file each, and what crosses between the functions and the world.
//!
//! Facts about AWS stand beside the code that rests on them, with the API or the page that they come from.

pub mod alarm_event;
pub mod alarms;
pub mod alb;
pub mod alias;
pub mod approvals;
pub mod archive;
mod arn_parts;
pub mod caller;
pub mod client;
pub mod clock;
pub mod control;
pub mod ecs;
mod exchange;
pub mod hooks;
pub mod invocation;
pub mod keyring;
pub mod links;
pub mod marks;
pub mod metrics;
pub mod noted;
pub mod outlets;
pub mod parameters;
pub mod ports;
pub mod route53;
pub mod router;
#[cfg(test)]
mod script;
pub mod secrets;
mod signed;
pub mod slack_api;
pub mod store;
pub mod telemetry;
pub mod teller;
pub mod trouble;
