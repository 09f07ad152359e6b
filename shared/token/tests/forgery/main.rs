//! A million forged links, none of which is taken; and verifiers with a flaw, which take some.
//!
//! Each forgery is drawn from its number alone. `FORGERIES` says how many and `SEED` with which to begin;
//! `SEED=… FORGERIES=1` repeats one, which a failure prints.

// Under `cfg(test)` the lints know that everything in here is a test.
#[cfg(test)]
mod forge;
#[cfg(test)]
mod material;
#[cfg(test)]
mod mutant;
#[cfg(test)]
mod trial;
