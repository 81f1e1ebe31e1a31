//! The end of a load: its content is new, known or newer, and the tables follow.

use tokio_postgres::Transaction;

use crate::error::{Doing, Error};
use crate::header::Header;
use crate::manifest::{self, Entry, Finish};
use crate::names;
use crate::source::Object;
use crate::table;

/// What the merge did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Merged {
    /// The file with the same content; then nothing was added.
    pub duplicate_of: Option<String>,
    /// Table in schema `superseded` with the rows that the file's former content had.
    pub superseded: Option<String>,
    /// Columns that the master did not have.
    pub new_columns: Vec<String>,
}

/// Merges the file's table and writes the manifest's entry; the caller commits.
pub async fn merge(
    transaction: &Transaction<'_>,
    object: &Object,
    entry: &Entry,
    header: &Header,
    mut finish: Finish,
) -> Result<Merged, Error> {
    table::lock_merges(transaction).await?;
    let mut merged = Merged::default();
    let query =
        "select id, bucket, key from ingest.files where sha256 = $1 and status = 'loaded' and id <> $2";
    let same = transaction
        .query_opt(query, &[&finish.sha256, &entry.file_id])
        .await
        .doing("look for the content")?;
    if let Some(row) = same {
        finish.duplicate_of = Some(row.get(0));
        merged.duplicate_of = Some(manifest::address(row.get(1), row.get(2)));
    }
    merged.superseded = supersede(transaction, object, entry, finish.duplicate_of).await?;
    if merged.duplicate_of.is_some() {
        table::discard(transaction, entry).await?;
    } else {
        merged.new_columns = table::attach(transaction, entry, header).await?;
    }
    manifest::finish(transaction, entry, &finish).await?;
    Ok(merged)
}

/// Takes away what the file's name stood for until now, unless its content is the same.
async fn supersede(
    transaction: &Transaction<'_>,
    object: &Object,
    entry: &Entry,
    same: Option<i64>,
) -> Result<Option<String>, Error> {
    let query = "
        select id, source_table, attempts
        from ingest.files
        where bucket = $1 and key = $2 and status = 'loaded' and id <> $3 and id is distinct from $4";
    let older = transaction
        .query_opt(query, &[&object.bucket, &object.key, &entry.file_id, &same])
        .await
        .doing("look for the file's former content")?;
    let Some(row) = older else { return Ok(None) };
    let (id, source_table, attempts): (i64, String, i32) = (row.get(0), row.get(1), row.get(2));
    let kept_as = names::suffixed(&source_table, &format!("{id}_{attempts}"));
    table::detach(transaction, &source_table, &kept_as).await?;
    let update = "
        update ingest.files set status = 'superseded', superseded_by = $2, superseded_table = $3 where id = $1";
    transaction.execute(update, &[&id, &entry.file_id, &kept_as]).await.doing("mark the former content")?;
    Ok(Some(kept_as))
}
