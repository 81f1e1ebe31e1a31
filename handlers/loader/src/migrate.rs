//! The database's schema: numbered files of SQL, each applied once.

use sha2::{Digest, Sha256};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::error::{Doing, Error};

/// In order; only ever appended to, since what was applied somewhere cannot be changed.
const MIGRATIONS: [(i32, &str, &str); 2] = [
    (1, "ingest", include_str!("../migrations/0001_ingest.sql")),
    (2, "master_loan", include_str!("../migrations/0002_master_loan.sql")),
];

/// One at a time.
const LOCK: i64 = 0x6c6f_6164_6572_0001;

const CREATE: &str = "
    create schema if not exists ingest;
    comment on schema ingest is 'What the loader knows about files, rejected rows and its own schema.';
    create table if not exists ingest.migrations (
        version integer primary key,
        name text not null,
        checksum text not null,
        applied_at timestamptz not null default now()
    );
    comment on table ingest.migrations is 'Files of SQL that were applied to this database.';";

/// Applies what is missing. Costs one query where nothing is.
pub async fn migrate(client: &mut Client) -> Result<(), Error> {
    if check(&applied(client).await?)? == MIGRATIONS.len() {
        return Ok(());
    }
    client.execute("select pg_advisory_lock($1)", &[&LOCK]).await.doing("lock the schema")?;
    let outcome = apply(client).await;
    client.execute("select pg_advisory_unlock($1)", &[&LOCK]).await.doing("unlock the schema")?;
    outcome
}

async fn apply(client: &mut Client) -> Result<(), Error> {
    client.batch_execute(CREATE).await.doing("create ingest.migrations")?;
    let done = check(&applied(client).await?)?;
    for (version, name, sql) in &MIGRATIONS[done..] {
        let doing = format!("apply migration {version:04}_{name}");
        let transaction = client.transaction().await.doing(&doing)?;
        transaction.batch_execute(sql).await.doing(&doing)?;
        let insert = "insert into ingest.migrations (version, name, checksum) values ($1, $2, $3)";
        transaction.execute(insert, &[version, name, &checksum(sql)]).await.doing(&doing)?;
        transaction.commit().await.doing(&doing)?;
    }
    Ok(())
}

async fn applied(client: &Client) -> Result<Vec<(i32, String)>, Error> {
    let query = "select version, checksum from ingest.migrations order by version";
    match client.query(query, &[]).await {
        Ok(rows) => Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect()),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(Vec::new()),
        Err(error) => Err(error).doing("read ingest.migrations"),
    }
}

/// How many of the known migrations were applied. More than are known is fine: a newer loader only ever adds.
fn check(applied: &[(i32, String)]) -> Result<usize, Error> {
    for ((version, name, sql), (found, sum)) in MIGRATIONS.iter().zip(applied) {
        if version != found || *sum != checksum(sql) {
            return Err(Error::Schema(format!(
                "the database has another migration {found} than this loader ({version:04}_{name}): it was made by a \
                 different program; use a database of its own"
            )));
        }
    }
    Ok(applied.len().min(MIGRATIONS.len()))
}

fn checksum(sql: &str) -> String {
    hex::encode(Sha256::digest(sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<(i32, String)> {
        MIGRATIONS.iter().map(|(version, _, sql)| (*version, checksum(sql))).collect()
    }

    #[test]
    fn migrations_are_numbered_without_gaps() {
        for (position, (version, ..)) in MIGRATIONS.iter().enumerate() {
            assert_eq!(usize::try_from(*version), Ok(position + 1));
        }
    }

    #[test]
    fn newer_databases_are_accepted_and_others_are_not() {
        let mut applied = all();
        assert_eq!(check(&applied[..1]).unwrap(), 1);
        applied.push((3, "later".to_owned()));
        assert_eq!(check(&applied).unwrap(), MIGRATIONS.len());
        applied[0].1 = "other".to_owned();
        assert!(check(&applied).is_err());
    }
}
