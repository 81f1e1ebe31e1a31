//! `loader replay`.

use crate::aws::Aws;
use crate::command::load;
use crate::database::Database;
use crate::error::{Doing, Error};
use crate::load::Loader;
use crate::log;
use crate::settings::Settings;
use crate::source::{LOCAL, Source};

/// Load again what failed, or what a loader that is gone has begun.
///
/// What the key holds now is loaded, as always. A file that is being loaded at this moment is waited for.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// Ids of files, as `loader status` shows them, instead of all that are not loaded.
    #[arg(value_name = "ID")]
    ids: Vec<i64>,

    /// Address of the database, instead of DATABASE_URL.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl Replay {
    /// Loads all, and fails if one failed.
    pub async fn run(&self) -> Result<(), Error> {
        let loader = Loader {
            aws: Aws::default(),
            database: Database::from_environment(self.database_url.as_deref())?,
            settings: Settings::from_environment()?,
        };
        let connection = loader.database.connect(&loader.aws).await?;
        let query = "
            select bucket, key
            from ingest.files
            where status in ('failed', 'loading') and (id = any ($1) or cardinality($1) = 0)
            group by bucket, key
            order by min(id)";
        let rows = connection.client.query(query, &[&self.ids]).await.doing("read the manifest")?;
        drop(connection);
        let sources = rows.iter().map(|row| {
            let (bucket, key): (String, String) = (row.get(0), row.get(1));
            if bucket == LOCAL { Source::File(key.into()) } else { Source::S3 { bucket, key } }
        });
        let sources = sources.collect::<Vec<_>>();
        if sources.is_empty() {
            log::note("nothing to replay: every file is loaded, see `loader status`");
        }
        load::all(&loader, &sources).await
    }
}
