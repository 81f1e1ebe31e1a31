//! A file's own table: made, filled, and at the end attached to `master_loan`.

use tokio_postgres::Transaction;

use crate::error::{Doing, Error};
use crate::header::Header;
use crate::layout::LINEAGE;
use crate::manifest::Entry;
use crate::names::{identifier, literal};
use crate::sink::Sink;

/// Merges are short and come one at a time, so that two loads cannot wait for each other's locks.
const MERGE_LOCK: i64 = 0x6c6f_6164_6572_0003;

/// What is the same in every row of a file, and the `CHECK` that follows from it.
pub fn lineage(entry: &Entry) -> [String; 5] {
    let source_table = literal(&entry.source_table);
    [
        format!("source_table text not null default {source_table}"),
        format!("source_file_id bigint not null default {}", entry.file_id),
        format!("load_id uuid not null default {}", literal(&entry.load_id)),
        format!("loaded_at timestamptz not null default {}", literal(&entry.started_at)),
        format!("check (source_table is not null and source_table = {source_table})"),
    ]
}

/// The table's name until it is attached.
pub fn working_name(entry: &Entry) -> String {
    format!("source.{}", identifier(&format!("load_{}_{}", entry.file_id, entry.attempts)))
}

/// Makes the table, with the columns of the master and those that only this file has, and begins the `COPY`.
///
/// The columns are read from the catalogue and not by `LIKE`, which would lock the master for as long as the load
/// takes and keep every other load from adding a column. What is the same in every row is a default, not data. The
/// `CHECK` spares `ATTACH` a scan. `FREEZE` is allowed since the table is made in this transaction.
pub async fn create(
    transaction: &Transaction<'_>,
    entry: &Entry,
    header: &Header,
    master: &[String],
) -> Result<Sink, Error> {
    let doing = "create the file's table";
    let mut columns = master.to_vec();
    for column in &header.columns {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    let mut definition =
        columns.iter().map(|column| format!("{} text", identifier(column))).collect::<Vec<_>>();
    definition.push("source_line bigint not null".to_owned());
    definition.extend(lineage(entry));
    let name = working_name(entry);
    transaction
        .batch_execute(&format!("create table {name} ({})", definition.join(", ")))
        .await
        .doing(doing)?;
    let listed = header.columns.iter().map(|column| identifier(column)).collect::<Vec<_>>().join(", ");
    let copy = format!("copy {name} (source_line, {listed}) from stdin with (format text, freeze true)");
    Sink::text(transaction, &copy).await
}

/// Waits until no other load is merging.
pub async fn lock_merges(transaction: &Transaction<'_>) -> Result<(), Error> {
    transaction
        .execute("select pg_advisory_xact_lock($1)", &[&MERGE_LOCK])
        .await
        .doing("wait for another merge")?;
    Ok(())
}

/// Makes the file's table a partition of the master. Columns that came up meanwhile, here or there, are added.
pub async fn attach(
    transaction: &Transaction<'_>,
    entry: &Entry,
    header: &Header,
    name: &str,
) -> Result<Vec<String>, Error> {
    let master = master_columns(transaction).await?;
    let mine = columns_of(transaction, name).await?;
    let new = header.columns.iter().filter(|column| !master.contains(column)).cloned().collect::<Vec<_>>();
    let mut sql = String::new();
    for column in master.iter().filter(|column| !mine.contains(column)) {
        sql.push_str(&format!("alter table {name} add column {} text;", identifier(column)));
    }
    for column in &new {
        sql.push_str(&format!("alter table public.master_loan add column {} text;", identifier(column)));
    }
    let bound = literal(&entry.source_table);
    let table = identifier(&entry.source_table);
    sql.push_str(&format!(
        "alter table {name} rename to {table};
         alter table public.master_loan attach partition source.{table} for values in ({bound});"
    ));
    transaction.batch_execute(&sql).await.doing("attach the file's table to master_loan")?;
    let record = "
        insert into ingest.columns (name, position, file_id)
        select attname, attnum, $1
        from pg_attribute
        where attrelid = 'public.master_loan'::regclass and attname = any ($2)";
    if !new.is_empty() {
        transaction.execute(record, &[&entry.file_id, &new]).await.doing("record the new columns")?;
    }
    Ok(new)
}

/// Removes the file's table again, for content that is there already.
pub async fn discard(transaction: &Transaction<'_>, name: &str) -> Result<(), Error> {
    transaction.batch_execute(&format!("drop table {name}")).await.doing("drop the file's table")
}

/// Takes the partition of an older file out of the master and keeps it in schema `superseded`.
pub async fn detach(transaction: &Transaction<'_>, source_table: &str, kept_as: &str) -> Result<(), Error> {
    let (table, kept_as) = (identifier(source_table), identifier(kept_as));
    let sql = format!(
        "alter table public.master_loan detach partition source.{table};
         alter table source.{table} rename to {kept_as};
         alter table source.{kept_as} set schema superseded;"
    );
    transaction.batch_execute(&sql).await.doing("detach the older file's table from master_loan")
}

/// The loan columns that the master has now.
pub async fn master_columns(transaction: &Transaction<'_>) -> Result<Vec<String>, Error> {
    columns_of(transaction, "public.master_loan").await
}

async fn columns_of(transaction: &Transaction<'_>, table: &str) -> Result<Vec<String>, Error> {
    let query = "
        select attname::text
        from pg_attribute
        where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attname <> all ($2)
        order by attnum";
    let rows =
        transaction.query(query, &[&table, &LINEAGE.as_slice()]).await.doing("read the table's columns")?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
