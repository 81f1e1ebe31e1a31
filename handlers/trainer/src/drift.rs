//! How far loans have moved from those that a model learned from.

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::judge::evaluation::Evaluation;
use crate::learn::model::Model;
use crate::learn::reference::{NOTABLE, Shift};

/// The population stability index of the scores and of each feature.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Drift {
    /// Of which loans: `test period` or `open loans`.
    pub of: String,
    /// Of the scores.
    pub score: f64,
    /// Of each feature, the farthest first.
    pub features: Vec<Shift>,
}

impl Drift {
    /// Of loans that were scored.
    pub fn of_open(model: &Model, dataset: &Dataset, rows: &[usize], probabilities: &[f64]) -> Self {
        let (score, features) = model.shifts(dataset, rows, probabilities);
        Self { of: "open loans".to_owned(), score: score.psi, features }
    }

    /// Of the test period.
    pub fn of_test(evaluation: &Evaluation) -> Self {
        let (score, features) = (evaluation.score_shift.psi, evaluation.shifts.clone());
        Self { of: "test period".to_owned(), score, features }
    }

    /// How many features moved so far that it is worth a look.
    pub fn moved(&self) -> usize {
        self.features.iter().filter(|shift| shift.psi > NOTABLE).count()
    }

    /// The scores, and then the features, as shifts.
    pub fn lines(&self) -> impl Iterator<Item = Shift> {
        let score = Shift { name: "score".to_owned(), psi: self.score };
        std::iter::once(score).chain(self.features.iter().cloned())
    }
}
