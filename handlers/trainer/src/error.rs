//! What can go wrong, and what to do about it.

use std::path::PathBuf;

pub use access::chain;

/// Everything that makes a run fail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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
    /// An argument or environment variable is missing or wrong.
    #[error("{name} {problem}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What is wrong, and what it should be.
        problem: String,
    },
    /// The database lacks what the trainer reads or writes.
    #[error("{0}")]
    Schema(String),
    /// A feature is known to tell the outcome.
    #[error(
        "the features contain {}: they leak the outcome, so nothing was trained; take them out of mart.loan_features",
        columns.iter().map(|(name, reason)| format!("{name} ({reason})")).collect::<Vec<_>>().join(", ")
    )]
    Leak {
        /// Each column with the reason in `mart.leaking_columns`.
        columns: Vec<(String, String)>,
    },
    /// There are not enough loans to learn from or to test on.
    #[error(
        "the {period} period ({span}) has {good} good and {bad} bad loans, fewer than {needed} of one kind; {remedy}"
    )]
    TooFew {
        /// `training`, `validation` or `test`.
        period: &'static str,
        /// First and last month.
        span: String,
        /// Loans that were paid back.
        good: usize,
        /// Loans that were not.
        bad: usize,
        /// How many of each are needed.
        needed: usize,
        /// What to do.
        remedy: &'static str,
    },
    /// A library could not fit a model.
    #[error("failed to fit the {model}: {reason}; the features may hold values that are no finite numbers")]
    Fit {
        /// Which.
        model: &'static str,
        /// Why.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("failed to {doing} {}: {source}", path.display())]
    File {
        /// `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// S3 refused, or went away.
    #[error("failed to {doing} {address}: {message}")]
    S3 {
        /// `read` or `write`.
        doing: &'static str,
        /// The object.
        address: String,
        /// S3's answer.
        message: String,
    },
    /// An artifact is not what its name says, or not of this version.
    #[error("the artifact {name} {problem}")]
    Artifact {
        /// Its hash.
        name: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The lake, or a file of it, is not as it should be.
    #[error("the lake's {address}: {problem}")]
    Lake {
        /// The file or object.
        address: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The message is none that the function understands.
    #[error("the message is not understood: {0}")]
    Message(String),
    /// The function's time is nearly over.
    #[error(
        "not done within the function's time: given up after {seconds:.0} s, nothing of it was registered; give the function more \
         memory, and with it more processors, or a longer timeout, or train where there is no limit: `trainer train` on a server, \
         or the container"
    )]
    Deadline {
        /// How long it took so far.
        seconds: f64,
    },
    /// Newer data came, and there is no time left for it.
    #[error(
        "newer data came while the last was trained on, and too little time is left for it: the next invocation trains on it"
    )]
    Newer,
    /// All loans with an outcome were issued within too few months.
    #[error(
        "the loans with a known outcome were issued from {first} to {last}: too few months to learn, tune and test on one after \
         another; load more files"
    )]
    TooShort {
        /// Of the first loan.
        first: crate::month::Month,
        /// Of the last one.
        last: crate::month::Month,
    },
    /// The registry does not have what was asked for.
    #[error("{0}")]
    Registry(String),
}

/// Says what a statement was for when it fails.
pub trait Doing<T> {
    /// Turns Postgres' error into the trainer's.
    fn doing(self, doing: &str) -> Result<T, Error>;
}

impl<T> Doing<T> for Result<T, tokio_postgres::Error> {
    fn doing(self, doing: &str) -> Result<T, Error> {
        self.map_err(|source| Error::Database { doing: doing.to_owned(), source })
    }
}
