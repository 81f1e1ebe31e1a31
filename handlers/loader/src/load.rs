//! One file, once, whole or not at all.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::SinkExt;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use crate::aws::Aws;
use crate::database::{Connection, Database};
use crate::error::{ContentError, Doing, Error};
use crate::log::Log;
use crate::manifest::{self, Entry, Finish, Known};
use crate::merge::{self, Merged};
use crate::rejects::Rejects;
use crate::rows::{Counts, Rows};
use crate::settings::Settings;
use crate::source::{Object, Source};
use crate::table;

/// Bytes that are parsed before the database gets its turn.
const SLICE: usize = 64 * 1024;

/// Bytes of `COPY` data that are sent at once. The next are sent when the database has taken these.
const SEND: usize = 128 * 1024;

/// What a load needs besides the file.
pub struct Loader {
    /// S3 and Secrets Manager.
    pub aws: Aws,
    /// Where the rows go.
    pub database: Database,
    /// What the user decided.
    pub settings: Settings,
}

/// On whose behalf a load happens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller<'a> {
    /// AWS request.
    pub request_id: Option<&'a str>,
    /// When the load must have ended, its failure written down.
    pub deadline: Option<SystemTime>,
}

/// What became of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It was loaded now.
    Loaded {
        /// Its table.
        source_table: String,
        /// What became of its records.
        counts: Counts,
        /// What else happened.
        merged: Merged,
    },
    /// Its content was there already, from the file at this address.
    Duplicate {
        /// The other file.
        of: String,
    },
    /// It was loaded before.
    AlreadyLoaded {
        /// Its table.
        source_table: String,
        /// How many rows it has.
        rows: u64,
    },
}

/// How far a load came.
#[derive(Default)]
struct Progress {
    entry: Option<Entry>,
    counts: Counts,
    bytes: u64,
}

impl Loader {
    /// Loads a file. When this fails, nothing of the file is in the master and the manifest says why.
    pub async fn load(&self, source: &Source, caller: Caller<'_>) -> Result<Outcome, Error> {
        let file = source.to_string();
        let mut log = Log::new(&file, caller.request_id);
        let mut progress = Progress::default();
        let outcome = match self.attempt(source, caller, &mut log, &mut progress).await {
            Ok(outcome) => outcome,
            Err(error) => {
                let message = error.to_string();
                match self.write_failure(&progress, &message).await {
                    Ok(true) => {}
                    Ok(false) => return self.reread(source, error).await,
                    Err(second) => log.stage("failure_not_recorded", Some(second.to_string())),
                }
                log.figures("failed", progress.counts.loaded, progress.bytes, Some(message));
                return Err(error);
            }
        };
        match &outcome {
            Outcome::Loaded { source_table, counts, merged } => {
                log.figures(
                    "loaded",
                    counts.loaded,
                    progress.bytes,
                    Some(summary(source_table, *counts, merged)),
                );
            }
            Outcome::Duplicate { of } => {
                log.figures(
                    "duplicate",
                    0,
                    progress.bytes,
                    Some(format!("the content of {of}, which is loaded")),
                );
            }
            Outcome::AlreadyLoaded { source_table, rows } => {
                log.figures("already_loaded", *rows, 0, Some(format!("nothing to do, see {source_table}")));
            }
        }
        Ok(outcome)
    }

    async fn attempt(
        &self,
        source: &Source,
        caller: Caller<'_>,
        log: &mut Log<'_>,
        progress: &mut Progress,
    ) -> Result<Outcome, Error> {
        let Some(deadline) = caller.deadline else {
            let object = source.describe(&self.aws).await?;
            let mut connection = self.database.connect(&self.aws).await?;
            return self.run(source, &object, caller, &mut connection, log, progress).await;
        };
        let late = || Error::Deadline { file: source.to_string() };
        let left = || deadline.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
        let object = timeout(left(), source.describe(&self.aws)).await.map_err(|_| late())??;
        let mut connection =
            timeout(left(), self.database.connect(&self.aws)).await.map_err(|_| late())??;
        let run = self.run(source, &object, caller, &mut connection, log, progress);
        match timeout(left(), run).await {
            Ok(outcome) => outcome,
            Err(_) => {
                connection.cancel().await;
                Err(late())
            }
        }
    }

    async fn run(
        &self,
        source: &Source,
        object: &Object,
        caller: Caller<'_>,
        connection: &mut Connection,
        log: &mut Log<'_>,
        progress: &mut Progress,
    ) -> Result<Outcome, Error> {
        let client = &mut connection.client;
        manifest::lock(client, object).await?;
        let message = match manifest::look_up(client, object).await? {
            Known::Loaded { source_table, rows, .. } => {
                return Ok(Outcome::AlreadyLoaded { source_table, rows });
            }
            Known::Duplicate { of, .. } => return Ok(Outcome::Duplicate { of }),
            Known::Abandoned => Some("whoever loaded it before is gone; starting over"),
            Known::Failed => Some("it failed before; starting over"),
            Known::New => None,
        };
        let entry = manifest::register(client, object, caller.request_id).await?;
        progress.entry = Some(entry.clone());
        log.stage("registered", message.map(ToOwned::to_owned));
        let outcome = self.transfer(source, object, &entry, connection, log, progress).await?;
        manifest::unlock(&connection.client, object).await?;
        Ok(outcome)
    }

