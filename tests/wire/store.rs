//! The store: one history whoever writes at once, and what was written comes back as it was.

mod kept;
mod linked;
mod listed;
mod owned;
mod raced;
pub(crate) mod stand;
