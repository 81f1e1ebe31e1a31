//! A folder of this machine, or what stands below a prefix in S3: where artifacts go and where the lake is.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use access::aws::{self, Aws};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use crate::error::{Error, chain};

/// How often an object is asked for whose transfer breaks off.
const ATTEMPTS: usize = 4;

/// A folder or a prefix.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// A folder, which is made when it is needed.
    Folder(PathBuf),
    /// A prefix of a bucket.
    S3 {
        /// The bucket.
        bucket: String,
        /// The prefix, without slashes at its ends; may be empty.
        prefix: String,
    },
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.starts_with("s3:") {
            return Ok(Self::Folder(PathBuf::from(text)));
        }
        let address = text.strip_prefix("s3://").unwrap_or_default();
        let (bucket, prefix) = address.split_once('/').unwrap_or((address, ""));
        if bucket.is_empty() {
            return Err(format!("{text}: expected a folder, or s3://BUCKET/PREFIX"));
        }
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned() })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(formatter),
            Self::S3 { bucket, prefix } => write!(formatter, "s3://{bucket}/{prefix}"),
        }
    }
}

impl Place {
    /// A place below this one.
    pub fn below(&self, name: &str) -> Self {
        match self {
            Self::Folder(folder) => Self::Folder(folder.join(name)),
            Self::S3 { bucket, .. } => Self::S3 { bucket: bucket.clone(), prefix: self.key(name) },
        }
    }

    /// The address of what has this name.
    pub fn address(&self, name: &str) -> String {
        self.below(name).to_string()
    }

    /// All of a file or object; nothing where there is none.
    pub async fn read(&self, aws: &Aws, name: &str) -> Result<Option<Bytes>, Error> {
        self.read_version(aws, name, None).await
    }

    /// As [`Self::read`], and in a bucket that keeps versions this one, which is there even when the object was removed since.
    pub async fn read_version(
        &self,
        aws: &Aws,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                match tokio::fs::read(&path).await {
                    Ok(bytes) => Ok(Some(bytes.into())),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(source) => Err(Error::File { doing: "read", path, source }),
                }
            }
            Self::S3 { bucket, .. } => {
                let mut broken = String::new();
                for _ in 0..ATTEMPTS {
                    let request = aws.s3().await.get_object().bucket(bucket).key(self.key(name));
                    let request = request.set_version_id(version.map(ToOwned::to_owned));
                    let answer = match request.send().await {
                        Ok(answer) => answer,
                        Err(error)
                            if error.as_service_error().is_some_and(|error| error.is_no_such_key()) =>
                        {
                            return Ok(None);
                        }
                        Err(error) => return Err(self.refused("read", name, aws::explain(&error))),
                    };
                    match answer.body.collect().await {
                        Ok(body) => return Ok(Some(body.into_bytes())),
                        Err(error) => broken = chain(&error),
                    }
                }
                Err(self.refused("read", name, broken))
            }
        }
    }

    /// Writes all of a file or object. It is there whole or not at all. Returns its address.
    pub async fn write(
        &self,
        aws: &Aws,
        name: &str,
        bytes: Vec<u8>,
        content_type: &str,
    ) -> Result<String, Error> {
        match self {
            Self::Folder(folder) => write_file(&folder.join(name), &bytes),
            Self::S3 { bucket, .. } => {
                let request = aws.s3().await.put_object().bucket(bucket).key(self.key(name));
                let request = request.content_type(content_type).body(ByteStream::from(bytes));
                let outcome = request.send().await;
                outcome.map_err(|error| self.refused("write", name, aws::explain(&error)))?;
                Ok(self.address(name))
            }
        }
    }

    fn key(&self, name: &str) -> String {
        match self {
            Self::S3 { prefix, .. } if !prefix.is_empty() => format!("{prefix}/{name}"),
            _ => name.to_owned(),
        }
    }

    fn refused(&self, doing: &'static str, name: &str, message: String) -> Error {
        Error::S3 { doing, address: self.address(name), message }
    }
}

/// Writes beside and renames. What a disk that is full left behind is removed.
fn write_file(path: &Path, bytes: &[u8]) -> Result<String, Error> {
    let failed = |source| Error::File { doing: "write", path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    let write = || {
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    if let Err(error) = write() {
        let _ = std::fs::remove_file(&beside);
        return Err(failed(error));
    }
    Ok(std::fs::canonicalize(path).map_err(failed)?.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_prefix() {
        let s3 = |prefix: &str| Place::S3 { bucket: "data".into(), prefix: prefix.into() };
        assert_eq!("artifacts".parse(), Ok(Place::Folder("artifacts".into())));
        assert_eq!("s3://data/a/b/".parse(), Ok(s3("a/b")));
        assert_eq!("s3://data".parse(), Ok(s3("")));
        assert_eq!(s3("a").address("models/x.json"), "s3://data/a/models/x.json");
        assert_eq!(s3("").address("x"), "s3://data/x");
        for text in ["s3:data", "s3:///a", "s3:"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("x.json")).unwrap();
        let error = write_file(&folder.path().join("x.json"), b"{}").unwrap_err().to_string();
        assert!(error.starts_with("failed to write"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
