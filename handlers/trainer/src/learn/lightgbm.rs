//! Gradient-boosted trees by LightGBM, which grows them leaf by leaf: where the trainer is built with the feature `lightgbm`.

use serde::{Deserialize, Serialize};

#[cfg(not(feature = "lightgbm"))]
use crate::error::Error;
use crate::learn::boosted::Inputs;

/// What tuning may choose.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Leaves {
    /// Leaves of each tree.
    pub leaves: usize,
    /// Share of the columns that each tree sees.
    pub columns: f64,
    /// Share of the loans that each tree sees.
    pub rows: f64,
    /// Penalty on large leaves.
    pub l2: f64,
    /// Fewest loans in a leaf.
    pub least: usize,
    /// Number of trees.
    pub trees: usize,
}

/// A model in LightGBM's own text form.
#[derive(Deserialize, Serialize)]
pub struct Lightgbm(String);

#[cfg(feature = "lightgbm")]
mod fit {
    use lightgbm3::{Booster, Dataset};
    use serde_json::{Value, json};

    use super::{Leaves, Lightgbm};
    use crate::error::Error;
    use crate::learn::boosted::{Inputs, PATIENCE};

    const LEARNING_RATE: f64 = 0.05;

    impl Lightgbm {
        /// Grows exactly as many trees as asked for; or, with loans to validate on, at most so many. Returns how many did best, too.
        pub fn fit(
            inputs: &Inputs,
            leaves: Leaves,
            seed: u64,
            validation: Option<&Inputs>,
        ) -> Result<(Self, usize), Error> {
            let train = dataset(inputs, None)?;
            let validation = validation.map(|inputs| dataset(inputs, Some(&train))).transpose()?;
            // One thread, and nothing that depends on the machine: the same loans give the same bytes.
            let mut parameters = json!({
                "objective": "binary", "metric": "binary_logloss", "num_iterations": leaves.trees,
                "learning_rate": LEARNING_RATE, "num_leaves": leaves.leaves, "feature_fraction": leaves.columns,
                "bagging_fraction": leaves.rows, "bagging_freq": 1, "lambda_l2": leaves.l2,
                "min_data_in_leaf": leaves.least, "seed": seed % (1 << 31), "deterministic": true,
                "force_col_wise": true, "num_threads": 1, "verbosity": -1,
            });
            if validation.is_some() {
                parameters["early_stopping_rounds"] = Value::from(PATIENCE);
            }
            let booster = Booster::train_with_valid(train, validation, &parameters).map_err(failed)?;
            // Trees that came after the best were taken away again.
            let best = usize::try_from(booster.num_iterations()).unwrap_or_default();
            Ok((Self(booster.save_string().map_err(failed)?), best))
        }

        /// Log-odds of going bad.
        pub fn try_log_odds(&self, inputs: &Inputs) -> Result<Vec<f64>, Error> {
            let booster = Booster::from_string(&self.0).map_err(failed)?;
            let columns = i32::try_from(inputs.columns).unwrap_or(i32::MAX);
            booster.raw_scores_with_params(&inputs.numbers, columns, false, "num_threads=1").map_err(failed)
        }

        /// Fails where LightGBM cannot read the model.
        pub fn check(&self) -> Result<(), Error> {
            Booster::from_string(&self.0).map(|_| ()).map_err(failed)
        }
    }

    fn dataset(inputs: &Inputs, reference: Option<&Dataset>) -> Result<Dataset, Error> {
        let outcomes = inputs.outcomes.iter().map(|outcome| *outcome as f32).collect::<Vec<_>>();
        let columns = i32::try_from(inputs.columns).unwrap_or(i32::MAX);
        Dataset::from_slice_with_reference(&inputs.numbers, &outcomes, columns, false, reference)
            .map_err(failed)
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
    fn failed(error: lightgbm3::Error) -> Error {
        Error::Fit { model: "LightGBM", reason: error.to_string() }
    }
}

#[cfg(not(feature = "lightgbm"))]
impl Lightgbm {
    /// Cannot be done without LightGBM.
    pub fn try_log_odds(&self, _: &Inputs) -> Result<Vec<f64>, Error> {
        self.check().map(|()| Vec::new())
    }

    /// Fails: nobody is there who could read the model.
    pub fn check(&self) -> Result<(), Error> {
        Err(Error::Fit {
            model: "LightGBM",
            reason: "this trainer was built without it (cargo build --features lightgbm)".to_owned(),
        })
    }
}

impl Lightgbm {
    /// Log-odds of going bad. A model is checked when it is read, so that this does not fail; if it does, no score is a score.
    pub fn log_odds(&self, inputs: &Inputs) -> Vec<f64> {
        let rows = inputs.numbers.len() / inputs.columns.max(1);
        self.try_log_odds(inputs).unwrap_or_else(|_| vec![f64::NAN; rows])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "lightgbm")]
    #[test]
    fn it_learns_and_the_same_loans_give_the_same_bytes() {
        let rows = 2000;
        let numbers = (0..2 * rows).map(|cell| f64::from((cell * 37 % 101) as u8)).collect::<Vec<_>>();
        let outcomes = (0..rows).map(|row| f64::from(u8::from(numbers[row] > 70.0))).collect();
        let inputs = Inputs { numbers, outcomes, columns: 2 };
        let leaves = Leaves { leaves: 4, columns: 1.0, rows: 0.7, l2: 1.0, least: 20, trees: 200 };
        let fit = |seed| Lightgbm::fit(&inputs, leaves, seed, Some(&inputs)).unwrap();
        let (model, best) = fit(1);
        assert!((1..=200).contains(&best), "{best}");
        let text = serde_json::to_string(&model).unwrap();
        assert_eq!(text, serde_json::to_string(&fit(1).0).unwrap());
        let read: Lightgbm = serde_json::from_str(&text).unwrap();
        read.check().unwrap();
        let odds = read.log_odds(&inputs);
        assert_eq!(odds, model.log_odds(&inputs));
        let mean = |bad: f64| {
            let of = odds
                .iter()
                .zip(&inputs.outcomes)
                .filter(|(_, outcome)| **outcome == bad)
                .map(|(odds, _)| *odds);
            let of = of.collect::<Vec<_>>();
            of.iter().sum::<f64>() / of.len() as f64
        };
        assert!(mean(1.0) > mean(0.0) + 2.0, "{} {}", mean(1.0), mean(0.0));
        assert!(Lightgbm("tree".to_owned()).check().is_err());
    }

    #[cfg(not(feature = "lightgbm"))]
    #[test]
    fn a_model_that_needs_it_says_so_where_it_is_not_built_in() {
        let error = Lightgbm(String::new()).check().unwrap_err().to_string();
        assert!(error.contains("built without it (cargo build --features lightgbm)"), "{error}");
    }
}
