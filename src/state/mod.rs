//! What stackctl knows of the cloud between two commands: the state file, its journal and its lock.

mod digest;
mod document;
mod file;
mod fold;
mod journal;
mod lock;
mod record;
mod store;

pub use digest::Digest;
pub use document::{Document, FORMAT};
pub use file::write_atomically;
pub use journal::{Entry, Intent, Journal, Verb};
pub use lock::{Holder, Lock};
pub use record::Record;
pub use store::{Opened, StateError, Store};
