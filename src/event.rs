//! The only thing that the engine says to the world.

use crate::address::Address;
use crate::resource::Leftover;
use crate::state::Verb;
use crate::trouble::Trouble;
use std::time::Duration;

/// Something happened to a resource during an apply. `operation` is the place in the plan's order: every operation that
/// is started ends in exactly one of [`Event::Finished`], [`Event::Failed`] and [`Event::Left`]; one that is skipped was
/// never started.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Nothing was made or deleted: an object has another address.
    Moved {
        from: Address,
        to: Address,
    },
    Started {
        operation: usize,
        address: Address,
        verb: Verb,
    },
    /// It takes longer than a few seconds, and this is what is waited for.
    Waiting {
        address: Address,
        what: String,
    },
    Finished {
        operation: usize,
        address: Address,
        verb: Verb,
        took: Duration,
    },
    Failed {
        operation: usize,
        address: Address,
        verb: Verb,
        trouble: Trouble,
    },
    /// The apply was stopped before it ended: the next command finds out what became of it.
    Left {
        operation: usize,
        address: Address,
        verb: Verb,
    },
    /// Not started, since what it waits for failed.
    Skipped {
        operation: usize,
        address: Address,
        because: Address,
    },
    /// Deleted, and this is still there.
    LeftOver {
        address: Address,
        leftover: Leftover,
    },
}

/// Where events go. Called from many operations at once; must not block.
pub type Sink<'a> = &'a (dyn Fn(Event) + Send + Sync);
