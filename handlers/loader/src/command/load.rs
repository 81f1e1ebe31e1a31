//! `loader load`.

use crate::aws::Aws;
use crate::database::Database;
use crate::error::Error;
use crate::load::{Caller, Loader};
use crate::settings::Settings;
use crate::source::Source;

/// Load files, one after another.
///
/// Progress goes to stderr, one JSON line per file and stage to stdout. What is loaded already is not loaded again.
#[derive(Debug, clap::Args)]
pub struct Load {
    /// Files, or objects as s3://bucket/key.
    #[arg(required = true, value_name = "FILE|s3://BUCKET/KEY")]
    sources: Vec<Source>,

    /// Address of the database, instead of DATABASE_URL.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl Load {
    /// Loads all, and fails if one failed.
    pub async fn run(&self) -> Result<(), Error> {
        let loader = Loader {
            aws: Aws::default(),
            database: Database::from_environment(self.database_url.as_deref())?,
            settings: Settings::from_environment()?,
        };
        all(&loader, &self.sources).await
    }
}

/// Loads files one after another, brings the lake up to date, and fails at the end if one of these failed.
pub async fn all(loader: &Loader, sources: &[Source]) -> Result<(), Error> {
    let mut reasons = Vec::new();
    for source in sources {
        if let Err(error) = loader.load(source, Caller::default()).await {
            reasons.push(error.to_string());
        }
    }
    let exported = loader.export(Caller::default()).await;
    if reasons.is_empty() {
        return exported.map(|_| ());
    }
    let failed = reasons.len();
    reasons.extend(exported.err().map(|error| error.to_string()));
    Err(Error::Files { failed, total: sources.len(), reasons: reasons.join("; ") })
}
