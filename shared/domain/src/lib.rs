//! What we mean: the plan, the state machine, verdicts, the ledger and its words.
//!
//! This crate is pure and total. Time, randomness and the environment are arguments; nothing here
//! waits, reads or writes, and the same input always gives the same output.

pub mod decide;
pub mod event;
pub mod judge;
pub mod ledger;
pub mod name;
pub mod plan;
pub mod quantity;
pub mod rollout;
pub mod target;
pub mod time;
pub mod traffic;
pub mod waiting;
pub mod words;
