//! One file, once, whole or not at all.

use std::time::{Duration, SystemTime};

use tokio::time::timeout;

use crate::aws::Aws;
use crate::database::{Connection, Database};
use crate::error::{Doing, Error};
use crate::lake::export::{Export, Extent};
use crate::lake::report::Report;
use crate::log::{Log, Metrics};
use crate::manifest::{self, Entry, Known};
use crate::merge::{self, Merged};
use crate::packed;
use crate::pull::{self, Pull};
use crate::rows::Counts;
use crate::settings::Settings;
use crate::source::{Object, Source};
use crate::transfer::Transfer;
use crate::versions;

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
    /// What follows the load through all systems, as AWS X-Ray's trace header.
    pub trace_id: Option<&'a str>,
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
pub struct Progress {
    /// Its entry in the manifest, once there is one.
    pub entry: Option<Entry>,
    /// Records so far.
    pub counts: Counts,
    /// Bytes so far, as they come from the store.
    pub bytes: u64,
    /// RDS is reading the object, and will go on when nobody waits for it.
    pub pulling: bool,
}

impl Loader {
    /// Loads a file. When this fails, nothing of the file is in the master and the manifest says why.
    pub async fn load(&self, source: &Source, caller: Caller<'_>) -> Result<Outcome, Error> {
        let file = source.to_string();
        let mut log = Log::new(&file, caller);
        let mut progress = Progress::default();
        let outcome = match self.attempt(source, caller, &mut log, &mut progress).await {
            Ok(outcome) => outcome,
            Err(error) => {
                let message = error.to_string();
                // What RDS has pulled, or is pulling, is taken up by the next try.
                let keep = matches!(error, Error::Pulling { .. } | Error::Deadline { .. });
                match self.write_failure(&progress, &message, keep).await {
                    Ok(true) => {}
                    Ok(false) => return self.reread(source, error).await,
                    Err(second) => log.stage("failure_not_recorded", Some(second.to_string())),
                }
                let Counts { read, rejected, .. } = progress.counts;
                let metrics =
                    Metrics { rows_read: read, rows_rejected: rejected, failures: 1, ..Metrics::default() };
                log.end("failed", progress.bytes, metrics, message);
                return Err(error);
            }
        };
        match &outcome {
            Outcome::Loaded { source_table, counts, merged } => {
                let metrics = Metrics {
                    rows_read: counts.read,
                    rows_loaded: merged.new,
                    rows_unchanged: merged.unchanged,
                    rows_rejected: counts.rejected,
                    failures: 0,
                };
                log.end("loaded", progress.bytes, metrics, summary(source_table, *counts, merged));
            }
            Outcome::Duplicate { of } => {
                let message = format!("the content of {of}, which is loaded");
                log.end("duplicate", progress.bytes, Metrics::default(), message);
            }
            Outcome::AlreadyLoaded { source_table, rows } => {
                let metrics = Metrics { rows_unchanged: *rows, ..Metrics::default() };
                log.end("already_loaded", 0, metrics, format!("nothing to do, see {source_table}"));
            }
        }
        Ok(outcome)
    }

    /// Brings the lake up to date, where there is one. What was loaded stays loaded if this fails.
    ///
    /// Asked after every load, also of a file that was loaded already: an export that failed is caught up with so.
    pub async fn export(&self, caller: Caller<'_>) -> Result<Option<Report>, Error> {
        let Some(lake) = &self.settings.lake else { return Ok(None) };
        let export = Export { aws: &self.aws, database: &self.database, lake, deadline: caller.deadline };
        let address = lake.to_string();
        let log = Log::new(&address, caller);
        let outcome = log.exported(export.run(Extent::Behind).await);
        outcome.map(Some).map_err(|error| Error::Export(Box::new(error)))
    }

    async fn attempt(
        &self,
        source: &Source,
        caller: Caller<'_>,
        log: &mut Log<'_>,
        progress: &mut Progress,
    ) -> Result<Outcome, Error> {
        let Some(deadline) = caller.deadline else {
            let (object, mut pair) = self.prepare(source).await?;
            return self.run(source, &object, caller, &mut pair, log, progress).await;
        };
        let left = || deadline.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
        let Ok(prepared) = timeout(left(), self.prepare(source)).await else {
            return Err(late(source, progress, 0));
        };
        let (object, mut pair) = prepared?;
        match timeout(left(), self.run(source, &object, caller, &mut pair, log, progress)).await {
            Ok(outcome) => outcome,
            Err(_) if progress.pulling => Err(Error::Pulling { file: source.to_string() }),
            Err(_) => {
                futures::join!(pair[0].cancel(), pair[1].cancel());
                Err(late(source, progress, object.size))
            }
        }
    }

    async fn prepare(&self, source: &Source) -> Result<(Object, [Connection; 2]), Error> {
        let (object, first) =
            futures::try_join!(source.describe(&self.aws), self.database.connect(&self.aws))?;
        Ok((object, [first, self.database.connect(&self.aws).await?]))
    }

