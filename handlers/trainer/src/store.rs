//! Where artifacts are kept: a folder in which every file is named after its content.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::Error;

/// A folder for artifacts.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// A store in a folder, which is made when it is needed.
    pub fn new(folder: &Path) -> Result<Self, Error> {
        if folder.to_string_lossy().starts_with("s3:") {
            return Err(Error::Setting {
                name: "--artifacts",
                problem: "is an address in S3: the trainer keeps artifacts in a folder only, as yet"
                    .to_owned(),
            });
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Keeps a model. Returns its hash, and where it lies.
    pub fn put_model(&self, bytes: &[u8]) -> Result<(String, PathBuf), Error> {
        let name = hex::encode(Sha256::digest(bytes));
        let path = self.write(&self.model(&name), bytes)?;
        Ok((name, path))
    }

    /// Keeps the report of a model on one test. Returns where it lies.
    pub fn put_report(&self, model: &str, test: &str, page: &str) -> Result<PathBuf, Error> {
        let name = format!("{}-{}.html", short(model), short(test));
        self.write(&self.folder.join("reports").join(name), page.as_bytes())
    }

    /// A model's bytes, which are what the name says.
    pub fn model_bytes(&self, name: &str) -> Result<Vec<u8>, Error> {
        let path = self.model(name);
        let bytes = std::fs::read(&path).map_err(|source| Error::File {
            doing: "read",
            path: path.clone(),
            source,
        })?;
        let found = hex::encode(Sha256::digest(&bytes));
        if found != name {
            return Err(Error::Artifact {
                name: short(name).to_owned(),
                problem: format!(
                    "in {} has the hash {}: it was changed or cut off; train again with the same settings, which gives the \
                     same artifact",
                    path.display(),
                    short(&found)
                ),
            });
        }
        Ok(bytes)
    }

    fn model(&self, name: &str) -> PathBuf {
        self.folder.join("models").join(format!("{name}.json"))
    }

    /// Writes beside and renames, so that a file is there whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<PathBuf, Error> {
        let failed = |source| Error::File { doing: "write", path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let beside = path.with_extension(format!("{}.part", std::process::id()));
        std::fs::write(&beside, bytes).map_err(failed)?;
        std::fs::rename(&beside, path).map_err(failed)?;
        std::fs::canonicalize(path).map_err(failed)
    }
}

/// Enough of a hash for people.
pub fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_what_was_changed_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path()).unwrap();
        let (name, path) = store.put_model(b"model").unwrap();
        assert_eq!(store.put_model(b"model").unwrap(), (name.clone(), path.clone()));
        assert_eq!(store.model_bytes(&name).unwrap(), b"model");
        std::fs::write(&path, b"mode").unwrap();
        let error = store.model_bytes(&name).unwrap_err().to_string();
        assert!(error.contains("train again"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path().join("models")).unwrap().count(), 1);
        assert!(Store::new(Path::new("s3://bucket/models")).is_err());
    }
}
