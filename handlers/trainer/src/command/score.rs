//! `trainer score`.

use access::Aws;

use crate::command::{Artifacts, Origin, show};
use crate::database::Address;
use crate::error::Error;
use crate::log;
use crate::read::Which;
use crate::registry;
use crate::runs::{self, Caller, End, Intent};
use crate::scoring;
use crate::training::load;

/// Score the loans whose outcome is not yet known, into ml.predictions.
///
/// Says how far scores and features have moved since training (PSI: population stability index).
#[derive(Debug, clap::Args)]
pub struct Score {
    /// Number of the model, instead of the champion.
    #[arg(long, value_name = "ID")]
    model: Option<i64>,

    #[command(flatten)]
    artifacts: Artifacts,

    #[command(flatten)]
    origin: Origin,

    #[command(flatten)]
    database: Address,
}

impl Score {
    /// Scores all open loans.
    pub async fn run(&self) -> Result<(), Error> {
        let aws = Aws::default();
        let (store, source) = (self.artifacts.store(&aws), self.origin.source());
        let mut client = self.database.connect(&aws).await?;
        let champion = registry::champion(&client).await?;
        let id = self.model.or(champion).ok_or_else(|| {
            Error::Registry(
                "there is no champion: `trainer train` makes one, or name a model by --model".to_owned(),
            )
        })?;
        let entry = registry::model(&client, id).await?;
        let model = load(store, &entry).await?;
        runs::score(&client).await?;
        let intent = Intent {
            kind: "score",
            caller: Caller::Command,
            request_id: None,
            source: source.to_string(),
            data: source.newest(&aws, Some(&client)).await?,
            settings: None,
        };
        let run = runs::begin(&client, &intent).await?;
        let outcome = async {
            let loans = source.read(&aws, Some(&mut client), Which::Open).await?;
            scoring::score(&mut client, &entry, model, loans, run).await
        };
        let scored = match outcome.await {
            Ok(scored) => scored,
            Err(error) => {
                let end = End { outcome: "failed", reason: Some(error.to_string()), ..End::default() };
                let _ = runs::finish(&client, run, &end).await;
                return Err(error);
            }
        };
        log::print(&scored.to_string());
        if let Some(drift) = &scored.drift {
            show::moved("moved since training", drift);
        }
        Ok(())
    }
}
