use std::{
    fs::{File, TryLockError},
    io::ErrorKind,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, Instant},
};

use super::error::{Error, FileContext, Result};
use crate::folder;

/// An OS lock on a file: it ends with its holder, however that ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// `None` when somebody else holds it.
    pub(super) fn try_take(path: &Path) -> Result<Option<Self>> {
        loop {
            let file =
                folder::beside(path).and_then(|(folder, name)| folder.keep(name, 0o600)).at("open", path)?;
            match file.try_lock() {
                Ok(()) if is_still_at(&file, path) => return Ok(Some(Self { _file: file })),
                // `down --purge` removed the file between opening and locking: what is locked is nobody's.
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error).at("lock", path),
            }
        }
    }

    /// Waits for it, calling `waiting` once when that is needed.
    pub(super) async fn take(path: &Path, patience: Duration, mut waiting: impl FnMut()) -> Result<Self> {
        let start = Instant::now();
        let mut told = false;
        loop {
            if let Some(lock) = Self::try_take(path)? {
                return Ok(lock);
            }
            if !std::mem::replace(&mut told, true) {
                waiting();
            }
            if start.elapsed() > patience {
                return Err(Error::Busy { lock: path.to_path_buf(), seconds: patience.as_secs() });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(super) fn is_held(path: &Path) -> Result<bool> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error).at("open", path),
        };
        // Shared: two that look do not take each other for the holder.
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error).at("lock", path),
        }
    }
}

fn is_still_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(ours), Ok(there)) => ours.ino() == there.ino() && ours.dev() == there.dev(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("lock");
        let held = Lock::try_take(&path).unwrap().unwrap();
        assert!(Lock::try_take(&path).unwrap().is_none());
        assert!(Lock::is_held(&path).unwrap());
        drop(held);
        assert!(!Lock::is_held(&path).unwrap());
    }
}