    async fn run(
        &self,
        source: &Source,
        object: &Object,
        caller: Caller<'_>,
        pair: &mut [Connection; 2],
        log: &mut Log<'_>,
        progress: &mut Progress,
    ) -> Result<Outcome, Error> {
        manifest::lock(&pair[0].client, &pair[1].client, object).await?;
        let client = &mut pair[0].client;
        let message = match manifest::look_up(client, object).await? {
            Known::Loaded { source_table, rows, .. } => {
                return Ok(Outcome::AlreadyLoaded { source_table, rows });
            }
            Known::Duplicate { of, .. } => return Ok(Outcome::Duplicate { of }),
            Known::Abandoned => Some("whoever loaded it before is gone; starting over"),
            Known::Failed => Some("it failed before; starting over"),
            Known::New => None,
        };
        let entry = manifest::register(client, object, caller).await?;
        progress.entry = Some(entry.clone());
        log.stage("registered", message.map(ToOwned::to_owned));
        versions::sweep(client, &entry).await?;
        match self.recognise(source, object, &entry, pair, progress).await? {
            Some(outcome) => Ok(outcome),
            None => self.transfer(source, object, &entry, pair, log, progress).await,
        }
    }

    /// A file of the same size as one that is loaded is likely to be the same: hashing it first costs little.
    async fn recognise(
        &self,
        source: &Source,
        object: &Object,
        entry: &Entry,
        pair: &mut [Connection; 2],
        progress: &mut Progress,
    ) -> Result<Option<Outcome>, Error> {
        if !manifest::has_size(&pair[0].client, entry, object.size).await? {
            return Ok(None);
        }
        let sha256 = packed::sha256(source.open(&self.aws, object).await?).await?;
        let transaction = pair[0].client.transaction().await.doing("begin the load")?;
        let merged = merge::duplicate(&transaction, object, entry, &sha256).await?;
        transaction.commit().await.doing("commit the load")?;
        if merged.is_some() {
            progress.bytes = object.size;
        }
        Ok(merged.map(|of| Outcome::Duplicate { of }))
    }

    /// The typed rows are committed by themselves, as a table that is part of nothing, and so are rows that RDS pulled; all
    /// else in one transaction.
    async fn transfer(
        &self,
        source: &Source,
        object: &Object,
        entry: &Entry,
        pair: &mut [Connection; 2],
        log: &mut Log<'_>,
        progress: &mut Progress,
    ) -> Result<Outcome, Error> {
        let [first, second] = pair;
        let pull = Pull { loader: self, source, object, entry };
        let pulled = pull.run(&first.client, log, progress).await?;
        let text = first.client.transaction().await.doing("begin the load")?;
        let typed = second.client.transaction().await.doing("begin the load")?;
        let transfer = Transfer { loader: self, source, object, entry, text: &text, typed: &typed };
        let staged = match &pulled {
            Some(pulled) => transfer.stage_pulled(pulled, log, progress).await?,
            None => transfer.stage(log, progress).await?,
        };
        typed.commit().await.doing("commit the typed rows")?;
        let merged = merge::merge(&text, object, entry, &staged).await?;
        text.commit().await.doing("commit the load")?;
        Ok(match merged.duplicate_of {
            Some(of) => {
                versions::discard(&second.client, entry).await?;
                Outcome::Duplicate { of }
            }
            None => {
                let counts = staged.finish.counts;
                Outcome::Loaded { source_table: entry.source_table.clone(), counts, merged }
            }
        })
    }

    /// On a connection of its own, since the load's may be what broke. True where there is nothing to write.
    async fn write_failure(&self, progress: &Progress, message: &str, keep: bool) -> Result<bool, Error> {
        let Some(entry) = &progress.entry else { return Ok(true) };
        let connection = self.database.connect(&self.aws).await?;
        let failed =
            manifest::fail(&connection.client, entry, message, progress.counts, progress.bytes).await?;
        versions::discard(&connection.client, entry).await?;
        if !keep {
            pull::discard(&connection.client, entry).await?;
        }
        Ok(failed)
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

fn late(source: &Source, progress: &Progress, size: u64) -> Error {
    Error::Deadline { file: source.to_string(), rows: progress.counts.accepted, bytes: progress.bytes, size }
}

fn summary(source_table: &str, counts: Counts, merged: &Merged) -> String {
    let Counts { read, rejected, left_out, .. } = counts;
    let Merged { new, unchanged, .. } = merged;
    let mut text = format!(
        "{source_table}: {read} read = {new} loaded + {unchanged} unchanged + {rejected} rejected + {left_out} left out"
    );
    if let Some(table) = &merged.superseded {
        text.push_str(&format!("; the former rows are in superseded.{table}"));
    }
    if !merged.new_columns.is_empty() {
        text.push_str(&format!("; new columns: {}", merged.new_columns.join(", ")));
    }
    for total in &merged.wrong_totals {
        text.push_str(&format!("; {total}"));
    }
    text
}
