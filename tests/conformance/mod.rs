//! What the box and AWS must say alike: the same stories, told through the ports alone, with one expected text.
//!
//! `it` tells them to the box and `wire` to the adapters in front of emulated services. What a story cannot see is
//! left out of it: how long a change is on its way, and what a fence looks like.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

pub(crate) mod router;
pub(crate) mod store;
