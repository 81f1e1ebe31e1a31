//! Tries out parameters: learned on the training period, judged on the validation period. The test period is not touched.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::error::Error;
use crate::judge::measure::Measures;
use crate::judge::ranking::Ranking;
#[cfg(feature = "lightgbm")]
use crate::learn::boosted::Inputs;
use crate::learn::boosted::{Boosted, Shape};
use crate::learn::calibration::Calibration;
use crate::learn::encoder::Encoder;
use crate::learn::fitted::{Algorithm, LogOdds, Parameters, inputs};
#[cfg(feature = "lightgbm")]
use crate::learn::lightgbm::{Leaves, Lightgbm};
use crate::learn::logistic::Logistic;
use crate::split::Split;
use crate::watch::Watch;

/// Penalties of the logistic regression.
const PENALTIES: [f64; 5] = [3.0, 10.0, 30.0, 100.0, 300.0];

/// More trees than any shape needed before it stopped getting better.
const MOST_TREES: usize = 1000;

/// Shapes of the trees: (depth, share of columns, share of rows, penalty on leaves, what a leaf must hold).
const SHAPES: [(usize, f64, f32, f32, f32); 6] = [
    (2, 0.5, 0.7, 1.0, 10.0),
    (3, 0.5, 0.7, 1.0, 10.0),
    (3, 0.2, 0.6, 10.0, 20.0),
    (4, 0.3, 0.7, 1.0, 10.0),
    (4, 0.5, 0.7, 10.0, 20.0),
    (5, 0.3, 0.6, 10.0, 20.0),
];
const LEARNING_RATE: f32 = 0.05;

/// Shapes of LightGBM's trees: (leaves, share of columns, share of rows, penalty on leaves, fewest loans in a leaf).
#[cfg(feature = "lightgbm")]
const LEAVES: [(usize, f64, f64, f64, usize); 4] =
    [(4, 0.5, 0.7, 1.0, 50), (8, 0.5, 0.7, 1.0, 50), (8, 0.2, 0.6, 10.0, 100), (15, 0.3, 0.7, 10.0, 100)];

/// One attempt.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Trial {
    /// Which model.
    pub algorithm: Algorithm,
    /// With which parameters.
    pub parameters: String,
    /// How well it did on the validation period.
    pub log_loss: f64,
    /// The same.
    pub auc: f64,
}

/// What came out.
pub struct Tuned {
    /// The best parameters.
    pub parameters: Parameters,
    /// Every attempt.
    pub trials: Vec<Trial>,
    /// How each algorithm's log-odds become probabilities, and how well they do on the validation period.
    pub calibrations: Vec<(Algorithm, Calibration, Measures)>,
}

impl Tuned {
    /// The algorithm that did best on the validation period.
    pub fn best(&self) -> Algorithm {
        self.calibrations
            .iter()
            .min_by(|one, other| one.2.log_loss.total_cmp(&other.2.log_loss))
            .map_or(Algorithm::Logistic, |(algorithm, _, _)| *algorithm)
    }

    /// An algorithm's calibration and how well it does on the validation period.
    pub fn calibration(&self, wanted: Algorithm) -> Option<(Calibration, Measures)> {
        let found = self.calibrations.iter().find(|(algorithm, _, _)| *algorithm == wanted);
        found.map(|(_, calibration, measures)| (*calibration, *measures))
    }
}

