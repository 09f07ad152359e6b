//! A world in a box: the engine's ports with a seeded clock, traffic, delays and faults.
//!
//! A [`Simulation`] runs one rollout of one plan in the world that a [`Scenario`] describes. Nothing in it
//! is real but the decisions: `domain` and `engine` are the very code that runs on AWS. Time is virtual, one
//! thread does everything, and the same seed always gives the same ledger, byte for byte.

mod faults;
mod frame;
mod runtime;
pub mod scenario;
mod simulation;
mod world;

pub use faults::{CallMade, Fault, FaultAt, FaultKind, Met};
pub use frame::{Frame, Outcome, POINTS_MAX, Point, RouteFrame, SideFrame, Summary};
pub use scenario::{Scenario, ScenarioError};
pub use simulation::Simulation;
pub use world::{Chronicle, Rewired, World, Writer};
