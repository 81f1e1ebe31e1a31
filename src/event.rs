//! The only thing that the engine says to the world.

use crate::address::Address;
use crate::state::Verb;
use std::time::Duration;

/// Something happened to a resource during an apply.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Nothing was made or deleted: an object has another address.
    Moved {
        from: Address,
        to: Address,
    },
    Started {
        address: Address,
        verb: Verb,
    },
    /// It takes longer than a few seconds, and this is what is waited for.
    Waiting {
        address: Address,
        what: String,
    },
    Finished {
        address: Address,
        verb: Verb,
        took: Duration,
    },
    Failed {
        address: Address,
        verb: Verb,
        error: String,
    },
    /// Not started, since what it waits for failed.
    Skipped {
        address: Address,
        because: Address,
    },
}

/// Where events go. Called from many operations at once; must not block.
pub type Sink<'a> = &'a (dyn Fn(Event) + Send + Sync);
