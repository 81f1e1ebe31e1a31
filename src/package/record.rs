use super::{Error, Executable, Result};
use crate::folder::{self, Folder};
use crate::limits;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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
        let record: Self = serde_json::from_slice(&limits::read_file(path, limits::RECORD).ok()?).ok()?;
        let there =
            std::fs::symlink_metadata(zip).is_ok_and(|zip| zip.is_file() && zip.len() == record.bytes);
        (record.fingerprint == fingerprint && there).then_some(record)
    }

    pub fn save(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|e| Error::io("write", path)(e.into()))?;
        replace(path, &text)
    }
}

/// Writes a file whole or not at all.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = folder::beside(path).and_then(|(folder, name)| folder.write(name, bytes, 0o600));
    written.map_err(Error::io("write", path))
}

/// Where the packages of a project lie, made if need be, through no link.
pub(super) fn folder(project: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(project).map_err(Error::io("find", project))?;
    let made = Folder::open(&path).and_then(|folder| folder.make(".stackctl/package", 0o700));
    made.map_err(Error::io("create", &path.join(".stackctl/package")))?;
    Ok(path.join(".stackctl/package"))
}
