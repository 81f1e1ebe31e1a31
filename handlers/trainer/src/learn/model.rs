//! The artifact: everything that it takes to score a loan, and to know what it was learned from. The same loans, settings and
//! seed give the same bytes, so it holds neither times nor places.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dataset::{Dataset, NO_WORD, Values};
use crate::error::Error;
use crate::learn::calibration::Calibration;
use crate::learn::fitted::{Algorithm, Fitted, Parameters};
use crate::learn::reference::{Shift, Spread};
use crate::month::Month;
use crate::split::Period;

/// Raised when an older trainer could not read the artifact any more.
const FORMAT: u32 = 1;

/// A model as it is kept.
#[derive(Deserialize, Serialize)]
pub struct Model {
    format: u32,
    /// Which of the two fitted models speaks.
    pub algorithm: Algorithm,
    /// Whether it knows the lender's own pricing.
    pub pricing: bool,
    /// Columns of `mart.loan_features` that it reads.
    pub features: Vec<String>,
    /// What tuning settled.
    pub parameters: Parameters,
    /// Start of all random numbers.
    pub seed: u64,
    /// First month after those on which candidates were trained.
    pub train_until: Month,
    /// First month after all that the model has seen.
    pub validate_until: Month,
    /// Training and validation period.
    pub periods: Vec<Period>,
    /// SHA-256 of every value that was learned from.
    pub fingerprint: String,
    /// From log-odds to probabilities.
    pub calibration: Calibration,
    /// How columns and scores were spread.
    pub reference: Vec<Spread>,
    /// How the probabilities were spread.
    pub scores: Spread,
    /// The models.
    pub fitted: Fitted,
}

/// What [`Model::new`] is told besides the fitted models.
pub struct Origin {
    /// See [`Model::algorithm`].
    pub algorithm: Algorithm,
    /// See [`Model::pricing`].
    pub pricing: bool,
    /// See [`Model::parameters`].
    pub parameters: Parameters,
    /// See [`Model::seed`].
    pub seed: u64,
    /// See [`Model::train_until`].
    pub train_until: Month,
    /// See [`Model::validate_until`].
    pub validate_until: Month,
    /// See [`Model::periods`].
    pub periods: Vec<Period>,
    /// See [`Model::calibration`].
    pub calibration: Calibration,
}

impl Model {
    /// Puts a model together from what was fitted to some rows.
    pub fn new(dataset: &Dataset, rows: &[usize], origin: Origin, fitted: Fitted) -> Self {
        let columns = fitted.encoder.columns();
        let mut features = columns
            .iter()
            .filter_map(|name| dataset.column(name))
            .flat_map(|column| column.sources.clone())
            .collect::<Vec<_>>();
        features.sort();
        features.dedup();
        let reference = columns.iter().filter_map(|name| Spread::of_column(dataset, name, rows)).collect();
        let log_odds = fitted.log_odds(dataset, rows).of(origin.algorithm);
        let scores = log_odds.iter().map(|odds| origin.calibration.probability(*odds)).collect::<Vec<_>>();
        Self {
            format: FORMAT,
            algorithm: origin.algorithm,
            pricing: origin.pricing,
            features,
            parameters: origin.parameters,
            seed: origin.seed,
            train_until: origin.train_until,
            validate_until: origin.validate_until,
            periods: origin.periods,
            fingerprint: fingerprint(dataset, rows, &columns),
            calibration: origin.calibration,
            reference,
            scores: Spread::of_numbers("score", &scores),
            fitted,
        }
    }

    /// Probabilities of going bad.
    pub fn probabilities(&self, dataset: &Dataset, rows: &[usize]) -> Vec<f64> {
        let log_odds = self.fitted.log_odds(dataset, rows).of(self.algorithm);
        log_odds.into_iter().map(|odds| self.calibration.probability(odds)).collect()
    }

    /// How far columns and scores have moved since, the farthest first.
    pub fn shifts(&self, dataset: &Dataset, rows: &[usize], probabilities: &[f64]) -> (Shift, Vec<Shift>) {
        let mut shifts =
            self.reference.iter().map(|spread| spread.shift_of_column(dataset, rows)).collect::<Vec<_>>();
        shifts.sort_by(|one, other| other.psi.total_cmp(&one.psi));
        (self.scores.shift_of_numbers(probabilities), shifts)
    }

    /// The artifact's bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|error| Error::Artifact {
            name: "in memory".to_owned(),
            problem: format!("cannot be written: {error}"),
        })
    }

    /// Reads an artifact.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let failed = |problem: String| Error::Artifact { name: name.to_owned(), problem };
        let format = serde_json::from_slice::<Format>(bytes)
            .map_err(|error| failed(format!("is none of the trainer's: {error}")))?
            .format;
        if format != FORMAT {
            return Err(failed(format!(
                "has format {format}, this trainer reads format {FORMAT}: use the trainer that made it, or train again"
            )));
        }
        let model: Self = serde_json::from_slice(bytes)
            .map_err(|error| failed(format!("cannot be read: {error}; train again")))?;
        if model.algorithm == Algorithm::Lightgbm {
            let lightgbm = model.fitted.lightgbm.as_ref();
            let lightgbm =
                lightgbm.ok_or_else(|| failed("has no LightGBM model in it; train again".to_owned()))?;
            lightgbm.check()?;
        }
        Ok(model)
    }
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// SHA-256 of loans, outcomes and the values of some columns.
fn fingerprint(dataset: &Dataset, rows: &[usize], columns: &[String]) -> String {
    let mut digest = Sha256::new();
    digest.update(outcomes_fingerprint(dataset, rows));
    for name in columns {
        digest.update(name);
        match dataset.column(name).map(|column| &column.values) {
            Some(Values::Numbers(numbers)) => {
                for &row in rows {
                    digest.update(numbers[row].to_le_bytes());
                }
            }
            Some(Values::Words(words)) => {
                for &row in rows {
                    let word =
                        if words.codes[row] == NO_WORD { "" } else { words.word(row).unwrap_or_default() };
                    digest.update(word);
                    digest.update([0]);
                }
            }
            None => {}
        }
    }
    hex::encode(digest.finalize())
}

/// SHA-256 of loans and their outcomes.
pub fn outcomes_fingerprint(dataset: &Dataset, rows: &[usize]) -> String {
    let mut digest = Sha256::new();
    for &row in rows {
        digest.update(dataset.keys[row].0);
        digest.update([u8::from(dataset.labels[row] == Some(true))]);
    }
    hex::encode(digest.finalize())
}
