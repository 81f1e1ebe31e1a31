use crate::error::Error;
use futures::future::BoxFuture;
use std::fmt::Debug;
use std::time::Duration;

/// An object as it was read.
#[derive(Debug, Clone)]
pub struct Object {
    pub bytes: Vec<u8>,
    /// Changes with every write of other content.
    pub etag: String,
    /// Since its last write, by the clock of the service: no two machines have to agree on the time.
    pub age: Duration,
}

/// What must be there for a write to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Nothing (`If-None-Match: *`).
    Absent,
    /// The object with this ETag (`If-Match`).
    Match(String),
}

impl Condition {
    /// That the object is as it was read.
    pub fn unchanged(etag: Option<&str>) -> Self {
        etag.map_or(Self::Absent, |etag| Self::Match(etag.to_owned()))
    }
}

/// Why an object was not written, or not known to be.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The condition does not hold. After a repetition by the SDK that may be the work of the first attempt.
    #[error("it was changed by someone else")]
    Conflict,
    /// It may have been written all the same.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// A version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub id: String,
    /// RFC 3339.
    pub modified: String,
    /// Bytes.
    pub size: u64,
}

/// A store of objects with conditional writes: S3, or one in memory for tests.
///
/// Every write names its condition, so a writer that has lost its lock cannot overwrite newer state.
pub trait Objects: Debug + Send + Sync {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, Error>>;
    /// The new ETag.
    fn put<'a>(
        &'a self,
        key: &'a str,
        bytes: Vec<u8>,
        condition: Condition,
    ) -> BoxFuture<'a, Result<String, PutError>>;
    /// Deletes it if it has this ETag; done as well if it is gone already.
    fn delete<'a>(&'a self, key: &'a str, etag: &'a str) -> BoxFuture<'a, Result<(), PutError>>;
    /// Newest first, and no more than `most`; empty where versions are not kept.
    fn versions<'a>(&'a self, key: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<Version>, Error>>;
    fn version<'a>(&'a self, key: &'a str, id: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>>;
}
