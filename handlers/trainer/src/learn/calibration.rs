//! Platt's calibration: log-odds are stretched and shifted until they fit the validation period.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::learn::logistic::Logistic;

/// Enough to keep a perfect separation finite, too little to be seen otherwise.
const PENALTY: f64 = 1e-3;

/// A straight line through log-odds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Calibration {
    /// Stretches.
    pub slope: f64,
    /// Shifts.
    pub intercept: f64,
}

impl Calibration {
    /// Fits log-odds to outcomes.
    pub fn fit(log_odds: &[f64], bad: &[bool]) -> Result<Self, Error> {
        let inputs = Array2::from_shape_fn((log_odds.len(), 1), |(row, _)| log_odds[row]);
        let line = Logistic::fit(&inputs, bad, PENALTY)?;
        let [slope, ..] = line.weights[..] else {
            return Err(Error::Fit { model: "calibration", reason: "no slope".to_owned() });
        };
        Ok(Self { slope, intercept: line.intercept })
    }

    /// The probability behind log-odds.
    pub fn probability(self, log_odds: f64) -> f64 {
        1.0 / (1.0 + (-(self.slope * log_odds + self.intercept)).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_that_are_too_bold_are_drawn_in() {
        let (mut odds, mut bad) = (Vec::new(), Vec::new());
        for step in -20..=20 {
            let honest = f64::from(step) / 10.0 - 1.0;
            let share = 1.0 / (1.0 + (-honest).exp());
            for loan in 0..200 {
                odds.push(honest * 3.0);
                bad.push(f64::from(loan) + 0.5 < share * 200.0);
            }
        }
        let calibration = Calibration::fit(&odds, &bad).unwrap();
        assert!((calibration.slope - 1.0 / 3.0).abs() < 0.01, "{calibration:?}");
        assert!(calibration.intercept.abs() < 0.01, "{calibration:?}");
        assert!((calibration.probability(-3.0) - 0.2689).abs() < 0.01);
    }
}