    /// The one transaction.
    async fn transfer(
        &self,
        source: &Source,
        object: &Object,
        entry: &Entry,
        connection: &mut Connection,
        log: &mut Log<'_>,
        progress: &mut Progress,
    ) -> Result<Outcome, Error> {
        let content = |error| Error::Content { file: source.to_string(), source: error };
        let transaction = connection.client.transaction().await.doing("begin the load")?;
        let mut rejects = Rejects::new(&self.database, &self.aws, entry);
        let mut reader = source.open(&self.aws, object).await?;
        let mut rows = Rows::new(self.settings.max_record_bytes);
        let mut hash = Sha256::new();
        let mut sink = None;
        while let Some(chunk) = reader.next().await? {
            hash.update(&chunk);
            progress.bytes += chunk.len() as u64;
            for slice in chunk.chunks(SLICE) {
                rows.feed(slice).map_err(content)?;
                progress.counts = rows.counts();
                rejects.write(rows.rejects(), false).await?;
                if let Some(header) = rows.header().filter(|_| sink.is_none()) {
                    sink = Some(table::create(&transaction, entry, header).await?);
                }
                if let Some(sink) = sink.as_mut().filter(|_| rows.copy().len() >= SEND) {
                    send(sink, &mut rows).await?;
                }
            }
            log.progress(progress.counts.loaded, progress.bytes, object.size);
        }
        let finished = rows.finish();
        progress.counts = rows.counts();
        rejects.write(rows.rejects(), true).await?;
        finished.map_err(content)?;
        rows.check_rejects(self.settings.max_reject_ratio).map_err(content)?;
        let header = rows.header().cloned().ok_or(ContentError::Empty).map_err(content)?;
        let mut sink = match sink {
            Some(sink) => sink,
            None => table::create(&transaction, entry, &header).await?,
        };
        send(&mut sink, &mut rows).await?;
        sink.as_mut().finish().await.doing("copy the rows")?;
        let Progress { counts, bytes, .. } = *progress;
        log.figures("staged", counts.loaded, bytes, None);
        let finish = Finish { sha256: hex::encode(hash.finalize()), bytes, counts, duplicate_of: None };
        let merged = merge::merge(&transaction, object, entry, &header, finish).await?;
        transaction.commit().await.doing("commit the load")?;
        Ok(match merged.duplicate_of {
            Some(of) => Outcome::Duplicate { of },
            None => Outcome::Loaded { source_table: entry.source_table.clone(), counts, merged },
        })
    }

    /// On a connection of its own, since the load's may be what broke. True where there is nothing to write.
    async fn write_failure(&self, progress: &Progress, message: &str) -> Result<bool, Error> {
        let Some(entry) = &progress.entry else { return Ok(true) };
        let connection = self.database.connect(&self.aws).await?;
        manifest::fail(&connection.client, entry, message, progress.counts, progress.bytes).await
    }

    /// The load seemed to fail, yet the manifest's entry is not `loading`: what does it say?
    async fn reread(&self, source: &Source, error: Error) -> Result<Outcome, Error> {
        let object = source.describe(&self.aws).await?;
        let connection = self.database.connect(&self.aws).await?;
        match manifest::look_up(&connection.client, &object).await? {
            Known::Loaded { source_table, rows, .. } => Ok(Outcome::AlreadyLoaded { source_table, rows }),
            Known::Duplicate { of, .. } => Ok(Outcome::Duplicate { of }),
            Known::New | Known::Abandoned | Known::Failed => Err(error),
        }
    }
}

async fn send(
    sink: &mut std::pin::Pin<Box<tokio_postgres::CopyInSink<Bytes>>>,
    rows: &mut Rows,
) -> Result<(), Error> {
    let copy = rows.copy();
    if copy.is_empty() {
        return Ok(());
    }
    sink.send(copy.split().freeze()).await.doing("copy the rows")
}

fn summary(source_table: &str, counts: Counts, merged: &Merged) -> String {
    let Counts { read, loaded, rejected, left_out } = counts;
    let mut text =
        format!("{source_table}: {read} read = {loaded} loaded + {rejected} rejected + {left_out} left out");
    if let Some(table) = &merged.superseded {
        text.push_str(&format!("; the former rows are in superseded.{table}"));
    }
    if !merged.new_columns.is_empty() {
        text.push_str(&format!("; new columns: {}", merged.new_columns.join(", ")));
    }
    text
}
