//! The end of a load: its content is new, known or newer, and the tables follow.

use tokio_postgres::Transaction;

use crate::error::{Doing, Error};
use crate::history;
use crate::manifest::{self, Entry};
use crate::names;
use crate::source::Object;
use crate::table;
use crate::transfer::Staged;

/// What the merge did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Merged {
    /// The file with the same content; then nothing was added.
    pub duplicate_of: Option<String>,
    /// Table in schema `superseded` with the rows that the file's former content had.
    pub superseded: Option<String>,
    /// Columns that the master did not have.
    pub new_columns: Vec<String>,
    /// Rows that are a new version of their loan.
    pub new: u64,
    /// Rows that say what is known.
    pub unchanged: u64,
    /// Totals that the rows do not add up to, as a sentence each.
    pub wrong_totals: Vec<String>,
}

/// Merges the file's two tables and writes the manifest's entry; the caller commits.
pub async fn merge(
    transaction: &Transaction<'_>,
    object: &Object,
    entry: &Entry,
    staged: &Staged,
) -> Result<Merged, Error> {
    table::lock_merges(transaction).await?;
    let mut finish = staged.finish.clone();
    let same = manifest::same_content(transaction, entry, &finish.sha256).await?;
    let superseded = supersede(transaction, object, entry, same.as_ref().map(|(id, _)| *id)).await?;
    let wrong = staged.totals.iter().filter(|total| total.stated != total.found).map(ToString::to_string);
    let mut merged = Merged { superseded, wrong_totals: wrong.collect(), ..Merged::default() };
    match same {
        Some((id, address)) => {
            finish.duplicate_of = Some(id);
            finish.unchanged = finish.counts.accepted;
            merged.duplicate_of = Some(address);
            table::discard(transaction, &staged.table).await?;
        }
        None => {
            merged.new_columns = table::attach(transaction, entry, &staged.header, &staged.table).await?;
            let brought =
                history::add(transaction, entry, staged.typed, finish.counts.accepted, staged.numbered)
                    .await?;
            finish.unchanged = brought.known;
            merged.new = brought.new;
        }
    }
    merged.unchanged = finish.unchanged;
    manifest::finish(transaction, entry, &finish).await?;
    manifest::findings(transaction, entry, &staged.drift, &staged.totals).await?;
    history::settle(transaction).await?;
    manifest::time(transaction, entry).await?;
    Ok(merged)
}

/// Writes down that the content of a file is loaded under another name, if it is; returns the other's address.
pub async fn duplicate(
    transaction: &Transaction<'_>,
    object: &Object,
    entry: &Entry,
    sha256: &str,
) -> Result<Option<String>, Error> {
    table::lock_merges(transaction).await?;
    let Some((id, address)) = manifest::same_content(transaction, entry, sha256).await? else {
        return Ok(None);
    };
    supersede(transaction, object, entry, Some(id)).await?;
    let finish = manifest::finish_of(transaction, id, sha256).await?;
    manifest::finish(transaction, entry, &finish).await?;
    history::settle(transaction).await?;
    Ok(Some(address))
}

/// Takes away what the file's name stood for until now, unless its content is the same.
pub async fn supersede(
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
    history::forget(transaction, id).await?;
    Ok(Some(kept_as))
}
