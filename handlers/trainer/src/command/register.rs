//! `trainer register`.

use std::sync::Arc;

use access::Aws;

use crate::command::{Artifacts, Origin};
use crate::database::Address;
use crate::error::Error;
use crate::learn::model::Model;
use crate::log;
use crate::options::Options;
use crate::place::Place;
use crate::read::Which;
use crate::record::Record;
use crate::registry;
use crate::runs::{self, Caller, End, Intent};
use crate::store::Store;
use crate::training;

/// Register a model that was trained without a database; promote it if it beats the champion.
///
/// RUN.json is what `trainer train` wrote beside the model, in the folder runs of its artifacts. The model and its report are
/// copied to where this database's artifacts are kept.
#[derive(Debug, clap::Args)]
pub struct Register {
    /// What the training wrote down: a file, or s3://BUCKET/KEY.
    #[arg(value_name = "RUN.json")]
    run: String,

    #[command(flatten)]
    options: Options,

    #[command(flatten)]
    artifacts: Artifacts,

    #[command(flatten)]
    origin: Origin,

    #[command(flatten)]
    database: Address,
}

impl Register {
    /// Registers, and says what became of the model.
    pub async fn run(&self) -> Result<(), Error> {
        let aws = Aws::default();
        let (store, source) = (self.artifacts.store(&aws), self.origin.source());
        let (mut record, place) = self.record(&aws).await?;
        let beside = Store::new(&aws, &place);
        let bytes = beside.model_bytes(&record.artifact).await?;
        let page = beside.report(&record.artifact, &record.evaluation.fingerprint).await?;
        let model = Arc::new(Model::from_bytes(&record.artifact, &bytes)?);
        let mut client = self.database.connect(&aws).await?;
        record.location = store.put_model(bytes).await?.1;
        record.report = store.put_report(&record.artifact, &record.evaluation.fingerprint, &page).await?;
        let intent = Intent {
            kind: "train",
            caller: Caller::Command,
            request_id: None,
            source: record.source.clone(),
            data: record.data.clone(),
            settings: Some(record.settings.clone()),
        };
        let run = runs::begin(&client, &intent).await?;
        let outcome = async {
            // Only a comparison needs the loans.
            let verdict = if self.options.no_promote || registry::champion(&client).await?.is_none() {
                training::first(&record, &self.options)
            } else {
                let loans = Arc::new(source.read(&aws, Some(&mut client), Which::All).await?);
                training::judge(&client, store, &loans, &model, &record, &self.options).await?
            };
            training::register(&mut client, &model, &record, &verdict, run).await
        };
        let registered = match outcome.await {
            Ok(registered) => registered,
            Err(error) => {
                let end = End { outcome: "failed", reason: Some(error.to_string()), ..End::default() };
                let _ = runs::finish(&client, run, &end).await;
                return Err(error);
            }
        };
        let entry = registry::model(&client, registered.id).await?;
        let again = if registered.new { "registered" } else { "the same artifact was registered before" };
        log::print(&format!("{entry}: {again}"));
        log::print(&registered.said);
        log::print(&format!("artifact: {}", record.location));
        log::print(&format!("report: {}", record.report));
        Ok(())
    }

    /// The record, and the place of the artifacts that it lies in.
    async fn record(&self, aws: &Aws) -> Result<(Record, Place), Error> {
        let wrong = || Error::Setting {
            name: "RUN.json",
            problem: format!(
                "is {}: expected the run.json in the folder runs of a training's artifacts",
                self.run
            ),
        };
        let text = match self.run.parse::<Place>().map_err(|_| wrong())? {
            Place::Folder(path) => std::path::absolute(path).map_err(|_| wrong())?.display().to_string(),
            place @ Place::S3 { .. } => place.to_string(),
        };
        let (end, _) = text.rmatch_indices('/').nth(2).ok_or_else(wrong)?;
        let place = text[..end].parse::<Place>().map_err(|_| wrong())?;
        let bytes = place.read(aws, &text[end + 1..]).await?.ok_or_else(wrong)?;
        Ok((Record::from_bytes(&self.run, &bytes)?, place))
    }
}
