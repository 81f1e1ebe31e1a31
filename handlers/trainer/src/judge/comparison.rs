//! Two models on the same loans: is one better by more than the noise?

use serde::{Deserialize, Serialize};

use crate::judge::bootstrap::{Interval, resample};
use crate::judge::measure::Measures;
use crate::judge::ranking::Ranking;

/// How a challenger does against a champion.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Comparison {
    /// Loans of the test.
    pub rows: usize,
    /// The challenger's figures.
    pub challenger: Measures,
    /// The champion's.
    pub champion: Measures,
    /// Challenger's AUC minus champion's; better if positive.
    pub auc: Interval,
    /// Challenger's log loss minus champion's; better if negative.
    pub log_loss: Interval,
}

impl Comparison {
    /// Judges both on the same resamples of the same loans: most of the noise is in the loans, and falls out of the difference.
    pub fn new(challenger: &[f64], champion: &[f64], bad: &[bool], resamples: usize, seed: u64) -> Self {
        let rankings = [challenger, champion].map(|probabilities| Ranking::new(probabilities, bad));
        let resampled = resample(bad.len(), resamples, seed, |counts| {
            let [challenger, champion] =
                [0, 1].map(|number: usize| rankings[number].measure_resampled(counts));
            (challenger.auc - champion.auc, challenger.log_loss - champion.log_loss)
        });
        let [challenger, champion] = rankings.map(|ranking| ranking.measure());
        let auc = resampled.iter().map(|difference| difference.0).collect();
        let log_loss = resampled.iter().map(|difference| difference.1).collect();
        Self {
            rows: bad.len(),
            auc: Interval::new(challenger.auc - champion.auc, auc),
            log_loss: Interval::new(challenger.log_loss - champion.log_loss, log_loss),
            challenger,
            champion,
        }
    }

    /// Whether the challenger ranks loans better by more than the noise, and its probabilities are not worse by more than the noise.
    pub fn is_better(&self) -> bool {
        self.auc.low > 0.0 && self.log_loss.low <= 0.0
    }

    /// In words.
    pub fn verdict(&self) -> String {
        let figures = format!(
            "AUC {:+.4} ({:+.4} to {:+.4}), log loss {:+.4} ({:+.4} to {:+.4}) on {} loans",
            self.auc.figure,
            self.auc.low,
            self.auc.high,
            self.log_loss.figure,
            self.log_loss.low,
            self.log_loss.high,
            self.rows
        );
        let verdict = if self.is_better() {
            "better by more than the noise"
        } else if self.auc.low > 0.0 {
            "ranks better, but its probabilities are worse by more than the noise"
        } else if self.auc.high < 0.0 {
            "worse by more than the noise"
        } else {
            "no better than the noise"
        };
        format!("{verdict}: {figures}")
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Loans whose risk is known; predictions see it through more or less noise.
    fn predictions(noise: f64, seed: u64) -> (Vec<f64>, Vec<bool>) {
        let (mut loans, mut eyes) = (ChaCha8Rng::seed_from_u64(1), ChaCha8Rng::seed_from_u64(seed));
        let loan = |_| {
            let odds: f64 = loans.random_range(-3.0..0.0);
            let bad = loans.random::<f64>() < 1.0 / (1.0 + (-odds).exp());
            let seen = odds + noise * eyes.random_range(-1.0..1.0);
            (1.0 / (1.0 + (-seen).exp()), bad)
        };
        (0..4000).map(loan).unzip()
    }

    #[test]
    fn a_better_model_is_better_and_an_equal_one_is_not() {
        let (sharp, bad) = predictions(0.1, 2);
        let (blurred, _) = predictions(2.0, 3);
        let (same, _) = predictions(0.1, 4);
        let better = Comparison::new(&sharp, &blurred, &bad, 300, 5);
        assert!(better.is_better() && better.verdict().starts_with("better"), "{}", better.verdict());
        let worse = Comparison::new(&blurred, &sharp, &bad, 300, 5);
        assert!(!worse.is_better() && worse.verdict().starts_with("worse"), "{}", worse.verdict());
        let equal = Comparison::new(&same, &sharp, &bad, 300, 5);
        assert!(!equal.is_better() && equal.verdict().starts_with("no better"), "{}", equal.verdict());
        let itself = Comparison::new(&sharp, &sharp, &bad, 300, 5);
        assert!(!itself.is_better());
    }

    #[test]
    fn a_better_order_with_wild_probabilities_does_not_win() {
        let (sharp, bad) = predictions(0.1, 2);
        let (blurred, _) = predictions(2.0, 3);
        let wild = sharp.iter().map(|probability| probability.powf(0.2)).collect::<Vec<_>>();
        let comparison = Comparison::new(&wild, &blurred, &bad, 300, 5);
        assert!(
            !comparison.is_better() && comparison.verdict().starts_with("ranks better"),
            "{}",
            comparison.verdict()
        );
    }
}
