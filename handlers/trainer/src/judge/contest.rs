//! All that predict the test, side by side: the models, and what any lender has without them.

use serde::{Deserialize, Serialize};

use crate::judge::bootstrap::{Interval, resample};
use crate::judge::measure::{Measure, Measures};
use crate::judge::ranking::Ranking;

/// Predictions of one contestant.
pub struct Entry {
    /// Short, for a command line.
    pub name: String,
    /// For a heading.
    pub title: String,
    /// Whether it knows the lender's own pricing.
    pub pricing: bool,
    /// Whether it is a model, or a baseline.
    pub model: bool,
    /// How it did on the validation period, by which the model is chosen.
    pub validation: Option<Measures>,
    /// Of the loans of the test.
    pub probabilities: Vec<f64>,
}

/// What came out for one of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Contestant {
    /// As in [`Entry`].
    pub name: String,
    /// As in [`Entry`].
    pub title: String,
    /// As in [`Entry`].
    pub pricing: bool,
    /// As in [`Entry`].
    pub model: bool,
    /// Whether it is the model of this run.
    pub chosen: bool,
    /// As in [`Entry`].
    pub validation: Option<Measures>,
    /// Each figure with its interval, in the order of [`Measure::ALL`].
    pub figures: Vec<(Measure, Interval)>,
    /// AUC minus that of the first baseline, on the same resamples.
    pub ahead: Option<Interval>,
}

impl Contestant {
    /// A figure by name.
    pub fn figure(&self, wanted: Measure) -> Interval {
        let found = self.figures.iter().find(|(measure, _)| *measure == wanted);
        found.map(|(_, interval)| *interval).unwrap_or_default()
    }

    /// All figures, without their intervals.
    pub fn measures(&self) -> Measures {
        let figure = |measure| self.figure(measure).figure;
        Measures {
            auc: figure(Measure::Auc),
            ks: figure(Measure::Ks),
            log_loss: figure(Measure::LogLoss),
            brier: figure(Measure::Brier),
            calibration_error: figure(Measure::CalibrationError),
        }
    }
}

/// Judges all on the same resamples, so that their differences have intervals of their own.
pub fn judge(entries: &[Entry], bad: &[bool], chosen: &str, resamples: usize, seed: u64) -> Vec<Contestant> {
    let rankings = entries.iter().map(|entry| Ranking::new(&entry.probabilities, bad)).collect::<Vec<_>>();
    let resampled = resample(bad.len(), resamples, seed, |counts| {
        rankings.iter().map(|ranking| ranking.measure_resampled(counts)).collect::<Vec<_>>()
    });
    let whole = rankings.iter().map(Ranking::measure).collect::<Vec<_>>();
    let baseline = entries.iter().position(|entry| !entry.model);
    let judged = entries.iter().enumerate().map(|(number, entry)| {
        let figures = Measure::ALL.map(|measure| {
            let figures = resampled.iter().map(|all| measure.of(&all[number])).collect();
            (measure, Interval::new(measure.of(&whole[number]), figures))
        });
        let ahead = baseline.filter(|baseline| *baseline != number).map(|baseline| {
            let differences = resampled.iter().map(|all| all[number].auc - all[baseline].auc).collect();
            Interval::new(whole[number].auc - whole[baseline].auc, differences)
        });
        Contestant {
            name: entry.name.clone(),
            title: entry.title.clone(),
            pricing: entry.pricing,
            model: entry.model,
            chosen: entry.name == chosen,
            validation: entry.validation,
            figures: figures.to_vec(),
            ahead,
        }
    });
    judged.collect()
}
