//! A table's `_manifest.json`: which files it consists of. Written when all of them are there.

use serde::{Deserialize, Serialize};
use tokio_postgres::GenericClient;

use super::column::Column;
use super::table::{FORMAT, File, Table};
use crate::error::{Doing, Error};

/// Its name. Athena and Spark skip names that begin so.
pub const NAME: &str = "_manifest.json";

/// The manifest.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Manifest {
    /// Changes when a reader has to.
    pub format: u32,
    /// The table.
    pub table: String,
    /// When.
    pub written_at: String,
    /// Its columns, but for `issue_year`.
    pub columns: Vec<Column>,
    /// Its partitions, by year.
    pub partitions: Vec<Partition>,
    /// The loan files that were loaded then, by content.
    pub files: Vec<Loaded>,
    /// Columns of `mart.loans` that no model may read.
    pub leaking: Vec<Leaking>,
}

/// A partition.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Partition {
    /// Year of issue.
    pub issue_year: i32,
    /// Its files.
    pub files: Vec<File>,
    /// Equal exactly if the content is.
    pub fingerprint: String,
}

/// A loaded loan file.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Loaded {
    /// `ingest.files.id`.
    pub id: i64,
    /// `source_table`.
    pub table: String,
    /// Hash of its content.
    pub sha256: String,
    /// Rows that were accepted.
    pub rows: i64,
    /// What it is as of.
    pub as_of: Option<String>,
}

/// A leaking column.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Leaking {
    /// Its name.
    pub column: String,
    /// What in it tells how the loan ended.
    pub reason: String,
}

/// What is the same for all tables of one export.
#[derive(Clone, Debug)]
pub struct Common {
    files: Vec<Loaded>,
    leaking: Vec<Leaking>,
}

impl Common {
    /// Reads it.
    pub async fn read(client: &impl GenericClient) -> Result<Self, Error> {
        let query = "
            select id, source_table, sha256, rows_loaded + coalesce(rows_unchanged, 0), as_of::text
            from ingest.files where status = 'loaded' order by sha256";
        let files = client.query(query, &[]).await.doing("read the loaded files")?;
        let query = "select column_name, reason from mart.leaking_columns order by column_name collate \"C\"";
        let leaking = client.query(query, &[]).await.doing("read the leaking columns")?;
        let files = files.iter().map(|row| Loaded {
            id: row.get(0),
            table: row.get(1),
            sha256: row.get(2),
            rows: row.get(3),
            as_of: row.get(4),
        });
        let leaking = leaking.iter().map(|row| Leaking { column: row.get(0), reason: row.get(1) });
        Ok(Self { files: files.collect(), leaking: leaking.collect() })
    }

    /// The manifest of a table.
    pub fn manifest(&self, table: Table, columns: Vec<Column>, partitions: Vec<Partition>) -> Manifest {
        Manifest {
            format: FORMAT,
            table: table.name.to_owned(),
            written_at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            columns,
            partitions,
            files: self.files.clone(),
            leaking: self.leaking.clone(),
        }
    }
}

impl Manifest {
    /// Whether a reader of the one would find something else than a reader of the other. A file that was loaded and changed
    /// nothing of the table is no change.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.columns, &self.partitions, &self.leaking)
            == (&other.columns, &other.partitions, &other.leaking)
    }

    /// The partition of a year.
    pub fn partition(&self, year: i32) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.issue_year == year)
    }
}
