//! What can go wrong, and what to do about it.

use std::path::PathBuf;

pub use access::chain;

/// Everything that makes a load, or the program, fail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file's content cannot be loaded.
    #[error("{file}: {source}")]
    Content {
        /// Address of the file.
        file: String,
        /// What is wrong with it.
        source: ContentError,
    },
    /// Postgres refused, or went away.
    #[error("failed to {doing}: {}", chain(source))]
    Database {
        /// What the statement was for.
        doing: String,
        /// Postgres' answer.
        source: tokio_postgres::Error,
    },
    /// The way to Postgres is closed.
    #[error(transparent)]
    Access(#[from] access::Error),
    /// A local file.
    #[error("failed to read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Output that could not be written.
    #[error("failed to write the output: {0}")]
    Write(std::io::Error),
    /// S3 refused, or went away.
    #[error("failed to {doing} s3://{bucket}/{key}: {message}")]
    S3 {
        /// What the call was for.
        doing: &'static str,
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// S3's answer.
        message: String,
    },
    /// The object ended before its stated size.
    #[error("{file}: {read} of {size} bytes arrived; load it again")]
    Truncated {
        /// Address of the file.
        file: String,
        /// Bytes that arrived.
        read: u64,
        /// Bytes that were stated.
        size: u64,
    },
    /// An environment variable or argument is missing or wrong.
    #[error("{name} {problem}")]
    Setting {
        /// Name of the variable or argument.
        name: &'static str,
        /// What is wrong, and what it should be.
        problem: String,
    },
    /// The database's schema is not one that this loader knows.
    #[error("{0}")]
    Schema(String),
    /// The event is none that the function understands.
    #[error(transparent)]
    Event(access::event::Unknown),
    /// Logins that cannot be made so.
    #[error("nothing was set up: {0}")]
    Setup(String),
    /// The function's time is nearly over.
    #[error(
        "{file}: not loaded within the function's time, {bytes} of {size} bytes ({rows} rows) were done, nothing of it was \
         kept; raise the function's timeout or memory, or run `loader load` where there is no limit"
    )]
    Deadline {
        /// Address of the file.
        file: String,
        /// Rows that were staged.
        rows: u64,
        /// Bytes that were read.
        bytes: u64,
        /// Bytes that there are; 0 if it was too late to ask.
        size: u64,
    },
    /// The function's time is nearly over, and RDS is still reading the object.
    #[error(
        "{file}: RDS is still pulling it, and goes on without the function; the next try, or `loader replay`, takes up what \
         it has pulled"
    )]
    Pulling {
        /// Address of the file.
        file: String,
    },
    /// RDS cannot pull objects.
    #[error("{file}: LOADER_MODE is aws_s3, but this database cannot pull it: {reason}; {remedy}")]
    Pull {
        /// Address of the file.
        file: String,
        /// Why.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A file of a lake that is a folder.
    #[error("failed to {doing} {}: {source}", path.display())]
    Lake {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The function's time is nearly over, and the lake is not up to date.
    #[error(
        "{lake}: not exported within the function's time; {done} partitions were finished and are kept, the next try takes up          from there; raise the function's timeout or memory, or run `loader export` where there is no limit"
    )]
    LakeDeadline {
        /// Address of the lake.
        lake: String,
        /// Partitions that were finished this time.
        done: u64,
    },
    /// The loans are in the tables and not in the lake.
    #[error("what was loaded is in the tables, but the lake is not up to date: {0}; load or export again")]
    Export(Box<Error>),
    /// At least one file of several failed.
    #[error("{failed} of {total} files failed: {reasons}")]
    Files {
        /// How many failed.
        failed: usize,
        /// How many there were.
        total: usize,
        /// Their errors.
        reasons: String,
    },
}

/// What is wrong with a file's content.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ContentError {
    /// Nothing in it.
    #[error("the file is empty; upload it again")]
    Empty,
    /// No header.
    #[error(
        "no header among the first {records} records (up to line {line}): expected a record with the columns loan_amnt \
         and loan_status, saw {seen:?} first; is this a loan file, comma-separated and not compressed?"
    )]
    NoHeader {
        /// Records looked at.
        records: u64,
        /// Last line looked at.
        line: u64,
        /// Beginning of the first record.
        seen: String,
    },
    /// Two columns of the header have the same name.
    #[error(
        "line {line}: the header names {name:?} twice (columns {first} and {second}); rename one of them"
    )]
    RepeatedColumn {
        /// Line of the header.
        line: u64,
        /// The name.
        name: String,
        /// Position of the first, from 1.
        first: usize,
        /// Position of the second.
        second: usize,
    },
    /// More columns than a table should have.
    #[error("line {line}: the header has {columns} columns, more than {limit}; is the separator a comma?")]
    TooManyColumns {
        /// Line of the header.
        line: u64,
        /// How many.
        columns: usize,
        /// How many are accepted.
        limit: usize,
    },
    /// A record that does not end.
    #[error(
        "line {line}: a record of more than {limit} bytes starts here; look for a quote that is not closed"
    )]
    TooLong {
        /// Where it starts.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// Columns that differ in a way that the user refuses.
    #[error(
        "{columns} columns differ in a way that is not accepted: {list}; repair the file, add the names to LOADER_RENAMES, \
         or take the kind of difference out of LOADER_REFUSE_DRIFT"
    )]
    Drift {
        /// How many.
        columns: usize,
        /// Which, and how.
        list: String,
    },
    /// Compressed data that cannot be read.
    #[error("the {format} data cannot be read: {reason}; upload the file again")]
    Packed {
        /// Kind of compression.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// More bad rows than accepted.
    #[error(
        "{rejected} of {rows} rows were rejected, more than {percent} %; the first, line {line}: {reason}; see \
         ingest.rejects, or raise LOADER_MAX_REJECT_RATIO"
    )]
    TooManyRejects {
        /// Bad rows.
        rejected: u64,
        /// All rows.
        rows: u64,
        /// What is accepted, in percent.
        percent: String,
        /// Line of the first bad row.
        line: u64,
        /// What was wrong with it.
        reason: String,
    },
}

impl From<crate::records::TooLong> for ContentError {
    fn from(error: crate::records::TooLong) -> Self {
        Self::TooLong { line: error.line, limit: error.limit }
    }
}

/// Says what a statement was for when it fails.
pub trait Doing<T> {
    /// Turns Postgres' error into the loader's.
    fn doing(self, doing: &str) -> Result<T, Error>;
}

impl<T> Doing<T> for Result<T, tokio_postgres::Error> {
    fn doing(self, doing: &str) -> Result<T, Error> {
        self.map_err(|source| Error::Database { doing: doing.to_owned(), source })
    }
}
