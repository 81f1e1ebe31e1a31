use super::{Document, Files, Held, Objects, Remote, Salvage, StateError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Where the state of a stack lies.
#[derive(Debug, Clone)]
pub enum Store {
    Files(Files),
    Remote(Remote),
}

impl Store {
    /// A folder of this machine.
    pub fn files(folder: &Path, stack: &str, target: Option<&str>) -> Self {
        Self::Files(Files::new(folder, stack, target))
    }

    /// An object store: `key` is the state's own, `name` is what messages call it, such as `s3://bucket/key`.
    pub fn remote(objects: Arc<dyn Objects>, name: &str, key: &str) -> Self {
        Self::Remote(Remote::new(objects, name, key))
    }

    /// As users know it: a path or an `s3://` address.
    pub fn name(&self) -> String {
        match self {
            Self::Files(files) => files.path().display().to_string(),
            Self::Remote(remote) => remote.name().to_owned(),
        }
    }

    /// Takes the lock (waiting up to `patience`) and reads the state; `None` if there is none yet.
    ///
    /// # Errors
    /// Locked by another, damaged, or the place cannot be used.
    pub async fn open(
        &self,
        command: &str,
        patience: Duration,
    ) -> Result<(Option<Document>, Held), StateError> {
        match self {
            Self::Files(files) => {
                let held = files.hold(command, patience).await?;
                Ok((held.read()?, Held::Files(held)))
            }
            Self::Remote(remote) => {
                let (document, held) = remote.open(command, patience).await?;
                Ok((document, Held::Remote(held)))
            }
        }
    }

    /// Takes the lock and looks for everything that is left of a state, whole or not.
    ///
    /// # Errors
    /// Locked by another, or the place cannot be read; damage is no error here.
    pub async fn salvage(&self, command: &str, patience: Duration) -> Result<(Salvage, Held), StateError> {
        match self {
            Self::Files(files) => {
                let held = files.hold(command, patience).await?;
                Ok((files.salvage()?, Held::Files(held)))
            }
            Self::Remote(remote) => {
                let (salvage, held) = remote.salvage(command, patience).await?;
                Ok((salvage, Held::Remote(held)))
            }
        }
    }

    /// Reads without the lock, for commands that only look: the state with what the journal says folded in.
    pub async fn peek(&self) -> Result<Option<Document>, StateError> {
        match self {
            Self::Files(files) => files.read(),
            Self::Remote(remote) => remote.read().await,
        }
    }
}
