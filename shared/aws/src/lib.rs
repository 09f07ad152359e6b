//! How AWS does it: the engine's ports, one file each, and what crosses between the functions and the world.
//!
//! Facts about AWS stand beside the code that rests on them, with the API or the page that they come from.

pub mod client;
pub mod trouble;
