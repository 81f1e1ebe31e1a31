//! Where the lake lies: a folder or S3, with the same few verbs. A path is relative to the lake and uses `/`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::folder::{Folder, Part};
use super::s3::{Bucket, Multipart};
use crate::aws::Aws;
use crate::error::Error;

/// An address: `s3://bucket/prefix`, or a folder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Lake {
    /// A folder of this machine.
    Folder(Folder),
    /// Part of a bucket.
    S3(Bucket),
}

/// What lies in a table's folder.
#[derive(Debug, Default)]
pub struct Listing {
    /// Sizes by path, relative to the table's folder.
    pub files: BTreeMap<String, u64>,
    /// Uploads that were begun and never completed, by path.
    pub unfinished: Vec<(String, Ticket)>,
}

/// A file that is complete but not visible yet.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ticket {
    /// S3's name of the upload; none for a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<String>,
    /// S3's parts, in order: ETag and CRC-32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<(String, String)>,
}

/// A small file as it was read.
#[derive(Debug)]
pub struct Content {
    /// All of it.
    pub bytes: Vec<u8>,
    /// S3's ETag; none for a folder.
    pub etag: Option<String>,
}

/// A file that is being written and not visible yet.
pub enum Upload<'a> {
    /// In a folder.
    Folder(Part),
    /// In S3.
    S3(Multipart<'a>),
}

impl Lake {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix("s3://") {
            None if text.is_empty() => Err("is empty: expected s3://BUCKET/PREFIX or a folder".to_owned()),
            None => Ok(Self::Folder(Folder::new(text))),
            Some(rest) => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                let prefix = prefix.trim_matches('/');
                if bucket.is_empty() || prefix.is_empty() {
                    return Err(format!("is {text:?}: expected s3://BUCKET/PREFIX or a folder"));
                }
                Ok(Self::S3(Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() }))
            }
        }
    }

    /// What lies in a table's folder.
    pub async fn list(&self, aws: &Aws, table: &str) -> Result<Listing, Error> {
        match self {
            Self::Folder(folder) => folder.list(table).await,
            Self::S3(bucket) => bucket.list(aws, table).await,
        }
    }

    /// A small file, if it is there.
    pub async fn read(&self, aws: &Aws, path: &str) -> Result<Option<Content>, Error> {
        match self {
            Self::Folder(folder) => folder.read(path).await,
            Self::S3(bucket) => bucket.read(aws, path).await,
        }
    }

    /// Writes a small file, whole or not at all.
    pub async fn put(&self, aws: &Aws, path: &str, bytes: Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.put(path, &bytes).await,
            Self::S3(bucket) => bucket.put(aws, path, bytes, None).await,
        }
    }

    /// Writes a small file in the place of what was read before, and fails if it is not that any more. A folder has no such
    /// promise: there the lock has to do.
    pub async fn replace(
        &self,
        aws: &Aws,
        path: &str,
        bytes: Vec<u8>,
        before: Option<&Content>,
    ) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.put(path, &bytes).await,
            Self::S3(bucket) => {
                bucket.put(aws, path, bytes, Some(before.and_then(|content| content.etag.as_deref()))).await
            }
        }
    }

    /// Removes a file that may be gone already.
    pub async fn remove(&self, aws: &Aws, path: &str) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.remove(path).await,
            Self::S3(bucket) => bucket.remove(aws, path).await,
        }
    }

    /// Begins a file.
    pub async fn begin<'a>(&'a self, aws: &'a Aws, path: &str) -> Result<Upload<'a>, Error> {
        Ok(match self {
            Self::Folder(folder) => Upload::Folder(folder.begin(path).await?),
            Self::S3(bucket) => Upload::S3(bucket.begin(aws, path).await?),
        })
    }

    /// Makes a complete file visible, at once and as a whole. Returns the version of the object, where the bucket keeps versions.
    pub async fn publish(&self, aws: &Aws, path: &str, ticket: &Ticket) -> Result<Option<String>, Error> {
        match self {
            Self::Folder(folder) => folder.publish(path).await.map(|()| None),
            Self::S3(bucket) => bucket.publish(aws, path, ticket).await,
        }
    }

    /// Throws away what was begun and not published.
    pub async fn abandon(&self, aws: &Aws, path: &str, ticket: &Ticket) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.abandon(path).await,
            Self::S3(bucket) => bucket.abandon(aws, path, ticket).await,
        }
    }
}

impl fmt::Display for Lake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => formatter.write_str(&folder.to_string()),
            Self::S3(Bucket { bucket, prefix }) => write!(formatter, "s3://{bucket}/{prefix}"),
        }
    }
}

impl Upload<'_> {
    /// Appends bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Folder(part) => part.write(bytes).await,
            Self::S3(multipart) => multipart.write(bytes).await,
        }
    }

    /// Completes the file, which stays out of sight until it is published.
    pub async fn end(self) -> Result<Ticket, Error> {
        match self {
            Self::Folder(part) => part.end().await,
            Self::S3(multipart) => multipart.end().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_folder_or_part_of_a_bucket() {
        assert_eq!(Lake::parse("s3://data/lake/").unwrap().to_string(), "s3://data/lake");
        assert_eq!(Lake::parse("/tmp/lake").unwrap().to_string(), "/tmp/lake");
        for wrong in ["", "s3://data", "s3://data/", "s3:///lake"] {
            assert!(Lake::parse(wrong).unwrap_err().contains("expected s3://BUCKET/PREFIX"), "{wrong}");
        }
    }
}
