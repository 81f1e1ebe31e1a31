//! `ingest.rejects`, written on a connection of its own: the load's is busy with `COPY`, and the rejected rows of a
//! load that fails are the explanation why.

use crate::aws::Aws;
use crate::database::{Connection, Database};
use crate::error::{Doing, Error};
use crate::manifest::Entry;
use crate::rows::Reject;

/// As many are written at once, so that memory stays flat however bad the file is.
const BATCH: usize = 200;

/// Bytes that are written at once, for rows that are long.
const BATCH_BYTES: usize = 1 << 20;

/// Where rejected rows go. It connects when the first one comes.
pub struct Rejects<'a> {
    database: &'a Database,
    aws: &'a Aws,
    entry: &'a Entry,
    connection: Option<Connection>,
}

impl<'a> Rejects<'a> {
    /// For the rejected rows of one load.
    pub fn new(database: &'a Database, aws: &'a Aws, entry: &'a Entry) -> Self {
        Self { database, aws, entry, connection: None }
    }

    /// Writes what waits if it is worth a round trip, or if these are the last.
    pub async fn write(&mut self, waiting: &mut Vec<Reject>, last: bool) -> Result<(), Error> {
        let bytes = waiting.iter().map(|reject| reject.raw.len()).sum::<usize>();
        if waiting.is_empty() || (!last && waiting.len() < BATCH && bytes < BATCH_BYTES) {
            return Ok(());
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert(self.database.connect(self.aws).await?),
        };
        let lines = waiting.iter().map(|reject| reject.line as i64).collect::<Vec<_>>();
        let columns = waiting.iter().map(|reject| reject.column.as_deref()).collect::<Vec<_>>();
        let reasons = waiting.iter().map(|reject| reject.reason.as_str()).collect::<Vec<_>>();
        let raw = waiting.iter().map(|reject| reject.raw.as_str()).collect::<Vec<_>>();
        let insert = "
            insert into ingest.rejects (file_id, load_id, line, column_name, reason, raw)
            select $1, $2::text::uuid, line, column_name, reason, raw
            from unnest($3::bigint[], $4::text[], $5::text[], $6::text[]) as reject (line, column_name, reason, raw)";
        connection
            .client
            .execute(insert, &[&self.entry.file_id, &self.entry.load_id, &lines, &columns, &reasons, &raw])
            .await
            .doing("write ingest.rejects")?;
        waiting.clear();
        Ok(())
    }
}
