//! `ingest.files`: what became of every file.

use tokio_postgres::{Client, Transaction};

use crate::drift::Drift;
use crate::error::{Doing, Error};
use crate::load::Caller;
use crate::names;
use crate::rows::Counts;
use crate::source::Object;
use crate::totals::Total;

/// Table names are handed out one at a time.
const NAMES_LOCK: i64 = 0x6c6f_6164_6572_0002;

/// A key with a file in one of these states keeps its table name.
const HOLDS_NAME: &str = "status in ('loading', 'loaded', 'superseded') and source_table is not null";

/// What the manifest knows about a file that arrives.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Known {
    /// Nothing, or nothing that counts.
    New,
    /// A load began, and whoever began it is gone: its lock is free.
    Abandoned,
    /// It failed before.
    Failed,
    /// Its rows are there.
    Loaded {
        /// Its id.
        file_id: i64,
        /// Its table.
        source_table: String,
        /// How many rows.
        rows: u64,
    },
    /// Its content is there, from another file.
    Duplicate {
        /// Its id.
        file_id: i64,
        /// The other's address.
        of: String,
    },
}

/// A load that has begun.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// `ingest.files.id`.
    pub file_id: i64,
    /// This attempt.
    pub load_id: String,
    /// How many attempts there were, this one included.
    pub attempts: i32,
    /// The file's table, once it is loaded.
    pub source_table: String,
    /// When it began, as Postgres writes it.
    pub started_at: String,
}

/// The locks of whoever loads the file of that name, one for each connection. They end with the sessions, however those
/// end.
pub async fn lock(first: &Client, second: &Client, object: &Object) -> Result<(), Error> {
    let (one, two) =
        (names::lock(&object.bucket, &object.key), names::second_lock(&object.bucket, &object.key));
    for (client, number) in [(first, one), (second, two)] {
        client
            .execute("select pg_advisory_lock($1)", &[&number])
            .await
            .doing("wait for another load of the same file")?;
    }
    Ok(())
}

/// What is known about exactly this version of the file. Ask with the lock held.
pub async fn look_up(client: &Client, object: &Object) -> Result<Known, Error> {
    let query = "
        select file.id, file.status, file.source_table, file.rows_loaded + coalesce(file.rows_unchanged, 0), original.status = 'loaded',
               original.bucket, original.key
        from ingest.files file
        left join ingest.files original on original.id = file.duplicate_of
        where file.bucket = $1 and file.key = $2 and file.version_id = $3 and file.etag = $4";
    let row = client
        .query_opt(query, &[&object.bucket, &object.key, &object.version_id, &object.etag])
        .await
        .doing("read the manifest")?;
    let Some(row) = row else { return Ok(Known::New) };
    let file_id = row.get(0);
    Ok(match row.get(1) {
        "loaded" => Known::Loaded {
            file_id,
            source_table: row.get::<_, Option<String>>(2).unwrap_or_default(),
            rows: row.get::<_, Option<i64>>(3).unwrap_or_default().unsigned_abs(),
        },
        "duplicate" if row.get::<_, Option<bool>>(4) == Some(true) => {
            Known::Duplicate { file_id, of: address(row.get(5), row.get(6)) }
        }
        "loading" => Known::Abandoned,
        "failed" => Known::Failed,
        // Superseded, or a duplicate of what was superseded: it is the current content again.
        _ => Known::New,
    })
}

