//! What all of the lake follows from: the loaded files, and the views. To look at it takes milliseconds.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_postgres::GenericClient;

use super::table::{FORMAT, TABLES};
use crate::error::{Doing, Error};

/// Where the lake says up to which state it is: written last of all.
pub const PATH: &str = "_export.json";

/// A state of the database, or of the lake.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct State {
    /// Hash of what decides what the lake holds.
    pub state: String,
}

/// The state of the database. History and views follow from the set of loaded files, whatever the order in which they
/// came; so does this.
pub async fn read(client: &impl GenericClient) -> Result<State, Error> {
    let doing = "look which files are loaded";
    let mut hash = Sha256::new();
    hash.update(FORMAT.to_be_bytes());
    for table in TABLES {
        let query = "select pg_get_viewdef($1::text::regclass)";
        let definition = client.query_one(query, &[&table.view()]).await.doing(doing)?;
        hash.update(definition.get::<_, &str>(0));
        hash.update([0]);
    }
    let query = "
        select concat_ws('|', sha256, source_table, as_of, extract(epoch from modified_at))
        from ingest.files where status = 'loaded' order by sha256";
    for row in client.query(query, &[]).await.doing(doing)? {
        hash.update(row.get::<_, &str>(0));
        hash.update([0]);
    }
    let leaking =
        "select string_agg(column_name || ' ' || reason, '|' order by column_name) from mart.leaking_columns";
    hash.update(
        client.query_one(leaking, &[]).await.doing(doing)?.get::<_, Option<&str>>(0).unwrap_or_default(),
    );
    Ok(State { state: hex::encode(hash.finalize()) })
}