/// Finds the parameters that do best.
pub fn tune(
    dataset: &Dataset,
    split: &Split,
    without: &[&str],
    seed: u64,
    watch: &Watch,
) -> Result<Tuned, Error> {
    let encoder = Encoder::learn(dataset, &split.train, without);
    let (learned, judged) = (dataset.outcomes(&split.train), dataset.outcomes(&split.validation));
    let mut trials = Vec::new();

    let [train, validation] = [&split.train, &split.validation].map(|rows| encoder.linear(dataset, rows));
    let try_penalty = |penalty: &f64| {
        let log_odds = Logistic::fit(&train, &learned, *penalty)?.log_odds(&validation);
        Ok((*penalty, format!("penalty {penalty}"), log_odds))
    };
    let (penalty, logistic) =
        best_of(Algorithm::Logistic, &PENALTIES, &judged, watch, &mut trials, try_penalty)?;
    drop((train, validation));

    let [train, validation] = [&split.train, &split.validation].map(|rows| inputs(&encoder, dataset, rows));
    let try_shape = |&(depth, columns, rows, l2, least): &(usize, f64, f32, f32, f32)| {
        let mut shape =
            Shape { learning_rate: LEARNING_RATE, depth, columns, rows, l2, least, trees: MOST_TREES };
        let boosted = Boosted::fit(&train, shape, seed, Some(&validation))?;
        shape.trees = boosted.best();
        let parameters = format!(
            "{} trees of depth {depth}, {columns} of the columns and {rows} of the rows each, L2 {l2}, leaves of {least}",
            shape.trees
        );
        Ok((shape, parameters, boosted.log_odds(&validation)))
    };
    let (shape, boosted) = best_of(Algorithm::Boosted, &SHAPES, &judged, watch, &mut trials, try_shape)?;

    #[cfg(feature = "lightgbm")]
    let (leaves, lightgbm) = tune_leaves(&train, &validation, &judged, seed, &mut trials, watch)?;
    #[cfg(not(feature = "lightgbm"))]
    let (leaves, lightgbm) = (None, Vec::new());
    let log_odds = LogOdds { logistic, boosted, lightgbm };
    let mut calibrations = Vec::new();
    for algorithm in Algorithm::ALL {
        let (calibration, measures) = calibrated(&log_odds.of(algorithm), &judged)?;
        calibrations.push((algorithm, calibration, measures));
    }
    Ok(Tuned { parameters: Parameters { penalty, shape, leaves }, trials, calibrations })
}

#[cfg(feature = "lightgbm")]
fn tune_leaves(
    train: &Inputs,
    validation: &Inputs,
    judged: &[bool],
    seed: u64,
    trials: &mut Vec<Trial>,
    watch: &Watch,
) -> Result<(Option<Leaves>, Vec<f64>), Error> {
    let try_leaves = |&(leaves, columns, rows, l2, least): &(usize, f64, f64, f64, usize)| {
        let mut shape = Leaves { leaves, columns, rows, l2, least, trees: MOST_TREES };
        let (lightgbm, best) = Lightgbm::fit(train, shape, seed, Some(validation))?;
        shape.trees = best;
        let parameters = format!(
            "{best} trees of {leaves} leaves, {columns} of the columns and {rows} of the rows each, L2 {l2}, leaves of {least}"
        );
        Ok((shape, parameters, lightgbm.try_log_odds(validation)?))
    };
    let (leaves, log_odds) = best_of(Algorithm::Lightgbm, &LEAVES, judged, watch, trials, try_leaves)?;
    Ok((Some(leaves), log_odds))
}

/// Tries all candidates, as many at once as there are processors, and returns the parameters that did best, with their log-odds
/// on the validation period. None knows of the others and their order is kept, so the result is the same however many they are.
fn best_of<C: Sync, P: Send>(
    algorithm: Algorithm,
    candidates: &[C],
    judged: &[bool],
    watch: &Watch,
    trials: &mut Vec<Trial>,
    fit: impl Fn(&C) -> Result<(P, String, Vec<f64>), Error> + Sync,
) -> Result<(P, Vec<f64>), Error> {
    let attempt = |candidate| {
        watch.go_on()?;
        let (parameters, text, log_odds) = fit(candidate)?;
        let (_, measures) = calibrated(&log_odds, judged)?;
        let trial = Trial { algorithm, parameters: text, log_loss: measures.log_loss, auc: measures.auc };
        Ok((trial, parameters, log_odds))
    };
    let attempts = candidates.par_iter().map(attempt).collect::<Result<Vec<_>, Error>>()?;
    trials.extend(attempts.iter().map(|(trial, _, _)| trial.clone()));
    // The first of several that did equally well.
    let best = attempts.into_iter().min_by(|one, other| one.0.log_loss.total_cmp(&other.0.log_loss));
    best.map(|(_, parameters, log_odds)| (parameters, log_odds))
        .ok_or_else(|| Error::Fit { model: "candidates", reason: "there were none".to_owned() })
}

fn calibrated(log_odds: &[f64], bad: &[bool]) -> Result<(Calibration, Measures), Error> {
    let calibration = Calibration::fit(log_odds, bad)?;
    let probabilities = log_odds.iter().map(|odds| calibration.probability(*odds)).collect::<Vec<_>>();
    Ok((calibration, Ranking::new(&probabilities, bad).measure()))
}
