use super::{Cipher, Document, Files, Held, Holding, Host, Lock, Objects, Past, Remote, Salvage, StateError};
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

    /// With a lease of another life than [`super::Lease::LIFE`], for tests.
    pub fn lasting(self, life: Duration) -> Self {
        match self {
            Self::Remote(remote) => Self::Remote(remote.lasting(life)),
            files @ Self::Files(_) => files,
        }
    }

    /// As seen from another machine than this one, for tests.
    pub fn on(self, host: Host) -> Self {
        match self {
            Self::Remote(remote) => Self::Remote(remote.on(host)),
            files @ Self::Files(_) => files,
        }
    }

    /// Refuses the state of another stack. One in a folder is that of the stack in its name.
    pub fn of_stack(self, stack: &str) -> Self {
        match self {
            Self::Files(files) => Self::Files(files),
            Self::Remote(remote) => Self::Remote(remote.of_stack(stack)),
        }
    }

    /// Encrypts what is written, decrypts what is read.
    pub fn sealed_by(self, cipher: Cipher) -> Self {
        match self {
            Self::Files(files) => Self::Files(files.sealed_by(cipher)),
            Self::Remote(remote) => Self::Remote(remote.sealed_by(cipher)),
        }
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

    /// As `open`, where a state of this lineage may have been moved away from: for moving one to this place.
    pub async fn open_onto(
        &self,
        command: &str,
        patience: Duration,
        lineage: &str,
    ) -> Result<(Option<Document>, Held), StateError> {
        match self {
            Self::Files(files) => {
                let held = files.hold(command, patience).await?;
                Ok((files.read_onto(lineage)?, Held::Files(held)))
            }
            Self::Remote(remote) => {
                let (document, held) = remote.open_onto(command, patience, lineage).await?;
                Ok((document, Held::Remote(held)))
            }
        }
    }

    /// The states that were, newest first, at most `limit`.
    pub async fn history(&self, limit: usize) -> Result<Vec<Past>, StateError> {
        match self {
            Self::Files(files) => files.history(),
            Self::Remote(remote) => remote.history(limit).await,
        }
    }

    /// Who has the lock.
    pub async fn holding(&self) -> Result<Holding, StateError> {
        match self {
            Self::Files(files) => Lock::look(&files.lock_path()).map_err(files.io("read")),
            Self::Remote(remote) => Ok(remote.claimed().await?.map_or(Holding::Free, Holding::Lease)),
        }
    }

    /// As `open`, from the lease `id` if that has it, however long it is still good. A local lock ends with its process
    /// and is not taken from it.
    pub async fn seize(&self, command: &str, id: &str) -> Result<(Option<Document>, Held), StateError> {
        match self {
            Self::Files(_) => self.open(command, Duration::ZERO).await,
            Self::Remote(remote) => {
                let (document, held) = remote.seize_from(command, Some(id)).await?;
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
