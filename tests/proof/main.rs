//! Proof: what ARCHITECTURE.md says must always hold, tried by machines on the code that runs in production.

// Under `cfg(test)` the lints know that everything in it is a test.
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod model;
#[cfg(test)]
mod mutant;
#[cfg(test)]
mod random;
#[cfg(test)]
mod report;
