//! What has to be done: pure and deterministic, from (desired, state, observed) to a plan. No I/O, no clock.

mod action;
mod build;
mod dependants;
mod drift;
mod ground;
mod hold;
mod identities;
mod known;
mod moves;
mod names;
mod order;
mod outputs;
mod recorded;
mod refusal;
#[cfg(test)]
pub mod sample;
mod select;
mod tally;

pub use action::{Action, Gone, OutputChange, Plan, Reason, Step};
pub use build::{Inputs, build};
pub use known::{Known, Value};
pub use moves::{Move, Rename, key, named};
pub use names::keep as keep_name;
pub use order::{Half, Operation, Order};
pub use refusal::Refusal;
pub use select::Selection;
pub use tally::{Tally, counted};
