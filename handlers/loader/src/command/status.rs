//! `loader status`.

use crate::aws::Aws;
use crate::command::table::table;
use crate::database::Database;
use crate::error::{Doing, Error};
use crate::log;
use crate::manifest;

const HEADINGS: [&str; 10] =
    ["id", "status", "file", "table", "loaded", "unchanged", "rejected", "left out", "seconds", "note"];

/// Columns with numbers stand to the right.
const NUMBERS: [usize; 6] = [0, 4, 5, 6, 7, 8];

/// Print the manifest: every file that was seen, and what became of it.
#[derive(Debug, clap::Args)]
pub struct Status {
    /// Address of the database, instead of DATABASE_URL.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl Status {
    /// Prints a table to stdout.
    pub async fn run(&self) -> Result<(), Error> {
        let database = Database::from_environment(self.database_url.as_deref())?;
        let connection = database.connect(&Aws::default()).await?;
        let query = "
            select file.id::text, file.status, file.bucket, file.key, coalesce(file.source_table, ''),
                   coalesce(file.rows_loaded::text, ''), coalesce(file.rows_unchanged::text, ''), coalesce(file.rows_rejected::text, ''),
                   coalesce(file.lines_left_out::text, ''), coalesce(round(file.seconds::numeric, 1)::text, ''),
                   coalesce(file.error, 'content of ' || original.key, 'replaced by file ' || file.superseded_by, '')
            from ingest.files file
            left join ingest.files original on original.id = file.duplicate_of
            order by file.id";
        let rows = connection.client.query(query, &[]).await.doing("read the manifest")?;
        let lines = rows
            .iter()
            .map(|row| {
                let mut cells = vec![row.get(0), row.get(1), manifest::address(row.get(2), row.get(3))];
                cells.extend((4..11).map(|position| row.get::<_, String>(position)));
                cells
            })
            .collect::<Vec<Vec<String>>>();
        for line in table(&HEADINGS, &NUMBERS, &lines) {
            log::print(&line);
        }
        Ok(())
    }
}
