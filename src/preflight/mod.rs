//! What would go wrong, before anything is made: everything at once, and nothing stopped by what may not be asked.
//!
//! What `stack.toml` and the files beside it tell ([`binaries`], [`notifications`]) needs no cloud.

mod binaries;
mod finding;
mod names;
mod notifications;
mod offers;
mod policies;
mod quotas;
mod run;

pub use binaries::binaries;
pub use finding::{Check, Finding, Verdict};
pub use notifications::notifications;
pub use run::{Depth, preflight};
