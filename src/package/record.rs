use super::{Error, Executable, Result};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;
use tempfile::NamedTempFile;

/// What the last build made, beside the zip: while the fingerprint stays the same, nothing is built.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub fingerprint: String,
    pub code_sha256: String,
    /// Of the zip, to notice one that was cut short.
    pub bytes: u64,
    /// Kept, so that a zip made for the local target is checked again, without a build, before it goes to AWS.
    pub executable: Executable,
}

impl Record {
    /// The record at `path` if it is of these sources and its zip is there. One that cannot be read counts as none: it
    /// is a cache.
    pub fn load(path: &Path, zip: &Path, fingerprint: &str) -> Option<Self> {
        let record: Self = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let there = std::fs::metadata(zip).is_ok_and(|zip| zip.len() == record.bytes);
        (record.fingerprint == fingerprint && there).then_some(record)
    }

    pub fn save(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|e| Error::io("write", path)(e.into()))?;
        replace(path, &text)
    }
}

/// Writes a file whole or not at all.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(Error::io("write", path))
}
