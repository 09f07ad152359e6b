//! What `aws` says on the wire, and what it makes of the answers: each adapter against emulated services, with the
//! real SDK over HTTP.

#[cfg(test)]
#[path = "../bed/mod.rs"]
mod bed;
#[cfg(test)]
mod patches;

#[cfg(test)]
mod alarms;
#[cfg(test)]
mod alb;
#[cfg(test)]
mod alias;
#[cfg(test)]
mod archive;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod ecs;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod route53;
#[cfg(test)]
mod store;
#[cfg(test)]
mod zone;
