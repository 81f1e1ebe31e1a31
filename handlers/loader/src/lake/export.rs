//! An export: what changed is written beside what is there, then all of it is published.
//!
//! Everything is read in one snapshot. Whatever happens before the publishing leaves the lake as it was; whatever happens in the
//! midst of it leaves each table's manifest naming files that are there, and the next export finishes the work.

use std::time::{Duration, SystemTime};

use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use tokio_postgres::binary_copy::BinaryCopyOutStream;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, IsolationLevel, Transaction};

use super::column::{self, Column};
use super::fingerprint::{self, Partition};
use super::manifest::{self, Common, Manifest};
use super::parquet::Parquet;
use super::report::{Report, Status, Written};
use super::rows::Rows;
use super::state::{self, State};
use super::store::{Lake, Upload};
use super::survey::{Pending, Survey};
use super::table::{self, File, TABLES, Table, YEAR};
use crate::aws::Aws;
use crate::database::{Connection, Database};
use crate::error::{Doing, Error};

/// Rows that go to the writer at once.
const BATCH: usize = 4096;

/// How much is looked at, and written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Extent {
    /// Nothing, if the loaded files and the views are those of the last export and its files are there.
    Behind,
    /// Every partition whose rows have changed, by whatever hand.
    Changed,
    /// Every partition.
    All,
}

/// An export of a database to a lake.
pub struct Export<'a> {
    /// S3 and Secrets Manager.
    pub aws: &'a Aws,
    /// Where the rows are.
    pub database: &'a Database,
    /// Where they go.
    pub lake: &'a Lake,
    /// When it must have ended.
    pub deadline: Option<SystemTime>,
}

/// A table that is to be published.
struct Prepared {
    survey: Survey,
    manifest: Manifest,
}

