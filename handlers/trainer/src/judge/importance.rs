//! What a model leans on: how much AUC it loses when the values of one column are dealt out among the loans at random.

use ndarray::Array2;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::judge::ranking::Ranking;
use crate::learn::boosted::Inputs;
use crate::learn::fitted::inputs;
use crate::learn::model::Model;

/// Loans that are looked at; more would only take longer.
const MOST_LOANS: usize = 10_000;

/// A column and what it is worth.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Importance {
    /// The column.
    pub column: String,
    /// What it means.
    pub comment: String,
    /// AUC lost without it.
    pub auc: f64,
}

/// All columns that the model uses, the most important first.
pub fn importances(model: &Model, dataset: &Dataset, rows: &[usize], seed: u64) -> Vec<Importance> {
    let step = rows.len().div_ceil(MOST_LOANS).max(1);
    let rows = rows.iter().copied().step_by(step).collect::<Vec<_>>();
    let bad = dataset.outcomes(&rows);
    let encoder = &model.fitted.encoder;
    let linear = encoder.linear(dataset, &rows);
    let trees = inputs(encoder, dataset, &rows);
    let (linear_columns, tree_columns) = (encoder.linear_columns(), encoder.tree_columns());
    let auc = |linear: &Array2<f64>, trees: &Inputs| {
        let log_odds = model.fitted.log_odds_of(linear, trees);
        Ranking::new(&log_odds.of(model.algorithm), &bad).measure().auc
    };
    let whole = auc(&linear, &trees);
    let mut dealt = (0..rows.len()).collect::<Vec<_>>();
    dealt.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let (mut linear_dealt, mut trees_dealt) = (linear.clone(), trees.clone());
    let mut importances = Vec::new();
    for column in encoder.columns() {
        for (position, _) in linear_columns.iter().enumerate().filter(|(_, name)| **name == column) {
            let from = linear.column(position);
            linear_dealt.column_mut(position).iter_mut().zip(&dealt).for_each(|(to, &row)| *to = from[row]);
        }
        for (position, _) in tree_columns.iter().enumerate().filter(|(_, name)| **name == column) {
            let range = position * rows.len()..(position + 1) * rows.len();
            let from = &trees.numbers[range.clone()];
            trees_dealt.numbers[range].iter_mut().zip(&dealt).for_each(|(to, &row)| *to = from[row]);
        }
        let without = auc(&linear_dealt, &trees_dealt);
        let comment = dataset.column(&column).map(|column| column.comment.clone()).unwrap_or_default();
        importances.push(Importance { column: column.clone(), comment, auc: whole - without });
        linear_dealt.assign(&linear);
        trees_dealt.numbers.copy_from_slice(&trees.numbers);
    }
    importances.sort_by(|one, other| other.auc.total_cmp(&one.auc));
    importances
}
