//! The state machine, told as stories: what happens, and what the ledger says of it.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes them when it updates a text"
)]

// Under `cfg(test)` the lints know that everything in here is a test.
#[cfg(test)]
mod plans;
#[cfg(test)]
mod story;

#[cfg(test)]
mod answered;
#[cfg(test)]
mod approval;
#[cfg(test)]
mod archived;
#[cfg(test)]
mod back;
#[cfg(test)]
mod chained;
#[cfg(test)]
mod escalation;
#[cfg(test)]
mod every_way_back;
#[cfg(test)]
mod exported;
#[cfg(test)]
mod forward;
#[cfg(test)]
mod gate_properties;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod hands;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod incidents;
#[cfg(test)]
mod judging;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod pairs;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod seen;
#[cfg(test)]
mod situations;
#[cfg(test)]
mod sound;
#[cfg(test)]
mod stalls;
#[cfg(test)]
mod start;
#[cfg(test)]
mod words;