impl Export<'_> {
    /// Brings the lake up to date.
    ///
    /// One export at a time for a lake. Who comes second leaves the work to the first, who looks again when its lock is free: what
    /// was committed while the lock was taken is seen then, by it or by whoever took the lock next.
    pub async fn run(&self, extent: Extent) -> Result<Report, Error> {
        let mut connection = self.database.connect(self.aws).await?;
        let lock = lock(self.lake);
        let (mut extent, mut total) = (extent, Report::default());
        loop {
            if !take(&connection.client, lock).await? {
                if total.status == Status::Unchanged {
                    total.status = Status::Left;
                }
                return Ok(total);
            }
            let exported = self.round(&mut connection, extent, &mut total).await?;
            let unlock = "select pg_advisory_unlock($1)";
            connection.client.query_one(unlock, &[&lock]).await.doing("unlock the lake")?;
            if state::read(&connection.client).await? == exported {
                return Ok(total);
            }
            extent = Extent::Behind;
        }
    }

    async fn round(
        &self,
        connection: &mut Connection,
        extent: Extent,
        total: &mut Report,
    ) -> Result<State, Error> {
        let mut progress = Report::default();
        let prepared = match self.deadline {
            None => self.prepare(connection, extent, &mut progress).await,
            Some(deadline) => {
                let left = deadline.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
                match tokio::time::timeout(left, self.prepare(connection, extent, &mut progress)).await {
                    Ok(prepared) => prepared,
                    Err(_) => {
                        connection.cancel().await;
                        let done = progress.partitions();
                        return Err(Error::LakeDeadline { lake: self.lake.to_string(), done });
                    }
                }
            }
        };
        let (state, prepared) = prepared?;
        // Not cut off by the deadline, which leaves time for it: this is where a death shows.
        let mut news = !progress.tables.is_empty();
        for Prepared { survey, manifest } in prepared {
            news |= survey.publish(self.lake, self.aws, manifest).await?;
        }
        let bytes = serde_json::to_vec(&state).map_err(|error| Error::Schema(error.to_string()))?;
        let known = self.lake.read(self.aws, state::PATH).await?;
        if known.is_none_or(|known| known.bytes != bytes) {
            self.lake.put(self.aws, state::PATH, bytes).await?;
        }
        total.tables.append(&mut progress.tables);
        if news {
            total.status = Status::Exported;
        }
        Ok(state)
    }

    /// Finds out what changed, and writes it where nobody sees it yet.
    async fn prepare(
        &self,
        connection: &mut Connection,
        extent: Extent,
        progress: &mut Report,
    ) -> Result<(State, Vec<Prepared>), Error> {
        let surveys = TABLES.map(|table| Survey::new(self.lake, self.aws, table));
        let surveys = futures::future::try_join_all(surveys).await?;
        let snapshot = connection.client.build_transaction();
        let snapshot = snapshot.isolation_level(IsolationLevel::RepeatableRead).read_only(true).start();
        let snapshot = snapshot.await.doing("begin the export")?;
        // Compiling queries of 150 columns takes longer than running them.
        let session = "set local jit = off; set local work_mem = '64MB'; set local timezone = 'UTC'";
        snapshot.batch_execute(session).await.doing("begin the export")?;
        let state = state::read(&snapshot).await?;
        if extent == Extent::Behind && surveys.iter().all(Survey::is_tidy) {
            let known = self.lake.read(self.aws, state::PATH).await?;
            if known.is_some_and(|known| serde_json::from_slice(&known.bytes).ok().as_ref() == Some(&state)) {
                return Ok((state, Vec::new()));
            }
        }
        let common = Common::read(&snapshot).await?;
        let mut prepared = Vec::new();
        for mut survey in surveys {
            let columns = column::read(&snapshot, &survey.table.view()).await?;
            let partitions = fingerprint::read(&snapshot, survey.table, &columns).await?;
            // Half a file of a killed export, or a whole one of what has changed since.
            survey.pending.retain(|file| partitions.iter().any(|partition| is(file, partition)));
            survey.abandon(self.lake, self.aws).await?;
            let written = self.write(&snapshot, &mut survey, &columns, &partitions, extent, progress);
            if let Err(error) = written.await {
                // What was begun takes room on a disk that may be full, and costs money in S3.
                if let Ok(again) = Survey::new(self.lake, self.aws, survey.table).await {
                    let _ = again.abandon(self.lake, self.aws).await;
                }
                return Err(error);
            }
            let partitions = partitions.iter().filter_map(|partition| entry(&survey, partition, extent));
            let manifest = common.manifest(survey.table, columns, partitions.collect());
            // Before the first load there is nothing to tell.
            if survey.manifest.is_some() || !manifest.partitions.is_empty() {
                prepared.push(Prepared { survey, manifest });
            }
        }
        // The answer proves that the session, and with it the lock, is still ours.
        snapshot.commit().await.doing("end the export")?;
        Ok((state, prepared))
    }

    /// Writes the partitions of a table that changed, in one pass over the view: it costs the same for one year as for all.
    async fn write(
        &self,
        snapshot: &Transaction<'_>,
        survey: &mut Survey,
        columns: &[Column],
        partitions: &[Partition],
        extent: Extent,
        progress: &mut Report,
    ) -> Result<(), Error> {
        let year = |partition: &&Partition| partition.year;
        let kept = |partition: &&Partition| {
            extent != Extent::All && survey.kept(partition.year, &partition.fingerprint).is_some()
        };
        let changed = partitions.iter().filter(|partition| !kept(partition));
        let (resumed, changed): (Vec<_>, Vec<_>) =
            changed.partition(|partition| resumable(survey, partition));
        let removed = survey.manifest.iter().flat_map(|manifest| &manifest.partitions);
        let removed = removed.map(|partition| partition.issue_year);
        let removed = removed.filter(|gone| !partitions.iter().any(|partition| partition.year == *gone));
        let written = Written {
            table: survey.table.name,
            written: Vec::new(),
            resumed: resumed.iter().map(year).collect(),
            removed: removed.collect(),
            kept: partitions.len() - resumed.len() - changed.len(),
            rows: 0,
            bytes: 0,
        };
        if resumed.is_empty() && changed.is_empty() && written.removed.is_empty() {
            return Ok(());
        }
        progress.tables.push(written);
        if changed.is_empty() {
            return Ok(());
        }
        let years = changed.iter().map(year).collect::<Vec<_>>();
        let copy = copy(survey.table, columns, &years);
        let doing = format!("export {}", survey.table.view());
        let stream = snapshot.copy_out(&copy).await.doing(&doing)?;
        let types = vec![Type::BYTEA; columns.len() + 1];
        let rows = BinaryCopyOutStream::new(stream, &types);
        let mut rows = std::pin::pin!(rows.into_stream());
        let mut current: Option<Writing<'_>> = None;
        let mut batch = Rows::new(columns);
        while let Some(row) = rows.next().await {
            let row = row.doing(&doing)?;
            let year = row.try_get::<&[u8]>(0).doing(&doing)?;
            let year = i32::from_be_bytes(year.try_into().unwrap_or_default());
            if current.as_ref().is_none_or(|current| current.partition.year != year) {
                if let Some(done) = current.take() {
                    self.end(done, &mut batch, survey, progress).await?;
                }
                let partition = changed.iter().find(|partition| partition.year == year);
                let partition = partition
                    .ok_or_else(|| Error::Schema(format!("{doing}: rows of {year} were not asked for")))?;
                let path = format!("{}/{}", survey.table.name, table::path(year, &partition.fingerprint));
                let upload = self.lake.begin(self.aws, &path).await?;
                current = Some(Writing::new(partition, upload, &batch)?);
            }
            batch
                .push((1..=columns.len()).map(|place| row.try_get::<Option<&[u8]>>(place).ok().flatten()))?;
            if let (BATCH.., Some(current)) = (batch.len(), &mut current) {
                current.write(&mut batch).await?;
            }
        }
        match current {
            Some(done) => self.end(done, &mut batch, survey, progress).await,
            None => Ok(()),
        }
    }

    async fn end(
        &self,
        mut done: Writing<'_>,
        batch: &mut Rows,
        survey: &mut Survey,
        progress: &mut Report,
    ) -> Result<(), Error> {
        if !batch.is_empty() {
            done.write(batch).await?;
        }
        let pending = done.end().await?;
        if let Some(written) = progress.tables.last_mut() {
            written.written.push(pending.year);
            written.rows += pending.file.rows;
            written.bytes += pending.file.bytes;
        }
        survey.note(self.lake, self.aws, pending).await
    }
}

