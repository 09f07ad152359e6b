//! The fault matrix: every call of every flow, on every kind of route, with every fault, message and late
//! landing that can meet it; and how soon traffic is back.
//!
//! The cells are made from the calls that really happen: a new call gets its cells by itself, and the pinned
//! counts say that it is there. `CELL=rollback/owned/3:crash-after` runs the cells whose name begins so.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

mod bench;
mod bounds;
mod cell;
mod checks;
mod crew;
mod flow;
mod kind;
mod mutants;
mod run;
mod table;
