//! A file's typed rows: a table of their own, filled beside the rows as delivered.
//!
//! It is committed before the merge, since it is written on a connection of its own. Until the merge takes it into the
//! history, its name says whose it is, so that the next load can remove what a killed one left.

use tokio_postgres::{Client, Transaction};

use crate::error::{Doing, Error};
use crate::manifest::Entry;
use crate::names::{self, identifier};
use crate::sink::Sink;
use crate::typed::columns::physical;
use crate::typed::encoder::Encoder;

/// What was found among the typed rows when they were complete.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Typed {
    /// Rows that repeat another one of the same file, word for word.
    pub repeats: u64,
    /// A loan has several versions in this one file.
    pub several: bool,
    /// The table can become part of the history as it is.
    pub kept: bool,
}

/// The table's name until the merge.
pub fn name(entry: &Entry) -> String {
    format!("history.{}", identifier(&format!("load_{}_{}", entry.file_id, entry.attempts)))
}

/// The name of the partition that a file's new versions are kept in.
pub fn partition(file_id: i64) -> String {
    format!("history.{}", identifier(&format!("version_{file_id}")))
}

/// The columns of a partition, in the order of `history.version`, with what is the same in all rows of a file.
pub fn definition(file_id: i64) -> String {
    let typed = physical().map(|(name, kind)| format!("{} {}", identifier(name), kind.sql()));
    format!(
        "source_file_id bigint not null default {file_id}, source_line bigint not null, loan_key uuid not null, \
         row_hash uuid not null, origination uuid, {}, extra jsonb, check (source_file_id = {file_id})",
        typed.join(", ")
    )
}

/// Makes the table and begins the `COPY`; true if the table may become part of the history.
///
/// Where most of the file is likely to be known already (by its first rows), the table is unlogged and only what is new
/// will be copied out of it; else it is logged and its rows are written once.
pub async fn create(
    transaction: &Transaction<'_>,
    entry: &Entry,
    encoder: &Encoder,
) -> Result<(Sink, bool), Error> {
    let kept = !is_mostly_known(transaction, encoder).await?;
    let name = name(entry);
    let logged = if kept { "" } else { "unlogged" };
    let create = format!("create {logged} table {name} ({})", definition(entry.file_id));
    transaction.batch_execute(&create).await.doing("create the table of typed rows")?;
    let columns = encoder.columns().into_iter().map(identifier).collect::<Vec<_>>().join(", ");
    let copy = format!("copy {name} ({columns}) from stdin with (format binary, freeze true)");
    Ok((Sink::binary(transaction, &copy).await?, kept))
}

async fn is_mostly_known(transaction: &Transaction<'_>, encoder: &Encoder) -> Result<bool, Error> {
    let (loans, hashes): (Vec<_>, Vec<_>) =
        encoder.sample().iter().map(|(loan, hash)| (hex::encode(loan), hex::encode(hash))).unzip();
    let query = "
        select count(*)
        from unnest($1::text[], $2::text[]) as mine (loan, hash)
        where exists (select from history.version v where v.loan_key = mine.loan::uuid and v.row_hash = mine.hash::uuid)";
    let known: i64 =
        transaction.query_one(query, &[&loans, &hashes]).await.doing("look for known loans")?.get(0);
    Ok(known.unsigned_abs() as usize * 2 > loans.len())
}

/// Indexes the complete table, removes repeated rows and tells loans apart that share an origination.
pub async fn finish(transaction: &Transaction<'_>, entry: &Entry, kept: bool) -> Result<Typed, Error> {
    let doing = "index the typed rows";
    let name = name(entry);
    let index = format!("create index on {name} (loan_key, row_hash) include (source_file_id, source_line)");
    transaction.batch_execute(&index).await.doing(doing)?;
    let mut typed = Typed { kept, ..Typed::default() };
    let twice = format!("select exists (select from {name} group by loan_key having count(*) > 1)");
    if !transaction.query_one(&twice, &[]).await.doing(doing)?.get::<_, bool>(0) {
        return Ok(typed);
    }
    // Rows that say the same are one loan; those that only share the origination are several.
    let apart = format!(
        "with twice as (select loan_key from {name} where loan_key = origination group by loan_key having count(*) > 1),
              tied as (select loan_key, row_hash, min(source_line) as first_line from {name}
                       where loan_key in (select loan_key from twice) group by loan_key, row_hash),
              numbered as (select *, row_number() over (partition by loan_key order by first_line) as occurrence from tied)
         update {name} mine
         set loan_key = history.key_of_occurrence(mine.loan_key, numbered.occurrence)
         from numbered
         where numbered.occurrence > 1 and mine.loan_key = numbered.loan_key and mine.row_hash = numbered.row_hash"
    );
    transaction.execute(&apart, &[]).await.doing("tell loans of the same origination apart")?;
    let repeats = format!(
        "delete from {name}
         where ctid = any (array(
             select ctid
             from (select ctid, row_number() over (partition by loan_key, row_hash order by source_line) as occurrence
                   from {name}) counted
             where occurrence > 1))"
    );
    typed.repeats = transaction.execute(&repeats, &[]).await.doing("remove repeated rows")?;
    typed.several = transaction.query_one(&twice, &[]).await.doing(doing)?.get(0);
    Ok(typed)
}

/// Removes the typed rows of a load that does not need them (any more).
pub async fn discard(client: &Client, entry: &Entry) -> Result<(), Error> {
    let sql = format!("drop table if exists {}", name(entry));
    client.batch_execute(&sql).await.doing("drop the table of typed rows")
}

/// Removes what killed loads left: tables of files that nobody is loading.
pub async fn sweep(client: &Client, mine: &Entry) -> Result<(), Error> {
    let doing = "remove what a killed load left";
    let query = "
        select c.relname::text, f.id, f.bucket, f.key
        from pg_class c
        join ingest.files f on f.id::text = split_part(c.relname, '_', 2)
        where c.relnamespace = 'history'::regnamespace and c.relkind = 'r' and c.relname like 'load\\_%'";
    for row in client.query(query, &[]).await.doing(doing)? {
        let (table, file_id): (String, i64) = (row.get(0), row.get(1));
        let lock = names::second_lock(row.get(2), row.get(3));
        let drop = format!("drop table if exists history.{}", identifier(&table));
        if file_id == mine.file_id {
            client.batch_execute(&drop).await.doing(doing)?;
            continue;
        }
        let free: bool =
            client.query_one("select pg_try_advisory_lock($1)", &[&lock]).await.doing(doing)?.get(0);
        if free {
            // It may have been merged, and renamed, before the lock was free.
            client.batch_execute(&drop).await.doing(doing)?;
            client.execute("select pg_advisory_unlock($1)", &[&lock]).await.doing(doing)?;
        }
    }
    Ok(())
}