/// Takes the lake's lock, unless somebody keeps it for more than a moment. The moment is for the session of an export that was
/// killed: nobody would look again.
async fn take(client: &Client, lock: i64) -> Result<bool, Error> {
    // The server looks for a vanished client while it is busy, too. Not every system can; there its keepalives have to do.
    let _ = client.batch_execute("set client_connection_check_interval = '1s'").await;
    client.batch_execute("set lock_timeout = '3s'").await.doing("lock the lake")?;
    let taken = client.execute("select pg_advisory_lock($1)", &[&lock]).await;
    client.batch_execute("set lock_timeout = 0").await.doing("lock the lake")?;
    match taken {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Ok(false),
        Err(error) => Err(error).doing("lock the lake"),
    }
}

/// A partition's file under construction.
struct Writing<'a> {
    partition: &'a Partition,
    parquet: Parquet,
    upload: Upload<'a>,
    hash: Sha256,
    bytes: u64,
}

impl<'a> Writing<'a> {
    fn new(partition: &'a Partition, upload: Upload<'a>, batch: &Rows) -> Result<Self, Error> {
        let parquet = Parquet::new(batch.schema())?;
        Ok(Self { partition, parquet, upload, hash: Sha256::new(), bytes: 0 })
    }

    async fn write(&mut self, batch: &mut Rows) -> Result<(), Error> {
        let batch = batch.take().map_err(|error| Error::Schema(error.to_string()))?;
        let ready = self.parquet.write(&batch)?;
        self.send(&ready).await
    }

    async fn send(&mut self, ready: &[u8]) -> Result<(), Error> {
        self.hash.update(ready);
        self.bytes += ready.len() as u64;
        self.upload.write(ready).await
    }

    async fn end(self) -> Result<Pending, Error> {
        let Self { partition, parquet, mut upload, mut hash, mut bytes } = self;
        let (rest, rows) = parquet.end()?;
        hash.update(&rest);
        bytes += rest.len() as u64;
        upload.write(&rest).await?;
        let ticket = upload.end().await?;
        let Partition { year, fingerprint } = partition.clone();
        let path = table::path(year, &fingerprint);
        let file = File { path, rows, bytes, sha256: hex::encode(hash.finalize()), version_id: None };
        Ok(Pending { year, fingerprint, file, ticket })
    }
}

fn resumable(survey: &Survey, partition: &Partition) -> bool {
    survey.pending.iter().any(|file| is(file, partition))
}

fn is(file: &Pending, partition: &Partition) -> bool {
    (file.year, &file.fingerprint) == (partition.year, &partition.fingerprint)
}

/// The manifest's entry for a partition: what was written just now, or what is there.
fn entry(survey: &Survey, partition: &Partition, extent: Extent) -> Option<manifest::Partition> {
    let kept = survey.kept(partition.year, &partition.fingerprint).filter(|_| extent != Extent::All);
    if let Some(kept) = kept {
        return Some(kept.clone());
    }
    let new = survey.pending.iter().find(|file| is(file, partition))?;
    Some(manifest::Partition {
        issue_year: partition.year,
        files: vec![new.file.clone()],
        fingerprint: partition.fingerprint.clone(),
    })
}

fn copy(table: Table, columns: &[Column], years: &[i32]) -> String {
    let columns = columns.iter().map(Column::expression).collect::<Vec<_>>().join(", ");
    let years = years.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!(
        "copy (select {YEAR}, {columns} from {view} t where {YEAR} in ({years}) order by {order}) to stdout (format binary)",
        view = table.view(),
        order = table.order()
    )
}

/// The number of the lake's lock, the same in every process.
fn lock(lake: &Lake) -> i64 {
    let hash = Sha256::new().chain_update("lake\0").chain_update(lake.to_string()).finalize();
    i64::from_be_bytes(std::array::from_fn(|position| hash[position]))
}
