//! A logistic regression and boosted trees that were fitted to the same loans, and what the two say together.

use std::fmt;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::error::Error;
use crate::learn::boosted::{Boosted, Inputs, Shape};
use crate::learn::encoder::Encoder;
use crate::learn::lightgbm::{Leaves, Lightgbm};
use crate::learn::logistic::Logistic;

/// Who speaks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// The logistic regression.
    Logistic,
    /// The trees.
    Boosted,
    /// The mean of both, in log-odds. They err on different loans.
    Blend,
    /// LightGBM's trees, where it is built in.
    Lightgbm,
}

impl Algorithm {
    /// All that this trainer can fit.
    #[cfg(not(feature = "lightgbm"))]
    pub const ALL: [Self; 3] = [Self::Logistic, Self::Boosted, Self::Blend];
    /// All that this trainer can fit.
    #[cfg(feature = "lightgbm")]
    pub const ALL: [Self; 4] = [Self::Logistic, Self::Boosted, Self::Blend, Self::Lightgbm];

    /// As in `ml.models`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logistic => "logistic",
            Self::Boosted => "boosted",
            Self::Blend => "blend",
            Self::Lightgbm => "lightgbm",
        }
    }

    /// For a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Logistic => "Logistic regression",
            Self::Boosted => "Boosted trees",
            Self::Blend => "Blend of both",
            Self::Lightgbm => "LightGBM",
        }
    }
}

impl Algorithm {
    /// For a sentence.
    pub fn long_title(self) -> &'static str {
        match self {
            Self::Blend => "A blend of logistic regression and boosted trees",
            Self::Logistic => "A logistic regression",
            Self::Boosted => "Boosted trees",
            Self::Lightgbm => "Boosted trees by LightGBM",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What tuning settles.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Parameters {
    /// Penalty on the weights of the logistic regression.
    pub penalty: f64,
    /// Shape of the trees.
    pub shape: Shape,
    /// Shape of LightGBM's trees, where it is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves: Option<Leaves>,
}

/// Both models.
#[derive(Deserialize, Serialize)]
pub struct Fitted {
    /// What they make of columns.
    pub encoder: Encoder,
    /// The one.
    pub logistic: Logistic,
    /// The other.
    pub boosted: Boosted,
    /// A third one, where it is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lightgbm: Option<Lightgbm>,
}

/// Log-odds of both models.
#[derive(Clone, Debug)]
pub struct LogOdds {
    /// The logistic regression's.
    pub logistic: Vec<f64>,
    /// The trees'.
    pub boosted: Vec<f64>,
    /// LightGBM's, where there is such a model.
    pub lightgbm: Vec<f64>,
}

impl LogOdds {
    /// What an algorithm says.
    pub fn of(&self, algorithm: Algorithm) -> Vec<f64> {
        match algorithm {
            Algorithm::Logistic => self.logistic.clone(),
            Algorithm::Boosted => self.boosted.clone(),
            Algorithm::Lightgbm => self.lightgbm.clone(),
            Algorithm::Blend => {
                self.logistic.iter().zip(&self.boosted).map(|(one, other)| (one + other) / 2.0).collect()
            }
        }
    }
}

impl Fitted {
    /// Fits both to some rows, from the encoder up.
    pub fn fit(
        dataset: &Dataset,
        rows: &[usize],
        without: &[&str],
        parameters: Parameters,
        seed: u64,
    ) -> Result<Self, Error> {
        let encoder = Encoder::learn(dataset, rows, without);
        let bad = dataset.outcomes(rows);
        let logistic = Logistic::fit(&encoder.linear(dataset, rows), &bad, parameters.penalty)?;
        let inputs = inputs(&encoder, dataset, rows);
        let boosted = Boosted::fit(&inputs, parameters.shape, seed, None)?;
        #[cfg(feature = "lightgbm")]
        let lightgbm = match parameters.leaves {
            Some(leaves) => Some(Lightgbm::fit(&inputs, leaves, seed, None)?.0),
            None => None,
        };
        #[cfg(not(feature = "lightgbm"))]
        let lightgbm = None;
        Ok(Self { encoder, logistic, boosted, lightgbm })
    }

    /// What both say of some loans.
    pub fn log_odds(&self, dataset: &Dataset, rows: &[usize]) -> LogOdds {
        let trees = inputs(&self.encoder, dataset, rows);
        self.log_odds_of(&self.encoder.linear(dataset, rows), &trees)
    }

    /// The same, of inputs as the encoder makes them.
    pub fn log_odds_of(&self, linear: &Array2<f64>, trees: &Inputs) -> LogOdds {
        LogOdds {
            logistic: self.logistic.log_odds(linear),
            boosted: self.boosted.log_odds(trees),
            lightgbm: self.lightgbm.as_ref().map(|lightgbm| lightgbm.log_odds(trees)).unwrap_or_default(),
        }
    }
}

/// What the trees learn from.
pub fn inputs(encoder: &Encoder, dataset: &Dataset, rows: &[usize]) -> Inputs {
    Inputs {
        numbers: encoder.trees(dataset, rows),
        outcomes: dataset.outcomes(rows).into_iter().map(|bad| f64::from(u8::from(bad))).collect(),
        columns: encoder.tree_columns().len(),
    }
}