/// Writes down that a load begins, and chooses the name of its table.
pub async fn register(client: &mut Client, object: &Object, caller: Caller<'_>) -> Result<Entry, Error> {
    let doing = "register the file";
    let transaction = client.transaction().await.doing(doing)?;
    transaction.execute("select pg_advisory_xact_lock($1)", &[&NAMES_LOCK]).await.doing(doing)?;
    let source_table = choose_table(&transaction, object).await?;
    let insert = "
        insert into ingest.files as file
            (bucket, key, version_id, etag, size_bytes, last_modified, source_table, status, request_id, modified_at,
             trace_id, started_at)
        values ($1, $2, $3, $4, $5, $6, $7, 'loading', $8, $9, $10, clock_timestamp())
        on conflict (bucket, key, version_id, etag) do update set
            size_bytes = excluded.size_bytes, last_modified = excluded.last_modified,
            source_table = excluded.source_table, status = 'loading', request_id = excluded.request_id,
            modified_at = excluded.modified_at, trace_id = excluded.trace_id,
            started_at = excluded.started_at, attempts = file.attempts + 1, load_id = gen_random_uuid(),
            sha256 = null, rows_read = null, rows_loaded = null, rows_unchanged = null, as_of = null, format = null,
            values_refused = null, rows_rejected = null, lines_left_out = null,
            bytes = null, finished_at = null, seconds = null, error = null, duplicate_of = null, superseded_by = null
        returning id, load_id::text, attempts, started_at::text";
    let size = i64::try_from(object.size).unwrap_or(i64::MAX);
    let row = transaction
        .query_one(
            insert,
            &[
                &object.bucket,
                &object.key,
                &object.version_id,
                &object.etag,
                &size,
                &object.last_modified,
                &source_table,
                &caller.request_id,
                &object.modified,
                &caller.trace_id,
            ],
        )
        .await
        .doing(doing)?;
    let file_id: i64 = row.get(0);
    for table in ["rejects", "drift", "totals"] {
        let delete = format!("delete from ingest.{table} where file_id = $1");
        transaction.execute(&delete, &[&file_id]).await.doing(doing)?;
    }
    transaction.commit().await.doing(doing)?;
    Ok(Entry { file_id, load_id: row.get(1), attempts: row.get(2), source_table, started_at: row.get(3) })
}

async fn choose_table(transaction: &Transaction<'_>, object: &Object) -> Result<String, Error> {
    let doing = "choose the name of the file's table";
    let mine = format!(
        "select source_table from ingest.files where bucket = $1 and key = $2 and {HOLDS_NAME} order by id desc limit 1"
    );
    if let Some(row) = transaction.query_opt(&mine, &[&object.bucket, &object.key]).await.doing(doing)? {
        return Ok(row.get(0));
    }
    let table = names::table(&object.key);
    let taken = format!(
        "select exists (select from ingest.files where source_table = $1 and (bucket, key) <> ($2, $3) and {HOLDS_NAME})"
    );
    let taken: bool =
        transaction.query_one(&taken, &[&table, &object.bucket, &object.key]).await.doing(doing)?.get(0);
    Ok(if taken { names::table_of_its_own(&object.bucket, &object.key) } else { table })
}

/// What is written down when a load ends.
#[derive(Clone, Debug, Default)]
pub struct Finish {
    /// Hash of the content, in hexadecimal.
    pub sha256: String,
    /// Bytes read.
    pub bytes: u64,
    /// How the file was packed.
    pub format: String,
    /// What became of the records.
    pub counts: Counts,
    /// How many of the accepted rows say what is known.
    pub unchanged: u64,
    /// Values that do not fit their column.
    pub refused: u64,
    /// Latest month that a row speaks of, as ISO writes it.
    pub as_of: Option<String>,
    /// The file with the same content, if its rows were there before.
    pub duplicate_of: Option<i64>,
}

/// Writes down the end of a load, as part of its transaction.
pub async fn finish(transaction: &Transaction<'_>, entry: &Entry, finish: &Finish) -> Result<(), Error> {
    let update = "
        update ingest.files
        set status = case when $2::bigint is null then 'loaded' else 'duplicate' end, duplicate_of = $2, sha256 = $3,
            bytes = $4, rows_read = $5, rows_loaded = $6, rows_rejected = $7, lines_left_out = $8,
            rows_unchanged = $10, values_refused = $11, format = $12,
            as_of = least(coalesce($13::text::date, (modified_at at time zone 'UTC')::date),
                          (modified_at at time zone 'UTC')::date),
            finished_at = clock_timestamp(), seconds = extract(epoch from clock_timestamp() - started_at)
        where id = $1 and load_id = $9::text::uuid";
    let Counts { read, accepted, rejected, left_out } = finish.counts;
    let new = accepted - finish.unchanged;
    let [bytes, read, new, rejected, left_out, unchanged, refused] =
        [finish.bytes, read, new, rejected, left_out, finish.unchanged, finish.refused]
            .map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let updated = transaction
        .execute(
            update,
            &[
                &entry.file_id,
                &finish.duplicate_of,
                &finish.sha256,
                &bytes,
                &read,
                &new,
                &rejected,
                &left_out,
                &entry.load_id,
                &unchanged,
                &refused,
                &finish.format,
                &finish.as_of,
            ],
        )
        .await
        .doing("finish the manifest's entry")?;
    if updated == 1 {
        return Ok(());
    }
    Err(Error::Schema(format!(
        "ingest.files {} is no longer this load's: was its row changed by hand? Load the file again",
        entry.file_id
    )))
}

