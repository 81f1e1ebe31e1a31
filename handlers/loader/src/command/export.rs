//! `loader export`.

use crate::aws::Aws;
use crate::database::Database;
use crate::error::Error;
use crate::lake::export::{Export as Lakeward, Extent};
use crate::lake::store::Lake;
use crate::load::Caller;
use crate::log::Log;

/// Write the typed loans as partitioned Parquet, as far as they have changed.
///
/// Tables loans, loan_history and loan_features, a folder each, a file for each year of issue. One JSON line to stdout.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// Where to: s3://BUCKET/PREFIX or a folder.
    #[arg(long, value_name = "LAKE", env = "LOADER_LAKE", value_parser = Lake::parse)]
    to: Lake,

    /// Write every partition again, and not only what has changed.
    #[arg(long)]
    all: bool,

    /// Address of the database, instead of DATABASE_URL.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl Export {
    /// Exports, and says what was written.
    pub async fn run(&self) -> Result<(), Error> {
        let aws = Aws::default();
        let database = Database::from_environment(self.database_url.as_deref())?;
        let export = Lakeward { aws: &aws, database: &database, lake: &self.to, deadline: None };
        let extent = if self.all { Extent::All } else { Extent::Changed };
        let lake = self.to.to_string();
        Log::new(&lake, Caller::default()).exported(export.run(extent).await).map(|_| ())
    }
}
