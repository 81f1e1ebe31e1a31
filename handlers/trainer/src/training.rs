//! A training with what stands around it: artifact and report are written, and the registry learns of both in one transaction.

use std::sync::Arc;

use tokio_postgres::Client;

use crate::drift::Drift;
use crate::error::{Doing, Error};
use crate::judge::duel::Duel;
use crate::judge::measure::Measure;
use crate::learn::model::Model;
use crate::loans::{Loans, Source};
use crate::options::Options;
use crate::record::{self, Record};
use crate::registry::{self, CODE_VERSION};
use crate::report;
use crate::run::{self, Outcome};
use crate::runs::{self, End};
use crate::store::Store;
use crate::watch::Watch;

/// A model that was trained and kept, and is not registered yet.
pub struct Training {
    /// Model and evaluation.
    pub outcome: Outcome,
    /// What is written down about it.
    pub record: Record,
    /// The report.
    pub page: String,
}

/// Whether a model should be champion.
pub enum Verdict {
    /// It is.
    Champion,
    /// It should be, in place of this one.
    Better {
        /// The champion that it was compared with.
        over: Option<i64>,
        /// Why.
        reason: String,
    },
    /// It should not be.
    NotBetter(String),
}

/// What the registry made of a model.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Its number.
    pub id: i64,
    /// Whether it was not there before.
    pub new: bool,
    /// Whether it is champion since now.
    pub promoted: bool,
    /// Why, or why not.
    pub said: String,
}

/// Runs what takes long beside the connections, which must be answered meanwhile.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let outcome = tokio::task::spawn_blocking(work).await;
    outcome.map_err(|error| Error::Fit { model: "model", reason: error.to_string() })
}

/// Trains, and keeps model and report.
pub async fn train(
    loans: &Arc<Loans>,
    source: &Source,
    options: &Options,
    store: Store<'_>,
    watch: &Watch,
) -> Result<Training, Error> {
    let (shared, settings, heard) = (Arc::clone(loans), options.settings(), watch.clone());
    let outcome = blocking(move || run::run(&shared.dataset, settings, &heard)).await??;
    let bytes = outcome.model.to_bytes()?;
    let size = bytes.len();
    let (artifact, location) = store.put_model(bytes).await?;
    let page = report::page(&outcome, &loans.files, &artifact, size);
    let report = store.put_report(&artifact, &outcome.evaluation.fingerprint, &page).await?;
    let record = Record {
        format: record::FORMAT,
        artifact,
        location,
        report,
        code_version: CODE_VERSION.to_owned(),
        source: source.to_string(),
        data: loans.data.clone(),
        loans: loans.dataset.len(),
        settings: options.fingerprint(),
        files: loans.files.clone(),
        trials: outcome.trials.clone(),
        evaluation: outcome.evaluation.clone(),
    };
    Ok(Training { outcome, record, page })
}

/// Whether a model should be champion where there is none to compare it with, or where it must not be.
pub fn first(record: &Record, options: &Options) -> Verdict {
    if options.no_promote {
        return Verdict::NotBetter("not promoted: --no-promote".to_owned());
    }
    let reason = match record.evaluation.chosen().and_then(|chosen| chosen.ahead) {
        Some(ahead) if ahead.low <= 0.0 => {
            let why = "not promoted: it is no better than the lender's own grade by more than the noise";
            return Verdict::NotBetter(why.to_owned());
        }
        Some(ahead) => {
            format!("the first champion, {:+.4} AUC ahead of the lender's own grade", ahead.figure)
        }
        None => "the first champion".to_owned(),
    };
    Verdict::Better { over: None, reason }
}

/// Compares a model with the champion, on loans that neither has seen.
pub async fn judge(
    client: &Client,
    store: Store<'_>,
    loans: &Arc<Loans>,
    model: &Arc<Model>,
    record: &Record,
    options: &Options,
) -> Result<Verdict, Error> {
    let champion = match registry::champion(client).await? {
        Some(champion) if !options.no_promote => champion,
        _ => return Ok(first(record, options)),
    };
    let champion = registry::model(client, champion).await?;
    if champion.artifact == record.artifact {
        return Ok(Verdict::Champion);
    }
    let other = load(store, &champion).await?;
    let duel = Duel {
        test_until: Some(record.evaluation.test_until),
        resamples: options.resamples,
        seed: options.seed,
    };
    let (shared, model) = (Arc::clone(loans), Arc::clone(model));
    let compared = blocking(move || duel.compare(&shared.dataset, &model, &other)).await?;
    Ok(match compared {
        Ok(comparison) if comparison.is_better() => Verdict::Better {
            over: Some(champion.id),
            reason: format!("against {champion}: {}", comparison.verdict()),
        },
        Ok(comparison) => {
            Verdict::NotBetter(format!("not promoted over {champion}: {}", comparison.verdict()))
        }
        Err(why) => Verdict::NotBetter(format!("not promoted over {champion}: {why}")),
    })
}

/// Registers model and evaluation, promotes, and ends the run: all of it or nothing.
pub async fn register(
    client: &mut Client,
    model: &Model,
    record: &Record,
    verdict: &Verdict,
    run: i64,
) -> Result<Registered, Error> {
    let transaction = client.transaction().await.doing("register the model")?;
    let (id, new) = registry::register(&transaction, model, record).await?;
    registry::keep_evaluation(&transaction, id, &record.evaluation, &record.report).await?;
    let (promoted, said) = match verdict {
        Verdict::Champion => (false, "it is the champion".to_owned()),
        Verdict::NotBetter(why) => (false, why.clone()),
        Verdict::Better { over, reason } => match registry::promote(&transaction, id, *over, reason).await? {
            Ok(()) => (true, format!("promoted: {reason}")),
            Err(other) => (
                false,
                format!(
                    "not promoted: somebody else has just promoted model {}; `trainer promote {id}` compares with that one",
                    other.unwrap_or_default()
                ),
            ),
        },
    };
    let end =
        End { model: Some(id), promoted: Some(promoted), reason: Some(said.clone()), ..trained(record) };
    runs::finish(&transaction, run, &end).await?;
    transaction.commit().await.doing("register the model")?;
    Ok(Registered { id, new, promoted, said })
}

/// What `ml.runs` says of a training.
fn trained(record: &Record) -> End {
    let evaluation = &record.evaluation;
    let figures = evaluation.chosen().map(|chosen| {
        let figure = |measure| chosen.figure(measure).figure;
        (figure(Measure::Auc), chosen.ahead.map(|ahead| ahead.figure), figure(Measure::LogLoss))
    });
    End {
        outcome: "trained",
        data: Some(record.data.clone()),
        rows: i64::try_from(record.loans).ok(),
        figures,
        drift: Some(Drift::of_test(evaluation)),
        ..End::default()
    }
}

/// A registered model.
pub async fn load(store: Store<'_>, entry: &registry::Entry) -> Result<Model, Error> {
    Model::from_bytes(&entry.artifact, &store.model_bytes(&entry.artifact).await?)
}
