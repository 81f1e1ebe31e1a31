//! Where a file comes from: S3, or this machine.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use tokio::io::AsyncReadExt;

use crate::aws::{self, Aws};
use crate::error::{self, Error};

/// Bytes read from a local file at once.
const CHUNK: usize = 1024 * 1024;

/// How often a transfer that broke off is taken up again.
const RESUMPTIONS: u32 = 5;

/// Stands for the bucket of local files in the manifest.
pub const LOCAL: &str = "file:";

/// The address of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// A file of this machine.
    File(PathBuf),
    /// An object.
    S3 {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
    },
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::S3 { bucket, key } => write!(formatter, "s3://{bucket}/{key}"),
        }
    }
}

impl std::str::FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(address) = text.strip_prefix("s3://") else {
            return Ok(Self::File(PathBuf::from(text)));
        };
        match address.split_once('/') {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
                Ok(Self::S3 { bucket: bucket.to_owned(), key: key.to_owned() })
            }
            _ => Err(format!("{text}: expected s3://bucket/key")),
        }
    }
}

/// What the store says about a file before it is read. The first four fields are its identity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Object {
    /// The bucket, or [`LOCAL`].
    pub bucket: String,
    /// The key, or the absolute path.
    pub key: String,
    /// Empty where there are no versions.
    pub version_id: String,
    /// Changes with the content.
    pub etag: String,
    /// Size in bytes.
    pub size: u64,
    /// When it was written.
    pub last_modified: String,
    /// The same, for comparing; the beginning of time where the store does not say.
    pub modified: SystemTime,
}

impl Source {
    /// Asks the store what is there now.
    ///
    /// An event says that a key changed, not what it holds: events may be late, repeated or out of order. Whatever is
    /// current is loaded, so all of them end in the same state.
    pub async fn describe(&self, aws: &Aws) -> Result<Object, Error> {
        match self {
            Self::File(path) => describe_file(path).await,
            Self::S3 { bucket, key } => {
                let head = aws.s3().await.head_object().bucket(bucket).key(key).send().await;
                let head = head.map_err(|error| self.refused("find", aws::explain(&error)))?;
                Ok(Object {
                    bucket: bucket.clone(),
                    key: key.clone(),
                    version_id: head.version_id().filter(|&id| id != "null").unwrap_or_default().to_owned(),
                    etag: head.e_tag().unwrap_or_default().trim_matches('"').to_owned(),
                    size: head.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
                    last_modified: head.last_modified().map(ToString::to_string).unwrap_or_default(),
                    modified: head
                        .last_modified()
                        .and_then(|time| u64::try_from(time.secs()).ok())
                        .map_or(UNIX_EPOCH, |seconds| UNIX_EPOCH + Duration::from_secs(seconds)),
                })
            }
        }
    }

    /// Begins to read exactly the content that was described.
    pub async fn open<'a>(&'a self, aws: &'a Aws, object: &'a Object) -> Result<Reader<'a>, Error> {
        let stream = match self {
            Self::File(path) => Stream::File(
                tokio::fs::File::open(path)
                    .await
                    .map_err(|source| Error::Read { path: path.clone(), source })?,
            ),
            Self::S3 { .. } => Stream::S3(Box::new(self.request(aws, object, 0).await?)),
        };
        Ok(Reader { source: self, aws, object, stream, read: 0, resumptions: 0 })
    }

    async fn request(&self, aws: &Aws, object: &Object, from: u64) -> Result<ByteStream, Error> {
        let request = aws.s3().await.get_object().bucket(&object.bucket).key(&object.key);
        let request = if object.version_id.is_empty() {
            request.if_match(format!("\"{}\"", object.etag))
        } else {
            request.version_id(&object.version_id)
        };
        let request = if from > 0 { request.range(format!("bytes={from}-")) } else { request };
        let answer = request.send().await.map_err(|error| self.refused("read", aws::explain(&error)))?;
        Ok(answer.body)
    }

    fn refused(&self, doing: &'static str, message: String) -> Error {
        let (bucket, key) = match self {
            Self::S3 { bucket, key } => (bucket.clone(), key.clone()),
            Self::File(path) => (LOCAL.to_owned(), path.display().to_string()),
        };
        Error::S3 { doing, bucket, key, message }
    }
}

async fn describe_file(path: &Path) -> Result<Object, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let absolute = tokio::fs::canonicalize(path).await.map_err(failed)?;
    let metadata = tokio::fs::metadata(&absolute).await.map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(std::io::Error::other("not a regular file")));
    }
    let modified =
        metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Ok(Object {
        bucket: LOCAL.to_owned(),
        key: absolute.display().to_string(),
        version_id: String::new(),
        etag: format!("{}-{}-{}", metadata.len(), inode(&metadata), modified.as_nanos()),
        size: metadata.len(),
        last_modified: modified.as_secs().to_string(),
        modified: UNIX_EPOCH + modified,
    })
}

#[cfg(unix)]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}

/// A file that is being read.
pub struct Reader<'a> {
    source: &'a Source,
    aws: &'a Aws,
    object: &'a Object,
    stream: Stream,
    read: u64,
    resumptions: u32,
}

enum Stream {
    File(tokio::fs::File),
    S3(Box<ByteStream>),
}

impl Reader<'_> {
    /// The next bytes, or nothing at the end. A transfer from S3 that breaks off is resumed where it stopped.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match &mut self.stream {
                Stream::File(file) => {
                    let mut buffer = bytes::BytesMut::with_capacity(CHUNK);
                    file.read_buf(&mut buffer).await.map_err(|source| match self.source {
                        Source::File(path) => Error::Read { path: path.clone(), source },
                        Source::S3 { .. } => Error::Write(source),
                    })?;
                    return self.arrived(Some(buffer.freeze()).filter(|bytes| !bytes.is_empty()));
                }
                Stream::S3(body) => match body.next().await {
                    Some(Ok(bytes)) => return self.arrived(Some(bytes)),
                    None if self.read >= self.object.size => return self.arrived(None),
                    broken => {
                        if self.resumptions == RESUMPTIONS {
                            return Err(match broken {
                                Some(Err(error)) => self.source.refused("read", error::chain(&error)),
                                _ => self.truncated(),
                            });
                        }
                        self.resumptions += 1;
                        let body = self.source.request(self.aws, self.object, self.read).await?;
                        self.stream = Stream::S3(Box::new(body));
                    }
                },
            }
        }
    }

    fn arrived(&mut self, bytes: Option<Bytes>) -> Result<Option<Bytes>, Error> {
        match &bytes {
            Some(bytes) => self.read += bytes.len() as u64,
            None if self.read != self.object.size => return Err(self.truncated()),
            None => {}
        }
        Ok(bytes)
    }

    fn truncated(&self) -> Error {
        Error::Truncated { file: self.source.to_string(), read: self.read, size: self.object.size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_object_or_a_file() {
        let object = Source::S3 { bucket: "data".into(), key: "in/a b.csv".into() };
        assert_eq!("s3://data/in/a b.csv".parse(), Ok(object));
        assert_eq!("in/a.csv".parse(), Ok(Source::File("in/a.csv".into())));
        assert!("s3://data".parse::<Source>().is_err());
        assert!("s3://data/".parse::<Source>().is_err());
    }
}
