//! The history of loans: versions, sightings, which version is the latest. All of it follows from the set of loaded
//! files, so that every order of loading ends in the same state.

use tokio_postgres::Transaction;

use crate::error::{Doing, Error};
use crate::manifest::Entry;
use crate::names::identifier;
use crate::versions::{self, Typed};

/// Loans of which something may have changed, by the keys that the files give them.
const TOUCHED: &str = "
    create temporary table if not exists touched (loan_key uuid not null, origination uuid) on commit drop";

/// What a file brought.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Brought {
    /// New versions.
    pub new: u64,
    /// Rows that say what is known.
    pub known: u64,
}

/// Takes the typed rows of a file into the history.
///
/// If all, or most, are new, their table becomes a partition as it is; else what is new is copied into one.
pub async fn add(
    transaction: &Transaction<'_>,
    entry: &Entry,
    typed: Typed,
    rows: u64,
    numbered: bool,
) -> Result<Brought, Error> {
    let (mine, partition, file) = (versions::name(entry), versions::partition(entry.file_id), entry.file_id);
    transaction.batch_execute(TOUCHED).await.doing("note the loans")?;
    let old: bool = one(transaction, "select exists (select from history.version)").await?;
    let mut brought = Brought::default();
    if numbered {
        let sql = format!(
            "insert into history.identity (origination, id)
             select distinct origination, history.id_of_key(loan_key) from {mine}
             where origination is not null and history.id_of_key(loan_key) is not null
             on conflict do nothing"
        );
        transaction.execute(&sql, &[]).await.doing("note the numbers of loans")?;
    }
    if old {
        brought.known = sight(transaction, &mine, file).await?;
    }
    brought.new = rows - typed.repeats - brought.known;
    touch(transaction, &mine, old, typed.several, numbered).await?;
    let known = format!(
        "(select from history.sighting s where s.file_id = {file} and s.loan_key = mine.loan_key and s.row_hash = mine.row_hash)"
    );
    let doing = "add the new versions";
    if brought.new == 0 {
        transaction.batch_execute(&format!("drop table {mine}")).await.doing(doing)?;
        brought.known += typed.repeats;
        return Ok(brought);
    }
    let few = brought.known * 5 <= rows;
    let sql = if typed.kept && few {
        let delete = format!("delete from {mine} mine where exists {known};");
        format!(
            "{} alter table {mine} rename to {};",
            if brought.known > 0 { &delete } else { "" },
            partition.trim_start_matches("history.")
        )
    } else {
        format!(
            "create table {partition} ({});
             insert into {partition} select mine.* from {mine} mine where not exists {known};
             create index on {partition} (loan_key, row_hash) include (source_file_id, source_line);
             drop table {mine};",
            versions::definition(file)
        )
    };
    let sql =
        format!("{sql} alter table history.version attach partition {partition} for values in ({file});");
    transaction.batch_execute(&sql).await.doing(doing)?;
    brought.known += typed.repeats;
    Ok(brought)
}

/// The partition with the sightings of a file.
fn sightings(file: i64) -> String {
    format!("history.{}", identifier(&format!("sighting_{file}")))
}

/// Notes which rows of a file say what is known; returns how many. Written first and indexed then, which takes half the time.
async fn sight(transaction: &Transaction<'_>, mine: &str, file: i64) -> Result<u64, Error> {
    let (doing, table) = ("note what is known", sightings(file));
    let create = format!(
        "create table {table} (
             file_id bigint not null default {file}, source_line bigint not null, loan_key uuid not null,
             row_hash uuid not null, check (file_id = {file}))"
    );
    transaction.batch_execute(&create).await.doing(doing)?;
    let insert = format!(
        "insert into {table} (source_line, loan_key, row_hash)
         select mine.source_line, mine.loan_key, mine.row_hash
         from {mine} mine join history.version v on v.loan_key = mine.loan_key and v.row_hash = mine.row_hash"
    );
    let known = transaction.execute(&insert, &[]).await.doing(doing)?;
    let end = match known {
        0 => format!("drop table {table}"),
        _ => format!(
            "create index on {table} (loan_key, row_hash);
             alter table history.sighting attach partition {table} for values in ({file})"
        ),
    };
    transaction.batch_execute(&end).await.doing(doing)?;
    Ok(known)
}

/// Notes the loans of a file that have another version too. Where numbers are known, any loan may turn out to be another.
async fn touch(
    transaction: &Transaction<'_>,
    mine: &str,
    old: bool,
    several: bool,
    numbered: bool,
) -> Result<(), Error> {
    let numbers = numbered || one(transaction, "select exists (select from history.identity)").await?;
    let condition = match (old, several) {
        (false, false) => return Ok(()),
        (true, _) if numbers => "true",
        (true, false) => {
            "exists (select from history.version v where v.loan_key = mine.loan_key and v.row_hash <> mine.row_hash)"
        }
        // The file's own versions are no partition yet.
        (_, true) => "true",
    };
    let sql = format!(
        "insert into touched (loan_key, origination) select distinct loan_key, origination from {mine} mine where {condition}"
    );
    transaction.execute(&sql, &[]).await.doing("note the loans")?;
    Ok(())
}

