use std::{io, path::PathBuf};

/// What can go wrong with the local cloud. Every message says what happened and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the local cloud is not up: {reason}\nStart it with `stackctl local up`")]
    NotUp { reason: String },

    #[error(
        "no Python 3.10 or later was found, and the local cloud's AWS APIs (MiniStack) run on it\n\
         {found}\nInstall it and run `stackctl local up` again: {remedy}"
    )]
    NoPython { found: String, remedy: &'static str },

    #[error(
        "MiniStack could not be installed into {folder}: {step} failed\n{output}\n\
         It is downloaded once, through pip and its own configuration: check the network (or pip's index \
         setting) and run `stackctl local up` again"
    )]
    Install { folder: PathBuf, step: &'static str, output: String },

    #[error("no PostgreSQL server was found, and a local db_instance is a real one\nInstall it: {remedy}")]
    NoPostgres { remedy: &'static str },

    #[error(
        "database `{identifier}` has data of PostgreSQL {data}, but only {found} is installed\n\
         Install PostgreSQL {data}, or start afresh with `stackctl local down --purge`"
    )]
    PostgresVersion { identifier: String, data: String, found: String },

    #[error(
        "PostgreSQL never runs as root, and this machine has no user `postgres` to run it as\n\
         Run stackctl as an ordinary user, or add one: useradd --system postgres"
    )]
    NoPostgresUser,

    #[error(
        "functions never run as root, and this system has no free user number between {from} and {to} to run them as\n\
         Run stackctl as an ordinary user"
    )]
    NoWorkers { from: u32, to: u32 },

    #[error("database `{identifier}` could not be made ready: {reason}\nIts log: {log}")]
    Database { identifier: String, reason: String, log: PathBuf },

    #[error("`{identifier}` is not a name that RDS takes: letters, digits and hyphens, at most 63")]
    Identifier { identifier: String },

    #[error("{name} did not become ready within {seconds} s: {reason}\nIts log: {log}\n{tail}")]
    NotReady { name: String, seconds: u64, reason: String, log: PathBuf, tail: String },

    #[error(
        "another supervisor of this local cloud is running (its lock {lock} is held)\n\
         See it with `stackctl local status`"
    )]
    AlreadyRunning { lock: PathBuf },

    #[error(
        "another stackctl holds {lock} for {seconds} s now\nIs another `stackctl local up` running? Wait for it, or end it"
    )]
    Busy { lock: PathBuf, seconds: u64 },

    #[error("the supervisor of the local cloud ended while it started\nIts log: {log}\n{tail}")]
    SupervisorEnded { log: PathBuf, tail: String },

    #[error(
        "the supervisor of the local cloud (pid {pid}) does not answer on {socket}: {reason}\n\
         End it with `stackctl local down`, then `stackctl local up`"
    )]
    Unresponsive { pid: i32, socket: PathBuf, reason: String },

    #[error(
        "these processes of the local cloud did not end: {pids:?}\nEnd them by hand (kill -9) and run `stackctl local down` again"
    )]
    Survivors { pids: Vec<i32> },

    #[error("no free port on 127.0.0.1 was found between {from} and {to}\nEnd something that listens there")]
    NoPort { from: u16, to: u16 },

    #[error(
        "{folder} belongs to another user or is open to others\nRemove it, or set its owner and mode (0700)"
    )]
    NotOurs { folder: PathBuf },

    #[error(
        "the certificates of the local cloud's databases could not be made: {0}\n\
         Start afresh with `stackctl local down --purge`, then `stackctl local up`"
    )]
    Certificate(#[from] rcgen::Error),

    /// The supervisor's own error, word for word.
    #[error("{message}")]
    Remote { message: String },

    #[error("failed to {what} {path}: {source}")]
    File { what: &'static str, path: PathBuf, source: io::Error },

    #[error("failed to {what}: {source}")]
    Io { what: String, source: io::Error },

    #[error(
        "failed to read {path}: {source}\nIt is written by stackctl alone: restore it, or start afresh with `stackctl local down --purge`"
    )]
    Record { path: PathBuf, source: serde_json::Error },
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

pub(super) trait FileContext<T> {
    fn at(self, what: &'static str, path: impl Into<PathBuf>) -> Result<T>;
}

impl<T> FileContext<T> for io::Result<T> {
    fn at(self, what: &'static str, path: impl Into<PathBuf>) -> Result<T> {
        self.map_err(|source| Error::File { what, path: path.into(), source })
    }
}

pub(super) trait IoContext<T> {
    fn doing(self, what: impl Into<String>) -> Result<T>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn doing(self, what: impl Into<String>) -> Result<T> {
        self.map_err(|source| Error::Io { what: what.into(), source })
    }
}
