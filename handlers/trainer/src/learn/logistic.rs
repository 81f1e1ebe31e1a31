//! Logistic regression, by linfa.

use linfa::prelude::*;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// More steps than any fit took; the tolerance ends it.
const STEPS: u64 = 500;
const TOLERANCE: f64 = 1e-4;

/// Log-odds as a weighted sum.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Logistic {
    /// Log-odds where all inputs are 0.
    pub intercept: f64,
    /// One per input.
    pub weights: Vec<f64>,
}

impl Logistic {
    /// Fits. The penalty is on the sum of squared weights, the intercept left out.
    pub fn fit(inputs: &Array2<f64>, bad: &[bool], penalty: f64) -> Result<Self, Error> {
        let failed = |reason: String| Error::Fit { model: "logistic regression", reason };
        let data = DatasetBase::new(inputs.view(), Array1::from(bad.to_vec()));
        let fitted = LogisticRegression::default()
            .alpha(penalty)
            .max_iterations(STEPS)
            .gradient_tolerance(TOLERANCE * bad.len() as f64)
            .fit(&data)
            .map_err(|error| failed(crate::error::chain(&error)))?;
        // linfa speaks of the class that is more frequent.
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
        let model = Self {
            intercept: sign * fitted.intercept(),
            weights: fitted.params().iter().map(|weight| sign * weight).collect(),
        };
        if model.intercept.is_finite() && model.weights.iter().all(|weight| weight.is_finite()) {
            Ok(model)
        } else {
            Err(failed("the weights are no finite numbers".to_owned()))
        }
    }

    /// Log-odds of going bad.
    pub fn log_odds(&self, inputs: &Array2<f64>) -> Vec<f64> {
        let weights = Array1::from(self.weights.clone());
        inputs.dot(&weights).into_iter().map(|sum| sum + self.intercept).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_loans_bad_has_a_positive_weight_whichever_class_is_larger() {
        for rate in [3, 10] {
            let inputs = Array2::from_shape_fn((1000, 2), |(row, column)| {
                ((row * (3 + column)) % 17) as f64 / 8.0 - 1.0
            });
            let bad =
                (0..1000).map(|row| inputs[[row, 0]] * 4.0 + (row % rate) as f64 > 2.0).collect::<Vec<_>>();
            let model = Logistic::fit(&inputs, &bad, 0.1).unwrap();
            assert!(model.weights[0] > 1.0 && model.weights[1].abs() < 0.5, "{model:?}");
            let mean =
                model.log_odds(&inputs).iter().map(|odds| 1.0 / (1.0 + (-odds).exp())).sum::<f64>() / 1000.0;
            let share = bad.iter().filter(|bad| **bad).count() as f64 / 1000.0;
            assert!((mean - share).abs() < 0.01, "{mean} is not {share}");
        }
    }
}
