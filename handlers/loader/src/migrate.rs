//! The database's schema: the numbered files of `migrations/`, each applied once, by refinery.

use refinery::{Migration, Target};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::error::{Doing, Error, chain};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// One at a time.
const LOCK: i64 = 0x6c6f_6164_6572_0001;

/// Where refinery writes down what it applied.
const HISTORY: &str = "ingest.schema_history";

const CREATE: &str = "
    create schema if not exists ingest;
    comment on schema ingest is 'What the loader knows about files, rejected rows and its own schema.';";

/// The first two files were applied by the loader's own hands before there was refinery.
const APPLIED_BY_HAND: i32 = 2;

/// Applies what is missing. Costs one query where nothing is.
pub async fn migrate(client: &mut Client) -> Result<(), Error> {
    let known = sorted();
    if check(&known, &applied(client).await?)? == known.len() {
        return Ok(());
    }
    client.execute("select pg_advisory_lock($1)", &[&LOCK]).await.doing("lock the schema")?;
    let outcome = apply(client).await;
    client.execute("select pg_advisory_unlock($1)", &[&LOCK]).await.doing("unlock the schema")?;
    outcome
}

async fn apply(client: &mut Client) -> Result<(), Error> {
    client.batch_execute(CREATE).await.doing("create schema ingest")?;
    let by_hand = "select to_regclass('ingest.migrations') is not null and to_regclass($1) is null";
    let by_hand: bool = client.query_one(by_hand, &[&HISTORY]).await.doing("read the schema")?.get(0);
    let failed =
        |error: refinery::Error| Error::Schema(format!("failed to apply the migrations: {}", chain(&error)));
    // Newer migrations than these are fine: a newer loader only ever adds.
    let runner = || {
        let mut runner = embedded::migrations::runner().set_abort_missing(false);
        runner.set_migration_table_name(HISTORY);
        runner
    };
    if by_hand {
        runner().set_target(Target::FakeVersion(APPLIED_BY_HAND)).run_async(client).await.map_err(failed)?;
    }
    runner().run_async(client).await.map_err(failed)?;
    Ok(())
}

fn sorted() -> Vec<Migration> {
    let mut migrations = embedded::migrations::runner().get_migrations().clone();
    migrations.sort_by_key(Migration::version);
    migrations
}

async fn applied(client: &Client) -> Result<Vec<(i32, String)>, Error> {
    let query = format!("select version, checksum from {HISTORY} order by version");
    match client.query(&query, &[]).await {
        Ok(rows) => Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect()),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(Vec::new()),
        Err(error) => Err(error).doing("read ingest.schema_history"),
    }
}

/// How many of the known migrations were applied.
fn check(known: &[Migration], applied: &[(i32, String)]) -> Result<usize, Error> {
    for (migration, (found, sum)) in known.iter().zip(applied) {
        if migration.version() != *found || *sum != migration.checksum().to_string() {
            return Err(Error::Schema(format!(
                "the database has another migration {found} than this loader ({}): it was made by a different program; \
                 use a database of its own",
                migration.name()
            )));
        }
    }
    Ok(applied.len().min(known.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<(i32, String)> {
        sorted().iter().map(|migration| (migration.version(), migration.checksum().to_string())).collect()
    }

    #[test]
    fn migrations_are_numbered_without_gaps() {
        let versions = all().into_iter().map(|(version, _)| version).collect::<Vec<_>>();
        assert_eq!(versions, (1..=versions.len() as i32).collect::<Vec<_>>());
    }

    #[test]
    fn newer_databases_are_accepted_and_others_are_not() {
        let (known, mut applied) = (sorted(), all());
        assert_eq!(check(&known, &applied[..1]).unwrap(), 1);
        applied.push((99, "later".to_owned()));
        assert_eq!(check(&known, &applied).unwrap(), known.len());
        applied[0].1 = "other".to_owned();
        assert!(check(&known, &applied).is_err());
    }
}