/// Takes a file out of the history, as if it had never been loaded. Versions that other files show too are theirs now.
pub async fn forget(transaction: &Transaction<'_>, file: i64) -> Result<(), Error> {
    let doing = "take the former content out of the history";
    let (partition, sightings) = (versions::partition(file), sightings(file));
    transaction.batch_execute(TOUCHED).await.doing(doing)?;
    let note = format!(
        "insert into touched (loan_key, origination)
         select distinct v.loan_key, v.origination from history.version v
         where v.source_file_id = {file} or (v.loan_key, v.row_hash) in
             (select loan_key, row_hash from history.sighting where file_id = {file});
         drop table if exists {sightings};
         create temporary table heirs on commit drop as
         select distinct on (s.loan_key, s.row_hash) s.*
         from history.sighting s join history.version v on v.loan_key = s.loan_key and v.row_hash = s.row_hash
         where v.source_file_id = {file}
         order by s.loan_key, s.row_hash, s.file_id, s.source_line"
    );
    transaction.batch_execute(&note).await.doing(doing)?;
    let heirs = transaction.query("select distinct file_id from heirs", &[]).await.doing(doing)?;
    for row in heirs {
        let heir: i64 = row.get(0);
        let table = versions::partition(heir);
        let exists: bool = transaction
            .query_one("select to_regclass($1::text) is not null", &[&table])
            .await
            .doing(doing)?
            .get(0);
        if !exists {
            let sql = format!(
                "create table {table} ({});
                 create index on {table} (loan_key, row_hash) include (source_file_id, source_line);
                 alter table history.version attach partition {table} for values in ({heir});",
                versions::definition(heir)
            );
            transaction.batch_execute(&sql).await.doing(doing)?;
        }
    }
    let inherit = format!(
        "update history.version v set source_file_id = h.file_id, source_line = h.source_line
         from heirs h
         where v.source_file_id = {file} and v.loan_key = h.loan_key and v.row_hash = h.row_hash;
         delete from history.sighting s using heirs h
         where s.file_id = h.file_id and s.source_line = h.source_line and s.loan_key = h.loan_key and s.row_hash = h.row_hash;
         drop table if exists {partition};
         delete from history.identity i
         where i.origination in (select origination from touched)
             and not exists (select from history.version v
                             where v.loan_key = history.key_of_id(i.id) and v.origination = i.origination);"
    );
    transaction.batch_execute(&inherit).await.doing(doing)
}

/// Works out again, for all loans that were touched, which names they go by and which version is the latest.
pub async fn settle(transaction: &Transaction<'_>) -> Result<(), Error> {
    transaction.batch_execute(TOUCHED).await.doing("note the loans")?;
    if !one(transaction, "select exists (select from touched)").await? {
        return Ok(());
    }
    // Sorts and joins of a whole release stay in memory.
    transaction
        .batch_execute("set local work_mem = '64MB'; analyze touched")
        .await
        .doing("note the loans")?;
    let named = one(
        transaction,
        "select exists (select from history.identity) or exists (select from history.alias)",
    );
    if named.await? {
        transaction.batch_execute(ALIASES).await.doing("match loans with and without numbers")?;
    }
    transaction.batch_execute(FORMER).await.doing("find the latest versions")
}

/// The n-th loan without number of an origination is the one with the n-th number.
const ALIASES: &str = "
    create temporary table named on commit drop as
    select history.key_of_occurrence(origination, occurrence) as raw_key, id
    from (select origination, id, row_number() over (partition by origination order by id) as occurrence
          from history.identity
          where origination in (select origination from touched)) numbered;
    delete from named where not exists (select from history.version v where v.loan_key = named.raw_key);
    insert into touched (loan_key)
    select a.loan_key from history.alias a
    where a.raw_key in (select loan_key from touched union select raw_key from named);
    delete from history.alias a
    where (a.raw_key in (select loan_key from touched) or a.raw_key in (select raw_key from named))
        and not exists (select from named n where n.raw_key = a.raw_key and n.id = a.id);
    insert into history.alias (raw_key, id, loan_key)
    select raw_key, id, history.key_of_id(id) from named
    on conflict (raw_key) do nothing;";

/// Of all sightings of a loan the one of the latest file counts, and in it the last line.
const FORMER: &str = "
    create temporary table members on commit drop as
    with loans as (select distinct coalesce(a.loan_key, t.loan_key) as loan
                   from touched t left join history.alias a on a.raw_key = t.loan_key)
    select loan, loan as loan_key from loans
    union
    select loan, a.raw_key from loans join history.alias a on a.loan_key = loans.loan;
    analyze members;
    create temporary table shown on commit drop as
    select m.loan, s.loan_key, s.row_hash, max(array[files.place, s.source_line]) as place
    from members m
    join history.seen s on s.loan_key = m.loan_key
    join (select id, row_number() over (order by as_of, modified_at, sha256, id) as place
          from ingest.files where status = 'loaded') files on files.id = s.file_id
    group by m.loan, s.loan_key, s.row_hash;
    create temporary table ranked on commit drop as
    select loan_key, row_hash, row_number() over (partition by loan order by place desc) > 1 as former from shown;
    analyze ranked;
    delete from history.former f using members m
    where f.loan_key = m.loan_key
        and not exists (select from ranked r where r.former and r.loan_key = f.loan_key and r.row_hash = f.row_hash);
    insert into history.former (loan_key, row_hash)
    select loan_key, row_hash from ranked r
    where former and not exists (select from history.former f where f.loan_key = r.loan_key and f.row_hash = r.row_hash);";

async fn one(transaction: &Transaction<'_>, query: &str) -> Result<bool, Error> {
    Ok(transaction.query_one(query, &[]).await.doing("read the history")?.get(0))
}
