//! `loader rejects`.

use crate::aws::Aws;
use crate::command::table::table;
use crate::database::Database;
use crate::error::{Doing, Error};
use crate::log;
use crate::manifest;

const HEADINGS: [&str; 6] = ["file", "line", "column", "reason", "address", "row"];

/// Print rows that were not loaded: where they stand, what is wrong, and what they say.
#[derive(Debug, clap::Args)]
pub struct Rejects {
    /// Ids of files, as `loader status` shows them, instead of all.
    #[arg(value_name = "ID")]
    ids: Vec<i64>,

    /// At most so many rows.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: i64,

    /// The whole rows, and not only their beginnings.
    #[arg(long)]
    whole: bool,

    /// Address of the database, instead of DATABASE_URL.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl Rejects {
    /// Prints a table to stdout.
    pub async fn run(&self) -> Result<(), Error> {
        let database = Database::from_environment(self.database_url.as_deref())?;
        let connection = database.connect(&Aws::default()).await?;
        let query = "
            select file.id::text, reject.line::text, coalesce(reject.column_name, ''), reject.reason, file.bucket, file.key,
                   reject.raw
            from ingest.rejects reject
            join ingest.files file on file.id = reject.file_id
            where file.id = any ($1) or cardinality($1) = 0
            order by file.id, reject.line
            limit $2";
        let rows =
            connection.client.query(query, &[&self.ids, &self.limit]).await.doing("read ingest.rejects")?;
        let lines = rows.iter().map(|row| {
            let raw: String = row.get(6);
            let raw = if self.whole { raw } else { raw.chars().take(60).collect() };
            let mut cells = (0..4).map(|position| row.get(position)).collect::<Vec<String>>();
            cells.push(manifest::address(row.get(4), row.get(5)));
            cells.push(raw.escape_debug().to_string());
            cells
        });
        for line in table(&HEADINGS, &[0, 1], &lines.collect::<Vec<_>>()) {
            log::print(&line);
        }
        Ok(())
    }
}
