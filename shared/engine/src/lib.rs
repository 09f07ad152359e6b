//! What we do: load, decide, commit, converge, over small ports and without AWS.
//!
//! Every way in does the same four things. [`start`], [`ask`], [`hear`] and [`sweep`] differ in the event
//! they bring; what changes traffic is always [`converge`], one route at a time, in the order that
//! ARCHITECTURE.md gives the reasons for. Nothing here waits for the world without a deadline, and nothing
//! goes on after the caller has been answered.

pub mod ask;
pub mod close;
pub mod converge;
pub mod deliver;
pub mod hear;
pub mod ports;
pub mod pursue;
pub mod start;
pub mod sweep;
pub mod trouble;
pub mod visit;
