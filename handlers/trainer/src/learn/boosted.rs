//! Gradient-boosted trees, by forust.

use forust_ml::gradientbooster::GradientBooster;
use forust_ml::sampler::SampleMethod;
use forust_ml::{data::Matrix, metric::Metric};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Trees without an improvement on the validation period before it is given up.
pub const PATIENCE: usize = 40;

/// What tuning may choose.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Shape {
    /// Step of each tree.
    pub learning_rate: f32,
    /// Questions in a row.
    pub depth: usize,
    /// Share of the columns that each tree sees.
    pub columns: f64,
    /// Share of the loans that each tree sees.
    pub rows: f32,
    /// Penalty on large leaves.
    pub l2: f32,
    /// How much a leaf must hold.
    pub least: f32,
    /// Number of trees.
    pub trees: usize,
}

/// Trees that were grown one on the errors of the others.
#[derive(Deserialize, Serialize)]
pub struct Boosted(GradientBooster);

/// Inputs, column after column, and outcomes.
#[derive(Clone)]
pub struct Inputs {
    /// The numbers.
    pub numbers: Vec<f64>,
    /// 1 for bad.
    pub outcomes: Vec<f64>,
    /// Number of columns.
    pub columns: usize,
}

impl Inputs {
    fn matrix(&self) -> Matrix<'_, f64> {
        Matrix::new(&self.numbers, self.numbers.len() / self.columns.max(1), self.columns)
    }
}

impl Boosted {
    /// Grows exactly as many trees as the shape says; or, with loans to validate on, at most so many.
    pub fn fit(inputs: &Inputs, shape: Shape, seed: u64, validation: Option<&Inputs>) -> Result<Self, Error> {
        let mut booster = GradientBooster::default()
            .set_iterations(shape.trees)
            .set_learning_rate(shape.learning_rate)
            .set_max_depth(shape.depth)
            .set_colsample_bytree(shape.columns)
            .set_subsample(shape.rows)
            .set_sample_method(if shape.rows < 1.0 { SampleMethod::Random } else { SampleMethod::None })
            .set_l2(shape.l2)
            .set_min_leaf_weight(shape.least)
            .set_seed(seed)
            .set_evaluation_metric(Some(Metric::LogLoss))
            .set_early_stopping_rounds(validation.map(|_| PATIENCE));
        let weights = vec![1.0; inputs.outcomes.len()];
        let validation_weights = vec![1.0; validation.map_or(0, |inputs| inputs.outcomes.len())];
        let validation = validation
            .map(|inputs| vec![(inputs.matrix(), inputs.outcomes.as_slice(), validation_weights.as_slice())]);
        booster
            .fit(&inputs.matrix(), &inputs.outcomes, &weights, validation)
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self(booster))
    }

    /// How many trees did best on the validation period.
    pub fn best(&self) -> usize {
        self.0.best_iteration.map_or(self.0.trees.len(), |last| last + 1)
    }

    /// Log-odds of going bad.
    pub fn log_odds(&self, inputs: &Inputs) -> Vec<f64> {
        self.0.predict(&inputs.matrix(), true)
    }
}

fn failed(reason: String) -> Error {
    Error::Fit { model: "boosted trees", reason }
}
