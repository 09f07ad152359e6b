//! A world in a box: the engine's ports with a seeded clock, traffic, delays and faults.
//!
//! A [`Simulation`] runs one rollout of one plan in the world that a [`Scenario`] describes. Nothing in it
//! is real but the decisions: `domain` and `engine` are the very code that runs on AWS. Time is virtual, one
//! thread does everything, and the same seed always gives the same ledger, byte for byte.

mod frame;
mod scenario;
mod simulation;

pub use frame::{Frame, Outcome, POINTS_MAX, Point, RouteFrame, SideFrame, Summary};
pub use scenario::{Scenario, ScenarioError};
pub use simulation::Simulation;