/// Writes down when the load ended, as its very last statement.
pub async fn time(transaction: &Transaction<'_>, entry: &Entry) -> Result<(), Error> {
    let update = "
        update ingest.files
        set finished_at = clock_timestamp(), seconds = extract(epoch from clock_timestamp() - started_at)
        where id = $1";
    transaction.execute(update, &[&entry.file_id]).await.doing("finish the manifest's entry")?;
    Ok(())
}

/// What is written down for a file with the same content as a loaded one.
pub async fn finish_of(transaction: &Transaction<'_>, same: i64, sha256: &str) -> Result<Finish, Error> {
    let query = "
        select bytes, rows_read, rows_loaded + coalesce(rows_unchanged, 0), rows_rejected, lines_left_out,
               coalesce(values_refused, 0), coalesce(format, 'plain'), as_of::text
        from ingest.files where id = $1";
    let row = transaction.query_one(query, &[&same]).await.doing("read the manifest")?;
    let number = |column: usize| row.get::<_, Option<i64>>(column).unwrap_or_default().unsigned_abs();
    let counts = Counts { read: number(1), accepted: number(2), rejected: number(3), left_out: number(4) };
    Ok(Finish {
        sha256: sha256.to_owned(),
        bytes: number(0),
        counts,
        unchanged: counts.accepted,
        refused: number(5),
        format: row.get(6),
        as_of: row.get(7),
        duplicate_of: Some(same),
    })
}

/// Whether another loaded file has this size.
pub async fn has_size(client: &Client, entry: &Entry, size: u64) -> Result<bool, Error> {
    let query =
        "select exists (select from ingest.files where bytes = $1 and status = 'loaded' and id <> $2)";
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    Ok(client.query_one(query, &[&size, &entry.file_id]).await.doing("read the manifest")?.get(0))
}

/// Writes down how the file's columns differ, and the totals that it states.
pub async fn findings(
    transaction: &Transaction<'_>,
    entry: &Entry,
    drift: &[Drift],
    totals: &[Total],
) -> Result<(), Error> {
    let doing = "write ingest.drift and ingest.totals";
    let insert = "insert into ingest.drift (file_id, column_name, change, detail) values ($1, $2, $3, $4)";
    for Drift { column, change, detail } in drift {
        transaction.execute(insert, &[&entry.file_id, column, &change.name(), detail]).await.doing(doing)?;
    }
    let insert = "
        insert into ingest.totals (file_id, line, policy_code, stated, found)
        values ($1, $2, $3, round($4::bigint / 100.0, 2), round($5::bigint / 100.0, 2))";
    for Total { line, policy, stated, found } in totals {
        let line = i64::try_from(*line).unwrap_or(i64::MAX);
        transaction.execute(insert, &[&entry.file_id, &line, policy, stated, found]).await.doing(doing)?;
    }
    Ok(())
}

/// The loaded file with the same content, if there is another: its id and address.
pub async fn same_content(
    transaction: &Transaction<'_>,
    entry: &Entry,
    sha256: &str,
) -> Result<Option<(i64, String)>, Error> {
    let query =
        "select id, bucket, key from ingest.files where sha256 = $1 and status = 'loaded' and id <> $2";
    let row = transaction.query_opt(query, &[&sha256, &entry.file_id]).await.doing("look for the content")?;
    Ok(row.map(|row| (row.get(0), address(row.get(1), row.get(2)))))
}

/// Writes down that a load failed. False if it turns out to have succeeded: the connection may break just when the
/// answer to the commit is on its way.
pub async fn fail(
    client: &Client,
    entry: &Entry,
    error: &str,
    counts: Counts,
    bytes: u64,
) -> Result<bool, Error> {
    let update = "
        update ingest.files
        set status = 'failed', error = $3, rows_read = $4, rows_rejected = $5, lines_left_out = $6, bytes = $7,
            rows_loaded = 0, finished_at = clock_timestamp(),
            seconds = extract(epoch from clock_timestamp() - started_at)
        where id = $1 and load_id = $2::text::uuid and status = 'loading'";
    let [read, rejected, left_out, bytes] = [counts.read, counts.rejected, counts.left_out, bytes]
        .map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let updated = client
        .execute(update, &[&entry.file_id, &entry.load_id, &error, &read, &rejected, &left_out, &bytes])
        .await
        .doing("write the failure into the manifest")?;
    Ok(updated == 1)
}

/// How people write the address of a file.
pub fn address(bucket: &str, key: &str) -> String {
    if bucket == crate::source::LOCAL { key.to_owned() } else { format!("s3://{bucket}/{key}") }
}
