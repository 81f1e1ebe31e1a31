//! The five figures that a set of predictions is judged by.

use serde::{Deserialize, Serialize};

/// How well probabilities fit outcomes.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Measures {
    /// Chance that a bad loan has a higher probability than a good one; 0.5 is a coin.
    pub auc: f64,
    /// Largest distance between the shares of bad and of good loans above a probability.
    pub ks: f64,
    /// Mean of minus the logarithm of the probability of what happened.
    pub log_loss: f64,
    /// Mean squared difference between probability and outcome.
    pub brier: f64,
    /// Mean distance between probability and share of bad loans, over ten groups of equal size by probability.
    pub calibration_error: f64,
}

/// Names the figures one by one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// See [`Measures::auc`].
    Auc,
    /// See [`Measures::ks`].
    Ks,
    /// See [`Measures::log_loss`].
    LogLoss,
    /// See [`Measures::brier`].
    Brier,
    /// See [`Measures::calibration_error`].
    CalibrationError,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Auc, Self::Ks, Self::LogLoss, Self::Brier, Self::CalibrationError];

    /// Its figure.
    pub fn of(self, measures: &Measures) -> f64 {
        match self {
            Self::Auc => measures.auc,
            Self::Ks => measures.ks,
            Self::LogLoss => measures.log_loss,
            Self::Brier => measures.brier,
            Self::CalibrationError => measures.calibration_error,
        }
    }

    /// For a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Auc => "AUC",
            Self::Ks => "KS",
            Self::LogLoss => "Log loss",
            Self::Brier => "Brier",
            Self::CalibrationError => "Calibration error",
        }
    }
}
