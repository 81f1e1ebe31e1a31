//! Training and scoring without a person: on the newest data, once, by one at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use access::Aws;
use tokio_postgres::Client;

use crate::database::Database;
use crate::done::Done;
use crate::error::Error;
use crate::loans::Source;
use crate::options::Options;
use crate::place::Place;
use crate::read::Which;
use crate::registry;
use crate::runs::{self, Caller, End, Intent};
use crate::scoring;
use crate::store::Store;
use crate::training::{self, load};
use crate::watch::Watch;

/// Longest wait for loads that are running, so that a burst of files is one training. Longer, and it trains on what is there: the
/// load calls again when it is done.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is looked whether they still run.
const LOOK: Duration = Duration::from_secs(1);

/// All that it takes.
pub struct Worker {
    /// S3 and Secrets Manager.
    pub aws: Aws,
    /// Registry, and perhaps loans.
    pub database: Database,
    /// Where artifacts go.
    pub artifacts: Place,
    /// Where loans come from.
    pub source: Source,
    /// What the user decided.
    pub options: Options,
}

/// One invocation, and the run that it has open.
pub struct Shift {
    /// Who asked.
    pub caller: Caller,
    /// Its time.
    pub watch: Watch,
    /// A run that has begun and not ended.
    pub open: Option<i64>,
}

impl Worker {
    /// Trains on the newest data unless that was done, and again if newer data came meanwhile. Then the champion scores.
    ///
    /// Whoever finds another at it leaves at once. That one has yet to look for newer data, since it looks when it has given
    /// the lock back: so whatever is there before a caller leaves is trained on.
    pub async fn train(&self, shift: &mut Shift) -> Result<Vec<Done>, Error> {
        let mut client = self.database.connect(&self.aws).await?;
        let mut done = Vec::new();
        loop {
            if !runs::try_train(&client).await? {
                done.push(Done::Busy);
                return Ok(done);
            }
            let began = Instant::now();
            // Where this fails the lock ends with the session, and the next try of the same event looks again.
            let (data, outcome) = self.train_once(&mut client, shift).await?;
            runs::leave_train(&client).await?;
            done.push(outcome);
            if self.source.newest(&self.aws, Some(&client)).await? == data {
                break;
            }
            shift.watch.note("newer data came meanwhile");
            if shift.watch.left().is_some_and(|left| left < began.elapsed()) {
                return Err(Error::Newer);
            }
        }
        done.push(self.score_with(&mut client, shift).await?);
        Ok(done)
    }

    /// The champion scores the open loans, unless it did.
    pub async fn score(&self, shift: &mut Shift) -> Result<Vec<Done>, Error> {
        let mut client = self.database.connect(&self.aws).await?;
        Ok(vec![self.score_with(&mut client, shift).await?])
    }

    /// Writes down that the open run failed.
    pub async fn fail(&self, shift: &mut Shift, reason: &str) -> Result<(), Error> {
        let Some(run) = shift.open.take() else { return Ok(()) };
        let client = self.database.connect(&self.aws).await?;
        let end = End { outcome: "failed", reason: Some(reason.to_owned()), ..End::default() };
        runs::finish(&client, run, &end).await
    }

    async fn train_once(&self, client: &mut Client, shift: &mut Shift) -> Result<(String, Done), Error> {
        self.await_loads(client, &shift.watch).await?;
        let settings = self.options.fingerprint();
        let data = self.source.newest(&self.aws, Some(client)).await?;
        if let Some((run, said)) = runs::trained(client, &data, &settings).await? {
            return Ok((data, Done::AlreadyTrained { run, said }));
        }
        let intent = Intent { settings: Some(settings), ..self.intent("train", shift, data) };
        let run = runs::begin(client, &intent).await?;
        shift.open = Some(run);
        shift.watch.note(&format!("reading loans from {}", self.source));
        let loans = Arc::new(self.source.read(&self.aws, Some(client), Which::All).await?);
        let data = loans.data.clone();
        let store = Store::new(&self.aws, &self.artifacts);
        let trained = training::train(&loans, &self.source, &self.options, store, &shift.watch).await;
        let training = match trained {
            Err(error @ (Error::TooFew { .. } | Error::TooShort { .. })) => {
                let reason = error.to_string();
                let rows = i64::try_from(loans.dataset.len()).ok();
                let end = End {
                    outcome: "skipped",
                    reason: Some(reason.clone()),
                    data: Some(data.clone()),
                    rows,
                    ..End::default()
                };
                runs::finish(client, run, &end).await?;
                shift.open = None;
                return Ok((data, Done::Skipped(reason)));
            }
            other => other?,
        };
        let model = &training.outcome.model;
        let verdict = training::judge(client, store, &loans, model, &training.record, &self.options).await?;
        shift.watch.go_on()?;
        let record = training.record;
        let registered = training::register(client, model, &record, &verdict, run).await?;
        shift.open = None;
        Ok((data, Done::Trained(Box::new(record), registered)))
    }

    async fn score_with(&self, client: &mut Client, shift: &mut Shift) -> Result<Done, Error> {
        runs::score(client).await?;
        let Some(champion) = registry::champion(client).await? else { return Ok(Done::NoChampion) };
        let data = self.source.newest(&self.aws, Some(client)).await?;
        if let Some(run) = runs::scored(client, &data, champion).await? {
            return Ok(Done::AlreadyScored { run, model: champion });
        }
        let run = runs::begin(client, &self.intent("score", shift, data)).await?;
        shift.open = Some(run);
        shift.watch.note("scoring the open loans");
        let entry = registry::model(client, champion).await?;
        let model = load(Store::new(&self.aws, &self.artifacts), &entry).await?;
        let loans = self.source.read(&self.aws, Some(client), Which::Open).await?;
        let scored = scoring::score(client, &entry, model, loans, run).await?;
        shift.open = None;
        runs::leave_score(client).await?;
        Ok(Done::Scored(scored))
    }

    fn intent<'a>(&self, kind: &'static str, shift: &'a Shift, data: String) -> Intent<'a> {
        Intent {
            kind,
            caller: shift.caller,
            request_id: shift.watch.request_id(),
            source: self.source.to_string(),
            data,
            settings: None,
        }
    }

    /// Lets loads end that are running. It does not leave the data to them: a load that fails calls nobody.
    async fn await_loads(&self, client: &Client, watch: &Watch) -> Result<(), Error> {
        let patience = watch.left().map_or(PATIENCE, |left| PATIENCE.min(left / 4));
        let began = Instant::now();
        let mut noted = false;
        while runs::loading(client).await? > 0 {
            if began.elapsed() >= patience {
                watch.note("loads are still running: training on what is there");
                break;
            }
            if !noted {
                watch.note("loads are running: waiting for them, so that their data is trained on, too");
                noted = true;
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}
