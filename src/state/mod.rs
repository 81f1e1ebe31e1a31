//! What stackctl knows of the cloud between two commands: the state, its journal and its lock, in a folder or in S3.

mod bucket;
mod digest;
mod document;
mod error;
mod file;
mod files;
mod fold;
mod held;
mod journal;
mod journal_file;
mod journal_object;
mod lease;
mod ledger;
mod lock;
mod objects;
mod record;
mod remote;
mod salvage;
mod store;

pub use bucket::Bucket;
pub use digest::Digest;
pub use document::{Document, FORMAT};
pub use error::StateError;
pub use file::write_atomically;
pub use files::{Files, HeldFiles};
pub use held::Held;
pub use journal::{Entry, Intent, Journal, Verb};
pub use journal_file::JournalFile;
pub use journal_object::JournalObject;
pub use lease::Lease;
pub use lock::{Holder, Lock};
pub use objects::{Condition, Object, Objects, PutError, Version};
pub use record::Record;
pub use remote::{HeldRemote, Remote};
pub use salvage::Salvage;
pub use store::Store;
