use super::record::{self, replace};
use super::{Artifact, Error, Result, archive, load};
use crate::limits::{self, UNPACKED, UPLOAD};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The artifact with more files in its zip: names in there, and where the files lie. The same files are the same zip, byte
/// for byte.
///
/// It is put together each time, which takes milliseconds: so there is no record that could be out of date.
pub fn with_files(
    artifact: Artifact,
    project_dir: &Path,
    files: &BTreeMap<String, PathBuf>,
) -> Result<Artifact> {
    if files.is_empty() {
        return Ok(artifact);
    }
    let mut contents = BTreeMap::new();
    for (name, path) in files {
        contents.insert(name.as_str(), limits::read_file(path, UNPACKED).map_err(Error::io("read", path))?);
    }
    let before = load(&artifact.zip)?;
    let bytes = archive::extend(&artifact.zip, &before, &contents)?;
    let zip = place(project_dir, &artifact.zip, files)?;
    let size = bytes.len() as u64;
    if size > UPLOAD {
        return Err(Error::TooLarge { path: zip, bytes: size });
    }
    // An apply elsewhere may be reading it.
    if limits::read_file(&zip, UPLOAD).ok().as_ref() != Some(&bytes) {
        replace(&zip, &bytes)?;
    }
    Ok(Artifact { zip, code_sha256: archive::sha256(&bytes), ..artifact })
}

/// Functions of one crate with files of their own have zips of their own.
fn place(project_dir: &Path, zip: &Path, files: &BTreeMap<String, PathBuf>) -> Result<PathBuf> {
    let folder = record::folder(project_dir)?;
    let mut hasher = Sha256::new();
    for part in files.iter().flat_map(|(name, path)| [name.as_bytes(), path.as_os_str().as_encoded_bytes()]) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let stem = zip.file_stem().unwrap_or_default().to_string_lossy();
    Ok(folder.join(format!("{stem}-with-{}.zip", hex::encode(&hasher.finalize()[..4]))))
}
