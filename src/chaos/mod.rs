//! What goes wrong, on purpose: faults between the SDK and the cloud, and points at which the process kills itself.
//!
//! Both are for tests and for the local cloud. Nothing here is in the way of a normal run: the client is not installed
//! and the points are not armed.

mod client;
mod dice;
mod fault;
mod faults;
mod machine;
mod point;
mod points;
mod propagation;
mod protocol;
mod tally;
#[cfg(test)]
mod tests;
mod unseen;
mod world;

pub use client::{Chaos, ChaosHttpClient};
pub use fault::Fault;
pub use faults::Faults;
pub use point::{At, End, Moment, Passed, Points, arm, disarm, is_armed, point};
pub use points::{KillPoints, PointsHttpClient};
pub use protocol::{Protocol, Refusal};
pub use tally::{Counts, Tally};
