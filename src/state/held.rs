use super::{Document, HeldFiles, HeldRemote, Journal, Moved, StateError};
use crate::chaos::{Moment, point};
use crate::cloud::Warrant;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;

/// The state of a stack, under lock: the only way to write it. The lock ends with this value.
#[derive(Debug)]
pub enum Held {
    Files(HeldFiles),
    Remote(HeldRemote),
}

impl Held {
    /// Starts a journal on top of `document`, which must be what was written last.
    pub async fn journal(&self, document: &Document, command: &str) -> Result<Journal, StateError> {
        match self {
            Self::Files(held) => held.journal(document, command),
            Self::Remote(held) => held.journal(document, command).await,
        }
    }

    /// Writes the next serial durably; the journal is part of it from then on.
    ///
    /// # Errors
    /// Nothing is lost: what the journal has is folded in by whoever opens the state next.
    pub async fn write(&self, document: &mut Document) -> Result<(), StateError> {
        point(Moment::BeforeState, "write");
        let written = match self {
            Self::Files(held) => held.write(document),
            Self::Remote(held) => held.write(document).await,
        };
        point(Moment::AfterState, "write");
        match &written {
            Ok(()) => tracing::debug!(stack = document.stack, serial = document.serial, "state written"),
            Err(error) => tracing::error!(%error, "state not written"),
        }
        written
    }

    /// Writes the state at the end of a run. Where its place was taken from the run, it is saved elsewhere.
    ///
    /// # Errors
    /// It was not written where it belongs; the error says where it is.
    pub async fn save(&self, document: &mut Document) -> Result<(), StateError> {
        match (self.write(document).await, self) {
            (Err(StateError::Disturbed { what, .. }), Self::Files(held)) => Err(held.rescue(document, what)),
            (written, _) => written,
        }
    }

    /// # Errors
    /// An earlier run has saved elsewhere what it knew, and `document`, which lies here, lacks that.
    pub fn no_rescue(&self, document: Option<&Document>) -> Result<(), StateError> {
        match self {
            Self::Files(held) => held.no_rescue(document),
            Self::Remote(_) => Ok(()),
        }
    }

    /// Sets aside what earlier runs saved of this state elsewhere, now that `document` has it; its new names.
    pub fn settle_rescued(&self, document: &Document) -> Vec<String> {
        match self {
            Self::Files(held) => held.settle_rescued(document),
            Self::Remote(_) => vec![],
        }
    }

    /// Removes what an earlier run saved there, now that it was taken in; whether that is what it was.
    pub fn taken_in(&self, path: &Path, document: &Document) -> bool {
        match self {
            Self::Files(held) => held.taken_in(path, document),
            Self::Remote(_) => false,
        }
    }

    /// Leaves a marker in the place of a state that was moved; the state becomes its backup.
    pub async fn retire(&self, moved: &Moved) -> Result<(), StateError> {
        point(Moment::BeforeState, "retire");
        let retired = match self {
            Self::Files(held) => held.retire(moved),
            Self::Remote(held) => held.retire(moved).await,
        };
        point(Moment::AfterState, "retire");
        retired
    }

    /// Writes what was rebuilt of a damaged state as the next serial. What lay there is set aside and stays; the names
    /// are returned.
    pub async fn replace(&self, document: &mut Document) -> Result<Vec<String>, StateError> {
        match self {
            Self::Files(held) => held.replace(document),
            Self::Remote(held) => held.replace(document).await,
        }
    }

    /// Removes state and journal, once nothing is left of the stack.
    pub async fn remove(&self) -> Result<(), StateError> {
        point(Moment::BeforeState, "remove");
        let removed = match self {
            Self::Files(held) => held.remove(),
            Self::Remote(held) => held.remove().await,
        };
        point(Moment::AfterState, "remove");
        removed
    }

    /// Gives the lock back. A dropped lease is given back too where the runtime can block, else it runs out; a local
    /// lock ends with its value.
    pub async fn release(self) {
        if let Self::Remote(held) = self {
            held.release().await;
        }
    }

    /// What calls to the cloud need that are made under this lock; none where the lock cannot be lost.
    pub fn warrant(&self) -> Option<Arc<dyn Warrant>> {
        match self {
            Self::Files(_) => None,
            Self::Remote(held) => Some(held.warrant()),
        }
    }

    /// Turns true when someone else has the lock; never for a local lock, which ends with its process.
    pub fn lost(&self) -> Option<watch::Receiver<bool>> {
        match self {
            Self::Files(_) => None,
            Self::Remote(held) => Some(held.lost()),
        }
    }
}
