//! `trainer train`.

use std::path::PathBuf;
use std::sync::Arc;

use access::Aws;

use crate::command::{Artifacts, Origin, show};
use crate::database::Address;
use crate::error::Error;
use crate::loans::{Loans, Source};
use crate::log;
use crate::options::Options;
use crate::read::Which;
use crate::record::Record;
use crate::registry;
use crate::runs::{self, Caller, End, Intent};
use crate::store::Store;
use crate::training::{self, Training};
use crate::watch::Watch;

/// Train, evaluate and register a model; promote it if it beats the champion.
///
/// Loans are split by month of issue: learned from, then tuned and calibrated on, then tested on. Without bounds, the last fifth
/// of the loans with a known outcome is the test, and the fifth before it the validation. With --lake and no database, model, report
/// and a run.json are written and nothing is registered: `trainer register` does it later.
#[derive(Debug, clap::Args)]
pub struct Train {
    #[command(flatten)]
    options: Options,

    /// Where to write the report as well.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    #[command(flatten)]
    artifacts: Artifacts,

    #[command(flatten)]
    origin: Origin,

    #[command(flatten)]
    database: Address,
}

impl Train {
    /// As without a command line.
    pub fn new(options: Options, artifacts: Artifacts) -> Self {
        Self { options, report: None, artifacts, origin: Origin::default(), database: Address::default() }
    }

    /// Trains, and prints how well it went.
    pub async fn run(&self) -> Result<(), Error> {
        let watch = Watch::of_command();
        let aws = Aws::default();
        let (store, source) = (self.artifacts.store(&aws), self.origin.source());
        if matches!(source, Source::Lake(_)) && !self.database.is_named() {
            return self.without_database(&aws, &source, &watch).await;
        }
        let mut client = self.database.connect(&aws).await?;
        let intent = Intent {
            kind: "train",
            caller: Caller::Command,
            request_id: None,
            source: source.to_string(),
            data: source.newest(&aws, Some(&client)).await?,
            settings: Some(self.options.fingerprint()),
        };
        let run = runs::begin(&client, &intent).await?;
        let outcome = async {
            watch.note(&format!("reading loans from {source}"));
            let loans = Arc::new(source.read(&aws, Some(&mut client), Which::All).await?);
            let training = self.train(&loans, &source, store, &watch).await?;
            let (model, record) = (&training.outcome.model, &training.record);
            let verdict = training::judge(&client, store, &loans, model, record, &self.options).await?;
            let registered = training::register(&mut client, model, record, &verdict, run).await?;
            Ok((training, registered))
        };
        let outcome: Result<_, Error> = outcome.await;
        let (training, registered) = match outcome {
            Ok(done) => done,
            Err(error) => {
                // The error is what the user must see, not that it could not be written down.
                let end = End { outcome: "failed", reason: Some(error.to_string()), ..End::default() };
                let _ = runs::finish(&client, run, &end).await;
                return Err(error);
            }
        };
        watch.note("done");
        show::evaluation(&training.record.evaluation);
        let entry = registry::model(&client, registered.id).await?;
        let again = if registered.new { "registered" } else { "the same artifact was registered before" };
        log::print(&format!("{entry}: {again}"));
        log::print(&registered.said);
        log::print(&format!("artifact: {}", training.record.location));
        self.name_report(&training.record);
        Ok(())
    }

    /// Trains; what comes of it is registered later, by `trainer register`.
    pub async fn without_database(&self, aws: &Aws, source: &Source, watch: &Watch) -> Result<(), Error> {
        let store = self.artifacts.store(aws);
        watch.note(&format!("reading loans from {source}"));
        let loans = Arc::new(source.read(aws, None, Which::All).await?);
        let training = self.train(&loans, source, store, watch).await?;
        let kept = store.put_record(&training.record).await?;
        watch.note("done");
        show::evaluation(&training.record.evaluation);
        log::print(&format!(
            "nothing was registered, since no database is named: `trainer register {kept}` does it later"
        ));
        log::print(&format!("artifact: {}", training.record.location));
        self.name_report(&training.record);
        Ok(())
    }

    async fn train(
        &self,
        loans: &Arc<Loans>,
        source: &Source,
        store: Store<'_>,
        watch: &Watch,
    ) -> Result<Training, Error> {
        let (rows, columns) = (loans.dataset.len(), loans.dataset.columns.len());
        watch.note(&format!("{rows} loans with {columns} features"));
        let training = training::train(loans, source, &self.options, store, watch).await?;
        if let Some(beside) = &self.report {
            std::fs::write(beside, &training.page).map_err(|source| Error::File {
                doing: "write",
                path: beside.clone(),
                source,
            })?;
        }
        Ok(training)
    }

    fn name_report(&self, record: &Record) {
        let beside = self.report.as_ref().map(|path| path.display().to_string());
        log::print(&format!("report: {}", beside.as_ref().unwrap_or(&record.report)));
    }
}
