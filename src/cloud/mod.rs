//! The way to AWS, or to an emulator of it: clients, naming, tags, errors.

mod aws;
mod clients;
mod connect;
pub mod naming;
pub mod tags;

pub use aws::{Gone, Remedy, aws, built};
pub use clients::Cloud;
pub use connect::{Destination, connect, http};
